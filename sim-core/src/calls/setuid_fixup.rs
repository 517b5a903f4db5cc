use super::set_id::IdChange;
use crate::capability::{CapSet, Capability};
use crate::credentials::{Ids, Kuid, RawCredentials, Securebits};
use crate::rule::{Condition, Effect, Flow, SetName, Witness, setid as rules};
use crate::system::System;

/// `CAP_FS_SET`: the capabilities about files, which follow the filesystem user id.
const FILESYSTEM: [Capability; 8] = [
    Capability::CHOWN,
    Capability::DAC_OVERRIDE,
    Capability::DAC_READ_SEARCH,
    Capability::FOWNER,
    Capability::FSETID,
    Capability::LINUX_IMMUTABLE,
    Capability::MKNOD,
    Capability::MAC_OVERRIDE,
];

/// `cap_task_fix_setuid`: what a change of user ids does to the capability sets.
pub(super) fn fix_setuid<W: Witness>(
    system: &System,
    old: &Ids<Kuid>,
    new: &mut RawCredentials,
    change: IdChange,
    witness: &mut W,
) {
    if new.securebits.contains(Securebits::NO_SETUID_FIXUP) {
        witness.applied(&rules::NO_SETUID_FIXUP, Effect::Holds);
        return;
    }
    witness.not_applied(&rules::NO_SETUID_FIXUP, Condition::SecbitNoSetuidFixupNotSet);
    let root = system.user_namespaces.kuid(new.user_ns, 0);
    let is_root = |id: Kuid| Some(id) == root;
    if matches!(change, IdChange::Fs(_)) {
        follow_filesystem_id(is_root(old.filesystem), is_root(new.uid.filesystem), new, witness);
    } else {
        leave_root(&is_root, old, new, witness);
        follow_effective_id(is_root(old.effective), is_root(new.uid.effective), new, witness);
    }
}

fn leave_root<W: Witness>(
    is_root: &impl Fn(Kuid) -> bool,
    old: &Ids<Kuid>,
    new: &mut RawCredentials,
    witness: &mut W,
) {
    let any_root = |ids: &Ids<Kuid>| is_root(ids.real) || is_root(ids.effective) || is_root(ids.saved);
    let stays = if !any_root(old) {
        Some(Condition::NeverRoot)
    } else if any_root(&new.uid) {
        Some(Condition::StillRoot)
    } else {
        None
    };
    if let Some(stays) = stays {
        for rule in [&rules::LEAVE_ROOT, &rules::KEEP_CAPS, &rules::LEAVE_ROOT_AMBIENT] {
            witness.not_applied(rule, stays);
        }
        return;
    }
    if new.securebits.contains(Securebits::KEEP_CAPS) {
        witness.applied(&rules::KEEP_CAPS, Effect::Holds);
    } else {
        witness.not_applied(&rules::KEEP_CAPS, Condition::KeepCapsNotSet);
        witness.applied(&rules::LEAVE_ROOT, Flow::remove(SetName::Permitted, new.permitted));
        witness.applied(&rules::LEAVE_ROOT, Flow::remove(SetName::Effective, new.effective));
        (new.permitted, new.effective) = (CapSet::EMPTY, CapSet::EMPTY);
    }
    witness.applied(&rules::LEAVE_ROOT_AMBIENT, Flow::remove(SetName::Ambient, new.ambient));
    new.ambient = CapSet::EMPTY;
}

fn follow_effective_id<W: Witness>(was_root: bool, is_root: bool, new: &mut RawCredentials, witness: &mut W) {
    match (was_root, is_root) {
        (true, false) => {
            witness.applied(&rules::EFFECTIVE_CLEARED, Flow::remove(SetName::Effective, new.effective));
            new.effective = CapSet::EMPTY;
        }
        (false, true) => {
            let permitted = SetName::Permitted.holding(new.permitted);
            witness.applied(&rules::EFFECTIVE_RESTORED, Flow::give(SetName::Effective, permitted, new.permitted));
            new.effective = new.permitted;
        }
        _ => {
            witness.not_applied(&rules::EFFECTIVE_CLEARED, Condition::EffectiveStaysRootOrNot);
            witness.not_applied(&rules::EFFECTIVE_RESTORED, Condition::EffectiveStaysRootOrNot);
        }
    }
}

fn follow_filesystem_id<W: Witness>(was_root: bool, is_root: bool, new: &mut RawCredentials, witness: &mut W) {
    let about_files: CapSet = FILESYSTEM.into_iter().collect();
    match (was_root, is_root) {
        (true, false) => {
            let removed = new.effective & about_files;
            witness.applied(&rules::FILESYSTEM_CLEARED, Flow::remove(SetName::Effective, removed));
            new.effective -= removed;
        }
        (false, true) => {
            let given = new.permitted & about_files;
            let permitted = SetName::Permitted.holding(new.permitted);
            witness.applied(&rules::FILESYSTEM_RESTORED, Flow::give(SetName::Effective, permitted, given));
            new.effective |= given;
        }
        _ => {
            witness.not_applied(&rules::FILESYSTEM_CLEARED, Condition::FilesystemStaysRootOrNot);
            witness.not_applied(&rules::FILESYSTEM_RESTORED, Condition::FilesystemStaysRootOrNot);
        }
    }
}
