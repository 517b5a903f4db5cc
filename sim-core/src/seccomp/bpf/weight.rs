use super::{Instruction, Program, opcode};
use crate::kernel::{Release, changes};

/// The most that all filters of a thread may weigh together, `MAX_INSNS_PER_PATH`.
pub const MAX_PATH: u32 = 32_768;
/// What each filter already installed counts beside its own weight.
pub const PATH_PENALTY: u32 = 4;

/// What the kernel sets before a program: A and X are cleared, the context is kept.
const PROLOGUE: u32 = 3;

/// How many of the kernel's own instructions a program becomes (`bpf_convert_filter`, `net/core/filter.c`). The limit
/// of all filters counts these, not the program's.
///
/// ```
/// use sim_core::kernel::Release;
/// use sim_core::seccomp::{bpf::weight, text::assemble};
///
/// let program = assemble("return ALLOW")?;
/// assert_eq!(weight(&program, Release::NEWEST), 5);
/// # Ok::<(), sim_core::seccomp::text::TextError>(())
/// ```
pub fn weight(program: &Program, release: Release) -> u32 {
    PROLOGUE + program.instructions().iter().map(|&instruction| of(instruction, release)).sum::<u32>()
}

fn of(Instruction { code, jt, jf, k }: Instruction, release: Release) -> u32 {
    match code {
        opcode::RET_K => 2,
        opcode::DIV_X if release.has(&changes::BPF_DIVISOR_CHECK) => 5,
        code if opcode::is_conditional(code) => {
            // A constant that is negative as a signed number must be loaded into a register first.
            let constant = code & 0x08 == 0;
            let load = u32::from(constant && k >= 0x8000_0000);
            // One jump is enough if one way is the next instruction; only "any bit set" has no opposite.
            let has_opposite = !matches!(code, opcode::JSET_K | opcode::JSET_X);
            let one_jump = jf == 0 || jt == 0 && has_opposite;
            load + if one_jump { 1 } else { 2 }
        }
        _ => 1,
    }
}
