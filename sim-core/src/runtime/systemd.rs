//! A systemd unit: `exec_invoke` of src/core/exec-invoke.c, from what the unit says.

use super::{Handed, Refused, Request, Unit};
use crate::capability::{CapSet, Capability};
use crate::credentials::Securebits;
use crate::rule::engine::systemd as rules;
use crate::rule::{Condition, Effect, Flow, SetName, Witness};

/// What systemd keeps to apply filters of system calls as another user.
pub(super) const FOR_FILTERS: CapSet =
    CapSet::from_bits(1 << Capability::SETPCAP.number() | 1 << Capability::SYS_ADMIN.number());

pub(super) fn hand<W: Witness>(request: &Request, witness: &mut W) -> Result<Handed, Refused> {
    let manager = if request.unit.of_user_manager { CapSet::EMPTY } else { request.host_bounding };
    let bounding = bounding(request, witness)?;
    let ambient = ambient(request, manager, bounding, witness)?;
    user(request, witness);
    let mut handed = Handed { bounding, ambient, inheritable: ambient, ..Handed::empty(request) };
    securebits(request, &mut handed, witness)?;
    no_new_privileges(request, &mut handed, witness);
    held(request, manager, &mut handed);
    handed.seccomp = Some(bounding);
    Ok(handed)
}

/// Whether the user changes from root to another one.
fn leaves_root(request: &Request) -> bool {
    request.unit.user_given && request.uid != 0 && !request.unit.of_user_manager
}

/// Whether systemd sets SECBIT_KEEP_CAPS to change the user.
pub(super) fn keeps_caps(unit: &Unit) -> bool {
    !unit.ambient.is_empty() || unit.securebits != Securebits::default()
}

/// Whether it keeps what filters of system calls need.
pub(super) fn keeps_for_filters(request: &Request) -> bool {
    let unit = &request.unit;
    unit.implies_no_new_privileges && unit.user_given && !unit.of_user_manager
}

/// What the thread holds at execve, which takes from a user other than root all that is not ambient.
fn held(request: &Request, manager: CapSet, handed: &mut Handed) {
    let (mut permitted, mut effective, mut inheritable) = (manager, manager, handed.inheritable);
    let for_filters = keeps_for_filters(request);
    if leaves_root(request) {
        effective = CapSet::EMPTY;
        if !for_filters && !keeps_caps(&request.unit) {
            permitted = CapSet::EMPTY;
        }
    }
    if for_filters {
        let setuid = CapSet::from(Capability::SETUID) - handed.ambient;
        let dropped = request.host_bounding - handed.bounding;
        let change = |set: CapSet| ((set - setuid) | FOR_FILTERS) - (FOR_FILTERS & dropped);
        (permitted, effective, inheritable) = (change(permitted), change(effective), change(inheritable));
    } else if leaves_root(request) && keeps_caps(&request.unit) && handed.securebits != Securebits::KEEP_CAPS {
        effective = Capability::SETPCAP.into();
    }
    (handed.permitted, handed.effective, handed.inheritable) = (permitted, effective, inheritable);
}

fn bounding<W: Witness>(request: &Request, witness: &mut W) -> Result<CapSet, Refused> {
    let host = request.host_bounding;
    let Some(asked) = request.unit.bounding else {
        witness.not_applied(&rules::BOUNDING, Condition::NothingDropped);
        return Ok(host);
    };
    let kept = host & asked;
    if request.unit.of_user_manager && kept != host {
        return Err(Refused::over(&rules::USER_MANAGER_BOUNDING, "CapabilityBoundingSet="));
    }
    let source = [Some(SetName::Argument.holding(asked)), None];
    witness.applied(&rules::BOUNDING, Flow::both(SetName::Bounding, source, kept, host - asked));
    Ok(kept)
}

fn ambient<W: Witness>(
    request: &Request,
    manager: CapSet,
    bounding: CapSet,
    witness: &mut W,
) -> Result<CapSet, Refused> {
    let asked = request.unit.ambient;
    if asked.is_empty() {
        witness.not_applied(&rules::AMBIENT, Condition::AmbientNotAsked);
        return Ok(CapSet::EMPTY);
    }
    let missing = asked - bounding;
    let given = asked & bounding;
    if missing.is_empty() {
        witness.not_applied(&rules::AMBIENT_NOT_IN_BOUNDING, Condition::WithinEngines);
    } else {
        let source = [Some(SetName::Argument.holding(asked)), Some(SetName::Bounding.holding(bounding))];
        let flow = Flow::both(SetName::Ambient, source, CapSet::EMPTY, missing);
        witness.applied(&rules::AMBIENT_NOT_IN_BOUNDING, flow);
    }
    if let Some(first) = (given - manager).iter().next() {
        return Err(Refused::about(&rules::USER_MANAGER_AMBIENT, first));
    }
    witness.not_applied(&rules::USER_MANAGER_AMBIENT, Condition::ManagerPrivileged);
    for set in [SetName::Inheritable, SetName::Ambient] {
        witness.applied(&rules::AMBIENT, Flow::give(set, SetName::Argument.holding(asked), given));
    }
    Ok(given)
}

fn user<W: Witness>(request: &Request, witness: &mut W) {
    if !leaves_root(request) {
        witness.not_applied(&rules::USER, Condition::UserIsRoot);
        return;
    }
    witness.applied(&rules::USER, Effect::Holds);
    if keeps_caps(&request.unit) {
        witness.applied(&rules::KEEP_CAPS, Effect::Holds);
    } else {
        witness.not_applied(&rules::KEEP_CAPS, Condition::AmbientNotAsked);
    }
    if keeps_for_filters(request) {
        let kept = [SetName::Permitted, SetName::Effective, SetName::Inheritable];
        for set in kept {
            witness.applied(&rules::KEPT_FOR_FILTERS, Flow::both(set, [None; 2], FOR_FILTERS, CapSet::EMPTY));
        }
    } else {
        witness.not_applied(&rules::KEPT_FOR_FILTERS, Condition::NothingUnusual);
    }
}

fn securebits<W: Witness>(request: &Request, handed: &mut Handed, witness: &mut W) -> Result<(), Refused> {
    let asked = request.unit.securebits;
    if asked == Securebits::default() {
        witness.not_applied(&rules::SECUREBITS, Condition::NothingUnusual);
        return Ok(());
    }
    if request.unit.of_user_manager {
        return Err(Refused::about(&rules::USER_MANAGER_SECUREBITS, Capability::SETPCAP));
    }
    witness.applied(&rules::SECUREBITS, Effect::Securebits { before: Securebits::default(), after: asked });
    handed.securebits = asked;
    Ok(())
}

fn no_new_privileges<W: Witness>(request: &Request, handed: &mut Handed, witness: &mut W) {
    if request.no_new_privileges {
        witness.applied(&rules::NO_NEW_PRIVILEGES, Effect::NoNewPrivs);
        return;
    }
    witness.not_applied(&rules::NO_NEW_PRIVILEGES, Condition::NoNewPrivilegesNotAsked);
    let privileged = !request.unit.of_user_manager && request.host_bounding.contains(Capability::SYS_ADMIN);
    if !request.unit.implies_no_new_privileges {
        witness.not_applied(&rules::IMPLIED_NO_NEW_PRIVILEGES, Condition::NothingUnusual);
    } else if privileged {
        witness.not_applied(&rules::IMPLIED_NO_NEW_PRIVILEGES, Condition::ManagerPrivileged);
    } else {
        witness.applied(&rules::IMPLIED_NO_NEW_PRIVILEGES, Effect::NoNewPrivs);
        handed.no_new_privs = true;
    }
}
