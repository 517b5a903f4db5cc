//! What a case consists of, and what can be seen of a step.

use std::fmt;

use sim_core::seccomp::bpf::Instruction;
use sim_core::seccomp::{ByteOrder, text};

/// Who performs the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Privilege {
    /// Root with every capability.
    Root,
    /// User 65534 with no_new_privs.
    NoNewPrivs,
    /// User 65534 without.
    Nothing,
}

/// Who else is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Company {
    /// Nobody.
    Nobody,
    /// A tracer that is asked by `SECCOMP_RET_TRACE`: it skips the call and answers with [`TRACED`] and the event's message.
    Tracer,
    /// A supervisor, who takes the listener of the first filter that has one, and answers with [`SUPERVISED`] and the
    /// number of the call.
    Supervisor,
    /// Another thread, with a filter of its own that allows everything; it stands in the way of `TSYNC`. If it is left
    /// alone it ends the process by SIGILL.
    Thread,
}

/// What a tracer adds the message to.
pub(crate) const TRACED: i64 = 0x10_0000;

/// What a supervisor adds the lower half of the number to.
pub(crate) const SUPERVISED: i64 = 0x30_0000;

/// How the other thread's id is shown, which is another each time.
pub(crate) const OTHER_THREAD: u32 = 0x20_0000;

/// How a call enters the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Entry {
    /// The instruction `syscall`, with numbers of the x86_64 and the x32 table.
    Syscall,
    /// The instruction `int 0x80`, with numbers of the i386 table.
    Int80,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// seccomp(2).
    Seccomp {
        /// The first argument.
        operation: u32,
        /// The flags.
        flags: u32,
        /// What the third argument points to.
        pointer: Pointer,
    },
    /// A call: the registers for the number and the six arguments. After [`FORK`] the new process goes on.
    Call { entry: Entry, registers: [u64; 7] },
}

/// What the third argument of seccomp(2) points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pointer {
    /// It is null.
    Nowhere,
    /// A description with a null pointer.
    Null { length: u16 },
    /// A description with a pointer to nothing.
    Fault { length: u16 },
    /// Instructions.
    Instructions(Vec<Instruction>),
}

/// clone as fork, but with the same parent, as whose child the new process can be waited for, and which `getppid` shows.
/// A case has it once at most.
// CLONE_PARENT and SIGCHLD.
pub(crate) const FORK: [u64; 7] = [56, 0x8000 | 0x11, 0, 0, 0, 0, 0];

/// A case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) privilege: Privilege,
    pub(crate) company: Company,
    pub(crate) steps: Vec<Step>,
}

/// What is seen of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It was not performed.
    Nothing,
    /// It returned.
    Returned(i64),
    /// SIGSYS came, with `si_errno`, `si_syscall` and `si_arch`, and whether `si_call_addr` was behind the instruction.
    Trapped { errno: i32, number: i32, arch: u32, address_right: bool },
    /// The process ended with this signal.
    Died(i32),
}

/// Reads like a scenario's steps, filters as listings.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "as {:?}, in the company of {:?}:", self.privilege, self.company)?;
        for (index, step) in self.steps.iter().enumerate() {
            match step {
                Step::Call { entry, registers } => writeln!(f, "{index}: {entry:?} {registers:x?}")?,
                Step::Seccomp { operation, flags, pointer: Pointer::Instructions(program) } => {
                    writeln!(f, "{index}: seccomp({operation}, {flags:#x}, {} instructions)", program.len())?;
                    let shown = program.get(..program.len().min(64)).unwrap_or_default();
                    f.write_str(&text::disassemble(shown, ByteOrder::Little))?;
                }
                Step::Seccomp { operation, flags, pointer } => {
                    writeln!(f, "{index}: seccomp({operation}, {flags:#x}, {pointer:?})")?;
                }
            }
        }
        Ok(())
    }
}
