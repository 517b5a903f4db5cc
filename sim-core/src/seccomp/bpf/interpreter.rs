use alloc::vec::Vec;

use super::{Instruction, Program, opcode};
use crate::rule::Silent;
use crate::seccomp::{ByteOrder, FilterReturn, SeccompData};

/// How many words of scratch memory there are.
pub const MEMORY: usize = 16;

/// The state of the machine between two instructions; all zero at the start. The kernel does not let a program read
/// scratch memory that it may not have written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    /// The accumulator A.
    pub a: u32,
    /// The index register X.
    pub x: u32,
    /// The scratch memory M.
    pub memory: [u32; MEMORY],
}

/// Who watches a program run. [`Silent`] watches nothing and compiles to nothing.
pub trait StepWitness {
    /// `instruction`, number `index`, is about to be executed.
    fn step(&mut self, index: usize, instruction: Instruction, registers: &Registers);
}

impl StepWitness for Silent {
    #[inline(always)]
    fn step(&mut self, _: usize, _: Instruction, _: &Registers) {}
}

/// Keeps every step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steps(pub Vec<Step>);

/// One instruction that was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its number in the program, from 0.
    pub index: usize,
    /// The instruction.
    pub instruction: Instruction,
    /// The registers before it.
    pub registers: Registers,
}

impl StepWitness for Steps {
    fn step(&mut self, index: usize, instruction: Instruction, registers: &Registers) {
        self.0.push(Step { index, instruction, registers: *registers });
    }
}

/// What running a program comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The word that it returned.
    pub returned: FilterReturn,
    /// How many instructions were executed; at least 1, at most the program's length, for no jump goes back.
    pub executed: usize,
}

impl Program {
    /// Runs it on a call, on a machine of the byte order of the call's architecture.
    ///
    /// ```
    /// use sim_core::rule::Silent;
    /// use sim_core::seccomp::{Architecture, SeccompData, text::assemble};
    ///
    /// let program = assemble("A = args[0]\n A <<= 4\n return A")?;
    /// let data = SeccompData::call(Architecture::X86_64, 1, [0x5000, 0, 0, 0, 0, 0]);
    /// let run = program.run(&data, &mut Silent);
    /// assert_eq!((run.returned.to_string().as_str(), run.executed), ("ERRNO(0)", 3));
    /// # Ok::<(), sim_core::seccomp::text::TextError>(())
    /// ```
    #[inline]
    pub fn run<W: StepWitness>(&self, data: &SeccompData, witness: &mut W) -> Run {
        self.run_in(data, data.arch.byte_order(), witness)
    }

    /// Runs it on a machine of the given byte order, whatever the call's `arch` is.
    pub fn run_in<W: StepWitness>(&self, data: &SeccompData, order: ByteOrder, witness: &mut W) -> Run {
        let mut registers = Registers::default();
        let (mut index, mut executed) = (0_usize, 0_usize);
        while let Some(&instruction) = self.instructions().get(index) {
            witness.step(index, instruction, &registers);
            executed += 1;
            match registers.execute(instruction, data, order) {
                Next::Skip(count) => index = index.saturating_add(1).saturating_add(count),
                Next::Return(word) => return Run { returned: FilterReturn(word), executed },
            }
        }
        // Not reached: the check demands a return at the end, and every jump stays inside.
        Run { returned: FilterReturn(0), executed }
    }
}

enum Next {
    /// Goes on after leaving out so many instructions.
    Skip(usize),
    Return(u32),
}

impl Registers {
    #[inline]
    fn execute(
        &mut self,
        Instruction { code, jt, jf, k }: Instruction,
        data: &SeccompData,
        order: ByteOrder,
    ) -> Next {
        let branch = |condition: bool| Next::Skip(usize::from(if condition { jt } else { jf }));
        let (a, x) = (self.a, self.x);
        match code {
            opcode::LD_ABS => self.a = data.word_in(k, order).unwrap_or(0),
            opcode::JEQ_K => return branch(a == k),
            opcode::JGE_K => return branch(a >= k),
            opcode::JGT_K => return branch(a > k),
            opcode::JSET_K => return branch(a & k != 0),
            opcode::RET_K => return Next::Return(k),
            opcode::JA => return Next::Skip(usize::try_from(k).unwrap_or(usize::MAX)),
            opcode::JEQ_X => return branch(a == x),
            opcode::JGE_X => return branch(a >= x),
            opcode::JGT_X => return branch(a > x),
            opcode::JSET_X => return branch(a & x != 0),
            opcode::RET_A => return Next::Return(a),
            opcode::LD_IMM => self.a = k,
            opcode::LDX_IMM => self.x = k,
            opcode::LD_LEN => self.a = SeccompData::SIZE,
            opcode::LDX_LEN => self.x = SeccompData::SIZE,
            opcode::LD_MEM => self.a = self.load(k),
            opcode::LDX_MEM => self.x = self.load(k),
            opcode::ST => self.store(k, a),
            opcode::STX => self.store(k, x),
            opcode::TAX => self.x = a,
            opcode::TXA => self.a = x,
            opcode::NEG => self.a = a.wrapping_neg(),
            // Division by zero ends the program with 0, which kills.
            opcode::DIV_K | opcode::DIV_X => match a.checked_div(if code == opcode::DIV_K { k } else { x }) {
                Some(quotient) => self.a = quotient,
                None => return Next::Return(0),
            },
            _ => self.a = alu(code, a, k, x),
        }
        Next::Skip(0)
    }

    fn load(&self, index: u32) -> u32 {
        usize::try_from(index).ok().and_then(|index| self.memory.get(index)).copied().unwrap_or(0)
    }

    fn store(&mut self, index: u32, value: u32) {
        if let Some(word) = usize::try_from(index).ok().and_then(|index| self.memory.get_mut(index)) {
            *word = value;
        }
    }
}

/// Arithmetic modulo 2^32. A shift by X uses the low five bits of it.
pub(in crate::seccomp) fn alu(code: u16, a: u32, k: u32, x: u32) -> u32 {
    match code {
        opcode::ADD_K => a.wrapping_add(k),
        opcode::ADD_X => a.wrapping_add(x),
        opcode::SUB_K => a.wrapping_sub(k),
        opcode::SUB_X => a.wrapping_sub(x),
        opcode::MUL_K => a.wrapping_mul(k),
        opcode::MUL_X => a.wrapping_mul(x),
        opcode::OR_K => a | k,
        opcode::OR_X => a | x,
        opcode::AND_K => a & k,
        opcode::AND_X => a & x,
        opcode::XOR_K => a ^ k,
        opcode::XOR_X => a ^ x,
        opcode::LSH_K => a.wrapping_shl(k),
        opcode::LSH_X => a.wrapping_shl(x),
        opcode::RSH_K => a.wrapping_shr(k),
        opcode::RSH_X => a.wrapping_shr(x),
        // Not reached: the check allows no other code.
        _ => a,
    }
}
