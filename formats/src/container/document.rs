//! Documents in YAML or JSON: which of the forms each is.

use std::borrow::Cow;

use super::notes::{Notes, Place};
use super::tree::At;
use super::{compose, inspect, is_too_long, json, oci, pod, yaml};
use crate::Reading;

/// Reads whatever documents about containers stand in a text of YAML or JSON: compose files, pods and what has a template
/// of one, what `docker inspect` and `podman inspect` print, `config.json` of an OCI runtime, and parts of these that stand
/// alone. Documents of other kinds are passed over. Several stand one after another: in YAML behind `---`.
///
/// ```
/// use formats::{TextForm, container};
///
/// let reading = container::read_document("web:\n  image: nginx\n  cap_drop: [ALL]\n");
/// assert_eq!(reading.findings[0].form, TextForm::Compose);
/// ```
pub fn read_document(text: &str) -> Reading {
    read_as(text, |root, notes| {
        let _ = oci::read(root, notes)
            || inspect::read(root, notes)
            || compose::read_file(root, notes)
            || pod::read(root, notes)
            || compose::read_service_alone(root, notes);
    })
}

/// Reads a compose file, every service of it; or a service that stands alone, with or without its name.
///
/// ```
/// use formats::{Says, container};
///
/// let reading = container::read_compose("services:\n  web:\n    image: nginx\n    cap_add: [NET_ADMIN]\n");
/// let Says::Container(container) = &reading.findings[0].says else { panic!() };
/// assert_eq!((container.name.as_deref(), container.runtime.cap_add.as_slice()), (Some("web"), ["NET_ADMIN".to_owned()].as_slice()));
/// ```
pub fn read_compose(text: &str) -> Reading {
    read_as(text, |root, notes| {
        let _ = compose::read_file(root, notes) || compose::read_service_alone(root, notes);
    })
}

/// Reads what `docker inspect` and `podman inspect` print of containers and images, or a part of it.
///
/// ```
/// use formats::container;
///
/// let text = r#"[ { "Name": "/web", "HostConfig": { "CapAdd": ["NET_ADMIN"], "Privileged": false }, "Config": { "User": "" } } ]"#;
/// assert_eq!(container::read_inspect(text).findings[0].recognised, ["docker inspect", "cap_add NET_ADMIN", "user root"]);
/// ```
pub fn read_inspect(text: &str) -> Reading {
    read_as(text, |root, notes| {
        inspect::read(root, notes);
    })
}

/// Reads pods, what has a template of one, lists of these, and a container or a `securityContext` that stands alone; each
/// container is a finding. The engine is taken to be containerd.
///
/// ```
/// use formats::{Says, container};
///
/// let text = "kind: Pod\nspec:\n  securityContext: {runAsUser: 1000}\n  containers: [{name: a, image: b}]\n";
/// let Says::Container(container) = &container::read_pods(text).findings[0].says else { panic!() };
/// assert_eq!(container.runtime.user.as_deref(), Some("1000"));
/// ```
pub fn read_pods(text: &str) -> Reading {
    read_as(text, |root, notes| {
        pod::read(root, notes);
    })
}

/// Reads `config.json` of an OCI runtime, or a part of it. `exact` has the thread as it is before execve(2).
///
/// ```
/// use formats::{Says, container};
///
/// let text = r#"{ "ociVersion": "1.2.0", "process": { "user": { "uid": 1000, "gid": 1000 }, "args": ["sh"] } }"#;
/// let Says::Container(container) = &container::read_oci_config(text).findings[0].says else { panic!() };
/// assert!(container.exact.is_some());
/// ```
pub fn read_oci_config(text: &str) -> Reading {
    read_as(text, |root, notes| {
        oci::read(root, notes);
    })
}

fn read_as(text: &str, mut read: impl FnMut(At<'_, '_>, &mut Notes)) -> Reading {
    let mut notes = Notes::default();
    if is_too_long(text, &mut notes) {
        return notes.finish();
    }
    let text = without_returns(text);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut read = |tree: &super::tree::Tree<'_>, notes: &mut Notes| {
        let Some(root) = tree.root() else { return };
        read(root, notes);
        if tree.is_exhausted() {
            let place = Place { line: root.place().line, column: 1 };
            notes.misread(place, "aliases make so much of this document that not all of it is read");
        }
    };
    if is_json(text) {
        json::each_document(text, &mut notes, &mut read);
    } else {
        yaml::each_document(text, &mut notes, &mut read);
    }
    notes.finish()
}

/// Whether the text begins as JSON does: with brackets and then a text in quotes, or members of an object alone.
fn is_json(text: &str) -> bool {
    let blank_or_bracket = |c: char| c.is_whitespace() || matches!(c, '{' | '[');
    let behind = text.trim_start_matches(blank_or_bracket);
    let has_brackets = text.trim_start().len() != behind.len();
    match behind.chars().next() {
        Some('"') => true,
        Some(next) => has_brackets && matches!(next, '}' | ']'),
        None => has_brackets,
    }
}

/// The text with a space for each carriage return: to YAML one alone would begin a line, which nobody counts.
fn without_returns(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace('\r', " ")) } else { Cow::Borrowed(text) }
}
