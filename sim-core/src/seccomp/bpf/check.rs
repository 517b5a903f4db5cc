use alloc::vec;
use alloc::vec::Vec;

use super::{Instruction, MEMORY, opcode};
use crate::kernel::Errno;
use crate::seccomp::SeccompData;

/// A program that the kernel's check accepts.
///
/// ```
/// use sim_core::seccomp::bpf::{Fault, Instruction, Program};
///
/// let allow = Instruction::statement(0x06, 0x7fff_0000);
/// assert!(Program::check(vec![allow]).is_ok());
/// let error = Program::check(vec![Instruction::statement(0x28, 0), allow]).unwrap_err();
/// assert_eq!((error.instruction, error.fault), (Some(0), Fault::Code { code: 0x28 }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Program {
    pub(super) instructions: Vec<Instruction>,
}

/// Why the kernel refuses a program. It answers EINVAL to each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckError {
    /// Which instruction, from 0; `None` if it is about the program's length.
    pub instruction: Option<usize>,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with an instruction, and what would be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Empty or too long.
    #[error("{length} instructions; a filter has 1 to {max}", max = Program::MAX_LENGTH)]
    Length {
        /// How many instructions there are.
        length: usize,
    },
    /// A code that classic BPF does not have, or that seccomp does not allow.
    #[error("the code 0x{code:02x} is not allowed in a filter of system calls")]
    Code {
        /// The code.
        code: u16,
    },
    /// Division by the constant 0.
    #[error("it divides by 0; the constant must be at least 1")]
    DivisionByZero,
    /// A shift by the word's width or more.
    #[error("it shifts by {by}; at most 31 is possible")]
    Shift {
        /// By how many bits.
        by: u32,
    },
    /// A word of scratch memory that does not exist.
    #[error("there is no M[{index}]; the scratch memory has M[0] to M[15]")]
    Memory {
        /// The index.
        index: u32,
    },
    /// A jump behind the end.
    #[error("it jumps to instruction {target}, but the last is {last}")]
    Jump {
        /// Where it jumps to.
        target: u64,
        /// The number of the last instruction.
        last: usize,
    },
    /// The last instruction does not return.
    #[error("the last instruction must return")]
    NoReturn,
    /// A load outside of the call's data.
    #[error("it loads at {offset}; an offset into the call's data is a multiple of 4 below 64")]
    Offset {
        /// The offset.
        offset: u32,
    },
    /// Scratch memory that is perhaps not written yet.
    #[error("M[{index}] may not have been written on the way here")]
    Unwritten {
        /// The index.
        index: u32,
    },
}

impl Fault {
    /// Whether it is the check of classic BPF, `bpf_check_classic`, that finds it; otherwise it is
    /// `seccomp_check_filter`, which runs after the whole program has passed the first.
    pub fn is_classic(self) -> bool {
        match self {
            Self::Offset { .. } => false,
            Self::Code { code } => !CLASSIC_ONLY.contains(&code),
            _ => true,
        }
    }
}

impl CheckError {
    /// What the kernel answers.
    pub const ERRNO: Errno = Errno::EINVAL;
}

/// `instruction 3: it divides by 0; …`.
impl core::fmt::Display for CheckError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.instruction {
            Some(index) => write!(f, "instruction {index}: {}", self.fault),
            None => self.fault.fmt(f),
        }
    }
}

impl core::error::Error for CheckError {}

impl Program {
    /// The most instructions that a program may have, `BPF_MAXINSNS`.
    pub const MAX_LENGTH: usize = 4096;

    /// Checks a program as the kernel does when it is installed.
    pub fn check(instructions: Vec<Instruction>) -> Result<Self, CheckError> {
        check(&instructions)?;
        Ok(Self { instructions })
    }

    /// Its instructions.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }
}

