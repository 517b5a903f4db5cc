//! Lists the scenarios of the repository. In a browser the page has them; this list is for the program elsewhere.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

mod scenarios;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../scenarios").canonicalize()?;
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut table = String::from("&[\n");
    for (slug, path) in scenarios::scenarios(&folder)? {
        let scenario: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
        let title = scenario.get("title").and_then(|title| title.as_str()).ok_or("a scenario without a title")?;
        let group = slug.rsplit_once('/').map_or("article", |(group, _)| group);
        writeln!(
            table,
            "    Exhibit {{ slug: {slug:?}, group: {group:?}, title: {title:?}, text: include_str!({:?}) }},",
            path.display().to_string()
        )?;
    }
    table += "]\n";
    let output = PathBuf::from(std::env::var("OUT_DIR")?).join("gallery.rs");
    fs::write(output, table)?;
    Ok(())
}
