//! What filters answer to a call, without the call being made.
//!
//! A child adds a filter that has a tracer decide, and its parent is the tracer. So what the filters would let run, or leave
//! to a tracer, shows as an event; every stricter answer wins over that filter and shows as itself.

use core::ptr::{addr_of, addr_of_mut, read_volatile, write_volatile};

use super::gate::{self, AFTER_INT_80, AFTER_SYSCALL, PAGE};
use super::sys::{nr, syscall};
use super::{Operation, SIGCHLD, SIGTRAP, WALL, exit, quietly};

/// What was seen: in the upper half of the result, with a number in the lower half.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "the harness reads them")]
pub(crate) struct Seen;

impl Seen {
    /// It was not made, and this was returned.
    pub(crate) const RETURNED: i64 = 1 << 32;
    /// A tracer was asked.
    pub(crate) const TRACED: i64 = 2 << 32;
    /// SIGSYS came, with this as `si_errno`.
    pub(crate) const TRAPPED: i64 = 3 << 32;
    /// The child was killed by this signal.
    pub(crate) const KILLED: i64 = 4 << 32;
    /// Another signal came.
    pub(crate) const SIGNALLED: i64 = 5 << 32;
}

/// One instruction of a filter.
#[repr(C)]
struct Instruction(u16, u8, u8, u32);

/// `struct sock_fprog`.
#[repr(C)]
struct Description {
    length: u16,
    instructions: *const Instruction,
}

const SIGSTOP: i32 = 19;
const SIGKILL: u64 = 9;
const SIGSYS: i32 = 31;
const EVENT_SECCOMP: i32 = 7;
const PTRACE_TRACEME: u64 = 0;
const PTRACE_CONT: u64 = 7;
const PTRACE_SETOPTIONS: u64 = 0x4200;
const PTRACE_GETSIGINFO: u64 = 0x4202;
/// `PTRACE_O_TRACESECCOMP`, and that the child ends with its tracer.
const OPTIONS: u64 = 0x80 | 0x10_0000;

/// Has a child ask the call of an operation. Gives what was seen, or a negative errno.
///
/// # Safety
///
/// `operation` points to an operation of a tape in shared memory.
pub(super) unsafe fn ask(operation: *mut Operation) -> i64 {
    // SAFETY: the operation is the caller's promise; the child has a copy of this stack.
    unsafe {
        let child = syscall(nr::CLONE, [quietly(0) | SIGCHLD, 0, 0, 0, 0, 0]);
        match child {
            0 => {
                let made = make(operation);
                write_volatile(addr_of_mut!((*operation).result), Seen::RETURNED | made & 0xffff_ffff);
                exit()
            }
            child if child > 0 => watch(child as u64, operation),
            error => error,
        }
    }
}

/// Prepares the child, and makes the call.
///
/// # Safety
///
/// As for [`ask`].
unsafe fn make(operation: *const Operation) -> i64 {
    const PR_SET_NO_NEW_PRIVS: u64 = 38;
    const SET_MODE_FILTER: u64 = 1;
    const TRACE: u32 = 0x7ff0_0000;
    const ALLOW: u32 = 0x7fff_0000;
    let filter = [
        Instruction(0x20, 0, 0, 12),
        Instruction(0x15, 0, 3, (PAGE >> 32) as u32),
        Instruction(0x20, 0, 0, 8),
        Instruction(0x15, 2, 0, AFTER_SYSCALL as u32),
        Instruction(0x15, 1, 0, AFTER_INT_80 as u32),
        Instruction(0x06, 0, 0, ALLOW),
        Instruction(0x06, 0, 0, TRACE),
    ];
    let description = Description { length: filter.len() as u16, instructions: filter.as_ptr() };
    // SAFETY: the pointers are to places of this function; the call of the operation is never made, for a tracer takes it.
    unsafe {
        syscall(nr::PRCTL, [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0]);
        let installed = syscall(nr::SECCOMP, [SET_MODE_FILTER, 0, addr_of!(description) as u64, 0, 0, 0]);
        let traced = syscall(nr::PTRACE, [PTRACE_TRACEME, 0, 0, 0, 0, 0]);
        if installed < 0 || traced < 0 {
            return installed.min(traced);
        }
        syscall(nr::KILL, [syscall(nr::GETPID, [0; 6]) as u64, SIGSTOP as u64, 0, 0, 0, 0]);
        let Operation { gate, number, arguments, .. } = *operation;
        gate::enter(gate, number as usize, arguments)
    }
}

/// Waits for what the child shows, and ends it.
///
/// # Safety
///
/// As for [`ask`].
unsafe fn watch(child: u64, operation: *const Operation) -> i64 {
    let mut status = 0i32;
    let mut ready = false;
    // SAFETY: the pointers are to places of this function, the operation is the caller's promise.
    unsafe {
        let seen = loop {
            let waited = syscall(nr::WAIT4, [child, addr_of_mut!(status) as u64, WALL, 0, 0, 0]);
            if waited < 0 {
                return waited;
            }
            let signal = status >> 8 & 0xff;
            match status & 0x7f {
                0x7f if signal == SIGSTOP && !ready => {
                    ready = true;
                    let set = syscall(nr::PTRACE, [PTRACE_SETOPTIONS, child, 0, OPTIONS, 0, 0]);
                    let went_on = syscall(nr::PTRACE, [PTRACE_CONT, child, 0, 0, 0, 0]);
                    if set < 0 || went_on < 0 {
                        break set.min(went_on);
                    }
                }
                0x7f if signal == SIGTRAP && status >> 16 == EVENT_SECCOMP => break Seen::TRACED,
                0x7f if signal == SIGSYS => {
                    // struct siginfo: the number of the signal, then si_errno.
                    let mut info = [0i32; 32];
                    syscall(nr::PTRACE, [PTRACE_GETSIGINFO, child, 0, info.as_mut_ptr() as u64, 0, 0]);
                    break Seen::TRAPPED | i64::from(info[1]);
                }
                0x7f => break Seen::SIGNALLED | i64::from(signal),
                0 => return read_volatile(addr_of!((*operation).result)),
                killed => return Seen::KILLED | i64::from(killed),
            }
        };
        syscall(nr::KILL, [child, SIGKILL, 0, 0, 0, 0]);
        syscall(nr::WAIT4, [child, addr_of_mut!(status) as u64, WALL, 0, 0, 0]);
        seen
    }
}
