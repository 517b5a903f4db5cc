use super::Bprm;
use crate::capability::Capability;
use crate::kernel::changes;
use crate::rule::{Condition, Effect, Flow, IdName, Rule, SetName, Witness, execve as rules};

/// Whether the exec changes identity, and what it loses if it is unsafe.
pub(super) fn downgrade<W: Witness>(bprm: &mut Bprm<'_>, witness: &mut W) {
    bprm.id_changed = id_changed(bprm, witness);
    let gains = !bprm.new_permitted.is_subset(bprm.old.permitted);
    if !is_unsafe(bprm, bprm.id_changed || gains, witness) {
        return;
    }
    let keeps_ids = bprm.old.capable(Capability::SETUID) && !bprm.old.no_new_privs;
    if keeps_ids {
        witness.not_applied(&rules::UNSAFE_IDS, Condition::SetuidEffective);
    } else {
        let (uid, gid) = (&mut bprm.new.uid, &mut bprm.new.gid);
        let (old_uid, old_gid) = (uid.effective.number(), gid.effective.number());
        uid.effective = uid.real;
        gid.effective = gid.real;
        let (name, after) = (IdName::EffectiveUid, uid.effective.number());
        witness.applied(&rules::UNSAFE_IDS, Effect::Id { name, before: old_uid, after });
        let (name, after) = (IdName::EffectiveGid, gid.effective.number());
        witness.applied(&rules::UNSAFE_IDS, Effect::Id { name, before: old_gid, after });
    }
    let removed = bprm.new_permitted - bprm.old.permitted;
    bprm.new_permitted &= bprm.old.permitted;
    witness.applied(&rules::UNSAFE_PERMITTED, Flow::remove(SetName::NewPermitted, removed));
}

fn id_changed<W: Witness>(bprm: &Bprm<'_>, witness: &mut W) -> bool {
    let (uid, gid) = (bprm.new.uid.effective, bprm.new.gid.effective);
    let (rule, changed, failed) = if bprm.system.release.has(&changes::EXEC_ID_CHANGE) {
        let changed = uid != bprm.old.uid.effective || !bprm.old.in_group(gid);
        (&rules::ID_CHANGE, changed, Condition::IdsUnchanged)
    } else {
        let changed = uid != bprm.old.uid.real || gid != bprm.old.gid.real;
        (&rules::ID_DIFFERS_FROM_REAL, changed, Condition::IdsEqualReal)
    };
    report(changed, rule, failed, witness);
    changed
}

/// Whether one of the three circumstances limits this exec. Each is reported.
fn is_unsafe<W: Witness>(bprm: &Bprm<'_>, matters: bool, witness: &mut W) -> bool {
    let tracer = bprm.thread.tracer;
    let circumstances = [
        (&rules::UNSAFE_NO_NEW_PRIVS, bprm.old.no_new_privs, Condition::NoNewPrivsNotSet),
        (&rules::UNSAFE_SHARED_FS, bprm.thread.shares_fs, Condition::FsNotShared),
        (
            &rules::UNSAFE_TRACED,
            tracer.is_some_and(|tracer| !tracer.has_sys_ptrace),
            if tracer.is_some() { Condition::TracerHasSysPtrace } else { Condition::NotTraced },
        ),
    ];
    let mut any = false;
    for (rule, present, absent) in circumstances {
        let failed = if present { Condition::NothingGained } else { absent };
        report(present && matters, rule, failed, witness);
        any |= present && matters;
    }
    any
}

fn report<W: Witness>(applies: bool, rule: &'static Rule, failed: Condition, witness: &mut W) {
    if applies {
        witness.applied(rule, Effect::Holds);
    } else {
        witness.not_applied(rule, failed);
    }
}
