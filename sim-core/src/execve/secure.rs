use super::Bprm;
use crate::kernel::changes;
use crate::rule::{Condition, Effect, Rule, Witness, execve as rules};

/// Whether the new program is told to distrust its environment (`secureexec`).
pub(super) fn is_secure<W: Witness>(bprm: &Bprm<'_>, witness: &mut W) -> bool {
    let (uid, gid) = (bprm.new.uid, bprm.new.gid);
    let era = bprm.system.release.has(&changes::EXEC_ID_CHANGE);
    let id_changed = bprm.id_changed;
    let failed = if era { Condition::IdsUnchanged } else { Condition::IdsEqualReal };
    report(id_changed, &rules::AT_SECURE_ID_CHANGE, failed, witness);
    let ids_differ = era && (uid.effective != uid.real || gid.effective != gid.real);
    if era {
        report(ids_differ, &rules::AT_SECURE_IDS_DIFFER, Condition::IdsEqual, witness);
    }
    let beyond_ambient = !bprm.new.permitted.is_subset(bprm.new.ambient);
    let gained = !bprm.real_uid_is_root() && (bprm.effective || beyond_ambient);
    let failed = if bprm.real_uid_is_root() { Condition::RealUidIsRoot } else { Condition::OnlyAmbientPermitted };
    report(gained, &rules::AT_SECURE_CAPABILITIES, failed, witness);
    id_changed || ids_differ || gained
}

fn report<W: Witness>(applies: bool, rule: &'static Rule, failed: Condition, witness: &mut W) {
    if applies {
        witness.applied(rule, Effect::AtSecure);
    } else {
        witness.not_applied(rule, failed);
    }
}
