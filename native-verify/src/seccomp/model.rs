//! What the model says of a case.

use std::collections::BTreeSet;

use sim_core::credentials::{Credentials, RawCredentials, Thread};
use sim_core::kernel::Errno;
use sim_core::outcome::Outcome;
use sim_core::rule::{Condition, Effect, Rule, Witness};
use sim_core::seccomp::{
    Fate, Flags, Install, Mode, Operation, ProgramPointer, Seccomp, SeccompData, install, judge,
};
use sim_core::system::System;

use super::steps::{Case, Company, Entry, FORK, OTHER_THREAD, Pointer, Privilege, SUPERVISED, Step, TRACED};
use crate::machine::Machine;

/// What the model expects of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// The call itself decides.
    Runs {
        /// Whether seccomp was asked before.
        asked: bool,
    },
    /// It returns this.
    Returns(i64),
    /// It returns a new descriptor.
    Descriptor,
    /// SIGSYS with this as `si_errno`.
    Trapped(u16),
    /// The process ends with this signal.
    Dies(i32),
    /// A listener would be waited for: it cannot be performed.
    Waits,
}

/// The model's state in the middle of a case.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    company: Company,
    system: System,
    thread: Thread,
    state: Seccomp,
}

/// Keeps which rules applied, without order.
#[derive(Debug, Default)]
pub(crate) struct Rules(pub(crate) BTreeSet<&'static str>);

impl Witness for Rules {
    fn applied(&mut self, rule: &'static Rule, _: Effect) {
        self.0.insert(rule.id);
    }

    fn not_applied(&mut self, _: &'static Rule, _: Condition) {}
}

impl Model {
    pub(crate) fn new(machine: &Machine, &Case { privilege, company, .. }: &Case) -> Self {
        let user =
            RawCredentials { no_new_privs: privilege == Privilege::NoNewPrivs, ..RawCredentials::user(65_534) };
        let credentials = match privilege {
            Privilege::Root => Credentials::root(machine.capabilities),
            // Without sets there is nothing that could be invalid.
            _ => Credentials::try_from(user).unwrap_or_else(|_| Credentials::user(65_534)),
        };
        let system = System { release: machine.release, ..System::default() };
        Self { company, system, thread: Thread::from(credentials), state: Seccomp::default() }
    }

    /// Judges a step, with the registers that it is made with, and goes on to the state after it.
    pub(crate) fn step(&mut self, step: &Step, registers: &[u64; 7], rules: &mut Rules) -> Expected {
        let entry = match step {
            Step::Call { entry, .. } => *entry,
            Step::Seccomp { .. } => Entry::Syscall,
        };
        let [number, args @ ..] = *registers;
        let data = SeccompData {
            nr: u32::try_from(number & 0xffff_ffff).unwrap_or_default(),
            arch: entry.architecture(),
            instruction_pointer: entry.return_address(),
            args,
        };
        let alone = self.company != Company::Thread;
        match judge(&self.system, &self.state, &data, self.company == Company::Tracer, rules) {
            Fate::Returns(value) => Expected::Returns(value.into()),
            Fate::Trapped(errno) => Expected::Trapped(errno),
            Fate::ThreadKilled | Fate::StrictlyKilled if !alone => Expected::Dies(libc::SIGILL),
            Fate::ThreadKilled | Fate::ProcessKilled => Expected::Dies(libc::SIGSYS),
            Fate::StrictlyKilled => Expected::Dies(libc::SIGKILL),
            Fate::AsksTracer(message) => Expected::Returns(TRACED + i64::from(message)),
            Fate::AsksListener(_) if self.company == Company::Supervisor => {
                Expected::Returns(SUPERVISED + i64::from(data.nr & 0xffff))
            }
            Fate::AsksListener(_) => Expected::Waits,
            Fate::Runs => match step {
                Step::Call { .. } if entry == Entry::Syscall && *registers == FORK => {
                    self.state = self.state.forked(rules);
                    Expected::Returns(0)
                }
                Step::Call { .. } => Expected::Runs { asked: self.state.mode() != Mode::Disabled },
                Step::Seccomp { operation, flags, pointer } => self.install(*operation, *flags, pointer, rules),
            },
        }
    }

    fn install(&mut self, operation: u32, flags: u32, pointer: &Pointer, rules: &mut Rules) -> Expected {
        let target = match pointer {
            Pointer::Nowhere => ProgramPointer::Fault,
            Pointer::Null { length } => ProgramPointer::Null { length: *length },
            Pointer::Fault { length } => ProgramPointer::InstructionsFault { length: *length },
            Pointer::Instructions(program) => ProgramPointer::Instructions(program),
        };
        let operation = match operation {
            0 => Operation::Strict { null: *pointer == Pointer::Nowhere },
            1 => Operation::Filter(target),
            _ => Operation::Unknown,
        };
        let thread_in_the_way = (self.company == Company::Thread).then_some(OTHER_THREAD);
        let call = Install { operation, flags: Flags(flags), thread_in_the_way };
        match install(&self.system, &self.thread, &self.state, &call, rules) {
            Outcome::Granted(installed) => {
                self.state = installed.state;
                if let Some(thread) = installed.thread_in_the_way {
                    return Expected::Returns(thread.into());
                }
                let listener = call.flags.contains(Flags::NEW_LISTENER) && operation != Operation::Unknown;
                if listener && self.system.release.has(&sim_core::kernel::changes::SECCOMP_USER_NOTIF) {
                    Expected::Descriptor
                } else {
                    Expected::Returns(0)
                }
            }
            Outcome::Refused(refusal) => Expected::Returns(-i64::from(Errno::number(refusal.errno))),
        }
    }
}
