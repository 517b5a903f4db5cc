//! In the words of a systemd unit.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::capability::CapSet;
use crate::scenario::{RuntimeEntry, SetText};
use crate::search::edit::names;

/// The lines of the section `[Service]`.
pub(super) fn lines(old: &RuntimeEntry, new: &RuntimeEntry, commands: &mut Vec<String>) {
    let (before, after) = (old.unit.clone().unwrap_or_default(), new.unit.clone().unwrap_or_default());
    let all = CapSet::up_to(crate::capability::Capability::LAST_NAMED);
    let listed =
        |set: Option<SetText>| names(set.map_or(CapSet::EMPTY, |set| set.resolve(all)), " ", str::to_ascii_uppercase);
    let mut lines = Vec::new();
    if after.ambient.is_none() && before.ambient.is_some() {
        lines.push("AmbientCapabilities=".to_string());
    } else if after.ambient != before.ambient {
        lines.push(format!("AmbientCapabilities={}", listed(after.ambient)));
    }
    if after.bounding != before.bounding {
        lines.push(format!("CapabilityBoundingSet={}", listed(after.bounding)));
    }
    if new.user != old.user {
        lines.push(format!("User={}", new.user.as_deref().unwrap_or("root")));
    }
    if old.no_new_privileges && !new.no_new_privileges {
        lines.push("NoNewPrivileges=no".to_string());
    }
    if !lines.is_empty() {
        commands.push(format!("[Service]\n{}", lines.join("\n")));
    }
    if before.user_manager && !after.user_manager {
        let user = new.user.as_deref().unwrap_or("NAME");
        commands.push(format!("move the unit to /etc/systemd/system, with User={user} in [Service]"));
    }
}
