//! What is done: the program is started, and the call is made that failed.

use formats::Failure;
use sim_core::capability::CapSet;
use sim_core::least::{Operation, Shown};
use sim_core::scenario::{Call, FileEntry, FourIds, Process, ProcessOperation, Scenario, Step, Traced};

use super::Draft;
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
    let log = facts.logs.last().filter(|_| of_log && !filtered);
    if let Some((path, assumed)) = program.filter(|_| !log.is_some_and(Logged::executes)) {
        draft.assumed.extend(assumed);
        if !draft.scenario.files.contains_key(&path) {
            draft.assumed.push(format!(
                "Nothing is known of {path}: it is taken to be root's, executable for all, without capabilities."
            ));
        }
        add_step(&mut draft.scenario, Call::Execve(path));
    }
    let failing = failure.and_then(|failure| failure.call.clone());
    if filtered && of_log && (failure.is_some() || !facts.logs.is_empty()) {
        let name = failure.and_then(system_call).or_else(|| facts.logs.last()?.last.clone());
        add_asked(draft, name.as_deref());
    } else if let Some(log) = log.filter(|log| !log.operations.is_empty()) {
        add_logged(draft, log, facts);
    } else if let Some(call) = failing.filter(|call| !matches!(call, Call::Execve(_))) {
        if let Some(before) = tried_before(&call, failure) {
            add_step(&mut draft.scenario, before);
        }
        let call = about_what_is_seen(call, draft.of_process, facts);
        if matches!(call, Call::Process(ProcessOperation::Ptrace(_))) && draft.of_process {
            // Who traces is the user who looked at it.
            let Process { uid, gid, .. } = draft.scenario.process;
            draft.scenario.process = Process { uid, gid, ..Process::default() };
        }
        add_step(&mut draft.scenario, call);
    } else if failure.is_none()
        && let Some(port) = ports.iter().find(|port| **port < 1024)
    {
        add_step(&mut draft.scenario, Call::Bind { port: *port });
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
        add_step(&mut draft.scenario, call);
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
    let changes = matches!(
        operation.call,
        Call::Execve(_)
            | Call::Capset(_)
            | Call::Prctl(_)
            | Call::SetId(_)
            | Call::Setgroups(_)
            | Call::Unshare(_)
            | Call::Clone(_)
            | Call::Setns(_)
            | Call::WriteMap(_)
            | Call::Seccomp(_)
    );
    changes || operation.shown == Shown::Refused
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

/// Adds a call; a file that it names is described, if it is not yet.
pub(super) fn add_step(scenario: &mut Scenario, call: Call) {
    mention(scenario, &call);
    scenario.steps.push(step(call));
}

/// A file that a call names is described, if it is not yet.
fn mention(scenario: &mut Scenario, call: &Call) {
    let path = match call {
        Call::Execve(path) => path.as_str(),
        Call::FileChange(change) => change.path(),
        _ => return,
    };
    if !scenario.files.contains_key(path) {
        scenario.files.insert(path.to_owned(), FileEntry::default());
    }
}

pub(super) fn step(call: Call) -> Step {
    Step { call, expect: None, note: None }
}
