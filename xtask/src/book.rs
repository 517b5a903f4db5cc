//! The files that are printed by the command.

use std::fs;

use anyhow::{Context, Result};

use crate::shell::{cargo, read};

/// File, package, and what its program is asked to print.
const BOOK: [(&str, &str, &[&str]); 4] = [
    ("RULES.md", "eperm", &["rules", "--markdown"]),
    ("TABLE.md", "native-verify", &["table", "--markdown"]),
    ("FORMAT.md", "eperm", &["schema", "--markdown"]),
    ("scenarios/scenario.schema", "eperm", &["schema"]),
];

/// Writes them; tests check that they are up to date.
pub(crate) fn write() -> Result<()> {
    for (file, package, arguments) in BOOK {
        if package == "native-verify" && !cfg!(target_os = "linux") {
            println!("Skipped {file}: native-verify prints it, on Linux only.");
            continue;
        }
        let text = read(cargo().args(["run", "--quiet", "--locked", "--package", package, "--"]).args(arguments))?;
        fs::write(file, text).with_context(|| format!("cannot write {file}"))?;
        println!("Wrote {file}.");
    }
    Ok(())
}
