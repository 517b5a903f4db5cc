//! Which kernels confirm which rule: gathered by native-verify, kept in JSON, shown by the rule table.

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
/// Beside the evidence: which scenarios a kernel performed, as `native-verify run --stamps` writes it.
const STAMPS: &str = "scenarios.json";
const TABLE: &str = "sim-core/src/rule/evidence.rs";
const ENGINES_TABLE: &str = "sim-core/src/rule/engine_evidence.rs";
/// How the names of the files about engines begin.
const ENGINES: &str = "engines-";

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
#[derive(Debug, Deserialize)]
struct EngineEvidence {
    engine: String,
    version: String,
    date: String,
    rules: BTreeMap<String, u32>,
}

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
        if !name.starts_with(ENGINES) && series(&name) == series(&evidence.kernel) {
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
    fs::write(TABLE, table()?).with_context(|| format!("cannot write {TABLE}"))?;
    println!("Wrote {TABLE}.");
    fs::write(ENGINES_TABLE, engines_table()?).with_context(|| format!("cannot write {ENGINES_TABLE}"))?;
    println!("Wrote {ENGINES_TABLE}.");
    book::write()
}

/// `6.12` of `6.12.117+deb12-cloud-amd64`.
fn series(kernel: &str) -> Vec<u32> {
    release(kernel).0.into_iter().take(2).collect()
}

/// Fails if the rule table shows something else than the evidence that is kept.
pub(crate) fn check() -> Result<()> {
    let shown = fs::read_to_string(TABLE).with_context(|| format!("cannot read {TABLE}"))?;
    if shown != table()? {
        bail!("{TABLE} does not follow from {FOLDER}; `cargo xtask evidence` writes it");
    }
    let shown = fs::read_to_string(ENGINES_TABLE).with_context(|| format!("cannot read {ENGINES_TABLE}"))?;
    if shown != engines_table()? {
        bail!("{ENGINES_TABLE} does not follow from {FOLDER}; `cargo xtask evidence` writes it");
    }
    Ok(())
}

/// The texts of the folder whose names begin with [`ENGINES`], or the others.
fn kept(about_engines: bool) -> Result<Vec<(String, String)>> {
    let mut texts = Vec::new();
    if Path::new(FOLDER).exists() {
        for entry in fs::read_dir(FOLDER)? {
            let path = entry?.path();
            if path.ends_with(STAMPS) {
                continue;
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_file() && name.starts_with(ENGINES) == about_engines {
                texts.push((path.display().to_string(), fs::read_to_string(&path)?));
            }
        }
    }
    texts.sort();
    Ok(texts)
}

/// The source of the table of engines, from all evidence that is kept.
fn engines_table() -> Result<String> {
    let mut engines = Vec::new();
    for (path, text) in kept(true)? {
        let read: EngineEvidence =
            serde_json::from_str(&text).with_context(|| format!("{path} is no evidence of an engine"))?;
        engines.push(read);
    }
    engines.sort_by_key(|evidence| (evidence.engine.clone(), release(&evidence.version)));
    engines_source(&engines)
}

fn engines_source(engines: &[EngineEvidence]) -> Result<String> {
    let mut text = String::from(ENGINES_HEAD);
    for EngineEvidence { engine, version, date, .. } in engines {
        writeln!(text, "    AskedEngine {{ name: {engine:?}, version: {version:?}, date: {date:?} }},")?;
    }
    let count = engines.len();
    writeln!(text, "];\n\n/// Rule, and how many requests agreed on each of [`ENGINES`].")?;
    writeln!(text, "#[rustfmt::skip] // one a line, however many\nstatic COUNTS: &[(&str, [u32; {count}])] = &[")?;
    let rules: BTreeSet<_> = engines.iter().flat_map(|evidence| evidence.rules.keys()).collect();
    for rule in rules {
        let requests = engines.iter().map(|evidence| grouped(evidence.rules.get(rule).copied().unwrap_or_default()));
        writeln!(text, "    ({rule:?}, [{}]),", requests.collect::<Vec<_>>().join(", "))?;
    }
    text += ENGINES_TAIL;
    Ok(text)
}

/// The source of the table, from all evidence that is kept.
fn table() -> Result<String> {
    let mut kernels = Vec::new();
    for (path, text) in kept(false)? {
        let read: Evidence = serde_json::from_str(&text).with_context(|| format!("{path} is no evidence"))?;
        kernels.push(read);
    }
    kernels.sort_by_key(|evidence| release(&evidence.kernel));
    source(&kernels)
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

const ENGINES_HEAD: &str = r#"//! Which engines confirmed which rule. Generated by `cargo xtask evidence`; do not edit.

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

const ENGINES_TAIL: &str = r"];

pub(super) fn of(rule: &str) -> impl Iterator<Item = (&'static AskedEngine, u32)> {
    let counts = COUNTS.iter().find(|(id, _)| *id == rule).map(|(_, counts)| counts);
    ENGINES.iter().zip(counts.into_iter().flatten().copied()).filter(|(_, requests)| *requests > 0)
}
";

#[cfg(test)]
mod tests {
    use super::{EngineEvidence, Evidence, engines_source, release, source};

    #[test]
    fn the_table_of_engines_lists_every_engine_and_count() {
        let evidence = |version: &str, requests| EngineEvidence {
            engine: "Docker".to_owned(),
            version: version.to_owned(),
            date: "2026-11-24".to_owned(),
            rules: [("docker.add".to_owned(), requests)].into(),
        };
        let text = engines_source(&[evidence("20.10.24", 7), evidence("26.1.5", 8)]).unwrap();
        let line = "    AskedEngine { name: \"Docker\", version: \"20.10.24\", date: \"2026-11-24\" },\n";
        assert!(text.contains(line), "{text}");
        assert!(text.contains("    (\"docker.add\", [7, 8]),\n"), "{text}");
    }

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
    fn numbers_are_written_in_groups() {
        assert_eq!([1, 123, 1234, 1_234_567].map(super::grouped), ["1", "123", "1_234", "1_234_567"]);
    }

    #[test]
    fn kernels_stand_in_the_order_of_their_releases() {
        assert!(release("6.2.0") < release("6.18.44-x"));
        assert!(release("5.10.0-32-amd64") < release("6.1.0"));
    }
}
