//! The rules of mount(2), umount2(2), pivot_root(2) and chroot(2).

use super::{Source, rules};

rules! {
    MOUNT {
        id: "mount.sys-admin",
        statement: "mount needs CAP_SYS_ADMIN in the user namespace that owns the mount namespace. Without it: EPERM.",
        manual: "mount(2), ERRORS",
        source: Source::new("fs/namespace.c", "may_mount"),
    }
    MOUNT_FILESYSTEM {
        id: "mount.filesystem",
        statement: "A new filesystem needs CAP_SYS_ADMIN in the initial user namespace, unless its type may be mounted in others: \
                    tmpfs and ramfs in the caller's own, mqueue in the owner of the IPC namespace, cgroup2 in the owner of the \
                    control group namespace. Without it: EPERM.",
        manual: "user_namespaces(7), Capabilities",
        source: Source::new("fs/super.c", "mount_capable"),
    }
    UMOUNT {
        id: "umount.sys-admin",
        statement: "umount2 needs CAP_SYS_ADMIN in the user namespace that owns the mount namespace. Without it: EPERM.",
        manual: "umount(2), ERRORS",
        source: Source::new("fs/namespace.c", "can_umount"),
    }
    PIVOT_ROOT {
        id: "pivot-root.sys-admin",
        statement: "pivot_root needs CAP_SYS_ADMIN in the user namespace that owns the mount namespace. Without it: EPERM.",
        manual: "pivot_root(2), ERRORS",
        source: Source::new("fs/namespace.c", "sys_pivot_root"),
    }
    CHROOT {
        id: "chroot.sys-chroot",
        statement: "chroot needs CAP_SYS_CHROOT in the caller's own user namespace. Without it: EPERM.",
        manual: "chroot(2), ERRORS",
        source: Source::new("fs/open.c", "sys_chroot"),
    }
    CHROOT_ELSEWHERE {
        id: "chroot.elsewhere",
        statement: "After chroot to another directory the thread counts as chrooted, and so do its children.",
        manual: "chroot(2), DESCRIPTION",
        source: Source::new("fs/namespace.c", "current_chrooted"),
    }
}
