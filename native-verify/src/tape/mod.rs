//! A tape: a list of system calls in shared memory, performed one after the other, with room for their results.
//!
//! The harness writes it. The child that it starts reads it until an execve, and the program executed then, the
//! probe, maps the same memory and reads on. So a whole scenario runs without a word between the processes, and an
//! exec costs hardly more than an exec. This folder is compiled into both, without std.

mod ask;
pub(crate) mod gate;
pub(crate) mod sys;

use core::mem::MaybeUninit;
use core::ptr::{addr_of, addr_of_mut, read_volatile, write_volatile};
use core::sync::atomic::{AtomicU32, Ordering};

#[allow(unused_imports, reason = "only the harness reads them")]
pub(crate) use ask::Seen;
use gate::Gate;
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
/// How many namespaces can have a process that stays in them.
pub(crate) const KEEPERS: usize = 60;
/// How many other processes can wait for their turn.
pub(crate) const HELPERS: usize = 32;

/// The whole tape. All of it may be zero.
#[repr(C)]
pub(crate) struct Tape {
    /// The operation to perform next.
    pub(crate) next: u64,
    /// How many operations there are.
    pub(crate) length: u64,
    /// One more than the first operation that had to succeed and did not; 0 if there is none.
    pub(crate) broken: u64,
    /// The process that stays in each of the namespaces that steps name; 0 if there is none.
    pub(crate) keepers: [i64; KEEPERS],
    /// Whether each helper may go on: 0 or 1.
    pub(crate) cues: [u32; HELPERS],
    /// Whether each helper has ended: 0 or 1.
    pub(crate) ended: [u32; HELPERS],
    /// Whether the keeper made last is ready: 0 or 1.
    pub(crate) ready: u32,
    /// Stays 0; who waits for it waits for ever.
    pub(crate) never: u32,
    /// Whether filters are in force at some time, so that steps go through the gate: 0 or 1.
    pub(crate) filtered: u32,
    /// The signal that ended a child which performed the tape; 0 if none did.
    pub(crate) killed: u32,
    pub(crate) operations: [Operation; OPERATIONS],
    pub(crate) states: [State; STATES],
    pub(crate) data: [u8; DATA],
}

/// One operation and its result.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Operation {
    pub(crate) kind: Kind,
    /// From where the step's own system call enters the kernel.
    pub(crate) gate: Gate,
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
    /// Keep the thread's user namespace open as the descriptor of argument 0, if the call before succeeded; and leave a
    /// process in it, as the keeper of the number in argument 1.
    KeepNamespace = 7,
    /// Start a helper: a child that performs the operations up to the one of argument 0, where the tape goes on without
    /// it. Argument 1 is its number.
    Helper = 8,
    /// In a helper, the one of argument 0: wait for the cue.
    AwaitCue = 9,
    /// Give the helper of argument 0 its cue and wait for its end; the result is that of the operation of argument 1.
    Cue = 10,
    /// Open a file of `/proc/PID` and write to it. Argument 0 is 0 for the process itself, or one more than the number of a
    /// keeper; then name, text and its length.
    WriteFile = 11,
    /// Perform as many operations as argument 0 says in a child that ends then, and go on after them: what they do to
    /// their process is gone.
    Apart = 12,
    /// A system call whose argument 0 is the result of the operation before, and whose result is kept.
    CallOn = 13,
    /// Open the path of argument 0 for writing, write the bytes of argument 1, as many as argument 2 says, and close it.
    WriteContent = 14,
    /// Make an internet socket in the thread's network namespace, as the descriptor of argument 0.
    Socket = 15,
    /// Write the thread's pid among the data, at the pointer in argument 0.
    StorePid = 16,
    /// Write the pointer in argument 1 among the data, at the pointer in argument 0.
    StorePointer = 17,
    /// Wait until a signal ends the process, with 1 for the result.
    Rest = 18,
    /// Make the gate.
    RaiseGate = 19,
    /// Ask what filters answer to a system call.
    Ask = 20,
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
    /// The file that was looked at, if one was.
    pub(crate) file: FileState,
}

