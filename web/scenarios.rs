//! The scenarios of the repository by name: for the program's list, and for the page, where their texts stand.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// Every scenario below the folder, in order: its path below it without `.json`, with `/` on every system, and its file.
pub(crate) fn scenarios(folder: &Path) -> walkdir::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let path = entry?.into_path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let below = path.strip_prefix(folder).unwrap_or(&path).with_extension("");
            let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
            found.push((parts.join("/"), path));
        }
    }
    Ok(found)
}
