//! The fuzzer: bytes that it draws, and changes so that they reach new code, in every reader, in the check and the
//! interpreter. What must hold is in `fuzz/src`; `tests/corpora.rs` repeats on any compiler what was kept.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::shell::{cargo, run};

/// Where the fuzzer's crate is.
const FOLDER: &str = "fuzz";
/// Where it is built, and where inputs are kept that reached new code; the folder in the repository keeps few and small ones.
const BUILD: &str = "target/fuzz";
/// Longer inputs reach no other code.
const LONGEST: &str = "-max_len=4096";
/// No input may take longer, in seconds, or more memory, in MiB. An optimised build with an address sanitizer on a busy
/// machine takes many times as long as one without.
const LIMITS: [&str; 2] = ["-timeout=60", "-rss_limit_mb=3000"];

/// Arguments of `fuzz`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only these targets.
    targets: Vec<String>,
    /// How long each target is tried, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// Tries every target, or those that are named.
pub(crate) fn fuzz(arguments: &Arguments) -> Result<()> {
    let known = targets()?;
    if let Some(unknown) = arguments.targets.iter().find(|target| !known.contains(target)) {
        bail!("there is no target {unknown}; there are {}", known.join(", "));
    }
    if let Some(reason) = obstacle() {
        println!("Skipped: fuzzing, for {reason}.");
        return Ok(());
    }
    build()?;
    let wanted = if arguments.targets.is_empty() { &known } else { &arguments.targets };
    for target in wanted {
        let tried = attempt(target, arguments.seconds)?;
        println!("{target}: {tried} inputs, all borne");
    }
    Ok(())
}

/// The names of the targets, as the manifest has them.
pub(crate) fn targets() -> Result<Vec<String>> {
    let file = Path::new(FOLDER).join("Cargo.toml");
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let manifest: toml::Table = text.parse().with_context(|| file.display().to_string())?;
    let programs = manifest.get("bin").and_then(toml::Value::as_array).into_iter().flatten();
    Ok(programs.filter_map(|program| Some(program.get("name")?.as_str()?.to_owned())).collect())
}

/// Why nothing can be fuzzed here. Installs cargo-fuzz where only that is missing.
pub(crate) fn obstacle() -> Option<String> {
    if cfg!(not(unix)) {
        return Some("the fuzzer runs on Linux and macOS only".to_owned());
    }
    if !works(nightly().args(["rustc", "--version"])) {
        return Some("there is no nightly compiler; `rustup toolchain install nightly` brings it".to_owned());
    }
    let compilers = ["c++", "g++", "clang++"];
    if std::env::var_os("CXX").is_none() && compilers.iter().all(|name| which::which(name).is_err()) {
        return Some("there is no C++ compiler, which LLVM's fuzzer is built with".to_owned());
    }
    let installed = || works(nightly().args(["cargo", "fuzz", "--version"]));
    if !installed() {
        // Whether this works shows in the next question.
        let _ = run(cargo().args(["install", "cargo-fuzz", "--locked"]));
    }
    (!installed()).then(|| "cargo-fuzz is not there; `cargo install cargo-fuzz` brings it".to_owned())
}

/// Builds every target.
pub(crate) fn build() -> Result<()> {
    run(nightly().args(["cargo", "fuzz", "build", "--fuzz-dir", FOLDER, "--target-dir", BUILD]))
}

/// Tries one target for so many seconds; how many inputs there were. An input that breaks it is an error that names it.
pub(crate) fn attempt(target: &str, seconds: u32) -> Result<u64> {
    let kept = Path::new(BUILD).join("corpus").join(target);
    fs::create_dir_all(&kept).with_context(|| format!("cannot make {}", kept.display()))?;
    let output = nightly()
        .args(["cargo", "fuzz", "run", "--fuzz-dir", FOLDER, "--target-dir", BUILD, target])
        .arg(&kept)
        .arg(Path::new(FOLDER).join("corpus").join(target))
        .args(["--", "-print_final_stats=1", LONGEST])
        .args(LIMITS)
        .arg(format!("-max_total_time={seconds}"))
        .output()
        .context("rustup cannot be started")?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let lines: Vec<&str> = said.lines().collect();
        let last = lines.get(lines.len().saturating_sub(60)..).unwrap_or_default().join("\n");
        bail!("{target} is broken by an input that is kept in {FOLDER}/artifacts/{target}:\n{last}");
    }
    executed(&said).with_context(|| format!("the fuzzer did not tell how many inputs it tried with {target}"))
}

/// How many inputs the fuzzer tells it tried.
fn executed(said: &str) -> Option<u64> {
    let number = said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))?;
    number.trim().parse().ok()
}

/// A program of the nightly toolchain.
fn nightly() -> Command {
    let mut command = Command::new("rustup");
    // The toolchain that runs this must not decide for the one that is named.
    command.args(["run", "nightly"]).env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").env_remove("RUSTC");
    command
}

/// Whether a command can be started and succeeds.
fn works(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

#[cfg(test)]
mod tests {
    use super::executed;

    #[test]
    fn the_count_is_found_in_what_the_fuzzer_tells() {
        let said = "Done 4 runs\nstat::number_of_executed_units: 187265\nstat::peak_rss_mb:              333\n";
        assert_eq!(executed(said), Some(187_265));
        assert_eq!(executed("Done"), None);
    }
}
