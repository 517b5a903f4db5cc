//! The gate: the one place from which a step's system call enters the kernel, where filters are in force.
//!
//! Every filter is installed behind a few instructions that let calls from elsewhere pass, so that the harness can go on
//! whatever the filter refuses. The gate is a page at an address that does not change over an execve.

use super::sys::{nr, syscall};

/// Where the page is: far from everything that a program has there.
pub(crate) const PAGE: u64 = 1 << 45;
/// Where the instruction `syscall` is.
const SYSCALL: u64 = PAGE;
/// Where `int 0x80` is reached, with the registers of `syscall`.
const INT_80: u64 = PAGE + 16;
/// The address behind `syscall`, as filters see it.
pub(crate) const AFTER_SYSCALL: u64 = SYSCALL + 2;
/// The address behind `int 0x80`.
pub(crate) const AFTER_INT_80: u64 = INT_80 + 19;

/// `syscall; ret`.
const SYSCALL_CODE: [u8; 3] = [0x0f, 0x05, 0xc3];
/// `push rbx; push rbp; mov rbx, rdi; mov rcx, rsi; mov rsi, r10; mov rdi, r8; mov rbp, r9; int 0x80; pop rbp; pop rbx; ret`.
const INT_80_CODE: [u8; 22] = [
    0x53, 0x55, 0x48, 0x89, 0xfb, 0x48, 0x89, 0xf1, 0x4c, 0x89, 0xd6, 0x4c, 0x89, 0xc7, 0x4c, 0x89, 0xcd, 0xcd, 0x80,
    0x5d, 0x5b, 0xc3,
];

/// From where an operation's system call enters the kernel.
#[repr(u32)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// From anywhere.
    Open = 0,
    /// From the gate, by `syscall`.
    Syscall = 1,
    /// From the gate, by `int 0x80`.
    Int80 = 2,
}

/// Makes the page. Gives 0, or a negative errno.
pub(crate) fn raise() -> i64 {
    const SIZE: u64 = 4096;
    const READ_WRITE_EXECUTE: u64 = 7;
    const PRIVATE_FIXED_ANONYMOUS: u64 = 0x32;
    // SAFETY: nothing else is at that address; the page is written before anything else knows of it.
    unsafe {
        let page = syscall(nr::MMAP, [PAGE, SIZE, READ_WRITE_EXECUTE, PRIVATE_FIXED_ANONYMOUS, u64::MAX, 0]);
        if page < 0 {
            return page;
        }
        (SYSCALL as *mut [u8; 3]).write(SYSCALL_CODE);
        (INT_80 as *mut [u8; 22]).write(INT_80_CODE);
    }
    0
}

/// Makes a system call from the gate, or from here if it is open.
///
/// # Safety
///
/// The page is there. The kernel acts on the arguments: pointers among them must be valid for what the call does with them.
pub(crate) unsafe fn enter(gate: Gate, number: usize, arguments: [u64; 6]) -> i64 {
    // SAFETY: both are the caller's promise.
    unsafe {
        match gate {
            Gate::Open => syscall(number, arguments),
            Gate::Syscall => through(SYSCALL, number, arguments),
            Gate::Int80 => through(INT_80, number, arguments),
        }
    }
}

/// # Safety
///
/// As for [`enter`].
#[cfg(target_arch = "x86_64")]
unsafe fn through(entry: u64, number: usize, arguments: [u64; 6]) -> i64 {
    let [a, b, c, d, e, f] = arguments;
    let result: i64;
    // SAFETY: the routine keeps rbx and rbp; what it or the kernel changes beside the result is named. The rest is the
    // caller's promise.
    unsafe {
        core::arch::asm!(
            "call {entry}",
            entry = in(reg) entry,
            inlateout("rax") number as i64 => result,
            inlateout("rdi") a => _, inlateout("rsi") b => _, inlateout("rdx") c => _,
            inlateout("r10") d => _, inlateout("r8") e => _, inlateout("r9") f => _,
            lateout("rcx") _, lateout("r11") _,
        );
    }
    result
}

/// There is no gate: filters are judged as on x86_64, and nowhere else are they installed.
///
/// # Safety
///
/// As for [`enter`].
#[cfg(not(target_arch = "x86_64"))]
unsafe fn through(_: u64, number: usize, arguments: [u64; 6]) -> i64 {
    // SAFETY: it is the caller's promise.
    unsafe { syscall(number, arguments) }
}
