use sim_core::engine::Engine;

use super::draft::Draft;
use super::fields::{number, text, texts, truth};
use super::notes::{Notes, shown};
use super::tree::At;
use crate::{AskedProfile, TextForm};

/// The lists of containers in a pod's spec.
const LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// Where the spec of a pod stands, by kind: a pod, what has a template, a cron job, a template.
const SPECS: [&[&str]; 5] = [
    &["spec", "jobTemplate", "spec", "template", "spec"],
    &["spec", "template", "spec"],
    &["template", "spec"],
    &["spec"],
    &[],
];

/// So deep may lists of objects stand in each other.
const MAX_LISTS: usize = 4;

/// Fields that only a container's securityContext has.
const OF_CONTAINERS: [&str; 5] =
    ["capabilities", "privileged", "allowPrivilegeEscalation", "readOnlyRootFilesystem", "procMount"];

/// Fields that only a pod's has.
const OF_PODS: [&str; 4] = ["fsGroup", "supplementalGroups", "sysctls", "fsGroupChangePolicy"];

/// Reads an object of Kubernetes that has a pod, or a part of one; whether it is that.
pub(super) fn read(root: At<'_, '_>, notes: &mut Notes) -> bool {
    read_object(root, MAX_LISTS, notes)
}

fn read_object(object: At<'_, '_>, depth: usize, notes: &mut Notes) -> bool {
    if notes.is_full() {
        return true;
    }
    if let Some(items) = object.given("items").filter(|items| items.is_list())
        && let Some(depth) = depth.checked_sub(1)
    {
        items.elements().for_each(|item| {
            read_object(item, depth, notes);
        });
        return true;
    }
    let is_spec = |at: &At<'_, '_>| LISTS.iter().any(|list| at.given(list).is_some_and(At::is_list));
    if let Some(spec) = SPECS.iter().filter_map(|path| object.path(path)).find(is_spec) {
        read_pod(object, spec, notes);
        return true;
    }
    if object.given("kind").is_some() && object.given("apiVersion").is_some() {
        return true;
    }
    read_part(object, notes)
}

/// A container, a list of them, or a `securityContext` that stands alone.
fn read_part(part: At<'_, '_>, notes: &mut Notes) -> bool {
    let is_container = |at: At<'_, '_>| {
        let has = |key: &str| at.given(key).is_some();
        (has("name") && has("image")) || has("securityContext")
    };
    if part.is_list() {
        let containers: Vec<_> = part.elements().take_while(|at| is_container(*at)).collect();
        for container in &containers {
            read_container(&Pod::default(), *container, "container", notes);
        }
        return !containers.is_empty();
    }
    if is_container(part) {
        let context = part.given("securityContext");
        if let Some(of_pod) = part.given("podSecurityContext") {
            let pod = Pod { context: Some(of_pod), ..Pod::default() };
            read_container(&pod, part, "container", notes);
            return true;
        }
        // One of a pod has fields that a container's cannot have.
        if context.is_some_and(|context| OF_PODS.iter().any(|key| context.get(key).is_some())) {
            let pod = Pod { context, spec: Some(part), label: None, is_part: true };
            read_container(&pod, part, "securityContext", notes);
        } else {
            read_container(&Pod { is_part: true, ..Pod::default() }, part, "container", notes);
        }
        return true;
    }
    let keys = ["runAsUser", "runAsGroup", "runAsNonRoot", "seccompProfile"];
    // `privileged` and `sysctls` are words of compose files too.
    let of_compose = ["privileged", "sysctls"];
    let keys = keys.iter().chain(&OF_CONTAINERS).chain(&OF_PODS).filter(|key| !of_compose.contains(key));
    if keys.into_iter().any(|key| part.get(key).is_some()) {
        let pod = Pod { context: Some(part), spec: None, label: None, is_part: true };
        read_container(&pod, part, "securityContext", notes);
        return true;
    }
    false
}

/// What a pod says for all its containers.
#[derive(Clone, Default)]
struct Pod<'a, 't> {
    context: Option<At<'a, 't>>,
    spec: Option<At<'a, 't>>,
    label: Option<String>,
    /// Whether the whole is not there, so that what belongs where is not known.
    is_part: bool,
}

fn read_pod(object: At<'_, '_>, spec: At<'_, '_>, notes: &mut Notes) {
    let kind = object.given("kind").and_then(At::text).unwrap_or("pod");
    let name = object.path(&["metadata", "name"]).and_then(At::text).unwrap_or_default();
    let label = format!("{} {}", shown(kind), shown(name)).trim_end().to_owned();
    let context = spec.given("securityContext").filter(|context| context.is_mapping());
    for (key, at) in OF_CONTAINERS.iter().filter_map(|key| Some((*key, context?.get(key)?))) {
        notes.misread(
            at.place(),
            format!("{key} has no effect here: it belongs into the securityContext of a container, not of the pod"),
        );
    }
    let pod = Pod { context, spec: Some(spec), label: Some(label), is_part: false };
    for list in LISTS {
        for container in spec.given(list).map(At::elements).into_iter().flatten() {
            if notes.is_full() {
                return;
            }
            read_container(&pod, container, list.trim_end_matches('s'), notes);
        }
    }
}