/// How many bytes of an attribute an observation holds.
pub(crate) const ATTRIBUTE: usize = 64;

/// What was observed of a file, as the thread sees it.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct FileState {
    /// What statx returned; 1 if no file was looked at.
    pub(crate) statx: i64,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) mode: u32,
    /// What fgetxattr of `security.capability` returned.
    pub(crate) attribute_size: i64,
    pub(crate) attribute: [u8; ATTRIBUTE],
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
        file: FileState { statx: 1, uid: 0, gid: 0, mode: 0, attribute_size: 0, attribute: [0; ATTRIBUTE] },
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
const PR_SET_DUMPABLE: u64 = 4;
const O_WRONLY: u64 = 1;
const O_PATH: u64 = 0o10_000_000;
const ETIMEDOUT: i64 = 110;
const EINVAL: i64 = -22;
/// What a child that was killed leaves: `EINTR`.
const INTERRUPTED: i64 = -4;
/// Seconds and nanoseconds.
const PATIENCE: [i64; 2] = [10, 0];

/// Performs the tape from where it stands until its end, an execve, or a demand that fails.
///
/// # Safety
///
/// `tape` points to a whole [`Tape`], mapped for reading and writing, that nobody else changes meanwhile.
pub(crate) unsafe fn perform(tape: *mut Tape, at_secure: u64) {
    // SAFETY: the caller's promise covers every place on the tape; indices are checked against its arrays.
    unsafe {
        // Where a child of `Apart` ends.
        let mut end = u64::MAX;
        loop {
            let index = read_volatile(addr_of!((*tape).next));
            if index == end {
                exit();
            }
            let length = read_volatile(addr_of!((*tape).length));
            if index >= length || index >= OPERATIONS as u64 {
                return;
            }
            write_volatile(addr_of_mut!((*tape).next), index + 1);
            if !perform_one(tape, index, at_secure, &mut end) {
                return;
            }
        }
    }
}

