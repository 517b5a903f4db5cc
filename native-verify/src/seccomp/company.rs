//! Who is there beside the child's first thread: a tracer, a supervisor, or another thread.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr::{addr_of, addr_of_mut, null_mut};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::child::Board;
use super::steps::{Entry, SUPERVISED, TRACED};
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

/// `SECCOMP_IOCTL_NOTIF_RECV`, `SECCOMP_IOCTL_NOTIF_SEND` and `SECCOMP_IOCTL_NOTIF_ID_VALID`.
const RECEIVE: libc::c_ulong = 0xc050_2100;
const SEND: libc::c_ulong = 0xc018_2101;
const IS_VALID: libc::c_ulong = 0x4008_2102;

/// `struct seccomp_notif`.
#[derive(Default)]
#[repr(C)]
struct Notification {
    id: u64,
    pid: u32,
    flags: u32,
    number: u32,
    arch: u32,
    instruction_pointer: u64,
    args: [u64; 6],
}

/// `struct seccomp_notif_resp`.
#[repr(C)]
struct Response {
    id: u64,
    value: i64,
    error: i32,
    flags: u32,
}

/// Answers what a listener is asked until the child ends, and gives the wait status.
pub(super) fn supervise(child: libc::pid_t, board: *const Board) -> io::Result<libc::c_int> {
    const PATIENCE: Duration = Duration::from_secs(20);
    let start = Instant::now();
    // SAFETY: it takes no pointer.
    let process = owned(unsafe { libc::syscall(libc::SYS_pidfd_open, child, 0) })?;
    let mut listener = None;
    loop {
        if let Some(status) = sys::has_ended(child)? {
            return Ok(status);
        }
        if start.elapsed() > PATIENCE {
            sys::kill(child);
            sys::wait(child)?;
            return Err(io::Error::other("a child waits for an answer for ever"));
        }
        if let Some(listener) = &listener {
            answer_calls(listener)?;
            continue;
        }
        // SAFETY: the board is mapped as long as its stand.
        let numbers = unsafe { (*board).listeners() };
        listener = numbers.into_iter().find_map(|number| {
            // SAFETY: it takes no pointer.
            let taken = unsafe { libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), number, 0) };
            owned(taken).ok().filter(is_listener)
        });
        std::thread::yield_now();
    }
}

/// A new descriptor, or the error.
fn owned(number: libc::c_long) -> io::Result<OwnedFd> {
    check(number)?;
    let number = i32::try_from(number).map_err(io::Error::other)?;
    // SAFETY: the kernel has just made it for nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

fn is_listener(fd: &OwnedFd) -> bool {
    let nothing = 0u64;
    // SAFETY: the number is a place of this function.
    unsafe { libc::ioctl(fd.as_raw_fd(), IS_VALID, &raw const nothing) };
    io::Error::last_os_error().raw_os_error() == Some(libc::ENOENT)
}

/// Answers a call, if one waits.
fn answer_calls(listener: &OwnedFd) -> io::Result<()> {
    let mut poll = libc::pollfd { fd: listener.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let mut notification = Notification::default();
    // SAFETY: it is one description, a place of this function; and so is the notification, of the size the number names.
    let received = unsafe {
        libc::poll(&raw mut poll, 1, 1) == 1
            && poll.revents & libc::POLLIN != 0
            && libc::ioctl(listener.as_raw_fd(), RECEIVE, &raw mut notification) == 0
    };
    if !received {
        return Ok(());
    }
    let value = SUPERVISED + i64::from(notification.number & 0xffff);
    let response = Response { id: notification.id, value, error: 0, flags: 0 };
    // SAFETY: the response is a place of this function, of the size the number names.
    check(unsafe { libc::ioctl(listener.as_raw_fd(), SEND, &raw const response) }.into())
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
