//! One statement: what an instruction does, in words.

use alloc::collections::BTreeMap;
use alloc::string::String;

use super::assemble::four;
use super::token::{Token, shortened};
use super::{TextError, TextFault};
use crate::seccomp::bpf::{Instruction, opcode};
use crate::seccomp::data::is_high;
use crate::seccomp::{Action, Architecture, ByteOrder};

/// The operators of arithmetic, each with the code for a constant.
pub(super) const ALU: [(&str, u16); 9] = [
    ("+=", opcode::ADD_K),
    ("-=", opcode::SUB_K),
    ("*=", opcode::MUL_K),
    ("/=", opcode::DIV_K),
    ("|=", opcode::OR_K),
    ("&=", opcode::AND_K),
    ("<<=", opcode::LSH_K),
    (">>=", opcode::RSH_K),
    ("^=", opcode::XOR_K),
];

/// What makes the code for a constant one for X.
const FROM_X: u16 = 0x08;

/// A statement and what is around it.
pub(super) struct Statement<'s, 'a> {
    pub(super) words: &'s [Token<'a>],
    /// The last word of the line: what is missing is missing behind it.
    pub(super) last: Token<'a>,
    pub(super) index: usize,
    pub(super) order: ByteOrder,
    pub(super) labels: &'s BTreeMap<&'a str, usize>,
}

type Parsed<T> = Result<T, TextError>;