/// Performs the operation of this index; whether the tape may go on. A child of [`Kind::Apart`] learns where it ends.
///
/// # Safety
///
/// As for [`perform`]; the index is that of an operation.
unsafe fn perform_one(tape: *mut Tape, index: u64, at_secure: u64, end: &mut u64) -> bool {
    // SAFETY: the caller's promise covers every place on the tape; indices are checked against its arrays.
    unsafe {
        let operation = addr_of_mut!((*tape).operations).cast::<Operation>().add(index as usize);
        let mut arguments = (*operation).arguments;
        for (position, argument) in arguments.iter_mut().enumerate() {
            if (*operation).pointers >> position & 1 == 1 {
                *argument += addr_of!((*tape).data) as u64;
            }
        }
        let gate = (*operation).gate;
        let result = match (*operation).kind {
            Kind::Nothing => 0,
            Kind::Call | Kind::Demand => gate::enter(gate, (*operation).number as usize, arguments),
            Kind::RaiseGate => gate::raise(),
            Kind::Ask => ask::ask(operation),
            Kind::Execute => execute(gate, arguments[0]),
            Kind::Observe => {
                let state = (*operation).arguments[0] as usize % STATES;
                let state = addr_of_mut!((*tape).states).cast::<State>().add(state);
                observe(state, at_secure);
                match (*operation).arguments[1] {
                    0 => {}
                    watched => observe_file(addr_of_mut!((*state).file), watched),
                }
                0
            }
            Kind::ForkSharingFs => go_on_in_child(gate, CLONE_FS, tape, at_secure),
            Kind::Clone => go_on_in_child(gate, quietly(arguments[0]), tape, at_secure),
            Kind::KeepNamespace => {
                if result_before(tape, index) >= 0 {
                    leave_keeper(tape, arguments[1]);
                    keep_namespace(arguments[0])
                } else {
                    0
                }
            }
            Kind::Helper => start_helper(tape, index, arguments[0], arguments[1]),
            Kind::AwaitCue => wait_for_word(word(addr_of_mut!((*tape).cues), arguments[0]), core::ptr::null()),
            Kind::Cue => give_cue(tape, arguments[0], arguments[1]),
            Kind::WriteFile => {
                let keeper = match arguments[0] {
                    0 => None,
                    number => {
                        let place = addr_of!((*tape).keepers).cast::<i64>().add((number as usize - 1) % KEEPERS);
                        Some(read_volatile(place))
                    }
                };
                write_file(gate, keeper, arguments[1], arguments[2], arguments[3])
            }
            Kind::Socket => internet_socket(arguments[0]),
            Kind::StorePid => {
                let pid = syscall(nr::GETPID, [0; 6]);
                write_volatile(arguments[0] as *mut u32, pid as u32);
                pid
            }
            Kind::StorePointer => {
                write_volatile(arguments[0] as *mut u64, arguments[1]);
                0
            }
            Kind::Rest => {
                // From here on the tape is not read: it may be written anew.
                write_volatile(addr_of_mut!((*operation).result), 1);
                loop {
                    syscall(nr::PPOLL, [0; 6]);
                }
            }
            Kind::WriteContent => write_content(gate, arguments[0], arguments[1], arguments[2]),
            Kind::Apart => match syscall(nr::CLONE, [quietly(0) | SIGCHLD, 0, 0, 0, 0, 0]) {
                0 => {
                    *end = index + 1 + arguments[0];
                    0
                }
                child if child > 0 => {
                    // A filter ends the process of a step, and not only this child.
                    if wait_for(child as u64, tape) && read_volatile(addr_of!((*tape).filtered)) != 0 {
                        return false;
                    }
                    if read_volatile(addr_of!((*tape).broken)) != 0 {
                        return false;
                    }
                    let whole = read_volatile(addr_of!((*tape).next)) == index + 1 + arguments[0];
                    if whole { 0 } else { INTERRUPTED }
                }
                error => error,
            },
            Kind::CallOn => {
                arguments[0] = result_before(tape, index) as u64;
                gate::enter(gate, (*operation).number as usize, arguments)
            }
        };
        write_volatile(addr_of_mut!((*operation).result), result);
        let demanded = matches!(
            (*operation).kind,
            Kind::Demand
                | Kind::ForkSharingFs
                | Kind::Helper
                | Kind::Apart
                | Kind::Socket
                | Kind::RaiseGate
                | Kind::Ask
        );
        if demanded && result < 0 {
            write_volatile(addr_of_mut!((*tape).broken), index + 1);
            return false;
        }
        true
    }
}

/// A place in an array of words.
///
/// # Safety
///
/// `words` points to a whole array of them.
unsafe fn word(words: *mut [u32; HELPERS], index: u64) -> *mut u32 {
    // SAFETY: the index is within the array.
    unsafe { words.cast::<u32>().add(index as usize % HELPERS) }
}

/// Starts a helper and has the tape go on behind its operations. Gives its pid.
///
/// # Safety
///
/// As for [`perform`].
unsafe fn start_helper(tape: *mut Tape, index: u64, end: u64, number: u64) -> i64 {
    // SAFETY: clone takes no pointer; the helper has a copy of this stack. Indices are checked.
    unsafe {
        let child = syscall(nr::CLONE, [0; 6]);
        if child == 0 {
            let operations = index + 1..end.min(OPERATIONS as u64);
            // No operation of a helper is done apart.
            let mut never = u64::MAX;
            for operation in operations {
                if !perform_one(tape, operation, 2, &mut never) {
                    break;
                }
            }
            raise_word(word(addr_of_mut!((*tape).ended), number));
            exit();
        }
        write_volatile(addr_of_mut!((*tape).next), end);
        child
    }
}

