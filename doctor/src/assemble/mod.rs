//! From facts to scenarios: one for each container or process, with what had to be assumed.

mod container;
mod files;
mod process;
mod program;
mod steps;

use std::collections::BTreeMap;

use formats::Failure;
use sim_core::scenario::{FileEntry, Loaded, ReleaseText, Scenario, World, WorldProblem};

use crate::Options;
use crate::facts::{Asked, Facts};
use container::of_container;
use process::{needs_root, of_nobody, of_process};

/// A scenario that is to be played, and what was assumed for it.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// What it is about, as `container "web"`.
    pub(crate) title: String,
    /// The line of the text that it comes from.
    pub(crate) line: Option<usize>,
    /// The scenario.
    pub(crate) scenario: Scenario,
    /// The step that a message says failed, and the message.
    pub(crate) failed: Option<(usize, Failure)>,
    /// Whether it is about a process that was looked at.
    pub(crate) of_process: bool,
    /// What was assumed.
    pub(crate) assumed: Vec<String>,
    /// Files as commands left them, before anything is started.
    pub(crate) changed: BTreeMap<String, FileEntry>,
    /// What was done to files before, where one lost its capabilities by it: in words, and the rules.
    pub(crate) before: Vec<(String, Vec<&'static str>)>,
}

/// A scenario for each container or process, at most `most`, and how many more there are.
pub(crate) fn drafts(facts: &Facts, options: &Options, most: usize) -> (Vec<Draft>, usize) {
    let mut drafts: Vec<Draft> = facts.scenarios.iter().filter_map(|text| of_scenario(text)).take(most).collect();
    let started = started(facts);
    let mut all = facts.scenarios.len() + started.len();
    let left = most.saturating_sub(drafts.len());
    drafts.extend(started.iter().take(left).map(|(asked, failure)| of_container(asked, facts, *failure)));
    if all == 0 {
        let failure = failure(facts.failures.iter().map(|(_, failure)| failure));
        let something = failure.is_some() || !facts.files.is_empty() || !facts.calls.is_empty();
        let commands = facts.calls.iter().any(needs_root);
        if !facts.processes.is_empty() && !commands {
            drafts.extend(facts.processes.iter().take(most).map(|seen| of_process(seen, facts, failure)));
            all = facts.processes.len();
        } else if something || !facts.profiles.is_empty() {
            drafts.push(of_nobody(facts, failure));
            all = 1;
        }
    }
    for draft in &mut drafts {
        settle(&mut draft.scenario);
        let release = options.release.map(ReleaseText).or(facts.kernel());
        if release.is_some() {
            draft.scenario.kernel = release;
        } else if draft.scenario.kernel.is_none() {
            draft
                .assumed
                .push("The kernel's release is not in the text: the newest that is modelled is taken.".into());
        }
    }
    let more = all.saturating_sub(drafts.len());
    (drafts, more)
}

/// The containers that the text is about, each with the failure that is told of it: those that fail first, then those
/// that were not only started to look at something.
fn started(facts: &Facts) -> Vec<(&Asked, Option<&Failure>)> {
    let mut real: Vec<&Asked> = facts.containers.iter().filter(|asked| !asked.is_probe()).collect();
    if real.is_empty() {
        real = facts.containers.iter().collect();
    }
    real.sort_by_key(|asked| asked.line);
    // A message belongs to what was started last before it; else to the first thing after it.
    let mut told: Vec<Vec<&Failure>> = real.iter().map(|_| Vec::new()).collect();
    for (line, failure) in &facts.failures {
        let before = real.partition_point(|asked| asked.line <= *line);
        if let Some(told) = told.get_mut(before.saturating_sub(1)) {
            told.push(failure);
        }
    }
    let mut started: Vec<_> = real.into_iter().zip(told.into_iter().map(failure)).collect();
    started.sort_by_key(|(_, failure)| failure.is_none());
    started
}

/// The failure that is asked about: the first that tells what was tried.
fn failure<'a>(failures: impl IntoIterator<Item = &'a Failure>) -> Option<&'a Failure> {
    let mut first = None;
    let mut failures = failures.into_iter().inspect(|failure| {
        first.get_or_insert(*failure);
    });
    failures.find(|failure| failure.call.is_some()).or(first)
}

fn of_scenario(text: &str) -> Option<Draft> {
    let loaded = Loaded::read(text, &sim_core::scenario::Options::default()).ok()?;
    let title = loaded.scenario.title.clone().unwrap_or_else(|| "the scenario".into());
    Some(Draft {
        title,
        line: None,
        scenario: loaded.scenario,
        failed: None,
        of_process: false,
        assumed: Vec::new(),
        changed: BTreeMap::new(),
        before: Vec::new(),
    })
}

/// Where a program is taken to be whose folder is not known.
const FOLDER: &str = "/usr/local/bin/";

/// The user that is meant where none is named.
const SOME_USER: u32 = 1000;

/// Describes the files and directories that steps name and the text does not.
fn settle(scenario: &mut Scenario) {
    for _ in 0..MOST_MISSING {
        let Err(error) = World::new(scenario, &sim_core::scenario::Options::default()) else { return };
        match error.problem {
            WorldProblem::NoFile { path } => scenario.files.insert(path, FileEntry::default()),
            WorldProblem::NoDirectory { path } => {
                scenario.files.insert(path, FileEntry { directory: true, ..FileEntry::default() })
            }
            _ => return,
        };
    }
}

/// So many files may be missing.
const MOST_MISSING: usize = 64;
