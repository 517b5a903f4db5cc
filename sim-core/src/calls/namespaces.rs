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

/// The kinds that clone(2) sees among the flags. The bit of a time namespace is part of a number that is no signal.
pub(super) fn without_time<W: Witness>(
    system: &System,
    kinds: NamespaceKinds,
    witness: &mut W,
) -> Result<NamespaceKinds, Refusal> {
    if kinds.contains(NamespaceKind::Time) {
        if system.release.has(&changes::CLONE_EXIT_SIGNAL) {
            return Err(refuse(Errno::EINVAL, &rules::CLONE_EXIT_SIGNAL, CapSet::EMPTY, witness));
        }
        witness.applied(&rules::CLONE_TIME_FLAG, Effect::Holds);
    }
    Ok(kinds.without(NamespaceKind::Time))
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

#[cfg(test)]
mod tests {
    use crate::calls::{CloneFlags, Entered, clone, unshare};
    use crate::capability::Capability;
    use crate::credentials::{
        Credentials, NamespaceKind, NamespaceKinds, Namespaces, RawCredentials, Thread, UserNs,
    };
    use crate::kernel::Errno;
    use crate::outcome::Outcome;
    use crate::rule::{Silent, Trace};
    use crate::system::System;

    const ALL: [NamespaceKind; 7] = [
        NamespaceKind::Mount,
        NamespaceKind::Uts,
        NamespaceKind::Ipc,
        NamespaceKind::Pid,
        NamespaceKind::Cgroup,
        NamespaceKind::Network,
        NamespaceKind::Time,
    ];

    fn flags(kinds: &[NamespaceKind]) -> CloneFlags {
        CloneFlags { kinds: kinds.iter().copied().collect(), ..CloneFlags::default() }
    }

    fn refused(outcome: &Outcome<Entered>) -> Option<(Errno, &'static str)> {
        outcome.refusal().map(|refusal| (refusal.errno, refusal.rule.id))
    }

    fn user() -> Thread {
        Thread::from(Credentials::user(1000))
    }

    fn admin() -> Thread {
        let set = Capability::SYS_ADMIN.into();
        let raw = RawCredentials { permitted: set, effective: set, ..RawCredentials::user(1000) };
        Thread::from(Credentials::try_from(raw).unwrap())
    }

    #[test]
    fn kinds_are_a_set() {
        for kind in ALL {
            let kinds: NamespaceKinds = [kind].into_iter().collect();
            assert!(ALL.into_iter().all(|other| kinds.contains(other) == (other == kind)), "{kind:?}");
            assert!(!kinds.is_empty() && kinds.without(kind).is_empty());
            assert!(ALL.into_iter().all(|other| other == kind || kinds.without(other) == kinds), "{kind:?}");
            let twice: NamespaceKinds = [kind, kind].into_iter().collect();
            assert_eq!(twice, kinds);
        }
    }

    #[test]
    fn each_kind_takes_sys_admin_and_belongs_to_the_user_namespace() {
        let system = System::default();
        let lacking = Some((Errno::EPERM, "namespaces.sys-admin"));
        for kind in ALL {
            assert_eq!(refused(&unshare(&system, &user(), flags(&[kind]), &mut Silent)), lacking, "{kind:?}");
            let cloned = |release: &str| {
                let system = System { release: release.parse().unwrap(), ..System::default() };
                refused(&clone(&system, &user(), flags(&[kind]), &mut Silent))
            };
            let time = kind == NamespaceKind::Time;
            assert_eq!(cloned("7.0"), if time { None } else { lacking }, "{kind:?}");
            let no_signal = Some((Errno::EINVAL, "clone.exit-signal"));
            assert_eq!(cloned("7.1"), if time { no_signal } else { lacking }, "{kind:?}");
        }
        let with_user = CloneFlags { new_user: true, ..flags(&ALL) };
        let entered = unshare(&system, &user(), with_user, &mut Silent).granted().unwrap();
        let (namespaces, ns) = entered.made.unwrap();
        let expected = Namespaces {
            mount: ns,
            network: ns,
            first_network: false,
            uts: ns,
            ipc: ns,
            pid: UserNs::INIT,
            first_pid: true,
            pid_for_children: Some(ns),
            cgroup: ns,
            time: UserNs::INIT,
            time_for_children: Some(ns),
        };
        assert_eq!(entered.thread.namespaces, expected);
        let system = System { user_namespaces: namespaces, ..system };
        let child = clone(&system, &entered.thread, flags(&[]), &mut Silent).granted().unwrap().thread;
        let inside = Namespaces {
            pid: ns,
            first_pid: false,
            pid_for_children: None,
            time: ns,
            time_for_children: None,
            ..expected
        };
        assert_eq!(child.namespaces, inside);
    }

    #[test]
    fn one_pid_namespace_at_a_time() {
        let system = System::default();
        let pid = flags(&[NamespaceKind::Pid]);
        let waiting = unshare(&system, &admin(), pid, &mut Silent).granted().unwrap().thread;
        let twice = Some((Errno::EINVAL, "namespaces.pid-twice"));
        assert_eq!(refused(&unshare(&system, &waiting, pid, &mut Silent)), twice);
        assert_eq!(refused(&clone(&system, &waiting, pid, &mut Silent)), twice);
        let child = clone(&system, &waiting, flags(&[]), &mut Silent).granted().unwrap().thread;
        assert_eq!(refused(&unshare(&system, &child, pid, &mut Silent)), None);
        let direct = clone(&system, &admin(), pid, &mut Silent).granted().unwrap().thread;
        assert_eq!((direct.namespaces.first_pid, direct.namespaces.pid_for_children), (false, None));
    }

    #[test]
    fn a_child_enters_each_of_the_two_that_wait_for_it() {
        let waits = |kind| {
            let mut system = System::default();
            let with_user = CloneFlags { new_user: true, ..flags(&[kind]) };
            let entered = unshare(&system, &user(), with_user, &mut Silent).granted().unwrap();
            let (namespaces, ns) = entered.made.unwrap();
            system.user_namespaces = namespaces;
            let mut trace = Trace::new();
            let child = clone(&system, &entered.thread, flags(&[]), &mut trace).granted().unwrap().thread;
            assert!(trace.applied_rules().iter().any(|rule| rule.id == "clone.child-enters"), "{kind:?}");
            let Namespaces { pid, first_pid, time, .. } = child.namespaces;
            (pid == ns, first_pid, time == ns)
        };
        assert_eq!(waits(NamespaceKind::Pid), (true, false, false));
        assert_eq!(waits(NamespaceKind::Time), (false, true, true));
    }

    #[test]
    fn flags_that_exclude_each_other() {
        let system = System::default();
        let both = CloneFlags { fs: true, ..flags(&[NamespaceKind::Mount]) };
        let refusal = Some((Errno::EINVAL, "clone.mount-shared-fs"));
        assert_eq!(refused(&clone(&system, &user(), both, &mut Silent)), refusal);
        assert_eq!(refused(&unshare(&system, &admin(), both, &mut Silent)), None);
        let sharing = Thread { shares_fs: true, ..admin() };
        let mount = flags(&[NamespaceKind::Mount]);
        assert!(!unshare(&system, &sharing, mount, &mut Silent).granted().unwrap().thread.shares_fs);
        let uts = flags(&[NamespaceKind::Uts]);
        assert!(unshare(&system, &sharing, uts, &mut Silent).granted().unwrap().thread.shares_fs);
    }

    #[test]
    fn time_namespaces_since_5_6() {
        let time = flags(&[NamespaceKind::Time]);
        let ask = |release: &str| {
            let system = System { release: release.parse().unwrap(), ..System::default() };
            refused(&unshare(&system, &user(), time, &mut Silent)).map(|(_, rule)| rule)
        };
        assert_eq!(ask("5.5"), Some("unshare.no-time-namespaces"));
        assert_eq!(ask("5.6"), Some("namespaces.sys-admin"));
    }

    #[test]
    fn a_chrooted_thread_makes_no_user_namespace() {
        let system = System::default();
        let jailed = Thread { chrooted: true, ..user() };
        let new_user = CloneFlags { new_user: true, ..CloneFlags::default() };
        let refusal = Some((Errno::EPERM, "userns.chrooted"));
        assert_eq!(refused(&unshare(&system, &jailed, new_user, &mut Silent)), refusal);
        assert_eq!(refused(&clone(&system, &jailed, new_user, &mut Silent)), refusal);
        assert_eq!(refused(&unshare(&system, &user(), new_user, &mut Silent)), None);
    }
}
