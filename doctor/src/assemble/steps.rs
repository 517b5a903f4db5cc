//! What is done: the program is started, and the call is made that failed.

use formats::Failure;
use sim_core::capability::CapSet;
use sim_core::least::{Operation, Shown};
use sim_core::scenario::{Call, FourIds, Process, ProcessOperation, Step, Traced};

use super::Draft;
use super::files::Known;
use crate::facts::{Facts, Logged};

/// Starts the program and makes the call that failed.
pub(super) fn add_steps(
    draft: &mut Draft,
    program: Option<(String, Option<String>)>,
    facts: &Facts,
    failure: Option<&Failure>,
    ports: &[u16],
) {
    let filtered = draft.scenario.has_filters();
    let of_log = failure.is_none_or(|failure| failure.id == "strace");
    let log = facts.log.as_ref().filter(|_| of_log && !filtered);
    if let Some((path, assumed)) = program.filter(|_| !log.is_some_and(Logged::executes)) {
        draft.assumed.extend(assumed);
        let known = Known { facts, changed: &draft.changed };
        if known.of(&path).is_none() {
            draft.assumed.push(format!(
                "Nothing is known of {path}: it is taken to be root's, executable for all, without capabilities."
            ));
        }
        draft.add_step(facts, Call::Execve(path));
    }
    let failing = failure.and_then(|failure| failure.call.clone());
    if filtered && of_log && (failure.is_some() || facts.log.is_some()) {
        let name = failure.and_then(system_call).or_else(|| facts.log.as_ref()?.last.clone());
        add_asked(draft, name.as_deref());
    } else if let Some(log) = log.filter(|log| !log.operations.is_empty()) {
        add_logged(draft, log, facts);
    } else if let Some(call) = failing.filter(|call| !matches!(call, Call::Execve(_))) {
        if let Some(before) = tried_before(&call, failure) {
            draft.add_step(facts, before);
        }
        let call = about_what_is_seen(call, draft.of_process, facts);
        if matches!(call, Call::Process(ProcessOperation::Ptrace(_))) && draft.of_process {
            // Who traces is the user who looked at it.
            let Process { uid, gid, .. } = draft.scenario.process;
            draft.scenario.process = Process { uid, gid, ..Process::default() };
        }
        draft.add_step(facts, call);
    } else if failure.is_none()
        && let Some(port) = ports.iter().find(|port| **port < 1024)
    {
        draft.add_step(facts, Call::Bind { port: *port });
    }
    if let Some(failure) = failure {
        let last = draft.scenario.steps.len().checked_sub(1);
        draft.failed = last.map(|last| (last, failure.clone()));
    }
}

/// The steps that a log shows. A program that strace itself started is traced by who started it.
fn add_logged(draft: &mut Draft, log: &Logged, facts: &Facts) {
    for (_, operation) in log.operations.iter().filter(|(_, operation)| matters(operation)) {
        let call = match &operation.call {
            Call::Execve(path) => Call::Execve(facts.path_of(path).map_or_else(|| path.clone(), str::to_owned)),
            call => call.clone(),
        };
        draft.add_step(facts, call);
    }
    let process = &draft.scenario.process;
    let of_root = process.uid.is_none_or(|FourIds([real, ..])| real == 0) || process.permitted.is_some();
    let first = log.operations.first().map(|(_, operation)| &operation.call);
    if matches!(first, Some(Call::Execve(_))) && !of_root && draft.scenario.runtime.is_none() && !facts.traced_by_root
    {
        draft.scenario.process.traced = Some(Traced { tracer_has_sys_ptrace: false });
        draft
            .assumed
            .push("strace was started by the same user, so the program is traced without CAP_SYS_PTRACE.".into());
    }
}

/// Whether a call of a log changes what later ones may do, or was refused.
fn matters(operation: &Operation) -> bool {
    operation.call.changes_thread() || operation.shown == Shown::Refused
}

/// The name of the system call that a line of strace shows.
fn system_call(failure: &Failure) -> Option<String> {
    let (before, _) = failure.message.split_once('(').filter(|_| failure.id == "strace")?;
    before.split_whitespace().last().map(str::to_owned)
}

/// A system call by its name, of which the filters are asked.
fn add_asked(draft: &mut Draft, name: Option<&str>) {
    let text = name.map(|name| format!(r#"{{"arch": "x86_64", "name": {name:?}}}"#)).unwrap_or_default();
    if let Ok(call) = sim_core::scenario::read_value(&text) {
        draft.scenario.steps.push(step(Call::Syscall(call)));
        draft
            .assumed
            .push("The machine is taken to be an x86_64, and the arguments of the call not to matter.".into());
    }
}

/// What ping tries first: a socket that needs no capability where the settings allow it.
fn tried_before(call: &Call, failure: Option<&Failure>) -> Option<Call> {
    let pings = failure.is_some_and(|failure| failure.id == "raw-socket" && failure.message.contains("ping"));
    let raw = serde_json::to_string(&step(call.clone())).ok().filter(|text| pings && text.contains("SOCK_RAW"))?;
    let datagram = raw.replace("\"SOCK_RAW\"", "\"SOCK_DGRAM\", \"protocol\": \"IPPROTO_ICMP\"");
    sim_core::scenario::read_value::<Step>(&datagram).ok().map(|step| step.call)
}

/// Where the process in the text is the one that a call is about, the call is made about it.
fn about_what_is_seen(call: Call, of_process: bool, facts: &Facts) -> Call {
    match (call, facts.processes.first()) {
        (Call::Process(ProcessOperation::Ptrace(mut arguments)), Some(seen)) if of_process => {
            *arguments.target = seen.process.clone();
            // Whoever gained capabilities by its file is not dumpable.
            arguments.dumpable = seen.process.permitted.is_none_or(|set| set.resolve(CapSet::EMPTY).is_empty());
            Call::Process(ProcessOperation::Ptrace(arguments))
        }
        (call, _) => call,
    }
}

impl Draft {
    /// Adds a call, with what is known of the files that it names.
    pub(super) fn add_step(&mut self, facts: &Facts, call: Call) {
        let known = Known { facts, changed: &self.changed };
        known.describe_named(&mut self.scenario, &call);
        self.scenario.steps.push(step(call));
    }
}

pub(super) fn step(call: Call) -> Step {
    Step { call, expect: None, note: None }
}
