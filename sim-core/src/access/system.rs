//! Operations on the machine as a whole, on its network, and on the limits of a process.

use super::demand_capability;
use crate::capability::Capability;
use crate::credentials::{Thread, UserNs};
use crate::kernel::Errno;
use crate::outcome::Outcome;
use crate::rule::{Witness, system as rules};
use crate::system::System;

/// Decides acct(2): `CAP_SYS_PACCT` in `init`.
pub fn acct<W: Witness>(system: &System, thread: &Thread, witness: &mut W) -> Outcome<()> {
    let (needed, rule) = (Capability::SYS_PACCT, &rules::ACCT);
    demand_capability(system, thread, UserNs::INIT, needed, Errno::EPERM, rule, witness).into()
}
