use sim_core::engine::Engine;

use super::draft::{Draft, has_variable};
use super::fields::{text, texts, truth};
use super::notes::{Notes, Place, shown};
use super::tree::At;
use crate::TextForm;

/// Keys of a service that no other form has at its top.
const KEYS: [&str; 13] = [
    "cap_add",
    "cap_drop",
    "security_opt",
    "userns_mode",
    "network_mode",
    "group_add",
    "container_name",
    "depends_on",
    "privileged",
    "sysctls",
    "tmpfs",
    "restart",
    "user",
];

/// Reads a compose file; whether it is one.
pub(super) fn read_file(root: At<'_, '_>, notes: &mut Notes) -> bool {
    let Some(services) = root.given("services").filter(|services| services.is_mapping()) else { return false };
    read_services(services, notes);
    true
}

/// Reads a service without the file around it, or several with their names; whether it is that.
pub(super) fn read_service_alone(root: At<'_, '_>, notes: &mut Notes) -> bool {
    if is_service(root) {
        read_service(None, root, root.place(), notes);
        return true;
    }
    let named = root.members().next().is_some() && root.members().take(64).all(|(_, value)| is_service(value));
    if named {
        read_services(root, notes);
    }
    named
}

fn is_service(at: At<'_, '_>) -> bool {
    let has = |key: &str| at.get(key).is_some();
    KEYS.iter().any(|key| has(key)) || (has("image") && !has("name")) || (has("build") && !has("name"))
}

fn read_services(services: At<'_, '_>, notes: &mut Notes) {
    for (name, service) in services.members() {
        if notes.is_full() {
            return;
        }
        if service.is_mapping() {
            read_service(name.text(), service, name.place(), notes);
        } else if !service.is_null() {
            notes.misread(service.place(), "a service is a mapping");
        }
    }
}

fn read_service(name: Option<&str>, service: At<'_, '_>, place: Place, notes: &mut Notes) {
    let mut draft = Draft::new(TextForm::Compose, Engine::Docker, place);
    draft.recognise(name.map_or_else(|| "service".to_owned(), |name| format!("service {}", shown(name))));
    if let Some(name) = name.or_else(|| service.given("container_name").and_then(At::text)) {
        draft.name(name);
    }
    if let Some(image) = service.given("image").and_then(|at| text(at, "image", notes)) {
        let image = replaced(image, &mut draft);
        draft.image(&image);
        draft.recognise(format!("image {}", shown(&image)));
    }
    if service.get("extends").is_some() {
        draft.assume("What the service extends is not in it and is left out.");
    }
    for (key, into_add) in [("cap_add", true), ("cap_drop", false)] {
        let names = service.given(key).map(|at| texts(at, key, notes)).unwrap_or_default();
        for name in names {
            let name = replaced(name, &mut draft);
            draft.recognise(format!("{key} {}", shown(&name)));
            let runtime = &mut draft.container.runtime;
            if into_add { &mut runtime.cap_add } else { &mut runtime.cap_drop }.push(name);
        }
    }
    if let Some(privileged) = service.given("privileged").and_then(|at| truth(at, "privileged", notes)) {
        draft.recognise(format!("privileged {privileged}"));
        draft.container.runtime.privileged = privileged;
    }
    if let Some(at) = service.given("user") {
        // A number without quotes is a user too.
        if let Some(user) = text(at, "user", notes) {
            if has_variable(user) && !user.contains(":-") {
                draft.user(user);
            } else {
                let user = replaced(user, &mut draft);
                draft.user(&user);
            }
        }
    }
    if let Some(at) = service.given("security_opt") {
        for option in at.elements() {
            let Some(written) = text(option, "security_opt", notes) else { continue };
            let written = replaced(written, &mut draft);
            if let Err(message) = draft.security_opt(&written) {
                notes.misread(option.place(), message);
            }
        }
    }
    if let Some(sysctls) = service.given("sysctls") {
        read_sysctls(sysctls, &mut draft, notes);
    }
    if let Some(mode) = service.given("userns_mode").and_then(|at| text(at, "userns_mode", notes)) {
        let mode = replaced(mode, &mut draft);
        draft.user_namespace(&mode);
    }
    if let Some(mode) = service.given("network_mode").and_then(|at| text(at, "network_mode", notes)) {
        let mode = replaced(mode, &mut draft);
        draft.network(&mode);
    }
    for group in service.given("group_add").map(At::elements).into_iter().flatten() {
        if let Some(group) = text(group, "group_add", notes) {
            let group = replaced(group, &mut draft);
            draft.group(&group);
        }
    }
    read_ports(service, &mut draft, notes);
    read_mounts(service, &mut draft);
    if service.given("read_only").and_then(|at| truth(at, "read_only", notes)) == Some(true) {
        draft.recognise("read-only root file system");
    }
    let entrypoint = service.given("entrypoint").map(|at| words(at, "entrypoint", &mut draft, notes));
    let command = service.given("command").map(|at| words(at, "command", &mut draft, notes));
    match (&entrypoint, &command) {
        (None, Some(_)) => {
            draft.assume("The image is taken to have no entrypoint of its own: the command names the program.");
        }
        (None, None) => draft.assume("The program is the image's, which is not in the text."),
        _ => {}
    }
    draft.container.command = entrypoint.into_iter().chain(command).flatten().collect();
    draft.assume_users_of_image();
    notes.found(draft.finish(service.last_line()));
}

