//! The model against the running kernel.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;
use walkdir::WalkDir;

use crate::shell::{cargo, run};
use crate::{apt, libseccomp};

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many random cases of each suite to perform.
    #[arg(long, default_value_t = 4000)]
    pub(crate) cases: u32,
    /// Where the drawing begins.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Performs the article's situations without a skip, then every scenario, runs their exported scripts, then random cases; as root, all of it without
/// privilege too.
pub(crate) fn verify(arguments: &Arguments) -> Result<()> {
    if !cfg!(target_os = "linux") {
        println!("Skipped: native-verify performs its steps on Linux only.");
        return Ok(());
    }
    let binary = build()?;
    let native_verify = || Command::new(&binary);
    // Without root little can be performed; what is skipped is printed with its reason.
    let deny_skips = apt::is_root().then_some("--deny-skips");
    run(native_verify().arg("run").args(deny_skips).args(article()))?;
    run(native_verify().arg("run").args(SCENARIOS).arg("tests/logs/demo"))?;
    run(native_verify().args(["scripts", "scenarios"]))?;
    // The whole search, of what it finds the least powerful fix.
    run(native_verify().args(["fixes", "--sample", "1", "scenarios"]))?;
    run(native_verify().arg("table").args(deny_skips))?;
    let (cases, seed) = (arguments.cases.to_string(), arguments.seed.to_string());
    for suite in SUITES {
        run(native_verify().args([suite, "--cases", &cases, "--seed", &seed, "--difference", DIFFERENCE]))?;
    }
    if cfg!(target_arch = "x86_64") {
        let few = (arguments.cases / 10).to_string();
        run(native_verify().args([PROFILES, "--cases", &few, "--seed", &seed, "--difference", DIFFERENCE]))?;
    }
    // Without root, everything above was performed without privilege already.
    if apt::is_root() { without_privilege(&binary, &cases, &seed) } else { Ok(()) }
}

/// The same as a user who has no privilege: what one id can show is performed, and the rest is counted with the reason.
fn without_privilege(binary: &Path, cases: &str, seed: &str) -> Result<()> {
    if which::which("setpriv").is_err() {
        println!("Skipped: everything without privilege, for there is no setpriv (of util-linux) to drop it with.");
        return Ok(());
    }
    // That user may be unable to reach the repository.
    let folder = tempfile::tempdir()?;
    set_mode(folder.path(), 0o755)?;
    for entry in WalkDir::new("scenarios") {
        let entry = entry?;
        let copy = folder.path().join(entry.path());
        if entry.file_type().is_dir() {
            fs::create_dir(&copy)?;
        } else {
            fs::copy(entry.path(), &copy)?;
        }
        set_mode(&copy, 0o755)?;
    }
    fs::copy(binary, folder.path().join("native-verify"))?;
    let native_verify = || {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=1000", "--regid=1000", "--clear-groups", "--inh-caps=-all", "./native-verify"]);
        command.current_dir(folder.path());
        command
    };
    run(native_verify().args(["run", "scenarios"]))?;
    run(native_verify().arg("table"))?;
    let results = folder.path().join("results");
    fs::create_dir(&results)?;
    set_mode(&results, 0o777)?;
    let difference = results.join("difference.json");
    SUITES.iter().try_for_each(|suite| {
        let outcome =
            run(native_verify().args([suite, "--cases", cases, "--seed", seed, "--difference"]).arg(&difference));
        if difference.exists() {
            fs::copy(&difference, DIFFERENCE).with_context(|| format!("cannot write {DIFFERENCE}"))?;
        }
        outcome.with_context(|| format!("without privilege; if kernel and model differ, see {DIFFERENCE}"))
    })
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(mode))?)
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> Result<()> {
    Ok(())
}

/// The suites of random cases. Filters are entered by instructions that only x86_64 has.
pub(crate) const SUITES: &[&str] = if cfg!(target_arch = "x86_64") {
    &["execve", "calls", "namespaces", "files", "operations", "seccomp"]
} else {
    &["execve", "calls", "namespaces", "files", "operations"]
};

/// The suite that asks no kernel: of profiles, and of what we and libseccomp make of them.
pub(crate) const PROFILES: &str = "profiles";

/// Where scenarios are, those of the peers among them.
pub(crate) const SCENARIOS: [&str; 2] = ["scenarios", "tests/conformance"];

/// Where a difference between kernel and model is written.
pub(crate) const DIFFERENCE: &str = "target/difference.json";

/// Builds the program and gives its path.
pub(crate) fn build() -> Result<PathBuf> {
    let package = ["--package", "native-verify"];
    run(cargo().args(["build", "--quiet", "--locked", "--release"]).args(package).args(libseccomp::features()))?;
    Ok(PathBuf::from("target/release/native-verify"))
}

/// The article's situations, in order.
fn article() -> impl Iterator<Item = PathBuf> {
    let files = WalkDir::new("scenarios").max_depth(1).sort_by_file_name().into_iter().filter_map(Result::ok);
    files
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("article-")))
}
