//! A tape: a list of system calls in shared memory, performed one after the other, with room for their results.
//!
//! The harness writes it. The child that it starts reads it until an execve, and the program executed then, the
//! probe, maps the same memory and reads on. So a whole scenario runs without a word between the processes, and an
//! exec costs hardly more than an exec. This folder is compiled into both, without std.

pub(crate) mod sys;

use core::ptr::{addr_of, addr_of_mut, read_volatile, write_volatile};
use sys::{nr, syscall};

/// The file descriptor under which the probe finds the tape.
pub(crate) const TAPE_FD: i32 = 100;
/// The file descriptor of a `/proc` of the harness's pid namespace.
pub(crate) const PROC_FD: i32 = 101;
/// The size of a tape in bytes.
pub(crate) const SIZE: usize = 256 * 1024;
/// How many operations fit.
pub(crate) const OPERATIONS: usize = 1024;
/// How many observations fit.
pub(crate) const STATES: usize = 128;
/// How many bytes of arguments fit.
pub(crate) const DATA: usize = 64 * 1024;
/// How many supplementary groups an observation holds.
pub(crate) const GROUPS: usize = 64;

/// The whole tape. All of it may be zero.
#[repr(C)]
pub(crate) struct Tape {
    /// The operation to perform next.
    pub(crate) next: u64,
    /// How many operations there are.
    pub(crate) length: u64,
    /// One more than the first operation that had to succeed and did not; 0 if there is none.
    pub(crate) broken: u64,
    pub(crate) operations: [Operation; OPERATIONS],
    pub(crate) states: [State; STATES],
    pub(crate) data: [u8; DATA],
}

/// One operation and its result.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Operation {
    pub(crate) kind: Kind,
    /// Bit *n*: argument *n* is an offset into `data` and stands for a pointer.
    pub(crate) pointers: u32,
    pub(crate) number: u64,
    pub(crate) arguments: [u64; 6],
    pub(crate) result: i64,
}

/// What kind of operation.
#[repr(u32)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing: what zeroed memory holds.
    #[allow(dead_code, reason = "the kernel makes it, not this program")]
    Nothing = 0,
    /// A system call whose result is kept.
    Call = 1,
    /// A system call that must succeed, or the tape ends.
    Demand = 2,
    /// Execute the path in argument 0; the new program reads on at the next operation.
    Execute = 3,
    /// Observe the thread into the state of argument 0.
    Observe = 4,
    /// Go on in a child that shares the filesystem context; the parent waits for it.
    ForkSharingFs = 5,
    /// clone with the flags of argument 0: the tape goes on in the child; the parent waits for it.
    Clone = 6,
    /// Keep the thread's user namespace open as the descriptor of argument 0, if the call before succeeded.
    KeepNamespace = 7,
}

/// Everything observed of a thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct State {
    pub(crate) uid: [u32; 4],
    pub(crate) gid: [u32; 4],
    /// How many groups; more than [`GROUPS`] were not read.
    pub(crate) group_count: i64,
    pub(crate) groups: [u32; GROUPS],
    pub(crate) permitted: u64,
    pub(crate) effective: u64,
    pub(crate) inheritable: u64,
    pub(crate) bounding: u64,
    pub(crate) ambient: u64,
    pub(crate) securebits: i64,
    pub(crate) no_new_privs: i64,
    /// The text of the link `/proc/self/ns/user`, zero-padded.
    pub(crate) user_ns: [u8; 32],
    /// `AT_SECURE` of the program that observes; 2 before the first execve.
    pub(crate) at_secure: u64,
}

const _: () = assert!(size_of::<Tape>() <= SIZE);

impl State {
    /// A state that nobody has observed.
    pub(crate) const NOTHING: Self = Self {
        uid: [u32::MAX; 4],
        gid: [u32::MAX; 4],
        group_count: 0,
        groups: [0; GROUPS],
        permitted: 0,
        effective: 0,
        inheritable: 0,
        bounding: 0,
        ambient: 0,
        securebits: -1,
        no_new_privs: -1,
        user_ns: [0; 32],
        at_secure: u64::MAX,
    };
}

