//! Which kernels and container engines confirm which rule: gathered by native-verify, kept in JSON, shown by the rule table.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::shell::run;
use crate::{book, verify};

pub(crate) const FOLDER: &str = "native-verify/evidence";
const TABLE: &str = "sim-core/src/rule/evidence.rs";
const ENGINE_TABLE: &str = "sim-core/src/rule/engine_evidence.rs";

/// Arguments of `evidence`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many random cases of each suite to perform.
    #[arg(long, default_value_t = 100_000)]
    cases: u32,
    /// Where the drawing begins.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What native-verify writes.
#[derive(Debug, Serialize, Deserialize)]
struct Evidence {
    kernel: String,
    date: String,
    rules: BTreeMap<String, u32>,
}

/// What `native-verify engines` writes.
#[derive(Debug, Serialize, Deserialize)]
struct EngineEvidence {
    /// As people call it.
    engine: String,
    version: String,
    date: String,
    rules: BTreeMap<String, u32>,
}

/// What the files of engines begin with.
const OF_ENGINES: &str = "engines-";

/// Asks the running kernel anew; what other kernels said stays.
pub(crate) fn gather(arguments: &Arguments) -> Result<()> {
    let binary = verify::build()?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("evidence.json");
    let (cases, seed) = (arguments.cases.to_string(), arguments.seed.to_string());
    run(Command::new(&binary).arg("run").args(verify::SCENARIOS).arg("--evidence").arg(&file))?;
    run(Command::new(&binary).args(["table", "--evidence"]).arg(&file))?;
    for suite in verify::SUITES {
        run(Command::new(&binary)
            .args([suite, "--cases", &cases, "--seed", &seed, "--difference", verify::DIFFERENCE, "--evidence"])
            .arg(&file))?;
    }
    let text = fs::read_to_string(&file).context("nothing was confirmed: does it run as root, on Linux?")?;
    keep(&text)?;
    write_table()
}

/// Keeps the evidence of a kernel in place of what it said before. Of a series, only one build is kept.
pub(crate) fn keep(text: &str) -> Result<()> {
    let evidence: Evidence = serde_json::from_str(text)?;
    if evidence.rules.is_empty() {
        bail!("no rule was confirmed; the lines above say what was skipped and why");
    }
    fs::create_dir_all(FOLDER)?;
    for entry in fs::read_dir(FOLDER)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !name.starts_with(OF_ENGINES) && series(&name) == series(&evidence.kernel) {
            fs::remove_file(&path)?;
        }
    }
    let kept = Path::new(FOLDER).join(format!("{}.json", evidence.kernel));
    fs::write(&kept, text).with_context(|| format!("cannot write {}", kept.display()))?;
    println!("Wrote {}.", kept.display());
    Ok(())
}

/// Writes the table of all evidence that is kept, and the book that shows it.
pub(crate) fn write_table() -> Result<()> {
    for (table, text) in tables()? {
        fs::write(table, text).with_context(|| format!("cannot write {table}"))?;
        println!("Wrote {table}.");
    }
    book::write()
}

/// `6.12` of `6.12.117+deb12-cloud-amd64`.
fn series(kernel: &str) -> Vec<u32> {
    release(kernel).0.into_iter().take(2).collect()
}

/// Fails if the rule table shows something else than the evidence that is kept.
pub(crate) fn check() -> Result<()> {
    for (table, text) in tables()? {
        let shown = fs::read_to_string(table).with_context(|| format!("cannot read {table}"))?;
        if shown != text {
            bail!("{table} does not follow from {FOLDER}; `cargo xtask evidence` and `cargo xtask book` write it");
        }
    }
    Ok(())
}

/// The sources of the tables, from all evidence that is kept.
fn tables() -> Result<[(&'static str, String); 2]> {
    let (mut kernels, mut engines) = (Vec::<Evidence>::new(), Vec::<EngineEvidence>::new());
    if Path::new(FOLDER).exists() {
        for entry in fs::read_dir(FOLDER)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path)?;
            let read = if name.starts_with(OF_ENGINES) {
                serde_json::from_str(&text).map(|evidence| engines.push(evidence))
            } else {
                serde_json::from_str(&text).map(|evidence| kernels.push(evidence))
            };
            read.with_context(|| format!("{} is no evidence", path.display()))?;
        }
    }
    kernels.sort_by_key(|evidence| release(&evidence.kernel));
    engines.sort_by_key(|evidence| (evidence.engine.clone(), release(&evidence.version)));
    Ok([(TABLE, source(&kernels)?), (ENGINE_TABLE, engine_source(&engines)?)])
}

/// `6.18.44-x` as numbers, so that 6.2 stands before 6.18.
fn release(kernel: &str) -> (Vec<u32>, String) {
    let numbers = kernel.split(['.', '-']).map_while(|part| part.parse().ok()).collect();
    (numbers, kernel.to_owned())
}

