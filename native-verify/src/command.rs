mod bench;
mod engines;
mod fixes;
mod flips;
mod merge;
mod random;
mod run;
mod scripts;
mod table;

pub(crate) use bench::{BenchArguments, bench};
pub(crate) use engines::{EnginesArguments, engines};
pub(crate) use fixes::{FixesArguments, fixes};
pub(crate) use flips::{FlipsArguments, flips};
pub(crate) use merge::{MergeArguments, merge};
pub(crate) use random::{RandomArguments, Suite, random};
pub(crate) use run::{RunArguments, run};
pub(crate) use scripts::{ScriptsArguments, scripts};
pub(crate) use table::{TableArguments, table};

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use sim_core::kernel::{CHANGES, Change};
use sim_core::scenario::{Loaded, Options, Scenario, World};

use crate::alone::Alone;
use crate::compare::{Comparison, compare};
use crate::evidence::Evidence;
use crate::junit::Junit;
use crate::machine::{Machine, names};
use crate::perform::perform;
use crate::report::{Skip, Tally};
use crate::sandbox;
use crate::shard::Shard;
use crate::stage::Stage;
use crate::stop::Stop;

/// Exit statuses.
const AGREE: u8 = 0;
const DIFFER: u8 = 1;
const FAILED: u8 = 2;
const STOPPED: u8 = 3;

/// Arguments of every command.
#[derive(Debug, Args)]
pub(crate) struct CommonArguments {
    /// Prints JSON: one object a scenario, or one for all random cases.
    #[arg(long)]
    pub(crate) json: bool,
    /// Performs only the I-th of N shares, every N-th case of the whole: the shares have no case in common and miss none.
    #[arg(long, value_name = "I/N", default_value_t = Shard::WHOLE)]
    pub(crate) shard: Shard,
    /// Writes a report in JUnit's XML.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Asks the model as if this change of the kernel were the other way round: a wrong rule, which must be found.
    #[arg(long, hide = true, value_name = "CHANGE", value_parser = change, conflicts_with = "evidence")]
    pub(crate) flip: Option<&'static Change>,
    /// Fail if anything is skipped.
    #[arg(long)]
    pub(crate) deny_skips: bool,
    /// Add what was confirmed to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) evidence: Option<PathBuf>,
}

/// A change point by its id.
fn change(id: &str) -> Result<&'static Change, String> {
    CHANGES.iter().copied().find(|change| change.id == id).ok_or_else(|| {
        let known: Vec<_> = CHANGES.iter().map(|change| change.id).collect();
        format!("the change points are {}", known.join(", "))
    })
}

/// This machine, as the model is asked about it.
pub(crate) fn survey(common: &CommonArguments) -> Result<Machine> {
    let machine = Machine::survey()?;
    let Some(change) = common.flip else { return Ok(machine) };
    say(&format!("The model is asked with {} the other way round.", change.id), common);
    Ok(machine.with_flipped(change))
}

/// What the model is asked with: the running release, `"all"` and the settings as this machine has them.
fn options(machine: &Machine) -> Options {
    Options { release: Some(machine.release), all: Some(machine.capabilities), sysctl: machine.sysctl }
}

/// A scenario that was drawn or enumerated, on this machine.
fn load(scenario: &Scenario, machine: &Machine) -> Result<Loaded, Skip> {
    let world = World::new(scenario, &options(machine))
        .map_err(|error| Skip(format!("a case that makes no sense was drawn: {error}")))?;
    Ok(Loaded { scenario: scenario.clone(), world })
}

/// One line about the machine.
pub(crate) fn describe(machine: &Machine) -> String {
    let missing = machine.missing();
    let lacks =
        if missing.is_empty() { String::new() } else { format!(", for its bounding set lacks {}", names(missing)) };
    let alone = machine.alone.as_ref().map_or_else(String::new, |Alone { uid, gid, .. }| {
        format!(
            "\nWithout privilege: worlds are built in a user namespace that maps user {uid} and group {gid} alone. \
             A thread of \"init\" is moved there if one id is enough for it; the rest is skipped."
        )
    });
    format!(
        "Linux {}, modelled as {}. \"all\" is {} here{lacks}.{alone}",
        machine.uname,
        machine.modelled(),
        machine.capabilities
    )
}

/// Says something to people, apart from the lines for programs.
pub(crate) fn say(text: &str, common: &CommonArguments) {
    if common.json { eprintln!("{text}") } else { println!("{text}") }
}

/// Does `work` on a stage, in namespaces of its own.
fn on_stage(stop: &Stop, machine: &Machine, work: impl FnOnce(&mut Stage) -> Result<u8>) -> Result<u8> {
    let code = sandbox::inside(stop, machine.alone.as_ref(), |folder, host| {
        match Stage::build(folder, &host, machine).and_then(|mut stage| work(&mut stage)) {
            Ok(code) => code.into(),
            Err(error) => {
                eprintln!("native-verify: {error:#}");
                FAILED.into()
            }
        }
    })?;
    Ok(u8::try_from(code).unwrap_or(FAILED))
}

/// Performs one scenario and compares it.
fn verify(stage: &mut Stage, machine: &Machine, loaded: &Loaded) -> Result<Comparison, Skip> {
    let Some(alone) = &machine.alone else {
        let (performance, links) = perform(stage, machine, loaded)?;
        return Ok(compare(loaded, &performance, &links));
    };
    let scenario = alone.move_in(loaded)?;
    let moved = scenario != loaded.scenario;
    let loaded = if moved { &load(&scenario, machine)? } else { loaded };
    alone.check(loaded)?;
    let (performance, links) = perform(stage, machine, loaded)?;
    Ok(Comparison { moved, ..compare(loaded, &performance, &links) })
}

pub(crate) fn exit_code(tally: &Tally, common: &CommonArguments) -> u8 {
    match tally {
        tally if tally.differed > 0 || common.deny_skips && tally.skipped() > 0 => DIFFER,
        tally if tally.stopped => STOPPED,
        _ => AGREE,
    }
}

/// Where results go, by paths that still mean the same when the current folder changes.
pub(crate) struct Results {
    evidence: Option<PathBuf>,
    junit: Option<PathBuf>,
}

impl Results {
    pub(crate) fn of(common: &CommonArguments) -> Result<Self> {
        let absolute = |path: &Option<PathBuf>| path.as_deref().map(absolute).transpose();
        Ok(Self { evidence: absolute(&common.evidence)?, junit: absolute(&common.junit)? })
    }

    pub(crate) fn keep(&self, evidence: Evidence) -> Result<()> {
        self.evidence.as_deref().map_or(Ok(()), |path| evidence.merge_into(path))
    }

    pub(crate) fn junit(&self, suite: &str, machine: &Machine) -> Junit {
        Junit::new(suite, &machine.uname, self.junit.as_deref())
    }
}

/// A path that still means the same when the current folder changes.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("{} is no path", path.display()))
}
