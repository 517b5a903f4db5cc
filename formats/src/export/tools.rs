//! The arguments by which setpriv(1) and capsh(1) bring a process into a state.

use sim_core::calls::{AmbientOperation, IdChange, IdKind, Prctl, PrctlOption};
use sim_core::capability::{CapSet, Capability};
use sim_core::credentials::Securebits;
use sim_core::scenario::{Call, CapsetCall, ProcessResult};

/// The arguments of setpriv: from root with every capability of the machine to this state, but for the permitted and
/// effective sets, which it leaves full.
pub(super) fn setpriv(state: &ProcessResult, known: CapSet) -> Vec<String> {
    let ([real, effective, ..], [real_group, effective_group, ..]) = (state.uid, state.gid);
    let mut words = ids("uid", real, effective);
    words.extend(ids("gid", real_group, effective_group));
    words.push(match state.groups.as_slice() {
        [] => "--clear-groups".to_owned(),
        groups => format!("--groups={}", numbers(groups)),
    });
    let only = |set: CapSet| if set.is_empty() { "-all".to_owned() } else { format!("-all,{}", signed('+', set)) };
    words.push(format!("--inh-caps={}", only(state.inheritable)));
    words.push(format!("--ambient-caps={}", only(state.ambient)));
    let dropped = known - state.bounding;
    if !dropped.is_empty() {
        words.push(format!("--bounding-set={}", signed('-', dropped)));
    }
    // It keeps `keep_caps` set on its own, and execve clears it.
    let bits = Securebits::from_bits(state.securebits & !Securebits::KEEP_CAPS.bits());
    if !bits.is_empty() {
        let names: Vec<_> = bits.names().map(|name| format!("+{name}")).collect();
        words.push(format!("--securebits={}", names.join(",")));
    }
    if state.no_new_privs {
        words.push("--no-new-privs".to_owned());
    }
    words
}

fn ids(kind: &str, real: u32, effective: u32) -> Vec<String> {
    if real == effective {
        vec![format!("--re{kind}={real}")]
    } else {
        vec![format!("--r{kind}={real}"), format!("--e{kind}={effective}")]
    }
}

/// Why setpriv cannot reach this state, if it cannot. Of the securebits it knows six.
pub(super) fn setpriv_lacks(state: &ProcessResult) -> Option<String> {
    if !state.inheritable.is_subset(state.bounding) {
        return Some("setpriv drops from the bounding set before it sets what is inheritable".to_owned());
    }
    let known = Securebits::NOROOT
        | Securebits::NOROOT_LOCKED
        | Securebits::NO_SETUID_FIXUP
        | Securebits::NO_SETUID_FIXUP_LOCKED
        | Securebits::KEEP_CAPS
        | Securebits::KEEP_CAPS_LOCKED;
    let lacking = Securebits::from_bits(state.securebits & !known.bits());
    let names: Vec<_> = lacking.names().collect();
    (!names.is_empty()).then(|| format!("setpriv cannot set the securebits {}", names.join(", ")))
}

/// The arguments of capsh: from root with every capability of the machine to this state.
pub(super) fn capsh(state: &ProcessResult, known: CapSet) -> Vec<String> {
    let ([uid, ..], [gid, ..]) = (state.uid, state.gid);
    // What is inheritable must be in the bounding set when it is raised, so it comes first.
    let mut words = vec![format!("--inh={}", names(state.inheritable)), "--noamb".to_owned()];
    let dropped = known - state.bounding;
    if !dropped.is_empty() {
        words.push(format!("--drop={}", names(dropped)));
    }
    words.push(format!("--groups={}", numbers(&state.groups)));
    words.push(format!("--gid={gid}"));
    let keep = state.securebits & Securebits::KEEP_CAPS.bits() != 0;
    if uid != 0 {
        words.extend(["--keep=1".to_owned(), format!("--uid={uid}")]);
    }
    if keep != (uid != 0) {
        words.push(format!("--keep={}", u8::from(keep)));
    }
    // The switch of `--keep` is one of them.
    let bits = if state.securebits == Securebits::KEEP_CAPS.bits() { 0 } else { state.securebits };
    if !state.ambient.is_empty() || bits != 0 {
        // Leaving user 0 emptied the effective set, and securebits need cap_setpcap.
        let needed = if bits == 0 { CapSet::EMPTY } else { Capability::SETPCAP.into() };
        words.push(caps(needed, state.permitted | needed, state.inheritable));
        words.extend(state.ambient.iter().map(|capability| format!("--addamb={}", name(capability))));
    }
    if bits != 0 {
        words.push(format!("--secbits={bits}"));
    }
    if state.no_new_privs {
        words.push("--no-new-privs".to_owned());
    }
    words.push(caps(state.effective, state.permitted, state.inheritable));
    words
}

