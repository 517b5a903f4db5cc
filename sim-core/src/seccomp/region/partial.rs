use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::{Answers, Diagram, Id, Undecided, Word};
use crate::seccomp::bpf::{Instruction, Registers, StepWitness, opcode};
use crate::seccomp::{ByteOrder, FilterReturn, Seccomp, SeccompData};

/// What is not known of a call: its number and architecture are.
///
/// ```
/// use sim_core::prelude::*;
/// use sim_core::seccomp::region::Unknown;
/// use sim_core::seccomp::{Architecture, Install, Seccomp, SeccompData, install, text::assemble};
///
/// let program = assemble("A = args[1]\n if (A == 7) goto 3\n return ALLOW\n return ERRNO(1)")?;
/// let (system, state) = (System::default(), Seccomp::default());
/// let root = Thread::from(Credentials::root(system.capabilities()));
/// let installed = install(&system, &root, &state, &Install::filter(&program), &mut Silent).granted().unwrap();
/// let call = SeccompData::call(Architecture::X86_64, 39, [0; 6]);
/// let answers = |args| Unknown { args, instruction_pointer: true }.answers(&installed.state, &call).unwrap();
/// assert_eq!(answers([true, false, false, false, false, false]).len(), 1);
/// assert_eq!(answers([false, true, false, false, false, false]).len(), 2);
/// # Ok::<(), sim_core::seccomp::text::TextError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unknown {
    /// Whether each argument is unknown, as pointers are.
    pub args: [bool; 6],
    /// Whether the address of the instruction is.
    pub instruction_pointer: bool,
}

impl Unknown {
    /// Every answer that the filters of a thread can give, as far as it makes a difference; what is unknown can be anything.
    pub fn answers(&self, seccomp: &Seccomp, data: &SeccompData) -> Result<Vec<FilterReturn>, Undecided> {
        let order = data.arch.byte_order();
        let mut looks = Looks { unknown: *self, order, found: false };
        let verdict = seccomp.run(data, &mut looks);
        if !looks.found {
            return Ok(Vec::from([verdict.returned]));
        }
        let mut diagram = Diagram::new(order);
        let answers = diagram.stack(seccomp)?;
        let answers = diagram.effective(answers)?;
        Ok(diagram.reached(answers, data, *self).into_iter().collect())
    }

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
    fn reached(&self, Answers(id): Answers, data: &SeccompData, unknown: Unknown) -> BTreeSet<FilterReturn> {
        let (mut seen, mut found): (BTreeSet<Id>, _) = (BTreeSet::new(), BTreeSet::new());
        let mut open = Vec::from([id]);
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
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
        found
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
    use super::Unknown;
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
        Unknown { args, instruction_pointer: true }.answers(&state, &data).unwrap()
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
