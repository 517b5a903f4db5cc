use super::{Filesystem, chroot, sethostname};
use super::{SocketCredentials, Tracee, kill, mount, ptrace, reboot, sched_setscheduler, sendmsg, setpriority};
use crate::capability::{CapSet, Capability};
use crate::credentials::{Credentials, Ids, RawCredentials, Scheduling, SchedulingPolicy, Thread, UserNs};
use crate::kernel::Errno;
use crate::outcome::Outcome;
use crate::rule::{Silent, Trace};
use crate::system::System;

fn user(id: u16, effective: &[Capability]) -> RawCredentials {
    let set: CapSet = effective.iter().copied().collect();
    RawCredentials { permitted: set, effective: set, ..RawCredentials::user(id) }
}

fn credentials(raw: RawCredentials) -> Credentials {
    Credentials::try_from(raw).unwrap()
}

fn thread(raw: RawCredentials) -> Thread {
    Thread::from(credentials(raw))
}

/// The rule that refuses, or none.
fn refused_by<T>(outcome: &Outcome<T>) -> Option<(Errno, &'static str)> {
    outcome.refusal().map(|refusal| (refusal.errno, refusal.rule.id))
}

/// A system with a user namespace that user 1000 made.
fn with_namespace() -> (System, UserNs) {
    let mut system = System::default();
    let ns = system.user_namespaces.add(UserNs::INIT, 1000.into()).unwrap();
    (system, ns)
}

#[test]
fn kill_compares_real_and_effective_with_real_and_saved() {
    let (system, _) = with_namespace();
    let sender = thread(RawCredentials {
        uid: Ids { real: 1.into(), effective: 2.into(), saved: 3.into(), filesystem: 4.into() },
        ..user(1, &[])
    });
    let refused = Some((Errno::EPERM, "kill.cap-kill"));
    for id in 1..=4u16 {
        let target = |uid| credentials(RawCredentials { uid, ..user(9, &[]) });
        let others = Ids::all(9.into());
        let expected = if id <= 2 { None } else { refused };
        for (uid, expected) in [
            (Ids { real: id.into(), ..others }, expected),
            (Ids { saved: id.into(), ..others }, expected),
            (Ids { effective: id.into(), ..others }, refused),
            (Ids { filesystem: id.into(), ..others }, refused),
        ] {
            assert_eq!(refused_by(&kill(&system, &sender, &target(uid), 0, &mut Silent)), expected, "{uid:?}");
        }
    }
}

#[test]
fn kill_looks_for_the_capability_in_the_namespace_of_the_process() {
    let (system, ns) = with_namespace();
    let target = credentials(RawCredentials { user_ns: ns, ..user(7, &[]) });
    let ask = |sender: RawCredentials, signal| kill(&system, &thread(sender), &target, signal, &mut Silent);
    assert_eq!(refused_by(&ask(user(1000, &[]), 9)), None, "who made it");
    assert_eq!(refused_by(&ask(user(1001, &[]), 9)), Some((Errno::EPERM, "kill.cap-kill")));
    assert_eq!(refused_by(&ask(user(1001, &[Capability::KILL]), 9)), None);
    assert_eq!(refused_by(&ask(user(1001, &[]), 65)), Some((Errno::EINVAL, "kill.bad-signal")));
    let inside = thread(RawCredentials { user_ns: ns, ..user(7, &[Capability::KILL]) });
    let outside = credentials(user(1000, &[]));
    assert_eq!(refused_by(&kill(&system, &inside, &outside, 9, &mut Silent)), Some((Errno::EPERM, "kill.cap-kill")));
    let mut far = thread(user(0, &[Capability::KILL]));
    far.namespaces.first_pid = false;
    let unseen = Some((Errno::ESRCH, "process.out-of-sight"));
    assert_eq!(refused_by(&kill(&system, &far, &target, 65, &mut Silent)), unseen, "before the signal is looked at");
}

