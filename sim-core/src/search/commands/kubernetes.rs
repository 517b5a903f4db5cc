//! In the words of a pod's YAML.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::scenario::RuntimeEntry;

/// What the container's `securityContext` and the pod's say then.
pub(super) fn fragment(old: &RuntimeEntry, new: &RuntimeEntry, commands: &mut Vec<String>) {
    let mut container = Vec::new();
    let list = |names: &[String]| names.join(", ");
    if new.cap_add != old.cap_add || new.cap_drop != old.cap_drop {
        container.push("    capabilities:".to_string());
        if !new.cap_add.is_empty() {
            container.push(format!("      add: [{}]", list(&new.cap_add)));
        }
        if !new.cap_drop.is_empty() {
            container.push(format!("      drop: [{}]", list(&new.cap_drop)));
        }
        if new.cap_add.is_empty() && new.cap_drop.is_empty() {
            container.push("      drop: []".to_string());
        }
    }
    if new.user != old.user {
        container.push(format!("    runAsUser: {}", new.user.as_deref().unwrap_or("0")));
        if new.user.as_deref() == Some("0") {
            container.push("    runAsNonRoot: false".to_string());
        }
    }
    if new.privileged && !old.privileged {
        container.push("    privileged: true".to_string());
    }
    if old.no_new_privileges && !new.no_new_privileges {
        container.push("    allowPrivilegeEscalation: true".to_string());
    }
    if old.seccomp.is_some() && new.seccomp.is_none() {
        container.push("    seccompProfile: {type: Unconfined}".to_string());
    }
    if !container.is_empty() {
        commands.push(format!("containers:\n- securityContext:\n{}", container.join("\n")));
    }
    if let Some(port) = new.sysctl.ip_unprivileged_port_start.filter(|_| new.sysctl != old.sysctl) {
        commands.push(format!(
            "securityContext:\n  sysctls:\n  - {{name: net.ipv4.ip_unprivileged_port_start, value: \"{port}\"}}"
        ));
    }
    if let Some([first, last]) = new.sysctl.ping_group_range.filter(|_| new.sysctl != old.sysctl) {
        commands.push(format!(
            "securityContext:\n  sysctls:\n  - {{name: net.ipv4.ping_group_range, value: \"{first} {last}\"}}"
        ));
    }
    if old.host_network && !new.host_network {
        commands.push("hostNetwork: false".to_string());
    }
}
