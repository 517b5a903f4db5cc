use sim_core::capability::CapSet;
use sim_core::engine::Engine;
use sim_core::scenario::{FourIds, Process};

use super::draft::Draft;
use super::fields::{text, texts, truth};
use super::notes::{Notes, shown};
use super::tree::At;
use crate::TextForm;

/// Keys that only Podman's text has.
const PODMANS: [&str; 8] = [
    "EffectiveCaps",
    "BoundingCaps",
    "OCIRuntime",
    "OCIConfigPath",
    "ConmonPidFile",
    "ImageName",
    "IsInfra",
    "NamesHistory",
];

/// Keys of `HostConfig` that can stand alone.
const OF_HOST_CONFIG: [&str; 6] = ["CapAdd", "CapDrop", "SecurityOpt", "UsernsMode", "NetworkMode", "Privileged"];

/// Reads what `inspect` prints: an array of objects, one of them, or a part of one; whether it is that.
pub(super) fn read(root: At<'_, '_>, notes: &mut Notes) -> bool {
    if root.is_list() {
        let mut found = false;
        for object in root.elements() {
            found |= read_object(object, notes);
        }
        return found;
    }
    read_object(root, notes)
}

fn read_object(object: At<'_, '_>, notes: &mut Notes) -> bool {
    let is_podman = PODMANS.iter().any(|key| object.get(key).is_some());
    let host = object.given("HostConfig").filter(|host| host.is_mapping());
    let is_config =
        |config: &At<'_, '_>| ["User", "Cmd", "Entrypoint", "Image"].iter().any(|key| config.get(key).is_some());
    let config = object.given("Config").filter(is_config);
    let is_part = OF_HOST_CONFIG.iter().any(|key| object.get(key).is_some());
    if host.is_none() && config.is_none() && !is_part && !is_podman {
        return false;
    }
    let (form, engine) =
        if is_podman { (TextForm::PodmanInspect, Engine::Podman) } else { (TextForm::DockerInspect, Engine::Docker) };
    let mut draft = Draft::new(form, engine, object.place());
    draft.recognise(format!("{} inspect", engine.name()));
    if let Some(name) = object.given("Name").and_then(At::text) {
        draft.name(name.trim_start_matches('/'));
    }
    if let Some(host) = host.or(is_part.then_some(object)) {
        read_host_config(host, &mut draft, notes);
    } else if config.is_some() {
        draft.assume("This is an image: a container is taken to be started of it without options.");
    }
    read_user(config, &mut draft, notes);
    read_program(object, config, &mut draft, notes);
    if is_podman {
        read_capabilities(object, &mut draft, notes);
    }
    notes.found(draft.finish(object.last_line()));
    true
}

fn read_host_config(host: At<'_, '_>, draft: &mut Draft, notes: &mut Notes) {
    for (key, label) in [("CapAdd", "cap_add"), ("CapDrop", "cap_drop")] {
        for name in host.given(key).map(|at| texts(at, key, notes)).unwrap_or_default() {
            draft.recognise(format!("{label} {}", shown(name)));
            let runtime = &mut draft.container.runtime;
            if key == "CapAdd" { &mut runtime.cap_add } else { &mut runtime.cap_drop }.push(name.to_owned());
        }
    }
    if host.given("Privileged").and_then(|at| truth(at, "Privileged", notes)) == Some(true) {
        draft.recognise("privileged");
        draft.container.runtime.privileged = true;
    }
    for option in host.given("SecurityOpt").map(At::elements).into_iter().flatten() {
        if let Some(written) = text(option, "SecurityOpt", notes)
            && let Err(message) = draft.security_opt(written)
        {
            notes.misread(option.place(), message);
        }
    }
    for (name, value) in host.given("Sysctls").map(At::members).into_iter().flatten() {
        if let (Some(name), Some(text)) = (name.text(), text(value, "Sysctls", notes))
            && let Err(message) = draft.sysctl(name, text)
        {
            notes.misread(value.place(), message);
        }
    }
    if let Some(mode) = host.given("NetworkMode").and_then(At::text) {
        draft.network(mode);
    }
    read_user_namespace(host, draft, notes);
    for group in host.given("GroupAdd").map(|at| texts(at, "GroupAdd", notes)).unwrap_or_default() {
        draft.group(group);
    }
    for (port, _) in host.given("PortBindings").map(At::members).into_iter().flatten() {
        if let Some(written) = port.text()
            && let Err(message) = draft.publish(written)
        {
            notes.misread(port.place(), message);
        }
    }
    for (path, options) in host.given("Tmpfs").map(At::members).into_iter().flatten() {
        if let (Some(path), Some(options)) = (path.text(), options.text()) {
            draft.mount(path, ["nosuid", "noexec"].into_iter().chain(options.split(',')));
        }
    }
    if host.given("ReadonlyRootfs").and_then(|at| truth(at, "ReadonlyRootfs", notes)) == Some(true) {
        draft.recognise("read-only root file system");
    }
    if let Some(runtime) =
        host.given("Runtime").and_then(At::text).filter(|name| !matches!(*name, "runc" | "oci" | ""))
    {
        draft.assume(format!("The runtime {} is taken to do as the engine's usual one.", shown(runtime)));
    }
}

