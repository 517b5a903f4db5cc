use alloc::sync::Arc;
use alloc::vec::Vec;

use super::bpf::{Fault, Instruction, MAX_PATH, Program, check, weight};
use super::{Filter, Mode, Seccomp};
use crate::capability::{CapSet, Capability};
use crate::credentials::Thread;
use crate::kernel::{Errno, Release, changes};
use crate::outcome::{Outcome, Refusal, demand, refuse};
use crate::rule::{Condition, Effect, Rule, Witness, seccomp as rules};
use crate::system::System;

/// The flags of `SECCOMP_SET_MODE_FILTER`, `SECCOMP_FILTER_FLAG_*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u32);

impl Flags {
    /// Give every thread of the process the caller's filters.
    pub const TSYNC: Self = Self(0x01);
    /// Log every action but ALLOW when this filter wins.
    pub const LOG: Self = Self(0x02);
    /// Leave speculative store bypass as it is.
    pub const SPEC_ALLOW: Self = Self(0x04);
    /// Make a listener for `SECCOMP_RET_USER_NOTIF`.
    pub const NEW_LISTENER: Self = Self(0x08);
    /// Answer ESRCH instead of the id of a thread in the way.
    pub const TSYNC_ESRCH: Self = Self(0x10);
    /// Once the listener has received a notification, only fatal signals interrupt the call.
    pub const WAIT_KILLABLE_RECV: Self = Self(0x20);

    /// Whether all of `other` are among them.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that `release` knows.
    pub fn known_to(release: Release) -> Self {
        let later = [
            (Self::SPEC_ALLOW, &changes::SECCOMP_SPEC_ALLOW),
            (Self::NEW_LISTENER, &changes::SECCOMP_USER_NOTIF),
            (Self::TSYNC_ESRCH, &changes::SECCOMP_TSYNC_ESRCH),
            (Self::WAIT_KILLABLE_RECV, &changes::SECCOMP_WAIT_KILLABLE),
        ];
        let known = later.iter().filter(|(_, change)| release.has(change));
        known.fold(Self::TSYNC.with(Self::LOG), |all, (flag, _)| all.with(*flag))
    }
}

/// A call of seccomp(2) that sets the mode; `prctl(PR_SET_SECCOMP)` is the same without flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Install<'a> {
    /// What is asked for.
    pub operation: Operation<'a>,
    /// The flags.
    pub flags: Flags,
    /// The first other thread of the process, by its id, that is in strict mode or has a filter that the caller has
    /// not; only `TSYNC` looks at it.
    pub thread_in_the_way: Option<u32>,
}

/// The operations that set the mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation<'a> {
    /// `SECCOMP_SET_MODE_STRICT`.
    Strict {
        /// Whether the argument is a null pointer, as it must be.
        null: bool,
    },
    /// `SECCOMP_SET_MODE_FILTER`.
    Filter(ProgramPointer<'a>),
    /// An operation that the kernel does not know.
    Unknown,
}

/// What the argument of `SECCOMP_SET_MODE_FILTER` points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramPointer<'a> {
    /// Nothing that can be read.
    Fault,
    /// A `struct sock_fprog` with a length and a null pointer.
    Null {
        /// The length.
        length: u16,
    },
    /// A `struct sock_fprog` whose instructions cannot all be read.
    InstructionsFault {
        /// The length.
        length: u16,
    },
    /// A `struct sock_fprog` with these instructions.
    Instructions(&'a [Instruction]),
}

/// What an installation leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Mode and filters of the thread.
    pub state: Seccomp,
    /// With `TSYNC`, the id of the thread that stood in the way, which is what the call returns; nothing changed then.
    pub thread_in_the_way: Option<u32>,
}

impl<'a> Install<'a> {
    /// Installs a program without flags.
    pub fn filter(program: &'a Program) -> Self {
        Self::instructions(program.instructions())
    }

    /// Installs instructions, valid or not, without flags.
    pub const fn instructions(instructions: &'a [Instruction]) -> Self {
        let operation = Operation::Filter(ProgramPointer::Instructions(instructions));
        Self { operation, flags: Flags(0), thread_in_the_way: None }
    }

    /// Enters strict mode.
    pub const fn strict() -> Self {
        Self { operation: Operation::Strict { null: true }, flags: Flags(0), thread_in_the_way: None }
    }
}

