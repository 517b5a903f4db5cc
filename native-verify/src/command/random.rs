use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use serde::Serialize;
use sim_core::scenario::Scenario;

use super::{CommonArguments, Results, absolute, describe, exit_code, load, on_stage, say, survey, verify};
use crate::compare::{Difference, show};
use crate::evidence::Evidence;
use crate::generate::{
    Bounds, Homes, calls_scenario, execve_scenario, files_scenario, namespaces_scenario, operations_scenario,
};
use crate::machine::Machine;
use crate::report::{Skip, Tally};
use crate::shard::Shard;
use crate::stage::Stage;
use crate::stop::Stop;

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
    /// Every one.
    pub(super) const ALL: [Self; 5] = [Self::Execve, Self::Calls, Self::Namespaces, Self::Files, Self::Operations];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Execve => "execve",
            Self::Calls => "calls",
            Self::Namespaces => "namespaces",
            Self::Operations => "operations",
            Self::Files => "files",
        }
    }

    /// The scenarios that can be performed on a machine.
    pub(super) fn on(self, machine: &Machine) -> BoxedStrategy<Scenario> {
        self.at(machine, if machine.alone.is_some() { Homes::Alone } else { Homes::All })
    }

    /// The scenarios of some places.
    pub(super) fn at(self, machine: &Machine, homes: Homes) -> BoxedStrategy<Scenario> {
        let bounds = Bounds {
            in_init: machine.capabilities,
            in_namespace: machine.known,
            release: machine.release,
            facilities: machine.facilities,
            own_machine: machine.own,
            homes,
        };
        let drawn = self.scenario(bounds);
        match machine.alone.clone() {
            Some(alone) => drawn.prop_map(move |scenario| alone.settle(scenario)).boxed(),
            None => drawn,
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
    /// Where the drawing begins; the same seed draws the same cases, whichever shard performs them.
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
    let common = &arguments.common;
    let machine = survey(common)?;
    say(&describe(&machine), common);
    let stop = Stop::listen()?;
    let seed = arguments.seed.unwrap_or_else(seed_of_the_moment);
    let asked = common.shard.of(arguments.cases.into());
    let results = Results::of(common)?;
    let mut junit = results.junit(suite.name(), &machine);
    if let Some(reason) = machine.obstacle() {
        let tally = Tally::skipped_all(asked, reason);
        tell(suite, &tally, seed, &machine, arguments)?;
        junit.sum(&tally);
        junit.write()?;
        return Ok(exit_code(&tally, common));
    }
    let difference_file = absolute(&arguments.difference)?;
    on_stage(&stop, &machine, |stage| {
        let mut run = Run::new(stage, &machine, &stop, asked);
        let cases = (0..arguments.cases.into()).filter(|case| common.shard.has(*case));
        let smallest = run.perform(suite, cases, seed)?;
        let Run { tally, evidence, progress, .. } = run;
        progress.finish_and_clear();
        tell(suite, &tally, seed, &machine, arguments)?;
        if let Some((scenario, differences)) = &smallest {
            let text = serde_json::to_string_pretty(scenario)? + "\n";
            fs::write(&difference_file, &text)
                .with_context(|| format!("cannot write {}", difference_file.display()))?;
            let differences = show(differences);
            say(&format!("The smallest difference is in {}:\n{differences}", difference_file.display()), common);
            junit.differed(&format!("seed {seed}, case {}", tally.drawn), &differences, &text);
        } else {
            results.keep(evidence)?;
        }
        junit.sum(&tally);
        junit.write()?;
        Ok(exit_code(&tally, common))
    })
}

/// What came of all cases.
#[derive(Serialize)]
struct Summary<'a> {
    suite: &'static str,
    kernel: &'a str,
    seed: u64,
    shard: Shard,
    /// Calls that cannot be granted on this machine, each with the reason.
    never_granted: BTreeMap<&'static str, &'static str>,
    #[serde(flatten)]
    tally: &'a Tally,
}

fn tell(suite: Suite, tally: &Tally, seed: u64, machine: &Machine, arguments: &RandomArguments) -> Result<()> {
    let shard = arguments.common.shard;
    if arguments.common.json {
        let (never_granted, kernel) = (machine.never_granted(), &machine.uname);
        let summary = Summary { suite: suite.name(), kernel, seed, shard, never_granted, tally };
        println!("{}", serde_json::to_string(&summary)?);
    } else {
        println!("{}, seed {seed}{}: {tally}\n{}", suite.name(), shard.title(), tally.coverage());
    }
    Ok(())
}

fn seed_of_the_moment() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::from(now.subsec_nanos()) ^ now.as_secs()
}

