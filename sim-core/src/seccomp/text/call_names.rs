use alloc::vec;
use alloc::vec::Vec;

use crate::seccomp::bpf::{Instruction, opcode};
use crate::seccomp::syscalls::{Abi, Call};
use crate::seccomp::{Architecture, SeccompData};

/// The calls whose numbers a program's comparisons are with, one entry an instruction; none where something else is
/// compared, or where it is not known which architecture's number it is. `architecture` is that of calls for which the
/// program does not ask.
///
/// ```
/// use sim_core::seccomp::text::{call_names, assemble};
///
/// let program = assemble(
///     "A = arch
///      if (A != ARCH_AARCH64) goto other
///      A = sys_number
///      if (A == 56) goto yes
///      other: return KILL
///      yes: return ALLOW",
/// )?;
/// let names = call_names(program.instructions(), None);
/// assert_eq!((names[1], names[3].unwrap().name), (None, "openat"));
/// # Ok::<(), sim_core::seccomp::text::TextError>(())
/// ```
pub fn call_names(program: &[Instruction], architecture: Option<Architecture>) -> Vec<Option<&'static Call>> {
    let mut before = vec![Known::Unreached; program.len()];
    if let Some(first) = before.first_mut() {
        *first = Known::Reached { word: None, architecture };
    }
    let mut names = Vec::with_capacity(program.len());
    for (index, &Instruction { code, jt, jf, k }) in program.iter().enumerate() {
        let holds = before.get(index).copied().unwrap_or(Known::Unreached);
        let Known::Reached { word, architecture } = holds else {
            names.push(None);
            continue;
        };
        // The border of x32's numbers is not meant as its first call.
        let border = k == SeccompData::X32_BIT && code != opcode::JEQ_K;
        let compares = matches!(code, opcode::JEQ_K | opcode::JGE_K | opcode::JGT_K) && !border;
        names.push(architecture.filter(|_| compares && word == Some(0)).and_then(|arch| named(arch, k)));
        let keeps = code == opcode::JA
            || opcode::is_conditional(code)
            || matches!(
                code,
                opcode::LDX_IMM | opcode::LDX_LEN | opcode::LDX_MEM | opcode::ST | opcode::STX | opcode::TAX
            );
        let word = match code {
            opcode::LD_ABS => Some(k),
            _ => word.filter(|_| keeps),
        };
        let mut leave = |skip: u32, architecture: Option<Architecture>| {
            let target = usize::try_from(skip).ok().and_then(|skip| index.checked_add(1)?.checked_add(skip));
            if let Some(entry) = target.and_then(|target| before.get_mut(target)) {
                *entry = entry.joined(Known::Reached { word, architecture });
            }
        };
        match code {
            opcode::RET_A | opcode::RET_K => {}
            opcode::JA => leave(k, architecture),
            opcode::JEQ_K if word == Some(4) => {
                leave(jt.into(), Some(Architecture::from_token(k)));
                leave(jf.into(), architecture);
            }
            code if opcode::is_conditional(code) => {
                leave(jt.into(), architecture);
                leave(jf.into(), architecture);
            }
            _ => leave(0, architecture),
        }
    }
    names
}

/// What is known before an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// No way leads here.
    Unreached,
    /// The word of the call's data that A holds, by its offset, and the architecture of the call.
    Reached { word: Option<u32>, architecture: Option<Architecture> },
}

impl Known {
    fn joined(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unreached, known) | (known, Self::Unreached) => known,
            (Self::Reached { word: a, architecture: b }, Self::Reached { word: c, architecture: d }) => {
                Self::Reached { word: a.filter(|_| a == c), architecture: b.filter(|_| b == d) }
            }
        }
    }
}

fn named(architecture: Architecture, number: u32) -> Option<&'static Call> {
    Call::by_number(Abi::of(&SeccompData::call(architecture, number, [0; 6]))?, number)
}

#[cfg(test)]
mod tests {
    use super::call_names;
    use crate::seccomp::Architecture;
    use crate::seccomp::text::assemble;
    use alloc::vec::Vec;

    #[test]
    fn names_follow_the_architecture() {
        let program = assemble(
            "A = arch
             if (A == ARCH_X86_64) goto long
             if (A == ARCH_I386) goto short
             return KILL
             long: A = sys_number
             X = A
             if (A >= 0x40000002) goto no
             goto both
             short: A = sys_number
             if (A == 3) goto both
             both: if (A == 3) goto no
             A = args[0]
             if (A == 3) goto no
             return ALLOW
             no: return KILL",
        )
        .unwrap();
        let names: Vec<_> = call_names(program.instructions(), None)
            .into_iter()
            .enumerate()
            .filter_map(|(index, call)| Some((index, call?.name)))
            .collect();
        assert_eq!(names, [(6, "open"), (9, "read")], "of x32, and of x86; what joins is of neither");
        let unasked = assemble("A = sys_number\n if (A == 63) goto 2\n return ALLOW").unwrap();
        let of = |architecture| call_names(unasked.instructions(), architecture)[1].map(|call| call.name);
        assert_eq!((of(None), of(Some(Architecture::RISCV64))), (None, Some("read")));
    }
}