fn read_container(pod: &Pod<'_, '_>, container: At<'_, '_>, kind: &str, notes: &mut Notes) {
    if !container.is_mapping() {
        return notes.misread(container.place(), "a container is a mapping");
    }
    let mut draft = Draft::new(TextForm::Pod, Engine::Containerd, container.place());
    draft.container.runtime.kubernetes = true;
    draft.assume("The engine is taken to be containerd.");
    if let Some(label) = &pod.label {
        draft.recognise(label.clone());
    }
    let name = container.given("name").and_then(At::text).unwrap_or_default();
    draft.recognise(format!("{kind} {}", shown(name)).trim_end().to_owned());
    draft.name(name);
    if let Some(image) = container.given("image").and_then(At::text) {
        draft.image(image);
        draft.recognise(format!("image {}", shown(image)));
    }
    let own = match container.given("securityContext") {
        None if pod.is_part => pod.context,
        own => own.filter(|own| own.is_mapping()),
    };
    if !pod.is_part {
        for (key, at) in OF_PODS.iter().filter_map(|key| Some((*key, own?.get(key)?))) {
            let message = "has no effect here: it belongs into the securityContext of the pod, not of a container";
            notes.misread(at.place(), format!("{key} {message}"));
        }
    }
    let contexts = Contexts { own, pod: pod.context };
    read_users(contexts, &mut draft, notes);
    read_privileges(contexts, &mut draft, notes);
    read_profile(contexts, &mut draft, notes);
    read_spec(pod, &mut draft, notes);
    read_program(container, &mut draft, notes);
    draft.assume_users_of_image();
    notes.found(draft.finish(container.last_line()));
}

/// The securityContext of a container and that of its pod; each field of the first goes before the other's.
#[derive(Clone, Copy)]
struct Contexts<'a, 't> {
    own: Option<At<'a, 't>>,
    pod: Option<At<'a, 't>>,
}

impl<'a, 't> Contexts<'a, 't> {
    fn field(self, key: &str) -> Option<At<'a, 't>> {
        let of = |context: Option<At<'a, 't>>| context?.given(key);
        of(self.own).or_else(|| of(self.pod))
    }
}

fn read_users(contexts: Contexts<'_, '_>, draft: &mut Draft, notes: &mut Notes) {
    let user_at = contexts.field("runAsUser");
    let user = user_at.and_then(|at| number(at, "runAsUser", notes));
    let group = contexts.field("runAsGroup").and_then(|at| number(at, "runAsGroup", notes));
    let not_root = contexts.field("runAsNonRoot").and_then(|at| truth(at, "runAsNonRoot", notes)) == Some(true);
    if not_root {
        draft.recognise("runAsNonRoot true");
    }
    match (user, group) {
        (Some(user), Some(group)) => draft.user(&format!("{user}:{group}")),
        (Some(user), None) => draft.user(&user.to_string()),
        (None, group) => {
            if let Some(group) = group {
                draft.recognise(format!("runAsGroup {group}"));
                draft.container.runtime.gid = Some(group);
                draft.assume("runAsGroup without runAsUser is refused by some engines; the group is taken.");
            }
            if not_root {
                draft.container.runtime.user = Some("1000".to_owned());
                draft.assume(
                    "The image is taken to name the user 1000, for runAsNonRoot demands one other than root.",
                );
            }
        }
    }
    if let Some(at) = user_at.filter(|_| not_root && user == Some(0)) {
        notes.misread(at.place(), "the kubelet does not start this: runAsNonRoot is true and runAsUser is 0");
    }
    for (key, context) in [("supplementalGroups", contexts.pod), ("fsGroup", contexts.pod)] {
        let Some(at) = context.and_then(|context| context.given(key)) else { continue };
        let elements = at.elements().chain(Some(at).filter(|at| !at.is_list()));
        for group in elements.filter_map(|at| number(at, key, notes)).collect::<Vec<_>>() {
            draft.group(&group.to_string());
        }
    }
}

