mod under_filters;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Serialize;
use sim_core::scenario::{Loaded, MAX_SIZE};
use walkdir::WalkDir;

use super::{
    AGREE, CommonArguments, FAILED, Results, absolute, describe, exit_code, load, on_stage, options, say, survey,
    verify,
};
use crate::compare::{Comparison, Difference, show};
use crate::evidence::Evidence;
use crate::junit::Junit;
use crate::machine::Machine;
use crate::report::{Skip, Tally};
use crate::stamps::Stamps;
use crate::stop::Stop;

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// Scenario files, or JSON Lines in .jsonl files; a folder stands for both below it.
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Performs them under filters instead: whole under one that allows; each step alone under ones that answer with the
    /// call's number and with its arguments, and under one that kills.
    #[arg(long)]
    pub(crate) under_filters: bool,
    /// Adds to this file, for each scenario that the kernel performs as the model and its expectations say, the kernel and
    /// the date.
    #[arg(long, value_name = "FILE", conflicts_with = "under_filters")]
    pub(crate) stamps: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) common: CommonArguments,
}

/// What came of one scenario.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    kernel: &'a str,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Whether it is performed as it is written, and every expectation holds.
    #[serde(skip)]
    as_expected: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Agrees {
        steps: usize,
    },
    Differs {
        differences: Vec<Difference>,
    },
    /// Kernel and model agree, but not with the scenario's expectations.
    Unexpected {
        unmet: usize,
    },
    Skipped {
        reason: String,
    },
}

/// Performs scenarios and compares every field after every step.
pub(crate) fn run(arguments: &RunArguments) -> Result<u8> {
    let machine = survey(&arguments.common)?;
    let suite = Suite::read(arguments, &machine)?;
    suite.say(&describe(&machine));
    if suite.senseless > 0 {
        let why = "a step makes no sense without those before it, or an argument is not known";
        suite.say(&format!("{} cases are left out: {why}.", suite.senseless));
    }
    if suite.refused_by_engines > 0 {
        let count = suite.refused_by_engines;
        suite.say(&format!("{count} scenarios are left out: an engine refuses there, and no kernel is asked."));
    }
    if suite.without_expectations > 0 {
        let count = suite.without_expectations;
        let why = "a capability is missing here that their engine would hand over";
        suite.say(&format!("{count} scenarios are compared without what they expect: {why}."));
    }
    if suite.other_settings > 0 {
        let count = suite.other_settings;
        suite.say(&format!(
            "{count} scenarios are left out: settings of a container's own network cannot be brought about."
        ));
    }
    let code = match machine.obstacle() {
        Some(reason) => suite.perform(&mut |_| Err(Skip(reason.clone()))),
        None => on_stage(&suite.stop, &machine, |stage| suite.perform(&mut |loaded| verify(stage, &machine, loaded))),
    }?;
    Ok(if suite.unreadable && code == AGREE { FAILED } else { code })
}

/// The scenarios to perform.
struct Suite<'a> {
    machine: &'a Machine,
    arguments: &'a RunArguments,
    scenarios: Vec<(PathBuf, Loaded)>,
    /// How many variants make no sense: steps without those before them, and arguments that are not known.
    senseless: usize,
    /// How many are performed without what they expect, for engines hand over all of another set here.
    without_expectations: usize,
    /// In how many the container's own network has settings that no step brings about.
    other_settings: usize,
    /// In how many scenarios an engine refuses, so that no kernel is asked.
    refused_by_engines: usize,
    unreadable: bool,
    results: Results,
    /// Where stamps are kept.
    stamps: Option<PathBuf>,
    stop: Stop,
}

/// Performs one scenario, or says why it cannot.
type Verifier<'a> = dyn FnMut(&Loaded) -> Result<Comparison, Skip> + 'a;

impl<'a> Suite<'a> {
    fn read(arguments: &'a RunArguments, machine: &'a Machine) -> Result<Self> {
        let (results, stop) = (Results::of(&arguments.common)?, Stop::listen()?);
        let stamps = arguments.stamps.as_deref().map(absolute).transpose()?;
        let mut suite = Self {
            machine,
            arguments,
            scenarios: Vec::new(),
            senseless: 0,
            refused_by_engines: 0,
            other_settings: 0,
            without_expectations: 0,
            unreadable: false,
            results,
            stamps,
            stop,
        };
        let texts = texts(&arguments.paths)?;
        for (_, (place, text)) in (0..).zip(texts).filter(|(index, _)| arguments.common.shard.has(*index)) {
            suite.add(place, &text);
        }
        Ok(suite)
    }