/// Checks instructions as the kernel does: `bpf_check_classic` with `check_load_and_stores` of `net/core/filter.c`,
/// then `seccomp_check_filter` of `kernel/seccomp.c`. Unreachable instructions are checked like the rest.
pub fn check(program: &[Instruction]) -> Result<(), CheckError> {
    let length = program.len();
    if length == 0 || length > Program::MAX_LENGTH {
        return Err(CheckError { instruction: None, fault: Fault::Length { length } });
    }
    for (index, instruction) in program.iter().enumerate() {
        let at = |fault| CheckError { instruction: Some(index), fault };
        check_alone(*instruction, index, length).map_err(at)?;
    }
    let last = length - 1;
    if !program.last().is_some_and(|end| matches!(end.code, opcode::RET_K | opcode::RET_A)) {
        return Err(CheckError { instruction: Some(last), fault: Fault::NoReturn });
    }
    check_scratch(program)?;
    for (index, &Instruction { code, k: offset, .. }) in program.iter().enumerate() {
        let at = |fault| Err(CheckError { instruction: Some(index), fault });
        if CLASSIC_ONLY.contains(&code) {
            return at(Fault::Code { code });
        }
        if code == opcode::LD_ABS && !(offset.is_multiple_of(4) && offset < SeccompData::SIZE) {
            return at(Fault::Offset { offset });
        }
    }
    Ok(())
}

/// What classic BPF has and seccomp has not: loads of bytes and half words, loads relative to X, the length of a
/// packet's header, and the remainder.
const CLASSIC_ONLY: [u16; 8] = [0x28, 0x30, 0x40, 0x48, 0x50, 0xb1, MOD_K, 0x9c];
const MOD_K: u16 = 0x94;

/// What can be said of an instruction without the rest.
fn check_alone(Instruction { code, jt, jf, k }: Instruction, index: usize, length: usize) -> Result<(), Fault> {
    let last = length - 1;
    let target = |skip: u32| index as u64 + 1 + u64::from(skip);
    let jump = |target: u64| if target > last as u64 { Err(Fault::Jump { target, last }) } else { Ok(()) };
    match code {
        opcode::DIV_K | MOD_K if k == 0 => Err(Fault::DivisionByZero),
        opcode::LSH_K | opcode::RSH_K if k >= 32 => Err(Fault::Shift { by: k }),
        opcode::LD_MEM | opcode::LDX_MEM | opcode::ST | opcode::STX if memory_bit(k).is_none() => {
            Err(Fault::Memory { index: k })
        }
        opcode::JA => jump(target(k)),
        code if opcode::is_conditional(code) => jump(target(jt.into())).and_then(|()| jump(target(jf.into()))),
        code if !opcode::is_known(code) && !CLASSIC_ONLY.contains(&code) => Err(Fault::Code { code }),
        _ => Ok(()),
    }
}

/// No word of scratch memory is read that may not be written. One pass: what a `ret` leaves is taken over by the next
/// line, though it is never reached from there.
fn check_scratch(program: &[Instruction]) -> Result<(), CheckError> {
    let mut at_target = vec![u16::MAX; program.len()];
    let mut written = 0_u16;
    for (index, &Instruction { code, jt, jf, k }) in program.iter().enumerate() {
        written &= at_target.get(index).copied().unwrap_or(u16::MAX);
        let mut leave = |skip: u32, written: u16| {
            let target = usize::try_from(skip).ok().and_then(|skip| index.checked_add(1)?.checked_add(skip));
            if let Some(mask) = target.and_then(|target| at_target.get_mut(target)) {
                *mask &= written;
            }
        };
        match code {
            opcode::ST | opcode::STX => written |= memory_bit(k).unwrap_or(0),
            opcode::LD_MEM | opcode::LDX_MEM if written & memory_bit(k).unwrap_or(0) == 0 => {
                return Err(CheckError { instruction: Some(index), fault: Fault::Unwritten { index: k } });
            }
            opcode::JA => {
                leave(k, written);
                written = u16::MAX;
            }
            code if opcode::is_conditional(code) => {
                leave(jt.into(), written);
                leave(jf.into(), written);
                written = u16::MAX;
            }
            _ => {}
        }
    }
    Ok(())
}

fn memory_bit(index: u32) -> Option<u16> {
    (usize::try_from(index).ok()? < MEMORY).then(|| 1_u16 << index)
}