fn read_privileges(contexts: Contexts<'_, '_>, draft: &mut Draft, notes: &mut Notes) {
    let own = |key: &str| contexts.own.and_then(|own| own.given(key));
    let privileged = own("privileged").and_then(|at| truth(at, "privileged", notes)) == Some(true);
    if privileged {
        draft.recognise("privileged true");
        draft.container.runtime.privileged = true;
    }
    let mut adds_sys_admin = false;
    for (key, label) in [("add", "capabilities.add"), ("drop", "capabilities.drop")] {
        let names = own("capabilities").and_then(|all| all.given(key));
        for name in names.map(|at| texts(at, label, notes)).unwrap_or_default() {
            draft.recognise(format!("{label} {}", shown(name)));
            adds_sys_admin |= key == "add" && name == "CAP_SYS_ADMIN";
            let runtime = &mut draft.container.runtime;
            if key == "add" { &mut runtime.cap_add } else { &mut runtime.cap_drop }.push(name.to_owned());
        }
    }
    if let Some(at) = own("allowPrivilegeEscalation")
        && let Some(allowed) = truth(at, "allowPrivilegeEscalation", notes)
    {
        draft.recognise(format!("allowPrivilegeEscalation {allowed}"));
        draft.container.runtime.no_new_privileges = !allowed;
        if !allowed && (privileged || adds_sys_admin) {
            let beside = if privileged { "privileged: true" } else { "CAP_SYS_ADMIN among the capabilities to add" };
            notes.misread(at.place(), format!("Kubernetes refuses allowPrivilegeEscalation: false beside {beside}"));
        }
    }
    if own("readOnlyRootFilesystem").and_then(|at| truth(at, "readOnlyRootFilesystem", notes)) == Some(true) {
        draft.recognise("read-only root file system");
    }
    if let Some(kind) = own("procMount").and_then(At::text).filter(|kind| *kind != "Default") {
        draft.assume(format!(
            "procMount {} is left out: what is hidden in /proc is no part of the model.",
            shown(kind)
        ));
    }
    for key in ["seLinuxOptions", "appArmorProfile"] {
        if contexts.field(key).is_some() {
            draft.assume(format!("{key} is left out: SELinux and AppArmor are no part of the model."));
        }
    }
}

fn read_profile(contexts: Contexts<'_, '_>, draft: &mut Draft, notes: &mut Notes) {
    let Some(profile) = contexts.field("seccompProfile") else {
        draft.container.profile = AskedProfile::Unconfined;
        return draft.assume(
            "No seccomp profile is asked for, and the kubelet is taken not to have seccompDefault: none is applied.",
        );
    };
    let kind = profile.given("type").and_then(|at| text(at, "seccompProfile.type", notes)).unwrap_or_default();
    draft.recognise(format!("seccompProfile {}", shown(kind)));
    match kind {
        "RuntimeDefault" => draft.container.profile = AskedProfile::Default,
        "Unconfined" => draft.container.profile = AskedProfile::Unconfined,
        "Localhost" => {
            let file = profile.given("localhostProfile").and_then(At::text).unwrap_or("a file");
            draft.profile_name(file);
        }
        other => notes.misread(
            profile.place(),
            format!("seccompProfile.type is RuntimeDefault, Unconfined or Localhost, not {:?}", shown(other)),
        ),
    }
}

/// What a pod's spec says for all containers.
fn read_spec(pod: &Pod<'_, '_>, draft: &mut Draft, notes: &mut Notes) {
    for sysctl in pod.context.and_then(|context| context.given("sysctls")).map(At::elements).into_iter().flatten() {
        let part = |key: &str| sysctl.given(key).and_then(At::text);
        if let (Some(name), Some(value)) = (part("name"), part("value")) {
            if let Err(message) = draft.sysctl(name, value) {
                notes.misread(sysctl.place(), message);
            }
        } else {
            notes.misread(sysctl.place(), "an element of sysctls has a name and a value");
        }
    }
    let Some(spec) = pod.spec else { return };
    if spec.given("hostNetwork").and_then(|at| truth(at, "hostNetwork", notes)) == Some(true) {
        draft.network("host");
    }
    if spec.given("hostUsers").and_then(|at| truth(at, "hostUsers", notes)) == Some(false) {
        draft.recognise("hostUsers false");
        draft.own_namespace("0 65536 65536", "0 65536 65536", 0);
        draft.assume(
            "The kubelet chooses the ids of the pod's user namespace; they are taken to be 65536 and up outside.",
        );
    }
}

fn read_program(container: At<'_, '_>, draft: &mut Draft, notes: &mut Notes) {
    let mut list = |key: &str| -> Option<Vec<String>> {
        let at = container.given(key)?;
        Some(texts(at, key, notes).into_iter().map(str::to_owned).collect())
    };
    let (command, args) = (list("command"), list("args"));
    match (command, args) {
        (Some(mut command), args) => {
            command.extend(args.into_iter().flatten());
            draft.recognise(format!("command {}", shown(command.first().map_or("", String::as_str))));
            draft.container.command = command;
        }
        (None, Some(_)) => {
            draft.recognise("args");
            draft.assume("The program is the image's, which is not in the text; args are given to it.");
        }
        (None, None) => draft.assume("The program is the image's, which is not in the text."),
    }
    for port in container.given("ports").map(At::elements).into_iter().flatten() {
        if let Some(at) = port.given("containerPort")
            && let Some(port) = at.text().and_then(|text| text.parse().ok())
        {
            draft.recognise(format!("containerPort {port}"));
            draft.port(port);
        }
    }
}
