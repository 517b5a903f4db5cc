//! libseccomp, whose filters native-verify compares with ours; without it that part is skipped.

use std::process::Command;

use anyhow::Result;

use crate::apt;
use crate::shell::read;

/// Installs it where it is missing.
pub(crate) fn install() -> Result<()> {
    if cfg!(target_os = "linux") && !is_here() {
        apt::install(&["libseccomp-dev"], "native-verify compares filters with libseccomp's")?;
    }
    Ok(())
}

/// What native-verify is built with.
pub(crate) fn features() -> &'static [&'static str] {
    if cfg!(target_os = "linux") && is_here() { &["--features", "libseccomp"] } else { &[] }
}

/// Whether programs can be linked with it.
fn is_here() -> bool {
    apt::is_installed("libseccomp-dev") || read(Command::new("pkg-config").args(["--exists", "libseccomp"])).is_ok()
}
