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
    TIME_NAMESPACES = "time-namespaces" 5 . 6
        "Time namespaces exist: unshare takes CLONE_NEWTIME.",
        "commit 769071ac9f20, kernel/time/namespace.c";
    PERFMON_AND_BPF = "perfmon-and-bpf" 5 . 8
        "CAP_PERFMON and CAP_BPF exist; the last capability is 39.",
        "capabilities(7), Capabilities list";
    EXEC_CREDENTIALS_ONCE = "exec-credentials-once" 5 . 8
        "execve computes the credentials once, from the final file; before, an unusable attribute on a script made it fail.",
        "commit 56305aa9b6fa, fs/exec.c";
    CHECKPOINT_RESTORE = "checkpoint-restore" 5 . 9
        "CAP_CHECKPOINT_RESTORE exists; the last capability is 40.",
        "capabilities(7), Capabilities list";
    EXEC_SECUREBITS = "exec-securebits" 6 . 14
        "The securebits EXEC_RESTRICT_FILE and EXEC_DENY_INTERACTIVE exist, and changing only them needs no capability.",
        "security/commoncap.c, cap_task_prctl; include/uapi/linux/securebits.h";
    EXEC_ID_CHANGE = "exec-id-change" 6 . 17
        "execve asks whether this very exec changed the effective ids; before, it compared the new effective ids with the old real ids.",
        "commit 337490f0007f, security/commoncap.c";
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
