use super::*;
use crate::capability::CapSet;
use crate::credentials::{Credentials, Groups, Kgid, RawCredentials};
use crate::kernel::Release;
use crate::outcome::Outcome;
use crate::rule::{Event, Silent, Trace};

/// A user of `init` with these capabilities effective.
fn user(capabilities: &[Capability]) -> Thread {
    in_namespace(capabilities, UserNs::INIT)
}

fn in_namespace(capabilities: &[Capability], user_ns: UserNs) -> Thread {
    let set: CapSet = capabilities.iter().copied().collect();
    let raw = RawCredentials { permitted: set, effective: set, user_ns, ..RawCredentials::user(1000) };
    Thread::from(Credentials::try_from(raw).unwrap())
}

fn release(text: &str) -> System {
    let release: Release = text.parse().unwrap();
    System { release, unprivileged_bpf_disabled: 1, ..System::default() }
}

fn refused(outcome: &Outcome<()>) -> Option<(Errno, &'static str)> {
    outcome.refusal().map(|refusal| (refusal.errno, refusal.rule.id))
}

#[test]
fn raw_sockets_belong_to_the_network_namespace() {
    let mut system = System::default();
    let ns = system.user_namespaces.add(UserNs::INIT, 1000.into()).unwrap();
    let root = in_namespace(&[Capability::NET_RAW], ns);
    let raw =
        |thread: &Thread| refused(&socket(&system, thread, SocketDomain::Inet, SocketType::Raw, None, &mut Silent));
    assert_eq!(raw(&root), Some((Errno::EPERM, "socket.raw")));
    let mut moved = root.clone();
    moved.namespaces.network = ns;
    assert_eq!(raw(&moved), None);
    let force = |thread: &Thread| {
        refused(&setsockopt(&system, thread, SocketOption::ReceiveBufferForce, 1, &mut Silent))
            .map(|(errno, _)| errno)
    };
    let mut admin = in_namespace(&[Capability::NET_ADMIN], ns);
    admin.namespaces.network = ns;
    assert_eq!(force(&admin), Some(Errno::EPERM), "the limit of a buffer is the machine's");
    let mark = setsockopt(&system, &admin, SocketOption::Mark, 1, &mut Silent);
    assert_eq!(refused(&mark), None);
}

#[test]
fn who_may_ping_is_a_matter_of_groups() {
    let ping = |range, groups: &[u16], first_network| {
        let raw = RawCredentials {
            groups: Groups::new(groups.iter().map(|group| Kgid::from(*group)).collect()),
            ..RawCredentials::user(1000)
        };
        let mut thread = Thread::from(Credentials::try_from(raw).unwrap());
        thread.namespaces.first_network = first_network;
        let system = System { ping_group_range: range, ..System::default() };
        let (kind, protocol) = (SocketType::Datagram, Some(SocketProtocol::Icmp));
        refused(&socket(&system, &thread, SocketDomain::Inet, kind, protocol, &mut Silent))
    };
    let refusal = Some((Errno::EACCES, "socket.ping-group-range"));
    assert_eq!(ping([1, 0], &[1], true), refusal);
    assert_eq!(ping([1000, 1000], &[], true), None);
    assert_eq!(ping([1001, 2000], &[], true), refusal);
    assert_eq!(ping([1001, 2000], &[7, 2000], true), None);
    assert_eq!(ping([0, 999], &[1000], true), refusal);
    assert_eq!(ping([0, 5000], &[], false), refusal, "a new network namespace begins with the default");
}

#[test]
fn a_domain_has_its_own_icmp() {
    let open = |domain, kind, protocol| {
        let system = System { ping_group_range: [0, 5000], ..System::default() };
        refused(&socket(&system, &user(&[]), domain, kind, Some(protocol), &mut Silent)).map(|(errno, _)| errno)
    };
    let unknown = Some(Errno::EPROTONOSUPPORT);
    assert_eq!(open(SocketDomain::Inet, SocketType::Datagram, SocketProtocol::IcmpV6), unknown);
    assert_eq!(open(SocketDomain::Inet6, SocketType::Datagram, SocketProtocol::IcmpV6), None);
    assert_eq!(open(SocketDomain::Inet6, SocketType::Datagram, SocketProtocol::Icmp), unknown);
    assert_eq!(open(SocketDomain::Inet, SocketType::Stream, SocketProtocol::Icmp), unknown);
    assert_eq!(open(SocketDomain::Inet, SocketType::Raw, SocketProtocol::IcmpV6), Some(Errno::EPERM));
    // IPPROTO_ICMP is 1, and so is PF_UNIX, which AF_UNIX takes.
    assert_eq!(open(SocketDomain::Unix, SocketType::Stream, SocketProtocol::Icmp), None);
    assert_eq!(open(SocketDomain::Unix, SocketType::Stream, SocketProtocol::IcmpV6), unknown);
}

