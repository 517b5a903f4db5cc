//! Who may make or enter a user namespace, and with which credentials the thread goes on there.

use super::{CloneFlags, Entered, clone, setns, unshare};
use crate::capability::{CapSet, Capability};
use crate::credentials::{Credentials, Kuid, NamespaceKind, RawCredentials, Securebits, Thread, UserNs};
use crate::kernel::Errno;
use crate::outcome::Outcome;
use crate::rule::{Silent, Trace};
use crate::system::System;

fn new_user() -> CloneFlags {
    CloneFlags { new_user: true, ..CloneFlags::default() }
}

fn kinds(kind: NamespaceKind) -> CloneFlags {
    CloneFlags { kinds: [kind].into_iter().collect(), ..CloneFlags::default() }
}

fn refused(outcome: &Outcome<Entered>) -> Option<(&'static str, Errno)> {
    outcome.refusal().map(|refusal| (refusal.rule.id, refusal.errno))
}

/// User 1000, with something in every set and a securebit.
fn equipped() -> RawCredentials {
    let (kill, chown) = (CapSet::from(Capability::KILL), CapSet::from(Capability::CHOWN));
    RawCredentials {
        permitted: kill | chown,
        effective: chown,
        inheritable: kill,
        ambient: kill,
        bounding: kill,
        securebits: Securebits::NOROOT,
        no_new_privs: true,
        ..RawCredentials::user(1000)
    }
}

fn thread(raw: RawCredentials) -> Thread {
    Thread::from(Credentials::try_from(raw).unwrap())
}

#[test]
fn inside_everything_is_permitted_and_nothing_handed_down() {
    let mut system = System::default();
    let old = equipped();
    let before = thread(old.clone());
    let entered = |ns, all| {
        let empty = CapSet::EMPTY;
        let (securebits, user_ns) = (Securebits::EMPTY, ns);
        let sets = RawCredentials { permitted: all, effective: all, bounding: all, ..old.clone() };
        RawCredentials { inheritable: empty, ambient: empty, securebits, user_ns, ..sets }
    };
    for call in [unshare::<Silent>, clone::<Silent>] {
        let made = call(&system, &before, new_user(), &mut Silent).granted().unwrap();
        let (namespaces, ns) = made.made.unwrap();
        assert_eq!(*made.thread.credentials, entered(ns, system.capabilities()));
        assert_eq!((namespaces.parent(ns), namespaces.owner(ns)), (UserNs::INIT, 1000.into()));
        assert!(!namespaces.creator_had_setfcap(ns));
    }
    let ns = system.user_namespaces.add(UserNs::INIT, 1000.into()).unwrap();
    let there = setns(&system, &before, Some(ns), &mut Silent).granted().unwrap();
    assert_eq!(*there.thread.credentials, entered(ns, system.capabilities()));
    assert_eq!(there.made, None);
    // An older kernel has fewer capabilities to give.
    system.release = "5.4".parse().unwrap();
    let made = unshare(&system, &before, new_user(), &mut Silent).granted().unwrap();
    assert!(!made.thread.credentials.permitted.contains(Capability::BPF));
}

#[test]
fn without_the_flag_no_user_namespace_is_made() {
    let (system, before) = (System::default(), thread(equipped()));
    for call in [unshare::<Silent>, clone::<Silent>] {
        let entered = call(&system, &before, CloneFlags::default(), &mut Silent).granted().unwrap();
        assert_eq!((entered.made, entered.thread), (None, before.clone()));
    }
}

