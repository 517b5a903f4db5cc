//! The scenarios of the repository by name: for the program's list, and for the page, where their texts stand. So that its
//! first load stays small, the page has those of the gallery that are starred, and none of those that hold the engines
//! against each other rule by rule.

use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// Every scenario below the folder that the page has, in order: its path below it without `.json`, with `/` on every system, and its file.
pub(crate) fn scenarios(folder: &Path) -> walkdir::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let path = entry?.into_path();
        if path.extension().is_some_and(|extension| extension == "json") && is_on_the_page(folder, &path) {
            let below = path.strip_prefix(folder).unwrap_or(&path).with_extension("");
            let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
            found.push((parts.join("/"), path));
        }
    }
    Ok(found)
}

/// Whether the page has it. One that cannot be read is taken, so that whoever reads it says why.
fn is_on_the_page(folder: &Path, path: &Path) -> bool {
    if path.starts_with(folder.join("engines")) {
        return false;
    }
    let starred = || fs::read_to_string(path).map_or(true, |text| text.contains("\"starred\""));
    !path.starts_with(folder.join("gallery")) || starred()
}
