//! Installing what is missing: with apt as root, and with npm. Otherwise the command to type is named.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell::run;
use crate::{apt, libseccomp, wasm};

/// Browsers that will do, by the names they are found under.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/// What exported scripts call, beside what every Debian has.
const SCRIPT_TOOLS: [&str; 4] = ["util-linux", "libcap2-bin", "attr", "hostname"];

/// The page's tests.
pub(crate) const PAGE_TESTS: &str = "tests/page";

/// Everything that `test` and `play` need.
pub(crate) fn everything() -> Result<()> {
    let compiler = wasm::Compiler::find()?;
    println!("WebAssembly: {compiler}");
    println!("Browser: {}", browser()?.display());
    node_modules()?;
    libseccomp::install()?;
    if cfg!(target_os = "linux") && apt::is_root() && apt::is_here() {
        apt::install(&SCRIPT_TOOLS, "native-verify runs the scripts that are exported, as root")?;
    }
    println!("Everything needed is here.");
    Ok(())
}

/// A Chromium; `CHROMIUM` names another one.
pub(crate) fn browser() -> Result<PathBuf> {
    if let Some(path) = env::var_os("CHROMIUM") {
        return Ok(path.into());
    }
    let found = || BROWSERS.iter().find_map(|name| which::which(name).ok());
    if let Some(path) = found() {
        return Ok(path);
    }
    apt::install(&["chromium"], "the page's tests need a browser")?;
    found().context("chromium was installed but is not on the path")
}

/// The packages of the page's tests, as the lock file has them.
pub(crate) fn node_modules() -> Result<()> {
    for program in ["node", "npm"] {
        if which::which(program).is_err() {
            apt::install(&["nodejs", "npm"], "the page's tests need Node")?;
        }
    }
    let lock = Path::new(PAGE_TESTS).join("package-lock.json");
    let installed = Path::new(PAGE_TESTS).join("node_modules/.package-lock.json");
    let time = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    if time(&installed).is_some_and(|installed| time(&lock).is_some_and(|lock| lock <= installed)) {
        return Ok(());
    }
    println!("Installing the packages of the page's tests with npm.");
    let npm = which::which("npm").context("npm is not on the path; install Node with npm")?;
    run(Command::new(npm).args(["ci", "--no-audit", "--no-fund"]).current_dir(PAGE_TESTS))
}
