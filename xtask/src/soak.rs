//! Long work: cut into chunks, each recorded when it is done, so that it can be stopped, resumed and sharded.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::shell::{read, today};
use crate::{apt, fuzz, mutants, verify};

/// Where results are kept.
const RESULTS: &str = "native-verify/soak";

/// Arguments of `soak`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Do only the I-th of N shares, counted from 1.
    #[arg(long, value_name = "I/N", default_value = "1/1")]
    shard: Shard,
    /// Stop after so many hours; what is left is named.
    #[arg(long, default_value_t = 24.0)]
    hours: f64,
    /// How long the fuzzer tries each target, in seconds.
    #[arg(long, default_value_t = 600)]
    fuzz_seconds: u32,
    /// Begin anew instead of going on.
    #[arg(long)]
    fresh: bool,
}

/// A share of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shard {
    index: u32,
    count: u32,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match parts {
            Some((index, count)) if (1..=count).contains(&index) => Ok(Self { index, count }),
            _ => Err("a shard is written I/N, with I from 1 to N".to_owned()),
        }
    }
}

/// How many chunks each suite of random cases is cut into. A chunk's number is its seed, so that any can be repeated.
const CHUNKS: u32 = 50;

/// How many random cases a chunk has.
const CASES: u32 = 20_000;

/// How many profiles a chunk has; each of libseccomp's many differences is shrunk.
const PROFILES: u32 = 2000;

/// What came of a chunk, as native-verify prints it; of a target of the fuzzer, without a kernel.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Chunk {
    kernel: String,
    drawn: u64,
    agreed: u64,
    differed: u64,
    skipped: BTreeMap<String, u64>,
}

/// What was done so far, by part and number of the chunk.
type Done = BTreeMap<String, BTreeMap<u32, Chunk>>;

/// Works until everything is done or the time is up, then writes a dated result.
pub(crate) fn soak(arguments: &Arguments) -> Result<()> {
    let Shard { index, count } = arguments.shard;
    let journal = PathBuf::from(format!("target/soak/{index}-of-{count}.json"));
    let mut done = if arguments.fresh { Done::new() } else { read_journal(&journal)? };
    let native_verify = verify::build()?;
    let start = Instant::now();
    let limit = Duration::try_from_secs_f64(arguments.hours * 3600.0).context("--hours is no length of time")?;
    let mut skipped = Vec::new();
    for suite in verify::SUITES.iter().chain(cfg!(target_arch = "x86_64").then_some(&verify::PROFILES)) {
        if let Some(reason) = obstacle() {
            skipped.push(format!("{suite}: all {CHUNKS} chunks, for {reason}"));
            continue;
        }
        let mine = (1..=CHUNKS).filter(|chunk| chunk % count == index % count);
        for chunk in mine {
            let finished = done.entry((*suite).to_owned()).or_default();
            if finished.contains_key(&chunk) {
                continue;
            }
            if start.elapsed() > limit {
                skipped.push(format!("{suite}: chunk {chunk}, for the time is up"));
                continue;
            }
            let result = random(&native_verify, suite, chunk).with_context(|| format!("{suite}, chunk {chunk}"))?;
            let Chunk { drawn, agreed, differed, .. } = &result;
            println!("{suite}, chunk {chunk}: {drawn} drawn, {agreed} agree, {differed} differ");
            finished.insert(chunk, result);
            write_json(&journal, &done)?;
        }
    }
    let time_is_up = || start.elapsed() > limit;
    fuzz_targets(arguments, &mut done, &journal, &time_is_up, &mut skipped)?;
    let time_is_up = time_is_up();
    if time_is_up {
        skipped.push("mutants: all of them, for the time is up".to_owned());
    }
    for line in &skipped {
        println!("Skipped: {line}.");
    }
    write_result(arguments.shard, &done, skipped)?;
    if time_is_up {
        return Ok(());
    }
    let shard = (count > 1).then(|| format!("{}/{count}", index - 1));
    mutants::mutants(&mutants::Arguments { shard, resume: !arguments.fresh })
}

/// Lets the fuzzer try the targets of this share that were not tried yet.
fn fuzz_targets(
    arguments: &Arguments,
    done: &mut Done,
    journal: &Path,
    time_is_up: &impl Fn() -> bool,
    skipped: &mut Vec<String>,
) -> Result<()> {
    let Shard { index, count } = arguments.shard;
    let mine = (1..).zip(fuzz::targets()?).filter(|(number, _)| number % count == index % count);
    let part = |target: &str| format!("fuzz {target}");
    let left: Vec<_> = mine.map(|(_, target)| target).filter(|target| !done.contains_key(&part(target))).collect();
    if left.is_empty() {
        return Ok(());
    }
    let reason = if time_is_up() { Some("the time is up".to_owned()) } else { fuzz::obstacle() };
    if let Some(reason) = reason {
        skipped.push(format!("fuzz: {}, for {reason}", left.join(", ")));
        return Ok(());
    }
    fuzz::build()?;
    for target in left {
        if time_is_up() {
            skipped.push(format!("fuzz: {target}, for the time is up"));
            continue;
        }
        let tried = fuzz::attempt(&target, arguments.fuzz_seconds)?;
        println!("fuzz {target}: {tried} inputs, all borne");
        let borne = Chunk { drawn: tried, agreed: tried, ..Chunk::default() };
        done.insert(part(&target), [(1, borne)].into());
        write_json(journal, done)?;
    }
    Ok(())
}

