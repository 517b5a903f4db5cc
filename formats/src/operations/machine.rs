//! Calls about other processes, limits, the network and the machine.

use std::rc::Rc;

use sim_core::least::Unknown;
use sim_core::scenario::{Call, read_value};

use super::arguments::{Arguments, field, number};
use super::files::argument;
use super::process::Process;
use super::told::{Caller, NOT_MODELLED, NOT_SHOWN, Told, call, quoted, shown};

/// What a call about the machine tells; nothing for another call.
pub(super) fn told(name: &str, arguments: Arguments<'_>, caller: Caller<'_>) -> Option<Told> {
    let own = |index: usize| {
        let pid = arguments.number(index);
        pid == Some(0) || pid == Some(i64::from(caller.thread)) && caller.thread != 0
    };
    let told = match name {
        "kill" | "tkill" | "rt_sigqueueinfo" => signal(own(0), arguments, 0, 1),
        "tgkill" | "rt_tgsigqueueinfo" => signal(own(1), arguments, 1, 2),
        "pidfd_send_signal" => call(r#"{"kill":{"target":{}}}"#).partly(Unknown::Target),
        "ptrace" => match arguments.text(0) {
            "PTRACE_ATTACH" | "PTRACE_SEIZE" => call(r#"{"ptrace":{"target":{}}}"#).partly(Unknown::Target),
            _ => Told::Never,
        },
        "process_vm_readv" | "process_vm_writev" | "pidfd_getfd" if !own(0) => {
            call(r#"{"ptrace":{"target":{}}}"#).partly(Unknown::Target)
        }
        "setpriority" => priority(own(1), arguments),
        "nice" => shown(arguments.number(0).map(|nice| format!(r#"{{"setpriority":{{"nice":{nice}}}}}"#))),
        "sched_setscheduler" => scheduler(own(0), arguments),
        "sched_setaffinity" if own(0) => Told::Never,
        "setrlimit" => limit(arguments.text(0), arguments.text(1), "", caller.process),
        "prlimit64" if arguments.text(2) == "NULL" || arguments.text(2).is_empty() => {
            if own(0) {
                Told::Never
            } else {
                Told::Untold("whose limits are read")
            }
        }
        "prlimit64" if own(0) => limit(arguments.text(1), arguments.text(2), arguments.text(3), caller.process),
        "mlock" | "mlock2" => lock(arguments.number(1), caller.process),
        "mlockall" => lock(Some(1), caller.process),
        "sendmsg" | "sendmmsg" => message(arguments, caller),
        "mount" => mount(arguments),
        "umount2" | "umount" => call(r#"{"umount2":{}}"#),
        "chroot" => shown(arguments.string(0).map(|path| {
            format!(r#"{{"chroot":{{"path":{}}}}}"#, quoted(&caller.process.absolute("AT_FDCWD", &path)))
        })),
        "pivot_root" | "sethostname" | "setdomainname" | "acct" | "swapon" | "swapoff" | "init_module"
        | "delete_module" => call(&format!(r#"{{"{name}":{{}}}}"#)),
        "finit_module" => call(r#"{"init_module":{}}"#),
        "reboot" => call(r#"{"reboot":{}}"#),
        "socket" => socket(arguments),
        "bind" => bind(arguments, caller.process),
        "setsockopt" => option(arguments),
        "settimeofday" | "stime" => call(r#"{"clock_settime":{"clock":"CLOCK_REALTIME"}}"#),
        "clock_settime" => call(&format!(r#"{{"clock_settime":{{"clock":{}}}}}"#, quoted(arguments.text(0)))),
        "adjtimex" => adjust(arguments.text(0)),
        "clock_adjtime" => adjust(arguments.text(1)),
        "timerfd_create" => call(&format!(r#"{{"timerfd_create":{{"clock":{}}}}}"#, quoted(arguments.text(0)))),
        "timer_create" if !arguments.text(0).ends_with("_ALARM") => Told::Never,
        "iopl" => shown(arguments.number(0).map(|level| format!(r#"{{"iopl":{{"level":{level}}}}}"#))),
        "ioperm" if arguments.number(2) == Some(0) => Told::Never,
        "ioperm" => call(r#"{"ioperm":{}}"#),
        "bpf" => bpf(arguments),
        "perf_event_open" => perf(arguments, own(1)),
        "syslog" => syslog(arguments),
        "keyctl" => keyctl(arguments),
        "getsockopt" | "process_vm_readv" | "process_vm_writev" | "add_key" | "request_key" => Told::Never,
        "fanotify_init" => fanotify(arguments),
        "quotactl" => quota(arguments),
        "ioctl" => ioctl(arguments, caller.process),
        "fcntl" | "fcntl64" => match arguments.text(1) {
            "F_SETLEASE" | "F_SETPIPE_SZ" => Told::Untold(NOT_MODELLED),
            _ => Told::Never,
        },
        _ => return None,
    };
    Some(told)
}

fn signal(own: bool, arguments: Arguments<'_>, pid: usize, at: usize) -> Told {
    if own {
        return Told::Never;
    }
    if arguments.number(pid).is_none_or(|pid| pid < 0) {
        return Told::Untold("which processes there are, and as whom they run, is not in the log");
    }
    let signal = if arguments.number(at) == Some(0) { 0 } else { 15 };
    call(&format!(r#"{{"kill":{{"target":{{}},"signal":{signal}}}}}"#)).partly(Unknown::Target)
}

fn priority(own: bool, arguments: Arguments<'_>) -> Told {
    if arguments.text(0) != "PRIO_PROCESS" {
        return Told::Untold("a group or a user: which processes there are is not in the log");
    }
    let told = shown(arguments.number(2).map(|nice| format!(r#"{{"setpriority":{{"nice":{nice}}}}}"#)));
    if own { told } else { told.partly(Unknown::Target) }
}

fn scheduler(own: bool, arguments: Arguments<'_>) -> Told {
    let priority = field(arguments.text(2), "[").and_then(number).unwrap_or_default();
    let policy = quoted(arguments.names(1).next().unwrap_or_default());
    let told = call(&format!(r#"{{"sched_setscheduler":{{"policy":{policy},"priority":{priority}}}}}"#));
    if own { told } else { told.partly(Unknown::Target) }
}

/// Soft and hard limit of `{rlim_cur=1024, rlim_max=4*1024}`.
pub(super) fn limits(text: &str) -> Option<[u64; 2]> {
    let one = |name: &str| match field(text, name)? {
        "RLIM_INFINITY" | "RLIM64_INFINITY" => Some(u64::MAX),
        text => u64::try_from(number(text)?).ok(),
    };
    Some([one("rlim_cur=")?, one("rlim_max=")?])
}

fn show_limit(limit: u64) -> String {
    if limit == u64::MAX { "\"RLIM_INFINITY\"".to_owned() } else { limit.to_string() }
}

fn limit(resource: &str, wanted: &str, old: &str, process: &Process) -> Told {
    let Some([_, wanted]) = limits(wanted) else { return Told::Untold(NOT_SHOWN) };
    let written = |present: u64| {
        let (present, wanted) = (show_limit(present), show_limit(wanted));
        let resource = quoted(resource);
        format!(r#"{{"setrlimit":{{"resource":{resource},"present":{present},"wanted":{wanted}}}}}"#)
    };
    match limits(old).or_else(|| process.limits.get(resource).copied()) {
        Some([_, present]) => call(&written(present)),
        // The kindest is that it does not grow.
        None => with_value(&written(wanted), &written(0)),
    }
}

fn with_value(kind: &str, unkind: &str) -> Told {
    match (read_value::<Call>(kind), read_value::<Call>(unkind)) {
        (Ok(kind), Ok(unkind)) => Told::Partly(kind, Unknown::Value(Box::new(unkind))),
        _ => Told::Untold(NOT_MODELLED),
    }
}

fn lock(bytes: Option<i64>, process: &Process) -> Told {
    let Some(bytes) = bytes.filter(|bytes| *bytes >= 0) else { return Told::Untold(NOT_SHOWN) };
    let written = |limit: u64| format!(r#"{{"mlock":{{"limit":{},"bytes":{bytes}}}}}"#, show_limit(limit));
    match process.limits.get("RLIMIT_MEMLOCK") {
        // What is locked already counts too, and is not followed.
        Some([soft, _]) if *soft < u64::MAX => with_value(&written(*soft), &written(0)),
        Some(_) => Told::Never,
        // The kindest is that it suffices, from the middle of a page too.
        None => with_value(&written(u64::try_from(bytes).unwrap_or_default().saturating_add(8192)), &written(0)),
    }
}

fn message(arguments: Arguments<'_>, caller: Caller<'_>) -> Told {
    let text = arguments.text(1);
    let Some((_, claimed)) = text.split_once("SCM_CREDENTIALS") else {
        return if text.contains("nlmsg_type=") && !text.contains("nlmsg_type=RTM_GET") {
            Told::Untold("what a message over netlink asks for is not modelled")
        } else {
            Told::Never
        };
    };
    let id = |name: &str| field(claimed, name).and_then(number);
    let (Some(pid), Some(uid), Some(gid)) = (id("pid="), id("uid="), id("gid=")) else {
        return Told::Untold(NOT_SHOWN);
    };
    let written = |pid: &str| format!(r#"{{"sendmsg":{{"credentials":{{"pid":"{pid}","uid":{uid},"gid":{gid}}}}}}}"#);
    if pid == i64::from(caller.thread) {
        call(&written("own"))
    } else {
        with_value(&written("own"), &written("foreign"))
    }
}

fn mount(arguments: Arguments<'_>) -> Told {
    let kind = arguments.string(2).unwrap_or_default();
    // Whether a mount may be made, moved or changed is asked in the same way for every type in the first user namespace.
    let known = ["tmpfs", "ramfs", "devtmpfs", "mqueue", "cgroup2"];
    let kind = if known.contains(&kind.as_str()) { kind.as_str() } else { "tmpfs" };
    call(&format!(r#"{{"mount":{{"type":"{kind}"}}}}"#))
}

fn socket(arguments: Arguments<'_>) -> Told {
    let kind = arguments.names(1).find(|name| name.starts_with("SOCK_")).unwrap_or_default();
    match (arguments.text(0), kind) {
        (domain @ ("AF_INET" | "AF_INET6" | "AF_PACKET" | "AF_UNIX"), "SOCK_RAW" | "SOCK_STREAM" | "SOCK_DGRAM") => {
            // Of another kind of socket ICMP is the usual protocol, or none at all.
            let protocol = arguments.names(2).find(|name| kind == "SOCK_DGRAM" && name.starts_with("IPPROTO_ICMP"));
            let protocol = protocol.map(|name| format!(r#","protocol":"{name}""#)).unwrap_or_default();
            call(&format!(r#"{{"socket":{{"domain":"{domain}","type":"{kind}"{protocol}}}}}"#))
        }
        ("AF_INET" | "AF_INET6" | "AF_UNIX", "SOCK_SEQPACKET") | ("AF_NETLINK" | "AF_ALG" | "AF_VSOCK", _) => {
            Told::Never
        }
        _ => Told::Untold(NOT_MODELLED),
    }
}

fn bind(arguments: Arguments<'_>, process: &Process) -> Told {
    let address = arguments.text(1);
    let family = field(address, "sa_family=").unwrap_or_default();
    match family {
        "AF_INET" | "AF_INET6" => {
            let port = field(address, "sin_port=htons(").or_else(|| field(address, "sin6_port=htons("));
            match port.and_then(number) {
                // The kernel chooses one.
                Some(0) => Told::Never,
                Some(port) => call(&format!(r#"{{"bind":{{"port":{port}}}}}"#)),
                None => Told::Untold(NOT_SHOWN),
            }
        }
        "AF_UNIX" => {
            let path = address.split_once("sun_path=").and_then(|(_, path)| path.strip_suffix('}'));
            match path {
                Some(path) if path.starts_with('"') => {
                    let bytes = super::arguments::bytes(path).and_then(|bytes| String::from_utf8(bytes).ok());
                    let node = |path: String| {
                        let path = quoted(&process.absolute("AT_FDCWD", &path));
                        format!(r#"{{"mknod":{{"path":{path},"type":"S_IFSOCK","mode":"0777"}}}}"#)
                    };
                    shown(bytes.map(node)).partly(Unknown::Files)
                }
                // Abstract, or none.
                _ => Told::Never,
            }
        }
        "AF_NETLINK" | "AF_PACKET" | "AF_ALG" => Told::Never,
        _ => Told::Untold(NOT_MODELLED),
    }
}

/// Options that anybody may set.
const FREE_OPTIONS: [&str; 34] = [
    "SO_REUSEADDR",
    "SO_REUSEPORT",
    "SO_KEEPALIVE",
    "SO_BROADCAST",
    "SO_LINGER",
    "SO_OOBINLINE",
    "SO_SNDBUF",
    "SO_RCVBUF",
    "SO_RCVTIMEO",
    "SO_SNDTIMEO",
    "SO_RCVTIMEO_OLD",
    "SO_SNDTIMEO_OLD",
    "SO_PASSCRED",
    "SO_TIMESTAMP",
    "SO_TIMESTAMP_OLD",
    "SO_ATTACH_FILTER",
    "SO_DETACH_FILTER",
    "SO_RCVLOWAT",
    "SO_PEEK_OFF",
    "SO_DONTROUTE",
    "TCP_NODELAY",
    "TCP_CORK",
    "TCP_KEEPIDLE",
    "TCP_KEEPINTVL",
    "TCP_KEEPCNT",
    "TCP_DEFER_ACCEPT",
    "TCP_QUICKACK",
    "TCP_USER_TIMEOUT",
    "TCP_FASTOPEN",
    "IPV6_V6ONLY",
    "IP_TTL",
    "IP_RECVERR",
    "IPV6_RECVERR",
    "IP_PKTINFO",
];

fn option(arguments: Arguments<'_>) -> Told {
    let option = arguments.text(2);
    if FREE_OPTIONS.contains(&option) {
        return Told::Never;
    }
    if arguments.text(1) != "SOL_SOCKET" {
        return Told::Untold(NOT_MODELLED);
    }
    let value = field(arguments.text(3), "[").and_then(number);
    shown(value.map(|value| format!(r#"{{"setsockopt":{{"option":{},"value":{value}}}}}"#, quoted(option))))
}

fn adjust(text: &str) -> Told {
    match field(text, "modes=") {
        Some("0" | "ADJ_OFFSET_SS_READ") => Told::Never,
        Some(_) => call(r#"{"adjtimex":{}}"#),
        None => Told::Untold(NOT_SHOWN),
    }
}

fn bpf(arguments: Arguments<'_>) -> Told {
    match (arguments.text(0), field(arguments.text(1), "prog_type=")) {
        ("BPF_MAP_CREATE", _) | ("BPF_PROG_LOAD", Some("BPF_PROG_TYPE_SOCKET_FILTER")) => {
            call(&format!(r#"{{"bpf":{{"command":"{}"}}}}"#, arguments.text(0)))
        }
        ("BPF_PROG_LOAD", _) => {
            Told::Untold("programs of this type may need more capabilities than the model knows of")
        }
        _ => Told::Untold(NOT_MODELLED),
    }
}

fn perf(arguments: Arguments<'_>, own: bool) -> Told {
    if !own || !arguments.text(2).starts_with('-') {
        return Told::Untold("measuring another process, or a processor");
    }
    let excluded = arguments.text(0).contains("exclude_kernel=1");
    call(&format!(r#"{{"perf_event_open":{{"exclude_kernel":{excluded}}}}}"#))
}

fn syslog(arguments: Arguments<'_>) -> Told {
    let action = arguments.text(0).split([' ', '/']).find(|word| word.starts_with("SYSLOG_ACTION_"));
    shown(action.map(|action| format!(r#"{{"syslog":{{"type":"{action}"}}}}"#)))
}

fn keyctl(arguments: Arguments<'_>) -> Told {
    match arguments.text(0) {
        "KEYCTL_CHOWN" if arguments.text(1) == "KEY_SPEC_THREAD_KEYRING" => shown(
            arguments
                .id(2)
                .map(|uid| format!(r#"{{"keyctl":{{"operation":"KEYCTL_CHOWN","uid":{}}}}}"#, argument(uid))),
        ),
        "KEYCTL_JOIN_SESSION_KEYRING" | "KEYCTL_GET_KEYRING_ID" | "KEYCTL_SEARCH" | "KEYCTL_DESCRIBE" => Told::Never,
        _ => Told::Untold("who a key belongs to, and its permissions, are not in the log"),
    }
}

fn fanotify(arguments: Arguments<'_>) -> Told {
    let class = arguments.names(0).find(|name| name.starts_with("FAN_CLASS_")).unwrap_or("FAN_CLASS_NOTIF");
    let fid = arguments.has(0, "FAN_REPORT_FID");
    call(&format!(r#"{{"fanotify_init":{{"class":"{class}","report_fid":{fid}}}}}"#))
}

/// `QCMD(Q_GETQUOTA, USRQUOTA)`
fn quota(arguments: Arguments<'_>) -> Told {
    let command = field(arguments.text(0), "QCMD(").unwrap_or_default();
    if !arguments.text(0).contains("USRQUOTA") {
        return Told::Untold(NOT_MODELLED);
    }
    shown(
        arguments
            .id(2)
            .map(|id| format!(r#"{{"quotactl":{{"command":{},"id":{}}}}}"#, quoted(command), argument(id))),
    )
}

/// Requests that anybody may make who has the descriptor.
const FREE_REQUESTS: [&str; 22] = [
    "TCGETS",
    "TCSETS",
    "TCSETSW",
    "TCSETSF",
    "TCFLSH",
    "TCSBRK",
    "TCXONC",
    "TIOCGWINSZ",
    "TIOCSWINSZ",
    "TIOCGPGRP",
    "TIOCSPGRP",
    "TIOCNOTTY",
    "TIOCGPTN",
    "TIOCSPTLCK",
    "TIOCGPTPEER",
    "FIONREAD",
    "FIONBIO",
    "FIOCLEX",
    "FIONCLEX",
    "FIOASYNC",
    "SIOCGIFCONF",
    "SIOCGIFINDEX",
];

fn ioctl(arguments: Arguments<'_>, process: &Process) -> Told {
    let request = arguments.text(1).split(" /*").next().unwrap_or_default();
    match request {
        _ if FREE_REQUESTS.contains(&request) || request.starts_with("SIOCGIF") => Told::Never,
        "SIOCSIFFLAGS" => call(r#"{"ioctl":{"request":"SIOCSIFFLAGS"}}"#),
        "FS_IOC_SETFLAGS" => {
            let flags = ["FS_IMMUTABLE_FL", "FS_APPEND_FL"];
            let set: Vec<String> =
                flags.iter().filter(|flag| arguments.text(2).contains(*flag)).map(|flag| quoted(flag)).collect();
            let path: Rc<str> = process.path_of(arguments.text(0)).unwrap_or_else(|| "/(a file)".to_owned()).into();
            let (path, set) = (quoted(&path), set.join(","));
            call(&format!(r#"{{"ioctl":{{"request":"FS_IOC_SETFLAGS","path":{path},"flags":[{set}]}}}}"#))
                .partly(Unknown::Files)
        }
        _ => Told::Untold("what this request asks for is not modelled"),
    }
}
