//! The rules of changing a file: chown(2), chmod(2), write(2), truncate(2), and its attribute `security.capability`.

use super::{Source, rules};
use crate::kernel::changes;

const CHOWN: &str = "chown(2), DESCRIPTION";
const CHMOD: &str = "chmod(2), DESCRIPTION";
const VERSIONS: &str = "capabilities(7), File capability extended attribute versioning";
const PREPARE: Source = Source::new("fs/attr.c", "setattr_prepare");
const CONVERT: Source = Source::new("security/commoncap.c", "cap_convert_nscap");
const GETSECURITY: Source = Source::new("security/commoncap.c", "cap_inode_getsecurity");

rules! {
    CHOWN_UNMAPPED {
        id: "chown.unmapped",
        statement: "A user or group id without a mapping in the user namespace cannot be given to chown: EINVAL, before any \
                    permission is looked at.",
        source: Source::new("fs/open.c", "chown_common"),
    }
    CHOWN_OWNER {
        id: "chown.owner",
        statement: "To set a file's owner a thread needs CAP_CHOWN, effective in its own user namespace, where the file's owner \
                    and group must both have a mapping. Only the owner may do without, to give the file to itself. Else EPERM.",
        manual: CHOWN,
        source: Source::new("fs/attr.c", "chown_ok"),
    }
    CHOWN_GROUP {
        id: "chown.group",
        statement: "The owner of a file may give it to the group that it has, or to one that the owner is in. Anyone else, and for \
                    any other group, needs CAP_CHOWN over the file. Else EPERM.",
        manual: CHOWN,
        source: Source::new("fs/attr.c", "chgrp_ok"),
    }
    CHOWN_IMPLICIT_CHMOD {
        id: "chown.implicit-chmod",
        statement: "Where chown takes a set-id bit away, that is a chmod, and needs what chmod needs: to own the file, or CAP_FOWNER. \
                    CAP_CHOWN alone fails with EPERM, and so does a chown that changes nothing.",
        source: PREPARE,
    }
    CHOWN_SETS_OWNER {
        id: "chown.sets-owner",
        statement: "chown sets the file's owner; -1 leaves it as it is.",
        manual: CHOWN,
        source: Source::new("fs/attr.c", "setattr_copy"),
    }
    CHOWN_SETS_GROUP {
        id: "chown.sets-group",
        statement: "chown sets the file's group; -1 leaves it as it is.",
        manual: CHOWN,
        source: Source::new("fs/attr.c", "setattr_copy"),
    }
    CHMOD_OWNER {
        id: "chmod.owner",
        statement: "To change a file's mode a thread must own it, by its filesystem user id, or have CAP_FOWNER, effective in its own \
                    user namespace, where the file's owner must have a mapping; the group need not. Else EPERM.",
        manual: "chmod(2), ERRORS",
        source: Source::new("fs/inode.c", "inode_owner_or_capable"),
    }
    CHMOD_SETS {
        id: "chmod.sets",
        statement: "chmod sets the twelve bits of the mode. The file keeps its capabilities.",
        manual: CHMOD,
        source: Source::new("fs/open.c", "chmod_common"),
    }
    CHMOD_SET_GROUP_ID {
        id: "chmod.set-group-id",
        statement: "Wherever a mode is written, by chmod or because another set-id bit is taken away, the set-group-ID bit is dropped \
                    without a word unless the thread is in the file's group or has CAP_FSETID over the file.",
        manual: CHMOD,
        source: PREPARE,
    }
    WRITE_DAC_OVERRIDE {
        id: "write.dac-override",
        statement: "CAP_DAC_OVERRIDE, effective in the own user namespace, opens a file for writing whatever its mode says, if \
                    the file's owner and group both have a mapping there. CAP_DAC_READ_SEARCH does not.",
        manual: "capabilities(7), Capabilities list",
        source: Source::new("fs/namei.c", "generic_permission"),
    }
    WRITE_DIRECTORY {
        id: "write.directory",
        statement: "A directory cannot be opened for writing, nor truncated: EISDIR, whatever its mode.",
        manual: "open(2), ERRORS",
        source: Source::new("fs/namei.c", "may_open"),
    }
    WRITE_PERMISSION {
        id: "write.permission",
        statement: "Who opens a file for writing, or truncates it, needs the w bit: the owner's if the thread owns the file, else the \
                    group's if it is in that group, else the others'. Without it: EACCES.",
        manual: "open(2), ERRORS",
        source: Source::new("fs/namei.c", "acl_permission_check"),
    }
    WRITE_NOTHING {
        id: "write.nothing",
        statement: "Opening a file for writing, and writing no bytes to it, takes nothing away.",
        manual: "write(2), DESCRIPTION",
        source: Source::new("fs/read_write.c", "generic_write_checks"),
    }
    WRITE_RETURNS {
        id: "write.returns",
        statement: "write returns how many bytes it wrote: at most 2147479552 at once.",
        manual: "write(2), NOTES",
        source: Source::new("fs/read_write.c", "vfs_write"),
    }
    TRUNCATE_NEGATIVE {
        id: "truncate.negative",
        statement: "A file cannot be truncated to a negative size: EINVAL, before any permission is looked at.",
        manual: "truncate(2), ERRORS",
        source: Source::new("fs/open.c", "do_sys_truncate"),
    }
    TRUNCATE_SIZE {
        id: "truncate.size",
        statement: "truncate sets the file's size. It counts as a change of the content even if the size stays the same.",
        manual: "truncate(2), DESCRIPTION",
        source: Source::new("fs/open.c", "do_truncate"),
    }
    STRIP_FSETID {
        id: "strip.fsetid",
        statement: "write and truncate leave set-id bits to a thread with CAP_FSETID, effective in the init user namespace; root of \
                    another user namespace does not count. chown takes them away from everyone.",
        manual: "capabilities(7), Capabilities list",
        source: Source::new("fs/attr.c", "setattr_should_drop_suidgid"),
    }
    STRIP_SET_USER_ID {
        id: "strip.set-user-id",
        statement: "chown, write and truncate take the set-user-ID bit away, whether or not anyone may execute the file.",
        manual: CHOWN,
        source: Source::new("fs/attr.c", "setattr_should_drop_suidgid"),
    }
    STRIP_SET_GROUP_ID {
        id: "strip.set-group-id",
        statement: "chown, write and truncate take the set-group-ID bit away from a file that its group may execute.",
        manual: CHOWN,
        source: Source::new("fs/attr.c", "setattr_should_drop_sgid"),
    }
    STRIP_FOREIGN_SET_GROUP_ID {
        id: "strip.foreign-set-group-id",
        statement: "From a file that its group may not execute, chown, write and truncate take the set-group-ID bit away unless the \
                    thread is in the file's group or has CAP_FSETID over the file.",
        source: Source::new("fs/attr.c", "setattr_should_drop_sgid"),
        since: Some(&changes::CONSISTENT_SGID),
    }
    STRIP_CAPABILITIES {
        id: "strip.capabilities",
        statement: "chown, write and truncate remove the file's capabilities. No capability prevents it, and nobody needs one for it: \
                    whoever may reach a file without set-id bits can have them removed by a chown that changes nothing.",
        source: Source::new("security/commoncap.c", "cap_inode_killpriv"),
    }
    SETCAP_EMPTY {
        id: "setcap.empty",
        statement: "A value of no bytes is not looked at: anyone may store it. The file can no longer be executed then, and only \
                    setting or removing the attribute helps.",
        source: Source::new("fs/xattr.c", "vfs_setxattr"),
    }
    SETCAP_MALFORMED {
        id: "setcap.malformed",
        statement: "File capabilities can be written in versions 2 and 3 only, in their exact size, and with no flag but the effective \
                    one. Anything else fails with EINVAL, before any permission is looked at.",
        manual: VERSIONS,
        source: CONVERT,
    }
    SETCAP_SETFCAP {
        id: "setcap.setfcap",
        statement: "Setting file capabilities needs CAP_SETFCAP, effective in the own user namespace, where the file's owner and group \
                    must both have a mapping. To own the file does not help, and is not needed. Else EPERM.",
        manual: "capabilities(7), Capabilities list",
        source: CONVERT,
    }
    SETCAP_VERSION_2 {
        id: "setcap.version-2",
        statement: "Version 2 is stored as it is for a thread with CAP_SETFCAP in the user namespace that owns the filesystem's \
                    mount: here init.",
        manual: VERSIONS,
        source: CONVERT,
    }
    SETCAP_ROOT_UNMAPPED {
        id: "setcap.root-unmapped",
        statement: "The root id of version 3, for version 2 user 0, must have a mapping in the thread's user namespace: else EINVAL.",
        manual: VERSIONS,
        source: CONVERT,
    }
    SETCAP_VERSION_3 {
        id: "setcap.version-3",
        statement: "What another thread sets is stored as version 3, with the root id as a host id. Version 2 gets user 0 of the \
                    thread's user namespace as its root id.",
        manual: VERSIONS,
        source: CONVERT,
    }
    REMOVEXATTR_SETFCAP {
        id: "removexattr.setfcap",
        statement: "Removing file capabilities by removexattr needs CAP_SETFCAP, effective in the own user namespace, where the \
                    file's owner and group must both have a mapping. Else EPERM, even if there are none.",
        source: Source::new("security/commoncap.c", "cap_inode_removexattr"),
    }
    REMOVEXATTR_NONE {
        id: "removexattr.none",
        statement: "There are no file capabilities to remove: ENODATA.",
        manual: "removexattr(2), ERRORS",
        source: Source::new("fs/xattr.c", "simple_xattr_set"),
    }
    REMOVEXATTR_REMOVES {
        id: "removexattr.removes",
        statement: "removexattr removes the file's capabilities and nothing else.",
        manual: "removexattr(2), DESCRIPTION",
        source: Source::new("fs/xattr.c", "vfs_removexattr"),
    }
    GETXATTR_NONE {
        id: "getxattr.none",
        statement: "There are no file capabilities to read: ENODATA. To read them needs no permission.",
        manual: "getxattr(2), ERRORS",
        source: GETSECURITY,
    }
    GETXATTR_UNKNOWN_FORM {
        id: "getxattr.unknown-form",
        statement: "File capabilities other than version 2 and 3, in their exact size and with no flag but the effective one, cannot \
                    be read: EINVAL. execve may honour them all the same.",
        source: GETSECURITY,
    }
    GETXATTR_STORED_VERSION_2 {
        id: "getxattr.stored-version-2",
        statement: "File capabilities stored as version 2 are read as version 2 by everyone.",
        source: Source { release: "5.10", ..GETSECURITY },
        until: Some(&changes::GETXATTR_CONVERSIONS),
    }
    GETXATTR_VERSION_3 {
        id: "getxattr.version-3",
        statement: "If the root user that the file capabilities are meant for has a number other than 0 in the reader's user \
                    namespace, they are read as version 3 with that number. For version 2 the root user is user 0 of init.",
        manual: VERSIONS,
        source: GETSECURITY,
    }
    GETXATTR_STORED_VERSION_3 {
        id: "getxattr.stored-version-3",
        statement: "Version 3 for a root user who has no number in the reader's user namespace is read as it is stored, with the \
                    host id.",
        source: Source { release: "5.10", ..GETSECURITY },
        until: Some(&changes::GETXATTR_CONVERSIONS),
    }
    GETXATTR_OVERFLOW {
        id: "getxattr.overflow",
        statement: "File capabilities for a root user who has no number in the reader's user namespace, and is not root of one above \
                    it, cannot be read: EOVERFLOW.",
        source: GETSECURITY,
        since: Some(&changes::GETXATTR_CONVERSIONS),
    }
    GETXATTR_VERSION_2 {
        id: "getxattr.version-2",
        statement: "File capabilities for the root user of the reader's user namespace, or of one above it, are read as version 2, \
                    even if they are stored as version 3.",
        manual: VERSIONS,
        source: GETSECURITY,
    }
}