#[test]
fn ptrace_asks_up_to_three_times() {
    let (system, ns) = with_namespace();
    let ask = |sender: RawCredentials, target: RawCredentials, dumpable, traced| {
        let target = credentials(target);
        let tracee = Tracee { credentials: &target, dumpable, traced };
        refused_by(&ptrace(&system, &thread(sender), tracee, &mut Silent)).map(|(_, rule)| rule)
    };
    let (chown, kill, tracer) = ([Capability::CHOWN], [Capability::KILL], [Capability::SYS_PTRACE]);
    assert_eq!(ask(user(1, &chown), user(1, &chown), true, false), None);
    assert_eq!(ask(user(1, &chown), user(1, &kill), true, false), Some("ptrace.more-permitted"));
    assert_eq!(ask(user(1, &[]), user(1, &[]), false, false), Some("ptrace.not-dumpable"));
    assert_eq!(ask(user(1, &[]), user(1, &[]), true, true), Some("ptrace.already-traced"));
    for target in [user(2, &[]), RawCredentials { gid: Ids::all(2.into()), ..user(1, &[]) }] {
        assert_eq!(ask(user(1, &[]), target.clone(), true, false), Some("ptrace.other-ids"));
        assert_eq!(ask(user(1, &tracer), target, false, false), None);
    }
    // The tracer's real ids count, not its effective ones.
    let borrowed = RawCredentials { uid: Ids { real: 1.into(), ..Ids::all(2.into()) }, ..user(1, &[]) };
    assert_eq!(ask(borrowed.clone(), user(1, &[]), true, false), None);
    assert_eq!(
        ask(borrowed, RawCredentials { gid: Ids::all(1.into()), ..user(2, &[]) }, true, false),
        Some("ptrace.other-ids")
    );
    let inside = RawCredentials { user_ns: ns, ..user(1, &[]) };
    assert_eq!(ask(user(1, &[]), inside.clone(), true, false), Some("ptrace.more-permitted"));
    assert_eq!(ask(RawCredentials { uid: Ids::all(1000.into()), ..user(1, &[]) }, inside, true, false), None);
}

#[test]
fn nice_values_go_up_freely_and_down_with_a_capability() {
    let (system, ns) = with_namespace();
    let ask =
        |sender: &Thread, target: Option<&Credentials>, nice| setpriority(&system, sender, target, nice, &mut Silent);
    let plain = thread(user(1, &[]));
    assert_eq!(ask(&plain, None, 100).granted().map(|scheduling| scheduling.nice), Some(19));
    assert_eq!(refused_by(&ask(&plain, None, -1)), Some((Errno::EACCES, "setpriority.sys-nice")));
    let lowered = Thread { scheduling: Scheduling { nice: -10, ..Scheduling::DEFAULT }, ..plain.clone() };
    assert_eq!(ask(&lowered, None, -10).granted().map(|scheduling| scheduling.nice), Some(-10));
    assert_eq!(refused_by(&ask(&lowered, None, -11)), Some((Errno::EACCES, "setpriority.sys-nice")));
    let other = credentials(user(2, &[]));
    assert_eq!(refused_by(&ask(&plain, Some(&other), 1)), Some((Errno::EPERM, "setpriority.other-user")));
    let more = credentials(user(1, &[Capability::CHOWN]));
    assert_eq!(refused_by(&ask(&plain, Some(&more), 1)), Some((Errno::EPERM, "scheduling.more-permitted")));
    // The capability in a namespace reaches its processes, but lowers nothing.
    let inside = thread(RawCredentials { user_ns: ns, ..user(1, &[Capability::SYS_NICE]) });
    let neighbour = credentials(RawCredentials { user_ns: ns, ..user(2, &[]) });
    assert_eq!(refused_by(&ask(&inside, Some(&neighbour), 1)), None);
    assert_eq!(refused_by(&ask(&inside, Some(&neighbour), -1)), Some((Errno::EACCES, "setpriority.sys-nice")));
}

#[test]
fn policies_that_take_a_privilege() {
    use SchedulingPolicy::{Batch, Fifo, Idle, Other, RoundRobin};
    let system = System::default();
    let ask = |before: (SchedulingPolicy, u8), (policy, priority): (SchedulingPolicy, i32)| {
        let scheduling = Scheduling { policy: before.0, priority: before.1, ..Scheduling::DEFAULT };
        let sender = Thread { scheduling, ..thread(user(1, &[])) };
        refused_by(&sched_setscheduler(&system, &sender, None, policy, priority, &mut Silent)).map(|(_, rule)| rule)
    };
    let (bad, privileged) = (Some("scheduler.priority"), Some("scheduler.sys-nice"));
    for (before, after, expected) in [
        ((Other, 0), (Batch, 0), None),
        ((Other, 0), (Idle, 0), None),
        ((Idle, 0), (Idle, 0), None),
        ((Idle, 0), (Other, 0), privileged),
        ((Idle, 0), (Batch, 0), privileged),
        ((Other, 0), (Fifo, 1), privileged),
        ((Other, 0), (Fifo, 0), bad),
        ((Other, 0), (Fifo, 100), bad),
        ((Other, 0), (Fifo, -1), bad),
        ((Other, 0), (Other, 1), bad),
        ((Fifo, 5), (Fifo, 5), None),
        ((Fifo, 5), (Fifo, 4), None),
        ((Fifo, 5), (Fifo, 6), privileged),
        ((Fifo, 5), (RoundRobin, 1), privileged),
        ((Fifo, 5), (Idle, 0), None),
    ] {
        assert_eq!(ask(before, after), expected, "{before:?} {after:?}");
    }
    let sender = thread(user(1, &[Capability::SYS_NICE]));
    let target = credentials(user(2, &[]));
    let changed = sched_setscheduler(&system, &sender, Some(&target), Fifo, 7, &mut Silent).granted();
    assert_eq!(changed, Some(Scheduling::DEFAULT), "the thread itself stays as it was");
    let changed = sched_setscheduler(&system, &sender, None, Fifo, 7, &mut Silent).granted();
    assert_eq!(changed, Some(Scheduling { policy: Fifo, priority: 7, ..Scheduling::DEFAULT }));
}

