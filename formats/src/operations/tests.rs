use sim_core::least::{Shown, Unknown};

use super::{Collector, Log};
use crate::strace::{self, Record};

fn log(text: &str) -> Log {
    let mut collector = Collector::default();
    for record in strace::read(text.as_bytes()) {
        if let Ok(Record::Call(call)) = record {
            collector.add(&call);
        }
    }
    collector.finish()
}

/// The call that a line becomes, as the format writes it.
fn call(line: &str) -> Option<String> {
    let log = log(line);
    let seen = log.threads.first()?.operations.first()?;
    Some(format!("{:?}", seen.operation.call))
}

fn parsed(text: &str) -> String {
    format!("{:?}", sim_core::scenario::read_value::<sim_core::scenario::Call>(text).unwrap())
}

#[test]
fn lines_are_calls_of_the_format() {
    for (line, text) in [
        (
            r#"bind(3, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0)}, 28) = 0"#,
            r#"{"bind":{"port":443}}"#,
        ),
        (
            r#"bind(3, {sa_family=AF_UNIX, sun_path="/run/a.sock"}, 110) = 0"#,
            r#"{"mknod":{"path":"/run/a.sock","type":"S_IFSOCK","mode":"0777"}}"#,
        ),
        (
            "socket(AF_PACKET, SOCK_RAW|SOCK_CLOEXEC, htons(ETH_P_ALL)) = 3",
            r#"{"socket":{"domain":"AF_PACKET","type":"SOCK_RAW"}}"#,
        ),
        ("setsockopt(3, SOL_SOCKET, SO_MARK, [7], 4) = 0", r#"{"setsockopt":{"option":"SO_MARK","value":7}}"#),
        ("setresuid(33, 33, -1) = 0", r#"{"setresuid":[33,33,-1]}"#),
        ("setgroups32(2, [4, 24]) = 0", r#"{"setgroups":[4,24]}"#),
        ("setgroups(0, NULL) = 0", r#"{"setgroups":[]}"#),
        (
            "capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=1<<CAP_KILL, permitted=1<<CAP_KILL|1<<CAP_CHOWN, inheritable=0}) = 0",
            r#"{"capset":{"effective":"cap_kill","permitted":"cap_kill,cap_chown","inheritable":"none"}}"#,
        ),
        ("prctl(PR_CAPBSET_DROP, CAP_SYS_TIME) = 0", r#"{"prctl":["PR_CAPBSET_DROP","cap_sys_time"]}"#),
        (
            "prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0) = 0",
            r#"{"prctl":["PR_CAP_AMBIENT","PR_CAP_AMBIENT_RAISE","cap_kill",0,0]}"#,
        ),
        ("prctl(PR_SET_SECUREBITS, SECBIT_NOROOT|SECBIT_KEEP_CAPS) = 0", r#"{"prctl":["PR_SET_SECUREBITS",17]}"#),
        ("unshare(CLONE_NEWNS|CLONE_NEWUTS) = 0", r#"{"unshare":{"flags":["CLONE_NEWNS","CLONE_NEWUTS"]}}"#),
        ("clone(child_stack=NULL, flags=CLONE_NEWPID|SIGCHLD) = 9", r#"{"clone":{"flags":["CLONE_NEWPID"]}}"#),
        ("clone3({flags=CLONE_NEWNET, exit_signal=SIGCHLD}, 88) = 9", r#"{"clone":{"flags":["CLONE_NEWNET"]}}"#),
        (r#"mount("none", "/", NULL, MS_REC|MS_PRIVATE, NULL) = 0"#, r#"{"mount":{"type":"tmpfs"}}"#),
        (r#"chroot("/srv") = 0"#, r#"{"chroot":{"path":"/srv"}}"#),
        (r#"fchownat(AT_FDCWD, "/a/./b", 33, -1, 0) = 0"#, r#"{"chown":{"path":"/a/b","uid":33}}"#),
        (r#"fchmod(3</a>, 02755) = 0"#, r#"{"chmod":{"path":"/a","mode":"2755"}}"#),
        (
            r#"mknodat(AT_FDCWD, "/dev/null", S_IFCHR|0666, makedev(0x1, 0x3)) = 0"#,
            r#"{"mknod":{"path":"/dev/null","type":"S_IFCHR","mode":"0666","device":[1,3]}}"#,
        ),
        (
            r#"openat(3</srv>, "x", O_WRONLY|O_CREAT|O_EXCL, 0600) = 4"#,
            r#"{"mknod":{"path":"/srv/x","type":"S_IFREG","mode":"0600"}}"#,
        ),
        (
            r#"openat(AT_FDCWD, "/x", O_RDWR|O_NOATIME) = 4"#,
            r#"{"open":{"path":"/x","flags":["O_RDWR","O_NOATIME"]}}"#,
        ),
        (
            r#"setxattr("/f", "security.capability", "\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20, 0) = 0"#,
            r#"{"setcap":{"path":"/f","caps":{"bytes":"0100000200040000000000000000000000000000"}}}"#,
        ),
        ("kill(1, SIGHUP) = 0", r#"{"kill":{"target":{},"signal":15}}"#),
        ("setpriority(PRIO_PROCESS, 0, -5) = 0", r#"{"setpriority":{"nice":-5}}"#),
        (
            "sched_setscheduler(0, SCHED_FIFO, [1]) = 0",
            r#"{"sched_setscheduler":{"policy":"SCHED_FIFO","priority":1}}"#,
        ),
        (
            "prlimit64(0, RLIMIT_NOFILE, {rlim_cur=4*1024, rlim_max=4*1024}, {rlim_cur=1024, rlim_max=2048}) = 0",
            r#"{"setrlimit":{"resource":"RLIMIT_NOFILE","present":2048,"wanted":4096}}"#,
        ),
        (
            "clock_settime(CLOCK_REALTIME, {tv_sec=1, tv_nsec=0}) = 0",
            r#"{"clock_settime":{"clock":"CLOCK_REALTIME"}}"#,
        ),
        ("syslog(SYSLOG_ACTION_READ_ALL, \"\", 9) = 0", r#"{"syslog":{"type":"SYSLOG_ACTION_READ_ALL"}}"#),
        (
            "perf_event_open({type=PERF_TYPE_HARDWARE, exclude_kernel=1}, 0, -1, -1, 0) = 3",
            r#"{"perf_event_open":{"exclude_kernel":true}}"#,
        ),
        ("bpf(BPF_MAP_CREATE, {map_type=BPF_MAP_TYPE_ARRAY}, 72) = 3", r#"{"bpf":{"command":"BPF_MAP_CREATE"}}"#),
        (
            "quotactl(QCMD(Q_GETQUOTA, USRQUOTA), \"/dev/a\", 1000, {}) = 0",
            r#"{"quotactl":{"command":"Q_GETQUOTA","id":1000}}"#,
        ),
        ("ioctl(3, SIOCSIFFLAGS, {ifr_name=\"lo\"}) = 0", r#"{"ioctl":{"request":"SIOCSIFFLAGS"}}"#),
        ("adjtimex({modes=ADJ_OFFSET, offset=1}) = 0", r#"{"adjtimex":{}}"#),
        (
            "prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, {len=4}) = 0",
            r#"{"seccomp":{"filter":{"bpf":"060000000000ff7f"}}}"#,
        ),
    ] {
        assert_eq!(call(line), Some(parsed(text)), "{line}");
    }
}

#[test]
fn what_can_need_nothing_and_what_cannot_be_told() {
    let never = [
        "read(0, \"\", 1) = 0",
        "bind(3, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr(\"0.0.0.0\")}, 16) = 0",
        "clone(child_stack=NULL, flags=CLONE_VM|SIGCHLD) = 9",
        "unshare(CLONE_NEWUSER|CLONE_NEWNS) = 0",
        "7 kill(7, SIGTERM) = 0",
        "access(\"/etc\", F_OK) = 0",
        "prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=1, rlim_max=1}) = 0",
        "ioctl(1, TCGETS, {}) = 0",
        "adjtimex({modes=0}) = 0",
    ];
    for line in never {
        let log = log(line);
        assert_eq!((log.never, log.asked, log.untold.len()), (1, 0, 0), "{line}: {log:?}");
    }
    for line in [
        "setns(4, CLONE_NEWNET) = 0",
        "fsopen(\"ext4\", 0) = 3",
        "ioctl(3, 0x1234, 0) = 0",
        "openat(AT_FDCWD, 0x7ffd, O_RDONLY) = 3",
        "socket(AF_INET, SOCK_DGRAM, 0) = 3\nsendto(3<NETLINK:[1]>, [{nlmsg_len=1, nlmsg_type=RTM_NEWADDR}], 1, 0, NULL, 0) = 1",
        "unshare(CLONE_NEWUSER) = 0\nsethostname(\"x\", 1) = 0",
        "kill(-1, SIGTERM) = 0",
        "made_up(1) = 0",
    ] {
        let log = log(line);
        assert_eq!(log.untold.len(), 1, "{line}: {log:?}");
    }
}

#[test]
fn descriptors_children_and_results_are_followed() {
    let text = "7 getcwd(\"/srv\", 4096) = 5\n7 openat(AT_FDCWD, \"a\", O_RDONLY) = 3\n7 fchmod(3, 0600) = 0\n\
                7 clone(child_stack=NULL, flags=SIGCHLD) = 9\n9 fchmod(3, 0644) = -1 EPERM (Operation not permitted)\n\
                9 mkdir(\"b\", 0755) = -1 EEXIST (File exists)\n9 kill(7, SIGTERM) = 0\n9 geteuid() = 33\n\
                7 openat(AT_FDCWD, \"a\", O_RDONLY) = 4\n9 exit_group(0) = ?\n";
    let log = log(text);
    assert_eq!((log.failed, log.without_result), (1, 1));
    let [parent, child] = &log.threads[..] else { panic!("{log:?}") };
    assert_eq!((child.id, child.parent, child.ids[0].id), (9, Some((7, 2)), 33));
    let paths: Vec<_> = parent.operations.iter().map(|seen| seen.operation.call.named_files().file).collect();
    assert_eq!(paths, [Some("/srv/a"), Some("/srv/a"), Some("/srv/a")], "its mode was changed in between");
    let shown: Vec<_> =
        child.operations.iter().map(|seen| (seen.operation.shown, seen.operation.unknown.clone())).collect();
    assert_eq!(shown, [(Shown::Refused, Some(Unknown::Files)), (Shown::Succeeded, Some(Unknown::Target))]);
}

#[test]
fn equal_calls_are_counted_and_what_is_made_again_is_another() {
    let text = "bind(3, {sa_family=AF_INET, sin_port=htons(80)}, 16) = 0\n".repeat(5)
        + "mkdir(\"/a\", 0755) = 0\nsetuid(0) = 0\nmkdir(\"/a\", 0755) = 0\n";
    let log = log(&text);
    let found = &log.threads[0].operations;
    assert_eq!((found[0].count, found[0].places.len(), log.asked), (5, 3, 8));
    assert_eq!(found[3].operation.call.named_files().makes, Some("/a (again 1)"));
}
