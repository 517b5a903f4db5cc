//! Pods of Kubernetes, written by hand in a fixed shape: every text from a scenario stands in double quotes.

use std::fmt::Write as _;

use sim_core::engine::Engine;
use sim_core::scenario::{Options, Scenario};

use super::container::IMAGE;
use super::request::{Wanted, wanted};
use super::{ExportError, Exported, quote};

/// A whole pod. Comments say what it does not do.
pub fn pod(scenario: &Scenario, options: &Options) -> Result<Exported, ExportError> {
    let wanted = wanted(scenario, options, Engine::Containerd, true)?;
    let mut text = comments(&wanted);
    text.push_str("apiVersion: v1\nkind: Pod\nmetadata:\n  name: eperm\nspec:\n");
    spec(&wanted, "  ", true, &mut text);
    Ok(Exported { text, left_out: wanted.left_out })
}

/// A strategic merge patch of a Deployment with a container `app`: the security contexts alone. It is used with
/// `kubectl patch deployment NAME --patch-file FILE`.
pub fn pod_patch(scenario: &Scenario, options: &Options) -> Result<Exported, ExportError> {
    let wanted = wanted(scenario, options, Engine::Containerd, true)?;
    let mut text = comments(&wanted);
    text.push_str("spec:\n  template:\n    spec:\n");
    spec(&wanted, "      ", false, &mut text);
    Ok(Exported { text, left_out: wanted.left_out })
}

fn comments(wanted: &Wanted) -> String {
    let mut text = String::new();
    for needed in &wanted.image {
        let _ = writeln!(text, "# The image needs: {}", quote::one_line(needed));
    }
    for reason in &wanted.left_out {
        let _ = writeln!(text, "# LEFT OUT: {}", quote::one_line(reason));
    }
    text
}

fn spec(wanted: &Wanted, indent: &str, whole: bool, text: &mut String) {
    let Wanted { entry, state, program, .. } = wanted;
    let mut line = |said: String| {
        let _ = writeln!(text, "{indent}{said}");
    };
    if entry.host_network {
        line("hostNetwork: true".to_owned());
    }
    let port = entry.sysctl.ip_unprivileged_port_start;
    let ping = entry.sysctl.ping_group_range;
    if !entry.groups.is_empty() || port.is_some() || ping.is_some() {
        line("securityContext:".to_owned());
    }
    if !entry.groups.is_empty() {
        let groups: Vec<_> = entry.groups.iter().map(ToString::to_string).collect();
        line(format!("  supplementalGroups: [{}]", groups.join(", ")));
    }
    if port.is_some() || ping.is_some() {
        line("  sysctls:".to_owned());
    }
    if let Some([first, last]) = ping {
        line("    - name: net.ipv4.ping_group_range".to_owned());
        line(format!("      value: \"{first} {last}\""));
    }
    if let Some(port) = port {
        line("    - name: net.ipv4.ip_unprivileged_port_start".to_owned());
        line(format!("      value: \"{port}\""));
    }
    line("containers:".to_owned());
    line("  - name: app".to_owned());
    if whole {
        line(format!("    image: {IMAGE}"));
        if let Some(program) = program {
            line(format!("    command: [{}]", quote::yaml(program)));
        }
    }
    line("    securityContext:".to_owned());
    line(format!("      runAsUser: {}", state.uid[0]));
    line(format!("      runAsGroup: {}", state.gid[0]));
    if entry.privileged {
        line("      privileged: true".to_owned());
    }
    line(format!("      allowPrivilegeEscalation: {}", !entry.no_new_privileges));
    if entry.cap_add.is_empty() && entry.cap_drop.is_empty() {
        return;
    }
    line("      capabilities:".to_owned());
    for (key, names) in [("add", &entry.cap_add), ("drop", &entry.cap_drop)] {
        if !names.is_empty() {
            let names: Vec<_> = names.iter().map(|name| quote::yaml(name)).collect();
            line(format!("        {key}: [{}]", names.join(", ")));
        }
    }
}
