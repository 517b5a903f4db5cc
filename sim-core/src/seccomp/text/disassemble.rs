use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::Write;

use crate::seccomp::bpf::{Instruction, opcode};
use crate::seccomp::data::is_high;
use crate::seccomp::{Architecture, ByteOrder, FilterReturn};

/// Writes a program as a listing with the columns code, jt, jf and k, and what each instruction does; what stands in
/// a column and does not count shows only there. The byte order is that of the machine: it decides which half of an
/// argument an offset is.
pub fn disassemble(program: &[Instruction], order: ByteOrder) -> String {
    let mut listing = String::from(" line  CODE  JT   JF      K\n=================================\n");
    let canonical: Vec<_> = program.iter().map(|instruction| instruction.canonical()).collect();
    for (index, (instruction, statement)) in program.iter().zip(written(&canonical, order)).enumerate() {
        let Instruction { code, jt, jf, k } = instruction;
        // Writing into a String cannot fail.
        let _ = writeln!(listing, " {index:04}: 0x{code:02x} 0x{jt:02x} 0x{jf:02x} 0x{k:08x}  {statement}");
    }
    listing
}

/// Writes only what each instruction does, one a line.
pub fn statements(program: &[Instruction], order: ByteOrder) -> String {
    let mut listing = String::new();
    for (index, statement) in written(program, order).into_iter().enumerate() {
        let _ = writeln!(listing, "{index:04}: {statement}");
    }
    listing
}

/// What A is known to hold before an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Accumulator {
    /// No way leads here.
    Unreached,
    /// The word of the call's data at this offset.
    Word(u32),
    /// Something else.
    Other,
}

impl Accumulator {
    fn joined(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unreached, known) | (known, Self::Unreached) => known,
            (one, another) if one == another => one,
            _ => Self::Other,
        }
    }
}

fn written(program: &[Instruction], order: ByteOrder) -> Vec<String> {
    let mut before = vec![Accumulator::Unreached; program.len()];
    if let Some(first) = before.first_mut() {
        *first = Accumulator::Other;
    }
    let mut lines = Vec::with_capacity(program.len());
    for (index, &instruction) in program.iter().enumerate() {
        let holds = before.get(index).copied().unwrap_or(Accumulator::Other);
        lines.push(statement(index, instruction, holds, order));
        let Instruction { code, jt, jf, k } = instruction;
        let after = match code {
            opcode::LD_ABS => Accumulator::Word(k),
            opcode::LDX_IMM | opcode::LDX_LEN | opcode::LDX_MEM | opcode::ST | opcode::STX | opcode::TAX => holds,
            code if code == opcode::JA || opcode::is_conditional(code) => holds,
            _ => Accumulator::Other,
        };
        let mut leave = |skip: u32| {
            let target = usize::try_from(skip).ok().and_then(|skip| index.checked_add(1)?.checked_add(skip));
            if let Some(entry) = target.and_then(|target| before.get_mut(target)) {
                *entry = entry.joined(after);
            }
        };
        match code {
            opcode::JA => leave(k),
            opcode::RET_A | opcode::RET_K => {}
            code if opcode::is_conditional(code) => {
                leave(jt.into());
                leave(jf.into());
            }
            _ => leave(0),
        }
    }
    lines
}

/// What an instruction does, or its four numbers if it has something that a statement does not show.
fn statement(index: usize, instruction: Instruction, holds: Accumulator, order: ByteOrder) -> String {
    let Instruction { code, jt, jf, k } = instruction;
    let shown = if instruction == instruction.canonical() { shown(index, instruction, holds, order) } else { None };
    shown.unwrap_or_else(|| format!("raw 0x{code:02x} 0x{jt:02x} 0x{jf:02x} 0x{k:08x}"))
}

fn shown(index: usize, instruction: Instruction, holds: Accumulator, order: ByteOrder) -> Option<String> {
    let Instruction { code, jt, jf, k } = instruction;
    let target = |skip: u32| index as u64 + 1 + u64::from(skip);
    let plain = |text: &str| Some(text.into());
    match code {
        opcode::LD_ABS => loaded(k, order).map(|word| format!("A = {word}")),
        opcode::LD_IMM => Some(format!("A = {k}")),
        opcode::LDX_IMM => Some(format!("X = {k}")),
        opcode::LD_LEN => plain("A = len"),
        opcode::LDX_LEN => plain("X = len"),
        opcode::LD_MEM if k < 16 => Some(format!("A = mem[{k}]")),
        opcode::LDX_MEM if k < 16 => Some(format!("X = mem[{k}]")),
        opcode::ST if k < 16 => Some(format!("mem[{k}] = A")),
        opcode::STX if k < 16 => Some(format!("mem[{k}] = X")),
        opcode::TAX => plain("X = A"),
        opcode::TXA => plain("A = X"),
        opcode::NEG => plain("A = -A"),
        opcode::RET_A => plain("return A"),
        opcode::RET_K => Some(format!("return {}", FilterReturn(k))),
        opcode::JA => Some(format!("goto {:04}", target(k))),
        code if opcode::is_conditional(code) => {
            let from_x = code & 0x08 != 0;
            let value = if from_x { String::from("X") } else { compared(k, code, holds) };
            Some(conditional(code, &value, (jt, target(jt.into())), (jf, target(jf.into()))))
        }
        code => {
            let operator = super::statement::ALU.iter().find(|(_, known)| *known == code & !0x08)?.0;
            match (code & 0x08 != 0, code) {
                (true, _) => Some(format!("A {operator} X")),
                (false, opcode::LSH_K | opcode::RSH_K) => Some(format!("A {operator} {k}")),
                (false, _) => Some(format!("A {operator} 0x{k:x}")),
            }
        }
    }
}

fn conditional(code: u16, value: &str, (jt, yes): (u8, u64), (jf, no): (u8, u64)) -> String {
    let (operator, opposite) = match code & !0x08 {
        opcode::JEQ_K => ("==", "!="),
        opcode::JGT_K => (">", "<="),
        opcode::JGE_K => (">=", "<"),
        _ => ("&", ""),
    };
    match (jt, jf) {
        (0, 1..) if opposite.is_empty() => format!("if (!(A & {value})) goto {no:04}"),
        (0, 1..) => format!("if (A {opposite} {value}) goto {no:04}"),
        (1.., 0) => format!("if (A {operator} {value}) goto {yes:04}"),
        _ => format!("if (A {operator} {value}) goto {yes:04} else goto {no:04}"),
    }
}

/// A constant in the notation of what A holds.
fn compared(k: u32, code: u16, holds: Accumulator) -> String {
    match holds {
        Accumulator::Word(4) if code == opcode::JEQ_K => match Architecture::from_token(k).constant() {
            Some(constant) => constant.strip_prefix("AUDIT_").unwrap_or(constant).into(),
            None => format!("0x{k:x}"),
        },
        Accumulator::Word(_) => format!("0x{k:x}"),
        _ => format!("{k}"),
    }
}

fn loaded(offset: u32, order: ByteOrder) -> Option<String> {
    let half = if is_high(offset, order) { " >> 32" } else { "" };
    match offset {
        0 => Some("sys_number".into()),
        4 => Some("arch".into()),
        _ if offset >= 64 || !offset.is_multiple_of(4) => None,
        8 | 12 => Some(format!("instruction_pointer{half}")),
        _ => Some(format!("args[{}]{half}", offset / 8 - 2)),
    }
}
