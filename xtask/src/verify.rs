//! The model against the running kernel.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use clap::Args;
use walkdir::WalkDir;

use crate::apt;
use crate::shell::{cargo, run};

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

/// Performs the article's situations without a skip, then every scenario, then random cases.
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
    run(native_verify().args(["run", "scenarios"]))?;
    run(native_verify().arg("table"))?;
    let (cases, seed) = (arguments.cases.to_string(), arguments.seed.to_string());
    for suite in SUITES {
        run(native_verify().args([suite, "--cases", &cases, "--seed", &seed, "--difference", DIFFERENCE]))?;
    }
    if cfg!(target_arch = "x86_64") {
        run(native_verify().args(["seccomp", "--filters", &cases, "--seed", &seed, "--difference", DIFFERENCE]))?;
    }
    Ok(())
}

/// The suites of random cases.
pub(crate) const SUITES: [&str; 3] = ["execve", "calls", "namespaces"];

/// Where a difference between kernel and model is written.
pub(crate) const DIFFERENCE: &str = "target/difference.json";

/// Builds the program and gives its path.
pub(crate) fn build() -> Result<PathBuf> {
    run(cargo().args(["build", "--quiet", "--locked", "--release", "--package", "native-verify"]))?;
    Ok(PathBuf::from("target/release/native-verify"))
}

/// The article's situations, in order.
fn article() -> impl Iterator<Item = PathBuf> {
    let files = WalkDir::new("scenarios").max_depth(1).sort_by_file_name().into_iter().filter_map(Result::ok);
    files
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("article-")))
}
