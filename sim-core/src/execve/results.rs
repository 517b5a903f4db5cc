use super::Bprm;
use crate::capability::CapSet;
use crate::credentials::Securebits;
use crate::rule::{Condition, Effect, Flow, IdName, SetName, Witness, execve as rules};

/// The saved and filesystem ids follow the effective ones.
pub(super) fn set_saved_ids<W: Witness>(bprm: &mut Bprm<'_>, witness: &mut W) {
    let (uid, gid) = (&mut bprm.new.uid, &mut bprm.new.gid);
    let changes = [
        (IdName::SavedUid, uid.saved.number(), uid.effective.number()),
        (IdName::FilesystemUid, uid.filesystem.number(), uid.effective.number()),
        (IdName::SavedGid, gid.saved.number(), gid.effective.number()),
        (IdName::FilesystemGid, gid.filesystem.number(), gid.effective.number()),
    ];
    for (name, before, after) in changes {
        if before != after {
            witness.applied(&rules::SAVED_IDS, Effect::Id { name, before, after });
        }
    }
    (uid.saved, uid.filesystem) = (uid.effective, uid.effective);
    (gid.saved, gid.filesystem) = (gid.effective, gid.effective);
    if changes.iter().all(|(_, before, after)| before == after) {
        witness.not_applied(&rules::SAVED_IDS, Condition::SavedIdsEqual);
    }
}

/// `P' = Pn ∪ A'`
pub(super) fn set_permitted<W: Witness>(bprm: &mut Bprm<'_>, witness: &mut W) {
    let (granted, ambient) = (bprm.new_permitted, bprm.new.ambient);
    bprm.new.permitted = granted | ambient;
    let from = [Some(SetName::NewPermitted.holding(granted)), Some(SetName::Ambient.holding(ambient))];
    witness.applied(
        &rules::PERMITTED,
        Effect::Bits(Flow {
            into: SetName::Permitted,
            from,
            given: bprm.new.permitted,
            removed: bprm.old.permitted - bprm.new.permitted,
            withheld: CapSet::EMPTY,
        }),
    );
}

/// `E' = P'` with the effective flag, `E' = A'` without.
pub(super) fn set_effective<W: Witness>(bprm: &mut Bprm<'_>, witness: &mut W) {
    let (permitted, ambient) = (bprm.new.permitted, bprm.new.ambient);
    let (rule, name, effective) = if bprm.effective {
        witness.not_applied(&rules::EFFECTIVE_AMBIENT, Condition::EffectiveFlagSet);
        (&rules::EFFECTIVE_PERMITTED, SetName::Permitted, permitted)
    } else {
        witness.not_applied(&rules::EFFECTIVE_PERMITTED, Condition::EffectiveFlagNotSet);
        (&rules::EFFECTIVE_AMBIENT, SetName::Ambient, ambient)
    };
    bprm.new.effective = effective;
    witness.applied(
        rule,
        Effect::Bits(Flow {
            into: SetName::Effective,
            from: [Some(name.holding(effective)), None],
            given: effective,
            removed: bprm.old.effective - effective,
            withheld: permitted - effective,
        }),
    );
}

/// The inheritable and the bounding set stay; of the securebits, all but one.
pub(super) fn keep_the_rest<W: Witness>(bprm: &mut Bprm<'_>, witness: &mut W) {
    let (inheritable, bounding) = (bprm.new.inheritable, bprm.new.bounding);
    let from = SetName::Inheritable.holding(inheritable);
    witness.applied(&rules::INHERITABLE_KEPT, Flow::give(SetName::Inheritable, from, inheritable));
    let from = SetName::Bounding.holding(bounding);
    witness.applied(&rules::BOUNDING_KEPT, Flow::give(SetName::Bounding, from, bounding));
    let before = bprm.new.securebits;
    if before.contains(Securebits::KEEP_CAPS) {
        let after = before & !Securebits::KEEP_CAPS;
        bprm.new.securebits = after;
        witness.applied(&rules::KEEP_CAPS_CLEARED, Effect::Securebits { before, after });
    } else {
        witness.not_applied(&rules::KEEP_CAPS_CLEARED, Condition::KeepCapsNotSet);
    }
}
