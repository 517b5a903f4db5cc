use super::Release;

/// A point in the kernel's history at which some answer changed.
#[derive(Debug)]
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
    BPF_DIVISOR_CHECK = "bpf-divisor-check" 4 . 16
        "A division by X in a filter becomes five instructions of the kernel; before, one. The limit of all filters counts them.",
        "commit f6b1b3bf0d5f, net/core/filter.c, bpf_convert_filter";
    SECCOMP_SPEC_ALLOW = "seccomp-spec-allow" 4 . 17
        "The flag SECCOMP_FILTER_FLAG_SPEC_ALLOW exists.",
        "seccomp(2), SECCOMP_FILTER_FLAG_SPEC_ALLOW";
    SECCOMP_USER_NOTIF = "seccomp-user-notif" 5 . 0
        "The action SECCOMP_RET_USER_NOTIF and the flag SECCOMP_FILTER_FLAG_NEW_LISTENER exist; before, the action kills.",
        "seccomp_unotify(2), STANDARDS; commit 6a21cc50f0c7";
    SECCOMP_TSYNC_ESRCH = "seccomp-tsync-esrch" 5 . 7
        "The flag SECCOMP_FILTER_FLAG_TSYNC_ESRCH exists; with it a listener can be made while threads are synchronised.",
        "commit 51891498f2da, kernel/seccomp.c";
    PERFMON_AND_BPF = "perfmon-and-bpf" 5 . 8
        "CAP_PERFMON and CAP_BPF exist; the last capability is 39.",
        "capabilities(7), Capabilities list";
    EXEC_CREDENTIALS_ONCE = "exec-credentials-once" 5 . 8
        "execve computes the credentials once, from the final file; before, an unusable attribute on a script made it fail.",
        "commit 56305aa9b6fa, fs/exec.c";
    CHECKPOINT_RESTORE = "checkpoint-restore" 5 . 9
        "CAP_CHECKPOINT_RESTORE exists; the last capability is 40.",
        "capabilities(7), Capabilities list";
    SECCOMP_ALLOW_CACHE = "seccomp-allow-cache" 5 . 11
        "The kernel remembers which calls all filters allow whatever the arguments, and does not run the filters for them.",
        "commit 8e01b51a31a1, kernel/seccomp.c";
    SECCOMP_WAIT_KILLABLE = "seccomp-wait-killable" 5 . 19
        "The flag SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV exists.",
        "commit c2aa2dfef243, kernel/seccomp.c";
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
}

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
