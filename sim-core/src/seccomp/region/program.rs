use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::diagram::{Answers, Calls, Diagram};
use super::state::{Next, State};
use super::value::{Loaded, Value};
use super::word::Bit;
use super::{Id, Undecided};
use crate::seccomp::FilterReturn;
use crate::seccomp::bpf::Program;

/// So many different states of the registers, over all instructions, are followed.
const MOST_STATES: usize = 1 << 16;

impl Diagram {
    /// The answers of a filter.
    ///
    /// Each instruction is followed once for each state of the registers in which it can be met, so that filters whose
    /// ways join again are no more work than others. Only what can be told exactly is: a filter that decides by what it
    /// computes with words of the call, other than masks and shifts by constants, is an error that names the instruction.
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