#[test]
fn each_of_three_flags_ends_the_sharing_of_the_filesystem_context() {
    let system = System::default();
    let admin = CapSet::from(Capability::SYS_ADMIN);
    let raw = RawCredentials { permitted: admin, effective: admin, ..RawCredentials::user(1000) };
    let sharing = Thread { shares_fs: true, ..thread(raw) };
    let told = |thread: &Thread, flags| {
        let mut trace = Trace::new();
        let shares_fs = unshare(&system, thread, flags, &mut trace).granted().unwrap().thread.shares_fs;
        (shares_fs, trace.applied_rules().iter().any(|rule| rule.id == "unshare.filesystem"))
    };
    for flags in [CloneFlags { fs: true, ..CloneFlags::default() }, new_user(), kinds(NamespaceKind::Mount)] {
        assert_eq!(told(&sharing, flags), (false, true), "{flags:?}");
        assert_eq!(told(&Thread { shares_fs: false, ..sharing.clone() }, flags), (false, false), "{flags:?}");
    }
    assert_eq!(told(&sharing, CloneFlags::default()), (true, false));
    assert_eq!(told(&sharing, kinds(NamespaceKind::Uts)), (true, false));
}

#[test]
fn a_child_that_shares_the_filesystem_context_gets_no_user_or_mount_namespace() {
    let system = System::default();
    let root = Thread::from(Credentials::root(system.capabilities()));
    let ask = |flags| refused(&clone(&system, &root, flags, &mut Silent));
    let shared_user = CloneFlags { fs: true, ..new_user() };
    let shared_mount = CloneFlags { fs: true, ..kinds(NamespaceKind::Mount) };
    assert_eq!(ask(shared_user), Some(("clone.shared-fs", Errno::EINVAL)));
    assert_eq!(ask(shared_mount), Some(("clone.mount-shared-fs", Errno::EINVAL)));
    let uts = kinds(NamespaceKind::Uts);
    let harmless = [CloneFlags { fs: true, ..uts }, CloneFlags { fs: true, ..CloneFlags::default() }, new_user()];
    for flags in harmless.into_iter().chain([kinds(NamespaceKind::Mount)]) {
        assert_eq!(ask(flags), None, "{flags:?}");
    }
}

#[test]
fn setns_checks_in_the_kernels_order() {
    let mut system = System::default();
    let made = system.user_namespaces.add(UserNs::INIT, Kuid::from(1000)).unwrap();
    let stranger = Thread { shares_fs: true, ..thread(RawCredentials::user(7)) };
    let ask = |thread: &Thread, target| refused(&setns(&system, thread, target, &mut Silent));
    assert_eq!(ask(&stranger, None), Some(("setns.bad-descriptor", Errno::EBADF)));
    assert_eq!(ask(&stranger, Some(UserNs::INIT)), Some(("setns.same", Errno::EINVAL)));
    assert_eq!(ask(&stranger, Some(made)), Some(("setns.shared-fs", Errno::EINVAL)));
    let alone = Thread { shares_fs: false, ..stranger };
    assert_eq!(ask(&alone, Some(made)), Some(("setns.sys-admin", Errno::EPERM)));
    assert_eq!(ask(&thread(RawCredentials::user(1000)), Some(made)), None);
    let inside = thread(RawCredentials { user_ns: made, ..RawCredentials::root(system.capabilities()) });
    assert_eq!(ask(&inside, Some(UserNs::INIT)), Some(("setns.sys-admin", Errno::EPERM)), "there is no way up");
}

#[test]
fn depth_is_asked_before_the_root_directory_and_that_before_the_ids() {
    let mut system = System::default();
    let mut ns = UserNs::INIT;
    let jailed = |ns| {
        let raw = RawCredentials { user_ns: ns, ..RawCredentials::user(1000) };
        Thread { chrooted: true, ..thread(raw) }
    };
    for _ in 0..33 {
        ns = system.user_namespaces.add(ns, Kuid::ROOT).unwrap();
    }
    let above = system.user_namespaces.parent(ns);
    let ask = |thread: &Thread| refused(&unshare(&system, thread, new_user(), &mut Silent));
    assert_eq!(ask(&jailed(ns)), Some(("userns.too-deep", Errno::ENOSPC)));
    assert_eq!(ask(&jailed(above)), Some(("userns.chrooted", Errno::EPERM)));
    let free = Thread { chrooted: false, ..jailed(above) };
    assert_eq!(ask(&free), Some(("userns.unmapped-creator", Errno::EPERM)));
}