/// The arguments of capsh for a call that changes credentials; nothing if it has none for it.
pub(super) fn capsh_call(call: &Call, all: CapSet) -> Option<Vec<String>> {
    let one = |word: String| Some(vec![word]);
    match call {
        Call::SetId(call) => match (call.kind, call.change) {
            (IdKind::User, IdChange::Set(id)) => one(format!("--uid={id}")),
            (IdKind::Group, IdChange::Set(id)) => one(format!("--gid={id}")),
            _ => None,
        },
        Call::Setgroups(groups) => one(format!("--groups={}", numbers(groups))),
        Call::Capset(CapsetCall { effective, permitted, inheritable }) => {
            one(caps(effective.resolve(all), permitted.resolve(all), inheritable.resolve(all)))
        }
        Call::Prctl(call) => capsh_prctl(call.resolve()),
        // They change nothing.
        Call::Capget | Call::Syscall(_) => Some(Vec::new()),
        _ => None,
    }
}

fn capsh_prctl(Prctl { option, arguments: [first, second, ..] }: Prctl) -> Option<Vec<String>> {
    let capability = |number: u64| u8::try_from(number).ok().and_then(Capability::from_number).map(name);
    let ambient = |operation: AmbientOperation| u64::from(operation.number()) == first;
    Some(vec![match option {
        PrctlOption::CapbsetDrop => format!("--drop={}", capability(first)?),
        PrctlOption::SetKeepcaps => format!("--keep={first}"),
        PrctlOption::SetSecurebits => format!("--secbits={first}"),
        PrctlOption::SetNoNewPrivs => "--no-new-privs".to_owned(),
        PrctlOption::CapAmbient if ambient(AmbientOperation::Raise) => format!("--addamb={}", capability(second)?),
        PrctlOption::CapAmbient if ambient(AmbientOperation::Lower) => format!("--delamb={}", capability(second)?),
        PrctlOption::CapAmbient if ambient(AmbientOperation::ClearAll) => "--noamb".to_owned(),
        // What is left only reads.
        _ => return Some(Vec::new()),
    }])
}

/// `--caps=` with the three sets.
fn caps(effective: CapSet, permitted: CapSet, inheritable: CapSet) -> String {
    format!("--caps={}", cap_text(effective, permitted, inheritable))
}

/// The three sets as cap_from_text(3) reads them, each capability once.
pub(super) fn cap_text(effective: CapSet, permitted: CapSet, inheritable: CapSet) -> String {
    let mut clauses: Vec<(String, CapSet)> = Vec::new();
    for capability in effective | permitted | inheritable {
        let letters = [(effective, 'e'), (inheritable, 'i'), (permitted, 'p')];
        let flags: String =
            letters.iter().filter(|(set, _)| set.contains(capability)).map(|(_, flag)| *flag).collect();
        match clauses.iter_mut().find(|(known, _)| *known == flags) {
            Some((_, set)) => *set |= capability.into(),
            None => clauses.push((flags, capability.into())),
        }
    }
    let clauses: Vec<_> = clauses.iter().map(|(flags, set)| format!("{}={flags}", names(*set))).collect();
    clauses.join(" ")
}

/// `cap_chown,cap_kill`; libcap takes a number where there is no name.
pub(super) fn names(set: CapSet) -> String {
    set.iter().map(name).collect::<Vec<_>>().join(",")
}

fn name(capability: Capability) -> String {
    capability.name().map_or_else(|| capability.number().to_string(), ToOwned::to_owned)
}

/// `+net_raw,+kill`, as setpriv has it.
fn signed(sign: char, set: CapSet) -> String {
    let word = |capability: Capability| match capability.name() {
        Some(name) => format!("{sign}{}", name.strip_prefix("cap_").unwrap_or(name)),
        None => format!("{sign}cap_{}", capability.number()),
    };
    set.iter().map(word).collect::<Vec<_>>().join(",")
}

fn numbers(ids: &[u32]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
