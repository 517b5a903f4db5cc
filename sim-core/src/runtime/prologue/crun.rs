//! crun: `init_container`, `apply_security_settings` and `set_required_caps` (1.29). It never clears `PR_SET_KEEPCAPS`:
//! execve does.

use alloc::vec::Vec;

use super::{Action, PrologueStep, Road};
use crate::calls::{IdChange, IdKind};
use crate::runtime::{Handed, Request};

pub(super) fn road(handed: &Handed, request: &Request) -> Vec<PrologueStep> {
    let mut road = Road::default();
    let filtered = handed.seccomp.is_some();
    road.must(Action::Setgroups(handed.groups.clone()));
    if !handed.no_new_privs && filtered {
        road.must(Action::Seccomp);
    }
    road.drop_bounding(handed.dropped(request));
    road.keep_caps(true);
    road.set_id(IdKind::Group, IdChange::Res([handed.gid; 3]));
    road.set_id(IdKind::User, IdChange::Res([handed.uid; 3]));
    road.capset(handed.effective, handed.permitted, handed.inheritable);
    road.ambient(handed.ambient);
    if handed.no_new_privs {
        road.no_new_privs();
        if filtered {
            road.must(Action::Seccomp);
        }
    }
    road.steps
}