    fn add(&mut self, place: PathBuf, text: &[u8]) {
        match Loaded::read(text, &options(self.machine)) {
            Ok(loaded) if self.arguments.under_filters => {
                for (how, scenario) in under_filters::variants(&loaded.scenario) {
                    let place = PathBuf::from(format!("{}, {how}", place.display()));
                    match load(&scenario, self.machine) {
                        Ok(loaded) if under_filters::is_decided(&loaded) => self.scenarios.push((place, loaded)),
                        _ => self.senseless += 1,
                    }
                }
            }
            Ok(loaded) if loaded.scenario.runtime.is_some() => self.add_expanded(place, &loaded),
            Ok(loaded) => self.scenarios.push((place, loaded)),
            Err(error) => {
                eprintln!("{}: {error}", place.display());
                self.unreadable = true;
            }
        }
    }

    /// Adds what the kernel does of a scenario that begins with an engine: the calls of its runtime, then the steps.
    fn add_expanded(&mut self, place: PathBuf, loaded: &Loaded) {
        let (mut expanded, _) = loaded.scenario.expanded(&options(self.machine));
        if expanded.steps.is_empty() {
            self.refused_by_engines += 1;
            return;
        }
        let runtime = loaded.scenario.runtime.as_ref();
        let own = runtime.is_some_and(|runtime| runtime.user_namespace.is_some() && !runtime.host_network);
        if own && expanded.sysctl != loaded.scenario.sysctl {
            // A network namespace that a step makes has the kernel's own settings, and not the engine's.
            self.other_settings += 1;
            return;
        }
        if !self.machine.missing().is_empty() && !loaded.run().ok {
            // Engines hand over what there is; kernel and model are still compared.
            expanded.steps.iter_mut().for_each(|step| step.expect = None);
            self.without_expectations += 1;
        }
        match load(&expanded, self.machine) {
            Ok(loaded) => self.scenarios.push((place, loaded)),
            Err(Skip(reason)) => {
                eprintln!("{}: {reason}", place.display());
                self.unreadable = true;
            }
        }
    }

    fn say(&self, text: &str) {
        say(text, &self.arguments.common);
    }

    fn perform(&self, verifier: &mut Verifier<'_>) -> Result<u8> {
        let mut tally = Tally::asked(self.scenarios.len() as u64);
        let mut evidence = Evidence::new(self.machine);
        let mut junit = self.results.junit("run", self.machine);
        let mut stamps = Stamps::default();
        for (path, loaded) in &self.scenarios {
            if self.stop.is_asked() {
                tally.stopped = true;
                break;
            }
            tally.drawn += 1;
            let line = line(path, loaded, self.machine, verifier(loaded), &mut tally, &mut evidence);
            if matches!(line.outcome, Outcome::Agrees { .. }) && line.as_expected {
                stamps.stamp(path, &evidence.kernel, &evidence.date);
            }
            print(&line, self.arguments.common.json)?;
            report(&line, loaded, &mut junit)?;
        }
        self.say(&format!("Scenarios{}: {tally}", self.arguments.common.shard.title()));
        junit.left(&tally);
        junit.write()?;
        self.results.keep(evidence)?;
        if let Some(file) = &self.stamps {
            stamps.merge_into(file)?;
        }
        Ok(exit_code(&tally, &self.arguments.common))
    }
}

/// The scenarios of the files, each with its place: those of a `.jsonl` file line by line.
pub(super) fn texts(paths: &[PathBuf]) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut texts = Vec::new();
    for path in files(paths)? {
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            texts.extend(lines(&path)?);
        } else {
            let text = read(&path)?;
            texts.push((path, text));
        }
    }
    Ok(texts)
}

/// The files themselves, and the `.json` and `.jsonl` files below folders in order of name.
pub(super) fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        let before = files.len();
        for entry in WalkDir::new(path).follow_links(true).sort_by_file_name() {
            let entry = entry.with_context(|| format!("cannot read {}", path.display()))?;
            let extension = entry.path().extension();
            let named = entry.depth() == 0 || extension.is_some_and(|name| name == "json" || name == "jsonl");
            if !entry.file_type().is_dir() && named {
                files.push(entry.into_path());
            }
        }
        if files.len() == before {
            bail!("{}: there is no .json or .jsonl file below it", path.display());
        }
    }
    Ok(files)
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    // No more than shows that it is too large.
    let read = File::open(path).and_then(|file| file.take(MAX_SIZE as u64 + 1).read_to_end(&mut text));
    read.with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text)
}

