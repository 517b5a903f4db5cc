//! The rules of writing `/proc/PID/uid_map`, `/proc/PID/gid_map` and `/proc/PID/setgroups`.

use super::{Source, rules};
use crate::kernel::changes;

const WRITING: &str = "user_namespaces(7), Defining user and group ID mappings: writing to uid_map and gid_map";
const SETGROUPS: &str = "user_namespaces(7), The /proc/pid/setgroups file";
const MAP_WRITE: Source = Source::new("kernel/user_namespace.c", "map_write");
const PERMITTED: Source = Source::new("kernel/user_namespace.c", "new_idmap_permitted");
const ROOT_MAP: Source = Source::new("kernel/user_namespace.c", "verify_root_map");
const SETGROUPS_WRITE: Source = Source::new("kernel/user_namespace.c", "proc_setgroups_write");

rules! {
    NO_PROCESS {
        id: "write-map.no-process",
        statement: "The files of a user namespace are those of a process in it. Without one there is nothing to open: ENOENT. Here: \
                    the namespace was never made, for the call that should have made it was refused.",
        manual: "proc(5), DESCRIPTION",
        source: Source::new("fs/proc/base.c", "proc_pid_lookup"),
    }
    NOT_DUMPABLE {
        id: "write-map.not-dumpable",
        statement: "The files of a process that cannot be dumped belong to root of the user namespace in which its program was \
                    executed. So it is after a change of an effective or filesystem id and after gaining permitted capabilities, \
                    until it executes a program that changes neither.",
        manual: "proc(5), DESCRIPTION",
        source: Source::new("fs/proc/base.c", "task_dump_owner"),
    }
    PERMISSION {
        id: "write-map.permission",
        statement: "The file belongs to the effective user of its process, as a rule, and only the owner may write: whoever has another \
                    filesystem user id needs CAP_DAC_OVERRIDE and mappings of the file's user and group in the own user \
                    namespace. Else opening it fails with EACCES.",
        manual: "user_namespaces(7), User and group ID mappings: uid_map and gid_map",
        source: Source::new("fs/namei.c", "generic_permission"),
    }
    SETGROUPS_SYS_ADMIN {
        id: "write-map.setgroups-sys-admin",
        statement: "To open /proc/PID/setgroups for writing, CAP_SYS_ADMIN in the user namespace is needed. Without it: EACCES.",
        manual: SETGROUPS,
        source: Source::new("fs/proc/base.c", "proc_setgroups_open"),
    }
    INITIAL {
        id: "write-map.initial",
        statement: "The maps of the initial user namespace cannot be written: EPERM.",
        source: Source::new("kernel/user_namespace.c", "proc_uid_map_write"),
    }
    NAMESPACE {
        id: "write-map.namespace",
        statement: "Whoever writes a map is in that user namespace or in the one directly above it. From anywhere else it fails \
                    with EPERM.",
        manual: WRITING,
        source: Source::new("kernel/user_namespace.c", "proc_uid_map_write"),
    }
    TOO_LONG {
        id: "write-map.too-long",
        statement: "A map is written at once, in less than a page of 4096 bytes. More fails with EINVAL.",
        manual: WRITING,
        source: MAP_WRITE,
    }
    ONCE {
        id: "write-map.once",
        statement: "A map is written once. A second time fails with EPERM.",
        manual: WRITING,
        source: MAP_WRITE,
    }
    SYS_ADMIN {
        id: "write-map.sys-admin",
        statement: "To write a map, CAP_SYS_ADMIN in the user namespace is needed. Without it: EPERM.",
        manual: WRITING,
        source: MAP_WRITE,
    }
    FORM {
        id: "write-map.form",
        statement: "A line of a map is three numbers, an id inside, an id outside and a count; white space parts them. Anything \
                    else, an empty line too, fails with EINVAL.",
        manual: WRITING,
        source: MAP_WRITE,
    }
    RANGE {
        id: "write-map.range",
        statement: "A line of a map covers at least one id and none above 4294967294. Else it fails with EINVAL.",
        manual: WRITING,
        source: MAP_WRITE,
    }
    OVERLAP {
        id: "write-map.overlap",
        statement: "Lines of a map share no id, neither inside nor outside. If they do, it fails with EINVAL.",
        manual: WRITING,
        source: Source::new("kernel/user_namespace.c", "mappings_overlap"),
    }
    FEW_LINES {
        id: "write-map.few-lines",
        statement: "A map has at most 5 lines. More fail with EINVAL.",
        manual: WRITING,
        source: Source { release: "4.14", ..Source::new("kernel/user_namespace.c", "map_write") },
        until: Some(&changes::MAP_LINES),
    }
    LINES {
        id: "write-map.lines",
        statement: "A map has at most 340 lines. More fail with EINVAL.",
        manual: WRITING,
        source: MAP_WRITE,
        since: Some(&changes::MAP_LINES),
    }
    CREATOR_SETFCAP {
        id: "write-map.creator-setfcap",
        statement: "A uid_map written from inside may map user 0 of the namespace above only if CAP_SETFCAP was effective for whoever \
                    made the namespace. Else it fails with EPERM, for files with capabilities could be made that count outside.",
        manual: WRITING,
        source: ROOT_MAP,
        since: Some(&changes::MAP_ROOT_SETFCAP),
    }
    SETFCAP {
        id: "write-map.setfcap",
        statement: "A uid_map written from above may map user 0 of the namespace above only if its writer has CAP_SETFCAP there. \
                    Else it fails with EPERM.",
        manual: WRITING,
        source: ROOT_MAP,
        since: Some(&changes::MAP_ROOT_SETFCAP),
    }
    OWN_ID {
        id: "write-map.own-id",
        statement: "The owner of a user namespace may map the own effective id, and nothing else, without any capability outside. \
                    For the group this takes setgroups to be denied first.",
        manual: WRITING,
        source: PERMITTED,
    }
    SETUID {
        id: "write-map.setuid",
        statement: "Unless the owner maps nothing but the own user id, a uid_map needs CAP_SETUID of its writer, in the user namespace \
                    above. Without it: EPERM.",
        manual: WRITING,
        source: PERMITTED,
    }
    SETGID {
        id: "write-map.setgid",
        statement: "Unless the owner maps nothing but the own group id with setgroups denied, a gid_map needs CAP_SETGID of its writer, \
                    in the user namespace above. Without it: EPERM.",
        manual: WRITING,
        source: PERMITTED,
    }
    PARENT_UNMAPPED {
        id: "write-map.parent-unmapped",
        statement: "The outside ids of each line are mapped in the user namespace above, by one line of its map. Else it fails with \
                    EPERM.",
        manual: WRITING,
        source: MAP_WRITE,
    }
    WRITTEN {
        id: "write-map.written",
        statement: "The map holds from now on, for every process in the user namespace. Nobody's kernel ids change by it, only \
                    what they are called inside.",
        manual: "user_namespaces(7), User and group ID mappings: uid_map and gid_map",
        source: MAP_WRITE,
    }
    SETGROUPS_FORM {
        id: "write-map.setgroups-form",
        statement: "Into /proc/PID/setgroups goes \"allow\" or \"deny\", in less than 8 bytes; only white space may follow. Anything \
                    else fails with EINVAL.",
        manual: SETGROUPS,
        source: SETGROUPS_WRITE,
    }
    SETGROUPS_STAYS_DENIED {
        id: "write-map.setgroups-stays-denied",
        statement: "Once setgroups is denied in a user namespace, it cannot be allowed again: EPERM.",
        manual: SETGROUPS,
        source: SETGROUPS_WRITE,
    }
    SETGROUPS_TOO_LATE {
        id: "write-map.setgroups-too-late",
        statement: "Once the gid_map is written, setgroups cannot be denied any more: EPERM.",
        manual: SETGROUPS,
        source: SETGROUPS_WRITE,
    }
    SETGROUPS_WRITTEN {
        id: "write-map.setgroups-written",
        statement: "The word in /proc/PID/setgroups decides whether setgroups may be called in the user namespace, and in those made \
                    below it later.",
        manual: SETGROUPS,
        source: SETGROUPS_WRITE,
    }
}
