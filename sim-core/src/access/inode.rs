//! Permission to a file: its mode and owner, and the capabilities that stand in for them.

use crate::capability::{CapSet, Capability};
use crate::credentials::Thread;
use crate::file::{File, FileKind};
use crate::kernel::Errno;
use crate::outcome::{Refusal, refuse};
use crate::permission::{Permissions, capable_wrt_inode, lacking, mode_allows};
use crate::rule::{Condition, Effect, Rule, Witness, path as rules};
use crate::system::System;

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
    if mode_allows(&thread.credentials, file, wanted) {
        return Ok(Condition::ModeAllows);
    }
    let reading = match file.kind {
        FileKind::Directory => !wanted.contains(Permissions::WRITE),
        _ => wanted == Permissions::READ,
    };
    let read_search = if reading {
        capable_wrt_inode(system, &thread.credentials, file, Capability::DAC_READ_SEARCH)
    } else {
        Err(Condition::MoreThanReading)
    };
    let Err(no_read_search) = read_search else {
        witness.applied(&rules::DAC_READ_SEARCH, Effect::Holds);
        return Ok(Condition::DacReadSearchAllows);
    };
    witness.not_applied(&rules::DAC_READ_SEARCH, no_read_search);
    match capable_wrt_inode(system, &thread.credentials, file, Capability::DAC_OVERRIDE) {
        Ok(()) => {
            witness.applied(&rules::DAC_OVERRIDE, Effect::Holds);
            Ok(Condition::DacOverrideAllows)
        }
        Err(failed) => {
            witness.not_applied(&rules::DAC_OVERRIDE, failed);
            let least = if reading { Capability::DAC_READ_SEARCH } else { Capability::DAC_OVERRIDE };
            Err(lacking(failed, least))
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
