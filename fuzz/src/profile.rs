use sim_core::rule::Silent;
use sim_core::seccomp::SeccompData;
use sim_core::seccomp::bpf::Program;
use sim_core::seccomp::compile::{CompileError, compile};
use sim_core::seccomp::equivalence::{Subject, difference};
use sim_core::seccomp::profile::{CallPolicy, Engine, Policy, Profile, Target, resolve};
use sim_core::seccomp::syscalls::Abi;

use super::check_place;

const ENGINES: [Engine; 6] =
    [Engine::NONE, Engine::DOCKER, Engine::PODMAN, Engine::RUNC, Engine::CRUN, Engine::YOUKI];
const MACHINES: [Abi; 6] = [Abi::X86_64, Abi::S390X, Abi::AARCH64, Abi::ARM, Abi::MIPS64, Abi::X32];

/// So many conditions are compiled, and so many are proven; more take long.
const MOST_COMPILED: usize = 200;
const MOST_PROVEN: usize = 20;

/// A profile is refused with a place, or every engine makes a policy of it or says where not; a small policy becomes a
/// filter that answers as it does. The length of the text picks engine and machine.
pub fn profile(bytes: &[u8]) {
    let profile = match Profile::read(bytes) {
        Ok(profile) => profile,
        Err(error) => {
            assert!(!error.message.is_empty());
            return check_place(bytes, error.line as usize, error.column as usize);
        }
    };
    for entry in &profile.syscalls {
        check_place(bytes, entry.place.line as usize, entry.place.column as usize);
    }
    let engine = ENGINES[bytes.len() % ENGINES.len()];
    let native = MACHINES[bytes.len() / ENGINES.len() % MACHINES.len()];
    match resolve(&profile, &Target::new(native, engine)) {
        Ok(policy) => check_policy(&profile, &policy),
        Err(error) => {
            if let Some(place) = error.place {
                check_place(bytes, place.line as usize, place.column as usize);
            }
        }
    }
}

fn check_policy(profile: &Profile, policy: &Policy) {
    assert_eq!(policy.entries.len(), profile.syscalls.len());
    for ambiguity in &policy.ambiguities {
        let [first, second] = ambiguity.actions;
        assert!(first != second && policy.verdict(&ambiguity.call).rule().is_some(), "{ambiguity:?}");
    }
    let calls = policy.tables.iter().flat_map(|table| &table.calls);
    let conditions: usize = calls.flat_map(|call| &call.rules).map(|rule| 1 + rule.conditions.len()).sum();
    if conditions > MOST_COMPILED {
        return;
    }
    let program = match compile(policy) {
        Ok(program) => program,
        Err(CompileError::NoArchitecture) => return assert!(policy.tables.is_empty()),
        Err(CompileError::TooComplex) => return,
        Err(error) => panic!("a policy of {conditions} conditions: {error}"),
    };
    for table in &policy.tables {
        for call in &table.calls {
            check_calls(policy, &program, table.abi, call);
        }
    }
    if conditions <= MOST_PROVEN {
        let found = difference(&Subject::Policy(policy), &Subject::Program(&program));
        assert!(!matches!(found, Ok(Some(_))), "{found:?}");
    }
}

/// The filter answers as the policy at the edges of every condition, and beside the call.
fn check_calls(policy: &Policy, program: &Program, abi: Abi, call: &CallPolicy) {
    let conditions = call.rules.iter().flat_map(|rule| &rule.conditions);
    let values = conditions.flat_map(|condition| {
        let (value, mask) = (condition.value, condition.mask);
        let around = [value, value.wrapping_add(1), value.wrapping_sub(1), value ^ 1 << 32, value | !mask, 0];
        around.map(|value| (usize::from(condition.argument), value))
    });
    let mut args = [0; 6];
    for (argument, value) in std::iter::once((0, 0)).chain(values) {
        args[argument] = value;
        for number in [call.number, call.number.wrapping_add(1), call.number ^ SeccompData::X32_BIT] {
            let data = SeccompData::call(abi.architecture(), number, args);
            assert_eq!(program.run(&data, &mut Silent).returned, policy.verdict(&data).action, "{data:?}");
        }
    }
}
