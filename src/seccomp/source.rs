use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::run::printable;

/// The bytes of a file, or of standard input for `-`; at most `limit` of them.
pub(crate) fn read(path: &Path, limit: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = limit as u64 + 1;
    let read = if path.as_os_str() == "-" {
        io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    read.with_context(|| format!("{} cannot be read", name(path)))?;
    if bytes.len() > limit {
        bail!("{} has more than {limit} bytes, which is more than is read", name(path));
    }
    Ok(bytes)
}

/// How a source is called in sentences.
pub(crate) fn name(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { printable(&path.display().to_string()) }
}
