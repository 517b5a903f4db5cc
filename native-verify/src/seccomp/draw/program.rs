//! Programs: most are valid, and half show their arithmetic as an errno.

use sim_core::seccomp::bpf::{Instruction, opcode};

use super::{Random, constant};

/// A program, now and then with something wrong.
pub(super) fn program(random: &mut Random) -> Vec<Instruction> {
    let length = usize::try_from(random.below(24)).unwrap_or_default();
    let mut program = Vec::with_capacity(length + 16);
    if random.one_in(3) {
        // Scratch memory may be read anywhere then.
        program.extend((0..16).map(|k| Instruction::statement(if k % 3 == 0 { opcode::STX } else { opcode::ST }, k)));
    }
    let end = end(random);
    for left in (0..length).rev().map(|behind| behind + end.len()) {
        program.push(instruction(random, u32::try_from(left).unwrap_or_default()));
    }
    if random.one_in(3) {
        program.extend(arithmetic(random));
    }
    program.extend(end);
    if random.one_in(6) {
        spoil(random, &mut program);
    }
    program
}

/// The end of a program: a return, or twelve bits of A as an errno, so that all arithmetic before can be seen.
fn end(random: &mut Random) -> Vec<Instruction> {
    if random.one_in(2) {
        return vec![returning(random)];
    }
    let shift = random.pick(&[0, 0, 0, 12, 20]).unwrap_or_default();
    vec![
        Instruction::statement(opcode::RSH_K, shift),
        Instruction::statement(opcode::AND_K, 0xfff),
        Instruction::statement(opcode::OR_K, 0x0005_0000),
        Instruction::statement(opcode::RET_A, 0),
    ]
}

/// Something into A, something into X, and one of both.
fn arithmetic(random: &mut Random) -> [Instruction; 3] {
    const OF_BOTH: [u16; 9] = [
        opcode::ADD_X,
        opcode::SUB_X,
        opcode::MUL_X,
        opcode::DIV_X,
        opcode::OR_X,
        opcode::AND_X,
        opcode::XOR_X,
        opcode::LSH_X,
        opcode::RSH_X,
    ];
    let first = match random.below(2) {
        0 => Instruction::statement(opcode::LD_ABS, offset(random)),
        _ => Instruction::statement(opcode::LD_IMM, constant(random)),
    };
    let by = if random.one_in(2) { random.word(70) } else { constant(random) };
    let code = random.pick(&OF_BOTH).unwrap_or(opcode::ADD_X);
    [first, Instruction::statement(opcode::LDX_IMM, by), Instruction::statement(code, 0)]
}

/// An instruction with `left` others behind it.
fn instruction(random: &mut Random, left: u32) -> Instruction {
    match random.below(20) {
        0..=5 => Instruction::statement(opcode::LD_ABS, offset(random)),
        6..=11 => {
            let code = random.pick(&CONDITIONS).unwrap_or(opcode::JEQ_K);
            let skip = |random: &mut Random| u8::try_from(random.word(left.min(6))).unwrap_or_default();
            let (jt, jf) = (skip(random), skip(random));
            Instruction::jump(code, constant(random), jt, jf)
        }
        12 => Instruction::statement(opcode::JA, random.word(left.min(4))),
        13 => returning(random),
        _ => {
            let code = random.pick(&OTHERS).unwrap_or(opcode::TAX);
            let k = match code {
                opcode::LD_MEM | opcode::LDX_MEM | opcode::ST | opcode::STX => random.word(16),
                opcode::LSH_K | opcode::RSH_K => random.word(32),
                opcode::DIV_K => constant(random).max(1),
                _ => constant(random),
            };
            let garbage = |random: &mut Random| u8::try_from(random.word(256)).unwrap_or_default();
            let noise = random.one_in(10);
            let (jt, jf) = if noise { (garbage(random), garbage(random)) } else { (0, 0) };
            Instruction { code, jt, jf, k }
        }
    }
}

const CONDITIONS: [u16; 10] = [
    opcode::JEQ_K,
    opcode::JEQ_K,
    opcode::JGT_K,
    opcode::JGE_K,
    opcode::JSET_K,
    opcode::JSET_K,
    opcode::JEQ_X,
    opcode::JGT_X,
    opcode::JGE_X,
    opcode::JSET_X,
];

const OTHERS: [u16; 29] = [
    opcode::LD_IMM,
    opcode::LDX_IMM,
    opcode::ST,
    opcode::STX,
    opcode::LD_MEM,
    opcode::LDX_MEM,
    opcode::LD_LEN,
    opcode::LDX_LEN,
    opcode::TAX,
    opcode::TXA,
    opcode::NEG,
    opcode::ADD_K,
    opcode::ADD_X,
    opcode::SUB_K,
    opcode::SUB_X,
    opcode::MUL_K,
    opcode::MUL_X,
    opcode::DIV_K,
    opcode::DIV_X,
    opcode::OR_K,
    opcode::OR_X,
    opcode::AND_K,
    opcode::AND_X,
    opcode::XOR_K,
    opcode::XOR_X,
    opcode::LSH_K,
    opcode::LSH_X,
    opcode::RSH_K,
    opcode::RSH_X,
];

fn offset(random: &mut Random) -> u32 {
    match random.below(4) {
        0 => 0,
        1 => 4,
        _ => 4 * random.word(16),
    }
}

/// A return. Few kill: each death costs a process.
fn returning(random: &mut Random) -> Instruction {
    let data = match random.below(6) {
        0 => 0,
        1 => 4095,
        2 => random.word(0x1_0000),
        _ => random.word(40),
    };
    let action = match random.below(100) {
        0..=39 => return Instruction::statement(opcode::RET_K, 0x7fff_0000),
        40..=42 => 0x7fff_0000,
        43..=70 => 0x0005_0000,
        71..=78 => 0x0003_0000,
        79..=84 => 0x7ff0_0000,
        85..=89 => 0x7fc0_0000,
        90 | 91 => 0x7ffc_0000,
        92 => 0x8000_0000,
        93 => 0,
        94 => random.word(0x1_0000) << 16,
        95 => return Instruction::statement(opcode::RET_K, constant(random)),
        _ => return Instruction::statement(opcode::RET_A, constant(random)),
    };
    Instruction::statement(opcode::RET_K, action | data)
}

/// Changes something, so that the program may be invalid.
fn spoil(random: &mut Random, program: &mut Vec<Instruction>) {
    let at = usize::try_from(random.below(program.len() as u64)).unwrap_or_default();
    let Some(instruction) = program.get_mut(at) else { return };
    match random.below(8) {
        0 => instruction.code = u16::try_from(random.word(0x100)).unwrap_or_default(),
        1 => instruction.code = u16::try_from(random.word(0x1_0000)).unwrap_or_default(),
        2 => instruction.jt = u8::try_from(random.word(256)).unwrap_or_default(),
        3 => instruction.jf = u8::try_from(random.word(40)).unwrap_or_default(),
        4 => instruction.k = constant(random),
        5 => instruction.k = random.word(80),
        6 => *instruction = Instruction::statement(opcode::LD_MEM, random.word(18)),
        _ => program.truncate(at),
    }
}
