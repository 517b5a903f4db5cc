//! youki: `container_init_process` of process/init/process.rs, `set_id` of syscall/linux.rs, `drop_privileges` of
//! capabilities.rs (v0.7.0).

use alloc::vec::Vec;

use super::{Action, PrologueStep, Road};
use crate::calls::{IdChange, IdKind};
use crate::capability::CapSet;
use crate::runtime::{Handed, Request};

pub(super) fn road(handed: &Handed, request: &Request) -> Vec<PrologueStep> {
    let mut road = Road::default();
    let filtered = handed.seccomp.is_some();
    let held = request.host_bounding;
    if handed.no_new_privs {
        road.no_new_privs();
    }
    if !handed.groups.is_empty() {
        road.must(Action::Setgroups(handed.groups.clone()));
    }
    road.keep_caps(true);
    road.set_id(IdKind::Group, IdChange::Res([handed.gid; 3]));
    road.set_id(IdKind::User, IdChange::Res([handed.uid; 3]));
    if handed.uid != 0 {
        road.capset(held, held, CapSet::EMPTY);
    }
    road.keep_caps(false);
    if !handed.no_new_privs && filtered {
        road.must(Action::Seccomp);
    }
    road.capset(held, held, CapSet::EMPTY);
    road.drop_bounding(handed.dropped(request));
    // One set after the other.
    road.capset(handed.effective, held, CapSet::EMPTY);
    road.capset(handed.effective, handed.permitted, CapSet::EMPTY);
    road.capset(handed.effective, handed.permitted, handed.inheritable);
    road.ambient(handed.ambient);
    if handed.no_new_privs && filtered {
        road.must(Action::Seccomp);
    }
    road.steps
}
