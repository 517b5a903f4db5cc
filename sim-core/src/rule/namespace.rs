//! The rules of making namespaces of the kinds beside the user namespace: unshare(2) and clone(2).

use super::{Source, rules};
use crate::kernel::changes;

rules! {
    NO_TIME_NAMESPACES {
        id: "unshare.no-time-namespaces",
        statement: "Before Linux 5.6 there are no time namespaces: unshare of CLONE_NEWTIME fails with EINVAL.",
        manual: "time_namespaces(7), VERSIONS",
        source: Source { release: "4.14", ..Source::new("kernel/fork.c", "check_unshare_flags") },
        until: Some(&changes::TIME_NAMESPACES),
    }
    CLONE_TIME_FLAG {
        id: "clone.time-flag",
        statement: "To clone, the bit of CLONE_NEWTIME is part of the number of the signal that the child's end sends. It makes no \
                    time namespace; only unshare and clone3 do.",
        manual: "clone(2), The child termination signal",
        source: Source::new("kernel/fork.c", "sys_clone"),
        until: Some(&changes::CLONE_EXIT_SIGNAL),
    }
    CLONE_EXIT_SIGNAL {
        id: "clone.exit-signal",
        statement: "To clone, the bit of CLONE_NEWTIME is part of the number of the signal that the child's end sends. No signal \
                    has such a number: EINVAL. Only unshare and clone3 make a time namespace.",
        manual: "clone(2), The child termination signal",
        source: Source { release: "7.1", ..Source::new("kernel/fork.c", "kernel_clone") },
        since: Some(&changes::CLONE_EXIT_SIGNAL),
    }
    MOUNT_SHARED_FS {
        id: "clone.mount-shared-fs",
        statement: "A child in a new mount namespace cannot share its parent's filesystem context: CLONE_NEWNS with CLONE_FS fails \
                    with EINVAL.",
        manual: "clone(2), ERRORS",
        source: Source::new("kernel/fork.c", "copy_process"),
    }
    SYS_ADMIN {
        id: "namespaces.sys-admin",
        statement: "Making a namespace of any kind but user needs CAP_SYS_ADMIN in the caller's user namespace, or in the new one if \
                    the same call makes one; its maker has it there. Without it: EPERM.",
        manual: "namespaces(7), Namespace types",
        source: Source::new("kernel/nsproxy.c", "unshare_nsproxy_namespaces"),
    }
    PID_TWICE {
        id: "namespaces.pid-twice",
        statement: "A thread whose children go to another pid namespace than its own, after unshare of CLONE_NEWPID, cannot ask for \
                    one more: EINVAL.",
        manual: "pid_namespaces(7), DESCRIPTION",
        source: Source::new("kernel/pid_namespace.c", "copy_pid_ns"),
    }
    OWNER {
        id: "namespaces.owner",
        statement: "A new namespace belongs to the user namespace in which it is made, or to the new one if the same call makes one. \
                    Capabilities over what it governs are looked for there.",
        manual: "user_namespaces(7), Interaction of user namespaces and other types of namespaces",
        source: Source::new("kernel/nsproxy.c", "create_new_namespaces"),
    }
    FOR_CHILDREN {
        id: "unshare.for-children",
        statement: "After unshare of CLONE_NEWPID or CLONE_NEWTIME the thread stays where it is: its children are in the new \
                    namespace.",
        manual: "unshare(2), DESCRIPTION",
        source: Source::new("kernel/nsproxy.c", "create_new_namespaces"),
    }
    CHILD_ENTERS {
        id: "clone.child-enters",
        statement: "A child is in the pid and the time namespace that an unshare before left for children.",
        manual: "unshare(2), DESCRIPTION",
        source: Source::new("kernel/nsproxy.c", "copy_namespaces"),
    }
}
