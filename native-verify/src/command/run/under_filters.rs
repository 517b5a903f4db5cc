//! The same scenarios under filters that show what a filter sees of each step.

use sim_core::scenario::{Call, FilterEntry, Loaded, NotPerformed, Scenario, Simulation};
use sim_core::seccomp::bpf::{Instruction, opcode};

const ALLOW: u32 = 0x7fff_0000;
const ERRNO: u32 = 0x0005_0000;
const KILL: u32 = 0;
/// The bits of a word that fit into an errno.
const ERRNO_BITS: u32 = 0xfff;
/// How many arguments a step's call has at most.
const ARGUMENTS: u32 = 5;

/// A scenario whole, under a filter that allows every call; and each of its steps alone, under filters that answer with the
/// number of the call and with each of its arguments, and under one that kills. None of a scenario that has filters.
pub(super) fn variants(scenario: &Scenario) -> Vec<(String, Scenario)> {
    let has_own = |call: &Call| matches!(call, Call::Seccomp(_) | Call::Syscall(_));
    if !scenario.process.seccomp.is_empty() || scenario.steps.iter().any(|step| has_own(&step.call)) {
        return Vec::new();
    }
    let mut scenario = scenario.clone();
    for step in &mut scenario.steps {
        step.expect = None;
    }
    let under = |scenario: &Scenario, instructions: Vec<Instruction>| {
        let mut scenario = scenario.clone();
        scenario.process.seccomp = vec![FilterEntry::Instructions(instructions)];
        scenario
    };
    let returns = |word: u32| vec![Instruction::statement(opcode::RET_K, word)];
    let mut variants = vec![("all allowed".to_owned(), under(&scenario, returns(ALLOW)))];
    for (index, step) in scenario.steps.iter().enumerate() {
        let alone = Scenario { steps: vec![step.clone()], ..scenario.clone() };
        let mut add = |how: String, instructions| {
            variants.push((format!("step {} alone, {how}", index + 1), under(&alone, instructions)));
        };
        add("killed".to_owned(), returns(KILL));
        add("answered by number".to_owned(), returns_word(0));
        for argument in 0..ARGUMENTS {
            add(format!("answered by argument {argument}"), returns_word(16 + 8 * argument));
        }
    }
    variants
}

/// Whether the filters' answers to the first step are known.
pub(super) fn is_decided(loaded: &Loaded) -> bool {
    let Some(step) = loaded.scenario.steps.first() else { return true };
    let outcome = Simulation::new(loaded.world.clone()).perform(&step.call);
    !matches!(outcome.not_performed, Some(NotPerformed::Depends(_)))
}

/// A filter whose errno is what a call has at this offset.
fn returns_word(offset: u32) -> Vec<Instruction> {
    vec![
        Instruction::statement(opcode::LD_ABS, offset),
        Instruction::statement(opcode::AND_K, ERRNO_BITS),
        Instruction::statement(opcode::OR_K, ERRNO),
        Instruction::statement(opcode::RET_A, 0),
    ]
}