impl<'a> Statement<'_, 'a> {
    pub(super) fn instruction(mut self) -> Parsed<Instruction> {
        let first = self.next("a statement")?;
        let instruction = match first.text {
            "return" => self.returned()?,
            "goto" => Instruction::statement(opcode::JA, self.distance(u32::MAX.into())?),
            "if" => self.conditional()?,
            "raw" => {
                let words = [self.next("the code")?, self.next("jt")?, self.next("jf")?, self.next("k")?];
                four(words)?
            }
            "A" => self.assigned_to_a()?,
            "X" => self.assigned_to_x()?,
            "mem" => {
                let index = self.bracketed(15, "an index from 0 to 15")?;
                self.sign("=")?;
                let code = if self.register()? == 'A' { opcode::ST } else { opcode::STX };
                Instruction::statement(code, index)
            }
            _ => return Err(first.expected("a statement: A = …, X = …, mem[…] = …, if, goto, return or raw")),
        };
        match self.words.first() {
            Some(more) => Err(more.expected("the end of the line")),
            None => Ok(instruction),
        }
    }

    fn next(&mut self, expected: &'static str) -> Parsed<Token<'a>> {
        let Some((first, rest)) = self.words.split_first() else {
            return Err(self.end(expected));
        };
        self.words = rest;
        Ok(*first)
    }

    /// Nothing stands where something should.
    fn end(&self, expected: &'static str) -> TextError {
        let fault = TextFault::Expected { expected, found: String::new() };
        TextError::new(self.last.line, self.last.column + self.last.text.chars().count(), fault)
    }

    fn peek(&self) -> &'a str {
        self.words.first().map_or("", |token| token.text)
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.peek() == text;
        if let (true, Some((_, rest))) = (found, self.words.split_first()) {
            self.words = rest;
        }
        found
    }

    fn sign(&mut self, sign: &'static str) -> Parsed<()> {
        let token = self.next(sign)?;
        if token.text == sign { Ok(()) } else { Err(token.expected(sign)) }
    }

    fn register(&mut self) -> Parsed<char> {
        let token = self.next("A or X")?;
        match token.text {
            "A" => Ok('A'),
            "X" => Ok('X'),
            _ => Err(token.expected("A or X")),
        }
    }

    fn bracketed(&mut self, max: u64, what: &'static str) -> Parsed<u32> {
        self.sign("[")?;
        let index = self.next(what)?.number(max)?;
        self.sign("]")?;
        Ok(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// A number, or a name that stands for one.
    fn constant(&mut self) -> Parsed<u32> {
        let token = self.next("a number")?;
        if token.is_word() {
            let known = Architecture::from_constant(token.text).map(Architecture::token);
            return known.ok_or_else(|| token.fault(TextFault::Name { name: shortened(token.text) }));
        }
        token.number(u32::MAX.into()).map(|value| u32::try_from(value).unwrap_or(u32::MAX))
    }

    /// `X` or a constant: what is added to the code, and k.
    fn operand(&mut self) -> Parsed<(u16, u32)> {
        if self.take("X") { Ok((FROM_X, 0)) } else { self.constant().map(|k| (0, k)) }
    }

    fn assigned_to_a(&mut self) -> Parsed<Instruction> {
        let operator = self.next("= or an operator as +=")?;
        if let Some((_, code)) = ALU.iter().find(|(sign, _)| *sign == operator.text) {
            let (from, k) = self.operand()?;
            return Ok(Instruction::statement(code | from, k));
        }
        if operator.text != "=" {
            return Err(operator.expected("= or an operator as +="));
        }
        let (code, k) = match self.peek() {
            "X" => (opcode::TXA, 0),
            "len" => (opcode::LD_LEN, 0),
            "sys_number" => (opcode::LD_ABS, 0),
            "arch" => (opcode::LD_ABS, 4),
            "-" => {
                self.sign("-")?;
                if self.peek() != "A" {
                    return Err(self.next("A")?.expected("A"));
                }
                (opcode::NEG, 0)
            }
            "mem" => {
                self.sign("mem")?;
                let index = self.bracketed(15, "an index from 0 to 15")?;
                return Ok(Instruction::statement(opcode::LD_MEM, index));
            }
            "instruction_pointer" => {
                self.sign("instruction_pointer")?;
                return self.half(8);
            }
            "args" => {
                self.sign("args")?;
                let index = self.bracketed(5, "an index from 0 to 5")?;
                return self.half(16 + 8 * index);
            }
            "data" => {
                self.sign("data")?;
                let offset = self.bracketed(u32::MAX.into(), "an offset")?;
                return Ok(Instruction::statement(opcode::LD_ABS, offset));
            }
            _ => return self.constant().map(|k| Instruction::statement(opcode::LD_IMM, k)),
        };
        self.next("a value")?;
        Ok(Instruction::statement(code, k))
    }

    /// The lower half of the 64-bit field at `offset`, or with `>> 32` the upper.
    fn half(&mut self, offset: u32) -> Parsed<Instruction> {
        let high = self.take(">>");
        if high {
            let by = self.next("32")?;
            if by.text != "32" {
                return Err(by.expected("32"));
            }
        }
        let first_is_high = is_high(offset, self.order);
        Ok(Instruction::statement(opcode::LD_ABS, offset + if high == first_is_high { 0 } else { 4 }))
    }

    fn assigned_to_x(&mut self) -> Parsed<Instruction> {
        self.sign("=")?;
        if self.take("A") {
            return Ok(Instruction::statement(opcode::TAX, 0));
        }
        if self.take("len") {
            return Ok(Instruction::statement(opcode::LDX_LEN, 0));
        }
        if self.take("mem") {
            return self.bracketed(15, "an index from 0 to 15").map(|k| Instruction::statement(opcode::LDX_MEM, k));
        }
        self.constant().map(|k| Instruction::statement(opcode::LDX_IMM, k))
    }

    fn conditional(&mut self) -> Parsed<Instruction> {
        self.sign("(")?;
        let negated = self.take("!");
        if negated {
            self.sign("(")?;
        }
        self.sign("A")?;
        let operator = self.next("a comparison")?;
        let (code, opposite) = match operator.text {
            "==" => (opcode::JEQ_K, false),
            "!=" => (opcode::JEQ_K, true),
            ">" => (opcode::JGT_K, false),
            "<=" => (opcode::JGT_K, true),
            ">=" => (opcode::JGE_K, false),
            "<" => (opcode::JGE_K, true),
            "&" => (opcode::JSET_K, false),
            _ => return Err(operator.expected("a comparison")),
        };
        let (from, k) = self.operand()?;
        self.sign(")")?;
        if negated {
            self.sign(")")?;
        }
        self.sign("goto")?;
        let mut yes = self.skip()?;
        let mut no = 0;
        if self.take("else") {
            self.sign("goto")?;
            no = self.skip()?;
        }
        if negated != opposite {
            (yes, no) = (no, yes);
        }
        Ok(Instruction::jump(code | from, k, yes, no))
    }

    /// How many instructions a conditional jump leaves out.
    fn skip(&mut self) -> Parsed<u8> {
        self.distance(u8::MAX.into()).map(|distance| u8::try_from(distance).unwrap_or(u8::MAX))
    }

    fn distance(&mut self, max: u64) -> Parsed<u32> {
        let token = self.next("a label or the number of an instruction")?;
        let here = self.index as u64 + 1;
        let target = if token.is_number() {
            token.number(u64::MAX)?
        } else {
            let known = self.labels.get(token.text).map(|index| *index as u64);
            let known = known.or((token.text == "next").then_some(here));
            known.ok_or_else(|| token.fault(TextFault::Label { name: shortened(token.text), twice: false }))?
        };
        let distance = target.checked_sub(here).filter(|distance| *distance <= max);
        let distance = distance.and_then(|distance| u32::try_from(distance).ok());
        distance.ok_or_else(|| token.fault(TextFault::Distance { from: self.index, target }))
    }

    fn returned(&mut self) -> Parsed<Instruction> {
        let token = self.next("A, an action or a number")?;
        if token.text == "A" {
            return Ok(Instruction::statement(opcode::RET_A, 0));
        }
        if token.is_number() {
            let k = u32::try_from(token.number(u32::MAX.into())?).unwrap_or(u32::MAX);
            return Ok(Instruction::statement(opcode::RET_K, k));
        }
        let action = Action::from_name(token.text).ok_or_else(|| token.expected("A, an action or a number"))?;
        let mut data = 0;
        if self.take("(") {
            data = u16::try_from(self.next("a number")?.number(u16::MAX.into())?).unwrap_or(u16::MAX);
            self.sign(")")?;
        }
        Ok(Instruction::statement(opcode::RET_K, action.with_data(data).0))
    }
}
