use super::{demand_capability, demand_in_sight};
use crate::capability::{CapSet, Capability};
use crate::credentials::{Credentials, Thread};
use crate::kernel::Errno;
use crate::outcome::{Outcome, Refusal, demand};
use crate::rule::{Condition, Effect, Rule, Witness, process as rules};
use crate::system::System;

/// A process that somebody wants to trace.
#[derive(Clone, Copy, Debug)]
pub struct Tracee<'a> {
    /// Its credentials. It executed its program in the user namespace that it is in.
    pub credentials: &'a Credentials,
    /// `PR_GET_DUMPABLE` is 1.
    pub dumpable: bool,
    /// Somebody traces it already.
    pub traced: bool,
}

/// Decides whether a thread may attach to another process with ptrace(2).
///
/// ```
/// use sim_core::access::{Tracee, ptrace};
/// use sim_core::prelude::*;
///
/// let (own, root) = (Credentials::user(1000), Credentials::root(System::default().capabilities()));
/// let tracee = |credentials| Tracee { credentials, dumpable: true, traced: false };
/// let user = Thread::from(own.clone());
/// assert_eq!(ptrace(&System::default(), &user, tracee(&own), &mut Silent).refusal(), None);
/// assert!(ptrace(&System::default(), &user, tracee(&root), &mut Silent).refusal().is_some());
/// ```
pub fn ptrace<W: Witness>(system: &System, thread: &Thread, target: Tracee<'_>, witness: &mut W) -> Outcome<()> {
    decide(system, thread, target, witness).into()
}

fn decide<W: Witness>(system: &System, thread: &Thread, target: Tracee<'_>, witness: &mut W) -> Result<(), Refusal> {
    demand_in_sight(thread, witness)?;
    let (own, its) = (&thread.credentials, target.credentials);
    let demand_sys_ptrace = |rule: &'static Rule, witness: &mut W| {
        demand_capability(system, thread, its.user_ns, Capability::SYS_PTRACE, Errno::EPERM, rule, witness)
    };
    // `__ptrace_may_access`
    let uids = [its.uid.effective, its.uid.saved, its.uid.real];
    let gids = [its.gid.effective, its.gid.saved, its.gid.real];
    if uids == [own.uid.real; 3] && gids == [own.gid.real; 3] {
        witness.applied(&rules::PTRACE_SAME_IDS, Effect::Holds);
        witness.not_applied(&rules::PTRACE_OTHER_IDS, Condition::SameIds);
    } else {
        witness.not_applied(&rules::PTRACE_SAME_IDS, Condition::OtherIds);
        demand_sys_ptrace(&rules::PTRACE_OTHER_IDS, witness)?;
    }
    if target.dumpable {
        witness.not_applied(&rules::PTRACE_NOT_DUMPABLE, Condition::Dumpable);
    } else {
        demand_sys_ptrace(&rules::PTRACE_NOT_DUMPABLE, witness)?;
    }
    // `cap_ptrace_access_check`
    if its.user_ns == own.user_ns && its.permitted.is_subset(own.permitted) {
        witness.applied(&rules::PTRACE_WITHIN_PERMITTED, Effect::Holds);
        witness.not_applied(&rules::PTRACE_MORE_PERMITTED, Condition::WithinPermitted);
    } else {
        witness.not_applied(&rules::PTRACE_WITHIN_PERMITTED, Condition::MorePermitted);
        demand_sys_ptrace(&rules::PTRACE_MORE_PERMITTED, witness)?;
    }
    let (free, rule) = (!target.traced, &rules::PTRACE_TRACED);
    demand(free, Errno::EPERM, rule, CapSet::EMPTY, Condition::NotAlreadyTraced, witness)
}
