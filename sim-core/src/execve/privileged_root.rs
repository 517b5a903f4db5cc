use super::Bprm;
use crate::capability::CapSet;
use crate::credentials::Securebits;
use crate::rule::{Condition, Effect, Flow, SetName, Witness, execve as rules};

/// `handle_privileged_root`: what being user 0 grants.
pub(super) fn handle_privileged_root<W: Witness>(bprm: &mut Bprm<'_>, witness: &mut W) {
    let (real, effective) = (bprm.real_uid_is_root(), bprm.effective_uid_is_root());
    if !real && !effective {
        witness.not_applied(&rules::ROOT_PERMITTED, Condition::NeitherUidIsRoot);
        return;
    }
    if bprm.old.securebits.contains(Securebits::NOROOT) {
        witness.applied(&rules::NOROOT, Effect::Holds);
        return;
    }
    witness.not_applied(&rules::NOROOT, Condition::SecbitNorootNotSet);
    if bprm.has_file_caps && !real {
        witness.applied(&rules::ROOT_MIXED, Effect::Holds);
        return;
    }
    let failed = if real { Condition::RealUidIsRoot } else { Condition::NoFileCaps };
    witness.not_applied(&rules::ROOT_MIXED, failed);
    bprm.new_permitted = bprm.old.bounding | bprm.old.inheritable;
    let bounding = SetName::Bounding.holding(bprm.old.bounding);
    let inheritable = SetName::Inheritable.holding(bprm.old.inheritable);
    witness.applied(
        &rules::ROOT_PERMITTED,
        Flow::both(SetName::NewPermitted, [Some(bounding), Some(inheritable)], bprm.new_permitted, CapSet::EMPTY),
    );
    if effective {
        bprm.effective = true;
        witness.applied(&rules::ROOT_EFFECTIVE, Effect::Holds);
    } else {
        witness.not_applied(&rules::ROOT_EFFECTIVE, Condition::EffectiveUidIsNotRoot);
    }
}
