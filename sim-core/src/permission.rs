//! What a file's mode and owner say to a thread, before anything is decided by it. Source: `fs/namei.c` and
//! `kernel/capability.c`.

use crate::capability::{CapSet, Capability};
use crate::credentials::{Credentials, UserNs};
use crate::file::File;
use crate::rule::Condition;
use crate::system::System;

/// What is asked of a file, as the three bits of a class of its mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Permissions(u16);

impl Permissions {
    pub(crate) const READ: Self = Self(4);
    pub(crate) const WRITE: Self = Self(2);
    pub(crate) const READ_WRITE: Self = Self(4 | 2);
    /// To search a directory, or to execute a file.
    pub(crate) const EXECUTE: Self = Self(1);
    /// To create, remove or rename what is in a directory.
    pub(crate) const CHANGE_DIRECTORY: Self = Self(2 | 1);

    const fn within(self, bits: u16) -> bool {
        self.0 & !bits == 0
    }

    pub(crate) const fn contains(self, other: Self) -> bool {
        other.within(self.0)
    }
}

/// The owner's bits for the owner, else the group's for the group, else the others' (`acl_permission_check`).
pub(crate) fn mode_allows(credentials: &Credentials, file: &File, wanted: Permissions) -> bool {
    let [owner, group, others] = file.mode.classes();
    wanted.within(if credentials.uid.filesystem == file.uid {
        owner
    } else if credentials.in_group(file.gid) {
        group
    } else {
        others
    })
}

/// Whether the capability counts for this file: effective, and owner and group mapped in the own user namespace
/// (`capable_wrt_inode_uidgid`).
pub(crate) fn capable_wrt_inode(
    system: &System,
    credentials: &Credentials,
    file: &File,
    needed: Capability,
) -> Result<(), Condition> {
    if !is_mapped(system, credentials.user_ns, file) {
        Err(Condition::OwnerOrGroupUnmapped)
    } else if credentials.capable(needed) {
        Ok(())
    } else {
        Err(Condition::CapabilityNotEffective)
    }
}

/// What a capability could change where `capable_wrt_inode` failed: nothing for a file that is not mapped.
pub(crate) fn lacking(failed: Condition, needed: Capability) -> CapSet {
    if failed == Condition::CapabilityNotEffective { needed.into() } else { CapSet::EMPTY }
}

/// Whether owner and group are mapped in the user namespace (`privileged_wrt_inode_uidgid`).
pub(crate) fn is_mapped(system: &System, ns: UserNs, file: &File) -> bool {
    system.user_namespaces.uid(ns, file.uid).is_some() && system.user_namespaces.gid(ns, file.gid).is_some()
}
