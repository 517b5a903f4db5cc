use sim_core::capability::CapSet;
use sim_core::engine::Engine;
use sim_core::scenario::{FourIds, Process, SetText};

use super::draft::{Draft, MAX_PROFILE};
use super::fields::{number, texts, truth};
use super::inspect::set_of;
use super::notes::{Notes, shown};
use super::tree::At;
use crate::TextForm;

/// Reads `config.json`; whether it is that.
pub(super) fn read(root: At<'_, '_>, notes: &mut Notes) -> bool {
    let process = root.given("process").filter(|process| process.is_mapping());
    let has_version = root.get("ociVersion").is_some();
    let is_process =
        |at: At<'_, '_>| at.get("noNewPrivileges").is_some() || at.path(&["capabilities", "bounding"]).is_some();
    let of = match process {
        Some(process) if has_version || is_process(process) || process.get("args").is_some() => process,
        None if has_version || is_process(root) => root,
        _ => return false,
    };
    let mut draft = Draft::new(TextForm::OciConfig, Engine::Runc, root.place());
    draft.recognise("config.json");
    let mut exact = Process { no_new_privs: false, ..Process::default() };
    read_user(of, &mut draft, &mut exact, notes);
    read_capabilities(of, &mut draft, &mut exact, notes);
    if of.given("noNewPrivileges").and_then(|at| truth(at, "noNewPrivileges", notes)) == Some(true) {
        draft.recognise("noNewPrivileges");
        draft.container.runtime.no_new_privileges = true;
        exact.no_new_privs = true;
    }
    if let Some(args) = of.given("args") {
        draft.container.command = texts(args, "args", notes).into_iter().map(str::to_owned).collect();
        let program = draft.container.command.first().map(|program| shown(program)).unwrap_or_default();
        draft.recognise(format!("args {program}"));
    }
    if let Some(linux) = root.given("linux") {
        read_linux(linux, &mut draft, &mut exact, notes);
    }
    for mount in root.given("mounts").map(At::elements).into_iter().flatten() {
        let options = mount.given("options").map(|at| texts(at, "options", notes)).unwrap_or_default();
        if let Some(path) = mount.given("destination").and_then(At::text) {
            draft.mount(path, options.into_iter());
        }
    }
    exact.user_ns.clone_from(&draft.container.runtime.user_namespace);
    draft.container.exact = Some(Box::new(exact));
    notes.found(draft.finish(root.last_line()));
    true
}

fn read_user(process: At<'_, '_>, draft: &mut Draft, exact: &mut Process, notes: &mut Notes) {
    let user = process.given("user");
    let mut id = |key: &str| user?.given(key).and_then(|at| number(at, key, notes));
    let (uid, gid) = (id("uid").unwrap_or(0), id("gid").unwrap_or(0));
    if user.is_none() {
        draft.assume("There is no process.user: user and group are 0.");
    }
    draft.user(&format!("{uid}:{gid}"));
    for group in user.and_then(|user| user.given("additionalGids")).map(At::elements).into_iter().flatten() {
        if let Some(group) = number(group, "additionalGids", notes) {
            draft.group(&group.to_string());
        }
    }
    exact.uid = Some(FourIds([uid; 4]));
    exact.gid = Some(FourIds([gid; 4]));
    exact.groups.clone_from(&draft.container.runtime.groups);
}

fn read_capabilities(process: At<'_, '_>, draft: &mut Draft, exact: &mut Process, notes: &mut Notes) {
    let capabilities = process.given("capabilities");
    if capabilities.is_none() {
        draft.assume("There is no process.capabilities: the runtime leaves none.");
    }
    let mut set = |key: &str| {
        let at = capabilities.and_then(|all| all.given(key));
        let names = at.map(|at| texts(at, key, notes)).unwrap_or_default();
        let set = at.map(|at| set_of(&names, at, key, notes)).unwrap_or_default();
        if at.is_some() {
            draft.recognise(format!("{key} {}", names.len()));
        }
        if key == "bounding" {
            draft.container.runtime.default_capabilities =
                Some(names.iter().map(|name| (*name).to_owned()).collect());
        }
        Some(set.into())
    };
    exact.bounding = set("bounding");
    exact.effective = set("effective");
    exact.permitted = set("permitted");
    exact.inheritable = set("inheritable");
    exact.ambient = set("ambient");
    // What the runtime cannot reach is not what is there before execve.
    let of = |set: Option<SetText>| set.map_or(CapSet::EMPTY, |set| set.resolve(CapSet::EMPTY));
    let [permitted, effective] = [exact.permitted, exact.effective].map(of);
    let [inheritable, ambient] = [exact.inheritable, exact.ambient].map(of);
    if let Some(at) = capabilities.filter(|_| !(effective - permitted).is_empty()) {
        let message =
            "effective has capabilities that permitted does not have: the kernel refuses the runtime's capset(2)";
        notes.misread(at.place(), message);
        exact.effective = Some((effective & permitted).into());
    }
    if !(ambient - (permitted & inheritable)).is_empty() {
        draft.assume("Ambient capabilities that are not both permitted and inheritable are left out, as the runtime goes on without them.");
        exact.ambient = Some((ambient & permitted & inheritable).into());
    }
}

fn read_linux(linux: At<'_, '_>, draft: &mut Draft, exact: &mut Process, notes: &mut Notes) {
    let namespaces: Vec<_> = linux.given("namespaces").map(At::elements).into_iter().flatten().collect();
    let is = |at: &At<'_, '_>, kind: &str| at.given("type").and_then(At::text) == Some(kind);
    if !namespaces.is_empty() && !namespaces.iter().any(|at| is(at, "network")) {
        draft.recognise("no network namespace");
        draft.container.runtime.host_network = true;
    }
    let mut map = |key: &str| {
        let lines = linux.given(key).map(At::elements).into_iter().flatten().filter_map(|line| {
            let mut part = |name: &str| line.given(name).and_then(|at| number(at, name, notes));
            Some(format!("{} {} {}", part("containerID")?, part("hostID")?, part("size")?))
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    let (uids, gids) = (map("uidMappings"), map("gidMappings"));
    if namespaces.iter().any(|at| is(at, "user")) || !uids.is_empty() {
        draft.recognise("a user namespace of its own");
        draft.own_namespace(&uids, &gids, 0);
        draft.assume("The runtime is taken to be started by root.");
    }
    for (name, value) in linux.given("sysctl").map(At::members).into_iter().flatten() {
        if let (Some(name), Some(text)) = (name.text(), value.text())
            && let Err(message) = draft.sysctl(name, text)
        {
            notes.misread(value.place(), message);
        }
    }
    if let Some(seccomp) = linux.given("seccomp") {
        let mut most = MAX_PROFILE;
        match seccomp.to_json(&mut most) {
            Some(profile) => {
                draft.recognise("linux.seccomp");
                draft.profile(profile);
                exact.seccomp.extend(draft.container.runtime.seccomp.clone());
            }
            None => notes.misread(
                seccomp.place(),
                format!("linux.seccomp has more than {MAX_PROFILE} values and is left out"),
            ),
        }
    } else {
        draft.container.profile = crate::AskedProfile::Unconfined;
    }
}
