//! The rules of operations on files and directories.

use super::{Source, rules};

rules! {
    SETXATTR_TRUSTED {
        id: "setxattr.trusted",
        statement: "An attribute whose name begins with \"trusted.\" can only be written with CAP_SYS_ADMIN in the init user \
                    namespace. Without it: EPERM.",
        manual: "xattr(7), Trusted extended attributes",
        source: Source::new("fs/xattr.c", "xattr_permission"),
    }
}
