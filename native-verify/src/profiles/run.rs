use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use sim_core::seccomp::profile::Engine;

use super::case::{Case, Meaning};
use super::compare::{Compared, calls, ours};
use super::deviation::{Deviation, deviation};
use super::draw;
use super::known::{self, Kind, Now};
use super::made::Library;
use super::shrink::shrink;
use crate::command::{CommonArguments, Results, absolute, describe, exit_code, say};
use crate::machine::Machine;
use crate::report::{Skip, Tally};
use crate::seccomp::Random;
use crate::shard::Shard;
use crate::stop::Stop;

/// Arguments of `profiles`.
#[derive(Debug, Args)]
pub(crate) struct ProfilesArguments {
    /// How many profiles to draw.
    #[arg(long, default_value_t = 1000)]
    cases: u64,
    /// Where the drawing begins; the same seed draws the same cases, whichever shard compiles them.
    #[arg(long)]
    seed: Option<u64>,
    /// Where the smallest profile goes that we compile to something else than it means.
    #[arg(long, default_value = "difference.json")]
    difference: PathBuf,
    #[command(flatten)]
    common: CommonArguments,
}

/// How many smaller cases are tried for each difference.
const ATTEMPTS: usize = 2000;

/// What became of libseccomp's filters.
#[derive(Debug, Default, Serialize)]
struct Theirs {
    /// Its release; none if this program was built without it.
    version: Option<String>,
    /// The profiles that it was given.
    compared: u64,
    /// Of them, those that it refuses as it is expected to.
    refused: u64,
    differing: u64,
    /// The differing ones that are of a known kind.
    known: BTreeMap<Kind, u64>,
    /// The smallest cases of the others, and how they differ.
    new: Vec<New>,
}

/// A difference of no known kind.
#[derive(Debug, Serialize)]
struct New {
    case: Case,
    how: String,
}

/// What came of all cases.
#[derive(Serialize)]
struct Summary<'a> {
    suite: &'static str,
    kernel: &'a str,
    seed: u64,
    shard: Shard,
    #[serde(flatten)]
    tally: &'a Tally,
    evaluated: u64,
    libseccomp: &'a Theirs,
}

/// Draws profiles, compiles each, and holds the filters against what the profile means.
pub(crate) fn profiles(arguments: &ProfilesArguments) -> Result<u8> {
    let common = &arguments.common;
    let machine = Machine::survey()?;
    say(&describe(&machine), common);
    let library = Library::find();
    if library.is_none() {
        say("Skipped: libseccomp's filters, for this program was built without the feature libseccomp.", common);
    }
    let asked = common.shard.of(arguments.cases);
    let theirs = Theirs { version: library.map(|library| library.version.to_string()), ..Theirs::default() };
    let run = Run { arguments, library, stop: Stop::listen()?, tally: Tally::asked(asked), evaluated: 0, theirs };
    run.work(&machine)
}

/// What became of our filter.
enum Ours {
    /// It answers every call as the policy does.
    Alike,
    /// It does not.
    Wrong(String),
    /// There is none.
    NoFilter,
}

/// Why there is none.
const REFUSED: &str = "libseccomp refuses a rule, so that runc makes no filter of the profile";

/// A run.
struct Run<'a> {
    arguments: &'a ProfilesArguments,
    library: Option<Library>,
    stop: Stop,
    tally: Tally,
    /// Calls that our filters were evaluated for.
    evaluated: u64,
    theirs: Theirs,
}

