//! Operations on processes and on the namespaces that a process is in.

use super::demand_capability;
use crate::capability::Capability;
use crate::credentials::Thread;
use crate::kernel::Errno;
use crate::outcome::Outcome;
use crate::rule::{Witness, process as rules};
use crate::system::System;

/// Decides sethostname(2): `CAP_SYS_ADMIN` over the UTS namespace.
///
/// ```
/// use sim_core::access::sethostname;
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let refusal = sethostname(&System::default(), &user, &mut Silent).refusal().unwrap();
/// assert_eq!((refusal.errno, refusal.rule.id), (Errno::EPERM, "sethostname.sys-admin"));
/// ```
pub fn sethostname<W: Witness>(system: &System, thread: &Thread, witness: &mut W) -> Outcome<()> {
    let owner = thread.namespaces.uts;
    demand_capability(system, thread, owner, Capability::SYS_ADMIN, Errno::EPERM, &rules::SETHOSTNAME, witness).into()
}
