use crate::access::demand_capability;
use crate::access::inode::demand_owner;
use crate::capability::Capability;
use crate::credentials::{Thread, UserNs};
use crate::file::File;
use crate::kernel::Errno;
use crate::outcome::Outcome;
use crate::rule::{Condition, Witness, path as rules};
use crate::system::System;

/// Decides ioctl(2) `FS_IOC_SETFLAGS` of an open file, as chattr(1) does it; `change` says that `FS_IMMUTABLE_FL` or
/// `FS_APPEND_FL` would change (`vfs_fileattr_set`).
///
/// ```
/// use sim_core::access::set_protecting_flags;
/// use sim_core::prelude::*;
///
/// // The owner alone cannot make a file immutable.
/// let user = Thread::from(Credentials::user(1000));
/// let own = File::default().owned_by(1000.into(), 1000.into());
/// let refusal = set_protecting_flags(&System::default(), &user, &own, true, &mut Silent).refusal().unwrap();
/// assert_eq!((refusal.errno, refusal.rule.id), (Errno::EPERM, "ioctl.linux-immutable"));
/// ```
pub fn set_protecting_flags<W: Witness>(
    system: &System,
    thread: &Thread,
    file: &File,
    change: bool,
    witness: &mut W,
) -> Outcome<()> {
    let own = demand_owner(system, thread, file, &rules::IOCTL_OWNER, witness);
    own.and_then(|()| {
        if !change {
            witness.not_applied(&rules::IOCTL_IMMUTABLE, Condition::FlagsUnchanged);
            return Ok(());
        }
        let (needed, rule) = (Capability::LINUX_IMMUTABLE, &rules::IOCTL_IMMUTABLE);
        demand_capability(system, thread, UserNs::INIT, needed, Errno::EPERM, rule, witness)
    })
    .into()
}

/// Decides ioctl(2) `SIOCSIFFLAGS`, which brings a network interface up or down: `CAP_NET_ADMIN` over the network
/// namespace (`devinet_ioctl`).
pub fn set_interface_flags<W: Witness>(system: &System, thread: &Thread, witness: &mut W) -> Outcome<()> {
    let (owner, needed) = (thread.namespaces.network, Capability::NET_ADMIN);
    demand_capability(system, thread, owner, needed, Errno::EPERM, &rules::IOCTL_INTERFACE, witness).into()
}
