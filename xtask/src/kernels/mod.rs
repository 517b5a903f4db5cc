//! Other kernels: fetched from Debian, booted under QEMU, and asked the same as the running one.

mod boot;
mod debian;
mod image;
mod results;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{apt, evidence, verify};

/// Arguments of `kernels`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many random cases of each suite a kernel performs.
    #[arg(long, default_value_t = 5000)]
    cases: u32,
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
    let mut failed = Vec::new();
    for series in debian::SERIES {
        if !arguments.series.is_empty() && !arguments.series.iter().any(|wanted| wanted == series.name) {
            continue;
        }
        println!("\n== Linux {} ==", series.name);
        if let Err(error) = one(&series, &folder, &image, arguments) {
            println!("{error:#}");
            failed.push(series.name);
        }
    }
    evidence::write_table()?;
    if !failed.is_empty() {
        bail!("missing or in disagreement: Linux {}", failed.join(", "));
    }
    println!("\nEvery kernel agrees with the model.");
    Ok(())
}

fn one(series: &debian::Series, folder: &Path, image: &Path, arguments: &Arguments) -> Result<()> {
    let kernel = debian::fetch(series, folder).context("the kernel is missing")?;
    let command = format!("guest --cases {} --seed {} {}", arguments.cases, arguments.seed, verify::SUITES.join(" "));
    let lines = boot::boot(&kernel, image, &command, folder, series.name)?;
    let results = results::Results::read(&lines)?;
    println!("{results}");
    results.check(&verify::SUITES, arguments.cases)?;
    evidence::keep(&results.evidence()?)
}
