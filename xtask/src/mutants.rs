//! The model changed in one place at a time: a test must fail each time.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::shell::{cargo, read, run, today};

/// The mutants that change no answer, each with the reason.
const EQUIVALENT: &str = "sim-core/equivalent-mutants.txt";
/// Where cargo-mutants keeps what it found, so that it can go on.
const OUTPUT: &str = "target/mutants";
/// Where the last result is told.
const CONTRIBUTING: &str = "CONTRIBUTING.md";
const BEGIN: &str = "<!-- mutants: written by `cargo xtask mutants` -->";
const END: &str = "<!-- end of mutants -->";

/// Arguments of `mutants`.
#[derive(Debug, Default, Args)]
pub(crate) struct Arguments {
    /// Do only a share, as `1/4`, counted from 0 as cargo-mutants counts.
    #[arg(long, value_name = "I/N")]
    pub(crate) shard: Option<String>,
    /// Go on where an earlier run stopped: what was caught then is not tried again.
    #[arg(long)]
    pub(crate) resume: bool,
}

/// Changes the model in one place at a time; fails if a change that alters an answer fails no test.
pub(crate) fn mutants(arguments: &Arguments) -> Result<()> {
    if read(cargo().args(["mutants", "--version"])).is_err() {
        run(cargo().args(["install", "cargo-mutants", "--locked"]))?;
    }
    let mut command = cargo();
    command.args(["mutants", "--workspace", "--timeout", "60", "--colors", "never", "--output", OUTPUT]);
    if let Some(shard) = &arguments.shard {
        command.args(["--shard", shard]);
    }
    if arguments.resume {
        command.arg("--iterate");
    }
    perform(&mut command)?;
    let found = Found::read(Path::new(OUTPUT))?;
    println!("{}", found.summary());
    let known = Known::read()?;
    let surviving = found.missed.iter().filter(|(mutant, count)| known.count(mutant) < **count);
    let surviving: Vec<_> = surviving.map(|(mutant, count)| format!("  {mutant} ({count})")).collect();
    if !surviving.is_empty() {
        bail!("these changes fail no test, and {EQUIVALENT} does not list them:\n{}", surviving.join("\n"));
    }
    if !found.timeouts.is_empty() {
        bail!("these changes make the tests hang:\n  {}", found.timeouts.join("\n  "));
    }
    if arguments.shard.is_none() {
        known.check(&found)?;
        tell(&found.summary())?;
    }
    Ok(())
}

/// Runs cargo-mutants; that some mutants are missed is no failure of its own.
fn perform(command: &mut Command) -> Result<()> {
    const MISSED: i32 = 2;
    const TIMEOUT: i32 = 3;
    let status = command.status().context("cargo mutants cannot be started")?;
    match status.code() {
        Some(0 | MISSED | TIMEOUT) => Ok(()),
        _ => bail!("cargo mutants failed ({status})"),
    }
}

/// What cargo-mutants found. Mutants are named without their line, which every edit moves.
struct Found {
    caught: usize,
    unviable: usize,
    missed: BTreeMap<String, usize>,
    timeouts: Vec<String>,
}

impl Found {
    fn read(output: &Path) -> Result<Self> {
        let lines = |name: &str| -> Result<Vec<String>> {
            let file = output.join("mutants.out").join(name);
            let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
            Ok(text.lines().map(str::to_owned).collect())
        };
        let mut missed = BTreeMap::new();
        for line in lines("missed.txt")? {
            *missed.entry(without_place(&line)).or_default() += 1;
        }
        // An earlier run that is resumed keeps what it caught apart.
        let earlier = lines("previously_caught.txt").map_or(0, |lines| lines.len());
        Ok(Self {
            caught: lines("caught.txt")?.len() + earlier,
            unviable: lines("unviable.txt")?.len(),
            missed,
            timeouts: lines("timeout.txt")?,
        })
    }

    fn summary(&self) -> String {
        let missed: usize = self.missed.values().sum();
        format!(
            "{}: {} changes made some test fail, {missed} did not, {} did not compile.",
            today(),
            self.caught,
            self.unviable
        )
    }
}

/// `FILE: WHAT` of `FILE:LINE:COLUMN: WHAT`.
fn without_place(line: &str) -> String {
    let mut parts = line.splitn(4, ':');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(file), Some(_), Some(_), Some(what)) => format!("{file}:{what}"),
        _ => line.to_owned(),
    }
}

/// The equivalent mutants: a line each, below a line that begins with `#` and gives the reason.
struct Known(BTreeMap<String, usize>);

impl Known {
    fn read() -> Result<Self> {
        let text = fs::read_to_string(EQUIVALENT).with_context(|| format!("cannot read {EQUIVALENT}"))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self> {
        let (mut known, mut reason) = (BTreeMap::new(), false);
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                reason = false;
            } else if line.starts_with('#') {
                reason = true;
            } else if reason {
                *known.entry(line.to_owned()).or_default() += 1;
            } else {
                bail!("{EQUIVALENT}, line {}: a reason, a line that begins with #, stands above mutants", index + 1);
            }
        }
        Ok(Self(known))
    }

    fn count(&self, mutant: &str) -> usize {
        self.0.get(mutant).copied().unwrap_or(0)
    }

    /// Fails if something is listed that some test catches by now.
    fn check(&self, found: &Found) -> Result<()> {
        let stale = self.0.iter().filter(|(mutant, count)| found.missed.get(*mutant).copied().unwrap_or(0) < **count);
        let stale: Vec<_> = stale.map(|(mutant, _)| mutant.as_str()).collect();
        if !stale.is_empty() {
            bail!("{EQUIVALENT} lists mutants that are caught or gone:\n  {}", stale.join("\n  "));
        }
        Ok(())
    }
}

/// Puts the result where contributors read it.
fn tell(summary: &str) -> Result<()> {
    let text = fs::read_to_string(CONTRIBUTING)?;
    let parts = text.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = parts.with_context(|| format!("{CONTRIBUTING} has no place for the result"))?;
    fs::write(CONTRIBUTING, format!("{before}{BEGIN}\n{summary}\n{END}{after}"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Known, without_place};

    #[test]
    fn mutants_are_known_without_their_place() {
        let line = "sim-core/src/calls/capset.rs:45:41: replace | with & in decide";
        assert_eq!(without_place(line), "sim-core/src/calls/capset.rs: replace | with & in decide");
    }

    #[test]
    fn an_equivalent_mutant_has_a_reason() {
        let known = Known::parse("# It decides nothing.\na: b\na: b\n\n# Nor does it.\nc: d\n").unwrap();
        assert_eq!((known.count("a: b"), known.count("c: d"), known.count("e: f")), (2, 1, 0));
        assert!(Known::parse("a: b\n").is_err());
        assert!(Known::parse("# x\na: b\n\nc: d\n").is_err());
    }
}
