use super::Release;

/// A point in the kernel's history at which some answer changed.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    /// Short name, as in `exec-id-change`.
    pub id: &'static str,
    /// The first mainline release that has it.
    pub since: Release,
    /// What changed, in one sentence.
    pub statement: &'static str,
    /// The commit, or where the release was established.
    pub source: &'static str,
}

macro_rules! change_points {
    ($($name:ident = $id:literal $major:literal.$minor:literal $statement:literal, $source:literal;)*) => {
        pub(super) mod points {
            use super::{Change, Release};
            $(
                #[doc = concat!("Linux ", $major, ".", $minor, ": ", $statement)]
                pub static $name: Change = Change {
                    id: $id,
                    since: Release::new($major, $minor),
                    statement: $statement,
                    source: $source,
                };
            )*
        }

        /// Every change point that the model knows, oldest first.
        pub static CHANGES: &[&Change] = &[$(&points::$name),*];
    };
}

change_points! {
    MAP_LINES = "map-lines" 4 . 15
        "A map of a user namespace may have 340 lines; before, 5.",
        "commit 6397fac4915a, kernel/user_namespace.c";
    BPF_DIVISOR_CHECK = "bpf-divisor-check" 4 . 16
        "A division by X in a filter becomes five instructions of the kernel; before, one. The limit of all filters counts them.",
        "commit f6b1b3bf0d5f, net/core/filter.c, bpf_convert_filter";
    SECCOMP_SPEC_ALLOW = "seccomp-spec-allow" 4 . 17
        "The flag SECCOMP_FILTER_FLAG_SPEC_ALLOW exists.",
        "seccomp(2), SECCOMP_FILTER_FLAG_SPEC_ALLOW";
    SETGID_DIRECTORY_CREATION = "setgid-directory-creation" 4 . 18
        "Who is not in the group of a set-group-ID directory can no longer create a set-group-ID program there.",
        "commit 0fa3ecd87848, fs/inode.c, inode_init_owner";
    SECCOMP_USER_NOTIF = "seccomp-user-notif" 5 . 0
        "The action SECCOMP_RET_USER_NOTIF and the flag SECCOMP_FILTER_FLAG_NEW_LISTENER exist; before, the action kills.",
        "seccomp_unotify(2), STANDARDS; commit 6a21cc50f0c7";
    FANOTIFY_REPORT_FID = "fanotify-report-fid" 5 . 1
        "fanotify_init knows FAN_REPORT_FID.",
        "fanotify_init(2), DESCRIPTION";
    TIME_NAMESPACES = "time-namespaces" 5 . 6
        "Time namespaces exist: unshare takes CLONE_NEWTIME.",
        "commit 769071ac9f20, kernel/time/namespace.c";
    SECCOMP_TSYNC_ESRCH = "seccomp-tsync-esrch" 5 . 7
        "The flag SECCOMP_FILTER_FLAG_TSYNC_ESRCH exists; with it a listener can be made while threads are synchronised.",
        "commit 51891498f2da, kernel/seccomp.c";
    PERFMON_AND_BPF = "perfmon-and-bpf" 5 . 8
        "CAP_PERFMON and CAP_BPF exist; the last capability is 39.",
        "capabilities(7), Capabilities list";
    EXEC_CREDENTIALS_ONCE = "exec-credentials-once" 5 . 8
        "execve computes the credentials once, from the final file; before, an unusable attribute on a script made it fail.",
        "commit 56305aa9b6fa, fs/exec.c";
    WHITEOUT_CREATION = "whiteout-creation" 5 . 8
        "Anyone may make the character device 0:0, which is a whiteout of overlayfs.",
        "commit a3c751a50fe6, fs/namei.c, vfs_mknod";
    CHECKPOINT_RESTORE = "checkpoint-restore" 5 . 9
        "CAP_CHECKPOINT_RESTORE exists; the last capability is 40.",
        "capabilities(7), Capabilities list";
    GETXATTR_CONVERSIONS = "getxattr-conversions" 5 . 11
        "getxattr shows file capabilities of version 2 as version 3 where user 0 of init has another number, and fails with EOVERFLOW where the root user has none; before, it gave them as they are stored.",
        "commit f2b00be48873, security/commoncap.c";
    SECCOMP_ALLOW_CACHE = "seccomp-allow-cache" 5 . 11
        "The kernel remembers which calls all filters allow whatever the arguments, and does not run the filters for them.",
        "commit 8e01b51a31a1, kernel/seccomp.c";
    MAP_ROOT_SETFCAP = "map-root-setfcap" 5 . 12
        "To map user 0 of the namespace above, a uid_map needs CAP_SETFCAP of its writer, or of the namespace's creator.",
        "commit db2e718a4798, kernel/user_namespace.c";
    UNPRIVILEGED_FANOTIFY = "unprivileged-fanotify" 5 . 13
        "Anyone may make an fanotify group that reports file handles.",
        "commit 7cea2a3c505e, fs/notify/fanotify/fanotify_user.c";
    UNPRIVILEGED_BPF_OFF = "unprivileged-bpf-off" 5 . 16
        "kernel.unprivileged_bpf_disabled is 2 unless set otherwise; before, it was 0.",
        "commit 8a03e56b253e, kernel/bpf/Kconfig";
    NET_RAW_SOCKET_OPTIONS = "net-raw-socket-options" 5 . 17
        "CAP_NET_RAW is enough to set SO_MARK and any SO_PRIORITY.",
        "commits 079925cce1d0 and a1b519b74548, net/core/sock.c";
    SECCOMP_WAIT_KILLABLE = "seccomp-wait-killable" 5 . 19
        "The flag SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV exists.",
        "commit c2aa2dfef243, kernel/seccomp.c";
    CONSISTENT_SGID = "consistent-sgid" 6 . 2
        "chown, write and truncate take away a set-group-ID bit without group execution too, unless the caller is in the group or has CAP_FSETID; before, they left it.",
        "commit ed5a7047d201, fs/attr.c";
    SYSLOG_WITHOUT_SYS_ADMIN = "syslog-without-sys-admin" 6 . 9
        "CAP_SYS_ADMIN no longer stands in for CAP_SYSLOG.",
        "kernel/printk/printk.c, check_syslog_permissions; pull request hardening-v6.9-rc1";
    EXEC_SECUREBITS = "exec-securebits" 6 . 14
        "The securebits EXEC_RESTRICT_FILE and EXEC_DENY_INTERACTIVE exist, and changing only them needs no capability.",
        "security/commoncap.c, cap_task_prctl; include/uapi/linux/securebits.h";
    SECCOMP_URETPROBE = "seccomp-uretprobe" 6 . 14
        "The x86_64 call uretprobe passes every filter and strict mode.",
        "commit cf6cb56ef244, kernel/seccomp.c";
    EXEC_ID_CHANGE = "exec-id-change" 6 . 17
        "execve asks whether this very exec changed the effective ids; before, it compared the new effective ids with the old real ids.",
        "commit 337490f0007f, security/commoncap.c";
    SECCOMP_UPROBE = "seccomp-uprobe" 6 . 18
        "The x86_64 call uprobe passes every filter and strict mode.",
        "kernel/seccomp.c, seccomp_uprobe_exception";
    CLONE_EXIT_SIGNAL = "clone-exit-signal" 7 . 1
        "clone refuses a number that is no signal as the signal that the child's end sends.",
        "commit 09e7827e7857, kernel/fork.c, kernel_clone";
    MAP_NUMBER_SATURATES = "map-number-saturates" 7 . 2
        "A number of 2^64 or more in a map counts as the largest there is; before, it lost its upper bits.",
        "lib/vsprintf.c, simple_strntoull; measured on Linux 7.2, not so on 6.18, the releases between untried";
}

/// Changes that stable releases took over from later ones: the change, and a release of their series that has it. Earlier
/// ones of the series may have it too.
///
/// Source: the changelogs of the stable releases, as far as their commits could be found.
pub static TAKEN_OVER: &[(&Change, [u16; 3])] = &[
    (&points::GETXATTR_CONVERSIONS, [5, 10, 16]),
    (&points::MAP_ROOT_SETFCAP, [5, 10, 35]),
    (&points::MAP_ROOT_SETFCAP, [5, 11, 19]),
    (&points::CONSISTENT_SGID, [5, 10, 176]),
    (&points::CONSISTENT_SGID, [6, 1, 15]),
    (&points::UNPRIVILEGED_FANOTIFY, [5, 10, 220]),
    (&points::SECCOMP_URETPROBE, [6, 12, 14]),
    (&points::SECCOMP_URETPROBE, [6, 13, 3]),
];

#[cfg(test)]
mod tests {
    use super::CHANGES;
    use crate::kernel::Release;

    #[test]
    fn change_points_are_in_order_and_modelled() {
        assert!(CHANGES.is_sorted_by_key(|change| change.since));
        assert!(CHANGES.iter().all(|c| c.since > Release::OLDEST && c.since <= Release::NEWEST));
    }
}
