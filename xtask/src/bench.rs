//! Running the benches and writing their report.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::shell::{cargo, read, run, today};
use crate::{libseccomp, verify};

const REPORT: &str = "benches/README.md";
const RESULTS: &str = "target/criterion";

/// What is measured of execve, by the name criterion knows it by; the first is the measure of the others.
const EXECVE: [&str; 3] = ["copying the credentials", "without a witness", "with a trace"];

/// What is measured of seccomp.
const SECCOMP: [&str; 13] = [
    "reading the profile",
    "resolving it",
    "compiling it",
    "from the text to the filter",
    "proving the filter for every call",
    "comparing it with that of Podman",
    "installing the filter",
    "verdict of the policy, read",
    "verdict of the policy, personality",
    "verdict of the policy, no such call",
    "verdict of the filter, read",
    "verdict of the filter, personality",
    "verdict of the filter, no such call",
];

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
    run(cargo().args(["bench", "--locked", "--package", "eperm", "--bench", "execve", "--bench", "seccomp"]))?;
    let report = report(&medians("execve", &EXECVE)?, &rates()?, &medians("seccomp", &SECCOMP)?, &filters()?)?;
    fs::write(REPORT, report).with_context(|| format!("cannot write {REPORT}"))?;
    println!("Wrote {REPORT}.");
    Ok(())
}

/// What criterion left of a group.
fn medians<'a>(group: &str, names: &[&'a str]) -> Result<Vec<(&'a str, Estimate)>> {
    let median = |name: &&'a str| {
        let file = Path::new(RESULTS).join(group).join(name).join("new/estimates.json");
        let text = fs::read_to_string(&file).with_context(|| format!("criterion left no {}", file.display()))?;
        let Estimates { median } = serde_json::from_str(&text)?;
        Ok((*name, median))
    };
    names.iter().map(median).collect()
}

/// What filters cost beside libseccomp's, as native-verify prints it; nothing where it cannot measure.
fn filters() -> Result<String> {
    if !cfg!(target_arch = "x86_64") || libseccomp::features().is_empty() {
        println!("Skipped: filters are measured beside libseccomp's on x86_64, on Linux with libseccomp installed.");
        return Ok(String::new());
    }
    read(Command::new(verify::build()?).arg("seccomp-numbers"))
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

fn report(
    execve: &[(&str, Estimate)],
    rates: &[Rate],
    seccomp: &[(&str, Estimate)],
    filters: &str,
) -> Result<String> {
    let copying = execve.first().map_or(f64::NAN, |(_, median)| median.point_estimate);
    let mut text = String::from(
        "# What one execve costs\n\nThe thread is a container's user with ten supplementary groups, the file has \
         `cap_net_bind_service=ep`. Ratios are of medians of the same run.\n\n\
         | `execve` | median | 95 % confidence | times copying |\n|---|--:|--:|--:|\n",
    );
    for (name, Estimate { point_estimate, confidence_interval }) in execve {
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
    text.push_str(
        "\n# What a filter of system calls costs\n\nDocker's default profile on x86_64 with x86 and x32, from its text.\n\n\
         | `seccomp` | median | 95 % confidence |\n|---|--:|--:|\n",
    );
    for (name, Estimate { point_estimate, confidence_interval: Interval { lower_bound, upper_bound } }) in seccomp {
        let [median, low, high] = [*point_estimate, *lower_bound, *upper_bound].map(time);
        writeln!(text, "| {name} | {median} | {low} to {high} |")?;
    }
    if !filters.is_empty() {
        write!(text, "\n## Beside libseccomp\n\n{}\n", filters.trim_end())?;
    }
    writeln!(text, "\n{}\n\n`cargo xtask bench` repeats it and writes this file.", machine()?)?;
    Ok(text)
}

/// A time in the unit that suits it.
fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        1e6.. => format!("{:.2} ms", nanoseconds / 1e6),
        1e3.. => format!("{:.1} µs", nanoseconds / 1e3),
        _ => format!("{nanoseconds:.1} ns"),
    }
}

fn machine() -> Result<String> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("a processor that does not tell its name", |(_, name)| name);
    let rustc = read(Command::new("rustc").arg("--version"))?;
    let kernel = read(Command::new("uname").arg("-sr")).unwrap_or_default();
    Ok(format!("Measured on {}: {model}, {}, {}.", today(), kernel.trim(), rustc.trim()))
}
