use alloc::string::ToString;
use alloc::vec::Vec;

use super::super::attempt::{Reason, falls_back};
use super::super::draft::named;
use super::{Context, own_network};
use crate::capability::CapSet;
use crate::engine::{ENGINE_CHANGES, Engine};
use crate::scenario::{Call, EngineText, NotPerformed, RuntimeEntry};
use crate::search::edit::{Edit, Setting};

/// What can be asked of the engine otherwise.
pub(super) fn edits(context: &Context<'_>, edits: &mut Vec<Edit>) {
    let Some(runtime) = &context.scenario.runtime else { return };
    let EngineText(engine) = runtime.engine;
    for group in &context.groups {
        if engine == Engine::Systemd {
            unit(runtime, *group, edits);
        } else {
            let dropped = dropped(runtime) & *group;
            if !dropped.is_empty() {
                edits.push(Edit::KeepCap(dropped));
            }
            edits.push(Edit::CapAdd(*group));
        }
    }
    if runtime.unit.as_ref().is_some_and(|unit| unit.user_manager) {
        edits.push(Edit::SystemUnit);
    }
    if let Reason::NotPerformed(NotPerformed::EngineRefuses(_)) = context.failure.reason {
        edits.extend(runtime.cap_add.iter().cloned().map(Edit::WithoutAdd));
        edits.extend(runtime.cap_drop.iter().cloned().map(Edit::WithoutDrop));
        if runtime.unit.as_ref().is_some_and(|unit| unit.ambient.is_some()) {
            edits.push(Edit::WithoutUnitAmbient);
        }
    }
    let later = ENGINE_CHANGES.iter().filter(|change| change.engine == engine && change.since > runtime.version());
    edits.extend(later.map(|change| Edit::Upgrade(change.since)));
    if !is_root(runtime) {
        edits.push(Edit::User(0));
    }
    if let Some(owner) = super::files::owner(context).filter(|owner| *owner != 0) {
        edits.push(Edit::User(owner));
    }
    let implied = runtime.unit.as_ref().is_some_and(|unit| unit.implies_no_new_privileges);
    if runtime.no_new_privileges || implied {
        edits.push(Edit::AllowNewPrivileges);
    }
    if runtime.keep_id {
        edits.push(Edit::WithoutKeepId);
    }
    if let Some(Call::Bind { port }) = context.call()
        && *port > 0
    {
        if own_network(context.scenario) {
            edits.push(Edit::EngineSetting(Setting::UnprivilegedPortStart(*port)));
        } else if runtime.host_network {
            edits.push(Edit::OwnNetwork);
        }
    }
    if own_network(context.scenario)
        && let Some((_, inside)) = super::ping_group(context)
    {
        edits.push(Edit::EngineSetting(Setting::PingGroup(inside)));
    }
    filters(context, edits);
    if engine != Engine::Systemd {
        edits.push(Edit::Privileged);
    }
}

/// What a profile can answer otherwise.
pub(super) fn filters(context: &Context<'_>, edits: &mut Vec<Edit>) {
    if let Reason::Filtered(name) = &context.failure.reason {
        if let Some(name) = name {
            if falls_back(name) {
                edits.push(Edit::AnswerEnosys(name.to_string()));
            }
            edits.push(Edit::AllowCall(name.to_string()));
        }
        edits.push(Edit::Unconfined);
    }
}

fn unit(runtime: &RuntimeEntry, group: CapSet, edits: &mut Vec<Edit>) {
    edits.push(Edit::UnitAmbient(group));
    let unit = runtime.unit.as_ref();
    if unit.is_some_and(|unit| unit.bounding.is_some()) {
        edits.push(Edit::UnitBounding(group));
    }
}

/// The capabilities that are named among those to drop.
fn dropped(runtime: &RuntimeEntry) -> CapSet {
    runtime.cap_drop.iter().filter_map(|name| named(name)).collect()
}

fn is_root(runtime: &RuntimeEntry) -> bool {
    let user = runtime.user.as_deref().unwrap_or_default();
    matches!(user.split(':').next().unwrap_or_default(), "" | "0" | "root")
}
