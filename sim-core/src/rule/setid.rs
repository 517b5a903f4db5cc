//! The rules of setuid(2) and its relatives. Those of group ids are the same, with CAP_SETGID in place of CAP_SETUID and
//! without any effect on capabilities.

use super::{Source, rules};

const MAPPINGS: &str = "user_namespaces(7), User and group ID mappings: uid_map and gid_map";
const SETUID: &str = "setuid(2), DESCRIPTION";
const SETREUID: &str = "setreuid(2), DESCRIPTION";
const SETRESUID: &str = "setresuid(2), DESCRIPTION";
const SETFSUID: &str = "setfsuid(2), DESCRIPTION";
const SETGROUPS: &str = "setgroups(2), ERRORS";
const FIXUP: &str = "capabilities(7), Effect of user ID changes on capabilities";

const SYS_SETUID: Source = Source::new("kernel/sys.c", "__sys_setuid");
const SYS_SETREUID: Source = Source::new("kernel/sys.c", "__sys_setreuid");
const SYS_SETRESUID: Source = Source::new("kernel/sys.c", "__sys_setresuid");
const SYS_SETFSUID: Source = Source::new("kernel/sys.c", "__sys_setfsuid");
const SYS_SETGROUPS: Source = Source::new("kernel/groups.c", "setgroups");
const EMULATE: Source = Source::new("security/commoncap.c", "cap_emulate_setxuid");
const FIX_SETUID: Source = Source::new("security/commoncap.c", "cap_task_fix_setuid");