fn source(kernels: &[Evidence]) -> Result<String> {
    let mut text = String::from(HEAD);
    text += "/// The kernels.\n#[rustfmt::skip] // one a line, however many\npub static KERNELS: &[Kernel] = &[\n";
    for Evidence { kernel, date, .. } in kernels {
        writeln!(text, "    Kernel {{ name: {kernel:?}, date: {date:?} }},")?;
    }
    let count = kernels.len();
    writeln!(text, "];\n\n/// Rule, and how many cases agreed on each of [`KERNELS`].")?;
    writeln!(text, "#[rustfmt::skip] // one a line, however many\nstatic COUNTS: &[(&str, [u32; {count}])] = &[")?;
    let rules: BTreeSet<_> = kernels.iter().flat_map(|evidence| evidence.rules.keys()).collect();
    for rule in rules {
        let cases = kernels.iter().map(|evidence| grouped(evidence.rules.get(rule).copied().unwrap_or_default()));
        writeln!(text, "    ({rule:?}, [{}]),", cases.collect::<Vec<_>>().join(", "))?;
    }
    text += TAIL;
    Ok(text)
}

fn engine_source(engines: &[EngineEvidence]) -> Result<String> {
    let mut text = String::from(ENGINE_HEAD);
    for EngineEvidence { engine, version, date, .. } in engines {
        writeln!(text, "    AskedEngine {{ name: {engine:?}, version: {version:?}, date: {date:?} }},")?;
    }
    let count = engines.len();
    writeln!(text, "];\n\n/// Rule, and how many requests agreed on each of [`ENGINES`].")?;
    writeln!(text, "#[rustfmt::skip] // one a line, however many\nstatic COUNTS: &[(&str, [u32; {count}])] = &[")?;
    let rules: BTreeSet<_> = engines.iter().flat_map(|evidence| evidence.rules.keys()).collect();
    for rule in rules {
        let cases = engines.iter().map(|evidence| grouped(evidence.rules.get(rule).copied().unwrap_or_default()));
        writeln!(text, "    ({rule:?}, [{}]),", cases.collect::<Vec<_>>().join(", "))?;
    }
    text += ENGINE_TAIL;
    Ok(text)
}

/// `1_234_567`.
fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let places = digits.char_indices().map(|(index, digit)| (digits.len() - index, digit));
    places.fold(String::new(), |mut text, (left, digit)| {
        if left % 3 == 0 && !text.is_empty() {
            text.push('_');
        }
        text.push(digit);
        text
    })
}

const HEAD: &str = r#"//! Which kernels confirmed which rule. Generated by `cargo xtask evidence`; do not edit.

/// A kernel that confirmed rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// What `uname -r` printed.
    pub name: &'static str,
    /// When, as `2026-11-24`.
    pub date: &'static str,
}

"#;

const TAIL: &str = r"];

pub(super) fn of(rule: &str) -> impl Iterator<Item = (&'static Kernel, u32)> {
    let counts = COUNTS.iter().find(|(id, _)| *id == rule).map(|(_, counts)| counts);
    KERNELS.iter().zip(counts.into_iter().flatten().copied()).filter(|(_, cases)| *cases > 0)
}
";

const ENGINE_HEAD: &str = r#"//! Which engines confirmed which rule. Generated by `cargo xtask engines`; do not edit.

/// An engine that confirmed rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskedEngine {
    /// Its name for people, as `Docker`.
    pub name: &'static str,
    /// What it said its version is.
    pub version: &'static str,
    /// When, as `2026-11-24`.
    pub date: &'static str,
}

/// The engines.
#[rustfmt::skip] // one a line, however many
pub static ENGINES: &[AskedEngine] = &[
"#;

const ENGINE_TAIL: &str = r"];

pub(super) fn of(rule: &str) -> impl Iterator<Item = (&'static AskedEngine, u32)> {
    let counts = COUNTS.iter().find(|(id, _)| *id == rule).map(|(_, counts)| counts);
    ENGINES.iter().zip(counts.into_iter().flatten().copied()).filter(|(_, requests)| *requests > 0)
}
";

#[cfg(test)]
mod tests {
    use super::{EngineEvidence, Evidence, engine_source, release, source};

    #[test]
    fn the_table_lists_every_kernel_and_count() {
        let evidence = |kernel: &str, cases| Evidence {
            kernel: kernel.to_owned(),
            date: "2026-11-24".to_owned(),
            rules: [("execve.permitted".to_owned(), cases)].into(),
        };
        let text = source(&[evidence("5.10.0-x", 7), evidence("6.18.1", 8)]).unwrap();
        assert!(text.contains("    Kernel { name: \"5.10.0-x\", date: \"2026-11-24\" },\n"), "{text}");
        assert!(text.contains("    (\"execve.permitted\", [7, 8]),\n"), "{text}");
    }

    #[test]
    fn the_table_lists_every_engine_and_count() {
        let engine = EngineEvidence {
            engine: "Docker".to_owned(),
            version: "20.10.24".to_owned(),
            date: "2026-11-25".to_owned(),
            rules: [("docker.add".to_owned(), 400)].into(),
        };
        let text = engine_source(&[engine]).unwrap();
        let asked = "AskedEngine { name: \"Docker\", version: \"20.10.24\", date: \"2026-11-25\" },";
        assert!(text.contains(asked), "{text}");
        assert!(text.contains("static COUNTS: &[(&str, [u32; 1])] = &[\n    (\"docker.add\", [400]),\n];"), "{text}");
    }

    #[test]
    fn numbers_are_written_in_groups() {
        assert_eq!([1, 123, 1234, 1_234_567].map(super::grouped), ["1", "123", "1_234", "1_234_567"]);
    }

    #[test]
    fn kernels_stand_in_the_order_of_their_releases() {
        assert!(release("6.2.0") < release("6.18.44-x"));
        assert!(release("5.10.0-32-amd64") < release("6.1.0"));
    }
}
