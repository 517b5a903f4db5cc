use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;

use super::child::Stand;
use super::compare::{Comparison, Unfiltered, compare, shrink};
use super::draw::{Random, asks_uretprobe, case};
use super::steps::{Case, Entry, Privilege, Step};
use crate::command::{CommonArguments, STOPPED, describe, keep_evidence, say};
use crate::evidence::Evidence;
use crate::machine::Machine;
use crate::sandbox;
use crate::stop::Stop;

/// Arguments of `seccomp`.
#[derive(Debug, Args)]
pub(crate) struct SeccompArguments {
    /// How many filters to draw at least.
    #[arg(long, alias = "cases", default_value_t = 10_000)]
    filters: u64,
    /// Where the drawing begins; the same seed draws the same cases.
    #[arg(long)]
    seed: Option<u64>,
    /// Where the smallest difference goes.
    #[arg(long, default_value = "difference.json")]
    difference: PathBuf,
    #[command(flatten)]
    common: CommonArguments,
}

/// What was done.
#[derive(Debug, Default, Serialize)]
struct Tally {
    seed: u64,
    filters_drawn: u64,
    installations_agreed: u64,
    installations_refused: u64,
    calls_drawn: u64,
    calls_agreed: u64,
    ran: u64,
    returned: u64,
    trapped: u64,
    died: u64,
    waiting: u64,
    differed: u64,
    children: u64,
    int80: bool,
}

/// Why a step is skipped.
const WAITING: &str = "the child would wait for a listener for ever";

/// A line for programs.
#[derive(Debug, Serialize)]
struct Line<'a> {
    suite: &'a str,
    drawn: u64,
    agreed: u64,
    skipped: BTreeMap<&'a str, u64>,
    #[serde(flatten)]
    tally: &'a Tally,
}

/// Draws filters and calls, performs them in children, and compares every outcome.
pub(crate) fn random(arguments: &SeccompArguments) -> Result<u8> {
    let machine = Machine::survey()?;
    say(&describe(&machine), &arguments.common);
    let alone = machine
        .alone
        .as_ref()
        .map(|_| "children must install filters with CAP_SYS_ADMIN too, which needs root".to_owned());
    if let Some(reason) = machine.obstacle().or(alone) {
        say(&format!("Skipped: {reason}."), &arguments.common);
        return Ok(u8::from(arguments.common.deny_skips));
    }
    let seed = arguments.seed.unwrap_or_else(seed_of_the_moment);
    // The results are written before the worker ends, for its memory ends with it.
    let stop = Stop::listen()?;
    let code = sandbox::inside(&stop, None, |_, _| match work(arguments, &machine, seed, &stop) {
        Ok(code) => code.into(),
        Err(error) => {
            eprintln!("native-verify: {error:#}");
            2
        }
    })?;
    Ok(u8::try_from(code).unwrap_or(2))
}

