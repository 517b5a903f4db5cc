use alloc::vec::Vec;

use super::Called;
use super::set_id::demand_mapped;
use crate::capability::{CapSet, Capability};
use crate::credentials::{Credentials, Groups, Kgid, RawCredentials, Thread};
use crate::kernel::Errno;
use crate::outcome::{Outcome, Refusal, demand};
use crate::rule::{Condition, Effect, Witness, setid as rules};
use crate::system::System;

/// Decides setgroups(2). Groups are as the thread itself sees them, at most 65536.
///
/// ```
/// use sim_core::calls::setgroups;
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let refusal = setgroups(&System::default(), &user, &[27], &mut Silent).refusal().unwrap();
/// assert_eq!(refusal.rule.id, "setgroups.capability");
/// ```
pub fn setgroups<W: Witness>(system: &System, thread: &Thread, groups: &[u32], witness: &mut W) -> Outcome<Called> {
    decide(system, &thread.credentials, groups, witness).into()
}

fn decide<W: Witness>(
    system: &System,
    old: &Credentials,
    groups: &[u32],
    witness: &mut W,
) -> Result<Called, Refusal> {
    let (namespaces, ns) = (&system.user_namespaces, old.user_ns);
    let needed = Capability::SETGID;
    let capable = old.capable(needed);
    demand(capable, Errno::EPERM, &rules::GROUPS_CAPABILITY, needed.into(), Condition::SetidCapable, witness)?;
    let written = namespaces.has_gid_map(ns);
    demand(written, Errno::EPERM, &rules::GROUPS_MAP_UNWRITTEN, CapSet::EMPTY, Condition::GidMapWritten, witness)?;
    let allowed = !namespaces.setgroups_denied(ns);
    demand(allowed, Errno::EPERM, &rules::GROUPS_DENIED, CapSet::EMPTY, Condition::SetgroupsAllowed, witness)?;
    let mapped: Option<Vec<Kgid>> = groups.iter().map(|&group| namespaces.kgid(ns, group)).collect();
    demand_mapped(mapped.is_some(), &rules::GROUPS_UNMAPPED, witness)?;
    let groups = Groups::new(mapped.unwrap_or_default());
    let (before, after) = (old.groups.as_slice().len(), groups.as_slice().len());
    witness.applied(&rules::GROUPS_SETS, Effect::Groups { before, after });
    let new = RawCredentials { groups, ..RawCredentials::from(old.clone()) };
    Ok(Called { credentials: Credentials::after_transition(new), value: 0 })
}
