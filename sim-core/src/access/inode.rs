//! Permission to a file: its mode and owner, and the capabilities that stand in for them.

use crate::capability::{CapSet, Capability};
use crate::credentials::Thread;
use crate::file::{File, FileKind};
use crate::kernel::Errno;
use crate::outcome::{Refusal, refuse};
use crate::rule::{Condition, Effect, Rule, Witness, path as rules};
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

    const fn contains(self, other: Self) -> bool {
        other.within(self.0)
    }
}

/// Refuses by `rule` with EACCES unless the thread may do to the file what is `wanted` (`inode_permission`).
pub(crate) fn inode_permission<W: Witness>(
    system: &System,
    thread: &Thread,
    file: &File,
    wanted: Permissions,
    rule: &'static Rule,
    witness: &mut W,
) -> Result<(), Refusal> {
    conclude(permission(system, thread, file, wanted, witness), Errno::EACCES, rule, witness)
}

/// Refuses by `rule` with EPERM unless the thread owns the file (`inode_owner_or_capable`).
pub(crate) fn demand_owner<W: Witness>(
    system: &System,
    thread: &Thread,
    file: &File,
    rule: &'static Rule,
    witness: &mut W,
) -> Result<(), Refusal> {
    conclude(owner_or_capable(system, thread, file, witness), Errno::EPERM, rule, witness)
}

/// Whether the thread may do to the file what is `wanted`, and why; or which capability it lacks for that
/// (`generic_permission`).
pub(super) fn permission<W: Witness>(
    system: &System,
    thread: &Thread,
    file: &File,
    wanted: Permissions,
    witness: &mut W,
) -> Result<Condition, CapSet> {
    if mode_allows(thread, file, wanted) {
        return Ok(Condition::ModeAllows);
    }
    let reading = match file.kind {
        FileKind::Directory => !wanted.contains(Permissions::WRITE),
        _ => wanted == Permissions::READ,
    };
    let read_search = if reading {
        capable_wrt_inode(system, thread, file, Capability::DAC_READ_SEARCH)
    } else {
        Err(Condition::MoreThanReading)
    };
    let Err(no_read_search) = read_search else {
        witness.applied(&rules::DAC_READ_SEARCH, Effect::Holds);
        return Ok(Condition::DacReadSearchAllows);
    };
    witness.not_applied(&rules::DAC_READ_SEARCH, no_read_search);
    match capable_wrt_inode(system, thread, file, Capability::DAC_OVERRIDE) {
        Ok(()) => {
            witness.applied(&rules::DAC_OVERRIDE, Effect::Holds);
            Ok(Condition::DacOverrideAllows)
        }
        Err(failed) => {
            witness.not_applied(&rules::DAC_OVERRIDE, failed);
            let least = if reading { Capability::DAC_READ_SEARCH } else { Capability::DAC_OVERRIDE };
            Err(if failed == Condition::CapabilityNotEffective { least.into() } else { CapSet::EMPTY })
        }
    }
}

/// Whether the thread owns the file or may act as if, and why; or which capability it lacks for that.
pub(super) fn owner_or_capable<W: Witness>(
    system: &System,
    thread: &Thread,
    file: &File,
    witness: &mut W,
) -> Result<Condition, CapSet> {
    let credentials = &thread.credentials;
    if credentials.uid.filesystem == file.uid {
        return Ok(Condition::OwnsFile);
    }
    // Unlike for other capabilities, the file's group need not be mapped.
    if system.user_namespaces.uid(credentials.user_ns, file.uid).is_none() {
        witness.not_applied(&rules::FOWNER, Condition::OwnerUnmapped);
        return Err(CapSet::EMPTY);
    }
    if credentials.capable(Capability::FOWNER) {
        witness.applied(&rules::FOWNER, Effect::Holds);
        return Ok(Condition::FownerAllows);
    }
    witness.not_applied(&rules::FOWNER, Condition::CapabilityNotEffective);
    Err(Capability::FOWNER.into())
}

/// Whether the capability counts for this file: effective, and owner and group mapped in the thread's user namespace
/// (`capable_wrt_inode_uidgid`).
pub(super) fn capable_wrt_inode(
    system: &System,
    thread: &Thread,
    file: &File,
    needed: Capability,
) -> Result<(), Condition> {
    let ns = thread.credentials.user_ns;
    if !is_mapped(system, thread, file) {
        Err(Condition::OwnerOrGroupUnmapped)
    } else if crate::credentials::ns_capable(&system.user_namespaces, &thread.credentials, ns, needed) {
        Ok(())
    } else {
        Err(Condition::CapabilityNotEffective)
    }
}

/// Whether owner and group are mapped in the thread's user namespace (`privileged_wrt_inode_uidgid`).
pub(super) fn is_mapped(system: &System, thread: &Thread, file: &File) -> bool {
    let (namespaces, ns) = (&system.user_namespaces, thread.credentials.user_ns);
    namespaces.uid(ns, file.uid).is_some() && namespaces.gid(ns, file.gid).is_some()
}

/// Goes on if something satisfies the rule, refuses by it otherwise.
pub(super) fn conclude<W: Witness>(
    found: Result<Condition, CapSet>,
    errno: Errno,
    rule: &'static Rule,
    witness: &mut W,
) -> Result<(), Refusal> {
    match found {
        Ok(satisfied) => {
            witness.not_applied(rule, satisfied);
            Ok(())
        }
        Err(lacking) => Err(refuse(errno, rule, lacking, witness)),
    }
}

/// The owner's bits for the owner, else the group's for the group, else the others' (`acl_permission_check`).
fn mode_allows(thread: &Thread, file: &File, wanted: Permissions) -> bool {
    let [owner, group, others] = file.mode.classes();
    wanted.within(if thread.credentials.uid.filesystem == file.uid {
        owner
    } else if thread.credentials.in_group(file.gid) {
        group
    } else {
        others
    })
}
