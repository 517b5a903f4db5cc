//! Who is there beside the child's first thread: a tracer, or another thread.

use std::io;
use std::ptr::{addr_of, addr_of_mut, null_mut};
use std::sync::atomic::Ordering;

use super::child::Board;
use super::steps::{Entry, TRACED};
use crate::sys;

/// Lets the parent trace this process, and waits until it does.
pub(super) fn trace_me() -> bool {
    // SAFETY: neither takes a pointer.
    unsafe {
        libc::ptrace(libc::PTRACE_TRACEME, 0, null_mut::<u8>(), null_mut::<u8>()) == 0
            && libc::raise(libc::SIGSTOP) == 0
    }
}

/// Traces a child to its end, answers where a filter asks the tracer, and gives the wait status.
pub(super) fn follow(child: libc::pid_t) -> io::Result<libc::c_int> {
    let mut begun = false;
    loop {
        let status = sys::wait(child)?;
        if !libc::WIFSTOPPED(status) {
            return Ok(status);
        }
        let mut signal = libc::WSTOPSIG(status);
        if !begun && signal == libc::SIGSTOP {
            begun = true;
            signal = 0;
            // SAFETY: the child is stopped; nothing but numbers is handed over.
            let set = unsafe {
                let options = libc::PTRACE_O_TRACESECCOMP | libc::PTRACE_O_EXITKILL;
                libc::ptrace(libc::PTRACE_SETOPTIONS, child, null_mut::<u8>(), options)
            };
            check(set)?;
        } else if status >> 16 == libc::PTRACE_EVENT_SECCOMP {
            signal = 0;
            answer(child)?;
        }
        sys::ptrace_continue(child, signal)?;
    }
}

/// Has the call skipped and return the event's message.
fn answer(child: libc::pid_t) -> io::Result<()> {
    let mut message: libc::c_ulong = 0;
    // SAFETY: zero is a valid value for every register.
    let mut registers: libc::user_regs_struct = unsafe { std::mem::zeroed() };
    // SAFETY: the child is stopped; what is read and written are places of this function, of the size that is asked for.
    unsafe {
        check(libc::ptrace(libc::PTRACE_GETEVENTMSG, child, null_mut::<u8>(), &raw mut message))?;
        check(libc::ptrace(libc::PTRACE_GETREGS, child, null_mut::<u8>(), &raw mut registers))?;
        registers.orig_rax = u64::MAX;
        registers.rax = TRACED.cast_unsigned() + message;
        check(libc::ptrace(libc::PTRACE_SETREGS, child, null_mut::<u8>(), &raw const registers))
    }
}

fn check(result: libc::c_long) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Starts the other thread, and waits until it has a filter of its own.
pub(super) fn keep_company(board: *mut Board) -> bool {
    const STACK: usize = 64 * 1024;
    const FLAGS: libc::c_int = libc::CLONE_VM
        | libc::CLONE_FS
        | libc::CLONE_FILES
        | libc::CLONE_SIGHAND
        | libc::CLONE_THREAD
        | libc::CLONE_SYSVSEM;
    let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: the board is a mapping that this process shares, which its parent leaves alone now; the stack is a new
    // mapping, which lasts as long as the process; the other thread uses nothing but both.
    unsafe {
        (*board).ready.store(false, Ordering::SeqCst);
        let first = libc::syscall(libc::SYS_set_tid_address, (*board).first_thread.as_ptr());
        let Ok(first) = i32::try_from(first) else { return false };
        (*board).first_thread.store(first, Ordering::SeqCst);
        let stack = libc::mmap(null_mut(), STACK, access, kind, -1, 0);
        if stack == libc::MAP_FAILED {
            return false;
        }
        let other = libc::clone(stay, stack.cast::<u8>().add(STACK).cast(), FLAGS, board.cast());
        if other < 0 {
            return false;
        }
        addr_of_mut!((*board).other_thread).write(other);
        while !(*board).ready.load(Ordering::SeqCst) {
            libc::sched_yield();
        }
    }
    true
}

/// The other thread: installs a filter that allows everything, waits until the first thread has ended, and ends the
/// process, with instructions of its own only, for it has the first one's library data.
extern "C" fn stay(board: *mut libc::c_void) -> libc::c_int {
    const SECCOMP: u64 = 317;
    const SCHED_YIELD: u64 = 24;
    // `return ALLOW`.
    static PROGRAM: [u8; 8] = [6, 0, 0, 0, 0, 0, 0xff, 0x7f];
    let board: *mut Board = board.cast();
    // `struct sock_fprog`: the length is the low half of its first word.
    let description = [1, addr_of!(PROGRAM).addr() as u64];
    // SAFETY: the calls read what lives here, and do no harm; the board is shared and lasts.
    unsafe {
        let install = [SECCOMP, 1, 0, addr_of!(description).addr() as u64, 0, 0, 0];
        Entry::Syscall.enter(addr_of!(install).cast());
        (*board).ready.store(true, Ordering::SeqCst);
        while (*board).first_thread.load(Ordering::SeqCst) != 0 {
            let call = [SCHED_YIELD, 0, 0, 0, 0, 0, 0];
            Entry::Syscall.enter(addr_of!(call).cast());
        }
        core::arch::asm!("ud2", options(noreturn));
    }
}