const PR_CAPBSET_READ: u64 = 23;
const PR_GET_SECUREBITS: u64 = 27;
const PR_GET_NO_NEW_PRIVS: u64 = 39;
const PR_CAP_AMBIENT: u64 = 47;
const PR_CAP_AMBIENT_IS_SET: u64 = 1;
const CAPABILITY_VERSION_3: u32 = 0x2008_0522;
const CLONE_VM: u64 = 0x100;
const CLONE_FS: u64 = 0x200;
const CLONE_VFORK: u64 = 0x4000;
const SIGCHLD: u64 = 17;
const WALL: u64 = 0x4000_0000;
const PTRACE_CONT: u64 = 7;
const SIGTRAP: i32 = 5;

/// Performs the tape from where it stands until its end, an execve, or a demand that fails.
///
/// # Safety
///
/// `tape` points to a whole [`Tape`], mapped for reading and writing, that nobody else changes meanwhile.
pub(crate) unsafe fn perform(tape: *mut Tape, at_secure: u64) {
    // SAFETY: the caller's promise covers every place on the tape; indices are checked against its arrays.
    unsafe {
        loop {
            let index = read_volatile(addr_of!((*tape).next));
            let length = read_volatile(addr_of!((*tape).length));
            if index >= length || index >= OPERATIONS as u64 {
                return;
            }
            write_volatile(addr_of_mut!((*tape).next), index + 1);
            let operation = addr_of_mut!((*tape).operations).cast::<Operation>().add(index as usize);
            let mut arguments = (*operation).arguments;
            for (position, argument) in arguments.iter_mut().enumerate() {
                if (*operation).pointers >> position & 1 == 1 {
                    *argument += addr_of!((*tape).data) as u64;
                }
            }
            let result = match (*operation).kind {
                Kind::Nothing => 0,
                Kind::Call | Kind::Demand => syscall((*operation).number as usize, arguments),
                Kind::Execute => execute(arguments[0]),
                Kind::Observe => {
                    let state = (*operation).arguments[0] as usize % STATES;
                    observe(addr_of_mut!((*tape).states).cast::<State>().add(state), at_secure);
                    0
                }
                Kind::ForkSharingFs => go_on_in_child(CLONE_FS, tape, at_secure),
                Kind::Clone => go_on_in_child(quietly(arguments[0]), tape, at_secure),
                Kind::KeepNamespace => {
                    let before =
                        addr_of!((*tape).operations).cast::<Operation>().add(index.saturating_sub(1) as usize);
                    if (*before).result >= 0 { keep_namespace(arguments[0]) } else { 0 }
                }
            };
            write_volatile(addr_of_mut!((*operation).result), result);
            let demanded = matches!((*operation).kind, Kind::Demand | Kind::ForkSharingFs);
            if demanded && result < 0 {
                write_volatile(addr_of_mut!((*tape).broken), index + 1);
                return;
            }
        }
    }
}

/// The same flags, with SIGCHLD blocked: it would stop a traced parent whose tracer may not be listening yet.
fn quietly(flags: u64) -> u64 {
    const SIG_BLOCK: u64 = 0;
    let blocked = 1u64 << (SIGCHLD - 1);
    // SAFETY: the mask is a place of this function, of the size that is given.
    unsafe { syscall(nr::RT_SIGPROCMASK, [SIG_BLOCK, (&raw const blocked) as u64, 0, 8, 0, 0]) };
    flags
}

/// Performs the rest of the tape in a child, waits for it and ends the process. Gives an error if there is no child.
///
/// The child shares this process's memory until it executes a program or ends: a copy would cost more than the rest.
///
/// # Safety
///
/// As for [`perform`].
unsafe fn go_on_in_child(flags: u64, tape: *mut Tape, at_secure: u64) -> i64 {
    // SAFETY: the child continues below everything on this stack, whose user sleeps meanwhile (CLONE_VFORK). It
    // performs the same tape, which is the caller's promise, and never returns.
    let child = unsafe { sys::clone_below(flags | CLONE_VM | CLONE_VFORK | SIGCHLD, tape as u64, at_secure, go_on) };
    if child > 0 {
        wait_for(child as u64);
        exit()
    }
    child
}

