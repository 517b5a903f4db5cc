use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::{Answers, Diagram, Id, Undecided, Word};
use crate::seccomp::bpf::{Instruction, Registers, StepWitness, opcode};
use crate::seccomp::{ByteOrder, FilterReturn, Seccomp, SeccompData};

/// What is not known of a call: its number and architecture are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unknown {
    /// Whether each argument is unknown, as pointers are.
    pub args: [bool; 6],
    /// Whether the address of the instruction is.
    pub instruction_pointer: bool,
}

/// What the filters of a thread answer to calls of which something is unknown. It remembers what it found out about them, so
/// that many calls cost little more than one.
///
/// ```
/// use sim_core::prelude::*;
/// use sim_core::seccomp::region::{StackAnswers, Unknown};
/// use sim_core::seccomp::{Architecture, Install, Seccomp, SeccompData, install, text::assemble};
///
/// let program = assemble("A = args[1]\n if (A == 7) goto 3\n return ALLOW\n return ERRNO(1)")?;
/// let (system, state) = (System::default(), Seccomp::default());
/// let root = Thread::from(Credentials::root(system.capabilities()));
/// let installed = install(&system, &root, &state, &Install::filter(&program), &mut Silent).granted().unwrap();
/// let call = SeccompData::call(Architecture::X86_64, 39, [0; 6]);
/// let mut answers = StackAnswers::default();
/// let mut count = |args| answers.of(&installed.state, &call, Unknown { args, instruction_pointer: true }).unwrap().len();
/// assert_eq!(count([true, false, false, false, false, false]), 1);
/// assert_eq!(count([false, true, false, false, false, false]), 2);
/// # Ok::<(), sim_core::seccomp::text::TextError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct StackAnswers {
    /// For how many filters and which byte order, and the answers.
    built: Option<(usize, ByteOrder, Built)>,
}

type Built = Result<(Diagram, Answers), Undecided>;

/// So many places of a diagram are looked at for one call.
const MOST_PLACES: usize = 1 << 14;

impl StackAnswers {
    /// Every answer that the filters can give, as far as it makes a difference; what is unknown can be anything. The filters
    /// are those asked about before, or those and newer ones.
    pub fn of(
        &mut self,
        seccomp: &Seccomp,
        data: &SeccompData,
        unknown: Unknown,
    ) -> Result<Vec<FilterReturn>, Undecided> {
        let order = data.arch.byte_order();
        let mut looks = Looks { unknown, order, found: false };
        let verdict = seccomp.run(data, &mut looks);
        if !looks.found {
            return Ok(Vec::from([verdict.returned]));
        }
        let count = seccomp.filters().len();
        let known = self.built.take().filter(|(filters, in_order, _)| (*filters, *in_order) == (count, order));
        let (.., built) = self.built.insert(known.unwrap_or_else(|| (count, order, build(seccomp, order))));
        match built {
            Ok((diagram, answers)) => Ok(diagram.reached(*answers, data, unknown)?.into_iter().collect()),
            Err(undecided) => Err(*undecided),
        }
    }
}

fn build(seccomp: &Seccomp, order: ByteOrder) -> Built {
    let mut diagram = Diagram::new(order);
    let answers = diagram.stack(seccomp)?;
    let answers = diagram.effective(answers)?;
    Ok((diagram, answers))
}

impl Unknown {
    fn has(&self, word: Word) -> bool {
        match word {
            Word::Architecture | Word::Number => false,
            Word::High(index) | Word::Low(index) => self.args.get(usize::from(index)) == Some(&true),
            Word::PointerHigh | Word::PointerLow => self.instruction_pointer,
        }
    }
}

impl Diagram {
    /// Every answer to a call of which something is unknown.
    fn reached(
        &self,
        Answers(id): Answers,
        data: &SeccompData,
        unknown: Unknown,
    ) -> Result<BTreeSet<FilterReturn>, Undecided> {
        let (mut seen, mut found): (BTreeSet<Id>, _) = (BTreeSet::new(), BTreeSet::new());
        let mut open = Vec::from([id]);
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            if seen.len() > MOST_PLACES {
                return Err(Undecided::TooComplex);
            }
            match self.cofactors(id) {
                Err(word) => {
                    found.insert(FilterReturn(word));
                }
                Ok((level, zero, one)) => match Word::ALL.get(level.word()) {
                    Some(word) if unknown.has(*word) => open.extend([zero, one]),
                    _ => open.push(if level.bit_of(data) { one } else { zero }),
                },
            }
        }
        Ok(found)
    }
}

