use super::demand_in_init;
use crate::capability::{CapSet, Capability};
use crate::credentials::Thread;
use crate::kernel::Errno;
use crate::outcome::{Outcome, demand};
use crate::rule::{Condition, Effect, Witness, system as rules};
use crate::system::System;

/// Decides init_module(2) on a kernel with modules: `CAP_SYS_MODULE` in `init`.
pub fn init_module<W: Witness>(system: &System, thread: &Thread, witness: &mut W) -> Outcome<()> {
    demand_in_init(system, thread, Capability::SYS_MODULE, Errno::EPERM, &rules::INIT_MODULE, witness).into()
}

/// Decides delete_module(2) on a kernel with modules: `CAP_SYS_MODULE` in `init`.
pub fn delete_module<W: Witness>(system: &System, thread: &Thread, witness: &mut W) -> Outcome<()> {
    demand_in_init(system, thread, Capability::SYS_MODULE, Errno::EPERM, &rules::DELETE_MODULE, witness).into()
}

/// Decides iopl(2) of a thread of level 0, on a kernel for x86.
///
/// ```
/// use sim_core::access::iopl;
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let raise = |level| iopl(&System::default(), &user, level, &mut Silent).refusal().map(|refusal| refusal.errno);
/// assert_eq!([0, 3, 4].map(raise), [None, Some(Errno::EPERM), Some(Errno::EINVAL)]);
/// ```
pub fn iopl<W: Witness>(system: &System, thread: &Thread, level: u32, witness: &mut W) -> Outcome<()> {
    let decide = |witness: &mut W| {
        let condition = Condition::LevelIsValid;
        demand(level <= 3, Errno::EINVAL, &rules::IOPL_INVALID, CapSet::EMPTY, condition, witness)?;
        if level == 0 {
            witness.applied(&rules::IOPL_UNCHANGED, Effect::Holds);
            return Ok(());
        }
        witness.not_applied(&rules::IOPL_UNCHANGED, Condition::LevelRises);
        demand_in_init(system, thread, Capability::SYS_RAWIO, Errno::EPERM, &rules::IOPL_SYS_RAWIO, witness)
    };
    decide(witness).into()
}

/// Decides ioperm(2) that turns ports on, on a kernel for x86: `CAP_SYS_RAWIO` in `init`.
pub fn ioperm<W: Witness>(system: &System, thread: &Thread, witness: &mut W) -> Outcome<()> {
    demand_in_init(system, thread, Capability::SYS_RAWIO, Errno::EPERM, &rules::IOPERM, witness).into()
}