fn read_sysctls(sysctls: At<'_, '_>, draft: &mut Draft, notes: &mut Notes) {
    let mut set = |name: &str, value: &str, at: At<'_, '_>, notes: &mut Notes| {
        if let Err(message) = draft.sysctl(name, value) {
            notes.misread(at.place(), message);
        }
    };
    for (name, value) in sysctls.members() {
        if let (Some(name), Some(text)) = (name.text(), text(value, "sysctls", notes)) {
            set(name, text, value, notes);
        }
    }
    for at in sysctls.elements() {
        match text(at, "sysctls", notes).map(|text| text.split_once('=')) {
            Some(Some((name, value))) => set(name, value, at, notes),
            Some(None) => notes.misread(at.place(), "an element of sysctls is written NAME=VALUE"),
            None => {}
        }
    }
}

fn read_ports(service: At<'_, '_>, draft: &mut Draft, notes: &mut Notes) {
    for port in service.given("ports").map(At::elements).into_iter().flatten() {
        let written = if port.is_mapping() { port.given("target") } else { Some(port) };
        let Some(written) = written.and_then(At::text) else { continue };
        let written = replaced(written, draft);
        if let Err(message) = draft.publish(&written) {
            notes.misread(port.place(), message);
        }
    }
    for port in service.given("expose").map(At::elements).into_iter().flatten() {
        if let Some(port) = port.text().and_then(|text| text.split('/').next()?.parse().ok()) {
            draft.port(port);
        }
    }
}

fn read_mounts(service: At<'_, '_>, draft: &mut Draft) {
    let tmpfs = service.given("tmpfs");
    let single = tmpfs.and_then(At::text);
    for written in tmpfs.map(At::elements).into_iter().flatten().filter_map(At::text).chain(single) {
        let (path, options) = written.split_once(':').unwrap_or((written, ""));
        draft.mount(path, ["nosuid", "noexec"].into_iter().chain(options.split(',')));
    }
    for volume in service.given("volumes").map(At::elements).into_iter().flatten().filter_map(At::text) {
        let mut parts = volume.rsplitn(3, ':');
        if let (Some(options), Some(path), Some(_)) = (parts.next(), parts.next(), parts.next()) {
            draft.mount(path, options.split(','));
        }
    }
}

/// The words of `command` or `entrypoint`: a list, or a text that is split as a shell splits it.
fn words(at: At<'_, '_>, key: &str, draft: &mut Draft, notes: &mut Notes) -> Vec<String> {
    let words = if at.is_list() {
        let elements = at.elements().filter_map(|element| text(element, key, notes));
        elements.map(str::to_owned).collect()
    } else {
        let Some(written) = text(at, key, notes) else { return Vec::new() };
        shlex::split(written).unwrap_or_else(|| {
            notes.misread(at.place(), format!("a quote in {key} is not closed; it is read as one word"));
            vec![written.to_owned()]
        })
    };
    let words: Vec<_> = words.iter().map(|word| replaced(word, draft)).collect();
    draft.recognise(format!("{key} {}", shown(words.first().map_or("", String::as_str))));
    words
}

/// The text with its variables replaced: by their defaults, or by nothing, as compose does where they are not set.
fn replaced(text: &str, draft: &mut Draft) -> String {
    if !text.contains('$') {
        return text.to_owned();
    }
    let mut replaced = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        replaced.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            replaced.push('$');
            rest = after;
            continue;
        }
        let (name, value, after) = variable(after);
        if name.is_empty() {
            replaced.push('$');
        } else {
            let value = value.unwrap_or("");
            draft.assume(format!(
                "The variable {} is taken to be {:?}, as if it were not set.",
                shown(name),
                shown(value)
            ));
            replaced.push_str(value);
        }
        rest = after;
    }
    replaced.push_str(rest);
    replaced
}

/// The name of the variable that begins here, its default, and what follows it.
fn variable(text: &str) -> (&str, Option<&str>, &str) {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if let Some((inner, after)) = text.strip_prefix('{').and_then(|text| text.split_once('}')) {
        let end = inner.find(|c: char| !is_name(c)).unwrap_or(inner.len());
        let (name, rest) = inner.split_at_checked(end).unwrap_or((inner, ""));
        let default = rest.strip_prefix(":-").or_else(|| rest.strip_prefix('-'));
        return (name, default, after);
    }
    let end = text.find(|c: char| !is_name(c)).unwrap_or(text.len());
    let (name, after) = text.split_at_checked(end).unwrap_or((text, ""));
    (name, None, after)
}
