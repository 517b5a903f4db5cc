//! Policies and filters that are short and mean more than can be told.

use sim_core::seccomp::bpf::{Instruction, Program, opcode};
use sim_core::seccomp::compile::{CompileError, compile};
use sim_core::seccomp::equivalence::{Subject, difference};
use sim_core::seccomp::profile::{Engine, Policy, Profile, Target, resolve};
use sim_core::seccomp::region::{Diagram, Undecided};
use sim_core::seccomp::syscalls::Abi;
use sim_core::seccomp::{ByteOrder, FilterReturn};

use super::peak;

/// Nodes, steps and what is remembered are bounded; so is this.
const MOST_MEMORY: usize = 512 << 20;

fn policy(entries: &[String]) -> Policy {
    let text = format!("{{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[{}]}}", entries.join(","));
    resolve(&Profile::read(text).unwrap(), &Target::new(Abi::X86_64, Engine::NONE)).unwrap()
}

fn entry(call: &str, conditions: &[String]) -> String {
    let conditions = conditions.join(",");
    format!("{{\"names\":[\"{call}\"],\"action\":\"SCMP_ACT_KILL\",\"args\":[{conditions}]}}")
}

fn masked(index: usize, mask: u64, value: u64) -> String {
    format!("{{\"index\":{index},\"op\":\"SCMP_CMP_MASKED_EQ\",\"value\":{mask},\"valueTwo\":{value}}}")
}

fn equal(index: usize, value: usize) -> String {
    format!("{{\"index\":{index},\"op\":\"SCMP_CMP_EQ\",\"value\":{value}}}")
}

fn refused<E: std::fmt::Debug>(work: impl FnOnce() -> Result<(), E>) -> E {
    let (answer, held) = peak(work);
    assert!(held < MOST_MEMORY, "{held} bytes");
    answer.unwrap_err()
}

/// Some bit of the first argument is set with the same bit of the last: who asks one argument after the other must
/// remember every bit of the first.
fn pairs_of_bits(bits: u32) -> Policy {
    let rule = |bit: u32| entry("read", &[masked(0, 1 << bit, 1 << bit), masked(5, 1 << bit, 1 << bit)]);
    policy(&(0..bits).map(rule).collect::<Vec<_>>())
}

#[test]
fn pairs_of_bits_are_too_complex() {
    let policy = pairs_of_bits(48);
    let undecided = refused(|| Diagram::new(ByteOrder::Little).policy(&policy).map(drop));
    assert_eq!(undecided, Undecided::TooComplex);
    // One rule after the other is told quickly, though not what it comes to.
    let (program, held) = peak(|| compile(&policy).unwrap());
    assert!(program.instructions().len() < 1000 && held < 1 << 20, "{held} bytes");
    let few = pairs_of_bits(6);
    assert_eq!(difference(&Subject::Policy(&few), &Subject::Program(&compile(&few).unwrap())), Ok(None));
}

#[test]
fn many_rules_for_one_call_are_too_complex_to_compile() {
    let rules: Vec<_> = (0..5000).map(|value| entry("read", &[equal(0, value), equal(1, value * 7)])).collect();
    assert_eq!(
        refused(|| compile(&policy(&rules)).map(drop)),
        CompileError::TooComplex,
        "more rules than instructions"
    );
    let conditions: Vec<_> = (0..1000).map(|value| entry("read", &[equal(0, value), equal(5, value * 7)])).collect();
    let answer = peak(|| compile(&policy(&conditions)));
    assert!(
        answer.1 < MOST_MEMORY && matches!(answer.0, Ok(_) | Err(CompileError::TooComplex)),
        "{} bytes",
        answer.1
    );
    let overlapping = |value: u64| {
        let conditions: Vec<_> =
            (0..6).map(|index| masked(index, 0x11 << (value % 60), value << (value % 50))).collect();
        entry("read", &conditions)
    };
    let overlapping = policy(&(0..2000).map(overlapping).collect::<Vec<_>>());
    assert_eq!(refused(|| compile(&overlapping).map(drop)), CompileError::TooComplex);
}

#[test]
fn filters_with_more_states_than_are_followed() {
    let set = |word: u32| {
        [
            Instruction::statement(opcode::LD_ABS, 16),
            Instruction::jump(opcode::JSET_K, 1 << word, 0, 1),
            Instruction::statement(opcode::LD_IMM, word),
            Instruction::statement(opcode::ST, word % 16),
        ]
    };
    let mut program: Vec<_> = (0..32).flat_map(set).collect();
    program.push(Instruction::statement(opcode::RET_K, 0));
    let program = Program::check(program).unwrap();
    let undecided = refused(|| Diagram::new(ByteOrder::Little).program(&program).map(drop));
    assert_eq!(undecided, Undecided::TooComplex);
}

#[test]
fn regions_are_told_up_to_a_number() {
    let mut diagram = Diagram::new(ByteOrder::Little);
    let rules: Vec<_> = (0..1000).map(|value| entry("read", &[equal(0, 7919 * value)])).collect();
    let answers = diagram.policy(&policy(&rules)).unwrap();
    let killed = diagram.calls_where(answers, |word| word != FilterReturn(0x7ffc_0000)).unwrap();
    let regions = diagram.regions(answers, killed, 10_000).unwrap();
    assert!(regions.len() >= 1000, "{}", regions.len());
    let fewer = regions.len() - 1;
    assert_eq!(refused(|| diagram.regions(answers, killed, fewer).map(drop)), Undecided::TooComplex);
}
