use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::Undecided;
use super::diagram::{Diagram, Diagrams, Test};
use crate::seccomp::FilterReturn;
use crate::seccomp::bpf::{Instruction, Program, opcode};

/// What is known of the accumulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Accumulator {
    Number(u32),
    /// Some bits of a word of the data.
    Word {
        word: usize,
        mask: u32,
    },
    /// The result of a calculation.
    Calculated,
}

/// What a program does next, from an instruction with an accumulator.
enum Next {
    Return(FilterReturn),
    Go(usize, Accumulator),
    Branch(usize, usize),
}

/// The diagram of a program: each instruction with each accumulator once, from the last to the first.
pub(super) fn diagram(program: &Program, diagrams: &mut Diagrams) -> Result<Diagram, Undecided> {
    let instructions = program.instructions();
    let mut reached: Vec<BTreeSet<Accumulator>> = Vec::new();
    reached.resize_with(instructions.len(), BTreeSet::new);
    let start = Accumulator::Number(0);
    reach(&mut reached, 0, start);
    for index in 0..instructions.len() {
        for accumulator in reached.get(index).cloned().unwrap_or_default() {
            match next(instructions, index, accumulator)? {
                Next::Return(_) => {}
                Next::Go(to, accumulator) => reach(&mut reached, to, accumulator),
                Next::Branch(yes, no) => [yes, no].into_iter().for_each(|to| reach(&mut reached, to, accumulator)),
            }
        }
    }
    let mut known: BTreeMap<(usize, Accumulator), Diagram> = BTreeMap::new();
    let at = |known: &BTreeMap<_, _>, to: usize, accumulator: Accumulator| {
        known.get(&(to, accumulator)).copied().ok_or(Undecided::Calculates(to))
    };
    for (index, accumulators) in reached.iter().enumerate().rev() {
        for &accumulator in accumulators {
            let made = match next(instructions, index, accumulator)? {
                Next::Return(word) => diagrams.answer(word)?,
                Next::Go(to, accumulator) => at(&known, to, accumulator)?,
                Next::Branch(yes, no) => {
                    let (yes, no) = (at(&known, yes, accumulator)?, at(&known, no, accumulator)?);
                    let condition = condition(instructions, index, accumulator, diagrams)?;
                    diagrams.choose(condition, yes, no)?
                }
            };
            known.insert((index, accumulator), made);
        }
    }
    at(&known, 0, start)
}

fn reach(reached: &mut [BTreeSet<Accumulator>], to: usize, accumulator: Accumulator) {
    if let Some(accumulators) = reached.get_mut(to) {
        accumulators.insert(accumulator);
    }
}

fn next(instructions: &[Instruction], index: usize, accumulator: Accumulator) -> Result<Next, Undecided> {
    let Some(&Instruction { code, jt, jf, k }) = instructions.get(index) else {
        return Err(Undecided::Calculates(index));
    };
    let offset = |k: u32| usize::try_from(k).unwrap_or(usize::MAX);
    let go = |accumulator: Accumulator| Ok(Next::Go(index + 1, accumulator));
    match code {
        opcode::RET_K => Ok(Next::Return(FilterReturn(k))),
        opcode::RET_A => match accumulator {
            Accumulator::Number(word) => Ok(Next::Return(FilterReturn(word))),
            _ => Err(Undecided::Calculates(index)),
        },
        opcode::JA => Ok(Next::Go((index + 1).saturating_add(offset(k)), accumulator)),
        opcode::JEQ_K | opcode::JGT_K | opcode::JGE_K | opcode::JSET_K => {
            Ok(Next::Branch(index + 1 + usize::from(jt), index + 1 + usize::from(jf)))
        }
        opcode::LD_ABS => go(Accumulator::Word { word: offset(k) / 4, mask: u32::MAX }),
        opcode::LD_IMM => go(Accumulator::Number(k)),
        opcode::LD_LEN => go(Accumulator::Number(64)),
        opcode::AND_K => go(match accumulator {
            Accumulator::Number(number) => Accumulator::Number(number & k),
            Accumulator::Word { word, mask } => Accumulator::Word { word, mask: mask & k },
            Accumulator::Calculated => Accumulator::Calculated,
        }),
        // What is only stored, or calculated and not asked, does not matter.
        opcode::ST | opcode::STX | opcode::TAX | opcode::LDX_IMM | opcode::LDX_LEN | opcode::LDX_MEM => {
            go(accumulator)
        }
        opcode::JEQ_X | opcode::JGT_X | opcode::JGE_X | opcode::JSET_X | opcode::DIV_X => {
            Err(Undecided::Calculates(index))
        }
        _ => go(Accumulator::Calculated),
    }
}

fn condition(
    instructions: &[Instruction],
    index: usize,
    accumulator: Accumulator,
    diagrams: &mut Diagrams,
) -> Result<Diagram, Undecided> {
    let Some(&Instruction { code, k, .. }) = instructions.get(index) else {
        return Err(Undecided::Calculates(index));
    };
    let test = match code {
        opcode::JEQ_K => Test::Equal,
        opcode::JGT_K => Test::Greater,
        opcode::JGE_K => Test::GreaterOrEqual,
        _ => Test::AnyBit,
    };
    match accumulator {
        Accumulator::Word { word, mask } => diagrams.test(word, mask, test, k),
        Accumulator::Number(number) => diagrams.truth(match test {
            Test::Equal => number == k,
            Test::Greater => number > k,
            Test::GreaterOrEqual => number >= k,
            Test::AnyBit => number & k != 0,
        }),
        Accumulator::Calculated => Err(Undecided::Calculates(index)),
    }
}
