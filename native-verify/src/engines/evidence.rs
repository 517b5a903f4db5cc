use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use super::compare::Report;

/// Which rules an engine confirmed, and how often.
#[derive(Clone, Debug, Serialize)]
struct Evidence<'a> {
    /// By its name for people, as `Docker`.
    engine: String,
    version: &'a str,
    runtime: &'a str,
    suite: &'a str,
    kernel: &'a str,
    date: &'a str,
    requests: u32,
    agreed: u32,
    explained: u32,
    /// By rule: the requests in which it applied and engine and model agreed in every field.
    rules: &'a BTreeMap<&'static str, u32>,
}

/// Writes what an engine confirmed, in place of what this version said before.
pub(crate) fn keep(report: &Report, folder: &Path) -> Result<()> {
    let head = &report.head;
    let name = sim_core::engine::Engine::of_name(&head.engine).map(|engine| engine.to_string());
    let evidence = Evidence {
        engine: name.unwrap_or_else(|| head.engine.clone()),
        version: &head.version,
        runtime: &head.runtime,
        suite: &head.suite,
        kernel: &head.kernel,
        date: &head.date,
        requests: report.requests,
        agreed: report.agreed,
        explained: report.explained.values().sum(),
        rules: &report.rules,
    };
    let path = folder.join(format!("engines-{}-{}.json", head.engine, head.version));
    fs::create_dir_all(folder)?;
    let text = serde_json::to_string_pretty(&evidence)? + "\n";
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    println!("Wrote {}.", path.display());
    Ok(())
}
