//! The files that are printed by the command.

use std::fs;

use anyhow::{Context, Result};

use crate::shell::{cargo, read};

/// File, and what `eperm` prints it.
const BOOK: [(&str, &[&str]); 2] =
    [("RULES.md", &["rules", "--markdown"]), ("scenarios/scenario.schema", &["schema"])];

/// Writes them; `tests/tables.rs` checks that they are up to date.
pub(crate) fn write() -> Result<()> {
    for (file, arguments) in BOOK {
        let text = read(cargo().args(["run", "--quiet", "--locked", "--"]).args(arguments))?;
        fs::write(file, text).with_context(|| format!("cannot write {file}"))?;
        println!("Wrote {file}.");
    }
    Ok(())
}
