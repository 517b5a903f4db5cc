//! runc: `Init` of libcontainer/standard_init_linux.go, `finalizeNamespace` of init_linux.go (v1.4.0).

use alloc::vec::Vec;

use super::{Action, PrologueStep, Road};
use crate::calls::{IdChange, IdKind};
use crate::runtime::{Handed, Request};

pub(super) fn road(handed: &Handed, request: &Request) -> Vec<PrologueStep> {
    let mut road = Road::default();
    let filtered = handed.seccomp.is_some();
    if handed.no_new_privs {
        road.no_new_privs();
    } else if filtered {
        // It needs CAP_SYS_ADMIN, so before that goes.
        road.must(Action::Seccomp);
    }
    road.drop_bounding(handed.dropped(request));
    road.keep_caps(true);
    road.must(Action::Setgroups(handed.groups.clone()));
    road.set_id(IdKind::Group, IdChange::Set(handed.gid));
    road.set_id(IdKind::User, IdChange::Set(handed.uid));
    road.keep_caps(false);
    road.capset(handed.effective, handed.permitted, handed.inheritable);
    road.ambient(handed.ambient);
    if handed.no_new_privs && filtered {
        road.must(Action::Seccomp);
    }
    road.steps
}
