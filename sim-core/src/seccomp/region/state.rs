use alloc::vec::Vec;

use super::Undecided;
use super::value::{Loaded, Value};
use super::word::{Test, Word};
use crate::seccomp::bpf::{Instruction, MEMORY, alu, opcode};
use crate::seccomp::{ByteOrder, SeccompData};

/// What the machine holds before an instruction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct State {
    pub(super) a: Value,
    pub(super) x: Value,
    /// The words up to the last that is written.
    pub(super) memory: Vec<Value>,
}

/// What an instruction does in a state.
pub(super) enum Next {
    /// Goes on, leaving so many instructions out.
    Go(usize, State),
    Branch {
        value: Loaded,
        test: Test,
        k: u32,
        opposite: bool,
        jt: usize,
        jf: usize,
    },
    Return(u32),
    ReturnLoaded(Loaded),
}

impl State {
    /// What instruction `index` does in this state.
    pub(super) fn next(
        &self,
        index: usize,
        Instruction { code, jt, jf, k }: Instruction,
        order: ByteOrder,
    ) -> Result<Next, Undecided> {
        if opcode::is_conditional(code) {
            return self.branch(index, code, k, usize::from(jt), usize::from(jf));
        }
        let mut next = self.clone();
        match code {
            opcode::RET_K => return Ok(Next::Return(k)),
            opcode::RET_A => {
                return match self.a {
                    Value::Known(word) => Ok(Next::Return(word)),
                    Value::Loaded(value) => Ok(Next::ReturnLoaded(value)),
                    Value::Computed { .. } => Err(self.a.refuse(index)),
                };
            }
            opcode::JA => return Ok(Next::Go(usize::try_from(k).unwrap_or(usize::MAX), next)),
            opcode::LD_ABS => next.a = Word::at(k, order).map_or(Value::ZERO, Value::word),
            opcode::LD_IMM => next.a = Value::Known(k),
            opcode::LDX_IMM => next.x = Value::Known(k),
            opcode::LD_LEN => next.a = Value::Known(SeccompData::SIZE),
            opcode::LDX_LEN => next.x = Value::Known(SeccompData::SIZE),
            opcode::LD_MEM => next.a = self.memory(k),
            opcode::LDX_MEM => next.x = self.memory(k),
            opcode::ST => next.store(k, self.a),
            opcode::STX => next.store(k, self.x),
            opcode::TAX => next.x = self.a,
            opcode::TXA => next.a = self.x,
            opcode::NEG => {
                next.a = match self.a {
                    Value::Known(a) => Value::Known(a.wrapping_neg()),
                    _ => Value::Computed { instruction: index, two_words: false },
                }
            }
            // Division by zero ends the program with 0.
            opcode::DIV_X if self.x == Value::ZERO => return Ok(Next::Return(0)),
            opcode::DIV_X if !matches!(self.x, Value::Known(_)) => return Err(self.x.refuse(index)),
            _ => next.a = self.arithmetic(index, code, k),
        }
        Ok(Next::Go(0, next))
    }

    fn arithmetic(&self, index: usize, code: u16, k: u32) -> Value {
        let with_x = opcode::is_arithmetic_with_x(code);
        // The same operation with K differs in one bit.
        let with_k = code & !0x08;
        let operand = if with_x { self.x } else { Value::Known(k) };
        let commutes = matches!(with_k, opcode::AND_K | opcode::OR_K | opcode::XOR_K | opcode::MUL_K | opcode::ADD_K);
        let computed = Value::Computed { instruction: index, two_words: false };
        match (self.a, operand) {
            (Value::Known(a), Value::Known(k)) => match with_k {
                opcode::DIV_K => a.checked_div(k).map_or(Value::ZERO, Value::Known),
                _ => Value::Known(alu(with_k, a, k, k)),
            },
            (Value::Loaded(value), Value::Known(k)) => value.with(with_k, k).unwrap_or(computed),
            (Value::Known(k), Value::Loaded(value)) if commutes => value.with(with_k, k).unwrap_or(computed),
            (Value::Loaded(_), Value::Loaded(_)) => Value::Computed { instruction: index, two_words: true },
            (earlier @ Value::Computed { .. }, _) | (_, earlier @ Value::Computed { .. }) => earlier,
            _ => computed,
        }
    }

    fn branch(&self, index: usize, code: u16, k: u32, jt: usize, jf: usize) -> Result<Next, Undecided> {
        if jt == jf {
            return Ok(Next::Go(jt, self.clone()));
        }
        let (with_x, with_k) = (code & 0x08 != 0, code & !0x08);
        let operand = if with_x { self.x } else { Value::Known(k) };
        let test = match with_k {
            opcode::JEQ_K => Test::Equal,
            opcode::JGT_K => Test::Greater,
            opcode::JGE_K => Test::GreaterOrEqual,
            _ => Test::AnyBit,
        };
        match (self.a, operand) {
            (Value::Known(a), Value::Known(k)) => {
                let holds = match test {
                    Test::Equal => a == k,
                    Test::Greater => a > k,
                    Test::GreaterOrEqual => a >= k,
                    Test::AnyBit => a & k != 0,
                };
                Ok(Next::Go(if holds { jt } else { jf }, self.clone()))
            }
            (Value::Loaded(value), Value::Known(k)) => Ok(Next::Branch { value, test, k, opposite: false, jt, jf }),
            // A constant above the word: the word is not at least the constant.
            (Value::Known(k), Value::Loaded(value)) => {
                let (test, opposite) = match test {
                    Test::Greater => (Test::GreaterOrEqual, true),
                    Test::GreaterOrEqual => (Test::Greater, true),
                    test => (test, false),
                };
                Ok(Next::Branch { value, test, k, opposite, jt, jf })
            }
            (Value::Loaded(_), Value::Loaded(_)) => Err(Undecided::TwoWords { instruction: index }),
            (earlier @ Value::Computed { .. }, _) | (_, earlier) => Err(earlier.refuse(index)),
        }
    }

    fn memory(&self, k: u32) -> Value {
        usize::try_from(k).ok().and_then(|k| self.memory.get(k)).copied().unwrap_or(Value::ZERO)
    }

    fn store(&mut self, k: u32, value: Value) {
        let index = usize::try_from(k).unwrap_or(usize::MAX);
        if index < MEMORY && self.memory.len() <= index {
            self.memory.resize(index + 1, Value::ZERO);
        }
        if let Some(word) = self.memory.get_mut(index) {
            *word = value;
        }
    }
}

impl Value {
    /// Why it cannot decide at `index`.
    const fn refuse(self, index: usize) -> Undecided {
        match self {
            Self::Computed { instruction, two_words: false } => Undecided::Computes { instruction },
            Self::Computed { instruction, two_words: true } => Undecided::TwoWords { instruction },
            Self::Known(_) | Self::Loaded(_) => Undecided::TwoWords { instruction: index },
        }
    }
}
