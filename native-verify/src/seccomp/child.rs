//! The child that performs a case, and the memory it shares with its parent.
//!
//! Once a filter is installed every call may be refused, or kill. So the child needs none: it makes the case's calls by
//! two routines of a few instructions, writes results into shared memory, never returns from its signal handler (that
//! would be a call), and ends by an invalid instruction.

use std::io;
use std::mem::size_of;
use std::ptr::{addr_of, addr_of_mut, null_mut};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, Ordering};

use sim_core::seccomp::ByteOrder;
use sim_core::seccomp::bpf::Instruction;

use super::company::{follow, keep_company, supervise, trace_me};
use super::steps::{Company, Entry, FORK, OTHER_THREAD, Pointer, Privilege, Seen, Step};
use crate::sys;

/// The most steps of a case.
pub(crate) const STEPS: usize = 48;
/// The most instructions of all programs of a case.
pub(crate) const INSTRUCTIONS: usize = 64 * 1024;

const SYS_SECCOMP: u64 = 317;
/// An address where nothing is.
const NOWHERE: u64 = 0x10;
const USER: u32 = 65_534;

/// `struct sock_fprog`.
#[derive(Clone, Copy)]
#[repr(C)]
struct Description {
    length: u16,
    instructions: u64,
}

/// A call to make, and what was seen of it.
#[derive(Clone, Copy)]
#[repr(C)]
struct Slot {
    int80: bool,
    registers: [u64; 7],
    /// 0 not performed, 1 returned, 2 trapped.
    state: u32,
    result: i64,
    errno: i32,
    number: i32,
    arch: u32,
    address: u64,
}

/// What parent and child share.
#[repr(C)]
pub(super) struct Board {
    count: usize,
    next: usize,
    /// The process that goes on in this one's place, if it has forked.
    forked: i64,
    /// Of the other thread: its id, if it is there.
    pub(super) other_thread: libc::pid_t,
    /// Whether it has installed its filter.
    pub(super) ready: AtomicBool,
    /// The first thread's id; the kernel clears it when that thread ends.
    pub(super) first_thread: AtomicI32,
    slots: [Slot; STEPS],
    descriptions: [Description; STEPS],
    instructions: [[u8; 8]; INSTRUCTIONS],
}

/// Where the handler finds the board.
static BOARD: AtomicPtr<Board> = AtomicPtr::new(null_mut());

/// Memory shared with children.
pub(crate) struct Stand {
    board: *mut Board,
}

/// What one child showed.
pub(crate) struct Performed {
    /// What was seen of each step.
    pub(crate) seen: Vec<Seen>,
}

impl Stand {
    pub(crate) fn new() -> io::Result<Self> {
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping anywhere; its zeros are a valid board.
        let memory = unsafe { libc::mmap(null_mut(), size_of::<Board>(), access, kind, -1, 0) };
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let board: *mut Board = memory.cast();
        BOARD.store(board, Ordering::Relaxed);
        // A process that a filter kills leaves no core.
        // SAFETY: it takes no pointer.
        unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) };
        Ok(Self { board })
    }

    /// Writes the steps down and gives the registers of each, which are what a filter is shown. `None` if they do not
    /// fit.
    pub(crate) fn write(&mut self, steps: &[Step]) -> Option<Vec<[u64; 7]>> {
        // SAFETY: the mapping lives as long as `self`, and no child uses it now.
        let board = unsafe { &mut *self.board };
        let (mut used, mut all) = (0, Vec::with_capacity(steps.len()));
        board.count = steps.len();
        for ((step, slot), description) in steps.iter().zip(&mut board.slots).zip(&mut board.descriptions) {
            let registers = match step {
                Step::Call { registers, .. } => *registers,
                Step::Seccomp { operation, flags, pointer } => {
                    let (length, instructions) = match pointer {
                        Pointer::Nowhere => (0, 0),
                        Pointer::Null { length } => (*length, 0),
                        Pointer::Fault { length } => (*length, NOWHERE),
                        Pointer::Instructions(program) => {
                            let place = board.instructions.get_mut(used..used + program.len())?;
                            for (bytes, instruction) in place.iter_mut().zip(program) {
                                *bytes = Instruction::to_bytes(*instruction, ByteOrder::Little);
                            }
                            used += program.len();
                            (u16::try_from(program.len()).ok()?, place.as_ptr().addr() as u64)
                        }
                    };
                    *description = Description { length, instructions };
                    let nowhere = *pointer == Pointer::Nowhere;
                    let argument = if nowhere { 0 } else { std::ptr::from_ref(description).addr() as u64 };
                    [SYS_SECCOMP, (*operation).into(), (*flags).into(), argument, 0, 0, 0]
                }
            };
            let int80 = matches!(step, Step::Call { entry: Entry::Int80, .. });
            *slot = Slot { int80, registers, state: 0, result: 0, errno: 0, number: 0, arch: 0, address: 0 };
            all.push(registers);
        }
        (all.len() == steps.len()).then_some(all)
    }

    /// Performs what was written, from the beginning, in a child.
    pub(crate) fn perform(&mut self, privilege: Privilege, company: Company) -> io::Result<Performed> {
        let board = self.board;
        // SAFETY: the mapping lives as long as `self`, and no child uses it now.
        unsafe {
            (*board).next = 0;
            (*board).other_thread = 0;
            (*board).forked = 0;
        }
        let child = sys::fork(|| {
            if let Err(code) = prepare(privilege) {
                return code;
            }
            let accompanied = match company {
                Company::Nobody | Company::Supervisor => true,
                Company::Tracer => trace_me(),
                Company::Thread => keep_company(board),
            };
            if !accompanied {
                return 6;
            }
            go_on(board)
        })?;
        let status = match company {
            Company::Tracer => follow(child)?,
            Company::Supervisor => supervise(child, board)?,
            Company::Nobody | Company::Thread => sys::wait(child)?,
        };
        // SAFETY: the child has ended, and wrote this before it did.
        let forked = unsafe { (*board).forked };
        let status = match libc::pid_t::try_from(forked) {
            Ok(forked) if forked > 0 => sys::wait(forked)?,
            _ => status,
        };
        // SAFETY: the child has ended.
        let board = unsafe { &*self.board };
        let other = board.other_thread;
        let mut seen: Vec<_> = board.slots.iter().take(board.count).map(|slot| slot.seen(other)).collect();
        if libc::WIFEXITED(status) {
            return Err(io::Error::other(format!("a child could not be prepared ({})", libc::WEXITSTATUS(status))));
        }
        let signal = libc::WTERMSIG(status);
        if let Some(last) = seen.get_mut(board.next) {
            *last = Seen::Died(signal);
        } else if signal != libc::SIGILL {
            return Err(io::Error::other(format!("a child ended with signal {signal} after its last step")));
        }
        Ok(Performed { seen })
    }
}

