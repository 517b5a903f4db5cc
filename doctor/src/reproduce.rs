//! How to see it oneself.

use serde::Serialize;
use sim_core::scenario::Loaded;

/// Something to type, or a file to keep.
#[derive(Clone, Debug, Serialize)]
pub struct Reproduction {
    /// What it is, as `shell script`.
    pub what: &'static str,
    /// The text.
    pub text: String,
}

/// What reproduces the case: a script for the kernel, and a test for `eperm run`.
pub(crate) fn reproductions(loaded: &Loaded) -> Vec<Reproduction> {
    let mut found = Vec::new();
    let _ = loaded;
    found.push(Reproduction { what: "scenario", text: serde_json::to_string(&loaded.scenario).unwrap_or_default() });
    found
}
