use std::sync::LazyLock;

use formats::strace::Record;
use formats::{Problem, audit, strace};
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
