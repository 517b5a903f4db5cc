use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;
use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use serde::Serialize;
use sim_core::scenario::Scenario;

use super::random::{Suite, runner};
use super::{AGREE, load, on_stage, verify};
use crate::generate::Homes;
use crate::machine::Machine;
use crate::perform::perform_bare;
use crate::report::Skip;
use crate::stage::Stage;
use crate::stop::Stop;
use crate::table::Combination;

/// Arguments of `bench`.
#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// How many times everything is measured, in turn.
    #[arg(long, default_value_t = 300)]
    rounds: u32,
    /// How many milliseconds a turn takes at least; the median turn counts.
    #[arg(long, default_value_t = 3)]
    turn: u64,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// A rate, measured in turn with the others.
#[derive(Debug, Serialize)]
struct Rate {
    what: &'static str,
    cases: u64,
    per_second: f64,
    /// In parts of the bare rate.
    of_bare: f64,
}

/// What is measured.
struct Measured<'a> {
    what: &'static str,
    perform: Box<Performer<'a>>,
    /// Cases a second, by turn.
    rates: Vec<f64>,
    /// How many cases there were.
    cases: u64,
}

/// Performs the case of a number.
type Performer<'a> = dyn FnMut(&mut Stage, u64) -> Result<()> + 'a;

impl<'a> Measured<'a> {
    fn new(what: &'static str, perform: impl FnMut(&mut Stage, u64) -> Result<()> + 'a) -> Self {
        Self { what, perform: Box::new(perform), rates: Vec::new(), cases: 0 }
    }

    /// Performs cases for a while.
    fn take_turn(&mut self, stage: &mut Stage, least: Duration) -> Result<()> {
        let (start, mut cases) = (Instant::now(), 0u32);
        while start.elapsed() < least {
            (self.perform)(stage, self.cases)?;
            self.cases += 1;
            cases += 1;
        }
        self.rates.push(f64::from(cases) / start.elapsed().as_secs_f64());
        Ok(())
    }

    fn median(&mut self) -> f64 {
        self.rates.sort_unstable_by(f64::total_cmp);
        self.rates.get(self.rates.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// Measures how many cases a second are drawn, built, performed and compared, beside how often a second the kernel
/// starts the probe and sees it end.
pub(crate) fn bench(arguments: &BenchArguments) -> Result<u8> {
    let machine = Machine::survey()?;
    if let Some(reason) = machine.obstacle() {
        bail!("nothing can be measured: {reason}");
    }
    let stop = Stop::listen()?;
    on_stage(&stop, &machine, |stage| {
        let rates = measure(stage, &machine, &stop, arguments)?;
        if arguments.json {
            println!("{}", serde_json::to_string(&rates)?);
            return Ok(AGREE);
        }
        println!("{:<36} {:>10} {:>8}", "", "per second", "of bare");
        for Rate { what, per_second, of_bare, .. } in rates {
            println!("{what:<36} {per_second:>10.0} {of_bare:>8.2}");
        }
        Ok(AGREE)
    })
}

fn measure(stage: &mut Stage, machine: &Machine, stop: &Stop, arguments: &BenchArguments) -> Result<Vec<Rate>> {
    let program = stage.bare_program()?;
    let mut all = vec![Measured::new("bare vfork, exec and wait", move |stage, _| bare(stage, &program))];
    if machine.alone.is_none() {
        let init = Suite::Execve.at(machine, Homes::Init);
        all.push(Measured::new("execve, in the init namespace", move |stage, case| {
            random(stage, machine, &init, case)
        }));
    }
    for suite in Suite::ALL {
        let strategy = suite.on(machine);
        all.push(Measured::new(suite.name(), move |stage, case| random(stage, machine, &strategy, case)));
    }
    let strategy = Suite::Execve.on(machine);
    all.push(Measured::new("execve, drawing alone", move |_, case| draw(&strategy, case).map(drop)));
    let strategy = Suite::Execve.on(machine);
    all.push(Measured::new("execve, drawing and loading", move |_, case| {
        load(&draw(&strategy, case)?, machine).map(drop).map_err(|skip| anyhow::anyhow!(skip.0))
    }));
    all.push(Measured::new("table", table(machine)));
    for _ in 0..arguments.rounds {
        for measured in &mut all {
            measured.take_turn(stage, Duration::from_millis(arguments.turn))?;
        }
        if stop.is_asked() {
            break;
        }
    }
    let mut bare = f64::NAN;
    let rates = all.iter_mut().map(|measured| {
        let per_second = measured.median();
        if bare.is_nan() {
            bare = per_second;
        }
        Rate { what: measured.what, cases: measured.cases, per_second, of_bare: per_second / bare }
    });
    Ok(rates.collect())
}

/// Starts the probe, which finds nothing to do, and waits for its end.
fn bare(stage: &mut Stage, program: &Path) -> Result<()> {
    perform_bare(stage, program).map_err(|Skip(reason)| anyhow::anyhow!(reason))
}

fn random(stage: &mut Stage, machine: &Machine, strategy: &BoxedStrategy<Scenario>, case: u64) -> Result<()> {
    perform(stage, machine, &draw(strategy, case)?)
}

fn draw(strategy: &BoxedStrategy<Scenario>, case: u64) -> Result<Scenario> {
    let drawn = strategy.new_tree(&mut runner(1, case)).map_err(|reason| anyhow::anyhow!("{reason}"))?;
    Ok(drawn.current())
}

fn table(machine: &Machine) -> impl FnMut(&mut Stage, u64) -> Result<()> {
    let execs: Vec<Scenario> = (Combination::all().iter())
        .flat_map(|combination| combination.scenarios(machine.capabilities))
        .map(|(scenario, _)| scenario)
        // What one id cannot show costs nothing.
        .filter(|scenario| match &machine.alone {
            Some(alone) => load(scenario, machine).is_ok_and(|loaded| alone.move_in(&loaded).is_ok()),
            None => true,
        })
        .collect();
    let mut next = execs.into_iter().cycle();
    move |stage, _| next.next().map_or(Ok(()), |scenario| perform(stage, machine, &scenario))
}

fn perform(stage: &mut Stage, machine: &Machine, scenario: &Scenario) -> Result<()> {
    let loaded = load(scenario, machine).map_err(|skip| anyhow::anyhow!(skip.0))?;
    match verify(stage, machine, &loaded) {
        Ok(comparison) if comparison.differences.is_empty() => Ok(()),
        Ok(_) => bail!("kernel and model differ; run the suite"),
        Err(Skip(reason)) => bail!("a case cannot be measured: {reason}"),
    }
}
