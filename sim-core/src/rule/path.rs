//! The rules of operations on files and directories: those of looking a path up and of permission first, then call by
//! call, in the order in which the kernel tries them.

use super::{Source, rules};
use crate::kernel::changes;

const CAPABILITIES: &str = "capabilities(7), Capabilities list";
const SETGID_DIRECTORY: &str = "inode(7), The file type and mode";

const MAY_OPEN: Source = Source::new("fs/namei.c", "may_open");
const GENERIC_PERMISSION: Source = Source::new("fs/namei.c", "generic_permission");
const MAY_CREATE: Source = Source::new("fs/namei.c", "may_create");
const INIT_OWNER: Source = Source::new("fs/inode.c", "inode_init_owner");

rules! {
    DAC_READ_SEARCH {
        id: "path.dac-read-search",
        statement: "CAP_DAC_READ_SEARCH in the effective set stands in for the permission to read a file and to read or \
                    search a directory, if owner and group are mapped in the caller's user namespace.",
        manual: CAPABILITIES,
        source: GENERIC_PERMISSION,
    }
    DAC_OVERRIDE {
        id: "path.dac-override",
        statement: "CAP_DAC_OVERRIDE in the effective set stands in for the permission to read and write a file and for \
                    every permission to a directory, if owner and group are mapped in the caller's user namespace.",
        manual: CAPABILITIES,
        source: GENERIC_PERMISSION,
    }
    FOWNER {
        id: "path.fowner",
        statement: "CAP_FOWNER in the effective set stands in for owning the file, if its owner is mapped in the caller's \
                    user namespace. Its group does not matter.",
        manual: CAPABILITIES,
        source: Source::new("fs/inode.c", "inode_owner_or_capable"),
    }
    SEARCH {
        id: "path.search",
        statement: "Looking a path up takes the permission to search (x) on every directory on the way, for whatever call. \
                    Without it: EACCES.",
        manual: "path_resolution(7), Step 2: walk along the path",
        source: Source::new("fs/namei.c", "link_path_walk"),
    }
    NOT_FOUND {
        id: "path.not-found",
        statement: "There is nothing at the path: ENOENT. Whether it can be searched for is looked at first.",
        manual: "path_resolution(7), Step 2: walk along the path",
        source: Source::new("fs/namei.c", "link_path_walk"),
    }

    OPEN_DIRECTORY {
        id: "open.directory",
        statement: "Nobody can open a directory for writing: EISDIR, whatever its mode.",
        manual: "open(2), ERRORS",
        source: MAY_OPEN,
    }
    OPEN_PERMISSION {
        id: "open.permission",
        statement: "To open a file takes the permission to read or to write it: the owner's bits if the caller's filesystem \
                    user id owns it, else the group's if the caller is in its group, else the others'. Without it: EACCES.",
        manual: "path_resolution(7), Permissions",
        source: MAY_OPEN,
    }
    OPEN_NOATIME {
        id: "open.noatime",
        statement: "Only the owner of a file may open it with O_NOATIME. Otherwise: EPERM.",
        manual: "open(2), DESCRIPTION",
        source: MAY_OPEN,
    }
    OPEN_NETWORK_SETTING {
        id: "open.network-setting",
        statement: "Settings below /proc/sys/net can be opened as by root with CAP_NET_ADMIN over the network namespace.",
        source: Source::new("net/sysctl_net.c", "net_ctl_permissions"),
    }
    OPEN_SETTING {
        id: "open.setting",
        statement: "A setting below /proc/sys has a mode and belongs to user 0 and group 0 of init; with mode 0644 only \
                    effective user id 0 of init may open it for writing. CAP_DAC_OVERRIDE does not help. Otherwise: EACCES.",
        manual: "proc_sys(5), DESCRIPTION",
        source: Source::new("fs/proc/proc_sysctl.c", "test_perm"),
    }

    SETXATTR_TRUSTED {
        id: "setxattr.trusted",
        statement: "An attribute whose name begins with \"trusted.\" can only be written with CAP_SYS_ADMIN in the init user \
                    namespace. Without it: EPERM.",
        manual: "xattr(7), Trusted extended attributes",
        source: Source::new("fs/xattr.c", "xattr_permission"),
    }
    SETXATTR_USER_KIND {
        id: "setxattr.user-kind",
        statement: "Only regular files and directories can have attributes whose name begins with \"user.\". Otherwise: \
                    EPERM.",
        manual: "xattr(7), User extended attributes",
        source: Source::new("fs/xattr.c", "xattr_permission"),
    }
    SETXATTR_USER_STICKY {
        id: "setxattr.user-sticky",
        statement: "An attribute whose name begins with \"user.\" of a directory with the sticky bit can only be written by \
                    the directory's owner. Otherwise: EPERM.",
        manual: "xattr(7), User extended attributes",
        source: Source::new("fs/xattr.c", "xattr_permission"),
    }
    SETXATTR_USER {
        id: "setxattr.user",
        statement: "An attribute whose name begins with \"user.\" can be written by who may write the file. Otherwise: \
                    EACCES.",
        manual: "xattr(7), User extended attributes",
        source: Source::new("fs/xattr.c", "xattr_permission"),
    }

    LINK_SAFE_SOURCE {
        id: "link.safe-source",
        statement: "A file is safe to link for who may read and write it, if it is regular and neither a set-user-ID nor a \
                    set-group-ID program.",
        manual: "proc_sys_fs(5), /proc/sys/fs/protected_hardlinks",
        source: Source::new("fs/namei.c", "safe_hardlink_source"),
    }
    LINK_PROTECTED {
        id: "link.protected-hardlinks",
        statement: "With fs.protected_hardlinks set, a hard link can only be made to a file that is safe to link, or by the \
                    file's owner. Otherwise: EPERM.",
        manual: "proc_sys_fs(5), /proc/sys/fs/protected_hardlinks",
        source: Source::new("fs/namei.c", "may_linkat"),
    }
    LINK_DIRECTORY {
        id: "link.directory",
        statement: "Nobody can make a hard link to a directory: EPERM.",
        manual: "link(2), ERRORS",
        source: Source::new("fs/namei.c", "vfs_link"),
    }

    UNLINK_PERMISSION {
        id: "unlink.permission",
        statement: "To remove a name from a directory takes the permission to write and to search the directory; the file's \
                    own mode does not matter. Without it: EACCES.",
        manual: "unlink(2), ERRORS",
        source: Source::new("fs/namei.c", "may_delete_dentry"),
    }
    UNLINK_FOWNER {
        id: "unlink.fowner",
        statement: "CAP_FOWNER in the effective set stands in for owning a file in a directory with the sticky bit, if the \
                    file's owner and group are mapped in the caller's user namespace.",
        manual: CAPABILITIES,
        source: Source::new("fs/namei.c", "__check_sticky"),
    }
    UNLINK_STICKY {
        id: "unlink.sticky",
        statement: "From a directory with the sticky bit, a file can only be removed by its owner or by the directory's. \
                    Otherwise: EPERM.",
        manual: "unlink(2), ERRORS",
        source: Source::new("fs/namei.c", "__check_sticky"),
    }
    UNLINK_DIRECTORY {
        id: "unlink.directory",
        statement: "unlink does not remove a directory: EISDIR, once the permission to remove it is there.",
        manual: "unlink(2), ERRORS",
        source: Source::new("fs/namei.c", "may_delete_dentry"),
    }

    UTIMENSAT_GIVEN {
        id: "utimensat.given-times",
        statement: "Only the owner of a file may set its times to ones of their choice. Otherwise: EPERM.",
        manual: "utimensat(2), Permissions requirements",
        source: Source::new("fs/attr.c", "setattr_prepare"),
    }
    UTIMENSAT_NOW {
        id: "utimensat.now",
        statement: "The owner of a file, and who may write it, may set both its times to now. Otherwise: EACCES.",
        manual: "utimensat(2), Permissions requirements",
        source: Source::new("fs/attr.c", "may_setattr"),
    }

    CREATE_EXISTS {
        id: "create.exists",
        statement: "mknod and mkdir do not replace anything: EEXIST if there is something at the path, whether or not the \
                    directory could be written.",
        manual: "mknod(2), ERRORS",
        source: Source::new("fs/namei.c", "filename_create"),
    }
    CREATE_PERMISSION {
        id: "create.permission",
        statement: "To put a new name into a directory takes the permission to write and to search the directory. Without \
                    it: EACCES.",
        manual: "mknod(2), ERRORS",
        source: MAY_CREATE,
    }
    MKNOD_WHITEOUT {
        id: "mknod.whiteout",
        statement: "Anyone may make the character device 0:0, a whiteout of overlayfs.",
        source: Source::new("fs/namei.c", "vfs_mknod"),
        since: Some(&changes::WHITEOUT_CREATION),
    }
    MKNOD_DEVICE {
        id: "mknod.device",
        statement: "A device can only be made with CAP_MKNOD in the init user namespace. Without it: EPERM. Regular files, \
                    pipes and sockets take no capability.",
        manual: "mknod(2), ERRORS",
        source: Source::new("fs/namei.c", "vfs_mknod"),
    }
    CREATE_OWNER {
        id: "create.owner",
        statement: "A new file belongs to the caller's filesystem user id and filesystem group id.",
        manual: "mknod(2), DESCRIPTION",
        source: INIT_OWNER,
    }
    CREATE_SETGID_GROUP {
        id: "create.setgid-directory-group",
        statement: "A new file in a directory with the set-group-ID bit belongs to the directory's group instead.",
        manual: SETGID_DIRECTORY,
        source: INIT_OWNER,
    }
    CREATE_SETGID_DIRECTORY {
        id: "create.setgid-directory-inherited",
        statement: "A new directory in a directory with the set-group-ID bit gets the bit too.",
        manual: SETGID_DIRECTORY,
        source: INIT_OWNER,
    }
    CREATE_SETGID_DROPPED {
        id: "create.set-group-id-dropped",
        statement: "In a directory with the set-group-ID bit, a new file that is to have the set-group-ID bit and the group's \
                    x bit loses the former, if the caller is neither in the directory's group nor holds CAP_FSETID there.",
        manual: SETGID_DIRECTORY,
        source: Source::new("fs/inode.c", "mode_strip_sgid"),
        since: Some(&changes::SETGID_DIRECTORY_CREATION),
    }

    IOCTL_OWNER {
        id: "ioctl.owner",
        statement: "Only the owner of a file may set its flags (chattr). Otherwise: EPERM.",
        manual: "FS_IOC_SETFLAGS(2const), DESCRIPTION",
        source: Source::new("fs/file_attr.c", "vfs_fileattr_set"),
    }
    IOCTL_IMMUTABLE {
        id: "ioctl.linux-immutable",
        statement: "To make a file immutable or append-only, or to undo it, takes CAP_LINUX_IMMUTABLE in the init user \
                    namespace. Without it: EPERM.",
        manual: CAPABILITIES,
        source: Source::new("fs/file_attr.c", "fileattr_set_prepare"),
    }
    IOCTL_INTERFACE {
        id: "ioctl.interface-flags",
        statement: "To bring a network interface up or down takes CAP_NET_ADMIN over the network namespace. Without it: \
                    EPERM.",
        manual: "netdevice(7), DESCRIPTION",
        source: Source::new("net/ipv4/devinet.c", "devinet_ioctl"),
    }

    HANDLE_READ_SEARCH {
        id: "open-by-handle-at.dac-read-search",
        statement: "A file can only be opened by its handle with CAP_DAC_READ_SEARCH in the init user namespace, for no path \
                    is looked up. Without it: EPERM.",
        manual: "open_by_handle_at(2), DESCRIPTION",
        source: Source::new("fs/fhandle.c", "handle_to_path"),
    }
}
