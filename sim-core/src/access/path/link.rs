use crate::access::inode::{conclude, inode_permission, owner_or_capable, permission};
use crate::capability::{CapSet, Capability};
use crate::credentials::Thread;
use crate::file::{File, FileKind, Mode};
use crate::kernel::Errno;
use crate::outcome::{Outcome, Refusal, demand};
use crate::permission::{Permissions, capable_wrt_inode, lacking};
use crate::rule::{Condition, Effect, Witness, path as rules};
use crate::system::System;

/// Decides link(2) of a file to a new name in the directory `into`, or in one that is open to all, once both paths
/// are looked up (`do_linkat`).
///
/// ```
/// use sim_core::access::link;
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let system = System { protected_hardlinks: true, ..System::default() };
/// let refusal = link(&system, &user, &File::default(), None, &mut Silent).refusal().unwrap();
/// assert_eq!((refusal.errno, refusal.rule.id), (Errno::EPERM, "link.protected-hardlinks"));
/// assert_eq!(link(&System::default(), &user, &File::default(), None, &mut Silent).refusal(), None);
/// ```
pub fn link<W: Witness>(
    system: &System,
    thread: &Thread,
    file: &File,
    into: Option<&File>,
    witness: &mut W,
) -> Outcome<()> {
    decide_link(system, thread, file, into, witness).into()
}

fn decide_link<W: Witness>(
    system: &System,
    thread: &Thread,
    file: &File,
    into: Option<&File>,
    witness: &mut W,
) -> Result<(), Refusal> {
    let may_link = may_link(system, thread, file, witness);
    conclude(may_link, Errno::EPERM, &rules::LINK_PROTECTED, witness)?;
    match into {
        None => witness.not_applied(&rules::CREATE_PERMISSION, Condition::NotInADirectory),
        Some(into) => {
            let wanted = Permissions::CHANGE_DIRECTORY;
            inode_permission(system, thread, into, wanted, &rules::CREATE_PERMISSION, witness)?;
        }
    }
    let no_directory = file.kind != FileKind::Directory;
    let satisfied = Condition::NotADirectory;
    demand(no_directory, Errno::EPERM, &rules::LINK_DIRECTORY, CapSet::EMPTY, satisfied, witness)
}

/// `may_linkat`: with `fs.protected_hardlinks` the source must be safe, or the caller's own.
fn may_link<W: Witness>(system: &System, thread: &Thread, file: &File, witness: &mut W) -> Result<Condition, CapSet> {
    if !system.protected_hardlinks {
        return Ok(Condition::HardlinksNotProtected);
    }
    if is_safe_source(system, thread, file, witness) {
        witness.applied(&rules::LINK_SAFE_SOURCE, Effect::Holds);
        return Ok(Condition::SafeToLink);
    }
    witness.not_applied(&rules::LINK_SAFE_SOURCE, Condition::NotSafeToLink);
    owner_or_capable(system, thread, file, witness)
}

/// `safe_hardlink_source`.
fn is_safe_source<W: Witness>(system: &System, thread: &Thread, file: &File, witness: &mut W) -> bool {
    file.kind == FileKind::Regular
        && !file.mode.contains(Mode::S_ISUID)
        && !file.mode.contains(Mode::S_ISGID.with(Mode::S_IXGRP))
        && permission(system, thread, file, Permissions::READ_WRITE, witness).is_ok()
}

/// Decides unlink(2) of a file in a directory, once its path is looked up (`may_delete`).
///
/// ```
/// use sim_core::access::unlink;
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let tmp = File::directory().with_mode("1777".parse()?);
/// let refusal = unlink(&System::default(), &user, &File::default(), &tmp, &mut Silent).refusal().unwrap();
/// assert_eq!((refusal.errno, refusal.rule.id), (Errno::EPERM, "unlink.sticky"));
/// # Ok::<(), sim_core::file::ParseModeError>(())
/// ```
pub fn unlink<W: Witness>(
    system: &System,
    thread: &Thread,
    file: &File,
    directory: &File,
    witness: &mut W,
) -> Outcome<()> {
    decide_unlink(system, thread, file, directory, witness).into()
}

fn decide_unlink<W: Witness>(
    system: &System,
    thread: &Thread,
    file: &File,
    directory: &File,
    witness: &mut W,
) -> Result<(), Refusal> {
    let wanted = Permissions::CHANGE_DIRECTORY;
    inode_permission(system, thread, directory, wanted, &rules::UNLINK_PERMISSION, witness)?;
    let may_delete = sticky(system, thread, file, directory, witness);
    conclude(may_delete, Errno::EPERM, &rules::UNLINK_STICKY, witness)?;
    let no_directory = file.kind != FileKind::Directory;
    let satisfied = Condition::NotADirectory;
    demand(no_directory, Errno::EISDIR, &rules::UNLINK_DIRECTORY, CapSet::EMPTY, satisfied, witness)
}

/// `check_sticky`.
fn sticky<W: Witness>(
    system: &System,
    thread: &Thread,
    file: &File,
    directory: &File,
    witness: &mut W,
) -> Result<Condition, CapSet> {
    let caller = thread.credentials.uid.filesystem;
    if !directory.mode.contains(Mode::S_ISVTX) {
        return Ok(Condition::NotSticky);
    }
    if caller == file.uid {
        return Ok(Condition::OwnsFile);
    }
    if caller == directory.uid {
        return Ok(Condition::OwnsDirectory);
    }
    match capable_wrt_inode(system, &thread.credentials, file, Capability::FOWNER) {
        Ok(()) => {
            witness.applied(&rules::UNLINK_FOWNER, Effect::Holds);
            Ok(Condition::FownerAllows)
        }
        Err(failed) => {
            witness.not_applied(&rules::UNLINK_FOWNER, failed);
            Err(lacking(failed, Capability::FOWNER))
        }
    }
}
