use super::demand_in_init;
use crate::access::named::named;
use crate::capability::Capability;
use crate::credentials::Thread;
use crate::kernel::Errno;
use crate::outcome::Outcome;
use crate::rule::{Condition, Effect, Witness, system as rules};
use crate::system::System;

/// Decides acct(2): `CAP_SYS_PACCT` in `init`.
pub fn acct<W: Witness>(system: &System, thread: &Thread, witness: &mut W) -> Outcome<()> {
    demand_in_init(system, thread, Capability::SYS_PACCT, Errno::EPERM, &rules::ACCT, witness).into()
}

/// Decides swapon(2): `CAP_SYS_ADMIN` in `init`.
pub fn swapon<W: Witness>(system: &System, thread: &Thread, witness: &mut W) -> Outcome<()> {
    demand_in_init(system, thread, Capability::SYS_ADMIN, Errno::EPERM, &rules::SWAPON, witness).into()
}

/// Decides swapoff(2): `CAP_SYS_ADMIN` in `init`.
pub fn swapoff<W: Witness>(system: &System, thread: &Thread, witness: &mut W) -> Outcome<()> {
    demand_in_init(system, thread, Capability::SYS_ADMIN, Errno::EPERM, &rules::SWAPOFF, witness).into()
}

named! {
    /// A command of quotactl(2), about users.
    QuotaCommand {
        /// Read a user's limits and use.
        GetQuota "Q_GETQUOTA";
        /// Set a user's limits.
        SetQuota "Q_SETQUOTA";
    }
}

/// Decides quotactl(2) about the user `id` as the thread sees it, on a file system with quotas.
///
/// ```
/// use sim_core::access::{QuotaCommand, quotactl};
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let act = |command, id| quotactl(&System::default(), &user, command, id, &mut Silent).refusal();
/// assert_eq!(act(QuotaCommand::GetQuota, 1000), None);
/// assert_eq!(act(QuotaCommand::GetQuota, 1001).unwrap().errno, Errno::EPERM);
/// assert_eq!(act(QuotaCommand::SetQuota, 1000).unwrap().errno, Errno::EPERM);
/// ```
pub fn quotactl<W: Witness>(
    system: &System,
    thread: &Thread,
    command: QuotaCommand,
    id: u32,
    witness: &mut W,
) -> Outcome<()> {
    let credentials = &thread.credentials;
    let whose = system.user_namespaces.kuid(credentials.user_ns, id);
    if command == QuotaCommand::GetQuota && whose == Some(credentials.uid.effective) {
        witness.applied(&rules::QUOTACTL_OWN, Effect::Holds);
        return Outcome::Granted(());
    }
    witness.not_applied(&rules::QUOTACTL_OWN, Condition::NotOwnQuota);
    demand_in_init(system, thread, Capability::SYS_ADMIN, Errno::EPERM, &rules::QUOTACTL_SYS_ADMIN, witness).into()
}
