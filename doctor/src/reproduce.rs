//! How to see it oneself.

use formats::export::{Format, export};
use serde::Serialize;
use sim_core::engine::Engine;
use sim_core::scenario::{Options, Scenario};

/// Something to type, or a file to keep.
#[derive(Clone, Debug, Serialize)]
pub struct Reproduction {
    /// What it is, as `a shell script, as root`.
    pub what: &'static str,
    /// The text.
    pub text: String,
    /// What it does not say of the case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

/// What reproduces the case: the engine's own words, a script for the kernel, a test for `eperm run`. What cannot be
/// written so is left out.
pub(crate) fn reproductions(scenario: &Scenario) -> Vec<Reproduction> {
    let engine = scenario.runtime.as_ref().map(|runtime| (runtime.engine.0, runtime.kubernetes));
    let of_engine = match engine {
        Some((Engine::Docker, _)) => Some(("a docker command", Format::Docker)),
        Some((Engine::Podman, _)) => Some(("a podman command", Format::Podman)),
        Some((_, true)) => Some(("a pod", Format::Pod)),
        Some((Engine::Systemd, _)) => Some(("a systemd unit", Format::Unit)),
        Some((Engine::Runc | Engine::Crun | Engine::Youki, _)) => Some(("an OCI config.json", Format::Oci)),
        _ => None,
    };
    let always = [("a shell script, as root", Format::Script), ("a test for `eperm run`", Format::Test)];
    of_engine.into_iter().chain(always).filter_map(|(what, format)| written(scenario, what, format)).collect()
}

fn written(scenario: &Scenario, what: &'static str, format: Format) -> Option<Reproduction> {
    let exported = export(scenario, &Options::default(), format).ok()?;
    Some(Reproduction { what, text: exported.text, left_out: exported.left_out })
}
