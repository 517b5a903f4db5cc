use super::namespaces::{create_namespaces, demand_time_namespaces, enter_those_for_children, without_time};
use crate::capability::{CapSet, Capability};
use crate::credentials::{
    Credentials, NamespaceKind, NamespaceKinds, RawCredentials, Securebits, Thread, UserNamespaces, UserNs,
    ns_capable,
};
use crate::kernel::Errno;
use crate::outcome::{Outcome, Refusal, demand, refuse};
use crate::rule::{Condition, Effect, Flow, SetName, Witness, namespace as namespace_rules, user_namespace as rules};
use crate::system::System;

/// Which parts of a thread's context a call makes anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CloneFlags {
    /// `CLONE_NEWUSER`.
    pub new_user: bool,
    /// The flags of the other kinds of namespaces.
    pub kinds: NamespaceKinds,
    /// `CLONE_FS`: for clone, that the filesystem context is shared; for unshare, that it is no longer.
    pub fs: bool,
}

/// What a call that makes or enters a user namespace leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entered {
    /// The thread that goes on: after clone, the child.
    pub thread: Thread,
    /// If a namespace was made: the system's with it, and the new one.
    pub made: Option<(UserNamespaces, UserNs)>,
}

/// Decides unshare(2) by a process of one thread.
///
/// ```
/// use sim_core::calls::{CloneFlags, unshare};
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let flags = CloneFlags { new_user: true, ..CloneFlags::default() };
/// let entered = unshare(&System::default(), &user, flags, &mut Silent).granted().unwrap();
/// assert!(entered.thread.credentials.effective.contains(Capability::SYS_ADMIN));
/// let (namespaces, made) = entered.made.unwrap();
/// assert_eq!(namespaces.uid(made, 1000.into()), None, "not mapped yet");
/// ```
pub fn unshare<W: Witness>(system: &System, thread: &Thread, flags: CloneFlags, witness: &mut W) -> Outcome<Entered> {
    let decide = |witness: &mut W| {
        demand_time_namespaces(system, flags.kinds, witness)?;
        let (old, mut thread) = (thread, thread.clone());
        if !thread.shares_fs {
            witness.not_applied(&rules::UNSHARE_FILESYSTEM, Condition::FsNotShared);
        } else if flags.fs || flags.new_user || flags.kinds.contains(NamespaceKind::Mount) {
            witness.applied(&rules::UNSHARE_FILESYSTEM, Effect::Holds);
            thread.shares_fs = false;
        } else {
            witness.not_applied(&rules::UNSHARE_FILESYSTEM, Condition::FsNotAskedFor);
        }
        let made = create_if(flags.new_user, system, &mut thread, witness)?;
        create_namespaces(system, made.as_ref(), old, &mut thread, flags.kinds, witness)?;
        if flags.kinds.contains(NamespaceKind::Pid) {
            witness.applied(&namespace_rules::FOR_CHILDREN, Effect::Holds);
            thread.namespaces.pid_for_children = Some(thread.credentials.user_ns);
        }
        if flags.kinds.contains(NamespaceKind::Time) {
            witness.applied(&namespace_rules::FOR_CHILDREN, Effect::Holds);
            thread.namespaces.time_for_children = Some(thread.credentials.user_ns);
        }
        Ok(Entered { thread, made })
    };
    decide(witness).into()
}

/// Decides clone(2); the thread that goes on is the child.
pub fn clone<W: Witness>(system: &System, thread: &Thread, flags: CloneFlags, witness: &mut W) -> Outcome<Entered> {
    let decide = |witness: &mut W| {
        let kinds = without_time(system, flags.kinds, witness)?;
        let apart = !(kinds.contains(NamespaceKind::Mount) && flags.fs);
        let rule = &namespace_rules::MOUNT_SHARED_FS;
        demand(apart, Errno::EINVAL, rule, CapSet::EMPTY, Condition::NotBothMountFlags, witness)?;
        let allowed = !(flags.new_user && flags.fs);
        demand(allowed, Errno::EINVAL, &rules::CLONE_SHARED_FS, CapSet::EMPTY, Condition::NotBothFlags, witness)?;
        let mut child = Thread { shares_fs: flags.fs, tracer: None, ..thread.clone() };
        witness.applied(&rules::CLONE_CHILD, Effect::Holds);
        let made = create_if(flags.new_user, system, &mut child, witness)?;
        create_namespaces(system, made.as_ref(), thread, &mut child, kinds, witness)?;
        enter_those_for_children(&mut child, kinds, witness);
        Ok(Entered { thread: child, made })
    };
    decide(witness).into()
}