/// Gives a helper its cue and waits until it has ended. Gives the result of one of its operations.
///
/// # Safety
///
/// As for [`perform`].
unsafe fn give_cue(tape: *mut Tape, number: u64, operation: u64) -> i64 {
    // SAFETY: the words are on the tape.
    unsafe {
        raise_word(word(addr_of_mut!((*tape).cues), number));
        let waited = wait_for_word(word(addr_of_mut!((*tape).ended), number), PATIENCE.as_ptr());
        if waited < 0 {
            return waited;
        }
        let operations = addr_of!((*tape).operations).cast::<Operation>();
        read_volatile(addr_of!((*operations.add(operation as usize % OPERATIONS)).result))
    }
}

/// Sets a word to 1 and wakes whoever waits for that.
///
/// # Safety
///
/// `word` points to a word of the tape.
unsafe fn raise_word(word: *mut u32) {
    const FUTEX_WAKE: u64 = 1;
    // SAFETY: the word is the caller's promise; all processes use it as an atomic one.
    unsafe {
        AtomicU32::from_ptr(word).store(1, Ordering::SeqCst);
        syscall(nr::FUTEX, [word as u64, FUTEX_WAKE, i32::MAX as u64, 0, 0, 0]);
    }
}

/// Waits until a word is not 0; an error once no change was seen for as long as `patience` says.
///
/// # Safety
///
/// `word` points to a word of the tape, `patience` to seconds and nanoseconds, or is null for ever.
unsafe fn wait_for_word(word: *mut u32, patience: *const i64) -> i64 {
    const FUTEX_WAIT: u64 = 0;
    // SAFETY: the pointers are the caller's promise.
    unsafe {
        while AtomicU32::from_ptr(word).load(Ordering::SeqCst) == 0 {
            let waited = syscall(nr::FUTEX, [word as u64, FUTEX_WAIT, 0, patience as u64, 0, 0]);
            if waited == -ETIMEDOUT {
                return waited;
            }
        }
    }
    0
}

/// Leaves a process like this one in its namespaces, which waits until it is killed. Its files in /proc belong to its
/// effective user.
///
/// # Safety
///
/// As for [`perform`].
unsafe fn leave_keeper(tape: *mut Tape, number: u64) {
    // SAFETY: neither call takes a pointer; the keeper has a copy of this stack. The index is within the array.
    unsafe {
        AtomicU32::from_ptr(addr_of_mut!((*tape).ready)).store(0, Ordering::SeqCst);
        let place = addr_of_mut!((*tape).keepers).cast::<i64>().add(number as usize % KEEPERS);
        let keeper = syscall(nr::CLONE, [0; 6]);
        if keeper == 0 {
            syscall(nr::PRCTL, [PR_SET_DUMPABLE, 1, 0, 0, 0, 0]);
            write_volatile(place, own_pid());
            raise_word(addr_of_mut!((*tape).ready));
            loop {
                wait_for_word(addr_of_mut!((*tape).never), core::ptr::null());
            }
        }
        if keeper > 0 {
            wait_for_word(addr_of_mut!((*tape).ready), PATIENCE.as_ptr());
        }
    }
}

/// The pid of this process in the harness's pid namespace, whichever it is in itself; an error of the call otherwise.
fn own_pid() -> i64 {
    let mut digits = [0u8; 20];
    let (path, place) = (c"self".as_ptr() as u64, digits.as_mut_ptr() as u64);
    // SAFETY: the path is a constant, the place as long as is said.
    let length = unsafe { syscall(nr::READLINKAT, [PROC_FD as u64, path, place, digits.len() as u64, 0, 0]) };
    if length < 0 {
        return length;
    }
    digits.iter().take(length as usize).fold(0, |pid, digit| pid * 10 + i64::from(digit - b'0'))
}

