//! Lists the scenarios of the repository. Their texts stand in the page beside the program, where `cargo xtask play` puts them.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scenarios = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../scenarios").canonicalize()?;
    println!("cargo::rerun-if-changed={}", scenarios.display());
    let mut table = String::from(
        "/// The scenarios of the repository, by group and name.\npub(crate) static GALLERY: &[Exhibit] = &[\n",
    );
    for entry in WalkDir::new(&scenarios).sort_by_file_name() {
        let entry = entry?;
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let scenario: serde_json::Value = serde_json::from_str(&fs::read_to_string(path)?)?;
        let title = scenario.get("title").and_then(|title| title.as_str()).ok_or("a scenario without a title")?;
        let slug = path.strip_prefix(&scenarios)?.with_extension("");
        let group = slug.parent().filter(|group| !group.as_os_str().is_empty());
        let group = group.map_or_else(|| "article".into(), |group| group.display().to_string());
        let slug = slug.display().to_string();
        writeln!(
            table,
            "    Exhibit {{ slug: {slug:?}, group: {group:?}, title: {title:?}, #[cfg(not(target_arch = \"wasm32\"))] text: include_str!({:?}) }},",
            path.display().to_string()
        )?;
    }
    table += "];\n";
    let output = PathBuf::from(std::env::var("OUT_DIR")?).join("gallery.rs");
    fs::write(output, table)?;
    Ok(())
}
