use super::demand_either;
use crate::access::named::named;
use crate::capability::Capability;
use crate::credentials::{Thread, UserNs};
use crate::kernel::{Errno, changes};
use crate::outcome::Outcome;
use crate::rule::{Condition, Effect, Witness, system as rules};
use crate::system::System;

named! {
    /// What syslog(2) does with the kernel's log.
    SyslogAction {
        /// Read what nobody has read yet.
        Read "SYSLOG_ACTION_READ";
        /// Read all that is there.
        ReadAll "SYSLOG_ACTION_READ_ALL";
        /// Read all that is there, and clear it.
        ReadClear "SYSLOG_ACTION_READ_CLEAR";
        /// Clear it.
        Clear "SYSLOG_ACTION_CLEAR";
        /// How much nobody has read yet.
        SizeUnread "SYSLOG_ACTION_SIZE_UNREAD";
        /// How much it holds.
        SizeBuffer "SYSLOG_ACTION_SIZE_BUFFER";
    }
}

/// Decides syslog(2).
///
/// ```
/// use sim_core::access::{SyslogAction, syslog};
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let act = |action| syslog(&System::default(), &user, action, &mut Silent).refusal();
/// assert_eq!(act(SyslogAction::ReadAll), None);
/// assert_eq!(act(SyslogAction::Clear).unwrap().rule.id, "syslog.cap-syslog");
/// ```
pub fn syslog<W: Witness>(system: &System, thread: &Thread, action: SyslogAction, witness: &mut W) -> Outcome<()> {
    let open = matches!(action, SyslogAction::ReadAll | SyslogAction::SizeBuffer);
    if open && !system.dmesg_restrict {
        witness.applied(&rules::SYSLOG_OPEN, Effect::Holds);
        return Outcome::Granted(());
    }
    witness.not_applied(&rules::SYSLOG_OPEN, Condition::LogRestricted);
    let before = !system.release.has(&changes::SYSLOG_WITHOUT_SYS_ADMIN);
    let sys_admin = before.then_some((Capability::SYS_ADMIN, &rules::SYSLOG_SYS_ADMIN));
    let needed = (Capability::SYSLOG, &rules::SYSLOG_CAP_SYSLOG);
    demand_either(system, thread, UserNs::INIT, needed, sys_admin, Errno::EPERM, witness).into()
}
