//! Namespaces of the kinds beside the user namespace, made by unshare(2) and clone(2).

use crate::capability::{CapSet, Capability};
use crate::credentials::{NamespaceKind, NamespaceKinds, Thread, UserNamespaces, UserNs, ns_capable};
use crate::kernel::{Errno, changes};
use crate::outcome::{Refusal, demand, refuse};
use crate::rule::{Condition, Effect, Witness, namespace as rules};
use crate::system::System;

/// `check_unshare_flags`: the flag is unknown to releases without time namespaces.
pub(super) fn demand_time_namespaces<W: Witness>(
    system: &System,
    kinds: NamespaceKinds,
    witness: &mut W,
) -> Result<(), Refusal> {
    if kinds.contains(NamespaceKind::Time) && !system.release.has(&changes::TIME_NAMESPACES) {
        return Err(refuse(Errno::EINVAL, &rules::NO_TIME_NAMESPACES, CapSet::EMPTY, witness));
    }
    Ok(())
}

/// The kinds that clone(2) sees among the flags.
pub(super) fn without_time<W: Witness>(kinds: NamespaceKinds, witness: &mut W) -> NamespaceKinds {
    if kinds.contains(NamespaceKind::Time) {
        witness.applied(&rules::CLONE_TIME_FLAG, Effect::Holds);
    }
    kinds.without(NamespaceKind::Time)
}

/// `create_new_namespaces`, if any are asked for: for `thread`, which may be in the user namespace just `made`, on behalf
/// of `caller`. Pid and time namespaces are only permitted here: who enters them, and when, depends on the call.
pub(super) fn create_namespaces<W: Witness>(
    system: &System,
    made: Option<&(UserNamespaces, UserNs)>,
    caller: &Thread,
    thread: &mut Thread,
    kinds: NamespaceKinds,
    witness: &mut W,
) -> Result<(), Refusal> {
    if kinds.is_empty() {
        return Ok(());
    }
    let namespaces = made.map_or(&system.user_namespaces, |(namespaces, _)| namespaces);
    let (owner, needed) = (thread.credentials.user_ns, Capability::SYS_ADMIN);
    if !ns_capable(namespaces, &caller.credentials, owner, needed) {
        return Err(refuse(Errno::EPERM, &rules::SYS_ADMIN, needed.into(), witness));
    }
    witness.applied(&rules::SYS_ADMIN, Effect::Holds);
    if kinds.contains(NamespaceKind::Pid) {
        let first = caller.namespaces.pid_for_children.is_none();
        demand(first, Errno::EINVAL, &rules::PID_TWICE, CapSet::EMPTY, Condition::NoPidNamespaceWaiting, witness)?;
    }
    witness.applied(&rules::OWNER, Effect::Holds);
    let new = &mut thread.namespaces;
    for (kind, place) in [
        (NamespaceKind::Mount, &mut new.mount),
        (NamespaceKind::Uts, &mut new.uts),
        (NamespaceKind::Ipc, &mut new.ipc),
        (NamespaceKind::Cgroup, &mut new.cgroup),
        (NamespaceKind::Network, &mut new.network),
    ] {
        if kinds.contains(kind) {
            *place = owner;
        }
    }
    new.first_network &= !kinds.contains(NamespaceKind::Network);
    Ok(())
}

/// What a child of clone(2) enters: the pid namespace made for it, or those that an unshare(2) before left for children.
pub(super) fn enter_those_for_children<W: Witness>(child: &mut Thread, kinds: NamespaceKinds, witness: &mut W) {
    let user_ns = child.credentials.user_ns;
    let new = &mut child.namespaces;
    if kinds.contains(NamespaceKind::Pid) {
        new.pid = user_ns;
        new.first_pid = false;
    }
    let (pid, time) = (new.pid_for_children.take(), new.time_for_children.take());
    if pid.is_some() || time.is_some() {
        witness.applied(&rules::CHILD_ENTERS, Effect::Holds);
        new.first_pid &= pid.is_none();
        new.pid = pid.unwrap_or(new.pid);
        new.time = time.unwrap_or(new.time);
    }
}
