use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;

use super::child::Stand;
use super::compare::{Comparison, Unfiltered, compare, shrink};
use super::draw::{asks_uretprobe, case};
use super::steps::{Case, Company, Entry, Privilege, Step};
use crate::command::{CommonArguments, Results, absolute, describe, exit_code, say, survey};
use crate::evidence::Evidence;
use crate::machine::Machine;
use crate::report::{Answers, Tally};
use crate::sandbox;
use crate::shard::Shard;
use crate::stop::Stop;

/// Arguments of `seccomp`.
#[derive(Debug, Args)]
pub(crate) struct SeccompArguments {
    /// How many cases to draw: a stack of filters each, and a dozen or more calls.
    #[arg(long, default_value_t = 10_000)]
    cases: u64,
    /// Where the drawing begins; the same seed draws the same cases, whichever shard performs them.
    #[arg(long)]
    seed: Option<u64>,
    /// Where the smallest difference goes.
    #[arg(long, default_value = "difference.json")]
    difference: PathBuf,
    #[command(flatten)]
    common: CommonArguments,
}

/// The steps of all cases.
#[derive(Debug, Default, Serialize)]
struct Steps {
    filters_drawn: u64,
    installations_agreed: u64,
    installations_refused: u64,
    calls_drawn: u64,
    /// Each is an evaluation by the kernel: of one filter or of a stack.
    calls_agreed: u64,
    ran: u64,
    returned: u64,
    trapped: u64,
    died: u64,
    /// Steps that are not performed, for the child would wait for a listener for ever.
    waiting: u64,
    children: u64,
    int80: bool,
    /// Whether numbers of the x32 table are calls here; filters are shown them in any case.
    x32: bool,
}

/// What came of all cases.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    suite: &'static str,
    kernel: &'a str,
    seed: u64,
    shard: Shard,
    #[serde(flatten)]
    tally: &'a Tally,
    steps: &'a Steps,
}

/// Why everything is skipped without privilege.
const ALONE: &str = "children must install filters with CAP_SYS_ADMIN too, which needs root";

/// Draws filters and calls, performs them in children, and compares every outcome.
pub(crate) fn random(arguments: &SeccompArguments) -> Result<u8> {
    let common = &arguments.common;
    let machine = survey(common)?;
    say(&describe(&machine), common);
    let seed = arguments.seed.unwrap_or_else(seed_of_the_moment);
    let results = Results::of(common)?;
    let alone = machine.alone.as_ref().map(|_| ALONE.to_owned());
    if let Some(reason) = machine.obstacle().or(alone) {
        let tally = Tally::skipped_all(common.shard.of(arguments.cases), reason);
        tell(&tally, &Steps::default(), seed, &machine, common)?;
        let mut junit = results.junit("seccomp", &machine);
        junit.sum(&tally);
        junit.write()?;
        return Ok(exit_code(&tally, common));
    }
    let difference = absolute(&arguments.difference)?;
    // The results are written before the worker ends, for its memory ends with it.
    let stop = Stop::listen()?;
    let code = sandbox::inside(&stop, None, |_, _| {
        let run = Run { arguments, machine: &machine, seed, stop: &stop, difference };
        match run.work(&results) {
            Ok(code) => code.into(),
            Err(error) => {
                eprintln!("native-verify: {error:#}");
                2
            }
        }
    })?;
    Ok(u8::try_from(code).unwrap_or(2))
}

/// What is run.
struct Run<'a> {
    arguments: &'a SeccompArguments,
    machine: &'a Machine,
    seed: u64,
    stop: &'a Stop,
    difference: PathBuf,
}

impl Run<'_> {
    fn work(self, results: &Results) -> Result<u8> {
        let Self { arguments, machine, seed, stop, ref difference } = self;
        let common = &arguments.common;
        let mut stand = Stand::new().context("cannot share memory")?;
        let (int80, x32) = (has_int80(&mut stand)?, has_x32(&mut stand)?);
        if !asks_uretprobe(machine.release) {
            say("Skipped: uretprobe, for it is not known when this series of kernels began to exempt it.", common);
        }
        if !int80 {
            say("Skipped: calls by int 0x80, which this kernel does not take.", common);
        }
        let (start, mut said) = (Instant::now(), Instant::now());
        let (mut tally, mut steps) =
            (Tally::asked(common.shard.of(arguments.cases)), Steps { int80, x32, ..Steps::default() });
        let (mut evidence, mut unfiltered) = (Evidence::new(machine), Unfiltered::default());
        let mut junit = results.junit("seccomp", machine);
        for number in (0..arguments.cases).filter(|number| common.shard.has(*number)) {
            if stop.is_asked() {
                tally.stopped = true;
                break;
            }
            let drawn = case(seed, number, machine.release, int80);
            tally.drawn += 1;
            let comparison = compare(&mut stand, &mut unfiltered, machine, &drawn)
                .with_context(|| format!("seed {seed}, case {number}:\n{drawn}"))?;
            steps.add(&drawn, &comparison);
            if comparison.difference.is_none() {
                tally.agreed += 1;
                for rules in &comparison.rules {
                    evidence.confirm(&rules.iter().copied().collect::<Vec<_>>());
                }
            } else {
                tally.differed += 1;
                let (text, says) = smallest(&mut stand, &mut unfiltered, machine, &drawn)?;
                let lines: Vec<_> = text.lines().collect();
                let written = serde_json::to_string_pretty(&serde_json::json!({ "seccomp": lines }))?;
                fs::write(difference, written + "\n")
                    .with_context(|| format!("cannot write {}", difference.display()))?;
                say(&format!("The smallest difference is in {}:\n{text}", difference.display()), common);
                junit.differed(&format!("seed {seed}, case {number}"), &says, &text);
                break;
            }
            if said.elapsed() > Duration::from_secs(30) {
                said = Instant::now();
                eprintln!("{} cases, {} calls after {:.0?}", tally.drawn, steps.calls_agreed, start.elapsed());
            }
        }
        let refused = steps.installations_refused;
        let answers = Answers { granted: steps.installations_agreed - refused, refused };
        tally.calls.insert("seccomp", answers);
        tell(&tally, &steps, seed, machine, common)?;
        junit.sum(&tally);
        junit.write()?;
        if tally.differed == 0 {
            results.keep(evidence)?;
        }
        let denied = common.deny_skips && !int80;
        Ok(exit_code(&tally, common).max(denied.into()))
    }
}

