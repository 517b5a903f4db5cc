mod random;
mod run;
mod table;

pub(crate) use random::{RandomArguments, Suite, random};
pub(crate) use run::{RunArguments, run};
pub(crate) use table::{TableArguments, table};

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use sim_core::scenario::{Loaded, Options, Scenario, World};

use crate::compare::{Comparison, compare};
use crate::evidence::Evidence;
use crate::machine::Machine;
use crate::perform::perform;
use crate::report::{Skip, Tally};
use crate::sandbox;
use crate::stage::Stage;

/// Exit statuses.
const AGREE: u8 = 0;
const DIFFER: u8 = 1;
const FAILED: u8 = 2;

/// Arguments of every command.
#[derive(Debug, Args)]
pub(crate) struct CommonArguments {
    /// Prints JSON: one object a scenario, or one for all random cases.
    #[arg(long)]
    pub(crate) json: bool,
    /// Fail if anything is skipped.
    #[arg(long)]
    pub(crate) deny_skips: bool,
    /// Add what was confirmed to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) evidence: Option<PathBuf>,
}

/// What the model is asked with: the running release, and `"all"` as this machine has it.
fn options(machine: &Machine) -> Options {
    Options { release: Some(machine.release), all: Some(machine.capabilities) }
}

/// A scenario that was drawn or enumerated, on this machine.
fn load(scenario: &Scenario, machine: &Machine) -> Result<Loaded, Skip> {
    let world = World::new(scenario, &options(machine))
        .map_err(|error| Skip(format!("a case that makes no sense was drawn: {error}")))?;
    Ok(Loaded { scenario: scenario.clone(), world })
}

/// One line about the machine.
pub(crate) fn describe(machine: &Machine) -> String {
    let missing: Vec<_> = machine.missing().iter().map(|capability| capability.to_string()).collect();
    let lacks = if missing.is_empty() {
        String::new()
    } else {
        format!(", for its bounding set lacks {}", missing.join(", "))
    };
    format!(
        "Linux {}, modelled as {}. \"all\" is {} here{lacks}.",
        machine.uname, machine.release, machine.capabilities
    )
}

/// Says something to people, apart from the lines for programs.
pub(crate) fn say(text: &str, common: &CommonArguments) {
    if common.json { eprintln!("{text}") } else { println!("{text}") }
}

/// Does `work` on a stage, in namespaces of its own.
fn on_stage(work: impl FnOnce(&mut Stage) -> Result<u8>) -> Result<u8> {
    let code = sandbox::inside(|folder| match Stage::build(folder).and_then(|mut stage| work(&mut stage)) {
        Ok(code) => code.into(),
        Err(error) => {
            eprintln!("native-verify: {error:#}");
            FAILED.into()
        }
    })?;
    Ok(u8::try_from(code).unwrap_or(FAILED))
}

/// Performs one scenario and compares it.
fn verify(stage: &mut Stage, machine: &Machine, loaded: &Loaded) -> Result<Comparison, Skip> {
    let (performance, links) = perform(stage, machine, loaded)?;
    Ok(compare(loaded, &performance, &links))
}

fn exit_code(tally: &Tally, common: &CommonArguments) -> u8 {
    if tally.differed > 0 || common.deny_skips && tally.skipped() > 0 { DIFFER } else { AGREE }
}

pub(crate) fn keep_evidence(evidence: Evidence, path: Option<&Path>) -> Result<()> {
    path.map_or(Ok(()), |path| evidence.merge_into(path))
}

/// A path that still means the same when the current folder changes.
fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("{} is no path", path.display()))
}