#[test]
fn packet_sockets_ask_for_the_capability_before_the_type() {
    let open = |thread: &Thread, kind| {
        let outcome = socket(&System::default(), thread, SocketDomain::Packet, kind, None, &mut Silent);
        refused(&outcome).map(|(errno, _)| errno)
    };
    let raw = user(&[Capability::NET_RAW]);
    assert_eq!(
        SocketType::ALL.iter().map(|kind| open(&raw, *kind)).collect::<alloc::vec::Vec<_>>(),
        [None, Some(Errno::ESOCKTNOSUPPORT), None]
    );
    assert!(SocketType::ALL.iter().all(|kind| open(&user(&[]), *kind) == Some(Errno::EPERM)));
}

#[test]
fn net_raw_marks_since_5_17() {
    let mark = |system: &System| {
        refused(&setsockopt(system, &user(&[Capability::NET_RAW]), SocketOption::Mark, 1, &mut Silent))
    };
    assert_eq!(mark(&release("5.16")), Some((Errno::EPERM, "setsockopt.net-admin")));
    assert_eq!(mark(&release("5.17")), None);
}

#[test]
fn a_stand_in_is_named_only_where_it_stands_in() {
    let applied = |thread: &Thread| {
        let mut trace = Trace::new();
        let outcome = bpf(&System::default(), thread, &mut trace);
        (
            outcome.refusal().is_none(),
            trace.applied_rules().iter().map(|rule| rule.id).collect::<alloc::vec::Vec<_>>(),
        )
    };
    let (bpf, sys_admin) = (Capability::BPF, Capability::SYS_ADMIN);
    assert_eq!(applied(&user(&[bpf, sys_admin])), (true, alloc::vec!["bpf.cap-bpf"]));
    assert_eq!(applied(&user(&[bpf])), (true, alloc::vec!["bpf.cap-bpf"]));
    assert_eq!(applied(&user(&[sys_admin])), (true, alloc::vec!["bpf.sys-admin"]));
    assert_eq!(applied(&user(&[])), (false, alloc::vec!["bpf.cap-bpf"]));
}

#[test]
fn a_refusal_says_which_capability_is_lacking() {
    let mut trace = Trace::new();
    let _ = perf_event_open(&System::default(), &user(&[]), false, &mut trace);
    let lacking = trace.events().iter().find_map(|event| match event {
        Event::Applied { effect: Effect::Refuses { lacking, .. }, .. } => Some(*lacking),
        _ => None,
    });
    assert_eq!(lacking, Some(Capability::PERFMON.into()));
}

#[test]
fn before_5_8_sys_admin_is_the_one_that_is_needed() {
    let admin = user(&[Capability::SYS_ADMIN]);
    let old = release("5.7");
    assert_eq!(refused(&bpf(&old, &admin, &mut Silent)), None);
    assert_eq!(refused(&bpf(&old, &user(&[]), &mut Silent)), Some((Errno::EPERM, "bpf.sys-admin")));
    let open = |thread: &Thread| refused(&perf_event_open(&old, thread, false, &mut Silent));
    assert_eq!(open(&admin), None);
    assert_eq!(open(&user(&[])), Some((Errno::EACCES, "perf-event-open.sys-admin")));
}

#[test]
fn perf_event_paranoid() {
    let open = |perf_event_paranoid| {
        let system = System { perf_event_paranoid, ..System::default() };
        perf_event_open(&system, &user(&[]), false, &mut Silent).refusal().is_none()
    };
    assert_eq!([-1, 0, 1, 2].map(open), [true, true, true, false]);
}

#[test]
fn bpf_is_disabled_by_default_since_5_16() {
    let default = |text: &str| System::unprivileged_bpf_disabled(text.parse().unwrap());
    assert_eq!((default("5.15"), default("5.16")), (0, 2));
}

#[test]
fn the_kernels_log() {
    let act = |dmesg_restrict, release: &str, thread: &Thread, action| {
        let system = System { dmesg_restrict, release: release.parse().unwrap(), ..System::default() };
        syslog(&system, thread, action, &mut Silent).refusal().map(|refusal| refusal.rule.id)
    };
    let (nobody, admin) = (user(&[]), user(&[Capability::SYS_ADMIN]));
    let refused = Some("syslog.cap-syslog");
    for action in SyslogAction::ALL.iter().copied() {
        let open = matches!(action, SyslogAction::ReadAll | SyslogAction::SizeBuffer);
        assert_eq!(act(false, "6.18", &nobody, action), if open { None } else { refused }, "{action:?}");
        assert_eq!(act(true, "6.18", &nobody, action), refused, "{action:?}");
        assert_eq!(act(true, "6.18", &user(&[Capability::SYSLOG]), action), None, "{action:?}");
        assert_eq!(act(true, "6.8", &admin, action), None, "{action:?}");
        assert_eq!(act(true, "6.9", &admin, action), refused, "{action:?}");
    }
}

