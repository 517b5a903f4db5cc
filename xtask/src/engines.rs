//! Real container engines: Debian's, in folders of their own, asked the same as the model.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::kernels::mirror;
use crate::shell::run;
use crate::{apt, evidence, verify};

/// Arguments of `engines`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only these releases of Debian, as bookworm.
    #[arg(long, value_delimiter = ',', default_value = "bookworm,trixie")]
    suite: Vec<String>,
    /// Get the engines, and ask them nothing.
    #[arg(long)]
    only_get: bool,
    /// What native-verify is told besides, as `-- --engine docker --shard 1/4`.
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Where the releases of Debian are kept.
const FOLDER: &str = "target/engines";

/// What the engines said.
const ROWS: &str = "target/engines/rows.jsonl";

/// What Podman needs of a kind of which there are several; debootstrap does not choose.
const NETWORK: &str = "netavark";

/// A release of Debian and the packages with its engines.
struct Suite {
    name: &'static str,
    packages: &'static [&'static str],
}

const SUITES: [Suite; 2] = [
    Suite {
        name: "bookworm",
        packages: &["runc", "crun", "podman", "conmon", NETWORK, "docker.io", "busybox-static"],
    },
    Suite {
        name: "trixie",
        packages: &["runc", "crun", "podman", "conmon", NETWORK, "docker.io", "docker-cli", "busybox-static"],
    },
];

/// Gets what is missing, asks the engines, keeps their evidence, and lists what could not be had.
pub(crate) fn engines(arguments: &Arguments) -> Result<()> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!("the engines are Debian's for x86_64; this is another system");
    }
    if !apt::is_root() {
        bail!("container engines are started as root");
    }
    apt::install(&["debootstrap"], "engines of several releases of Debian run in folders that it makes")?;
    fs::create_dir_all(FOLDER).with_context(|| format!("cannot make {FOLDER}"))?;
    let (mut here, mut missing) = (Vec::new(), Vec::new());
    for name in &arguments.suite {
        let got = match SUITES.iter().find(|suite| suite.name == *name) {
            Some(suite) => get(suite),
            None => Err(anyhow::anyhow!("there is no list of its packages")),
        };
        match got {
            Ok(()) => here.push(name.as_str()),
            Err(error) => missing.push(format!("{name}: {error:#}")),
        }
    }
    let asked = if arguments.only_get || here.is_empty() { Ok(()) } else { ask(&here, &arguments.rest) };
    for missing in &missing {
        println!("Could not be had: {missing}");
    }
    asked?;
    if !missing.is_empty() {
        bail!("not every engine was asked; the lines above say which, and why");
    }
    Ok(())
}

/// Asks the engines of these suites, and keeps what they confirm.
fn ask(suites: &[&str], rest: &[String]) -> Result<()> {
    let binary = verify::build()?;
    if Path::new(ROWS).exists() {
        fs::remove_file(ROWS).with_context(|| format!("cannot remove {ROWS}"))?;
    }
    let suites = suites.join(",");
    let asked = run(Command::new(binary)
        .args(["engines", "--folder", FOLDER, "--record", ROWS, "--suite", &suites])
        .args(["--evidence", evidence::FOLDER])
        .args(rest));
    evidence::write_table()?;
    asked
}

/// Makes the folder of a suite, unless it is there.
fn get(suite: &Suite) -> Result<()> {
    let folder = Path::new(FOLDER).join(suite.name);
    if folder.exists() {
        return Ok(());
    }
    let partial = Path::new(FOLDER).join(format!("{}.partial", suite.name));
    if partial.exists() {
        fs::remove_dir_all(&partial).with_context(|| format!("cannot remove {}", partial.display()))?;
    }
    let mirror = format!("{}/debian", mirror()?);
    let packages = format!("--include={}", suite.packages.join(","));
    run(Command::new("debootstrap").args(["--variant=minbase", &packages, suite.name]).arg(&partial).arg(mirror))?;
    fs::rename(&partial, &folder).with_context(|| format!("cannot rename {}", partial.display()))
}
