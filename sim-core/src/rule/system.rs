//! The rules of operations on the machine as a whole, on its network, and on the limits of a process.

use super::{Source, rules};

rules! {
    ACCT {
        id: "acct.sys-pacct",
        statement: "acct needs CAP_SYS_PACCT in the init user namespace. Without it: EPERM.",
        manual: "acct(2), ERRORS",
        source: Source::new("kernel/acct.c", "sys_acct"),
    }
}