/// Decides a call of seccomp(2) that sets the mode, in the kernel's order of checks.
///
/// ```
/// use sim_core::prelude::*;
/// use sim_core::seccomp::{Install, Seccomp, bpf::Instruction, install};
///
/// let user = Thread::from(Credentials::user(1000));
/// let allow = [Instruction::statement(0x06, 0x7fff_0000)];
/// let call = Install::instructions(&allow);
/// let refusal = install(&System::default(), &user, &Seccomp::default(), &call, &mut Silent).refusal().unwrap();
/// assert_eq!((refusal.errno, refusal.rule.id), (Errno::EACCES, "seccomp.privilege"));
/// ```
pub fn install<W: Witness>(
    system: &System,
    thread: &Thread,
    state: &Seccomp,
    call: &Install<'_>,
    witness: &mut W,
) -> Outcome<Installed> {
    match call.operation {
        Operation::Unknown => {
            Outcome::Refused(refuse(Errno::EINVAL, &rules::UNKNOWN_OPERATION, CapSet::EMPTY, witness))
        }
        Operation::Strict { null } => set_strict(state, null && call.flags == Flags(0), witness).into(),
        Operation::Filter(pointer) => set_filter(system, thread, state, call, pointer, witness).into(),
    }
}

/// Refuses with EINVAL unless it holds.
fn valid<W: Witness>(holds: bool, rule: &'static Rule, satisfied: Condition, witness: &mut W) -> Result<(), Refusal> {
    demand(holds, Errno::EINVAL, rule, CapSet::EMPTY, satisfied, witness)
}

fn set_strict<W: Witness>(state: &Seccomp, plain: bool, witness: &mut W) -> Result<Installed, Refusal> {
    witness.not_applied(&rules::UNKNOWN_OPERATION, Condition::OperationKnown);
    valid(plain, &rules::STRICT_ARGUMENTS, Condition::StrictArgumentsZero, witness)?;
    let free = state.mode != Mode::Filter;
    valid(free, &rules::MODE_FIXED, Condition::ModeMayBeSet, witness)?;
    witness.applied(&rules::STRICT_ENTERED, Effect::Holds);
    let state = Seccomp { mode: Mode::Strict, filters: Vec::new() };
    Ok(Installed { state, thread_in_the_way: None })
}

fn set_filter<W: Witness>(
    system: &System,
    thread: &Thread,
    state: &Seccomp,
    call: &Install<'_>,
    pointer: ProgramPointer<'_>,
    witness: &mut W,
) -> Result<Installed, Refusal> {
    let (release, none) = (system.release, CapSet::EMPTY);
    witness.not_applied(&rules::UNKNOWN_OPERATION, Condition::OperationKnown);
    check_flags(release, call.flags, witness)?;
    let instructions = read(thread, pointer, witness)?;
    let program = checked(instructions, witness)?;
    valid(state.mode != Mode::Strict, &rules::MODE_FIXED, Condition::ModeMayBeSet, witness)?;
    if rules::SECOND_LISTENER.applies_to(release) {
        let wanted = call.flags.contains(Flags::NEW_LISTENER);
        let single = !(wanted && state.filters.iter().any(|filter| filter.listener));
        demand(single, Errno::EBUSY, &rules::SECOND_LISTENER, none, Condition::NoListenerYet, witness)?;
    }
    let weight = weight(&program, release);
    let fits = weight.saturating_add(state.path_weight()) <= MAX_PATH;
    demand(fits, Errno::ENOMEM, &rules::PATH_LIMIT, none, Condition::PathShort, witness)?;
    if let Some(thread) = synchronise(call, witness)? {
        return Ok(Installed { state: state.clone(), thread_in_the_way: Some(thread) });
    }
    witness.applied(&rules::FILTER_INSTALLED, Effect::Holds);
    let mut state = Seccomp { mode: Mode::Filter, filters: state.filters.clone() };
    let (log, listener) = (call.flags.contains(Flags::LOG), call.flags.contains(Flags::NEW_LISTENER));
    state.filters.push(Filter { program: Arc::new(program), weight, log, listener });
    Ok(Installed { state, thread_in_the_way: None })
}