fn work(arguments: &SeccompArguments, machine: &Machine, seed: u64, stop: &Stop) -> Result<u8> {
    let mut stand = Stand::new().context("cannot share memory")?;
    let int80 = has_int80(&mut stand)?;
    if !asks_uretprobe(machine.release) {
        say("Skipped: uretprobe, whose exemption stable kernels before 6.14 may have or not.", &arguments.common);
    }
    let (mut random, start, mut said) = (Random(seed), Instant::now(), Instant::now());
    let mut tally = Tally { seed, int80, ..Tally::default() };
    let mut evidence = Evidence::new(machine);
    let mut unfiltered = Unfiltered::default();
    while tally.filters_drawn < arguments.filters && !stop.is_asked() {
        let drawn = case(&mut random, machine.release, int80);
        let installations = drawn.steps.iter().filter(|step| matches!(step, Step::Seccomp { .. })).count() as u64;
        tally.filters_drawn += installations;
        tally.calls_drawn += drawn.steps.len() as u64 - installations;
        let comparison = compare(&mut stand, &mut unfiltered, machine, &drawn)
            .with_context(|| format!("seed {seed}:\n{drawn}"))?;
        tally.add(&comparison);
        for rules in &comparison.rules {
            evidence.confirm(&rules.iter().copied().collect::<Vec<_>>());
        }
        if comparison.difference.is_some() {
            let smallest = shrink(&mut stand, &mut unfiltered, machine, &drawn)?;
            let again = compare(&mut stand, &mut unfiltered, machine, &smallest)?.difference;
            let says = again.map_or("it came out alike when it was repeated".to_owned(), |found| found.to_string());
            let text = format!("{smallest}{says}\n");
            let lines: Vec<_> = text.lines().collect();
            let written = serde_json::to_string_pretty(&serde_json::json!({ "seccomp": lines }))?;
            fs::write(&arguments.difference, written + "\n").context("cannot write the difference")?;
            say(
                &format!("Kernel and model differ, smallest in {}:\n{text}", arguments.difference.display()),
                &arguments.common,
            );
            break;
        }
        if said.elapsed() > Duration::from_secs(30) {
            said = Instant::now();
            eprintln!("{} filters, {} calls after {:.0?}", tally.filters_drawn, tally.calls_agreed, start.elapsed());
        }
    }
    if arguments.common.json {
        let drawn = tally.filters_drawn + tally.calls_drawn;
        let agreed = tally.installations_agreed + tally.calls_agreed;
        let skipped = BTreeMap::from([(WAITING, tally.waiting)]);
        println!("{}", serde_json::json!(Line { suite: "seccomp", drawn, agreed, skipped, tally: &tally }));
    } else {
        println!("{tally}\n  in {:.1?}", start.elapsed());
    }
    keep_evidence(evidence, arguments.common.evidence.as_deref())?;
    let failed = tally.differed > 0 || arguments.common.deny_skips && !int80;
    Ok(if stop.is_asked() && !failed { STOPPED } else { failed.into() })
}

/// Whether the kernel takes `int 0x80`.
fn has_int80(stand: &mut Stand) -> Result<bool> {
    let registers = [64, 0, 0, 0, 0, 0, 0];
    let case = Case { privilege: Privilege::Root, steps: vec![Step::Call { entry: Entry::Int80, registers }] };
    stand.write(&case.steps).context("one step fits")?;
    let seen = stand.perform(case.privilege).context("cannot start a child")?.seen;
    Ok(matches!(seen.first(), Some(super::steps::Seen::Returned(parent)) if *parent > 0))
}

fn seed_of_the_moment() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.as_secs() ^ u64::from(now.subsec_nanos()) << 32
}

impl Tally {
    fn add(&mut self, comparison: &Comparison) {
        let [ran, returned, trapped, died] = comparison.calls;
        self.installations_agreed += comparison.installations;
        self.installations_refused += comparison.refused;
        self.calls_agreed += ran + returned + trapped + died;
        self.ran += ran;
        self.returned += returned;
        self.trapped += trapped;
        self.died += died;
        self.waiting += comparison.waiting;
        self.children += comparison.children;
        self.differed += u64::from(comparison.difference.is_some());
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "seed {}", self.seed)?;
        writeln!(
            f,
            "{} filters drawn: {} installations agree, {} of them refused",
            self.filters_drawn, self.installations_agreed, self.installations_refused
        )?;
        writeln!(
            f,
            "{} calls drawn, {} performed and agree: {} ran, {} returned, {} trapped, {} died; {} steps differ",
            self.calls_drawn, self.calls_agreed, self.ran, self.returned, self.trapped, self.died, self.differed
        )?;
        writeln!(f, "  {} children", self.children)?;
        write!(f, "  skipped {}: {WAITING}", self.waiting)?;
        if self.int80 { Ok(()) } else { write!(f, "\n  skipped: this kernel does not take int 0x80") }
    }
}
