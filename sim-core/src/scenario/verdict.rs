use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Call, CloneCall, StepOutcome};
use crate::capability::CapSet;
use crate::rule::{Effect, Event, Flow, Link, Motion, SetName};

/// What happened, in a sentence or two.
///
/// ```
/// use sim_core::scenario::{Loaded, Options, Simulation, verdict};
///
/// let text = r#"{ "process": { "uid": 1024 }, "steps": [ { "bind": { "port": 80 } } ] }"#;
/// let loaded = Loaded::read(text, &Options::default())?;
/// let outcome = Simulation::new(loaded.world).perform(&loaded.scenario.steps[0].call);
/// assert!(verdict(&outcome).starts_with("bind to port 80 fails with EACCES. A port below"));
/// # Ok::<(), sim_core::scenario::ReadError>(())
/// ```
pub fn verdict(outcome: &StepOutcome) -> String {
    let call = outcome.call.in_words();
    if let Some(told) = told_by_filters(outcome) {
        return told;
    }
    if let Some(refusal) = outcome.refusal {
        let lacking = lacking(outcome);
        let lacking = if lacking.is_empty() { String::new() } else { format!(" Lacking: {}.", lacking.in_words()) };
        return format!("{call} fails with {}. {}{lacking}", refusal.errno, refusal.rule.statement);
    }
    match &outcome.call {
        Call::Prctl(_) if outcome.value != 0 => format!("{call} returns {}.", outcome.value),
        Call::SetId(call_made) if call_made.returns_old_id() => format!("{call} returns {}.", outcome.value),
        Call::Execve(_) | Call::Capset(_) | Call::SetId(_) | Call::Unshare(_) | Call::Clone(_) | Call::Setns(_) => {
            format!("{call} succeeds. {}", new_powers(outcome)).trim_end().to_string()
        }
        Call::FileChange(change) => {
            let told = match (outcome.value, &outcome.file_before, &outcome.file) {
                (0, Some(before), Some(after)) => change.consequences(before, after),
                (value, Some(before), Some(after)) => {
                    format!("It returns {value}. {}", change.consequences(before, after))
                }
                _ => String::new(),
            };
            format!("{call} succeeds. {told}").trim_end().to_string()
        }
        Call::Prctl(_)
        | Call::Setgroups(_)
        | Call::Capget
        | Call::WriteMap(_)
        | Call::Seccomp(_)
        | Call::Syscall(_) => format!("{call} succeeds."),
        Call::Bind { .. } | Call::Process(_) | Call::Path(_) | Call::System(_) => format!("{call} is permitted."),
    }
}

/// What filters made of the step, where the call itself did not decide.
fn told_by_filters(outcome: &StepOutcome) -> Option<String> {
    let call = outcome.call.in_words();
    if let Some(reason) = &outcome.not_performed {
        return Some(format!("{call} is not performed: {reason}."));
    }
    let judgement = outcome.judgement.as_ref()?;
    let (action, reason) = (judgement.action(), judgement.reason());
    if matches!(outcome.call, Call::Syscall(_)) {
        let data = if judgement.data() == 0 { String::new() } else { format!(" with data {}", judgement.data()) };
        return Some(format!("{call}: {action}{data}; {reason}."));
    }
    if !judgement.stops() {
        return None;
    }
    // What the step is called, unless it is one of several calls that it makes.
    let made = judgement.name.filter(|name| *name != outcome.call.name());
    let whole = made.map_or(call.clone(), |name| format!("{name}, as part of {call},"));
    Some(match (outcome.killed, outcome.refusal) {
        (Some(signal), _) => format!("seccomp ends the process at {whole} with {}: {reason}.", signal.name()),
        (None, Some(refusal)) => format!("seccomp refuses {whole} with {}: {reason}.", refusal.errno),
        (None, None) => format!("seccomp answers {whole} with 0, and it is not made: {reason}."),
    })
}

/// One move of one bit, in words. `held` says whether the question is why the bit is there, or why it is not.
pub fn explain_link(link: &Link, held: bool) -> String {
    let into = link.into;
    let place = |text: String| match link.rule {
        Some(rule) => format!("step {}, {}: {text}", link.step + 1, rule.id),
        None => text,
    };
    match (link.motion, link.from) {
        (Motion::Start, _) if held => format!("{into} held it from the start"),
        (Motion::Start, _) if into == SetName::NewPermitted => "no rule granted it".to_string(),
        (Motion::Start, _) => format!("{into} never held it"),
        (Motion::Given, Some(from)) if from == into => place(format!("kept in {into}")),
        (Motion::Given, Some(from)) => place(format!("from {from} into {into}")),
        (Motion::Given, None) => place(format!("put into {into}")),
        (Motion::Removed, _) => place(format!("taken out of {into}")),
        (Motion::Withheld, Some(from)) => place(format!("kept out of {into}, for {from} lacks it")),
        (Motion::Withheld, None) => place(format!("kept out of {into}")),
        (Motion::Lacked, Some(from)) => place(format!("{into} would get it, but {from} lacks it")),
        (Motion::Lacked, None) => place(format!("{into} would get it, but nothing offers it")),
    }
}

