//! In the words of docker and podman, and of config.json.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::scenario::RuntimeEntry;

/// The options that are added to `docker run`, and those that are left out.
pub(super) fn options(engine: &str, old: &RuntimeEntry, new: &RuntimeEntry, commands: &mut Vec<String>) {
    let mut added = Vec::new();
    let mut left_out = Vec::new();
    let fresh = |new: &[String], old: &[String]| -> Vec<String> {
        new.iter().filter(|name| !old.contains(name)).cloned().collect()
    };
    added.extend(fresh(&new.cap_add, &old.cap_add).into_iter().map(|name| format!("--cap-add {name}")));
    left_out.extend(fresh(&old.cap_add, &new.cap_add).into_iter().map(|name| format!("--cap-add {name}")));
    left_out.extend(fresh(&old.cap_drop, &new.cap_drop).into_iter().map(|name| format!("--cap-drop {name}")));
    if new.privileged && !old.privileged {
        added.push("--privileged".into());
    }
    if new.user != old.user {
        added.push(format!("--user {}", new.user.as_deref().unwrap_or("0")));
    }
    if old.no_new_privileges && !new.no_new_privileges {
        left_out.push("--security-opt no-new-privileges".into());
    }
    if let Some(port) = new.sysctl.ip_unprivileged_port_start.filter(|_| new.sysctl != old.sysctl) {
        added.push(format!("--sysctl net.ipv4.ip_unprivileged_port_start={port}"));
    }
    if let Some([first, last]) = new.sysctl.ping_group_range.filter(|_| new.sysctl != old.sysctl) {
        added.push(format!("--sysctl net.ipv4.ping_group_range='{first} {last}'"));
    }
    if old.host_network && !new.host_network {
        left_out.push("--network host".into());
    }
    if old.keep_id && !new.keep_id {
        left_out.push("--userns keep-id".into());
    }
    if old.seccomp.is_some() && new.seccomp.is_none() {
        added.push("--security-opt seccomp=unconfined".into());
    }
    if !added.is_empty() {
        commands.push(format!("{engine} run {} …", added.join(" ")));
    }
    if !left_out.is_empty() {
        commands.push(format!("{engine} run without {}", left_out.join(" and ")));
    }
}

/// The lines of config.json.
pub(super) fn config(old: &RuntimeEntry, new: &RuntimeEntry, commands: &mut Vec<String>) {
    for name in new.cap_add.iter().filter(|name| !old.cap_add.contains(name)) {
        commands.push(format!(
            "config.json: add \"CAP_{name}\" to bounding, effective and permitted of process.capabilities"
        ));
    }
    for name in old.cap_add.iter().filter(|name| !new.cap_add.contains(name)) {
        commands.push(format!("config.json: without \"{name}\" in process.capabilities"));
    }
    for name in old.cap_drop.iter().filter(|name| !new.cap_drop.contains(name)) {
        commands.push(format!("config.json: keep \"CAP_{name}\" in process.capabilities"));
    }
    if new.user != old.user {
        commands.push(format!("config.json: \"user\": {{\"uid\": {}}}", new.user.as_deref().unwrap_or("0")));
    }
    if old.no_new_privileges && !new.no_new_privileges {
        commands.push("config.json: \"noNewPrivileges\": false".into());
    }
    if let Some(port) = new.sysctl.ip_unprivileged_port_start.filter(|_| new.sysctl != old.sysctl) {
        commands.push(format!("config.json: \"net.ipv4.ip_unprivileged_port_start\": \"{port}\" in linux.sysctl"));
    }
    if let Some([first, last]) = new.sysctl.ping_group_range.filter(|_| new.sysctl != old.sysctl) {
        commands.push(format!("config.json: \"net.ipv4.ping_group_range\": \"{first} {last}\" in linux.sysctl"));
    }
    if old.host_network && !new.host_network {
        commands.push("config.json: {\"type\": \"network\"} in linux.namespaces".into());
    }
    if old.seccomp.is_some() && new.seccomp.is_none() {
        commands.push("config.json: without linux.seccomp".into());
    }
}