impl Run<'_> {
    fn work(mut self, machine: &Machine) -> Result<u8> {
        let arguments = self.arguments;
        let common = &arguments.common;
        let seed = arguments.seed.unwrap_or_else(seed_of_the_moment);
        let difference = absolute(&arguments.difference)?;
        let mut junit = Results::of(common)?.junit("profiles", machine);
        self.replay(common)?;
        let (start, mut said) = (Instant::now(), Instant::now());
        for number in (0..arguments.cases).filter(|number| common.shard.has(*number)) {
            if self.stop.is_asked() {
                self.tally.stopped = true;
                break;
            }
            let mut random = Random::of(seed, number);
            let case = Case { profile: draw::profile(&mut random), tree: random.one_in(3) };
            self.tally.drawn += 1;
            let name = format!("seed {seed}, case {number}");
            match self.ours(&case, &mut random).with_context(|| name.clone())? {
                Ours::Alike => self.tally.agreed += 1,
                Ours::NoFilter => self.tally.skip(&Skip(REFUSED.to_owned())),
                Ours::Wrong(how) => {
                    self.tally.differed += 1;
                    let (smallest, how) = shrink(&case, how, ATTEMPTS, |case| match self.ours(case, &mut random) {
                        Ok(Ours::Wrong(how)) => Some(how),
                        _ => None,
                    });
                    let text = serde_json::to_string_pretty(&smallest)? + "\n";
                    fs::write(&difference, &text)
                        .with_context(|| format!("cannot write {}", difference.display()))?;
                    say(&format!("The smallest profile is in {}:\n{text}{how}", difference.display()), common);
                    junit.differed(&name, &how, &text);
                    break;
                }
            }
            if let Some(library) = self.library {
                self.theirs(&case, library, &mut random).with_context(|| name)?;
            }
            if said.elapsed() > Duration::from_secs(30) {
                said = Instant::now();
                eprintln!("{} profiles after {:.0?}: {}", self.tally.drawn, start.elapsed(), self.theirs);
            }
        }
        let Self { tally, evaluated, theirs, .. } = &self;
        if common.json {
            let (suite, kernel, shard) = ("profiles", &machine.uname, common.shard);
            println!(
                "{}",
                serde_json::to_string(&Summary {
                    suite,
                    kernel,
                    seed,
                    shard,
                    tally,
                    evaluated: *evaluated,
                    libseccomp: theirs
                })?
            );
        } else {
            println!(
                "profiles, seed {seed}{}: {tally}\n  of ours {} differ; {evaluated} calls evaluated beside the proofs\n{theirs}",
                common.shard.title(),
                tally.differed
            );
        }
        junit.sum(tally);
        junit.write()?;
        let failed = common.deny_skips && self.library.is_none();
        Ok(exit_code(tally, common).max(failed.into()))
    }

    /// Tries the known differences again.
    fn replay(&self, common: &CommonArguments) -> Result<()> {
        let (Some(library), Some(version)) = (self.library, &self.theirs.version) else { return Ok(()) };
        let mut counts: BTreeMap<(Kind, &str), u64> = BTreeMap::new();
        for known in known::all()? {
            let now = known.again(library)?;
            let word = match now {
                Now::StillSo => "still so",
                Now::Otherwise => "otherwise",
                Now::Mended => "mended",
            };
            *counts.entry((known.kind, word)).or_default() += 1;
            if now != Now::StillSo {
                say(&format!("{}: {}", known.case, known.tell(now, version)), common);
            }
        }
        for ((kind, word), count) in counts {
            say(&format!("Known, {word} on libseccomp {version}, {count} smallest: {kind}."), common);
        }
        Ok(())
    }

    /// Holds our filter against the policy.
    fn ours(&mut self, case: &Case, random: &mut Random) -> Result<Ours> {
        let libseccomp = self.library.map_or(Engine::NEWEST_LIBSECCOMP, |library| library.version);
        let Meaning::Policy(policy) = case.meaning(&case.read()?, libseccomp)? else { return Ok(Ours::NoFilter) };
        let calls = calls(&policy, random);
        self.evaluated += calls.len() as u64;
        Ok(match ours(&policy, &calls) {
            Compared::Alike => Ours::Alike,
            Compared::Differs(shown) => Ours::Wrong(shown.to_string()),
            Compared::Wrong(how) => Ours::Wrong(how),
        })
    }

    fn theirs(&mut self, case: &Case, library: Library, random: &mut Random) -> Result<()> {
        self.theirs.compared += 1;
        let Some(found) = deviation(case, library, Some(random))? else {
            let refused = matches!(case.meaning(&case.read()?, library.version)?, Meaning::Refused(_));
            self.theirs.refused += u64::from(refused);
            return Ok(());
        };
        self.theirs.differing += 1;
        // Each attempt with rules that are never finished would take its whole time.
        let attempts = if found == Deviation::Endless { 0 } else { ATTEMPTS };
        let what = found.what();
        let (smallest, found) = shrink(case, found, attempts, |case| {
            deviation(case, library, None).ok().flatten().filter(|found| found.what() == what)
        });
        if let Some(kind) = Kind::of(&smallest, &found, library.version) {
            *self.theirs.known.entry(kind).or_default() += 1;
        } else {
            let how = found.to_string();
            say(&format!("A new difference of libseccomp's: {smallest}\n  {how}"), &self.arguments.common);
            self.theirs.new.push(New { case: smallest, how });
        }
        Ok(())
    }
}

fn seed_of_the_moment() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.as_secs() ^ u64::from(now.subsec_nanos()) << 32
}

impl fmt::Display for Theirs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(version) = &self.version else { return f.write_str("  libseccomp's were not made") };
        let Self { compared, refused, differing, known, new, .. } = self;
        write!(f, "  libseccomp {version}: {compared} compared, {refused} refused as expected, {differing} differ")?;
        known.iter().try_for_each(|(kind, count)| write!(f, "\n    {count} known, {kind}"))?;
        write!(f, "\n    {} new", new.len())
    }
}
