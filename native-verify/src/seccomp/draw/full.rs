//! Stacks of filters that the limit of all filters just lets pass, or just not.

use sim_core::kernel::Release;
use sim_core::seccomp::bpf::{Instruction, MAX_PATH, PATH_PENALTY, Program, opcode, weight};

use super::Random;
use crate::seccomp::steps::{Pointer, Step};

/// Filters until exactly as many as fit are installed, or one instruction more.
pub(super) fn fill(random: &mut Random, release: Release, steps: &mut Vec<Step>) {
    let mut left = MAX_PATH;
    let mut add = |program: Vec<Instruction>, most: u32| {
        let weight = Program::check(program.clone()).map_or(u32::MAX, |program| weight(&program, release));
        if weight > most {
            return None;
        }
        let pointer = Pointer::Instructions(program);
        steps.push(Step::Seccomp { operation: 1, flags: 0, pointer });
        left = left.saturating_sub(weight + PATH_PENALTY);
        Some(left)
    };
    let mut room = MAX_PATH;
    while let Some(now) = add(long(random), room) {
        room = now;
    }
    while room > LONGEST_PLAIN {
        room = add(plain(LONGEST_PLAIN), room).unwrap_or(0);
    }
    let last = room + random.word(2);
    if last > LIGHTEST {
        add(plain(last), u32::MAX);
    }
}

/// What a program of one return weighs.
const LIGHTEST: u32 = 5;
/// What the longest program of loads weighs.
const LONGEST_PLAIN: u32 = LIGHTEST + 4095;

/// A program of this weight that allows everything.
fn plain(weight: u32) -> Vec<Instruction> {
    let loads = usize::try_from(weight - LIGHTEST).unwrap_or_default();
    let mut program = vec![Instruction::statement(opcode::LD_ABS, 0); loads];
    program.push(Instruction::statement(opcode::RET_K, 0x7fff_0000));
    program
}

/// A program of nearly the longest length, of a few kinds of instruction, that allows everything.
fn long(random: &mut Random) -> Vec<Instruction> {
    let kinds: Vec<_> = (0..=random.below(3)).map(|_| heavy(random)).collect();
    let length = 2000 + usize::try_from(random.below(2090)).unwrap_or_default();
    let mut program = vec![Instruction::statement(opcode::LDX_IMM, 1)];
    program.extend(kinds.iter().cycle().take(length));
    // The longest jump above leaves one instruction out.
    program.extend([Instruction::statement(opcode::RET_K, 0x7fff_0000); 2]);
    program
}

/// Kinds of instruction that weigh differently.
fn heavy(random: &mut Random) -> Instruction {
    const KINDS: [u16; 11] = [
        opcode::LD_ABS,
        opcode::RET_K,
        opcode::DIV_X,
        opcode::JEQ_K,
        opcode::JGT_K,
        opcode::JGE_K,
        opcode::JSET_K,
        opcode::JEQ_X,
        opcode::JGT_X,
        opcode::JGE_X,
        opcode::JSET_X,
    ];
    let code = random.pick(&KINDS).unwrap_or(opcode::LD_ABS);
    let (jt, jf) = random.pick(&[(0, 0), (0, 1), (1, 0), (1, 1)]).unwrap_or_default();
    match code {
        opcode::LD_ABS | opcode::DIV_X => Instruction::statement(code, 0),
        opcode::RET_K => Instruction::statement(code, 0x7fff_0000),
        _ => Instruction::jump(code, random.pick(&[5, 0x7fff_ffff, 0x8000_0000, u32::MAX]).unwrap_or(5), jt, jf),
    }
}
