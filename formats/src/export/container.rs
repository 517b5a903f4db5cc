//! Lines of `docker run` and `podman run`.

use std::fmt::Write as _;

use sim_core::engine::Engine;
use sim_core::scenario::{Options, Scenario};

use super::request::{Wanted, wanted};
use super::{ExportError, Exported, quote};

/// What stands for the name of an image, which no scenario has.
pub(super) const IMAGE: &str = "IMAGE";

/// A line of `docker run`, with comments that say what it does not do.
pub fn docker(scenario: &Scenario, options: &Options) -> Result<Exported, ExportError> {
    Ok(line("docker", wanted(scenario, options, Engine::Docker, false)?))
}

/// A line of `podman run`, with comments that say what it does not do.
pub fn podman(scenario: &Scenario, options: &Options) -> Result<Exported, ExportError> {
    Ok(line("podman", wanted(scenario, options, Engine::Podman, false)?))
}

fn line(command: &str, wanted: Wanted) -> Exported {
    let Wanted { entry, program, image, left_out, .. } = wanted;
    let mut words = vec![command.to_owned(), "run".to_owned(), "--rm".to_owned()];
    words.extend(entry.user.iter().map(|user| format!("--user={user}")));
    words.extend(entry.groups.iter().map(|group| format!("--group-add={group}")));
    words.extend(entry.privileged.then(|| "--privileged".to_owned()));
    words.extend(entry.cap_drop.iter().map(|name| format!("--cap-drop={name}")));
    words.extend(entry.cap_add.iter().map(|name| format!("--cap-add={name}")));
    words.extend(entry.no_new_privileges.then(|| "--security-opt=no-new-privileges".to_owned()));
    words.extend(entry.host_network.then(|| "--network=host".to_owned()));
    words.extend(entry.keep_id.then(|| "--userns=keep-id".to_owned()));
    let port = entry.sysctl.ip_unprivileged_port_start;
    words.extend(port.map(|port| format!("--sysctl=net.ipv4.ip_unprivileged_port_start={port}")));
    let groups = entry.sysctl.ping_group_range;
    words.extend(groups.map(|[first, last]| format!("'--sysctl=net.ipv4.ping_group_range={first} {last}'")));
    words.push(IMAGE.to_owned());
    words.extend(program);
    let mut text = String::new();
    for needed in &image {
        let _ = writeln!(text, "# The image needs: {}", quote::one_line(needed));
    }
    for reason in &left_out {
        let _ = writeln!(text, "# LEFT OUT: {}", quote::one_line(reason));
    }
    let words: Vec<_> = words.iter().map(|word| quote::word(word)).collect();
    let _ = writeln!(text, "{}", words.join(" "));
    Exported { text, left_out }
}
