//! The rules of operations on processes and on the namespaces that a process is in.

use super::{Source, rules};

rules! {
    SETHOSTNAME {
        id: "sethostname.sys-admin",
        statement: "sethostname needs CAP_SYS_ADMIN in the user namespace that owns the UTS namespace. Without it: EPERM.",
        manual: "sethostname(2), ERRORS",
        source: Source::new("kernel/sys.c", "sys_sethostname"),
    }
}