/// What a child does.
extern "C" fn go_on(tape: u64, at_secure: u64) -> ! {
    // SAFETY: only `go_on_in_child` has it called, with the tape of its own caller's promise.
    unsafe { perform(tape as *mut Tape, at_secure) };
    exit()
}

/// Keeps the thread's user namespace open under this number.
fn keep_namespace(number: u64) -> i64 {
    let path = c"self/ns/user".as_ptr() as u64;
    // SAFETY: the path is a constant; the others take no pointer.
    unsafe {
        let opened = syscall(nr::OPENAT, [PROC_FD as u64, path, 0, 0, 0, 0]);
        if opened < 0 {
            return opened;
        }
        let kept = syscall(nr::DUP3, [opened as u64, number, 0, 0, 0, 0]);
        syscall(nr::CLOSE, [opened as u64, 0, 0, 0, 0, 0]);
        kept
    }
}

/// Ends the process.
pub(crate) fn exit() -> ! {
    loop {
        // SAFETY: it takes no pointer and does not return.
        unsafe { syscall(nr::EXIT_GROUP, [0; 6]) };
    }
}

/// # Safety
///
/// `path` points to a string that ends with a zero byte.
unsafe fn execute(path: u64) -> i64 {
    let argv = [path, 0];
    let envp = [0u64];
    // SAFETY: both lists end with a null pointer; the path is the caller's promise.
    unsafe { syscall(nr::EXECVE, [path, argv.as_ptr() as u64, envp.as_ptr() as u64, 0, 0, 0]) }
}

/// Waits until the child has ended; if it is traced, lets it go on at every stop.
fn wait_for(child: u64) {
    let mut status = 0i32;
    loop {
        // SAFETY: the status is a place of this function.
        let waited = unsafe { syscall(nr::WAIT4, [child, (&raw mut status) as u64, WALL, 0, 0, 0]) };
        if waited < 0 || status & 0xff != 0x7f {
            return;
        }
        let signal = status >> 8 & 0xff;
        let deliver = if signal == SIGTRAP { 0 } else { signal as u64 };
        // SAFETY: it takes no pointer.
        unsafe { syscall(nr::PTRACE, [PTRACE_CONT, child, 0, deliver, 0, 0]) };
    }
}

