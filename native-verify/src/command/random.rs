use std::cell::RefCell;
use std::fs;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use proptest::strategy::{BoxedStrategy, Strategy};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use serde::Serialize;
use sim_core::scenario::Scenario;

use super::{CommonArguments, absolute, describe, exit_code, keep_evidence, load, on_stage, say, verify};
use crate::compare::{Difference, show};
use crate::evidence::Evidence;
use crate::generate::{
    Bounds, calls_scenario, execve_scenario, files_scenario, namespaces_scenario, operations_scenario,
};
use crate::machine::Machine;
use crate::report::{Skip, Tally};
use crate::stage::Stage;

/// How many smaller cases are tried to find the smallest that differs.
const SHRINKING: u32 = 4096;

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suite {
    /// Execs of any file by any thread.
    Execve,
    /// Sequences of calls that change the thread's own credentials.
    Calls,
    /// Sequences of calls that make and enter user namespaces, with others between them.
    Namespaces,
    /// Sequences of operations that ask for a permission.
    Operations,
    /// Sequences of changes of files, with others between them.
    Files,
}

impl Suite {
    const fn name(self) -> &'static str {
        match self {
            Self::Execve => "execve",
            Self::Calls => "calls",
            Self::Namespaces => "namespaces",
            Self::Operations => "operations",
            Self::Files => "files",
        }
    }

    fn scenario(self, bounds: Bounds) -> BoxedStrategy<Scenario> {
        match self {
            Self::Execve => execve_scenario(bounds).boxed(),
            Self::Calls => calls_scenario(bounds).boxed(),
            Self::Namespaces => namespaces_scenario(bounds).boxed(),
            Self::Operations => operations_scenario(bounds).boxed(),
            Self::Files => files_scenario(bounds).boxed(),
        }
    }
}

/// Arguments of every random suite.
#[derive(Debug, Args)]
pub(crate) struct RandomArguments {
    /// How many cases to draw.
    #[arg(long, default_value_t = 1000)]
    pub(crate) cases: u32,
    /// Where the drawing begins; the same seed draws the same cases.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Where the smallest difference goes.
    #[arg(long, default_value = "difference.json")]
    pub(crate) difference: PathBuf,
    #[command(flatten)]
    pub(crate) common: CommonArguments,
}

/// Draws random scenarios, performs them, and shrinks any difference to the smallest.
pub(crate) fn random(suite: Suite, arguments: &RandomArguments) -> Result<u8> {
    let machine = Machine::survey()?;
    say(&describe(&machine), &arguments.common);
    let seed = arguments.seed.unwrap_or_else(seed_of_the_moment);
    if let Some(reason) = machine.obstacle() {
        let mut tally = Tally { drawn: arguments.cases.into(), ..Tally::default() };
        tally.skipped.insert(reason, tally.drawn);
        tell(suite, &tally, seed, &machine, arguments)?;
        return Ok(exit_code(&tally, &arguments.common));
    }
    let difference_file = absolute(&arguments.difference)?;
    let evidence_file = arguments.common.evidence.as_deref().map(absolute).transpose()?;
    on_stage(|stage| {
        let mut run = Run::new(stage, &machine, arguments.cases);
        let smallest = run.perform(suite, arguments.cases, seed)?;
        let Run { tally, evidence, progress, .. } = run;
        progress.finish_and_clear();
        tell(suite, &tally, seed, &machine, arguments)?;
        if let Some((scenario, differences)) = smallest {
            let text = serde_json::to_string_pretty(&scenario)? + "\n";
            fs::write(&difference_file, text)
                .with_context(|| format!("cannot write {}", difference_file.display()))?;
            let told =
                format!("The smallest difference is in {}:\n{}", difference_file.display(), show(&differences));
            say(&told, &arguments.common);
            return Ok(exit_code(&tally, &arguments.common));
        }
        keep_evidence(evidence, evidence_file.as_deref())?;
        Ok(exit_code(&tally, &arguments.common))
    })
}