rules! {
    UNMAPPED {
        id: "setid.unmapped",
        statement: "An id without a mapping in the caller's user namespace is refused with EINVAL. So is -1, unless the \
                    call takes it for \"leave this id alone\".",
        manual: MAPPINGS,
        source: SYS_SETUID,
    }
    ALL_IDS {
        id: "setid.all-ids",
        statement: "With CAP_SETUID effective (CAP_SETGID for setgid), setuid sets all four ids.",
        manual: SETUID,
        source: SYS_SETUID,
    }
    EFFECTIVE_ID {
        id: "setid.effective-id",
        statement: "Without the capability, setuid sets the effective and the filesystem id, and only to the real or the \
                    saved id.",
        manual: SETUID,
        source: SYS_SETUID,
    }
    FOREIGN_ID {
        id: "setid.foreign-id",
        statement: "Without CAP_SETUID effective (CAP_SETGID for setgid), setuid to an id that is neither the real nor the \
                    saved one fails with EPERM. User 0 has no right of its own.",
        manual: "setuid(2), ERRORS",
        source: SYS_SETUID,
    }
    RE_FOREIGN_ID {
        id: "setreid.foreign-id",
        statement: "Without the capability, setreuid may set the real id to the real or effective one, and the effective id \
                    to the real, effective or saved one. Anything else fails with EPERM.",
        manual: "setreuid(2), ERRORS",
        source: SYS_SETREUID,
    }
    RE_SETS {
        id: "setreid.sets",
        statement: "setreuid sets the real and the effective id; -1 leaves one alone. The filesystem id becomes the \
                    effective id in any case.",
        manual: SETREUID,
        source: SYS_SETREUID,
    }
    RE_SAVED_ID {
        id: "setreid.saved-id",
        statement: "If setreuid is given a real id, or an effective id that is not the old real id, the saved id becomes the \
                    new effective id.",
        manual: SETREUID,
        source: SYS_SETREUID,
    }
    RES_UNCHANGED {
        id: "setresid.unchanged",
        statement: "If setresuid would change neither the real nor the saved id, and the effective id is left alone or is \
                    both the effective and the filesystem id already, it returns without doing anything.",
        source: SYS_SETRESUID,
    }
    RES_FOREIGN_ID {
        id: "setresid.foreign-id",
        statement: "Without the capability, setresuid may set each id only to the real, effective or saved one. Anything else \
                    fails with EPERM.",
        manual: SETRESUID,
        source: SYS_SETRESUID,
    }
    RES_SETS {
        id: "setresid.sets",
        statement: "setresuid sets the real, effective and saved id; -1 leaves one alone. The filesystem id becomes the \
                    effective id in any case.",
        manual: SETRESUID,
        source: SYS_SETRESUID,
    }
    FS_SETS {
        id: "setfsid.sets",
        statement: "setfsuid sets the filesystem id to the real, effective, saved or filesystem id, with the capability to \
                    any. It returns the old one.",
        manual: SETFSUID,
        source: SYS_SETFSUID,
    }
    FS_IGNORED {
        id: "setfsid.ignored",
        statement: "setfsuid never fails: if it may not set the id, or the id has no mapping, it changes nothing and returns \
                    the old one.",
        manual: "setfsuid(2), RETURN VALUE",
        source: SYS_SETFSUID,
    }
    NO_SETUID_FIXUP {
        id: "setid.no-setuid-fixup",
        statement: "With SECBIT_NO_SETUID_FIXUP, changes of user ids leave the capability sets alone.",
        manual: "capabilities(7), The securebits flags: establishing a capabilities-only environment",
        source: FIX_SETUID,
    }
    LEAVE_ROOT {
        id: "setid.leave-root",
        statement: "When the last of the real, effective and saved user id stops being root, the permitted and the effective \
                    set are cleared.",
        formula: "P' = E' = ∅",
        manual: FIXUP,
        source: EMULATE,
    }
    KEEP_CAPS {
        id: "setid.keep-caps",
        statement: "With SECBIT_KEEP_CAPS, leaving root with all three user ids keeps the permitted set.",
        manual: FIXUP,
        source: EMULATE,
    }
    LEAVE_ROOT_AMBIENT {
        id: "setid.leave-root-ambient",
        statement: "When the last of the real, effective and saved user id stops being root, the ambient set is cleared. \
                    SECBIT_KEEP_CAPS does not help.",
        formula: "A' = ∅",
        manual: "capabilities(7), Thread capability sets",
        source: EMULATE,
    }
    EFFECTIVE_CLEARED {
        id: "setid.effective-cleared",
        statement: "When the effective user id stops being root, the effective set is cleared. SECBIT_KEEP_CAPS does not help.",
        formula: "E' = ∅",
        manual: FIXUP,
        source: EMULATE,
    }
    EFFECTIVE_RESTORED {
        id: "setid.effective-restored",
        statement: "When the effective user id becomes root, everything that is permitted becomes effective.",
        formula: "E' = P",
        manual: FIXUP,
        source: EMULATE,
    }
    FILESYSTEM_CLEARED {
        id: "setid.filesystem-cleared",
        statement: "When setfsuid takes the filesystem user id from root, the capabilities about files leave the effective \
                    set.",
        formula: "E' = E − filesystem capabilities",
        manual: FIXUP,
        source: FIX_SETUID,
    }
    FILESYSTEM_RESTORED {
        id: "setid.filesystem-restored",
        statement: "When setfsuid makes the filesystem user id root, the capabilities about files that are permitted become \
                    effective.",
        formula: "E' = E ∪ (P ∩ filesystem capabilities)",
        manual: FIXUP,
        source: FIX_SETUID,
    }
    GROUPS_CAPABILITY {
        id: "setgroups.capability",
        statement: "setgroups needs CAP_SETGID effective. Without it the call fails with EPERM.",
        manual: SETGROUPS,
        source: SYS_SETGROUPS,
    }
    GROUPS_MAP_UNWRITTEN {
        id: "setgroups.map-unwritten",
        statement: "In a user namespace whose gid_map is not written yet, setgroups fails with EPERM.",
        manual: SETGROUPS,
        source: Source::new("kernel/user_namespace.c", "userns_may_setgroups"),
    }
    GROUPS_DENIED {
        id: "setgroups.denied",
        statement: "In a user namespace whose /proc/PID/setgroups says deny, setgroups fails with EPERM.",
        manual: "user_namespaces(7), The /proc/pid/setgroups file",
        source: Source::new("kernel/user_namespace.c", "userns_may_setgroups"),
    }
    GROUPS_UNMAPPED {
        id: "setgroups.unmapped",
        statement: "A group without a mapping in the caller's user namespace is refused with EINVAL.",
        manual: SETGROUPS,
        source: Source::new("kernel/groups.c", "groups_from_user"),
    }
    GROUPS_SETS {
        id: "setgroups.sets",
        statement: "The supplementary groups become those given, sorted; duplicates are kept.",
        manual: "setgroups(2), DESCRIPTION",
        source: SYS_SETGROUPS,
    }
}
