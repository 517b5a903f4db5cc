//! Operations on files and directories.

use super::demand_capability;
use crate::capability::Capability;
use crate::credentials::{Thread, UserNs};
use crate::kernel::Errno;
use crate::outcome::Outcome;
use crate::rule::{Witness, path as rules};
use crate::system::System;

/// Decides setxattr(2) of an attribute whose name begins with `trusted.`: `CAP_SYS_ADMIN` in `init`.
pub fn setxattr_trusted<W: Witness>(system: &System, thread: &Thread, witness: &mut W) -> Outcome<()> {
    let (needed, rule) = (Capability::SYS_ADMIN, &rules::SETXATTR_TRUSTED);
    demand_capability(system, thread, UserNs::INIT, needed, Errno::EPERM, rule, witness).into()
}
