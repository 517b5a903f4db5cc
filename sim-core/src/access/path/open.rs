use crate::access::inode::{demand_owner, inode_permission};
use crate::capability::{CapSet, Capability};
use crate::credentials::{Kgid, Kuid, Thread, ns_capable};
use crate::file::{File, FileKind};
use crate::kernel::Errno;
use crate::outcome::{Outcome, Refusal, demand, refuse};
use crate::permission::Permissions;
use crate::rule::{Condition, Effect, Witness, path as rules};
use crate::system::System;

/// What open(2) is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenFlags {
    /// To read: `O_RDONLY` or `O_RDWR`.
    pub read: bool,
    /// To write: `O_WRONLY` or `O_RDWR`.
    pub write: bool,
    /// `O_NOATIME`: reading shall leave no trace in the file's times.
    pub noatime: bool,
}

impl OpenFlags {
    /// `O_RDONLY`.
    pub const READ: Self = Self { read: true, write: false, noatime: false };
    /// `O_WRONLY`.
    pub const WRITE: Self = Self { read: false, write: true, noatime: false };

    const fn permissions(self) -> Permissions {
        match (self.read, self.write) {
            (_, false) => Permissions::READ,
            (false, true) => Permissions::WRITE,
            (true, true) => Permissions::READ_WRITE,
        }
    }
}

/// Decides whether a thread may open(2) a file, once its path is looked up (`may_open`).
///
/// ```
/// use sim_core::access::{OpenFlags, open};
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let shadow = File::default().with_mode("0600".parse()?);
/// let refusal = open(&System::default(), &user, &shadow, OpenFlags::READ, &mut Silent).refusal().unwrap();
/// assert_eq!((refusal.errno, refusal.rule.id), (Errno::EACCES, "open.permission"));
/// # Ok::<(), sim_core::file::ParseModeError>(())
/// ```
pub fn open<W: Witness>(
    system: &System,
    thread: &Thread,
    file: &File,
    flags: OpenFlags,
    witness: &mut W,
) -> Outcome<()> {
    decide(system, thread, file, flags, witness).into()
}

fn decide<W: Witness>(
    system: &System,
    thread: &Thread,
    file: &File,
    flags: OpenFlags,
    witness: &mut W,
) -> Result<(), Refusal> {
    let directory = file.kind == FileKind::Directory;
    let satisfied = if directory { Condition::OnlyRead } else { Condition::NotADirectory };
    let may_be = !directory || !flags.write;
    demand(may_be, Errno::EISDIR, &rules::OPEN_DIRECTORY, CapSet::EMPTY, satisfied, witness)?;
    inode_permission(system, thread, file, flags.permissions(), &rules::OPEN_PERMISSION, witness)?;
    noatime(system, thread, file, flags, witness)
}

fn noatime<W: Witness>(
    system: &System,
    thread: &Thread,
    file: &File,
    flags: OpenFlags,
    witness: &mut W,
) -> Result<(), Refusal> {
    if !flags.noatime {
        witness.not_applied(&rules::OPEN_NOATIME, Condition::NoatimeNotAsked);
        return Ok(());
    }
    demand_owner(system, thread, file, &rules::OPEN_NOATIME, witness)
}

/// Decides whether a thread may open(2) a setting below `/proc/sys` whose mode is 0644; `of_network` says that it is
/// below `/proc/sys/net` (`proc_sys_permission`).
///
/// ```
/// use sim_core::access::{OpenFlags, open_setting};
/// use sim_core::prelude::*;
///
/// // Everything that a user can be given does not help; being root without a capability does.
/// let all = CapSet::up_to(Capability::LAST_NAMED);
/// let capable = RawCredentials { permitted: all, effective: all, ..RawCredentials::user(1000) };
/// let capable = Thread::from(Credentials::try_from(capable)?);
/// let root = Thread::from(Credentials::root(CapSet::EMPTY));
/// let opens = |thread| open_setting(&System::default(), thread, false, OpenFlags::WRITE, &mut Silent).refusal();
/// assert_eq!((opens(&capable).map(|refusal| refusal.errno), opens(&root)), (Some(Errno::EACCES), None));
/// # Ok::<(), sim_core::credentials::InvalidCredentials>(())
/// ```
pub fn open_setting<W: Witness>(
    system: &System,
    thread: &Thread,
    of_network: bool,
    flags: OpenFlags,
    witness: &mut W,
) -> Outcome<()> {
    let setting = File::default().owned_by(Kuid::ROOT, Kgid::ROOT);
    setting_permission(system, thread, of_network, flags, witness)
        .and_then(|()| noatime(system, thread, &setting, flags, witness))
        .into()
}

/// `test_perm`: of mode 0644 everyone has the permission to read, and the owner's class to write.
fn setting_permission<W: Witness>(
    system: &System,
    thread: &Thread,
    of_network: bool,
    flags: OpenFlags,
    witness: &mut W,
) -> Result<(), Refusal> {
    let satisfied = if !flags.write {
        Condition::SettingIsRead
    } else if thread.credentials.uid.effective == Kuid::ROOT {
        Condition::RootWritesSettings
    } else if net_admin(system, thread, of_network, witness) {
        Condition::NetAdminAllows
    } else {
        let lacking = if of_network { Capability::NET_ADMIN.into() } else { CapSet::EMPTY };
        return Err(refuse(Errno::EACCES, &rules::OPEN_SETTING, lacking, witness));
    };
    witness.not_applied(&rules::OPEN_SETTING, satisfied);
    Ok(())
}

/// `net_ctl_permissions`.
fn net_admin<W: Witness>(system: &System, thread: &Thread, of_network: bool, witness: &mut W) -> bool {
    if !of_network {
        witness.not_applied(&rules::OPEN_NETWORK_SETTING, Condition::NotOfTheNetwork);
        return false;
    }
    let (owner, needed) = (thread.namespaces.network, Capability::NET_ADMIN);
    let capable = ns_capable(&system.user_namespaces, &thread.credentials, owner, needed);
    if capable {
        witness.applied(&rules::OPEN_NETWORK_SETTING, Effect::Holds);
    } else {
        witness.not_applied(&rules::OPEN_NETWORK_SETTING, Condition::CapabilityNotEffective);
    }
    capable
}