/// Draws the case of this number: the same for the same seed, whichever shard it is in.
pub(super) fn runner(seed: u64, case: u64) -> TestRunner {
    let config = Config {
        failure_persistence: None,
        max_shrink_iters: SHRINKING,
        max_shrink_time: u32::try_from(Duration::from_mins(1).as_millis()).unwrap_or(u32::MAX),
        ..Config::default()
    };
    let mut words = [0; 32];
    for (byte, word) in words.iter_mut().zip([seed, case].into_iter().flat_map(u64::to_le_bytes)) {
        *byte = word;
    }
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &words))
}

/// A run of random cases.
pub(super) struct Run<'a> {
    stage: &'a mut Stage,
    machine: &'a Machine,
    stop: &'a Stop,
    pub(super) tally: Tally,
    evidence: Evidence,
    pub(super) progress: ProgressBar,
}

/// The smallest scenario in which kernel and model differ.
pub(super) type Smallest = (Scenario, Vec<Difference>);

impl<'a> Run<'a> {
    pub(super) fn new(stage: &'a mut Stage, machine: &'a Machine, stop: &'a Stop, cases: u64) -> Self {
        let progress = if std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} cases, {per_sec}, {eta} left");
            ProgressBar::new(cases).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        } else {
            ProgressBar::hidden()
        };
        Self { stage, machine, stop, tally: Tally::asked(cases), evidence: Evidence::new(machine), progress }
    }

    /// Runs the cases of these numbers; the smallest one that differs, if any does.
    pub(super) fn perform(
        &mut self,
        what: Suite,
        cases: impl IntoIterator<Item = u64>,
        seed: u64,
    ) -> Result<Option<Smallest>> {
        let machine = self.machine;
        let strategy = what.on(machine);
        for case in cases {
            if self.stop.is_asked() {
                self.tally.stopped = true;
                break;
            }
            let mut runner = runner(seed, case);
            let drawn = strategy.new_tree(&mut runner);
            let drawn = drawn.map_err(|reason| anyhow::anyhow!("case {case} cannot be drawn: {reason}"))?;
            self.tally.drawn += 1;
            self.progress.inc(1);
            if let Some(differences) = self.case(&drawn.current()) {
                return Ok(Some(self.shrink(&mut runner, drawn, differences)));
            }
        }
        Ok(None)
    }

    /// Performs and counts a case; how it differs, if it does.
    fn case(&mut self, scenario: &Scenario) -> Option<Vec<Difference>> {
        let loaded = load(scenario, self.machine);
        match loaded.and_then(|loaded| Ok((verify(self.stage, self.machine, &loaded)?, loaded))) {
            Err(skip) => self.tally.skip(&skip),
            Ok((comparison, loaded)) if comparison.differences.is_empty() => {
                self.tally.agree(&loaded, &comparison.calls);
                self.evidence.confirm(&comparison.rules);
            }
            Ok((comparison, _)) => {
                self.tally.differed += 1;
                return Some(comparison.differences);
            }
        }
        None
    }

    /// The smallest case that still differs; the one drawn if it does so only once.
    fn shrink(
        &mut self,
        runner: &mut TestRunner,
        drawn: impl ValueTree<Value = Scenario>,
        differences: Vec<Difference>,
    ) -> Smallest {
        let first = drawn.current();
        let run = RefCell::new(self);
        let failure = runner.run_one(drawn, |scenario| {
            let mut run = run.borrow_mut();
            let differs = !run.stop.is_asked() && run.differences(&scenario).is_ok_and(|found| !found.is_empty());
            if differs { Err(TestCaseError::fail("it differs")) } else { Ok(()) }
        });
        match failure {
            Err(TestError::Fail(_, smallest)) => {
                let found = run.into_inner().differences(&smallest).unwrap_or_default();
                (smallest, found)
            }
            _ => (first, differences),
        }
    }

    fn differences(&mut self, scenario: &Scenario) -> Result<Vec<Difference>, Skip> {
        let loaded = load(scenario, self.machine)?;
        verify(self.stage, self.machine, &loaded).map(|comparison| comparison.differences)
    }
}

#[cfg(test)]
mod tests {
    use proptest::strategy::{Strategy, ValueTree};
    use sim_core::capability::CapSet;
    use sim_core::kernel::Release;

    use super::{Suite, runner};
    use crate::generate::{Bounds, Homes};
    use crate::machine::Facilities;

    #[test]
    fn a_case_depends_on_seed_and_number_only() {
        let all = Release::NEWEST.capabilities();
        let in_init = all - CapSet::from_bits(1);
        let bounds = Bounds {
            in_init,
            in_namespace: all,
            release: Release::NEWEST,
            facilities: Facilities { modules: true, ports: true },
            own_machine: false,
            homes: Homes::All,
        };
        let strategy = Suite::Calls.scenario(bounds);
        let draw = |seed, case| strategy.new_tree(&mut runner(seed, case)).unwrap().current();
        assert_eq!(draw(1, 7), draw(1, 7));
        assert_ne!(draw(1, 7), draw(1, 8));
        assert_ne!(draw(1, 7), draw(2, 7));
    }
}
