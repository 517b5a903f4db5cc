//! Running the benches and writing their report.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::shell::{cargo, read, run, today};
use crate::verify;

const REPORT: &str = "benches/README.md";
const RESULTS: &str = "target/criterion/execve";

/// What is measured, by the name criterion knows it by; the first is the measure of the others.
const MEASURED: [&str; 3] = ["copying the credentials", "without a witness", "with a trace"];

#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

/// In nanoseconds.
#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
    confidence_interval: Interval,
}

#[derive(Deserialize)]
struct Interval {
    lower_bound: f64,
    upper_bound: f64,
}

/// Measures, and writes benches/README.md.
pub(crate) fn bench() -> Result<()> {
    run(cargo().args(["bench", "--locked", "--package", "eperm", "--bench", "execve"]))?;
    let mut medians = Vec::new();
    for name in MEASURED {
        let file = Path::new(RESULTS).join(name).join("new/estimates.json");
        let text = fs::read_to_string(&file).with_context(|| format!("criterion left no {}", file.display()))?;
        let Estimates { median } = serde_json::from_str(&text)?;
        medians.push((name, median));
    }
    let report = report(&medians, &rates()?)?;
    fs::write(REPORT, report).with_context(|| format!("cannot write {REPORT}"))?;
    println!("Wrote {REPORT}.");
    Ok(())
}

/// How many cases a second native-verify performs, as it prints them.
#[derive(Deserialize)]
struct Rate {
    what: String,
    per_second: f64,
    of_bare: f64,
}

/// What native-verify measures; nothing where it cannot perform.
fn rates() -> Result<Vec<Rate>> {
    if !cfg!(target_os = "linux") {
        println!("Skipped: native-verify is measured on Linux only.");
        return Ok(Vec::new());
    }
    let text = read(Command::new(verify::build()?).args(["bench", "--json"]))?;
    serde_json::from_str(&text).with_context(|| format!("native-verify printed {text:?}"))
}

fn report(medians: &[(&str, Estimate)], rates: &[Rate]) -> Result<String> {
    let copying = medians.first().map_or(f64::NAN, |(_, median)| median.point_estimate);
    let mut text = String::from(
        "# What one execve costs\n\nThe thread is a container's user with ten supplementary groups, the file has \
         `cap_net_bind_service=ep`. Ratios are of medians of the same run.\n\n\
         | `execve` | median | 95 % confidence | times copying |\n|---|--:|--:|--:|\n",
    );
    for (name, Estimate { point_estimate, confidence_interval }) in medians {
        let Interval { lower_bound, upper_bound } = confidence_interval;
        let times = point_estimate / copying;
        writeln!(text, "| {name} | {point_estimate:.1} ns | {lower_bound:.1} to {upper_bound:.1} ns | {times:.1} |")?;
    }
    if !rates.is_empty() {
        text.push_str(
            "\n# How fast kernel and model are compared\n\nEvery case is drawn, built, performed and compared; a bare one \
             starts the same probe and waits for its end. Turns of all kinds alternate, and the median turn of each counts.\n\n\
             | cases of `native-verify` | per second | of bare |\n|---|--:|--:|\n",
        );
    }
    for Rate { what, per_second, of_bare } in rates {
        writeln!(text, "| {what} | {per_second:.0} | {of_bare:.2} |")?;
    }
    writeln!(text, "\n{}\n\n`cargo xtask bench` repeats it and writes this file.", machine()?)?;
    Ok(text)
}

fn machine() -> Result<String> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("a processor that does not tell its name", |(_, name)| name);
    let rustc = read(Command::new("rustc").arg("--version"))?;
    let kernel = read(Command::new("uname").arg("-sr")).unwrap_or_default();
    Ok(format!("Measured on {}: {model}, {}, {}.", today(), kernel.trim(), rustc.trim()))
}
