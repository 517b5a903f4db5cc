//! How long the doctor takes for each question, its start included.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::shell::{cargo, run};

/// The texts as people paste them.
const TEXTS: &str = "tests/doctor";
/// How often each is asked; the median counts.
const ROUNDS: usize = 5;

/// Prints the time of each answer, from the start of the program to its end, of a release build.
pub(crate) fn report() -> Result<()> {
    run(cargo().args(["build", "--quiet", "--release", "--bin", "eperm"]))?;
    let mut texts: Vec<_> = fs::read_dir(TEXTS)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    texts.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    texts.sort();
    if texts.is_empty() {
        bail!("there is no text in {TEXTS}");
    }
    println!("| text | median of {ROUNDS} | slowest |\n|---|---:|---:|");
    let mut medians = Vec::new();
    for path in &texts {
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let status = Command::new("target/release/eperm")
                .arg("doctor")
                .arg(path)
                .stdout(Stdio::null())
                .status()
                .context("cannot start eperm")?;
            times.push(start.elapsed());
            if status.code().is_none_or(|code| code > 1) {
                bail!("{}: no answer", path.display());
            }
        }
        times.sort();
        let (median, slowest) = (times.get(ROUNDS / 2), times.last());
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        println!("| {name} | {} | {} |", milliseconds(median), milliseconds(slowest));
        medians.extend(median.copied());
    }
    medians.sort();
    println!(
        "\n{} texts; the median answer took {}, the slowest {}.",
        medians.len(),
        milliseconds(medians.get(medians.len() / 2)),
        milliseconds(medians.last())
    );
    Ok(())
}

fn milliseconds(time: Option<&Duration>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| format!("{:.1} ms", time.as_secs_f64() * 1e3))
}
