//! `config.json` of an OCI runtime.

use serde::Serialize;
use sim_core::capability::CapSet;
use sim_core::scenario::{Call, FilterEntry, Json, Options, Scenario};
use sim_core::system::{PING_GROUP_RANGE, UNPRIVILEGED_PORT_START};

use super::request::begun;
use super::{ExportError, Exported};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    oci_version: &'static str,
    process: Process,
    root: Root,
    linux: Linux,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Process {
    terminal: bool,
    user: User,
    args: Vec<String>,
    env: [&'static str; 1],
    cwd: &'static str,
    capabilities: Capabilities,
    no_new_privileges: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct User {
    uid: u32,
    gid: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    additional_gids: Vec<u32>,
}

#[derive(Serialize)]
struct Capabilities {
    bounding: Vec<String>,
    effective: Vec<String>,
    permitted: Vec<String>,
    inheritable: Vec<String>,
    ambient: Vec<String>,
}

#[derive(Serialize)]
struct Root {
    path: &'static str,
    readonly: bool,
}

#[derive(Serialize)]
struct Linux {
    namespaces: Vec<Namespace>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sysctl: Option<SysctlOfNetwork>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seccomp: Option<Json>,
}

#[derive(Serialize)]
struct Namespace {
    r#type: &'static str,
}

#[derive(Serialize)]
struct SysctlOfNetwork {
    #[serde(rename = "net.ipv4.ip_unprivileged_port_start", skip_serializing_if = "Option::is_none")]
    ip_unprivileged_port_start: Option<String>,
    #[serde(rename = "net.ipv4.ping_group_range", skip_serializing_if = "Option::is_none")]
    ping_group_range: Option<String>,
}

/// A `config.json` whose process part is complete: a runtime that is given it hands this very state to execve. The root
/// file system is `rootfs` beside it.
pub fn oci(scenario: &Scenario, options: &Options) -> Result<Exported, ExportError> {
    let (world, state) = begun(scenario, options)?;
    let mut left_out = Vec::new();
    let ([uid, others @ ..], [gid, other_groups @ ..]) = (state.uid, state.gid);
    if others != [uid; 3] || other_groups != [gid; 3] {
        left_out.push(format!(
            "A runtime sets all ids of a kind to one; here they are {:?} and {:?}.",
            state.uid, state.gid
        ));
    }
    if state.securebits != 0 {
        left_out.push(format!("A config.json has no securebits; here they are {:#x}.", state.securebits));
    }
    if state.user_ns != "init" {
        left_out.push("The user namespace and its mappings are left out.".to_owned());
    }
    if !scenario.files.is_empty() {
        left_out.push("The files are those of the folder rootfs, which is to be made.".to_owned());
    }
    let filters: Vec<&FilterEntry> = scenario
        .process
        .seccomp
        .iter()
        .chain(scenario.runtime.iter().filter_map(|runtime| runtime.seccomp.as_ref()))
        .collect();
    let seccomp = match filters.as_slice() {
        [FilterEntry::Profile(filter)] => Some(filter.profile.clone()),
        [] => None,
        _ => {
            left_out.push("A config.json holds one seccomp profile; the filters here are left out.".to_owned());
            None
        }
    };
    let program = scenario.steps.iter().find_map(|step| match &step.call {
        Call::Execve(path) => Some(path.clone()),
        _ => None,
    });
    if program.is_none() {
        left_out.push("The scenario executes no program; `args` has a shell in its place.".to_owned());
    }
    let system = &world.system;
    let (port, [first, last]) = (system.ip_unprivileged_port_start, system.ping_group_range);
    let sysctl = SysctlOfNetwork {
        ip_unprivileged_port_start: (port != UNPRIVILEGED_PORT_START).then(|| port.to_string()),
        ping_group_range: (system.ping_group_range != PING_GROUP_RANGE).then(|| format!("{first} {last}")),
    };
    let is_set = sysctl.ip_unprivileged_port_start.is_some() || sysctl.ping_group_range.is_some();
    let config = Config {
        oci_version: "1.0.2",
        process: Process {
            terminal: false,
            user: User { uid, gid, additional_gids: state.groups.clone() },
            args: vec![program.unwrap_or_else(|| "sh".to_owned())],
            env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            cwd: "/",
            capabilities: Capabilities {
                bounding: names(state.bounding),
                effective: names(state.effective),
                permitted: names(state.permitted),
                inheritable: names(state.inheritable),
                ambient: names(state.ambient),
            },
            no_new_privileges: state.no_new_privs,
        },
        root: Root { path: "rootfs", readonly: false },
        linux: Linux {
            namespaces: ["pid", "network", "ipc", "uts", "mount"]
                .into_iter()
                .map(|r#type| Namespace { r#type })
                .collect(),
            sysctl: is_set.then_some(sysctl),
            seccomp,
        },
    };
    // Only maps with keys that are no text, and writers that fail, are refused.
    let text = serde_json::to_string_pretty(&config).unwrap_or_default() + "\n";
    Ok(Exported { text, left_out })
}

fn names(set: CapSet) -> Vec<String> {
    set.iter().map(|capability| capability.to_string()).collect()
}
