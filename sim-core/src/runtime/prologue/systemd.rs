//! systemd: `exec_invoke` of src/core/exec-invoke.c, with `enforce_groups`, `enforce_user` and
//! `capability_ambient_set_apply` (v257).

use alloc::vec::Vec;

use super::{Action, PrologueStep, Road, prctl, raise};
use crate::calls::{IdChange, IdKind, PrctlOption};
use crate::capability::{CapSet, Capability};
use crate::credentials::Securebits;
use crate::runtime::systemd::{FOR_FILTERS, keeps_caps, keeps_for_filters};
use crate::runtime::{Handed, Request};

/// The sets of the thread on its way.
struct Held {
    permitted: CapSet,
    effective: CapSet,
    inheritable: CapSet,
}

impl Held {
    /// `drop_capability`, `keep_capability`: all three sets at once.
    fn change(&mut self, road: &mut Road, capabilities: CapSet, on: bool) {
        for set in [&mut self.permitted, &mut self.effective, &mut self.inheritable] {
            *set = if on { *set | capabilities } else { *set - capabilities };
        }
        road.capset(self.effective, self.permitted, self.inheritable);
    }
}

pub(super) fn road(handed: &Handed, request: &Request) -> Vec<PrologueStep> {
    let mut road = Road::default();
    let unit = &request.unit;
    let manager = if unit.of_user_manager { CapSet::EMPTY } else { request.host_bounding };
    let mut held = Held { permitted: manager, effective: manager, inheritable: CapSet::EMPTY };
    let for_filters = keeps_for_filters(request);
    if !handed.groups.is_empty() {
        road.must(Action::Setgroups(handed.groups.clone()));
    }
    if unit.user_given {
        road.set_id(IdKind::Group, IdChange::Res([handed.gid; 3]));
    }
    let dropped = handed.dropped(request);
    if for_filters {
        road.keep_caps(true);
        road.drop_bounding(dropped - FOR_FILTERS);
    } else {
        road.drop_bounding(dropped);
    }
    if !handed.ambient.is_empty() {
        held.inheritable = handed.ambient;
        road.capset(held.effective, held.permitted, held.inheritable);
        raise_all(&mut road, handed.ambient);
    }
    let mut securebits = if for_filters { Securebits::KEEP_CAPS } else { Securebits::EMPTY };
    if unit.user_given {
        if keeps_caps(unit) && handed.uid != 0 && !securebits.contains(Securebits::KEEP_CAPS) {
            securebits = Securebits::KEEP_CAPS;
            road.must(set_securebits(securebits));
        }
        change_user(&mut road, handed, &mut held, securebits, for_filters);
    }
    // KEEP_CAPS goes with it, where it was set.
    if securebits != handed.securebits {
        if !held.effective.contains(Capability::SETPCAP) {
            held.effective |= Capability::SETPCAP.into();
            road.capset(held.effective, held.permitted, held.inheritable);
        }
        road.must(set_securebits(handed.securebits));
    }
    if handed.no_new_privs {
        road.no_new_privs();
    }
    road.must(Action::Seccomp);
    if for_filters {
        road.drop_bounding(dropped & FOR_FILTERS);
        for capability in FOR_FILTERS & dropped {
            held.change(&mut road, capability.into(), false);
        }
        road.keep_caps(false);
    }
    road.steps
}

fn change_user(road: &mut Road, handed: &Handed, held: &mut Held, securebits: Securebits, for_filters: bool) {
    road.set_id(IdKind::User, IdChange::Res([handed.uid; 3]));
    if handed.uid != 0 {
        held.effective = CapSet::EMPTY;
        if !securebits.contains(Securebits::KEEP_CAPS) {
            held.permitted = CapSet::EMPTY;
        }
    }
    if for_filters {
        if !handed.ambient.contains(Capability::SETUID) {
            held.change(road, Capability::SETUID.into(), false);
        }
        for capability in FOR_FILTERS {
            held.change(road, capability.into(), true);
        }
    }
    raise_all(road, handed.ambient);
}

fn raise_all(road: &mut Road, ambient: CapSet) {
    for capability in ambient {
        road.must(raise(capability));
    }
}

fn set_securebits(bits: Securebits) -> Action {
    prctl(PrctlOption::SetSecurebits, [bits.bits().into(), 0])
}