#[test]
fn limits() {
    let resource = user(&[Capability::SYS_RESOURCE]);
    let set = |thread: &Thread, resource, wanted| {
        let system = System { nr_open: 4096, ..System::default() };
        setrlimit(&system, thread, resource, 1024, wanted, &mut Silent).refusal().map(|refusal| refusal.rule.id)
    };
    assert_eq!(set(&user(&[]), Resource::Core, 1024), None);
    assert_eq!(set(&user(&[]), Resource::Core, 1025), Some("setrlimit.sys-resource"));
    assert_eq!(set(&resource, Resource::Core, u64::MAX), None);
    assert_eq!(set(&resource, Resource::OpenFiles, 4096), None);
    assert_eq!(set(&resource, Resource::OpenFiles, 4097), Some("setrlimit.nr-open"));
}

#[test]
fn locked_memory() {
    let lock = |thread: &Thread, limit, bytes| refused(&mlock(&System::default(), thread, limit, bytes, &mut Silent));
    let (nobody, lock_all) = (user(&[]), user(&[Capability::IPC_LOCK]));
    assert_eq!(lock(&nobody, 0, 0), Some((Errno::EPERM, "mlock.nothing")));
    assert_eq!(lock(&nobody, 1, 0), None);
    assert_eq!(lock(&nobody, 4095, 1), Some((Errno::ENOMEM, "mlock.ipc-lock")));
    assert_eq!(lock(&nobody, 4096, u64::MAX), None, "the kernel's sum overflows to nothing");
    assert_eq!(lock(&lock_all, 0, 1 << 40), None);
}

#[test]
fn a_key_is_given_away_by_the_powerful_only() {
    let mut system = System::default();
    let ns = system.user_namespaces.add(UserNs::INIT, 1000.into()).unwrap();
    system.user_namespaces.set_uid_map(ns, &"0 1000 1\n1 100000 10".parse().unwrap()).unwrap();
    let chown = |thread: &Thread, uid| refused(&keyctl(&system, thread, uid, &mut Silent));
    let (root, admin) = (in_namespace(&[Capability::SYS_ADMIN], ns), user(&[Capability::SYS_ADMIN]));
    assert_eq!(chown(&root, 0), None);
    assert_eq!(chown(&root, u32::MAX), None);
    assert_eq!(chown(&root, 1), Some((Errno::EACCES, "keyctl.sys-admin")));
    assert_eq!(chown(&root, 1000), Some((Errno::EINVAL, "keyctl.unmapped")));
    assert_eq!(chown(&admin, 0), None);
}

#[test]
fn fanotify_groups() {
    let init = |release: &str, thread: &Thread, class, report_fid| {
        let system = System { release: release.parse().unwrap(), ..System::default() };
        refused(&fanotify_init(&system, thread, class, report_fid, &mut Silent)).map(|(errno, _)| errno)
    };
    let (nobody, admin) = (user(&[]), user(&[Capability::SYS_ADMIN]));
    let (notification, content) = (FanotifyClass::Notification, FanotifyClass::Content);
    assert_eq!(init("5.12", &nobody, notification, true), Some(Errno::EPERM));
    assert_eq!(init("5.13", &nobody, notification, true), None);
    assert_eq!(init("5.13", &nobody, content, true), Some(Errno::EPERM));
    assert_eq!(init("5.13", &admin, content, true), Some(Errno::EINVAL));
    assert_eq!(init("5.13", &admin, content, false), None);
    assert_eq!(init("5.0", &admin, notification, true), Some(Errno::EINVAL), "not known yet");
    assert_eq!(init("5.1", &admin, notification, true), None);
}

#[test]
fn what_is_the_machines_is_held_in_init() {
    type Operation = fn(&System, &Thread, &mut Silent) -> Outcome<()>;
    let operations: [(Capability, Operation); 10] = [
        (Capability::SYS_PACCT, acct),
        (Capability::SYS_ADMIN, swapon),
        (Capability::SYS_ADMIN, swapoff),
        (Capability::SYS_TIME, adjtimex),
        (Capability::SYS_TIME, |system, thread, witness| clock_settime(system, thread, Clock::Realtime, witness)),
        (Capability::SYS_MODULE, init_module),
        (Capability::SYS_MODULE, delete_module),
        (Capability::SYS_RAWIO, ioperm),
        (Capability::SYS_RAWIO, |system, thread, witness| iopl(system, thread, 3, witness)),
        (Capability::WAKE_ALARM, |system, thread, witness| {
            timerfd_create(system, thread, TimerClock::BoottimeAlarm, witness)
        }),
    ];
    let mut system = System::default();
    let ns = system.user_namespaces.add(UserNs::INIT, 1000.into()).unwrap();
    let all: alloc::vec::Vec<_> = system.capabilities().iter().collect();
    for (needed, operation) in operations {
        let others: alloc::vec::Vec<_> = all.iter().copied().filter(|capability| *capability != needed).collect();
        let may = |thread: &Thread| operation(&system, thread, &mut Silent).refusal().map(|refusal| refusal.errno);
        assert_eq!(may(&user(&[needed])), None, "{needed}");
        assert_eq!(may(&user(&others)), Some(Errno::EPERM), "{needed}");
        assert_eq!(may(&in_namespace(&all, ns)), Some(Errno::EPERM), "{needed}");
    }
}
