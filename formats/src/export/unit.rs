//! A service of systemd.

use std::fmt::Write as _;

use sim_core::capability::CapSet;
use sim_core::credentials::Securebits;
use sim_core::engine::Engine;
use sim_core::scenario::{Options, Scenario};

use super::request::begun;
use super::script::setcap;
use super::{ExportError, Exported, quote};

/// A service whose process starts as the scenario's. Comments say what it does not do.
pub fn unit(scenario: &Scenario, options: &Options) -> Result<Exported, ExportError> {
    let (world, state) = begun(scenario, options)?;
    let known = world.system.release.capabilities();
    let mut left_out = Vec::new();
    let mut settings: Vec<(&str, String)> = Vec::new();
    let program = scenario.steps.iter().find_map(|step| match &step.call {
        sim_core::scenario::Call::Execve(path) => Some(path.as_str()),
        _ => None,
    });
    match program {
        Some(program) => settings.push(("ExecStart", quote::unit(program))),
        None => left_out.push("The scenario executes no program; ExecStart= is to be written.".to_owned()),
    }
    let ([uid, ..], [gid, ..]) = (state.uid, state.gid);
    if uid != 0 || gid != 0 {
        settings.push(("User", uid.to_string()));
        settings.push(("Group", gid.to_string()));
    }
    if !state.groups.is_empty() {
        let groups: Vec<_> = state.groups.iter().map(ToString::to_string).collect();
        settings.push(("SupplementaryGroups", groups.join(" ")));
    }
    if state.bounding != known && state.bounding != world.all {
        settings.push(("CapabilityBoundingSet", names(state.bounding)));
    }
    if !state.ambient.is_empty() {
        settings.push(("AmbientCapabilities", names(state.ambient)));
    }
    let bits = Securebits::from_bits(state.securebits);
    let (said, unsaid): (Vec<_>, Vec<_>) =
        bits.names().partition(|name| SECUREBITS.iter().any(|(known, _)| known == name));
    if !said.is_empty() {
        let said = SECUREBITS.iter().filter(|(known, _)| said.contains(known)).map(|(_, name)| *name);
        settings.push(("SecureBits", said.collect::<Vec<_>>().join(" ")));
    }
    if !unsaid.is_empty() {
        left_out.push(format!("SecureBits= does not know {}.", unsaid.join(", ")));
    }
    if state.no_new_privs {
        settings.push(("NoNewPrivileges", "yes".to_owned()));
    }
    if state.inheritable != state.ambient {
        left_out.push(format!(
            "A unit makes inheritable what is ambient; the scenario has {} inheritable.",
            state.inheritable
        ));
    }
    if let Some(port) = scenario.sysctl.ip_unprivileged_port_start {
        left_out.push(format!(
            "A unit sets no sysctl; net.ipv4.ip_unprivileged_port_start={port} belongs into sysctl.d(5)."
        ));
    }
    if let Some([first, last]) = scenario.sysctl.ping_group_range {
        left_out.push(format!(
            "A unit sets no sysctl; net.ipv4.ping_group_range={first} {last} belongs into sysctl.d(5)."
        ));
    }
    if let Some(runtime) = &scenario.runtime
        && runtime.engine.0 != Engine::Systemd
    {
        left_out.push(format!(
            "The scenario begins with {}; the unit has the state that it hands over.",
            runtime.engine.0
        ));
    }
    if state.user_ns != "init" {
        left_out.push("The process is in a user namespace; PrivateUsers= has other maps.".to_owned());
    }
    let mut text = String::new();
    for (path, file) in &scenario.files {
        if let Some(Ok((tool, arguments))) = file.caps.as_ref().map(|caps| setcap(caps, world.all)) {
            let path = quote::word(&quote::one_line(path));
            let _ = writeln!(text, "# The program needs: {tool} {arguments} {path}");
        }
    }
    for reason in &left_out {
        let _ = writeln!(text, "# LEFT OUT: {}", quote::one_line(reason));
    }
    let title = scenario.title.as_deref().unwrap_or("A program");
    let _ = writeln!(
        text,
        "[Unit]\nDescription={}\n\n[Service]",
        quote::one_line(title).replace('%', "%%").replace('\\', "/")
    );
    for (key, value) in settings {
        let _ = writeln!(text, "{key}={value}");
    }
    Ok(Exported { text, left_out })
}

/// Those that `SecureBits=` knows, and how.
const SECUREBITS: [(&str, &str); 6] = [
    ("keep_caps", "keep-caps"),
    ("keep_caps_locked", "keep-caps-locked"),
    ("no_setuid_fixup", "no-setuid-fixup"),
    ("no_setuid_fixup_locked", "no-setuid-fixup-locked"),
    ("noroot", "noroot"),
    ("noroot_locked", "noroot-locked"),
];

/// `CAP_CHOWN CAP_KILL`; an empty text for none, which means none.
fn names(set: CapSet) -> String {
    set.iter().map(|capability| capability.to_string()).collect::<Vec<_>>().join(" ")
}