/// Decides setns(2) to a user namespace, by a process of one thread. `None` is a descriptor that is not open.
pub fn setns<W: Witness>(
    system: &System,
    thread: &Thread,
    target: Option<UserNs>,
    witness: &mut W,
) -> Outcome<Entered> {
    let decide = |witness: &mut W| {
        let Some(target) = target else {
            return Err(refuse(Errno::EBADF, &rules::SETNS_BAD_DESCRIPTOR, CapSet::EMPTY, witness));
        };
        witness.not_applied(&rules::SETNS_BAD_DESCRIPTOR, Condition::DescriptorOpen);
        let (old, none) = (&thread.credentials, CapSet::EMPTY);
        let other = target != old.user_ns;
        demand(other, Errno::EINVAL, &rules::SETNS_SAME, none, Condition::AnotherNamespace, witness)?;
        let alone = !thread.shares_fs;
        demand(alone, Errno::EINVAL, &rules::SETNS_SHARED_FS, none, Condition::FsNotShared, witness)?;
        let needed = Capability::SYS_ADMIN;
        let capable = ns_capable(&system.user_namespaces, old, target, needed);
        let rule = &rules::SETNS_SYS_ADMIN;
        demand(capable, Errno::EPERM, rule, needed.into(), Condition::SysAdminInTarget, witness)?;
        let mut thread = thread.clone();
        enter(system, &mut thread, target, witness);
        Ok(Entered { thread, made: None })
    };
    decide(witness).into()
}

/// `create_user_ns`, if a new namespace is asked for.
fn create_if<W: Witness>(
    wanted: bool,
    system: &System,
    thread: &mut Thread,
    witness: &mut W,
) -> Result<Option<(UserNamespaces, UserNs)>, Refusal> {
    if !wanted {
        return Ok(None);
    }
    let (old, namespaces, none) = (&thread.credentials, &system.user_namespaces, CapSet::EMPTY);
    let (parent, owner) = (old.user_ns, old.uid.effective);
    let nests = namespaces.can_nest_in(parent);
    demand(nests, Errno::ENOSPC, &rules::TOO_DEEP, none, Condition::NotTooDeep, witness)?;
    demand(!thread.chrooted, Errno::EPERM, &rules::CHROOTED, none, Condition::NotChrooted, witness)?;
    let mapped = namespaces.uid(parent, owner).is_some() && namespaces.gid(parent, old.gid.effective).is_some();
    demand(mapped, Errno::EPERM, &rules::UNMAPPED_CREATOR, none, Condition::CreatorMapped, witness)?;
    let mut namespaces = namespaces.clone();
    // Refused above if there is no room.
    let made = namespaces.add_made_by(old).unwrap_or(parent);
    enter(system, thread, made, witness);
    Ok(Some((namespaces, made)))
}

/// `set_cred_user_ns`: what entering a user namespace does to the credentials.
fn enter<W: Witness>(system: &System, thread: &mut Thread, target: UserNs, witness: &mut W) {
    let all = system.capabilities();
    let old = RawCredentials::from(thread.credentials.clone());
    for (set, held) in
        [(SetName::Permitted, old.permitted), (SetName::Effective, old.effective), (SetName::Bounding, old.bounding)]
    {
        let flow = Flow { into: set, from: [None; 2], given: all, removed: held - all, withheld: CapSet::EMPTY };
        witness.applied(&rules::FULL_SETS, Effect::Bits(flow));
    }
    witness.applied(&rules::CLEARED_SETS, Flow::remove(SetName::Inheritable, old.inheritable));
    witness.applied(&rules::CLEARED_SETS, Flow::remove(SetName::Ambient, old.ambient));
    let (before, after) = (old.securebits, Securebits::EMPTY);
    witness.applied(&rules::SECUREBITS_RESET, Effect::Securebits { before, after });
    thread.credentials = Credentials::after_transition(RawCredentials {
        permitted: all,
        effective: all,
        bounding: all,
        inheritable: CapSet::EMPTY,
        ambient: CapSet::EMPTY,
        securebits: after,
        user_ns: target,
        ..old
    });
}
