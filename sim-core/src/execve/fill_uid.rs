use super::Bprm;
use crate::file::Mode;
use crate::rule::{Condition, Effect, IdName, Witness, execve as rules};

/// `mnt_may_suid`: whether the file's set-id bits and capabilities count at all.
pub(super) fn mount_may_suid<W: Witness>(bprm: &Bprm<'_>, witness: &mut W) -> bool {
    if !bprm.file.mount.nosuid {
        witness.not_applied(&rules::NOSUID_MOUNT, Condition::MountMaySuid);
        return true;
    }
    if bprm.file.mode.has_set_id() || bprm.file.caps.is_some() {
        witness.applied(&rules::NOSUID_MOUNT, Effect::Holds);
    } else {
        witness.not_applied(&rules::NOSUID_MOUNT, Condition::NothingToIgnore);
    }
    false
}

/// `bprm_fill_uid`: the set-id bits.
pub(super) fn bprm_fill_uid<W: Witness>(bprm: &mut Bprm<'_>, confers: bool, witness: &mut W) {
    let file = bprm.file;
    if !file.mode.has_set_id() {
        witness.not_applied(&rules::SET_USER_ID, Condition::NoSetUserIdBit);
        witness.not_applied(&rules::SET_GROUP_ID, Condition::NoSetGroupIdBit);
        return;
    }
    if !confers || set_id_is_ignored(bprm, witness) {
        witness.not_applied(&rules::SET_USER_ID, Condition::SetIdBitsIgnored);
        witness.not_applied(&rules::SET_GROUP_ID, Condition::SetIdBitsIgnored);
        return;
    }
    if file.mode.contains(Mode::S_ISUID) {
        let before = bprm.new.uid.effective.number();
        bprm.new.uid.effective = file.uid;
        let after = file.uid.number();
        witness.applied(&rules::SET_USER_ID, Effect::Id { name: IdName::EffectiveUid, before, after });
    } else {
        witness.not_applied(&rules::SET_USER_ID, Condition::NoSetUserIdBit);
    }
    if !file.mode.contains(Mode::S_ISGID) {
        witness.not_applied(&rules::SET_GROUP_ID, Condition::NoSetGroupIdBit);
    } else if !file.mode.contains(Mode::S_IXGRP) {
        witness.not_applied(&rules::SET_GROUP_ID, Condition::GroupMayNotExecute);
    } else {
        let before = bprm.new.gid.effective.number();
        bprm.new.gid.effective = file.gid;
        let after = file.gid.number();
        witness.applied(&rules::SET_GROUP_ID, Effect::Id { name: IdName::EffectiveGid, before, after });
    }
}

fn set_id_is_ignored<W: Witness>(bprm: &Bprm<'_>, witness: &mut W) -> bool {
    if bprm.old.no_new_privs {
        witness.applied(&rules::SET_ID_NO_NEW_PRIVS, Effect::Holds);
        return true;
    }
    witness.not_applied(&rules::SET_ID_NO_NEW_PRIVS, Condition::NoNewPrivsNotSet);
    let (namespaces, ns) = (&bprm.system.user_namespaces, bprm.old.user_ns);
    let unmapped = namespaces.uid(ns, bprm.file.uid).is_none() || namespaces.gid(ns, bprm.file.gid).is_none();
    if unmapped {
        witness.applied(&rules::SET_ID_UNMAPPED, Effect::Holds);
    } else {
        witness.not_applied(&rules::SET_ID_UNMAPPED, Condition::OwnerAndGroupMapped);
    }
    unmapped
}
