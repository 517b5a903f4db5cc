use alloc::vec::Vec;

use super::Context;
use crate::credentials::Securebits;
use crate::scenario::FourIds;
use crate::search::edit::{Edit, ProcessSet};

/// How else the process can be started.
pub(super) fn edits(context: &Context<'_>, edits: &mut Vec<Edit>) {
    let process = &context.scenario.process;
    for &caps in &context.groups {
        for set in [ProcessSet::Permitted, ProcessSet::Inheritable, ProcessSet::Ambient, ProcessSet::Bounding] {
            edits.push(Edit::StartWith { set, caps });
        }
    }
    let FourIds([_, effective, ..]) = process.uid.unwrap_or(FourIds([0; 4]));
    let short = context.world.is_some_and(|world| process.sets(world.all).permitted != world.all);
    if effective != 0 || short {
        edits.push(Edit::StartAsRoot);
    }
    if let Some(owner) = super::files::owner(context).filter(|owner| *owner != 0 && *owner != effective) {
        edits.push(Edit::StartAs(owner));
    }
    edits.extend(super::files::group(context).map(Edit::StartInGroup));
    for bit in
        [Securebits::NOROOT, Securebits::NO_SETUID_FIXUP, Securebits::NO_CAP_AMBIENT_RAISE, Securebits::KEEP_CAPS]
    {
        if process.securebits.0.contains(bit) {
            edits.push(Edit::ClearSecurebits(bit));
        }
    }
    if process.no_new_privs {
        edits.push(Edit::WithoutNoNewPrivs);
    }
    if let Some(traced) = process.traced {
        edits.push(Edit::Untraced);
        if !traced.tracer_has_sys_ptrace {
            edits.push(Edit::PowerfulTracer);
        }
    }
    if process.shares_fs {
        edits.push(Edit::OwnFilesystemContext);
    }
    if process.user_ns.as_deref().is_some_and(|name| name != "init") {
        edits.push(Edit::InitialUserNamespace);
    }
    super::engine::filters(context, edits);
}