/// Why nothing can be performed here.
fn obstacle() -> Option<&'static str> {
    if cfg!(not(target_os = "linux")) {
        return Some("this is not Linux");
    }
    (!apt::is_root()).then_some("it needs root")
}

fn random(native_verify: &Path, suite: &str, seed: u32) -> Result<Chunk> {
    let cases = if suite == verify::PROFILES { PROFILES } else { CASES };
    let (cases, seed) = (cases.to_string(), seed.to_string());
    let arguments = [suite, "--json", "--cases", &cases, "--seed", &seed, "--difference", verify::DIFFERENCE];
    let line = read(Command::new(native_verify).args(arguments))
        .with_context(|| format!("kernel and model differ? see {}", verify::DIFFERENCE))?;
    serde_json::from_str(&line).with_context(|| format!("native-verify printed {line:?}"))
}

/// A result as it is kept.
#[derive(Serialize)]
struct Report<'a> {
    date: &'a str,
    shard: String,
    kernels: Vec<&'a str>,
    parts: BTreeMap<&'a str, Sum>,
    skipped: Vec<String>,
}

/// What came of a part.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Sum {
    chunks: usize,
    drawn: u64,
    agreed: u64,
    differed: u64,
    skipped: BTreeMap<String, u64>,
}

impl Sum {
    fn of<'a>(chunks: impl IntoIterator<Item = &'a Chunk>) -> Self {
        chunks.into_iter().fold(Self::default(), |mut sum, chunk| {
            sum.chunks += 1;
            sum.drawn += chunk.drawn;
            sum.agreed += chunk.agreed;
            sum.differed += chunk.differed;
            for (reason, count) in &chunk.skipped {
                *sum.skipped.entry(reason.clone()).or_default() += count;
            }
            sum
        })
    }
}

fn write_result(shard: Shard, done: &Done, skipped: Vec<String>) -> Result<()> {
    let date = &today();
    let mut kernels: Vec<_> = done.values().flat_map(BTreeMap::values).map(|chunk| chunk.kernel.as_str()).collect();
    kernels.retain(|kernel| !kernel.is_empty());
    kernels.sort_unstable();
    kernels.dedup();
    let Shard { index, count } = shard;
    let name = format!("{date}-{}-shard-{index}-of-{count}.json", kernels.first().unwrap_or(&"nothing"));
    let parts = done.iter().map(|(name, chunks)| (name.as_str(), Sum::of(chunks.values()))).collect();
    let report = Report { date, shard: format!("{index}/{count}"), kernels, parts, skipped };
    let file = Path::new(RESULTS).join(name);
    write_json(&file, &report)?;
    println!("Wrote {}.", file.display());
    Ok(())
}

fn read_journal(file: &Path) -> Result<Done> {
    match fs::read_to_string(file) {
        Ok(text) => serde_json::from_str(&text)
            .with_context(|| format!("{} cannot be read; --fresh begins anew", file.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Done::new()),
        Err(error) => bail!("cannot read {}: {error}", file.display()),
    }
}

/// Writes the file whole or not at all.
fn write_json(file: &Path, value: &impl Serialize) -> Result<()> {
    let folder = file.parent().context("a file has a folder")?;
    fs::create_dir_all(folder)?;
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer_pretty(&mut temporary, value)?;
    std::io::Write::write_all(&mut temporary, b"\n")?;
    temporary.persist(file).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Chunk, Shard, Sum};

    #[test]
    fn shards_are_counted_from_one() {
        assert_eq!("2/3".parse(), Ok(Shard { index: 2, count: 3 }));
        for text in ["0/3", "4/3", "1", "1/0", "a/b", ""] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_chunk_is_in_exactly_one_shard() {
        let count = 3;
        for chunk in 1..=50u32 {
            assert_eq!((1..=count).filter(|index| chunk % count == index % count).count(), 1);
        }
    }

    #[test]
    fn chunks_add_up_with_the_reasons_of_skips() {
        let chunk = |skips| Chunk {
            kernel: "6.18".to_owned(),
            drawn: 5,
            agreed: 5 - skips,
            differed: 0,
            skipped: [("no privilege".to_owned(), skips)].into(),
        };
        let sum = Sum::of(&[chunk(2), chunk(1)]);
        assert_eq!((sum.chunks, sum.drawn, sum.agreed, sum.skipped["no privilege"]), (2, 10, 7, 3));
    }
}
