//! Operations on processes and on the namespaces that a process is in.

mod kill;
mod mount;
mod ptrace;
mod scheduling;
mod sendmsg;
#[cfg(test)]
mod tests;

pub use kill::kill;
pub use mount::{Filesystem, chroot, mount, pivot_root, umount2};
pub use ptrace::{Tracee, ptrace};
pub use scheduling::{sched_setscheduler, setpriority};
pub use sendmsg::{SocketCredentials, sendmsg};

use super::demand_capability;
use crate::capability::{CapSet, Capability};
use crate::credentials::Thread;
use crate::kernel::Errno;
use crate::outcome::{Outcome, Refusal, demand};
use crate::rule::{Condition, Witness, process as rules};
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

/// Decides setdomainname(2): `CAP_SYS_ADMIN` over the UTS namespace.
pub fn setdomainname<W: Witness>(system: &System, thread: &Thread, witness: &mut W) -> Outcome<()> {
    let (owner, rule) = (thread.namespaces.uts, &rules::SETDOMAINNAME);
    demand_capability(system, thread, owner, Capability::SYS_ADMIN, Errno::EPERM, rule, witness).into()
}

/// Decides whether a thread may call reboot(2) at all: `CAP_SYS_BOOT` over the pid namespace.
pub fn reboot<W: Witness>(system: &System, thread: &Thread, witness: &mut W) -> Outcome<()> {
    let owner = thread.namespaces.pid;
    demand_capability(system, thread, owner, Capability::SYS_BOOT, Errno::EPERM, &rules::REBOOT, witness).into()
}

/// A process of the first pid namespace can be named by whoever is in that namespace.
fn demand_in_sight<W: Witness>(thread: &Thread, witness: &mut W) -> Result<(), Refusal> {
    let (seen, none) = (thread.namespaces.first_pid, CapSet::EMPTY);
    demand(seen, Errno::ESRCH, &rules::OUT_OF_SIGHT, none, Condition::FirstPidNamespace, witness)
}
