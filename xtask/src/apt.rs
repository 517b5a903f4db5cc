//! Debian's packages: installed as root, named otherwise.

use std::process::Command;

use anyhow::{Result, bail};

use crate::shell::{read, run};

/// Installs Debian packages that are missing.
pub(crate) fn install(packages: &[&str], reason: &str) -> Result<()> {
    let missing: Vec<&str> = packages.iter().copied().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !is_here() {
        bail!("{reason}: install {list}, by the names your system has for them");
    }
    if !is_root() {
        bail!(
            "{reason}. Type this, and try again:\n  \
             sudo apt-get update && sudo apt-get install --no-install-recommends {list}"
        );
    }
    println!("Installing {list} with apt: {reason}.");
    let apt_get = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").arg("-qq");
        command
    };
    run(apt_get().arg("update"))?;
    run(apt_get().args(["install", "-y", "--no-install-recommends"]).args(&missing))
}

/// Whether apt has such a package at all.
pub(crate) fn is_offered(package: &str) -> bool {
    is_here() && read(Command::new("apt-cache").args(["show", "--no-all-versions", package])).is_ok()
}

pub(crate) fn is_here() -> bool {
    which::which("apt-get").is_ok()
}

pub(crate) fn is_root() -> bool {
    read(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

pub(crate) fn is_installed(package: &str) -> bool {
    let query = read(Command::new("dpkg-query").args(["-W", "-f=${Status}", package]));
    query.is_ok_and(|status| status == "install ok installed")
}
