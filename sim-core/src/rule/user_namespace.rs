//! The rules of making and entering user namespaces: unshare(2), clone(2) and setns(2).

use super::{Source, rules};

const CREATING: &str = "user_namespaces(7), Capabilities";
const CREATE: Source = Source::new("kernel/user_namespace.c", "create_user_ns");
const INSTALL: Source = Source::new("kernel/user_namespace.c", "userns_install");
const SET_CRED: Source = Source::new("kernel/user_namespace.c", "set_cred_user_ns");

rules! {
    CLONE_SHARED_FS {
        id: "clone.shared-fs",
        statement: "A child in a new user namespace cannot share its parent's filesystem context: CLONE_NEWUSER with CLONE_FS \
                    fails with EINVAL.",
        manual: "clone(2), ERRORS",
        source: Source::new("kernel/fork.c", "copy_process"),
    }
    CLONE_CHILD {
        id: "clone.child",
        statement: "The child has a copy of the credentials. Nobody traces it, and without CLONE_FS it has a filesystem context \
                    of its own.",
        manual: "clone(2), The flags mask",
        source: Source::new("kernel/cred.c", "copy_creds"),
    }
    UNSHARE_FILESYSTEM {
        id: "unshare.filesystem",
        statement: "unshare with CLONE_FS ends the sharing of the filesystem context. CLONE_NEWUSER and CLONE_NEWNS imply it.",
        manual: "unshare(2), DESCRIPTION",
        source: Source::new("kernel/fork.c", "ksys_unshare"),
    }
    TOO_DEEP {
        id: "userns.too-deep",
        statement: "User namespaces nest at most 33 deep; one more fails with ENOSPC.",
        manual: "user_namespaces(7), Nested namespaces, namespace membership",
        source: CREATE,
    }
    CHROOTED {
        id: "userns.chrooted",
        statement: "Whoever has another root directory than its mount namespace, after chroot, cannot make a user namespace: EPERM.",
        manual: "unshare(2), ERRORS",
        source: CREATE,
    }
    UNMAPPED_CREATOR {
        id: "userns.unmapped-creator",
        statement: "Who makes a user namespace needs a mapping of the own effective user and group id in the namespace it is in. \
                    Without one the call fails with EPERM.",
        manual: "unshare(2), ERRORS",
        source: CREATE,
    }
    FULL_SETS {
        id: "userns.full-sets",
        statement: "Whoever enters a user namespace, a new one or by setns, has every capability in it: permitted, effective, \
                    and in the bounding set even what that lacked before.",
        formula: "P' = E' = B' = all",
        manual: CREATING,
        source: SET_CRED,
    }
    CLEARED_SETS {
        id: "userns.cleared-sets",
        statement: "Whoever enters a user namespace loses the inheritable and the ambient set.",
        formula: "I' = A' = ∅",
        manual: CREATING,
        source: SET_CRED,
    }
    SECUREBITS_RESET {
        id: "userns.securebits-reset",
        statement: "Whoever enters a user namespace has no securebits there, locked ones included.",
        manual: CREATING,
        source: SET_CRED,
    }
    SETNS_BAD_DESCRIPTOR {
        id: "setns.bad-descriptor",
        statement: "setns of a descriptor that is not open fails with EBADF. Here: the namespace was never made, for the call that \
                    should have made it was refused.",
        manual: "setns(2), ERRORS",
        source: Source::new("kernel/nsproxy.c", "sys_setns"),
    }
    SETNS_SAME {
        id: "setns.same",
        statement: "A thread cannot enter the user namespace that it is in: EINVAL.",
        manual: "setns(2), ERRORS",
        source: INSTALL,
    }
    SETNS_SHARED_FS {
        id: "setns.shared-fs",
        statement: "A process that shares its filesystem context cannot enter a user namespace: EINVAL.",
        manual: "setns(2), ERRORS",
        source: INSTALL,
    }
    SETNS_SYS_ADMIN {
        id: "setns.sys-admin",
        statement: "To enter a user namespace a thread needs CAP_SYS_ADMIN in it. The user who made it has that, seen from the \
                    namespace above; in a namespace above one's own nobody has any. Without it setns fails with EPERM.",
        manual: "setns(2), Details for specific namespace types",
        source: INSTALL,
    }
}