#[test]
fn a_message_may_claim_own_ids() {
    let system = System::default();
    let ids = Ids { real: 1.into(), effective: 2.into(), saved: 3.into(), filesystem: 4.into() };
    let sender = |effective: &[Capability]| thread(RawCredentials { uid: ids, ..user(1, effective) });
    let ask = |sender: &Thread, own_pid, uid, gid| {
        refused_by(&sendmsg(&system, sender, SocketCredentials { own_pid, uid, gid }, &mut Silent))
    };
    let plain = sender(&[]);
    for uid in [1, 2, 3] {
        assert_eq!(ask(&plain, true, uid, 1), None);
    }
    assert_eq!(ask(&plain, true, 4, 1), Some((Errno::EPERM, "sendmsg.uid")));
    assert_eq!(ask(&plain, true, 1, 4), Some((Errno::EPERM, "sendmsg.gid")));
    assert_eq!(ask(&plain, false, 4, 4), Some((Errno::EPERM, "sendmsg.pid")));
    assert_eq!(ask(&plain, false, u32::MAX, 4), Some((Errno::EINVAL, "sendmsg.unmapped")));
    assert_eq!(ask(&sender(&[Capability::SETUID]), true, 4, 4), Some((Errno::EPERM, "sendmsg.gid")));
    let liar = sender(&[Capability::SETUID, Capability::SETGID, Capability::SYS_ADMIN]);
    assert_eq!(ask(&liar, false, 0, 0), None);
}

#[test]
fn what_belongs_to_a_namespace_is_judged_in_its_owner() {
    let (system, ns) = with_namespace();
    let all = system.capabilities();
    let mut root = thread(RawCredentials { user_ns: ns, ..RawCredentials::root(all) });
    let rules = |root: &Thread| {
        [
            refused_by(&sethostname(&system, root, &mut Silent)),
            refused_by(&reboot(&system, root, &mut Silent)),
            refused_by(&mount(&system, root, Filesystem::Anybodys, &mut Silent)),
            refused_by(&mount(&system, root, Filesystem::Ipc, &mut Silent)),
            refused_by(&mount(&system, root, Filesystem::Cgroup, &mut Silent)),
            refused_by(&mount(&system, root, Filesystem::Inits, &mut Silent)),
        ]
        .map(|refused| refused.map(|(_, rule)| rule))
    };
    let (hostname, may_mount, filesystem) = ("sethostname.sys-admin", "mount.sys-admin", "mount.filesystem");
    let mounts = [Some(may_mount); 4];
    assert_eq!(rules(&root)[..2], [Some(hostname), Some("reboot.sys-boot")]);
    assert_eq!(rules(&root)[2..], mounts);
    root.namespaces.mount = ns;
    assert_eq!(rules(&root)[2..], [None, Some(filesystem), Some(filesystem), Some(filesystem)]);
    root.namespaces.ipc = ns;
    root.namespaces.uts = ns;
    root.namespaces.pid = ns;
    assert_eq!(rules(&root), [None, None, None, None, Some(filesystem), Some(filesystem)]);
    root.namespaces.cgroup = ns;
    assert_eq!(rules(&root), [None, None, None, None, None, Some(filesystem)]);
}

#[test]
fn a_jail_stays_one() {
    let system = System::default();
    let mut root = thread(RawCredentials::root(system.capabilities()));
    root.chrooted = chroot(&system, &root, false, &mut Silent).granted().unwrap();
    assert!(root.chrooted);
    let mut trace = Trace::new();
    assert_eq!(chroot(&system, &root, true, &mut trace).granted(), Some(true));
    assert_eq!(
        trace.applied_rules().iter().map(|rule| rule.id).collect::<alloc::vec::Vec<_>>(),
        ["chroot.sys-chroot"]
    );
}
