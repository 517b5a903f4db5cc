//! Dependencies: each has its reason beside it, and those between members point one way.

use anyhow::{Context, Result};

use super::Breach;

/// Members, and which members each may use.
pub(super) const MEMBERS: [(&str, &[&str]); 7] = [
    ("sim-core", &[]),
    ("formats", &["sim-core"]),
    ("native-verify", &["sim-core"]),
    ("web", &["sim-core"]),
    ("xtask", &[]),
    ("fuzz", &["formats", "sim-core"]),
    (".", &["formats", "sim-core"]),
];

const NAMES: [&str; 6] = ["sim-core", "formats", "native-verify", "web", "xtask", "eperm"];

/// Every dependency of the workspace has a line of reason above it.
pub(super) fn check_reasons(manifest: &str) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut inside = false;
    let mut above = "";
    for (index, line) in manifest.lines().enumerate() {
        if line.starts_with('[') {
            inside = line == "[workspace.dependencies]";
        } else if inside && line.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let name = line.split([' ', '=']).next().unwrap_or_default();
            if !above.starts_with('#') && !NAMES.contains(&name) {
                breaches.push(format!("Cargo.toml:{}: {name} has no line of reason above it", index + 1));
            }
        }
        above = line;
    }
    breaches
}

/// A member uses no member but these.
pub(super) fn check_direction(member: &str, manifest: &str, may_use: &[&str]) -> Result<Vec<Breach>> {
    let table: toml::Table = manifest.parse().with_context(|| format!("{member}/Cargo.toml"))?;
    let mut breaches = Vec::new();
    for name in table.get("dependencies").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys) {
        if NAMES.contains(&name.as_str()) && !may_use.contains(&name.as_str()) {
            breaches.push(format!("{member}/Cargo.toml: {member} may not use {name}"));
        }
    }
    Ok(breaches)
}

#[cfg(test)]
mod tests {
    use super::{check_direction, check_reasons};

    #[test]
    fn a_dependency_without_a_reason_is_found() {
        let manifest = "[workspace.dependencies]\n# Why.\nserde = \"1\"\nother = \"1\"\n[other]\nx = 1\n";
        assert_eq!(check_reasons(manifest), ["Cargo.toml:4: other has no line of reason above it"]);
    }

    #[test]
    fn the_model_uses_no_face() {
        let manifest = "[dependencies]\nweb = { path = \"../web\" }\nserde = \"1\"\n";
        assert_eq!(check_direction("sim-core", manifest, &[]).unwrap().len(), 1);
        assert_eq!(check_direction("x", manifest, &["web"]).unwrap().len(), 0);
        assert!(check_direction("x", "[", &[]).is_err());
    }
}