/// Watches whether a filter loads a word that is unknown.
struct Looks {
    unknown: Unknown,
    order: ByteOrder,
    found: bool,
}

impl StepWitness for Looks {
    fn step(&mut self, _: usize, instruction: Instruction, _: &Registers) {
        let loads = instruction.code == opcode::LD_ABS;
        self.found |= loads && Word::at(instruction.k, self.order).is_some_and(|word| self.unknown.has(word));
    }
}

#[cfg(test)]
mod tests {
    use super::{StackAnswers, Unknown};
    use crate::prelude::*;
    use crate::seccomp::{Architecture, FilterReturn, Install, Seccomp, SeccompData, install, text::assemble};
    use alloc::vec::Vec;

    fn answers(filters: &[&str], args: [bool; 6]) -> Vec<FilterReturn> {
        let system = System::default();
        let root = Thread::from(Credentials::root(system.capabilities()));
        let state = filters.iter().fold(Seccomp::default(), |state, text| {
            let program = assemble(text).unwrap();
            install(&system, &root, &state, &Install::filter(&program), &mut Silent).granted().unwrap().state
        });
        let data = SeccompData::call(Architecture::X86_64, 1, [5, 6, 0, 0, 0, 0]);
        StackAnswers::default().of(&state, &data, Unknown { args, instruction_pointer: true }).unwrap()
    }

    #[test]
    fn newer_filters_are_asked_too() {
        let system = System::default();
        let root = Thread::from(Credentials::root(system.capabilities()));
        let looks = assemble("A = args[0]\n if (A == 5) goto 3\n return LOG\n return ERRNO(2)").unwrap();
        let data = SeccompData::call(Architecture::X86_64, 1, [0; 6]);
        let unknown = Unknown { args: [true; 6], instruction_pointer: true };
        let (mut answers, mut state) = (StackAnswers::default(), Seccomp::default());
        let mut counts = Vec::new();
        for program in [looks, assemble("return ERRNO(7)").unwrap(), assemble("return KILL").unwrap()] {
            state = install(&system, &root, &state, &Install::filter(&program), &mut Silent).granted().unwrap().state;
            counts.push(answers.of(&state, &data, unknown).unwrap().len());
            assert_eq!(answers.of(&state, &data, unknown).unwrap().len(), counts[counts.len() - 1]);
        }
        assert_eq!(counts, [2, 1, 1]);
    }

    #[test]
    fn what_is_unknown_counts_only_where_it_decides() {
        let second = [false, true, false, false, false, false];
        let looks = "A = args[1]\n if (A & 0xf0) goto 3\n return ERRNO(1)\n return ERRNO(2)";
        assert_eq!(answers(&[looks], second), [FilterReturn(0x0005_0001), FilterReturn(0x0005_0002)]);
        assert_eq!(answers(&[looks], [false; 6]), [FilterReturn(0x0005_0001)]);
        let in_vain = "A = args[1]\n if (A & 0xf0) goto 3\n return ALLOW\n return 0x7fff0007";
        assert_eq!(answers(&[in_vain], second), [FilterReturn::ALLOW], "data of ALLOW make no difference");
        // A stricter filter leaves nothing to decide.
        assert_eq!(answers(&[looks, "return KILL"], second), [FilterReturn(0)]);
        let first_decides = "A = args[0]\n if (A == 5) goto 4\n A = args[1]\n return A\n return LOG";
        assert_eq!(answers(&[first_decides], second), [FilterReturn(0x7ffc_0000)]);
        let pointer = "A = instruction_pointer\n if (A == 1) goto 3\n return ALLOW\n return TRAP";
        assert_eq!(answers(&[pointer], [false; 6]).len(), 2);
    }
}
