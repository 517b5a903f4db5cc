//! Other kernels: fetched from Debian, booted under QEMU, and asked the same as the running one.

mod boot;
mod debian;
mod host;
mod image;
mod results;

pub(crate) use debian::mirror;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{apt, evidence, verify};

/// Arguments of `kernels`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many random cases of each suite a kernel under QEMU performs; of operations three times as many.
    #[arg(long, default_value_t = 5000)]
    cases: u32,
    /// How many the running kernel performs; 0 leaves it out.
    #[arg(long, default_value_t = 100_000)]
    host_cases: u32,
    /// Where the drawing begins.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only these series, as 6.1.
    series: Vec<String>,
}

/// Where kernels and images are kept.
const FOLDER: &str = "target/kernels";

/// Boots every kernel, prints what each did, and keeps its evidence.
pub(crate) fn kernels(arguments: &Arguments) -> Result<()> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!("the kernels are Debian's for x86_64; this is another system");
    }
    apt::install(&["qemu-system-x86", "dpkg"], "kernels are booted under QEMU")?;
    let folder = std::path::absolute(FOLDER)?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let image = image::build(&folder)?;
    let mut asked = Vec::new();
    let mut failed = Vec::new();
    if arguments.host_cases > 0 && arguments.series.is_empty() {
        println!("\n== The running kernel ==");
        match check("running", host::results(arguments.host_cases, arguments.seed), arguments.host_cases) {
            Ok(results) => asked.push(results),
            Err(error) => {
                println!("{error:#}");
                failed.push("running");
            }
        }
    }
    let wanted = |series: &&debian::Series| {
        arguments.series.is_empty() || arguments.series.iter().any(|name| name == series.name)
    };
    let fetched: Vec<_> = debian::SERIES
        .iter()
        .filter(wanted)
        .map(|series| (series, debian::fetch(series, &folder).context("the kernel is missing")))
        .collect();
    // An emulated machine keeps one core busy.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for (series, results) in
        at_once(fetched, cores, |series, kernel| ask(&kernel, &image, arguments, &folder, series.name))
    {
        println!("\n== Linux {} ==", series.name);
        match check(series.name, results, arguments.cases) {
            Ok(results) => asked.push(results),
            Err(error) => {
                println!("{error:#}");
                failed.push(series.name);
            }
        }
    }
    println!("\n{}", summary(&asked));
    evidence::write_table()?;
    if !failed.is_empty() {
        bail!("missing or in disagreement: Linux {}", failed.join(", "));
    }
    println!("\nEvery kernel agrees with the model.");
    Ok(())
}

/// Boots a kernel and has it verify.
fn ask(kernel: &Path, image: &Path, arguments: &Arguments, folder: &Path, name: &str) -> Result<results::Results> {
    let command = format!("guest --cases {} --seed {} {}", arguments.cases, arguments.seed, verify::SUITES.join(" "));
    let lines = boot::boot(kernel, image, &command, folder, name)?;
    results::Results::read(lines.iter().map(String::as_str))
}

/// Does the work for each that could be fetched, so many at once, and gives the results in order.
fn at_once<'a, T: Send, R: Send>(
    fetched: Vec<(&'a debian::Series, Result<T>)>,
    count: usize,
    work: impl Fn(&debian::Series, T) -> Result<R> + Sync,
) -> Vec<(&'a debian::Series, Result<R>)> {
    let (mut waiting, mut done, work) = (fetched.into_iter(), Vec::new(), &work);
    loop {
        let some: Vec<_> = waiting.by_ref().take(count.max(1)).collect();
        if some.is_empty() {
            return done;
        }
        std::thread::scope(|scope| {
            let start = |(series, kernel): (&'a debian::Series, Result<T>)| {
                (series, scope.spawn(move || kernel.and_then(|kernel| work(series, kernel))))
            };
            let started: Vec<_> = some.into_iter().map(start).collect();
            for (series, worker) in started {
                done.push((
                    series,
                    worker.join().unwrap_or_else(|_| Err(anyhow::anyhow!("it was not asked to its end"))),
                ));
            }
        });
    }
}

/// Prints what a kernel did, fails if that is not enough, and keeps its evidence.
fn check(
    name: &'static str,
    results: Result<results::Results>,
    cases: u32,
) -> Result<(&'static str, results::Results)> {
    let results = results?;
    println!("{results}");
    results.check(verify::SUITES, cases.into())?;
    evidence::keep(&results.evidence()?)?;
    Ok((name, results))
}

/// How often each call was granted and refused, a column a kernel.
fn summary(asked: &[(&str, results::Results)]) -> String {
    let calls: Vec<_> = asked.iter().map(|(_, results)| results.calls()).collect();
    let names: BTreeSet<&String> = calls.iter().flat_map(BTreeMap::keys).collect();
    let row = |first: &str, cells: Vec<String>| {
        cells.iter().fold(format!("{first:<24}"), |row, cell| row + &format!(" {cell:>15}")) + "\n"
    };
    let mut text = row("granted + refused", asked.iter().map(|(name, _)| (*name).to_owned()).collect());
    for name in names {
        let cell = |calls: &BTreeMap<String, results::Answers>| match calls.get(name) {
            Some(answers) => format!("{} + {}", answers.granted, answers.refused),
            None => "not here".to_owned(),
        };
        text += &row(name, calls.iter().map(cell).collect());
    }
    text
}