impl Board {
    /// What installations of filters with listeners have returned so far: descriptors, or numbers with which an earlier
    /// filter answered in their place.
    pub(super) fn listeners(&self) -> impl Iterator<Item = i64> {
        const LISTENER: u64 = 8;
        let asked = |slot: &&Slot| matches!(slot.registers, [SYS_SECCOMP, 1, flags, ..] if flags & LISTENER != 0);
        // SAFETY: it is a place of a board, which lasts; the child may write it meanwhile.
        let state = |slot: &Slot| unsafe { addr_of!(slot.state).read_volatile() };
        let slots = self.slots.iter().take(self.count).filter(asked);
        slots.filter(move |slot| state(slot) == 1 && slot.result >= 0).map(|slot| slot.result)
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this size, and nothing refers to it any more.
        unsafe { libc::munmap(self.board.cast(), size_of::<Board>()) };
    }
}

impl Slot {
    fn seen(&self, other_thread: libc::pid_t) -> Seen {
        let entry = if self.int80 { Entry::Int80 } else { Entry::Syscall };
        match self.state {
            0 => Seen::Nothing,
            1 if other_thread > 0 && self.result == i64::from(other_thread) => Seen::Returned(OTHER_THREAD.into()),
            1 => Seen::Returned(self.result),
            _ => Seen::Trapped {
                errno: self.errno,
                number: self.number,
                arch: self.arch,
                address_right: self.address == entry.return_address(),
            },
        }
    }
}

/// Becomes who performs the case, and catches SIGSYS. An exit code if that is not possible.
fn prepare(privilege: Privilege) -> Result<(), i32> {
    sys::die_with_parent();
    // SAFETY: zero is a valid value for every field.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = trapped as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER;
    // SAFETY: the action is whole and its handler has the signature that SA_SIGINFO asks for.
    let caught = unsafe { libc::sigaction(libc::SIGSYS, &raw const action, null_mut()) };
    if caught != 0 {
        return Err(3);
    }
    if privilege == Privilege::NoNewPrivs {
        // SAFETY: it takes no pointer.
        let set = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
        if set != 0 {
            return Err(4);
        }
    }
    if privilege != Privilege::Root {
        // SAFETY: it takes no pointer. Changing every id from 0 takes the capabilities too.
        let changed = unsafe { libc::setresuid(USER, USER, USER) };
        if changed != 0 {
            return Err(5);
        }
    }
    Ok(())
}

/// Performs the steps that are left, and ends the process.
fn go_on(board: *mut Board) -> ! {
    loop {
        // SAFETY: the board is a mapping that this process shares; its parent only waits. Indices are checked.
        unsafe {
            let next = (*board).next;
            if next >= (*board).count || next >= STEPS {
                // The only end that is no system call.
                core::arch::asm!("ud2", options(noreturn));
            }
            let slot = addr_of_mut!((*board).slots).cast::<Slot>().add(next);
            let registers = addr_of!((*slot).registers).cast::<u64>();
            let entry = if (*slot).int80 { Entry::Int80 } else { Entry::Syscall };
            let result = entry.enter(registers);
            if result > 0 && !(*slot).int80 && (*slot).registers == FORK {
                (*board).forked = result;
                core::arch::asm!("ud2", options(noreturn));
            }
            (*slot).result = result;
            (*slot).state = 1;
            (*board).next = next + 1;
        }
    }
}

/// The handler of SIGSYS: writes down what it was told and goes on with the next step, on the stack where it is, for to
/// return would be a call.
extern "C" fn trapped(_: libc::c_int, info: *const libc::siginfo_t, _: *const libc::c_void) {
    let board = BOARD.load(Ordering::Relaxed);
    // SAFETY: the kernel gives a whole siginfo_t of 128 bytes; SIGSYS has the address at 16, the number at 24 and the
    // architecture at 28. The board is a mapping that this process shares; the index is checked.
    unsafe {
        let next = (*board).next;
        if next < STEPS {
            let slot = addr_of_mut!((*board).slots).cast::<Slot>().add(next);
            let info = info.cast::<u8>();
            (*slot).errno = info.add(4).cast::<i32>().read_unaligned();
            (*slot).address = info.add(16).cast::<u64>().read_unaligned();
            (*slot).number = info.add(24).cast::<i32>().read_unaligned();
            (*slot).arch = info.add(28).cast::<u32>().read_unaligned();
            (*slot).state = 2;
            (*board).next = next + 1;
        }
    }
    go_on(board)
}