fn check_flags<W: Witness>(release: Release, flags: Flags, witness: &mut W) -> Result<(), Refusal> {
    let known = Flags::known_to(release).contains(flags);
    valid(known, &rules::UNKNOWN_FLAGS, Condition::FlagsKnown, witness)?;
    let both = flags.contains(Flags::TSYNC.with(Flags::NEW_LISTENER));
    if rules::TSYNC_AND_LISTENER.applies_to(release) {
        valid(!both, &rules::TSYNC_AND_LISTENER, Condition::NotListenerAndTsync, witness)?;
    }
    if rules::TSYNC_NEEDS_ESRCH.applies_to(release) {
        let told_apart = !both || flags.contains(Flags::TSYNC_ESRCH);
        valid(told_apart, &rules::TSYNC_NEEDS_ESRCH, Condition::TsyncEsrchGiven, witness)?;
    }
    if rules::WAIT_KILLABLE_NEEDS_LISTENER.applies_to(release) {
        let sense = !flags.contains(Flags::WAIT_KILLABLE_RECV) || flags.contains(Flags::NEW_LISTENER);
        valid(sense, &rules::WAIT_KILLABLE_NEEDS_LISTENER, Condition::NotWaitKillable, witness)?;
    }
    Ok(())
}

/// `seccomp_prepare_user_filter`, until the instructions are read.
fn read<'a, W: Witness>(
    thread: &Thread,
    pointer: ProgramPointer<'a>,
    witness: &mut W,
) -> Result<&'a [Instruction], Refusal> {
    let none = CapSet::EMPTY;
    let length = match pointer {
        ProgramPointer::Fault => return Err(refuse(Errno::EFAULT, &rules::DESCRIPTION_FAULT, none, witness)),
        ProgramPointer::Null { length } | ProgramPointer::InstructionsFault { length } => usize::from(length),
        ProgramPointer::Instructions(instructions) => instructions.len(),
    };
    witness.not_applied(&rules::DESCRIPTION_FAULT, Condition::ProgramDescribed);
    let possible = (1..=Program::MAX_LENGTH).contains(&length);
    valid(possible, &rules::LENGTH, Condition::ProgramLengthValid, witness)?;
    let (credentials, needed) = (&thread.credentials, Capability::SYS_ADMIN);
    let privileged = credentials.capable(needed);
    let satisfied = if credentials.no_new_privs { Condition::NoNewPrivsSet } else { Condition::SysAdminEffective };
    let allowed = credentials.no_new_privs || privileged;
    demand(allowed, Errno::EACCES, &rules::PRIVILEGE, needed.into(), satisfied, witness)?;
    if let ProgramPointer::Null { .. } = pointer {
        return Err(refuse(Errno::EINVAL, &rules::NO_INSTRUCTIONS, none, witness));
    }
    witness.not_applied(&rules::NO_INSTRUCTIONS, Condition::ProgramGiven);
    let ProgramPointer::Instructions(instructions) = pointer else {
        return Err(refuse(Errno::EFAULT, &rules::INSTRUCTIONS_FAULT, none, witness));
    };
    witness.not_applied(&rules::INSTRUCTIONS_FAULT, Condition::ProgramReadable);
    Ok(instructions)
}

fn checked<W: Witness>(instructions: &[Instruction], witness: &mut W) -> Result<Program, Refusal> {
    let fault: Option<Fault> = check(instructions).err().map(|error| error.fault);
    let classic = !fault.is_some_and(Fault::is_classic);
    valid(classic, &rules::INVALID_PROGRAM, Condition::ProgramValid, witness)?;
    match Program::check(instructions.to_vec()) {
        Ok(program) => {
            witness.not_applied(&rules::RESTRICTED_PROGRAM, Condition::ProgramRestricted);
            Ok(program)
        }
        Err(_) => Err(refuse(Errno::EINVAL, &rules::RESTRICTED_PROGRAM, CapSet::EMPTY, witness)),
    }
}

/// The thread that stands in the way of `TSYNC`, unless ESRCH is the answer.
fn synchronise<W: Witness>(call: &Install<'_>, witness: &mut W) -> Result<Option<u32>, Refusal> {
    let rule = &rules::THREAD_IN_THE_WAY;
    if !call.flags.contains(Flags::TSYNC) {
        witness.not_applied(rule, Condition::NotSynchronised);
        return Ok(None);
    }
    match call.thread_in_the_way {
        None => {
            witness.not_applied(rule, Condition::NoThreadInTheWay);
            Ok(None)
        }
        Some(_) if call.flags.contains(Flags::TSYNC_ESRCH) => Err(refuse(Errno::ESRCH, rule, CapSet::EMPTY, witness)),
        Some(thread) => {
            witness.applied(rule, Effect::Returns(thread.into()));
            Ok(Some(thread))
        }
    }
}