/// Writes to a file in `/proc/self` or of a keeper.
///
/// # Safety
///
/// `name` points to a string that ends with a zero byte, `text` to as many bytes as are said.
unsafe fn write_file(gate: Gate, keeper: Option<i64>, name: u64, text: u64, length: u64) -> i64 {
    let mut digits = [0u8; 21];
    // SAFETY: a number of 64 bits has at most 20 digits, so that the last byte stays 0; the others are the caller's promise.
    unsafe {
        let folder = match keeper {
            None => c"self".as_ptr() as u64,
            Some(pid) => {
                let mut rest = pid.unsigned_abs();
                let mut first = digits.as_mut_ptr().add(20);
                loop {
                    first = first.sub(1);
                    *first = b'0' + (rest % 10) as u8;
                    rest /= 10;
                    if rest == 0 {
                        break first as u64;
                    }
                }
            }
        };
        let folder = syscall(nr::OPENAT, [PROC_FD as u64, folder, O_PATH, 0, 0, 0]);
        if folder < 0 {
            return folder;
        }
        let opened = gate::enter(gate, nr::OPENAT, [folder as u64, name, O_WRONLY, 0, 0, 0]);
        syscall(nr::CLOSE, [folder as u64, 0, 0, 0, 0, 0]);
        if opened < 0 {
            return opened;
        }
        let written = gate::enter(gate, nr::WRITE, [opened as u64, text, length, 0, 0, 0]);
        syscall(nr::CLOSE, [opened as u64, 0, 0, 0, 0, 0]);
        written
    }
}

