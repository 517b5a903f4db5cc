//! A finding in the making: what the forms of containers have in common.

use std::ops::RangeInclusive;

use sim_core::engine::Engine;
use sim_core::scenario::{EngineText, FilterEntry, Json, ProfileFilter, UserNamespaceEntry};

use super::notes::{Place, shown};
use crate::{AskedProfile, Container, Finding, Mount, Says, TextForm};

/// So many phrases and sentences one finding has.
const MAX_PHRASES: usize = 200;

/// So many ports one container has.
const MAX_PORTS: usize = 1000;

/// The kernel takes no more supplementary groups: NGROUPS_MAX.
const MAX_GROUPS: usize = 65_536;

/// So many values a seccomp profile that stands in a text has.
pub(super) const MAX_PROFILE: usize = 100_000;

/// The name of the container's own user namespace in the scenario.
const NAMESPACE: &str = "container";

/// The user id that stands for a name.
const SOMEBODY: u32 = 1000;

#[derive(Debug)]
pub(super) struct Draft {
    pub(super) container: Container,
    form: TextForm,
    place: Place,
    ports_seen: usize,
    recognised: Vec<String>,
    assumed: Vec<String>,
}

impl Draft {
    pub(super) fn new(form: TextForm, engine: Engine, place: Place) -> Self {
        let (recognised, assumed) = (Vec::new(), Vec::new());
        Self { container: Container::of(engine), form, place, ports_seen: 0, recognised, assumed }
    }

    pub(super) fn finish(self, last_line: usize) -> Finding {
        let Self { container, form, place, recognised, assumed, .. } = self;
        let line = place.line;
        let says = Says::Container(Box::new(container));
        Finding { line, last_line: last_line.max(line), form, says, recognised, assumed }
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }

    pub(super) fn recognise(&mut self, phrase: impl Into<String>) {
        add(&mut self.recognised, phrase.into());
    }

    pub(super) fn assume(&mut self, sentence: impl Into<String>) {
        add(&mut self.assumed, sentence.into());
    }

    /// Whether the engine is Podman.
    pub(super) fn is_podman(&self) -> bool {
        self.container.runtime.engine == EngineText(Engine::Podman)
    }

    pub(super) fn name(&mut self, name: &str) {
        self.container.name = Some(shown(name)).filter(|name| !name.is_empty());
    }

    pub(super) fn image(&mut self, image: &str) {
        self.container.image = Some(shown(image)).filter(|image| !image.is_empty());
    }

