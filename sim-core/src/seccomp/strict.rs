use super::Architecture;

/// The calls that strict mode lets through: read, write, exit and sigreturn, by number. `None` for an architecture
/// whose table is not known here (`mode1_syscalls` of `kernel/seccomp.c`, and each architecture's `asm/seccomp.h`).
///
/// ```
/// use sim_core::seccomp::{Architecture, strict_calls};
///
/// assert_eq!(strict_calls(Architecture::X86_64), Some([0, 1, 60, 15]));
/// ```
pub const fn strict_calls(arch: Architecture) -> Option<[u32; 4]> {
    match arch {
        Architecture::X86_64 => Some([0, 1, 60, 15]),
        Architecture::I386 | Architecture::S390 | Architecture::S390X => Some([3, 4, 1, 119]),
        Architecture::AARCH64 | Architecture::RISCV64 | Architecture::RISCV32 | Architecture::LOONGARCH64 => {
            Some([63, 64, 93, 139])
        }
        Architecture::ARM | Architecture::PARISC | Architecture::PARISC64 | Architecture::M68K => {
            Some([3, 4, 1, 173])
        }
        Architecture::PPC64 | Architecture::PPC64LE => Some([3, 4, 1, 172]),
        Architecture::MIPS | Architecture::MIPSEL => Some([4003, 4004, 4001, 4193]),
        Architecture::MIPS64 | Architecture::MIPSEL64 => Some([5000, 5001, 5058, 5211]),
        Architecture::MIPS64N32 | Architecture::MIPSEL64N32 => Some([6000, 6001, 6058, 6211]),
        _ => None,
    }
}