/// What came of all cases.
#[derive(Serialize)]
struct Summary<'a> {
    suite: &'static str,
    kernel: &'a str,
    seed: u64,
    #[serde(flatten)]
    tally: &'a Tally,
}

fn tell(suite: Suite, tally: &Tally, seed: u64, machine: &Machine, arguments: &RandomArguments) -> Result<()> {
    if arguments.common.json {
        let summary = Summary { suite: suite.name(), kernel: &machine.uname, seed, tally };
        println!("{}", serde_json::to_string(&summary)?);
    } else {
        println!("{}, seed {seed}: {tally}\n{}", suite.name(), tally.coverage());
    }
    Ok(())
}

fn seed_of_the_moment() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::from(now.subsec_nanos()) ^ now.as_secs()
}

/// A run of random cases.
struct Run<'a> {
    stage: &'a mut Stage,
    machine: &'a Machine,
    tally: Tally,
    evidence: Evidence,
    progress: ProgressBar,
}

impl<'a> Run<'a> {
    fn new(stage: &'a mut Stage, machine: &'a Machine, cases: u32) -> Self {
        let progress = if std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} cases, {per_sec}, {eta} left");
            ProgressBar::new(cases.into()).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        } else {
            ProgressBar::hidden()
        };
        Self { stage, machine, tally: Tally::default(), evidence: Evidence::new(machine), progress }
    }

    /// Runs the cases; the smallest one that differs, if any does.
    fn perform(&mut self, what: Suite, cases: u32, seed: u64) -> Result<Option<(Scenario, Vec<Difference>)>> {
        let machine = self.machine;
        let bounds = Bounds {
            in_init: machine.capabilities,
            in_namespace: machine.known,
            release: machine.release,
            facilities: machine.facilities,
            own_machine: machine.own,
        };
        let config = Config {
            cases,
            failure_persistence: None,
            max_shrink_iters: SHRINKING,
            max_shrink_time: u32::try_from(Duration::from_mins(1).as_millis()).unwrap_or(u32::MAX),
            ..Config::default()
        };
        let mut words = [0; 32];
        for (byte, seed) in words.iter_mut().zip(seed.to_le_bytes().into_iter().cycle()) {
            *byte = seed;
        }
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &words);
        let mut runner = TestRunner::new_with_rng(config, random);
        let suite = RefCell::new(self);
        let failure = runner.run(&what.scenario(bounds), |scenario| suite.borrow_mut().case(&scenario));
        let suite = suite.into_inner();
        match failure {
            Ok(()) => Ok(None),
            Err(TestError::Fail(_, scenario)) => {
                let differences = suite.differences(&scenario).unwrap_or_default();
                Ok(Some((scenario, differences)))
            }
            Err(TestError::Abort(reason)) => anyhow::bail!("the cases could not be drawn: {reason}"),
        }
    }

    fn case(&mut self, scenario: &Scenario) -> Result<(), TestCaseError> {
        let shrinking = self.tally.differed > 0;
        if shrinking {
            let differs = self.differences(scenario).is_ok_and(|differences| !differences.is_empty());
            return if differs { Err(TestCaseError::fail("it differs")) } else { Ok(()) };
        }
        self.tally.drawn += 1;
        self.progress.inc(1);
        let loaded = match load(scenario, self.machine) {
            Ok(loaded) => loaded,
            Err(skip) => {
                self.tally.skip(&skip);
                return Ok(());
            }
        };
        match verify(self.stage, self.machine, &loaded) {
            Err(skip) => self.tally.skip(&skip),
            Ok(comparison) if comparison.differences.is_empty() => {
                self.tally.agree(&loaded, &comparison.calls);
                self.evidence.confirm(&comparison.rules);
            }
            Ok(_) => {
                self.tally.differed += 1;
                return Err(TestCaseError::fail("it differs"));
            }
        }
        Ok(())
    }

    fn differences(&mut self, scenario: &Scenario) -> Result<Vec<Difference>, Skip> {
        let loaded = load(scenario, self.machine)?;
        verify(self.stage, self.machine, &loaded).map(|comparison| comparison.differences)
    }
}