fn tell(tally: &Tally, steps: &Steps, seed: u64, machine: &Machine, common: &CommonArguments) -> Result<()> {
    let (suite, kernel, shard) = ("seccomp", &machine.uname, common.shard);
    if common.json {
        println!("{}", serde_json::to_string(&Summary { suite, kernel, seed, shard, tally, steps })?);
    } else {
        println!("{suite}, seed {seed}{}: {tally}\n{steps}", shard.title());
    }
    Ok(())
}

/// The first of so many cases that kernel and model answer differently: how many it took, how it differs, and its text.
pub(crate) fn find(machine: &Machine, cases: u64, seed: u64, stop: &Stop) -> Result<Option<(u64, String, String)>> {
    let mut stand = Stand::new().context("cannot share memory")?;
    let int80 = has_int80(&mut stand)?;
    let mut unfiltered = Unfiltered::default();
    for number in (0..cases).take_while(|_| !stop.is_asked()) {
        let drawn = case(seed, number, machine.release, int80);
        if compare(&mut stand, &mut unfiltered, machine, &drawn)?.difference.is_some() {
            let (text, says) = smallest(&mut stand, &mut unfiltered, machine, &drawn)?;
            return Ok(Some((number + 1, says, text)));
        }
    }
    Ok(None)
}

/// The smallest case that still differs, with its difference, and that alone.
fn smallest(
    stand: &mut Stand,
    unfiltered: &mut Unfiltered,
    machine: &Machine,
    drawn: &Case,
) -> Result<(String, String)> {
    let smallest = shrink(stand, unfiltered, machine, drawn)?;
    let again = compare(stand, unfiltered, machine, &smallest)?.difference;
    let says = again.map_or("it came out alike when it was repeated".to_owned(), |found| found.to_string());
    Ok((format!("{smallest}{says}\n"), says))
}

/// Whether the kernel takes `int 0x80`.
fn has_int80(stand: &mut Stand) -> Result<bool> {
    tells_its_parent(stand, Entry::Int80, 64)
}

/// Whether the kernel has x32.
fn has_x32(stand: &mut Stand) -> Result<bool> {
    tells_its_parent(stand, Entry::Syscall, 0x4000_0000 | 0x6e)
}

/// Whether getppid works, by this number.
fn tells_its_parent(stand: &mut Stand, entry: Entry, number: u64) -> Result<bool> {
    let step = Step::Call { entry, registers: [number, 0, 0, 0, 0, 0, 0] };
    stand.write(&[step]).context("one step fits")?;
    let seen = stand.perform(Privilege::Root, Company::Nobody).context("cannot start a child")?.seen;
    Ok(matches!(seen.first(), Some(super::steps::Seen::Returned(parent)) if *parent > 0))
}

fn seed_of_the_moment() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.as_secs() ^ u64::from(now.subsec_nanos()) << 32
}

impl Steps {
    fn add(&mut self, case: &Case, comparison: &Comparison) {
        let [ran, returned, trapped, died] = comparison.calls;
        let installations = case.steps.iter().filter(|step| matches!(step, Step::Seccomp { .. })).count() as u64;
        self.filters_drawn += installations;
        self.calls_drawn += case.steps.len() as u64 - installations;
        self.installations_agreed += comparison.installations;
        self.installations_refused += comparison.refused;
        self.calls_agreed += ran + returned + trapped + died;
        self.ran += ran;
        self.returned += returned;
        self.trapped += trapped;
        self.died += died;
        self.waiting += comparison.waiting;
        self.children += comparison.children;
    }
}

impl std::fmt::Display for Steps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "  {} filters drawn: {} installations performed and agree, {} of them refused",
            self.filters_drawn, self.installations_agreed, self.installations_refused
        )?;
        writeln!(
            f,
            "  {} calls drawn, {} performed and agree: {} ran, {} returned, {} trapped, {} died",
            self.calls_drawn, self.calls_agreed, self.ran, self.returned, self.trapped, self.died
        )?;
        let has = |has: bool| if has { "has" } else { "lacks" };
        writeln!(
            f,
            "  {} children; the kernel {} int 0x80 and {} x32",
            self.children,
            has(self.int80),
            has(self.x32)
        )?;
        write!(f, "  {} steps not performed: the child would wait for a listener for ever", self.waiting)
    }
}
