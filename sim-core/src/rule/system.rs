//! The rules of operations on the machine as a whole, on its network, and on the limits of a process.

use super::{Source, rules};
use crate::kernel::changes;

const SOCKET_OPTIONS: &str = "socket(7), Socket options";
const SETSOCKOPT: Source = Source::new("net/core/sock.c", "sk_setsockopt");
const PRLIMIT: Source = Source::new("kernel/sys.c", "do_prlimit");
const MLOCK: Source = Source::new("mm/mlock.c", "do_mlock");
const IOPL: Source = Source::new("arch/x86/kernel/ioport.c", "sys_iopl");
const PERF: Source = Source::new("kernel/events/core.c", "perf_allow_kernel");
const SYSLOG: Source = Source::new("kernel/printk/printk.c", "check_syslog_permissions");
const KEYCTL: Source = Source::new("security/keys/keyctl.c", "keyctl_chown_key");
const FANOTIFY: Source = Source::new("fs/notify/fanotify/fanotify_user.c", "sys_fanotify_init");
const QUOTA: Source = Source::new("fs/quota/quota.c", "check_quotactl_permission");

rules! {
    SOCKET_UNPRIVILEGED {
        id: "socket.unprivileged",
        statement: "Stream and datagram sockets of AF_INET and AF_INET6, except datagrams of ICMP, and every socket of AF_UNIX, \
                    need no capability.",
        manual: "socket(2), DESCRIPTION",
        source: Source::new("net/ipv4/af_inet.c", "inet_create"),
    }
    SOCKET_RAW {
        id: "socket.raw",
        statement: "A raw socket of AF_INET or AF_INET6 needs CAP_NET_RAW over the user namespace that owns the network \
                    namespace. Without it: EPERM.",
        manual: "raw(7), DESCRIPTION",
        source: Source::new("net/ipv4/af_inet.c", "inet_create"),
    }
    SOCKET_PROTOCOL {
        id: "socket.protocol",
        statement: "A domain and a type have only some protocols: ICMP comes in raw packets and in datagrams, not in a stream, \
                    and AF_INET6 has its own. With another one socket fails with EPROTONOSUPPORT.",
        manual: "socket(2), ERRORS",
        source: Source::new("net/ipv4/af_inet.c", "inet_create"),
    }
    SOCKET_PING_GROUP_RANGE {
        id: "socket.ping-group-range",
        statement: "A datagram socket of ICMP, which can ping and nothing else, needs no capability, but the effective group \
                    id or a supplementary group within net.ipv4.ping_group_range of the network namespace; nobody's is unless \
                    the setting is changed. Otherwise: EACCES.",
        manual: "icmp(7), /proc interfaces",
        source: Source::new("net/ipv4/ping.c", "ping_init_sock"),
    }
    SOCKET_PACKET {
        id: "socket.packet",
        statement: "A socket of AF_PACKET, of whatever type, needs CAP_NET_RAW over the user namespace that owns the network \
                    namespace. Without it: EPERM.",
        manual: "packet(7), DESCRIPTION",
        source: Source::new("net/packet/af_packet.c", "packet_create"),
    }
    SOCKET_PACKET_TYPE {
        id: "socket.packet-type",
        statement: "A socket of AF_PACKET is raw or takes datagrams; with another type socket fails with ESOCKTNOSUPPORT, but \
                    only once the capability is there.",
        manual: "packet(7), DESCRIPTION",
        source: Source::new("net/packet/af_packet.c", "packet_create"),
    }
    SETSOCKOPT_LOW_PRIORITY {
        id: "setsockopt.low-priority",
        statement: "Anyone may set SO_PRIORITY to a value from 0 to 6.",
        manual: SOCKET_OPTIONS,
        source: SETSOCKOPT,
    }
    SETSOCKOPT_NET_RAW {
        id: "setsockopt.net-raw",
        statement: "CAP_NET_RAW over the user namespace that owns the network namespace stands in for CAP_NET_ADMIN: it is \
                    enough to set SO_MARK and any SO_PRIORITY.",
        manual: SOCKET_OPTIONS,
        source: SETSOCKOPT,
        since: Some(&changes::NET_RAW_SOCKET_OPTIONS),
    }
    SETSOCKOPT_NET_ADMIN {
        id: "setsockopt.net-admin",
        statement: "SO_MARK, and SO_PRIORITY with a value not from 0 to 6, need CAP_NET_ADMIN over the user namespace that owns \
                    the network namespace. Without it: EPERM.",
        manual: SOCKET_OPTIONS,
        source: SETSOCKOPT,
    }
    SETSOCKOPT_FORCE {
        id: "setsockopt.force",
        statement: "SO_RCVBUFFORCE and SO_SNDBUFFORCE need CAP_NET_ADMIN in the init user namespace, whoever owns the network \
                    namespace. Without it: EPERM.",
        manual: SOCKET_OPTIONS,
        source: SETSOCKOPT,
    }
    SETSOCKOPT_NO_DEBUG {
        id: "setsockopt.no-debug",
        statement: "Anyone may switch SO_DEBUG off.",
        manual: SOCKET_OPTIONS,
        source: SETSOCKOPT,
    }
    SETSOCKOPT_DEBUG {
        id: "setsockopt.debug",
        statement: "To switch SO_DEBUG on needs CAP_NET_ADMIN in the init user namespace, whoever owns the network namespace. \
                    Without it: EACCES.",
        manual: SOCKET_OPTIONS,
        source: SETSOCKOPT,
    }
    CLOCK_SETTIME_UNSETTABLE {
        id: "clock-settime.unsettable",
        statement: "Nobody can set CLOCK_MONOTONIC or CLOCK_BOOTTIME: EINVAL.",
        manual: "clock_getres(2), ERRORS",
        source: Source::new("kernel/time/posix-timers.c", "sys_clock_settime"),
    }
    CLOCK_SETTIME {
        id: "clock-settime.sys-time",
        statement: "To set CLOCK_REALTIME needs CAP_SYS_TIME in the init user namespace. Without it: EPERM.",
        manual: "clock_getres(2), ERRORS",
        source: Source::new("security/commoncap.c", "cap_settime"),
    }
    ADJTIMEX {
        id: "adjtimex.sys-time",
        statement: "adjtimex with any bit in modes needs CAP_SYS_TIME in the init user namespace. Without it: EPERM.",
        manual: "adjtimex(2), ERRORS",
        source: Source::new("kernel/time/timekeeping.c", "timekeeping_validate_timex"),
    }
    TIMERFD_UNPRIVILEGED {
        id: "timerfd-create.unprivileged",
        statement: "A timer on a clock that does not wake the machine needs no capability.",
        manual: "timerfd_create(2), timerfd_create()",
        source: Source::new("fs/timerfd.c", "sys_timerfd_create"),
    }
    TIMERFD_WAKE_ALARM {
        id: "timerfd-create.wake-alarm",
        statement: "A timer on CLOCK_REALTIME_ALARM or CLOCK_BOOTTIME_ALARM needs CAP_WAKE_ALARM in the init user namespace. \
                    Without it: EPERM.",
        manual: "timerfd_create(2), ERRORS",
        source: Source::new("fs/timerfd.c", "sys_timerfd_create"),
    }
    SETRLIMIT_NR_OPEN {
        id: "setrlimit.nr-open",
        statement: "RLIMIT_NOFILE cannot be set above fs.nr_open (1048576 unless changed), whatever the capabilities: EPERM.",
        manual: "getrlimit(2), ERRORS",
        source: PRLIMIT,
    }
    SETRLIMIT_LOWER {
        id: "setrlimit.lower",
        statement: "Anyone may lower a hard limit or leave it.",
        manual: "getrlimit(2), DESCRIPTION",
        source: PRLIMIT,
    }
    SETRLIMIT_SYS_RESOURCE {
        id: "setrlimit.sys-resource",
        statement: "To raise a hard limit needs CAP_SYS_RESOURCE in the init user namespace. Without it: EPERM.",
        manual: "getrlimit(2), ERRORS",
        source: PRLIMIT,
    }
    MLOCK_NOTHING {
        id: "mlock.nothing",
        statement: "If the soft RLIMIT_MEMLOCK is 0, mlock needs CAP_IPC_LOCK in the init user namespace, however little it \
                    locks. Without it: EPERM.",
        manual: "mlock(2), ERRORS",
        source: Source::new("mm/mlock.c", "can_do_mlock"),
    }
    MLOCK_WITHIN {
        id: "mlock.within-limit",
        statement: "Anyone may lock as many whole pages as the soft RLIMIT_MEMLOCK holds. Part of a page counts as a page.",
        manual: "mlock(2), Limits and permissions",
        source: MLOCK,
    }
    MLOCK_ABOVE {
        id: "mlock.ipc-lock",
        statement: "To lock more than the soft RLIMIT_MEMLOCK needs CAP_IPC_LOCK in the init user namespace. Without it: \
                    ENOMEM.",
        manual: "mlock(2), ERRORS",
        source: MLOCK,
    }
    INIT_MODULE {
        id: "init-module.sys-module",
        statement: "init_module needs CAP_SYS_MODULE in the init user namespace. Without it: EPERM.",
        manual: "init_module(2), ERRORS",
        source: Source::new("kernel/module/main.c", "may_init_module"),
    }
    DELETE_MODULE {
        id: "delete-module.sys-module",
        statement: "delete_module needs CAP_SYS_MODULE in the init user namespace. Without it: EPERM.",
        manual: "delete_module(2), ERRORS",
        source: Source::new("kernel/module/main.c", "sys_delete_module"),
    }
    IOPL_INVALID {
        id: "iopl.invalid",
        statement: "iopl with a level above 3 fails with EINVAL.",
        manual: "iopl(2), ERRORS",
        source: IOPL,
    }
    IOPL_UNCHANGED {
        id: "iopl.unchanged",
        statement: "Anyone may leave the level as it is.",
        manual: "iopl(2), DESCRIPTION",
        source: IOPL,
    }
    IOPL_SYS_RAWIO {
        id: "iopl.sys-rawio",
        statement: "To raise the level needs CAP_SYS_RAWIO in the init user namespace. Without it: EPERM.",
        manual: "iopl(2), ERRORS",
        source: IOPL,
    }
    IOPERM {
        id: "ioperm.sys-rawio",
        statement: "ioperm that turns ports on needs CAP_SYS_RAWIO in the init user namespace. Without it: EPERM.",
        manual: "ioperm(2), ERRORS",
        source: Source::new("arch/x86/kernel/ioport.c", "ksys_ioperm"),
    }
    BPF_UNPRIVILEGED {
        id: "bpf.unprivileged",
        statement: "If kernel.unprivileged_bpf_disabled is 0, anyone may make simple maps and load socket filters.",
        manual: "bpf(2), NOTES",
        source: Source::new("kernel/bpf/syscall.c", "map_create"),
    }
    BPF_CAP_BPF {
        id: "bpf.cap-bpf",
        statement: "If kernel.unprivileged_bpf_disabled is not 0, a map or a program needs CAP_BPF in the init user namespace. \
                    Without it: EPERM.",
        manual: "capabilities(7), Capabilities list",
        source: Source::new("kernel/bpf/syscall.c", "map_create"),
        since: Some(&changes::PERFMON_AND_BPF),
    }
    BPF_SYS_ADMIN {
        id: "bpf.sys-admin",
        statement: "CAP_SYS_ADMIN in the init user namespace stands in for CAP_BPF. Before Linux 5.8 it was the one that was \
                    needed.",
        manual: "capabilities(7), Capabilities list",
        source: Source::new("kernel/bpf/token.c", "bpf_ns_capable"),
    }
    PERF_USER_ONLY {
        id: "perf-event-open.user-only",
        statement: "An event of the thread itself that leaves the kernel out (exclude_kernel) needs no capability.",
        manual: "perf_event_open(2), ERRORS",
        source: Source::new("kernel/events/core.c", "sys_perf_event_open"),
    }
    PERF_NOT_PARANOID {
        id: "perf-event-open.not-paranoid",
        statement: "If kernel.perf_event_paranoid is below 2, anyone may measure the kernel on their own behalf.",
        manual: "perf_event_open(2), perf_event related configuration files",
        source: PERF,
    }
    PERF_PERFMON {
        id: "perf-event-open.perfmon",
        statement: "If kernel.perf_event_paranoid is 2, an event that includes the kernel needs CAP_PERFMON in the init user \
                    namespace. Without it: EACCES.",
        manual: "perf_event_open(2), ERRORS",
        source: PERF,
        since: Some(&changes::PERFMON_AND_BPF),
    }
    PERF_SYS_ADMIN {
        id: "perf-event-open.sys-admin",
        statement: "CAP_SYS_ADMIN in the init user namespace stands in for CAP_PERFMON. Before Linux 5.8 it was the one that \
                    was needed.",
        manual: "capabilities(7), Capabilities list",
        source: PERF,
    }
    SYSLOG_OPEN {
        id: "syslog.unrestricted",
        statement: "If kernel.dmesg_restrict is 0, anyone may read the kernel's log with SYSLOG_ACTION_READ_ALL and ask for its \
                    size with SYSLOG_ACTION_SIZE_BUFFER.",
        manual: "syslog(2), DESCRIPTION",
        source: Source::new("kernel/printk/printk.c", "syslog_action_restricted"),
    }
    SYSLOG_CAP_SYSLOG {
        id: "syslog.cap-syslog",
        statement: "Other actions on the kernel's log, and all of them if kernel.dmesg_restrict is set, need CAP_SYSLOG in the \
                    init user namespace. Without it: EPERM.",
        manual: "syslog(2), ERRORS",
        source: SYSLOG,
    }
    SYSLOG_SYS_ADMIN {
        id: "syslog.sys-admin",
        statement: "CAP_SYS_ADMIN in the init user namespace stands in for CAP_SYSLOG; since Linux 6.9 it does not.",
        manual: "capabilities(7), Capabilities list",
        source: Source { release: "6.1", ..SYSLOG },
        until: Some(&changes::SYSLOG_WITHOUT_SYS_ADMIN),
    }
    KEYCTL_UNMAPPED {
        id: "keyctl.unmapped",
        statement: "A new owner without a mapping in the user namespace fails with EINVAL.",
        manual: "keyctl_chown(3), ERRORS",
        source: KEYCTL,
    }
    KEYCTL_UNCHANGED {
        id: "keyctl.unchanged",
        statement: "KEYCTL_CHOWN to the present owner, or to -1, which stands for it, needs no capability.",
        manual: "keyctl_chown(3), DESCRIPTION",
        source: KEYCTL,
    }
    KEYCTL_SYS_ADMIN {
        id: "keyctl.sys-admin",
        statement: "To give a key to another user needs CAP_SYS_ADMIN in the init user namespace, even if the key is the \
                    thread's own. Without it: EACCES.",
        manual: "keyctl_chown(3), DESCRIPTION",
        source: KEYCTL,
    }
    FANOTIFY_UNPRIVILEGED {
        id: "fanotify-init.unprivileged",
        statement: "Anyone may make a group of the class FAN_CLASS_NOTIF that reports file handles (FAN_REPORT_FID), with less \
                    power than a privileged one.",
        manual: "fanotify_init(2), DESCRIPTION",
        source: FANOTIFY,
        since: Some(&changes::UNPRIVILEGED_FANOTIFY),
    }
    FANOTIFY_SYS_ADMIN {
        id: "fanotify-init.sys-admin",
        statement: "Other groups need CAP_SYS_ADMIN in the init user namespace; before Linux 5.13 all did. Without it: EPERM.",
        manual: "fanotify_init(2), ERRORS",
        source: FANOTIFY,
    }
    FANOTIFY_REPORT_FID {
        id: "fanotify-init.report-fid",
        statement: "FAN_REPORT_FID, unknown before Linux 5.1, goes with the class FAN_CLASS_NOTIF only. Otherwise: EINVAL, but \
                    only once the capability is there.",
        manual: "fanotify_init(2), ERRORS",
        source: FANOTIFY,
    }
    ACCT {
        id: "acct.sys-pacct",
        statement: "acct needs CAP_SYS_PACCT in the init user namespace. Without it: EPERM.",
        manual: "acct(2), ERRORS",
        source: Source::new("kernel/acct.c", "sys_acct"),
    }
    SWAPON {
        id: "swapon.sys-admin",
        statement: "swapon needs CAP_SYS_ADMIN in the init user namespace. Without it: EPERM.",
        manual: "swapon(2), ERRORS",
        source: Source::new("mm/swapfile.c", "sys_swapon"),
    }
    SWAPOFF {
        id: "swapoff.sys-admin",
        statement: "swapoff needs CAP_SYS_ADMIN in the init user namespace. Without it: EPERM.",
        manual: "swapon(2), ERRORS",
        source: Source::new("mm/swapfile.c", "sys_swapoff"),
    }
    QUOTACTL_OWN {
        id: "quotactl.own",
        statement: "Anyone may ask with Q_GETQUOTA for the quota of the own effective user.",
        manual: "quotactl(2), ERRORS",
        source: QUOTA,
    }
    QUOTACTL_SYS_ADMIN {
        id: "quotactl.sys-admin",
        statement: "To see another user's quota, or to set one, needs CAP_SYS_ADMIN in the init user namespace. Without it: \
                    EPERM.",
        manual: "quotactl(2), ERRORS",
        source: QUOTA,
    }
}
