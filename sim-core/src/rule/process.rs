//! The rules of operations on processes and on the namespaces that a process is in.

use super::{Source, rules};

const PTRACE: &str = "ptrace(2), Ptrace access mode checking";
const MAY_ACCESS: Source = Source::new("kernel/ptrace.c", "__ptrace_may_access");
const CAP_PTRACE: Source = Source::new("security/commoncap.c", "cap_ptrace_access_check");
const SETSCHEDULER: &str = "sched(7), Privileges and resource limits";
const USER_CHECK: Source = Source::new("kernel/sched/syscalls.c", "user_check_sched_setscheduler");
const SCM: &str = "unix(7), Ancillary messages";
const SCM_CHECK: Source = Source::new("net/core/scm.c", "scm_check_creds");

rules! {
    OUT_OF_SIGHT {
        id: "process.out-of-sight",
        statement: "A process of another pid namespace, which is not below the caller's own, has no pid there and cannot be named: \
                    ESRCH.",
        manual: "pid_namespaces(7), DESCRIPTION",
        source: Source::new("kernel/pid.c", "find_task_by_vpid"),
    }
    KILL_BAD_SIGNAL {
        id: "kill.bad-signal",
        statement: "A signal below 0 or above 64 does not exist: kill fails with EINVAL.",
        manual: "kill(2), ERRORS",
        source: Source::new("kernel/signal.c", "check_kill_permission"),
    }
    KILL_SAME_USER {
        id: "kill.same-user",
        statement: "Whoever has the process's real or saved user id as real or effective user id may send it any signal. The \
                    process's effective user id does not matter.",
        manual: "kill(2), DESCRIPTION",
        source: Source::new("kernel/signal.c", "kill_ok_by_cred"),
    }
    KILL {
        id: "kill.cap-kill",
        statement: "To send a signal to a process of another user, kill needs CAP_KILL in the user namespace of that process. Without \
                    it: EPERM. Only SIGCONT may be sent within a session all the same.",
        manual: "kill(2), DESCRIPTION",
        source: Source::new("kernel/signal.c", "kill_ok_by_cred"),
    }
    PTRACE_SAME_IDS {
        id: "ptrace.same-ids",
        statement: "The caller's real user id must be the process's real, effective and saved one, and the real group id likewise.",
        manual: PTRACE,
        source: MAY_ACCESS,
    }
    PTRACE_OTHER_IDS {
        id: "ptrace.other-ids",
        statement: "Where an id differs, tracing needs CAP_SYS_PTRACE in the user namespace of the process. Without it: EPERM.",
        manual: PTRACE,
        source: MAY_ACCESS,
    }
    PTRACE_NOT_DUMPABLE {
        id: "ptrace.not-dumpable",
        statement: "A process that is not dumpable can only be traced with CAP_SYS_PTRACE in the user namespace in which it executed \
                    its program. Without it: EPERM.",
        manual: PTRACE,
        source: MAY_ACCESS,
    }
    PTRACE_WITHIN_PERMITTED {
        id: "ptrace.within-permitted",
        statement: "A process of the same user namespace may be traced if nothing is permitted to it that is not permitted to the \
                    caller.",
        formula: "P(process) ⊆ P",
        manual: PTRACE,
        source: CAP_PTRACE,
    }
    PTRACE_MORE_PERMITTED {
        id: "ptrace.more-permitted",
        statement: "A process with more permitted capabilities than the caller, or in another user namespace, can only be traced with \
                    CAP_SYS_PTRACE in its user namespace. Without it: EPERM.",
        manual: PTRACE,
        source: CAP_PTRACE,
    }
    PTRACE_TRACED {
        id: "ptrace.already-traced",
        statement: "A process has one tracer: to attach to one that is traced fails with EPERM.",
        manual: "ptrace(2), ERRORS",
        source: Source::new("kernel/ptrace.c", "ptrace_attach"),
    }
    SETPRIORITY_OTHER {
        id: "setpriority.other-user",
        statement: "To change the nice value of a process whose real and effective user ids are both not the caller's effective one, \
                    setpriority needs CAP_SYS_NICE in the user namespace of that process. Without it: EPERM.",
        manual: "setpriority(2), ERRORS",
        source: Source::new("kernel/sys.c", "set_one_prio_perm"),
    }
    SETPRIORITY {
        id: "setpriority.sys-nice",
        statement: "To lower a nice value, setpriority needs CAP_SYS_NICE in the initial user namespace, as long as RLIMIT_NICE is 0. \
                    Without it: EACCES.",
        manual: "setpriority(2), ERRORS",
        source: Source::new("kernel/sched/syscalls.c", "can_nice"),
    }
    SCHEDULER_PRIORITY {
        id: "scheduler.priority",
        statement: "SCHED_FIFO and SCHED_RR take a priority from 1 to 99, the other policies 0. Any other fails with EINVAL.",
        manual: "sched_setscheduler(2), ERRORS",
        source: Source::new("kernel/sched/syscalls.c", "__sched_setscheduler"),
    }
    SCHEDULER_UNPRIVILEGED {
        id: "scheduler.unprivileged",
        statement: "Anyone may give a process with the own effective user id as real or effective one a policy that is not real-time, \
                    or a lower priority with the same policy; but not take SCHED_IDLE from it.",
        manual: SETSCHEDULER,
        source: USER_CHECK,
    }
    SCHEDULER {
        id: "scheduler.sys-nice",
        statement: "For a process of another user, for a real-time policy, for a higher priority, and to leave SCHED_IDLE, \
                    sched_setscheduler needs CAP_SYS_NICE in the initial user namespace, as long as RLIMIT_RTPRIO and RLIMIT_NICE are 0. \
                    Without it: EPERM.",
        manual: SETSCHEDULER,
        source: USER_CHECK,
    }
    SCHEDULING_MORE_PERMITTED {
        id: "scheduling.more-permitted",
        statement: "To change the nice value or the policy of a process with more permitted capabilities than the caller, one needs \
                    CAP_SYS_NICE in the user namespace of that process, whoever it belongs to. Without it: EPERM.",
        formula: "P(process) ⊆ P",
        source: Source::new("security/commoncap.c", "cap_safe_nice"),
    }
    SENDMSG_UNMAPPED {
        id: "sendmsg.unmapped",
        statement: "A message cannot claim a user or group id without a mapping in the sender's user namespace: EINVAL.",
        manual: "user_namespaces(7), User and group ID mappings: uid_map and gid_map",
        source: SCM_CHECK,
    }
    SENDMSG_PID {
        id: "sendmsg.pid",
        statement: "To claim another pid than the own, a message with SCM_CREDENTIALS needs CAP_SYS_ADMIN in the user namespace that \
                    owns the pid namespace. Without it: EPERM.",
        manual: SCM,
        source: SCM_CHECK,
    }
    SENDMSG_UID {
        id: "sendmsg.uid",
        statement: "To claim a user id that is not the sender's real, effective or saved one, a message with SCM_CREDENTIALS needs \
                    CAP_SETUID in the sender's user namespace. Without it: EPERM.",
        manual: SCM,
        source: SCM_CHECK,
    }
    SENDMSG_GID {
        id: "sendmsg.gid",
        statement: "To claim a group id that is not the sender's real, effective or saved one, a message with SCM_CREDENTIALS needs \
                    CAP_SETGID in the sender's user namespace. Without it: EPERM.",
        manual: SCM,
        source: SCM_CHECK,
    }
    SETHOSTNAME {
        id: "sethostname.sys-admin",
        statement: "sethostname needs CAP_SYS_ADMIN in the user namespace that owns the UTS namespace. Without it: EPERM.",
        manual: "sethostname(2), ERRORS",
        source: Source::new("kernel/sys.c", "sys_sethostname"),
    }
    SETDOMAINNAME {
        id: "setdomainname.sys-admin",
        statement: "setdomainname needs CAP_SYS_ADMIN in the user namespace that owns the UTS namespace. Without it: EPERM.",
        manual: "setdomainname(2), ERRORS",
        source: Source::new("kernel/sys.c", "sys_setdomainname"),
    }
    REBOOT {
        id: "reboot.sys-boot",
        statement: "reboot needs CAP_SYS_BOOT in the user namespace that owns the pid namespace, whatever is asked of it. Without it: \
                    EPERM. In a pid namespace below the first one it ends that namespace and not the machine.",
        manual: "reboot(2), ERRORS",
        source: Source::new("kernel/reboot.c", "sys_reboot"),
    }
}
