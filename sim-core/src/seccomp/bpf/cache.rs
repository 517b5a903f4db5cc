use super::{Instruction, Program, opcode};
use crate::kernel::{Release, changes};
use crate::seccomp::syscalls::{Abi, Call, Version};
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

/// How many numbers, from 0, the kernel's cache of allowed calls has for calls by `called`, on a machine whose native
/// architecture is `native`: those of the native table and, where the kernel has one, of the 32-bit table beside it
/// (`SECCOMP_ARCH_NATIVE_NR` and `SECCOMP_ARCH_COMPAT_NR`, `asm/seccomp.h`). `None` where there is no cache: before 5.11, on
/// MIPS, and for other architectures.
///
/// The length of a table is told by the last call that the release has, as far as it is known which release brought it.
///
/// ```
/// use sim_core::kernel::Release;
/// use sim_core::seccomp::{Architecture, bpf::cache_length, syscalls::Abi};
///
/// let release: Release = "6.12".parse()?;
/// assert_eq!(cache_length(Abi::X86_64, Architecture::X86_64, release), Some(463), "mseal is 462");
/// assert_eq!(cache_length(Abi::X86_64, Architecture::AARCH64, release), None);
/// assert_eq!(cache_length(Abi::X86_64, Architecture::X86_64, "5.10".parse()?), None);
/// # Ok::<(), sim_core::kernel::ParseReleaseError>(())
/// ```
pub fn cache_length(native: Abi, called: Architecture, release: Release) -> Option<u32> {
    let native = if native == Abi::X32 { Abi::X86_64 } else { native };
    let compat = match native {
        Abi::X86_64 => Some(Abi::X86),
        Abi::AARCH64 => Some(Abi::ARM),
        Abi::S390X => Some(Abi::S390),
        Abi::PPC64 => Some(Abi::PPC),
        Abi::MIPS | Abi::MIPSEL | Abi::MIPS64 | Abi::MIPSEL64 | Abi::MIPS64N32 | Abi::MIPSEL64N32 => return None,
        _ => None,
    };
    let tables = [Some(native), compat];
    let table = tables
        .into_iter()
        .flatten()
        .find(|abi| release.has(&changes::SECCOMP_ALLOW_CACHE) && abi.architecture() == called)?;
    let (major, minor) = release.numbers();
    let there = |call: &&Call| call.since.is_none_or(|since| since <= Version::new(major, minor, u16::MAX));
    // arm's private calls stand far behind its table.
    let numbers =
        Call::ALL.iter().filter(there).filter_map(|call| call.number(table)).filter(|number| *number < 0x1_0000);
    numbers.max().map(|last| last + 1)
}
