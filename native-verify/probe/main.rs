//! The program that native-verify executes: no libc, a few hundred instructions, one page or two.
//!
//! It maps the tape and reads on where the program before it stopped. `build.rs` compiles it.

#![no_std]
#![no_main]
#![no_builtins]

#[path = "../src/tape/mod.rs"]
#[allow(dead_code, reason = "the harness uses the rest")]
mod tape;

use tape::sys::{nr, syscall};
use tape::{SIZE, TAPE_FD, Tape, exit, perform};

const PROT_READ_WRITE: u64 = 3;
const MAP_SHARED: u64 = 1;
const AT_NULL: u64 = 0;
const AT_SECURE: u64 = 23;
/// What stands for a value that the kernel did not give: neither 0 nor 1.
const ABSENT: u64 = 3;

// The kernel starts here with the arguments on the stack, and no caller.
#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(".globl _start", "_start:", "mov rdi, rsp", "and rsp, -16", "call {begin}", "ud2", begin = sym begin);
#[cfg(target_arch = "aarch64")]
core::arch::global_asm!(".globl _start", "_start:", "mov x0, sp", "bl {begin}", "brk 1", begin = sym begin);

/// # Safety
///
/// `stack` is the stack as the kernel hands it to a new program.
unsafe extern "C" fn begin(stack: *const u64) -> ! {
    // SAFETY: the stack is the caller's promise; the mapping is new memory of the size of a tape.
    unsafe {
        let at_secure = auxiliary_value(stack, AT_SECURE);
        let tape = syscall(nr::MMAP, [0, SIZE as u64, PROT_READ_WRITE, MAP_SHARED, TAPE_FD as u64, 0]);
        if tape > 0 {
            if (*(tape as *const Tape)).filtered != 0 {
                tape::gate::raise();
            }
            perform(tape as *mut Tape, at_secure);
        }
    }
    exit()
}

/// # Safety
///
/// `stack` is the stack as the kernel hands it to a new program.
unsafe fn auxiliary_value(stack: *const u64, wanted: u64) -> u64 {
    // SAFETY: argc, argv and a null, envp and a null, then pairs up to AT_NULL: the layout of a new stack.
    unsafe {
        let mut at = stack.add(1 + *stack as usize + 1);
        while *at != 0 {
            at = at.add(1);
        }
        at = at.add(1);
        while *at != AT_NULL {
            if *at == wanted {
                return *at.add(1);
            }
            at = at.add(2);
        }
    }
    ABSENT
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    exit()
}
