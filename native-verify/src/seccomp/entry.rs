//! The two ways into the kernel.

use std::ptr::addr_of;

use sim_core::seccomp::Architecture;

use super::steps::Entry;

core::arch::global_asm!(
    // rdi: the registers rax, rdi, rsi, rdx, r10, r8, r9.
    ".globl eperm_seccomp_syscall",
    ".hidden eperm_seccomp_syscall",
    "eperm_seccomp_syscall:",
    "mov rax, [rdi]",
    "mov rsi, [rdi + 16]",
    "mov rdx, [rdi + 24]",
    "mov r10, [rdi + 32]",
    "mov r8, [rdi + 40]",
    "mov r9, [rdi + 48]",
    "mov rdi, [rdi + 8]",
    "syscall",
    ".globl eperm_seccomp_after_syscall",
    ".hidden eperm_seccomp_after_syscall",
    "eperm_seccomp_after_syscall:",
    "ret",
    // rdi: the registers rax, rbx, rcx, rdx, rsi, rdi, rbp.
    ".globl eperm_seccomp_int80",
    ".hidden eperm_seccomp_int80",
    "eperm_seccomp_int80:",
    "push rbx",
    "push rbp",
    "mov rax, [rdi]",
    "mov rbx, [rdi + 8]",
    "mov rcx, [rdi + 16]",
    "mov rdx, [rdi + 24]",
    "mov rsi, [rdi + 32]",
    "mov rbp, [rdi + 48]",
    "mov rdi, [rdi + 40]",
    "int 0x80",
    ".globl eperm_seccomp_after_int80",
    ".hidden eperm_seccomp_after_int80",
    "eperm_seccomp_after_int80:",
    "pop rbp",
    "pop rbx",
    "ret",
);

// SAFETY: they are defined above, with the calling convention of C.
unsafe extern "C" {
    fn eperm_seccomp_syscall(registers: *const u64) -> i64;
    fn eperm_seccomp_int80(registers: *const u64) -> i64;
    static eperm_seccomp_after_syscall: u8;
    static eperm_seccomp_after_int80: u8;
}

impl Entry {
    /// The address behind the instruction that enters the kernel.
    pub(crate) fn return_address(self) -> u64 {
        let label = match self {
            Self::Syscall => addr_of!(eperm_seccomp_after_syscall),
            Self::Int80 => addr_of!(eperm_seccomp_after_int80),
        };
        label.addr() as u64
    }

    /// Makes the call and gives what the kernel left in rax.
    ///
    /// # Safety
    ///
    /// Seven registers can be read there, and the kernel acts on them: the call must do no harm.
    pub(super) unsafe fn enter(self, registers: *const u64) -> i64 {
        // SAFETY: the routines keep the calling convention; the rest is the caller's promise.
        unsafe {
            match self {
                Self::Syscall => eperm_seccomp_syscall(registers),
                Self::Int80 => eperm_seccomp_int80(registers),
            }
        }
    }

    /// What a filter sees as architecture.
    pub(crate) const fn architecture(self) -> Architecture {
        match self {
            Self::Syscall => Architecture::X86_64,
            Self::Int80 => Architecture::I386,
        }
    }
}
