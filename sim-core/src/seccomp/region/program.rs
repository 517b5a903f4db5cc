use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::diagram::{Answers, Calls, Diagram};
use super::value::{Loaded, Value};
use super::word::{Bit, Test, Word};
use super::{Id, Undecided};
use crate::seccomp::bpf::{Instruction, MEMORY, Program, alu, opcode};
use crate::seccomp::{ByteOrder, FilterReturn, SeccompData};

/// So many different states of the registers, over all instructions, are followed.
const MOST_STATES: usize = 1 << 16;

/// What the machine holds before an instruction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    a: Value,
    x: Value,
    /// The words up to the last that is written.
    memory: Vec<Value>,
}

/// What an instruction does in a state.
enum Next {
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

impl Diagram {
    /// The answers of a filter.
    ///
    /// Each instruction is followed once for each state of the registers in which it can be met, so that filters whose ways
    /// join again are no more work than others. Only what can be told exactly is: a filter that decides by what it computes
    /// with words of the call, other than masks and shifts by constants, is an error that names the instruction.
    ///
    /// ```
    /// use sim_core::seccomp::region::{Diagram, Undecided};
    /// use sim_core::seccomp::{ByteOrder, text::assemble};
    ///
    /// let mut diagram = Diagram::new(ByteOrder::Little);
    /// let masked = assemble("A = args[0]\n A &= 0xf0\n if (A == 0x10) goto 4\n return KILL\n return ALLOW")?;
    /// let shifted = assemble("A = args[0]\n A >>= 4\n A &= 0xf\n if (A == 1) goto 5\n return KILL\n return ALLOW")?;
    /// assert_eq!(diagram.program(&masked), diagram.program(&shifted));
    ///
    /// let sum = assemble("A = args[0]\n A += 5\n if (A == 6) goto 4\n return KILL\n return ALLOW")?;
    /// assert_eq!(diagram.program(&sum), Err(Undecided::Computes { instruction: 1 }));
    /// # Ok::<(), sim_core::seccomp::text::TextError>(())
    /// ```
    pub fn program(&mut self, program: &Program) -> Result<Answers, Undecided> {
        self.compactly(|diagram| diagram.follow_program(program))
    }

    fn follow_program(&mut self, program: &Program) -> Result<Answers, Undecided> {
        let instructions = program.instructions();
        let order = self.byte_order();
        let mut states: Vec<BTreeMap<State, Id>> = Vec::new();
        states.resize_with(instructions.len(), BTreeMap::new);
        let start = State { a: Value::ZERO, x: Value::ZERO, memory: Vec::new() };
        let unset = Calls::NONE.0;
        insert(&mut states, 0, start.clone(), unset);
        let mut count = 0_usize;
        // Jumps go forward only: whatever state an instruction can be met in is known when its turn comes.
        for (index, &instruction) in instructions.iter().enumerate() {
            let here: Vec<State> = states.get(index).into_iter().flatten().map(|(state, _)| state.clone()).collect();
            count += here.len();
            if count > MOST_STATES {
                return Err(Undecided::TooComplex);
            }
            for state in here {
                self.step()?;
                match state.next(index, instruction, order)? {
                    Next::Go(skip, next) => insert(&mut states, behind(index, skip), next, unset),
                    Next::Branch { jt, jf, .. } => {
                        insert(&mut states, behind(index, jt), state.clone(), unset);
                        insert(&mut states, behind(index, jf), state, unset);
                    }
                    Next::Return(_) | Next::ReturnLoaded(_) => {}
                }
            }
        }
        for (index, &instruction) in instructions.iter().enumerate().rev() {
            let mut here = states.get_mut(index).map(core::mem::take).unwrap_or_default();
            for (state, id) in &mut here {
                let at = |index: usize, state: &State| {
                    states.get(index).and_then(|states| states.get(state)).copied().unwrap_or(unset)
                };
                *id = match state.next(index, instruction, order)? {
                    Next::Go(skip, next) => at(behind(index, skip), &next),
                    Next::Branch { value, test, k, opposite, jt, jf } => {
                        let (holds, fails) = (at(behind(index, jt), state), at(behind(index, jf), state));
                        let (holds, fails) = if opposite { (fails, holds) } else { (holds, fails) };
                        let set = self.test(test, value.bits(), u64::from(k))?;
                        self.choose(Calls(set), Answers(holds), Answers(fails))?.0
                    }
                    Next::Return(word) => self.always(FilterReturn(word))?.0,
                    Next::ReturnLoaded(value) => self.returned(value, index)?,
                };
            }
            if let Some(slot) = states.get_mut(index) {
                *slot = here;
            }
        }
        let first = states.first().and_then(|states| states.get(&start));
        Ok(Answers(first.copied().unwrap_or(unset)))
    }

    /// An answer of which some bits come from the call.
    fn returned(&mut self, value: Loaded, instruction: usize) -> Result<Id, Undecided> {
        if value.width() > Undecided::MOST_RETURNED_BITS {
            return Err(Undecided::ReturnsWord { instruction });
        }
        // The words whose higher bits are those of the index, from all bits known to none.
        let mut words: Vec<u32> = Vec::from([0]);
        for bit in value.bits().rev() {
            let extended = words.iter().flat_map(|&word| match bit {
                Bit::Known(bit) => [Some(word << 1 | u32::from(bit)), None],
                Bit::Asked { inverted, .. } => {
                    [Some(word << 1 | u32::from(inverted)), Some(word << 1 | u32::from(!inverted))]
                }
            });
            words = extended.flatten().collect();
        }
        let mut ids = Vec::new();
        for word in words {
            ids.push(self.always(FilterReturn(word))?.0);
        }
        for bit in value.bits() {
            if let Bit::Asked { level, .. } = bit {
                let (pairs, _) = ids.as_chunks::<2>();
                let mut joined = Vec::with_capacity(pairs.len());
                for &[zero, one] in pairs {
                    joined.push(self.branch(level, zero, one)?);
                }
                ids = joined;
            }
        }
        Ok(ids.first().copied().unwrap_or(Calls::NONE.0))
    }
}

fn insert(states: &mut [BTreeMap<State, Id>], index: usize, state: State, id: Id) {
    if let Some(states) = states.get_mut(index) {
        states.insert(state, id);
    }
}

const fn behind(index: usize, skip: usize) -> usize {
    index.saturating_add(1).saturating_add(skip)
}

impl State {
    fn next(
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