    /// A user as it is written, with or without a group.
    pub(super) fn user(&mut self, text: &str) {
        self.recognise(format!("user {}", shown(text)));
        let (user, group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
        let is_number = |text: &str| text.parse::<u32>().is_ok();
        let mut written = user.to_owned();
        let is_root = matches!(user, "" | "root") || user.parse() == Ok(0_u32);
        let runtime = &mut self.container.runtime;
        runtime.uid = None;
        runtime.gid = None;
        let mut assumed = Vec::new();
        if has_variable(user) {
            written = SOMEBODY.to_string();
            assumed.push(format!("{} is taken to be {SOMEBODY}; a shell or a file decides what it is.", shown(user)));
        } else if !is_root && !is_number(user) {
            runtime.uid = Some(SOMEBODY);
            assumed.push(format!(
                "The user {} is taken to have the id {SOMEBODY}; the image's /etc/passwd decides.",
                shown(user)
            ));
        }
        match group {
            Some(group) if is_number(group) => written = format!("{written}:{group}"),
            Some("" | "root") => runtime.gid = Some(0),
            Some(group) => {
                runtime.gid = Some(SOMEBODY);
                assumed.push(format!("The group {} is taken to have the id {SOMEBODY}.", shown(group)));
            }
            None if is_root => {}
            None if is_number(user) => {
                assumed.push(format!(
                    "The group is taken to be 0, as for a user id that the image's /etc/passwd does not have: {}.",
                    shown(user)
                ));
            }
            None => {
                runtime.gid = Some(SOMEBODY);
                assumed.push(format!("The group of {} is taken to be {SOMEBODY}.", shown(user)));
            }
        }
        runtime.user = Some(written);
        for sentence in assumed {
            self.assume(sentence);
        }
    }

    /// What is taken for granted where nothing names a user.
    pub(super) fn assume_users_of_image(&mut self) {
        if self.container.runtime.user.is_none() {
            self.assume("The image is taken to name no user, so it is root.");
        }
    }

    pub(super) fn group(&mut self, group: &str) {
        self.recognise(format!("group {}", shown(group)));
        match group.parse() {
            Ok(id) if self.container.runtime.groups.len() < MAX_GROUPS => self.container.runtime.groups.push(id),
            Ok(_) => self.assume(format!("No more than {MAX_GROUPS} groups are taken, as by the kernel.")),
            Err(_) if group == "keep-groups" => {
                self.assume(
                    "The groups of who starts it, which keep-groups keeps, are not in the text: none are taken.",
                );
            }
            Err(_) => self.assume(format!(
                "The group {} is left out: its id is in the image's /etc/group, which the text does not have.",
                shown(group)
            )),
        }
    }

    /// A setting as by `--sysctl`; the error says what its value should be.
    pub(super) fn sysctl(&mut self, name: &str, value: &str) -> Result<(), String> {
        let name = name.trim().replace('/', ".");
        let value = value.trim();
        self.recognise(format!("sysctl {}={}", shown(&name), shown(value)));
        let namespaced = ["net.", "kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."];
        if name == "net.ipv4.ip_unprivileged_port_start" {
            let port =
                value.parse().map_err(|_| format!("{name} is a port from 0 to 65535, not {:?}", shown(value)))?;
            self.container.runtime.sysctl.ip_unprivileged_port_start = Some(port);
        } else if !namespaced.iter().any(|prefix| name.starts_with(prefix)) {
            self.assume(format!(
                "The setting {} is left out: it belongs to the whole machine, and engines refuse to set it for a container.",
                shown(&name)
            ));
        } else {
            self.assume(format!("The setting {} has no part in the model and is left out.", shown(&name)));
        }
        Ok(())
    }

    /// An option of `--security-opt`; the error says what is wrong with it.
    pub(super) fn security_opt(&mut self, text: &str) -> Result<(), String> {
        let (name, value) = text.split_once(['=', ':']).map_or((text, None), |(name, value)| (name, Some(value)));
        if name != "seccomp" {
            self.recognise(format!("security option {}", shown(text)));
        }
        match (name, value) {
            ("no-new-privileges", value) => {
                let value = value.unwrap_or("true");
                let given = truth(value).ok_or_else(|| {
                    format!("no-new-privileges is true or false, not {:?}", shown(value))
                })?;
                self.container.runtime.no_new_privileges = given;
            }
            ("seccomp", Some(value)) => {
                let value = value.trim();
                if value.starts_with('{') {
                    self.recognise("security option seccomp, with a profile");
                    let profile = serde_json::from_str(value);
                    self.profile(profile.map_err(|error| format!("the seccomp profile is no JSON: {error}"))?);
                } else {
                    self.recognise(format!("security option {}", shown(text)));
                    self.profile_name(value);
                }
            }
            ("apparmor" | "label" | "systempaths" | "mask" | "unmask" | "proc-opts", _) => self.assume(format!(
                "The security option {} is left out: AppArmor, SELinux and what is hidden in /proc are no part of the model.",
                shown(text)
            )),
            _ => return Err(format!("{:?} is no security option that is known here", shown(text))),
        }
        Ok(())
    }

    /// A profile by its name, as `unconfined` or a file.
    pub(super) fn profile_name(&mut self, name: &str) {
        self.container.profile = match name {
            "unconfined" => AskedProfile::Unconfined,
            "builtin" | "default" | "" => AskedProfile::Default,
            file => {
                let sentence = "The seccomp profile in {} is not in the text: none is applied.";
                self.assume(sentence.replace("{}", &shown(file)));
                AskedProfile::File(file.to_owned())
            }
        };
    }

    /// A profile as it stands in the text.
    pub(super) fn profile(&mut self, profile: Json) {
        let filter = ProfileFilter { profile, engine: None, native: None };
        self.container.runtime.seccomp = Some(FilterEntry::Profile(filter));
        self.container.profile = AskedProfile::Given;
    }

    /// A mode of user namespaces, as by `--userns`.
    pub(super) fn user_namespace(&mut self, mode: &str) {
        self.recognise(format!("user namespace {}", shown(mode)));
        let (kind, options) = mode.split_once(':').unwrap_or((mode, ""));
        match kind {
            "host" | "" => {
                self.container.runtime.user_namespace = None;
                self.container.user_namespace = None;
            }
            "keep-id" => self.keep_id(options),
            "nomap" => {
                self.own_namespace("0 100000 65536", "0 100000 65536", 1000);
                self.assume(
                    "Ids in the container are taken to be 100000 and up outside, as /etc/subuid commonly has them.",
                );
            }
            "auto" => {
                self.own_namespace("0 100000 65536", "0 100000 65536", 0);
                self.assume(
                    "The engine chooses the ids of --userns=auto; they are taken to be 100000 and up outside.",
                );
            }
            "private" => {
                self.own_namespace("0 100000 65536", "0 100000 65536", 0);
                self.assume("Ids in the container are taken to be 100000 and up outside.");
            }
            _ => {
                self.own_namespace("0 100000 65536", "0 100000 65536", 0);
                self.assume(format!(
                    "What {} maps is not in the text; ids in the container are taken to be 100000 and up outside.",
                    shown(mode)
                ));
            }
        }
    }

    fn keep_id(&mut self, options: &str) {
        let option = |name: &str| {
            let found = options.split(',').filter_map(|option| option.split_once('=')).find(|(key, _)| *key == name);
            found.and_then(|(_, value)| value.parse::<u32>().ok()).filter(|id| *id < 65_536)
        };
        let (uid, gid) = (option("uid").unwrap_or(SOMEBODY), option("gid").unwrap_or(SOMEBODY));
        self.container.runtime.keep_id = true;
        let map = |id: u32| {
            let before = if id == 0 { String::new() } else { format!("0 100000 {id}\n") };
            format!("{before}{id} {SOMEBODY} 1\n{} {} {}", id + 1, 100_000 + id, 65_536 - id)
        };
        self.own_namespace(&map(uid), &map(gid), SOMEBODY);
        self.assume(format!(
            "Who starts it is taken to have user and group id {SOMEBODY}, and the ids from 100000 on in /etc/subuid and /etc/subgid."
        ));
        if self.container.runtime.user.is_none() {
            self.container.runtime.user = Some(format!("{uid}:{gid}"));
            self.assume(format!("With keep-id and no --user it runs as that user: {uid}:{gid} in the container."));
        }
    }

    /// It has a user namespace of its own with these maps.
    pub(super) fn own_namespace(&mut self, uid_map: &str, gid_map: &str, owner: u32) {
        self.container.runtime.user_namespace = Some(NAMESPACE.to_owned());
        self.container.user_namespace = Some(UserNamespaceEntry {
            owner: Some(owner).filter(|owner| *owner != 0),
            uid_map: Some(uid_map.to_owned()),
            gid_map: Some(gid_map.to_owned()),
            ..UserNamespaceEntry::default()
        });
    }

    pub(super) fn network(&mut self, mode: &str) {
        self.recognise(format!("network {}", shown(mode)));
        self.container.runtime.host_network = mode == "host";
        if let Some(("container" | "ns" | "service", _)) = mode.split_once(':') {
            self.assume(format!("The network of {} is taken to be one with the engine's own settings.", shown(mode)));
        }
    }

    /// A port as it is published: `80`, `8080:80/tcp`, `[::1]:8080:80`, `3000-3005:3000-3005`.
    pub(super) fn publish(&mut self, text: &str) -> Result<(), String> {
        self.recognise(format!("port {}", shown(text)));
        let inside = text.rsplit(':').next().unwrap_or_default();
        let inside = inside.split_once('/').map_or(inside, |(ports, _)| ports);
        let (first, last) = inside.split_once('-').unwrap_or((inside, inside));
        match (first.trim().parse::<u16>(), last.trim().parse::<u16>()) {
            (Ok(first), Ok(last)) if first <= last => self.ports(first..=last),
            _ if has_variable(text) => {
                self.assume(format!("The port {} is left out: a variable decides it.", shown(text)));
            }
            _ => return Err(format!("{:?} names no port from 0 to 65535", shown(text))),
        }
        Ok(())
    }

    pub(super) fn port(&mut self, port: u16) {
        self.ports(port..=port);
    }

    /// Keeps the first ports that come; after so many, none is looked at.
    fn ports(&mut self, range: RangeInclusive<u16>) {
        for port in range.take(MAX_PORTS - self.ports_seen) {
            self.ports_seen += 1;
            if !self.container.ports.contains(&port) {
                self.container.ports.push(port);
            }
        }
    }

    /// A mount with its options, as `nosuid,noexec`; only what decides about privilege is kept.
    pub(super) fn mount<'o>(&mut self, path: &str, options: impl Iterator<Item = &'o str>) {
        let mut mount = Mount { path: path.to_owned(), nosuid: false, noexec: false };
        for option in options {
            match option {
                "nosuid" => mount.nosuid = true,
                "noexec" => mount.noexec = true,
                "suid" => mount.nosuid = false,
                "exec" => mount.noexec = false,
                _ => {}
            }
        }
        let named = [(mount.nosuid, "nosuid"), (mount.noexec, "noexec")];
        let named: Vec<_> = named.into_iter().filter(|(has, _)| *has).map(|(_, name)| name).collect();
        if !named.is_empty() && self.container.mounts.len() < MAX_PHRASES {
            self.recognise(format!("mount {} {}", shown(path), named.join(",")));
            self.container.mounts.push(mount);
        }
    }
}

fn add(list: &mut Vec<String>, text: String) {
    if list.len() < MAX_PHRASES {
        list.push(text);
    } else if list.len() == MAX_PHRASES {
        list.push("… and more".to_owned());
    }
}

/// Whether a text is to be replaced by a shell or an engine.
pub(super) fn has_variable(text: &str) -> bool {
    text.contains(['$', '`']) || text.contains("{{")
}

/// A truth as Go's strconv.ParseBool reads it.
pub(super) fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}
