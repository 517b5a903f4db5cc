//! The habits of the house, checked: each breach is printed with its place.

mod floors;
mod lines;
mod manifests;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use walkdir::WalkDir;

use crate::evidence;

/// Folders that hold Rust of ours.
const FOLDERS: [&str; 10] = [
    "src",
    "sim-core",
    "formats",
    "native-verify",
    "web",
    "xtask",
    "tests",
    "benches",
    "fuzz/src",
    "fuzz/fuzz_targets",
];

/// A breach of a habit, with its place.
type Breach = String;

/// Checks every habit.
pub(crate) fn tidy() -> Result<()> {
    let mut breaches: Vec<Breach> = Vec::new();
    let files = rust_files()?;
    for path in &files {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.to_string_lossy().replace('\\', "/");
        breaches.extend(lines::check(&name, &text));
        breaches.extend(floors::check(&name, &text));
    }
    let manifest = fs::read_to_string("Cargo.toml").context("cannot read Cargo.toml")?;
    breaches.extend(manifests::check_reasons(&manifest));
    for (member, may_use) in manifests::MEMBERS {
        let file = Path::new(member).join("Cargo.toml");
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        breaches.extend(manifests::check_direction(member, &text, may_use)?);
    }
    evidence::check()?;
    if breaches.is_empty() {
        println!("{} files are tidy.", files.len());
        return Ok(());
    }
    for breach in &breaches {
        println!("{breach}");
    }
    bail!("{} breaches of the house's habits", breaches.len())
}

fn rust_files() -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in FOLDERS.iter().flat_map(|folder| WalkDir::new(folder).sort_by_file_name()) {
        let path = entry?.into_path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}