/// The lines of a file, each with its place as `FILE:LINE`. Blank lines are passed over.
pub(super) fn lines(path: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let cannot_read = || format!("cannot read {}", path.display());
    let mut file = BufReader::new(File::open(path).with_context(cannot_read)?);
    let mut lines = Vec::new();
    for number in 1_u32.. {
        let mut line = Vec::new();
        let limit = MAX_SIZE as u64 + 2;
        if file.by_ref().take(limit).read_until(b'\n', &mut line).with_context(cannot_read)? == 0 {
            break;
        }
        if !line.ends_with(b"\n") && line.len() > MAX_SIZE {
            bail!("{}:{number}: a scenario has at most {MAX_SIZE} bytes; this line goes on", path.display());
        }
        if !line.trim_ascii().is_empty() {
            lines.push((PathBuf::from(format!("{}:{number}", path.display())), line));
        }
    }
    if lines.is_empty() {
        bail!("{}: there is no scenario in it", path.display());
    }
    Ok(lines)
}

fn line<'a>(
    path: &'a Path,
    loaded: &'a Loaded,
    machine: &'a Machine,
    result: Result<Comparison, Skip>,
    tally: &mut Tally,
    evidence: &mut Evidence,
) -> Line<'a> {
    let named = loaded.scenario.kernel.map(|kernel| kernel.0).filter(|named| *named != machine.release);
    let mut note = named.map(|named| format!("it names Linux {named} and was compared as {}", machine.modelled()));
    if let Ok(Comparison { moved: true, unmet, .. }) = &result {
        let moved = format!("performed with the one id of this user; {unmet} of its expectations do not hold there");
        note = Some(note.map_or(moved.clone(), |note| format!("{note}; {moved}")));
    }
    let as_expected = result.as_ref().is_ok_and(|comparison| comparison.unmet == 0 && !comparison.moved);
    let outcome = match result {
        Err(skip) => {
            tally.skip(&skip);
            Outcome::Skipped { reason: skip.0 }
        }
        Ok(comparison) if !comparison.differences.is_empty() => {
            tally.differed += 1;
            Outcome::Differs { differences: comparison.differences }
        }
        Ok(comparison) if comparison.unmet > 0 && named.is_none() && !comparison.moved => {
            tally.differed += 1;
            Outcome::Unexpected { unmet: comparison.unmet }
        }
        Ok(comparison) => {
            tally.agree(loaded, &comparison.calls);
            evidence.confirm(&comparison.rules);
            Outcome::Agrees { steps: loaded.scenario.steps.len() }
        }
    };
    Line { file: path, title: loaded.scenario.title.as_deref(), kernel: &machine.uname, outcome, note, as_expected }
}

fn print(line: &Line<'_>, json: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer(&mut out, line)?;
        writeln!(out)?;
        return Ok(());
    }
    let file = line.file.display();
    match &line.outcome {
        Outcome::Agrees { steps: 1 } => writeln!(out, "  agrees   {file} (1 step)")?,
        Outcome::Agrees { steps } => writeln!(out, "  agrees   {file} ({steps} steps)")?,
        Outcome::Differs { differences } => writeln!(out, "  DIFFERS  {file}\n{}", show(differences))?,
        Outcome::Unexpected { unmet } => {
            writeln!(
                out,
                "  DIFFERS  {file}\n    {unmet} of its expectations do not hold, in the kernel and in the model"
            )?;
        }
        Outcome::Skipped { reason } => writeln!(out, "  skipped  {file}: {reason}")?,
    }
    if let Some(note) = &line.note {
        writeln!(out, "           {note}")?;
    }
    Ok(())
}

/// The scenario as a test case.
fn report(line: &Line<'_>, loaded: &Loaded, junit: &mut Junit) -> Result<()> {
    let name = line.file.to_string_lossy();
    match &line.outcome {
        Outcome::Agrees { .. } => junit.agreed(&name),
        Outcome::Differs { differences } => {
            junit.differed(&name, &show(differences), &serde_json::to_string_pretty(&loaded.scenario)?);
        }
        Outcome::Unexpected { unmet } => {
            let how = format!("{unmet} of its expectations do not hold, in the kernel and in the model");
            junit.differed(&name, &how, &serde_json::to_string_pretty(&loaded.scenario)?);
        }
        Outcome::Skipped { reason } => junit.skipped(&name, reason),
    }
    Ok(())
}
