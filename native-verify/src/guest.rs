use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::sys;

/// Where results go; the first serial port has the kernel's messages.
const RESULTS: &str = "/dev/ttyS1";
/// Where the image has the scenarios.
const SCENARIOS: &str = "/scenarios";
/// Where the image has the peers' cases.
const CONFORMANCE: &str = "/tests/conformance";
/// Where evidence is collected.
const EVIDENCE: &str = "/tmp/evidence.json";

/// Arguments of `guest`.
#[derive(Debug, Args)]
pub(crate) struct GuestArguments {
    /// How many random cases of each suite; of operations three times as many.
    #[arg(long)]
    cases: u32,
    /// Where the drawing begins.
    #[arg(long)]
    seed: u64,
    /// The suites.
    #[arg(required = true)]
    suites: Vec<String>,
}

/// Is the first process of a virtual machine: verifies, writes JSON lines to the second serial port, and switches off.
///
/// It does nothing on a machine that has other processes.
pub(crate) fn guest(arguments: &GuestArguments) -> Result<u8> {
    // A pid namespace has a first process too; only in a fresh machine is nothing mounted yet.
    if std::process::id() != 1 || Path::new("/proc/self").exists() {
        bail!("`guest` is for the first process of a virtual machine; `cargo xtask kernels` starts one");
    }
    let outcome = work(arguments);
    if let Err(error) = &outcome {
        eprintln!("guest: {error:#}");
    }
    sys::switch_off();
    outcome.map(|()| 0)
}

fn work(arguments: &GuestArguments) -> Result<()> {
    for (kind, target) in [(c"proc", "/proc"), (c"sysfs", "/sys"), (c"devtmpfs", "/dev"), (c"tmpfs", "/tmp")] {
        fs::create_dir_all(target).with_context(|| format!("cannot make {target}"))?;
        sys::mount(kind, Path::new(target), 0, c"").with_context(|| format!("cannot mount {target}"))?;
    }
    sys::lift_memory_lock_limit().context("cannot lift the limit on locked memory")?;
    let mut results = OpenOptions::new().write(true).open(RESULTS).context("there is no second serial port")?;
    verify(&results, &["run", SCENARIOS, CONFORMANCE])?;
    verify(&results, &["table"])?;
    let seed = arguments.seed.to_string();
    for suite in &arguments.suites {
        let difference = format!("/tmp/{suite}.json");
        // There are some fifty operations, and each shall be granted and refused often enough.
        let share = if suite == "operations" { 3 } else { 1 };
        let cases = arguments.cases.saturating_mul(share).to_string();
        verify(&results, &[suite, "--cases", &cases, "--seed", &seed, "--difference", &difference])?;
        if let Ok(text) = fs::read_to_string(&difference) {
            let scenario: serde_json::Value = serde_json::from_str(&text)?;
            writeln!(results, "{}", serde_json::json!({ "difference": scenario, "suite": suite }))?;
        }
    }
    let evidence: serde_json::Value = serde_json::from_str(&fs::read_to_string(EVIDENCE)?)?;
    writeln!(results, "{}", serde_json::json!({ "evidence": evidence }))?;
    results.flush().context("the results cannot be written")
}

/// Runs this program once more, its lines going to the results; they say whether kernel and model agree.
fn verify(results: &File, arguments: &[&str]) -> Result<()> {
    let status = Command::new("/proc/self/exe")
        .args(arguments)
        .args(["--json", "--evidence", EVIDENCE])
        .stdout(Stdio::from(results.try_clone()?))
        .status()
        .with_context(|| format!("cannot start {arguments:?}"))?;
    if status.code().is_none_or(|code| code > 1) {
        bail!("{arguments:?} ended with {status}");
    }
    Ok(())
}