/// What the operation before returned.
///
/// # Safety
///
/// `tape` points to a whole [`Tape`], and `index` is that of one of its operations.
unsafe fn result_before(tape: *const Tape, index: u64) -> i64 {
    // SAFETY: the place before is one of the tape's too, or the first one.
    unsafe {
        let before = addr_of!((*tape).operations).cast::<Operation>().add(index.saturating_sub(1) as usize);
        read_volatile(addr_of!((*before).result))
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
/// The child shares this process's memory until it executes a program or ends, for a copy would cost more than the rest;
/// unless filters may kill it.
///
/// # Safety
///
/// As for [`perform`].
unsafe fn go_on_in_child(gate: Gate, flags: u64, tape: *mut Tape, at_secure: u64) -> i64 {
    // SAFETY: reading the tape is the caller's promise.
    let filtered = unsafe { read_volatile(addr_of!((*tape).filtered)) } != 0;
    let mut child = EINVAL;
    if !filtered {
        // SAFETY: as for this function; its caller's promise is the same.
        child = unsafe { go_on_sharing_memory(flags, tape, at_secure) };
    }
    if child == EINVAL {
        // Some releases let no memory be shared with a child in another time namespace; and what a filter kills may take
        // along whoever shares its memory.
        // SAFETY: clone takes no pointer; the child has a copy of this stack.
        child = unsafe { gate::enter(gate, nr::CLONE, [flags | SIGCHLD, 0, 0, 0, 0, 0]) };
        if child == 0 {
            go_on(tape as u64, at_secure);
        }
    }
    if child > 0 {
        wait_for(child as u64, tape);
        exit()
    }
    child
}

/// # Safety
///
/// As for [`perform`].
unsafe fn go_on_sharing_memory(flags: u64, tape: *mut Tape, at_secure: u64) -> i64 {
    // SAFETY: the child continues below everything on this stack, whose user sleeps meanwhile (CLONE_VFORK). It
    // performs the same tape, which is the caller's promise, and never returns.
    unsafe { sys::clone_below(flags | CLONE_VM | CLONE_VFORK | SIGCHLD, tape as u64, at_secure, go_on) }
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
    // SAFETY: the path is a constant.
    move_to(unsafe { syscall(nr::OPENAT, [PROC_FD as u64, path, 0, 0, 0, 0]) }, number)
}

/// A stream socket of the internet under this number.
fn internet_socket(number: u64) -> i64 {
    const AF_INET: u64 = 2;
    const SOCK_STREAM: u64 = 1;
    // SAFETY: it takes no pointer.
    move_to(unsafe { syscall(nr::SOCKET, [AF_INET, SOCK_STREAM, 0, 0, 0, 0]) }, number)
}

/// Moves a descriptor, unless it is an error, to another number.
fn move_to(opened: i64, number: u64) -> i64 {
    if opened < 0 {
        return opened;
    }
    // SAFETY: neither takes a pointer.
    unsafe {
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
unsafe fn execute(gate: Gate, path: u64) -> i64 {
    let argv = [path, 0];
    let envp = [0u64];
    // SAFETY: both lists end with a null pointer; the path is the caller's promise.
    unsafe { gate::enter(gate, nr::EXECVE, [path, argv.as_ptr() as u64, envp.as_ptr() as u64, 0, 0, 0]) }
}

/// # Safety
///
/// `path` points to a string that ends with a zero byte, `bytes` to as many bytes as `length` says.
unsafe fn write_content(gate: Gate, path: u64, bytes: u64, length: u64) -> i64 {
    const HERE: u64 = -100i64 as u64;
    const WRITE_ONLY: u64 = 1;
    // SAFETY: the pointers are the caller's promise.
    unsafe {
        let opened = gate::enter(gate, nr::OPENAT, [HERE, path, WRITE_ONLY, 0, 0, 0]);
        if opened < 0 {
            return opened;
        }
        let written = gate::enter(gate, nr::WRITE, [opened as u64, bytes, length, 0, 0, 0]);
        syscall(nr::CLOSE, [opened as u64, 0, 0, 0, 0, 0]);
        written
    }
}

/// Waits until the child has ended; if it is traced, lets it go on at every stop. Notes the signal that ended it; whether
/// there is one.
fn wait_for(child: u64, tape: *mut Tape) -> bool {
    let mut status = 0i32;
    loop {
        // SAFETY: the status is a place of this function.
        let waited = unsafe { syscall(nr::WAIT4, [child, (&raw mut status) as u64, WALL, 0, 0, 0]) };
        if waited < 0 || status & 0xff != 0x7f {
            let signal = if waited < 0 { 0 } else { status & 0x7f };
            if signal != 0 {
                // SAFETY: every caller has the tape.
                unsafe { write_volatile(addr_of_mut!((*tape).killed), signal as u32) };
            }
            return signal != 0;
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

/// What this process sees of the file that a descriptor is open on.
#[allow(dead_code, reason = "only the harness asks it")]
pub(crate) fn look_at(descriptor: i32) -> FileState {
    let mut file = State::NOTHING.file;
    // SAFETY: it is a place of this function.
    unsafe { observe_file(&raw mut file, descriptor as u64) };
    file
}

/// # Safety
///
/// `file` points to a place for a [`FileState`].
unsafe fn observe_file(file: *mut FileState, descriptor: u64) {
    const EMPTY_PATH: u64 = 0x1000;
    const BASIC_STATS: u64 = 0x7ff;
    /// Where `struct statx` has owner, group and mode, in words of four bytes; the same on every architecture.
    const UID: usize = 5;
    const GID: usize = 6;
    const MODE: usize = 7;
    let mut stat = MaybeUninit::<[u32; 64]>::uninit();
    let words = stat.as_mut_ptr().cast::<u32>();
    // SAFETY: statx writes 256 bytes, which the array has, and only what it wrote is read; fgetxattr writes no more than
    // it is told, which the field has.
    unsafe {
        let nothing = c"".as_ptr() as u64;
        (*file).statx = syscall(nr::STATX, [descriptor, nothing, EMPTY_PATH, BASIC_STATS, words as u64, 0]);
        if (*file).statx == 0 {
            (*file).uid = *words.add(UID);
            (*file).gid = *words.add(GID);
            // The field has two bytes, and those after it are zero.
            (*file).mode = *words.add(MODE) & 0o7777;
        }
        let name = c"security.capability".as_ptr() as u64;
        let value = addr_of_mut!((*file).attribute) as u64;
        (*file).attribute_size = syscall(nr::FGETXATTR, [descriptor, name, value, ATTRIBUTE as u64, 0, 0]);
    }
}

/// The inode of the thread's user namespace, where the kernel tells it without `/proc`, which takes several times as long.
fn user_namespace() -> Option<u64> {
    const PIDFD_GET_USER_NAMESPACE: u64 = 0xff09;
    const INODE: usize = 1;
    // More than a `struct stat`, whose second word is the inode.
    let mut stat = MaybeUninit::<[u64; 32]>::uninit();
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