/// # Safety
///
/// `state` points to a place for a [`State`].
unsafe fn observe(state: *mut State, at_secure: u64) {
    // SAFETY: every pointer handed to the kernel is into `state` or a local, of the size that the call writes.
    unsafe {
        let word = |array: *mut u32, index: usize| array.add(index) as u64;
        let uid = addr_of_mut!((*state).uid).cast::<u32>();
        let gid = addr_of_mut!((*state).gid).cast::<u32>();
        syscall(nr::GETRESUID, [word(uid, 0), word(uid, 1), word(uid, 2), 0, 0, 0]);
        syscall(nr::GETRESGID, [word(gid, 0), word(gid, 1), word(gid, 2), 0, 0, 0]);
        // An impossible id changes nothing and gives the present one.
        *uid.add(3) = syscall(nr::SETFSUID, [u64::from(u32::MAX), 0, 0, 0, 0, 0]) as u32;
        *gid.add(3) = syscall(nr::SETFSGID, [u64::from(u32::MAX), 0, 0, 0, 0, 0]) as u32;
        (*state).group_count = syscall(nr::GETGROUPS, [0; 6]);
        syscall(nr::GETGROUPS, [GROUPS as u64, addr_of_mut!((*state).groups) as u64, 0, 0, 0, 0]);

        let header = [CAPABILITY_VERSION_3, 0];
        let mut words = [0u32; 6];
        if syscall(nr::CAPGET, [header.as_ptr() as u64, words.as_mut_ptr() as u64, 0, 0, 0, 0]) < 0 {
            // No thread can have these, so the comparison fails.
            words = [u32::MAX; 6];
        }
        let joined = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
        (*state).effective = joined(words[0], words[3]);
        (*state).permitted = joined(words[1], words[4]);
        (*state).inheritable = joined(words[2], words[5]);
        (*state).bounding = set_of(|capability| syscall(nr::PRCTL, [PR_CAPBSET_READ, capability, 0, 0, 0, 0]));
        (*state).ambient =
            set_of(|capability| syscall(nr::PRCTL, [PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0, 0, 0]));
        (*state).securebits = syscall(nr::PRCTL, [PR_GET_SECUREBITS, 0, 0, 0, 0, 0]);
        (*state).no_new_privs = syscall(nr::PRCTL, [PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0, 0]);
        match user_namespace() {
            Some(inode) => write_link(addr_of_mut!((*state).user_ns).cast(), inode),
            None => {
                let link = addr_of_mut!((*state).user_ns);
                let path = c"self/ns/user".as_ptr();
                let length = size_of_val(&(*state).user_ns) as u64;
                syscall(nr::READLINKAT, [PROC_FD as u64, path as u64, link as u64, length, 0, 0]);
            }
        }
        (*state).at_secure = at_secure;
    }
}

/// The inode of the thread's user namespace, where the kernel tells it without `/proc`, which takes several times as long.
fn user_namespace() -> Option<u64> {
    const PIDFD_GET_USER_NAMESPACE: u64 = 0xff09;
    const INODE: usize = 1;
    // More than a `struct stat`, whose second word is the inode.
    let mut stat = core::mem::MaybeUninit::<[u64; 32]>::uninit();
    // SAFETY: the place for the status is larger than it; the others take no pointer.
    let known = unsafe {
        let pid = syscall(nr::GETPID, [0; 6]);
        let process = syscall(nr::PIDFD_OPEN, [pid as u64, 0, 0, 0, 0, 0]);
        if process < 0 {
            return None;
        }
        let namespace = syscall(nr::IOCTL, [process as u64, PIDFD_GET_USER_NAMESPACE, 0, 0, 0, 0]);
        syscall(nr::CLOSE, [process as u64, 0, 0, 0, 0, 0]);
        if namespace < 0 {
            return None;
        }
        let known = syscall(nr::FSTAT, [namespace as u64, stat.as_mut_ptr() as u64, 0, 0, 0, 0]) == 0;
        syscall(nr::CLOSE, [namespace as u64, 0, 0, 0, 0, 0]);
        known
    };
    // SAFETY: the call has written a whole status.
    known.then(|| unsafe { stat.as_ptr().cast::<u64>().add(INODE).read() })
}

/// Writes `user:[INODE]`, as the link in `/proc` reads.
///
/// # Safety
///
/// `link` points to a place for 32 bytes, all zero.
unsafe fn write_link(link: *mut u8, inode: u64) {
    let mut digits = [0u8; 20];
    let (mut rest, mut count) = (inode, 0);
    while rest > 0 && count < digits.len() {
        digits[count] = b'0' + (rest % 10) as u8;
        rest /= 10;
        count += 1;
    }
    let text = b"user:[".iter().chain(digits[..count].iter().rev()).chain(b"]");
    for (at, byte) in text.enumerate() {
        // SAFETY: at most 6, 20 and 1 bytes, of 32.
        unsafe { link.add(at).write(*byte) };
    }
}

/// The set of those for which `is_set` gives 1. It gives an error above the last capability.
fn set_of(is_set: impl Fn(u64) -> i64) -> u64 {
    let mut set = 0;
    for capability in 0..64 {
        match is_set(capability) {
            1 => set |= 1 << capability,
            0 => {}
            _ => break,
        }
    }
    set
}
