//! setpriv(1) of util-linux.

use sim_core::calls::{AmbientOperation, IdChange, PrctlOption, SetId};
use sim_core::capability::{CapSet, Capability};
use sim_core::credentials::Securebits;
use sim_core::scenario::Call;

use super::calls::{ambient, capability, capset, drop_bounding, execve, group, id, prctl, securebits, user};
use super::shell::Arguments;
use super::{Done, Parsed};

const WITH_VALUE: [&str; 15] = [
    "reuid",
    "ruid",
    "euid",
    "regid",
    "rgid",
    "egid",
    "groups",
    "inh-caps",
    "ambient-caps",
    "bounding-set",
    "securebits",
    "pdeathsig",
    "selinux-label",
    "apparmor-profile",
    "ptracer",
];

/// `setpriv [OPTION]… COMMAND`
pub(super) fn setpriv(words: &[String]) -> Parsed {
    let arguments = Arguments::of(words, &WITH_VALUE, true);
    if arguments.options.is_empty() || arguments.has(&["d", "dump", "list-caps", "h", "help", "V", "version"]) {
        return None;
    }
    Some(steps(&arguments))
}

/// The calls, in the order in which setpriv makes them; but the bounding set comes first, since the sets written behind the
/// change of ids have only what the program is to keep.
fn steps(arguments: &Arguments<'_>) -> Result<Done, String> {
    let mut assumed = Vec::new();
    let mut ids = |all: &str, real: &str, effective: &str, what: &str| {
        let mut value = |name: &str| arguments.value(&[name]).map(|name| id(name, what, &mut assumed));
        let both = value(all);
        let (real, effective) = (value(real).or(both), value(effective).or(both));
        (real.is_some() || effective.is_some()).then(|| {
            // What is not named stays, and the saved id follows the effective one.
            let keep = SetId::KEEP;
            IdChange::Res([real.unwrap_or(keep), effective.unwrap_or(keep), effective.unwrap_or(keep)])
        })
    };
    let (users, groups) = (ids("reuid", "ruid", "euid", "user"), ids("regid", "rgid", "egid", "group"));
    let set = |name: &str| changed(arguments.value(&[name]).unwrap_or_default());
    let (inheritable, ambient_set, bounding) = (set("inh-caps")?, set("ambient-caps")?, set("bounding-set")?);
    let mut calls = Vec::new();
    if arguments.has(&["no-new-privs", "nnp"]) {
        calls.push(prctl(PrctlOption::SetNoNewPrivs, 1));
    }
    calls.extend(drop_bounding(bounding.removed));
    if let Some(text) = arguments.value(&["securebits"]) {
        calls.push(securebits(bits(text)?));
    }
    if let Some(change) = groups {
        calls.push(group(change));
    }
    if let Some(text) = arguments.value(&["groups"]) {
        calls.push(Call::Setgroups(text.split(',').map(|name| id(name, "group", &mut assumed)).collect()));
    } else if arguments.has(&["clear-groups", "init-groups"]) {
        calls.push(Call::Setgroups(Vec::new()));
    }
    let kept = inheritable.added | ambient_set.added;
    if let Some(change) = users {
        calls.extend((!kept.is_empty()).then(|| prctl(PrctlOption::SetKeepcaps, 1)));
        calls.push(user(change));
    }
    if !kept.is_empty() {
        calls.push(capset(kept, inheritable.added));
        assumed.push(
            "Of the permitted set only what the program is to keep is written; the rest goes with its execve.".into(),
        );
    }
    calls.extend(ambient(AmbientOperation::Raise, ambient_set.added));
    calls.extend(ambient(AmbientOperation::Lower, ambient_set.removed));
    calls.extend(execve(&arguments.rest));
    let options: Vec<String> = arguments
        .options
        .iter()
        .map(|(name, value)| match value {
            Some(value) => format!("--{name}={value}"),
            None => format!("--{name}"),
        })
        .collect();
    Ok(Done { assumed, ..Done::calls(calls, format!("setpriv {}", options.join(" "))) })
}

/// What a list such as `-all,+net_raw` adds and removes.
#[derive(Clone, Copy, Default)]
struct Changed {
    added: CapSet,
    removed: CapSet,
}

fn changed(text: &str) -> Result<Changed, String> {
    let mut changed = Changed::default();
    for word in text.split(',').filter(|word| !word.is_empty()) {
        let all = CapSet::up_to(Capability::LAST_NAMED);
        let of = |name: &str| if name == "all" { Ok(all) } else { capability(name) };
        if let Some(name) = word.strip_prefix('+') {
            let set = of(name)?;
            changed = Changed { added: changed.added | set, removed: changed.removed - set };
        } else if let Some(name) = word.strip_prefix('-') {
            let set = of(name)?;
            changed = Changed { added: changed.added - set, removed: changed.removed | set };
        } else {
            return Err(format!("setpriv: {word:?}: write + or - before a capability"));
        }
    }
    Ok(changed)
}

/// `+noroot,-keep_caps`; what is taken away was not there.
fn bits(text: &str) -> Result<Securebits, String> {
    let mut bits = 0;
    for word in text.split(',').filter(|word| !word.is_empty() && !word.starts_with('-')) {
        let name = word.trim_start_matches('+');
        let bit = Securebits::from_name(name)
            .ok_or_else(|| format!("setpriv: {name:?} is no securebit; write +noroot and the like"))?;
        bits |= bit.bits();
    }
    Ok(Securebits::from_bits(bits))
}
