use crate::access::demand_capability;
use crate::access::inode::{conclude, demand_owner, inode_permission, owner_or_capable, permission};
use crate::capability::Capability;
use crate::credentials::{Thread, UserNs};
use crate::file::{File, FileKind, Mode};
use crate::kernel::Errno;
use crate::outcome::{Outcome, Refusal};
use crate::permission::Permissions;
use crate::rule::{Condition, Witness, path as rules};
use crate::system::System;

/// The times that utimensat(2) is to set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// Both of them now.
    Now,
    /// Given by the caller.
    Given,
}

/// Decides setxattr(2) of an attribute whose name begins with `trusted.`: `CAP_SYS_ADMIN` in `init`.
pub fn setxattr_trusted<W: Witness>(system: &System, thread: &Thread, witness: &mut W) -> Outcome<()> {
    let (needed, rule) = (Capability::SYS_ADMIN, &rules::SETXATTR_TRUSTED);
    demand_capability(system, thread, UserNs::INIT, needed, Errno::EPERM, rule, witness).into()
}

/// Decides setxattr(2) of an attribute whose name begins with `user.`, once the path is looked up
/// (`xattr_permission`).
///
/// ```
/// use sim_core::access::setxattr_user;
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let tmp = File::directory().with_mode("1777".parse()?);
/// let refusal = setxattr_user(&System::default(), &user, &tmp, &mut Silent).refusal().unwrap();
/// assert_eq!((refusal.errno, refusal.rule.id), (Errno::EPERM, "setxattr.user-sticky"));
/// # Ok::<(), sim_core::file::ParseModeError>(())
/// ```
pub fn setxattr_user<W: Witness>(system: &System, thread: &Thread, file: &File, witness: &mut W) -> Outcome<()> {
    decide_user(system, thread, file, witness).into()
}

fn decide_user<W: Witness>(system: &System, thread: &Thread, file: &File, witness: &mut W) -> Result<(), Refusal> {
    let has_them = match file.kind {
        FileKind::Regular | FileKind::Directory => Ok(Condition::IsRegularOrDirectory),
        _ => Err(crate::capability::CapSet::EMPTY),
    };
    conclude(has_them, Errno::EPERM, &rules::SETXATTR_USER_KIND, witness)?;
    let own = if file.kind != FileKind::Directory {
        Ok(Condition::NotADirectory)
    } else if !file.mode.contains(Mode::S_ISVTX) {
        Ok(Condition::NotSticky)
    } else {
        owner_or_capable(system, thread, file, witness)
    };
    conclude(own, Errno::EPERM, &rules::SETXATTR_USER_STICKY, witness)?;
    inode_permission(system, thread, file, Permissions::WRITE, &rules::SETXATTR_USER, witness)
}

/// Decides utimensat(2), once the path is looked up (`notify_change`).
///
/// ```
/// use sim_core::access::{Times, utimensat};
/// use sim_core::prelude::*;
///
/// // Who may write a file may say that it was just now, but not that it was at another time.
/// let user = Thread::from(Credentials::user(1000));
/// let shared = File::default().with_mode("0666".parse()?);
/// let refusal = |times| utimensat(&System::default(), &user, &shared, times, &mut Silent).refusal();
/// assert_eq!(refusal(Times::Now), None);
/// assert_eq!(refusal(Times::Given).map(|refusal| refusal.errno), Some(Errno::EPERM));
/// # Ok::<(), sim_core::file::ParseModeError>(())
/// ```
pub fn utimensat<W: Witness>(
    system: &System,
    thread: &Thread,
    file: &File,
    times: Times,
    witness: &mut W,
) -> Outcome<()> {
    match times {
        Times::Given => demand_owner(system, thread, file, &rules::UTIMENSAT_GIVEN, witness),
        Times::Now => {
            witness.not_applied(&rules::UTIMENSAT_GIVEN, Condition::TimesNotGiven);
            let own = owner_or_capable(system, thread, file, witness);
            let allowed = own.or_else(|_| permission(system, thread, file, Permissions::WRITE, witness));
            conclude(allowed, Errno::EACCES, &rules::UTIMENSAT_NOW, witness)
        }
    }
    .into()
}