fn read_user_namespace(host: At<'_, '_>, draft: &mut Draft, notes: &mut Notes) {
    let mode = host.given("UsernsMode").and_then(At::text).filter(|mode| !mode.is_empty());
    if let Some(mode) = mode {
        draft.user_namespace(mode);
    }
    let maps = ["UidMap", "GidMap"].map(|key| {
        let list = host.path(&["IDMappings", key])?;
        let lines = texts(list, key, notes);
        Some(lines.iter().map(|line| line.replace(':', " ")).collect::<Vec<_>>().join("\n"))
    });
    if let [Some(uids), Some(gids)] = maps {
        draft.recognise("IDMappings");
        draft.own_namespace(&uids, &gids, 0);
        draft.assume("The ids outside are taken to be the machine's; for a rootless engine they are those of its own namespace.");
    }
}

fn read_user(config: Option<At<'_, '_>>, draft: &mut Draft, notes: &mut Notes) {
    match config.and_then(|config| config.get("User")).and_then(|at| text(at, "User", notes)) {
        Some("") => {
            draft.container.runtime.user = None;
            draft.recognise("user root");
        }
        Some(user) => draft.user(user),
        None => draft.assume_users_of_image(),
    }
}

fn read_program(object: At<'_, '_>, config: Option<At<'_, '_>>, draft: &mut Draft, notes: &mut Notes) {
    let list = |at: Option<At<'_, '_>>, key: &str, notes: &mut Notes| -> Vec<String> {
        match at {
            // Podman before 5 writes the entrypoint as one text.
            Some(at) if !at.is_list() => {
                at.text().map(|text| shlex::split(text).unwrap_or_default()).unwrap_or_default()
            }
            Some(at) => texts(at, key, notes).into_iter().map(str::to_owned).collect(),
            None => Vec::new(),
        }
    };
    let command = if let Some(path) = object.given("Path").and_then(At::text) {
        let mut command = vec![path.to_owned()];
        command.extend(list(object.given("Args"), "Args", notes));
        command
    } else {
        let part = |key: &str| config.and_then(|config| config.given(key));
        let mut command = list(part("Entrypoint"), "Entrypoint", notes);
        command.extend(list(part("Cmd"), "Cmd", notes));
        command
    };
    if let Some(program) = command.first() {
        draft.recognise(format!("command {}", shown(program)));
    }
    draft.container.command = command;
    let image = object.given("ImageName").or_else(|| config.and_then(|config| config.given("Image")));
    if let Some(image) = image.and_then(At::text) {
        draft.image(image);
    }
    for (port, _) in config.and_then(|config| config.given("ExposedPorts")).map(At::members).into_iter().flatten() {
        if let Some(port) = port.text().and_then(|text| text.split('/').next()?.parse().ok()) {
            draft.port(port);
        }
    }
}

/// Podman tells the capabilities that it hands over.
fn read_capabilities(object: At<'_, '_>, draft: &mut Draft, notes: &mut Notes) {
    let mut sets = ["EffectiveCaps", "BoundingCaps"].map(|key| {
        let at = object.get(key)?;
        let names = if at.is_null() { Vec::new() } else { texts(at, key, notes) };
        draft.recognise(format!("{key} {}", names.len()));
        Some(set_of(&names, at, key, notes))
    });
    let [Some(effective), Some(bounding)] = sets.each_mut().map(Option::take) else { return };
    let runtime = &draft.container.runtime;
    let user = runtime.user.as_deref().unwrap_or_default();
    let name = user.split(':').next().unwrap_or_default();
    let is_root = matches!(name, "" | "root" | "0");
    let uid = if is_root { 0 } else { name.parse().ok().or(runtime.uid).unwrap_or(1000) };
    let group = user.split_once(':').and_then(|(_, group)| group.parse().ok());
    let kept = if is_root { CapSet::EMPTY } else { effective };
    let process = Process {
        uid: Some(FourIds([uid; 4])),
        gid: Some(FourIds([group.or(runtime.gid).unwrap_or(0); 4])),
        groups: runtime.groups.clone(),
        permitted: Some(effective.into()),
        effective: Some(effective.into()),
        inheritable: Some(kept.into()),
        bounding: Some(bounding.into()),
        ambient: Some(kept.into()),
        no_new_privs: runtime.no_new_privileges,
        user_ns: runtime.user_namespace.clone(),
        ..Process::default()
    };
    draft.container.exact = Some(Box::new(process));
    draft.assume(if is_root {
        "The permitted set is taken to be EffectiveCaps, inheritable and ambient to be empty, as Podman hands them to root."
    } else {
        "The permitted, inheritable and ambient sets are taken to be EffectiveCaps, as Podman hands them to a user other than root."
    });
}

/// The set of these names; one that is not known is said.
pub(super) fn set_of(names: &[&str], at: At<'_, '_>, field: &str, notes: &mut Notes) -> CapSet {
    let mut set = CapSet::EMPTY;
    for name in names {
        match CapSet::from_name(name) {
            Ok(one) => set |= one,
            Err(_) => notes.misread(at.place(), format!("{field} has {:?}, which is no capability", shown(name))),
        }
    }
    set
}
