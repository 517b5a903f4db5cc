use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use super::{AGREE, DIFFER, FAILED, STOPPED, absolute};
use crate::engines::{EngineName, Plan, Suite, compare, keep, read, record, sample};
use crate::machine::Machine;
use crate::shard::Shard;
use crate::stop::Stop;

/// Arguments of `engines`.
#[derive(Debug, Args)]
pub(crate) struct EnginesArguments {
    /// Which engines and runtimes are asked.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "docker,podman,runc,crun")]
    engine: Vec<EngineName>,
    /// Of which releases of Debian.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "bookworm,trixie")]
    suite: Vec<Suite>,
    /// Where the releases of Debian are, each in a folder of its name.
    #[arg(long, value_name = "FOLDER", default_value = "target/engines")]
    folder: PathBuf,
    /// Adds what the engines say to this file.
    #[arg(long, value_name = "FILE", default_value = "target/engines/rows.jsonl")]
    record: PathBuf,
    /// Asks no engine; compares what was recorded.
    #[arg(long)]
    recorded: bool,
    /// Writes a sample of what was recorded, for the unit tests.
    #[arg(long, hide = true, value_name = "FILE")]
    sample: Option<PathBuf>,
    /// How many containers run at once.
    #[arg(long, value_name = "N", default_value_t = 3)]
    at_once: usize,
    /// Performs only the I-th of N shares of each engine's requests.
    #[arg(long, value_name = "I/N", default_value_t = Shard::WHOLE)]
    shard: Shard,
    /// Prints JSON, one object an engine.
    #[arg(long)]
    json: bool,
    /// Writes what was confirmed into this folder, a file an engine and version.
    #[arg(long, value_name = "FOLDER")]
    evidence: Option<PathBuf>,
}

/// Asks real engines and compares what they say with the model.
pub(crate) fn engines(arguments: &EnginesArguments) -> Result<u8> {
    let record_file = absolute(&arguments.record)?;
    let (mut missing, mut stopped) = (Vec::new(), false);
    if !arguments.recorded {
        let machine = Machine::survey()?;
        if machine.alone.is_some() || machine.obstacle().is_some() {
            bail!("engines are started as root; `--recorded` compares what was recorded");
        }
        let stop = Stop::listen()?;
        let plan = Plan {
            engines: arguments.engine.clone(),
            suites: arguments.suite.clone(),
            folder: arguments.folder.clone(),
            shard: arguments.shard,
            at_once: arguments.at_once,
        };
        missing = record(&plan, &machine, &record_file, &stop)?;
        stopped = stop.is_asked();
    }
    let sessions = read(&record_file)?;
    let reports: Vec<_> = sessions.iter().map(compare).collect();
    if let Some(path) = &arguments.sample {
        sample(&sessions, path)?;
    }
    for report in &reports {
        if arguments.json { println!("{}", serde_json::to_string(report)?) } else { println!("{report}") }
    }
    for missing in &missing {
        eprintln!("not asked: {missing}");
    }
    if let Some(folder) = &arguments.evidence {
        for report in &reports {
            keep(report, folder)?;
        }
    }
    Ok(match () {
        () if reports.iter().any(|report| !report.differences.is_empty()) => DIFFER,
        () if stopped => STOPPED,
        () if !missing.is_empty() || reports.iter().any(|report| !report.unclear.is_empty()) => FAILED,
        () => AGREE,
    })
}
