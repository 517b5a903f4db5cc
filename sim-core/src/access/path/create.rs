use crate::access::demand_capability;
use crate::access::inode::inode_permission;
use crate::capability::{CapSet, Capability};
use crate::credentials::{Kgid, Thread, UserNs};
use crate::file::{File, FileKind, Mode};
use crate::kernel::{Errno, changes};
use crate::outcome::{Outcome, Refusal, demand};
use crate::permission::{Permissions, capable_wrt_inode};
use crate::rule::{Condition, Effect, Witness, path as rules};
use crate::system::System;

/// What mknod(2) is to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// What kind of file; not a directory.
    pub kind: FileKind,
    /// The mode asked for; the umask is taken to be 0.
    pub mode: Mode,
    /// Major and minor number of a device.
    pub device: [u32; 2],
}

/// What mkdir(2) takes from the mode that is asked for.
const MKDIR_MODE: Mode = match Mode::new(0o1777) {
    Some(mode) => mode,
    None => Mode::EXECUTABLE,
};

/// A set-group-ID program: with both bits.
const SETGID_PROGRAM: Mode = Mode::S_ISGID.with(Mode::S_IXGRP);

/// Decides mknod(2) in a directory, once the path is looked up, and gives the new file; `taken` says that there is one
/// already (`do_mknodat`).
///
/// ```
/// use sim_core::access::{Node, mknod};
/// use sim_core::file::FileKind;
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let home = File::directory().owned_by(1000.into(), 1000.into());
/// let null = Node { kind: FileKind::CharacterDevice, mode: "0666".parse()?, device: [1, 3] };
/// let refusal = mknod(&System::default(), &user, &home, false, null, &mut Silent).refusal().unwrap();
/// assert_eq!((refusal.errno, refusal.rule.id), (Errno::EPERM, "mknod.device"));
///
/// let pipe = Node { kind: FileKind::Fifo, ..null };
/// let made = mknod(&System::default(), &user, &home, false, pipe, &mut Silent).granted().unwrap();
/// assert_eq!(made.uid, 1000.into());
/// # Ok::<(), sim_core::file::ParseModeError>(())
/// ```
pub fn mknod<W: Witness>(
    system: &System,
    thread: &Thread,
    directory: &File,
    taken: bool,
    node: Node,
    witness: &mut W,
) -> Outcome<File> {
    may_create(system, thread, directory, taken, witness)
        .and_then(|()| may_make_device(system, thread, node, witness))
        .map(|()| new_file(system, thread, directory, node.kind, node.mode, witness))
        .into()
}

/// Decides mkdir(2) in a directory, once the path is looked up, and gives the new directory; `taken` says that there is
/// a file already (`vfs_mkdir`).
///
/// ```
/// use sim_core::access::mkdir;
/// use sim_core::prelude::*;
///
/// // The group of a set-group-ID directory is passed on, and so is the bit.
/// let user = Thread::from(Credentials::user(1000));
/// let shared = File::directory().owned_by(0.into(), 50.into()).with_mode("2777".parse()?);
/// let made = mkdir(&System::default(), &user, &shared, false, "0755".parse()?, &mut Silent).granted().unwrap();
/// assert_eq!((made.gid, made.mode.to_string().as_str()), (50.into(), "2755"));
/// # Ok::<(), sim_core::file::ParseModeError>(())
/// ```
pub fn mkdir<W: Witness>(
    system: &System,
    thread: &Thread,
    directory: &File,
    taken: bool,
    mode: Mode,
    witness: &mut W,
) -> Outcome<File> {
    may_create(system, thread, directory, taken, witness)
        .map(|()| new_file(system, thread, directory, FileKind::Directory, mode.only(MKDIR_MODE), witness))
        .into()
}

/// `filename_create` and `may_create`.
fn may_create<W: Witness>(
    system: &System,
    thread: &Thread,
    directory: &File,
    taken: bool,
    witness: &mut W,
) -> Result<(), Refusal> {
    let satisfied = Condition::NothingThere;
    demand(!taken, Errno::EEXIST, &rules::CREATE_EXISTS, CapSet::EMPTY, satisfied, witness)?;
    let wanted = Permissions::CHANGE_DIRECTORY;
    inode_permission(system, thread, directory, wanted, &rules::CREATE_PERMISSION, witness)
}

/// The part of `vfs_mknod` about devices.
fn may_make_device<W: Witness>(system: &System, thread: &Thread, node: Node, witness: &mut W) -> Result<(), Refusal> {
    if !matches!(node.kind, FileKind::CharacterDevice | FileKind::BlockDevice) {
        witness.not_applied(&rules::MKNOD_DEVICE, Condition::NotADevice);
        return Ok(());
    }
    if system.release.has(&changes::WHITEOUT_CREATION) {
        if node.kind == FileKind::CharacterDevice && node.device == [0, 0] {
            witness.applied(&rules::MKNOD_WHITEOUT, Effect::Holds);
            return Ok(());
        }
        witness.not_applied(&rules::MKNOD_WHITEOUT, Condition::NotAWhiteout);
    }
    let (needed, rule) = (Capability::MKNOD, &rules::MKNOD_DEVICE);
    demand_capability(system, thread, UserNs::INIT, needed, Errno::EPERM, rule, witness)
}

/// `inode_init_owner`: whose the new file is, and with which mode.
fn new_file<W: Witness>(
    system: &System,
    thread: &Thread,
    directory: &File,
    kind: FileKind,
    mode: Mode,
    witness: &mut W,
) -> File {
    witness.applied(&rules::CREATE_OWNER, Effect::Holds);
    let credentials = &thread.credentials;
    let (uid, gid) = (credentials.uid.filesystem, credentials.gid.filesystem);
    let file = File { kind, uid, gid, mode, caps: None, mount: directory.mount };
    if !directory.mode.contains(Mode::S_ISGID) {
        witness.not_applied(&rules::CREATE_SETGID_GROUP, Condition::DirectoryNotSetgid);
        return file;
    }
    witness.applied(&rules::CREATE_SETGID_GROUP, Effect::Holds);
    let gid: Kgid = directory.gid;
    if kind == FileKind::Directory {
        witness.applied(&rules::CREATE_SETGID_DIRECTORY, Effect::Holds);
        return File { gid, mode: mode.with(Mode::S_ISGID), ..file };
    }
    witness.not_applied(&rules::CREATE_SETGID_DIRECTORY, Condition::NotADirectory);
    File { gid, mode: mode_strip_sgid(system, thread, directory, mode, witness), ..file }
}

/// `mode_strip_sgid`.
fn mode_strip_sgid<W: Witness>(
    system: &System,
    thread: &Thread,
    directory: &File,
    mode: Mode,
    witness: &mut W,
) -> Mode {
    if !system.release.has(&changes::SETGID_DIRECTORY_CREATION) {
        return mode;
    }
    let kept = if !mode.contains(SETGID_PROGRAM) {
        Condition::NotSetgidProgram
    } else if thread.credentials.in_group(directory.gid) {
        Condition::InGroupOfDirectory
    } else if capable_wrt_inode(system, &thread.credentials, directory, Capability::FSETID).is_ok() {
        Condition::FsetidAllows
    } else {
        witness.applied(&rules::CREATE_SETGID_DROPPED, Effect::Holds);
        return mode.without(Mode::S_ISGID);
    };
    witness.not_applied(&rules::CREATE_SETGID_DROPPED, kept);
    mode
}
