use alloc::vec::Vec;

use super::opcode;
use crate::seccomp::ByteOrder;

/// One instruction: `struct sock_filter`.
///
/// ```
/// use sim_core::seccomp::{ByteOrder, bpf::Instruction};
///
/// let load_arch = Instruction { code: 0x20, jt: 0, jf: 0, k: 4 };
/// assert_eq!(load_arch.to_bytes(ByteOrder::Little), [0x20, 0, 0, 0, 4, 0, 0, 0]);
/// assert_eq!(Instruction::from_bytes([0, 0x20, 0, 0, 0, 0, 0, 4], ByteOrder::Big), load_arch);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instruction {
    /// What it does; [`opcode`](super::opcode) has the names.
    pub code: u16,
    /// A conditional jump: how many instructions are left out if the condition holds.
    pub jt: u8,
    /// A conditional jump: how many are left out if it does not.
    pub jf: u8,
    /// The constant.
    pub k: u32,
}

/// Why bytes are no program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BytesError {
    /// Not whole instructions.
    #[error("{length} bytes are no whole number of instructions of 8 bytes")]
    Length {
        /// How many bytes there are.
        length: usize,
    },
    /// More than any length field can say.
    #[error("{count} instructions; `struct sock_fprog` can hold no more than {max}", max = Instruction::MAX_COUNT)]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// The codes make sense in neither byte order.
    #[error("instruction {index} has a code above 0xff in this byte order; a filter's codes are at most 0xff")]
    Order {
        /// The first instruction, from 0, that does not fit.
        index: usize,
    },
}

impl Instruction {
    /// The most instructions that a `struct sock_fprog` can announce; the kernel takes
    /// [4096](super::Program::MAX_LENGTH).
    pub const MAX_COUNT: usize = 65_535;
    /// Its size in bytes.
    pub const SIZE: usize = 8;

    /// An instruction that is no conditional jump.
    pub const fn statement(code: u16, k: u32) -> Self {
        Self { code, jt: 0, jf: 0, k }
    }

    /// A conditional jump.
    pub const fn jump(code: u16, k: u32, jt: u8, jf: u8) -> Self {
        Self { code, jt, jf, k }
    }

    /// The same with 0 in what does not count: k where X or nothing is used, jt and jf where nothing is compared. The
    /// kernel ignores what stands there.
    ///
    /// ```
    /// use sim_core::seccomp::bpf::Instruction;
    ///
    /// let returns_a = Instruction { code: 0x16, jt: 1, jf: 2, k: 3 };
    /// assert_eq!(returns_a.canonical(), Instruction::statement(0x16, 0));
    /// ```
    #[must_use]
    pub const fn canonical(self) -> Self {
        let Self { code, jt, jf, k } = self;
        match code {
            opcode::JEQ_X | opcode::JGT_X | opcode::JGE_X | opcode::JSET_X => Self::jump(code, 0, jt, jf),
            _ if opcode::is_conditional(code) => self,
            opcode::TAX | opcode::TXA | opcode::NEG | opcode::RET_A | opcode::LD_LEN | opcode::LDX_LEN => {
                Self::statement(code, 0)
            }
            _ if opcode::is_known(code) && opcode::is_arithmetic_with_x(code) => Self::statement(code, 0),
            _ if opcode::is_known(code) => Self::statement(code, k),
            _ => self,
        }
    }

    /// Reads the eight bytes of one instruction.
    pub const fn from_bytes(bytes: [u8; 8], order: ByteOrder) -> Self {
        let [code_0, code_1, jt, jf, k @ ..] = bytes;
        let (code, k) = match order {
            ByteOrder::Little => (u16::from_le_bytes([code_0, code_1]), u32::from_le_bytes(k)),
            ByteOrder::Big => (u16::from_be_bytes([code_0, code_1]), u32::from_be_bytes(k)),
        };
        Self { code, jt, jf, k }
    }

    /// Its eight bytes.
    pub const fn to_bytes(self, order: ByteOrder) -> [u8; 8] {
        let ([code_0, code_1], [k_0, k_1, k_2, k_3]) = match order {
            ByteOrder::Little => (self.code.to_le_bytes(), self.k.to_le_bytes()),
            ByteOrder::Big => (self.code.to_be_bytes(), self.k.to_be_bytes()),
        };
        [code_0, code_1, self.jt, self.jf, k_0, k_1, k_2, k_3]
    }
}

/// Reads a bare array of instructions, as a `.bpf` file has it, and finds out its byte order: a code is at most 0xff,
/// so one of its two bytes is 0. Where every code is 0, it is taken as little-endian.
///
/// ```
/// use sim_core::seccomp::{ByteOrder, bpf::from_bytes};
///
/// let (program, order) = from_bytes(&[0, 6, 0, 0, 0x7f, 0xff, 0, 0], None)?;
/// assert_eq!((program[0].k, order), (0x7fff_0000, ByteOrder::Big));
/// # Ok::<(), sim_core::seccomp::bpf::BytesError>(())
/// ```
pub fn from_bytes(bytes: &[u8], order: Option<ByteOrder>) -> Result<(Vec<Instruction>, ByteOrder), BytesError> {
    let (chunks, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(BytesError::Length { length: bytes.len() });
    }
    if chunks.len() > Instruction::MAX_COUNT {
        return Err(BytesError::TooMany { count: chunks.len() });
    }
    let order = match order {
        Some(order) => order,
        None => detect(chunks)?,
    };
    Ok((chunks.iter().map(|&chunk| Instruction::from_bytes(chunk, order)).collect(), order))
}

fn detect(chunks: &[[u8; 8]]) -> Result<ByteOrder, BytesError> {
    let mut found = None;
    for (index, &[first, second, ..]) in chunks.iter().enumerate() {
        let order = match (first, second) {
            (0, 0) => continue,
            (_, 0) => ByteOrder::Little,
            (0, _) => ByteOrder::Big,
            _ => return Err(BytesError::Order { index }),
        };
        if *found.get_or_insert(order) != order {
            return Err(BytesError::Order { index });
        }
    }
    Ok(found.unwrap_or(ByteOrder::Little))
}

/// The bytes of a program, as a `.bpf` file has them.
pub fn to_bytes(program: &[Instruction], order: ByteOrder) -> Vec<u8> {
    program.iter().flat_map(|instruction| instruction.to_bytes(order)).collect()
}
