use formats::{Container, Reading, Says, container};
use sim_core::scenario::{Loaded, Options, RuntimeEntry, Scenario};

use super::check_place;

/// Commands of Docker and Podman in any text.
pub fn container_commands(bytes: &[u8]) {
    check(bytes, container::read_commands);
}

/// Lists in brackets, as inspect prints them.
pub fn container_lists(bytes: &[u8]) {
    check(bytes, container::read_lists);
}

/// Compose files.
pub fn compose(bytes: &[u8]) {
    check(bytes, container::read_compose);
}

/// What inspect prints.
pub fn inspect(bytes: &[u8]) {
    check(bytes, container::read_inspect);
}

/// Pods, and what has a template of one.
pub fn pods(bytes: &[u8]) {
    check(bytes, container::read_pods);
}

/// `config.json` of an OCI runtime.
pub fn oci_config(bytes: &[u8]) {
    check(bytes, container::read_oci_config);
}

/// Any of these documents.
pub fn container_document(bytes: &[u8]) {
    check(bytes, container::read_document);
}

/// Whatever comes in, what is found has its lines, what is not has its place, and nothing that is shown has control
/// characters; what an engine is asked for can be written, read again and tried.
fn check(bytes: &[u8], read: impl Fn(&str) -> Reading) {
    let text = String::from_utf8_lossy(bytes);
    let reading = read(&text);
    let lines = text.split('\n').count();
    for misread in &reading.misread {
        check_shown(&misread.message);
        check_place(text.as_bytes(), misread.line, misread.column);
    }
    for finding in &reading.findings {
        assert!(1 <= finding.line && finding.line <= finding.last_line && finding.last_line <= lines, "{finding:?}");
        assert!(!finding.recognised.is_empty(), "{finding:?}");
        finding.recognised.iter().chain(&finding.assumed).for_each(|phrase| check_shown(phrase));
        match &finding.says {
            Says::Container(container) => check_container(container),
            Says::Process(_) => {}
            other => panic!("{other:?} is nothing that a container's text says"),
        }
    }
}

pub(crate) fn check_shown(text: &str) {
    assert!(!text.is_empty() && !text.chars().any(char::is_control), "{text:?}");
}

pub(crate) fn check_container(container: &Container) {
    container.name.iter().chain(&container.image).for_each(|text| check_shown(text));
    let written = serde_json::to_string(&container.runtime).expect("a request can be written");
    let again: RuntimeEntry = serde_json::from_str(&written).unwrap_or_else(|error| panic!("{written}: {error}"));
    assert_eq!(again, container.runtime);
    let namespace = container.runtime.user_namespace.clone();
    let user_namespaces = namespace.into_iter().zip(container.user_namespace.clone()).collect();
    let mut scenario = Scenario { user_namespaces, ..Scenario::default() };
    match &container.exact {
        Some(process) => scenario.process = (**process).clone(),
        None => scenario.runtime = Some(container.runtime.clone()),
    }
    let written = serde_json::to_string(&scenario).expect("a scenario can be written");
    if let Ok(loaded) = Loaded::read(&written, &Options::default()) {
        assert!(loaded.scenario == scenario, "{written} means something else");
    }
}