/// A report of the deciding code, in words: what the rule did, or why it did not apply.
pub fn explain_event(event: &Event) -> String {
    match event {
        Event::NotApplied { failed, .. } => format!("does not apply: {failed}"),
        Event::Applied { effect, .. } => explain_effect(effect),
    }
}

fn explain_effect(effect: &Effect) -> String {
    match effect {
        Effect::Holds => "applies".to_string(),
        Effect::Bits(flow) => explain_flow(flow),
        Effect::Id { name, before, after } if before == after => format!("{name}: stays {after}"),
        Effect::Id { name, before, after } => format!("{name}: {before} becomes {after}"),
        Effect::Groups { before, after } => format!("supplementary groups: {before} become {after}"),
        Effect::Securebits { before, after } => format!("securebits: {before:?} become {after:?}"),
        Effect::FileOwner { before, after } if before == after => format!("owner: stays {after}"),
        Effect::FileOwner { before, after } => format!("owner: {before} becomes {after}"),
        Effect::FileGroup { before, after } if before == after => format!("group: stays {after}"),
        Effect::FileGroup { before, after } => format!("group: {before} becomes {after}"),
        Effect::FileMode { before, after } if before == after => format!("mode: stays {after:04o}"),
        Effect::FileMode { before, after } => format!("mode: {before:04o} becomes {after:04o}"),
        Effect::AttributeStored { size } => format!("an attribute of {size} bytes is stored"),
        Effect::AttributeRemoved => "the file's capabilities are removed".to_string(),
        Effect::NoNewPrivs => "no_new_privs is set".to_string(),
        Effect::AtSecure => "AT_SECURE is set".to_string(),
        Effect::Returns(value) => format!("returns {value}"),
        Effect::Refuses { errno, lacking } if lacking.is_empty() => format!("refuses with {errno}"),
        Effect::Refuses { errno, lacking } => format!("refuses with {errno}; lacking {}", lacking.in_words()),
    }
}

fn explain_flow(flow: &Flow) -> String {
    let from_elsewhere = flow.into == SetName::List && !flow.given.is_empty();
    let stays = !from_elsewhere && flow.from.iter().flatten().all(|source| source.name == flow.into);
    let gets = if stays { "keeps" } else { "gets" };
    let clauses = [(gets, flow.given), ("loses", flow.removed), ("is not given", flow.withheld)];
    let said: Vec<_> = clauses
        .into_iter()
        .filter(|(_, set)| !set.is_empty())
        .map(|(what, set)| format!("{} {what} {}", flow.into, set.in_words()))
        .collect();
    if said.is_empty() { format!("{} {gets} nothing", flow.into) } else { said.join("; ") }
}

impl Call {
    /// The call in a few words.
    ///
    /// ```
    /// assert_eq!(sim_core::scenario::Call::Bind { port: 80 }.in_words(), "bind to port 80");
    /// ```
    pub fn in_words(&self) -> String {
        match self {
            Self::Execve(path) => format!("execve of {path}"),
            Self::Capset(_) => "capset".to_string(),
            Self::Prctl(call) => format!("prctl {}", call.option.name()),
            Self::SetId(call) => call.to_string(),
            Self::Setgroups(groups) => format!("setgroups of {} groups", groups.len()),
            Self::Capget => "capget".to_string(),
            Self::Unshare(call) => format!("unshare of {}", flags_in_words(call)),
            Self::Clone(call) => format!("clone with {}", flags_in_words(call)),
            Self::Setns(name) => format!("setns to the user namespace {name}"),
            Self::WriteMap(call) => call.in_words(),
            Self::Bind { port } => format!("bind to port {port}"),
            Self::Seccomp(call) => call.in_words(),
            Self::Syscall(call) => call.in_words(),
            Self::FileChange(change) => change.in_words(),
            Self::Process(operation) => operation.in_words(),
            Self::Path(operation) => operation.in_words(),
            Self::System(operation) => operation.in_words(),
        }
    }
}

fn flags_in_words(call: &CloneCall) -> String {
    let mut names: Vec<&str> = Vec::new();
    for flag in &call.flags {
        if !names.contains(&flag.name()) {
            names.push(flag.name());
        }
    }
    match names.as_slice() {
        [] => "no flags".to_string(),
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        [..] => names.concat(),
    }
}

fn lacking(outcome: &StepOutcome) -> CapSet {
    outcome.trace.events().iter().fold(CapSet::EMPTY, |set, event| match event {
        Event::Applied { effect: Effect::Refuses { lacking, .. }, .. } => set | *lacking,
        _ => set,
    })
}

fn new_powers(outcome: &StepOutcome) -> String {
    let (before, now) = (&outcome.before.credentials, &outcome.after.credentials);
    let clauses = [
        ("Effective now", now.effective),
        ("Permitted but not effective", now.permitted - now.effective),
        ("No longer permitted", before.permitted - now.permitted),
    ];
    let mut said: Vec<_> = clauses
        .into_iter()
        .filter(|(_, set)| !set.is_empty())
        .map(|(what, set)| format!("{what}: {}.", set.in_words()))
        .collect();
    if now.permitted.is_empty() {
        said.insert(0, "No capability is permitted now.".to_string());
    }
    said.join(" ")
}
