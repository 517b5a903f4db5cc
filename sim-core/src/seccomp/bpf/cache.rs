use super::{Instruction, Program, opcode};
use crate::seccomp::{Architecture, FilterReturn};

/// Whether the kernel can tell at installation that the program allows call `nr` whatever its arguments are
/// (`seccomp_is_const_allow`, `kernel/seccomp.c`). Since 5.11 it does not run such a filter for that call. It follows
/// the program as far as only number and architecture decide, with the few instructions that it knows there; the way
/// must end at exactly `SECCOMP_RET_ALLOW` without data.
///
/// ```
/// use sim_core::seccomp::{Architecture, bpf::always_allows, text::assemble};
///
/// let program = assemble("A = sys_number\n if (A == 39) goto 0003\n A = args[0]\n return ALLOW")?;
/// assert!(always_allows(&program, Architecture::X86_64, 39));
/// assert!(!always_allows(&program, Architecture::X86_64, 40), "it looks at an argument");
/// # Ok::<(), sim_core::seccomp::text::TextError>(())
/// ```
pub fn always_allows(program: &Program, arch: Architecture, nr: u32) -> bool {
    let (mut index, mut a) = (0_usize, 0_u32);
    while let Some(&Instruction { code, jt, jf, k }) = program.instructions().get(index) {
        let branch = |condition: bool| usize::from(if condition { jt } else { jf });
        let skip = match code {
            opcode::LD_ABS if k == 0 => {
                a = nr;
                0
            }
            opcode::LD_ABS if k == 4 => {
                a = arch.token();
                0
            }
            opcode::AND_K => {
                a &= k;
                0
            }
            opcode::JA => usize::try_from(k).unwrap_or(usize::MAX),
            opcode::JEQ_K => branch(a == k),
            opcode::JGE_K => branch(a >= k),
            opcode::JGT_K => branch(a > k),
            opcode::JSET_K => branch(a & k != 0),
            opcode::RET_K => return k == FilterReturn::ALLOW.0,
            _ => return false,
        };
        index = index.saturating_add(1).saturating_add(skip);
    }
    false
}
