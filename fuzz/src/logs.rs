use std::sync::LazyLock;

use formats::operations::{Collector, MOST_OPERATIONS};
use formats::strace::Record;
use formats::{Problem, audit, strace};
use sim_core::least::{Operation, phases};
use sim_core::scenario::{Options, Scenario, Step, World};
use sim_core::seccomp::Architecture;
use sim_core::seccomp::check::{Observed, State, check};
use sim_core::seccomp::preset::Preset;
use sim_core::seccomp::profile::{Engine, Policy, Target, resolve};
use sim_core::seccomp::region::Permission;
use sim_core::seccomp::syscalls::Abi;

use super::check_place;

static DOCKER: LazyLock<Policy> = LazyLock::new(|| {
    let target = Target::new(Abi::X86_64, Engine::DOCKER);
    resolve(&Preset::Docker.profile(), &target).expect("the preset is in order")
});

/// Each line of a log is a record, a problem with a place in it, or passed over; what calls show is held against a policy.
pub fn strace(bytes: &[u8]) {
    let lines = line_count(bytes);
    let mut reader = strace::read(bytes);
    let mut found = 0;
    for record in reader.by_ref() {
        found += 1;
        match record {
            Ok(Record::Call(call)) => {
                assert!((1..=lines).contains(&call.line), "line {} of {lines}", call.line);
                for abi in [Abi::X86_64, Abi::X86, Abi::S390X] {
                    let observed = Observed::by_name(abi, &call.name, call.arguments(abi));
                    observed.iter().for_each(check_observed);
                }
            }
            Ok(Record::Trapped(trapped)) => assert!((1..=lines).contains(&trapped.line)),
            Ok(Record::Killed { line, .. }) => assert!((1..=lines).contains(&line)),
            Err(problem) => check_problem(bytes, &problem),
        }
    }
    // A call that is begun twice is lost once and ended once.
    assert!(found + reader.passed_over() <= 2 * lines);
}

/// Every call of a log is counted once, and with the set that is found for a phase the model refuses none that it does not
/// refuse with every capability.
pub fn operations(bytes: &[u8]) {
    let mut collector = Collector::default();
    for record in strace::read(bytes) {
        if let Ok(Record::Call(call)) = record {
            collector.add(&call);
        }
    }
    let log = collector.finish();
    let untold: u64 = log.untold.iter().map(|untold| untold.count).sum();
    assert_eq!(log.calls, log.asked + log.never + log.failed + log.without_result + untold);
    let world = World::new(&Scenario::default(), &Options::default()).expect("nothing is described");
    for thread in log.threads.iter().take(4) {
        let operations: Vec<Operation> = thread.operations.iter().map(|seen| seen.operation.clone()).collect();
        assert!(thread.parent.is_none_or(|(_, before)| before <= MOST_OPERATIONS));
        for phase in phases(&world, &operations).phases.iter().take(4) {
            let found = phase.least(&operations);
            assert!(!found.complete || !found.sets.is_empty(), "every capability does");
            assert_eq!(found.needs.len(), usize::try_from(found.set().len()).expect("at most 64"));
            assert!(found.needs.iter().all(|need| !need.operations.is_empty()), "{:?}", found.needs);
            let scenario = phase.scenario(&operations, found.set()).map(|scenario| scenario.steps);
            let steps = scenario.unwrap_or_default();
            let refused = |step: &Step| step.expect.as_ref().is_some_and(|expect| expect.errno().is_some());
            assert!(!found.complete || !steps.iter().any(refused), "{steps:?}");
        }
    }
}

/// Each line of the kernel's audit log is a record, a problem with a place in it, or passed over.
pub fn audit(bytes: &[u8]) {
    let lines = line_count(bytes);
    let mut reader = audit::read(bytes);
    let mut found = 0;
    for record in reader.by_ref() {
        found += 1;
        match record {
            Ok(record) => {
                assert!((1..=lines).contains(&record.line));
                assert_eq!(Architecture::from_token(record.architecture.token()), record.architecture);
            }
            Err(problem) => check_problem(bytes, &problem),
        }
    }
    assert_eq!(found + reader.passed_over(), lines);
}

/// What the policy says of a call that is not known whole is true of the call that it shows.
fn check_observed(call: &Observed) {
    let Ok(answer) = check(&DOCKER, call) else { return };
    let verdict = DOCKER.verdict(&answer.example);
    assert_eq!(verdict.action, answer.verdict.action);
    let permission = Permission::of(verdict.action.action());
    match answer.state {
        State::Permitted => assert_eq!(permission, Permission::Granted),
        State::Asked => assert_eq!(permission, Permission::Asked),
        State::Refused | State::Open => assert_eq!(permission, Permission::Refused),
    }
    assert_eq!(answer.state == State::Open, !answer.open.is_empty());
}

fn check_problem(bytes: &[u8], problem: &Problem) {
    assert!(!problem.to_string().is_empty());
    check_place(bytes, problem.line.try_into().expect("a line that there is"), problem.column);
}

/// How many lines there are, an empty last one not counted.
fn line_count(bytes: &[u8]) -> u64 {
    bytes.split_inclusive(|byte| *byte == b'\n').count() as u64
}
