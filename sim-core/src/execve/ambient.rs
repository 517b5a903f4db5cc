use super::Bprm;
use crate::capability::CapSet;
use crate::rule::{Condition, Flow, SetName, Witness, execve as rules};

/// What is left of the ambient set.
pub(super) fn set_ambient<W: Witness>(bprm: &mut Bprm<'_>, witness: &mut W) {
    let ambient = bprm.old.ambient;
    let clearing = [
        (&rules::AMBIENT_FILE_CAPS, bprm.has_file_caps, Condition::NoFileCaps),
        (&rules::AMBIENT_ID_CHANGE, bprm.id_changed, Condition::IdsUnchanged),
    ];
    for (rule, present, absent) in clearing {
        if ambient.is_empty() {
            witness.not_applied(rule, Condition::AmbientEmpty);
        } else if present {
            witness.applied(rule, Flow::remove(SetName::Ambient, ambient));
        } else {
            witness.not_applied(rule, absent);
        }
    }
    if bprm.has_file_caps || bprm.id_changed {
        bprm.new.ambient = CapSet::EMPTY;
        witness.not_applied(&rules::AMBIENT_KEPT, Condition::AmbientCleared);
    } else if ambient.is_empty() {
        witness.not_applied(&rules::AMBIENT_KEPT, Condition::AmbientEmpty);
    } else {
        let from = SetName::Ambient.holding(ambient);
        witness.applied(&rules::AMBIENT_KEPT, Flow::give(SetName::Ambient, from, ambient));
    }
}
