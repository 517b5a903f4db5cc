//! What a person can change so that a step succeeds: every minimal set of edits, the least powerful first.
//!
//! ```
//! use sim_core::scenario::{Loaded, Options};
//! use sim_core::search::{Goal, Limits, fixes};
//!
//! let text = r#"{
//!     "process": { "uid": 1000, "gid": 1000, "bounding": "none" },
//!     "files": { "/usr/bin/server": { "caps": "cap_net_bind_service=ep" } },
//!     "steps": [ { "execve": "/usr/bin/server" } ]
//! }"#;
//! let scenario = Loaded::read(text, &Options::default())?.scenario;
//! let goal = Goal::first_refused(&scenario, &Options::default()).expect("it is refused");
//! let found = fixes(&scenario, &goal, &Limits::default(), &Options::default());
//! assert!(found.complete);
//! // Without its attribute the program starts, and nobody is given anything.
//! assert_eq!(found.fixes[0].commands, ["setcap -r /usr/bin/server"]);
//! assert!(found.fixes[0].power.is_nothing());
//! # Ok::<(), sim_core::scenario::ReadError>(())
//! ```
//!
//! The candidates come from what the refusal lacks and what the rules that were tried are about; with them every set of up
//! to [`Limits::edits`] edits is simulated that holds no smaller fix. So the answer is complete for its candidates and its
//! bound, and [`Search`] names both.

mod attempt;
mod candidates;
mod commands;
mod draft;
mod edit;
mod goal;
mod minimal;
mod power;
mod profile;

#[cfg(test)]
mod tests;

pub use attempt::{Failure, Reason};
pub use edit::{Edit, ProcessSet, Setting};
pub use goal::Goal;
pub use power::{Grant, Power};

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::scenario::{Options, Scenario, Simulation, World, WorldError};

use attempt::{Attempt, Baseline};
use draft::Draft;

/// How far a search goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most edits of a fix.
    pub edits: usize,
    /// The most worlds that are simulated; a search that needs more says that it is not complete.
    pub worlds: usize,
}

impl Default for Limits {
    /// Three edits, and 20,000 worlds.
    fn default() -> Self {
        Self { edits: 3, worlds: 20_000 }
    }
}

/// What a search found.
#[derive(Clone, Debug)]
pub struct Search {
    /// What was asked for.
    pub goal: Goal,
    /// Why it is not so already; nothing if it is.
    pub failure: Option<Failure>,
    /// Every minimal set of edits that brings it about, the least powerful first.
    pub fixes: Vec<Fix>,
    /// The most edits of a set that was tried.
    pub bound: usize,
    /// The edits that were tried, alone and together.
    pub candidates: Vec<Edit>,
    /// How many worlds were simulated.
    pub worlds: usize,
    /// Whether every set of up to `bound` candidates was tried or holds a fix.
    pub complete: bool,
    /// Whether edits were tried that switch whole protections off, as nothing else helps.
    pub last_resort: bool,
}

/// Edits after which the goal is reached. It was simulated.
#[derive(Clone, Debug)]
pub struct Fix {
    /// The edits; without any one of them the goal is not reached.
    pub edits: Vec<Edit>,
    /// What they hand out.
    pub power: Power,
    /// The scenario with the edits, without expectations but that the goal's steps succeed.
    pub scenario: Scenario,
    /// Where the goal's last step is in it, counted from 0.
    pub step: usize,
    /// The rules that decide about that step now.
    pub rules: Vec<&'static str>,
    /// What to write or to type, in the words of the engine.
    pub commands: Vec<String>,
}

/// Searches every minimal set of edits after which `goal` is reached.
pub fn fixes(scenario: &Scenario, goal: &Goal, limits: &Limits, options: &Options) -> Search {
    let mut search = Searcher::new(scenario, goal, limits, options);
    search.run();
    if search.found.is_empty() && !search.out_of_worlds {
        search.last_resort = true;
        search.run();
    }
    search.finish()
}

/// A set of candidates by their indices, as bits.
type Edits = u128;

/// The most candidates that there can be.
const MOST_CANDIDATES: usize = 128;

struct Searcher<'a> {
    scenario: &'a Scenario,
    /// The same without profiles, which take long to copy and count only where the process begins.
    slim: Scenario,
    /// Where the process begins, by the edits that change that.
    starts: BTreeMap<Edits, Result<Simulation, WorldError>>,
    goal: &'a Goal,
    limits: &'a Limits,
    options: &'a Options,
    baseline: Baseline,
    candidates: Vec<Edit>,
    tried: BTreeMap<Edits, bool>,
    found: Vec<(Edits, Draft, Fix)>,
    worlds: usize,
    out_of_worlds: bool,
    last_resort: bool,
}

impl<'a> Searcher<'a> {
    fn new(scenario: &'a Scenario, goal: &'a Goal, limits: &'a Limits, options: &'a Options) -> Self {
        let baseline = Baseline::of(scenario, goal, options);
        let mut slim = scenario.clone();
        slim.process.seccomp.clear();
        if let Some(runtime) = &mut slim.runtime {
            runtime.seccomp = None;
        }
        Self {
            scenario,
            slim,
            starts: BTreeMap::new(),
            goal,
            limits,
            options,
            baseline,
            candidates: Vec::new(),
            tried: BTreeMap::new(),
            found: Vec::new(),
            worlds: 1,
            out_of_worlds: false,
            last_resort: false,
        }
    }

    fn run(&mut self) {
        let Some(failure) = self.baseline.failure.clone() else { return };
        let world = self.baseline.world.clone();
        self.draw(&failure, world.as_ref());
        for size in 1..=self.limits.edits {
            // Sets of this size may meet other refusals, and these bring other candidates: all sizes again with them.
            loop {
                let before = self.candidates.len();
                for size in 1..=size {
                    self.sets_of(size, 0, 0, size < self.limits.edits);
                }
                if self.candidates.len() == before || self.out_of_worlds {
                    break;
                }
            }
        }
        self.keep_minimal();
    }

    /// Adds the candidates that a failure suggests.
    fn draw(&mut self, failure: &Failure, world: Option<&World>) {
        for edit in candidates::candidates(self.scenario, self.goal, failure, world) {
            let wanted = self.last_resort || !edit.is_last_resort();
            if wanted && self.candidates.len() < MOST_CANDIDATES && !self.candidates.contains(&edit) {
                self.candidates.push(edit);
            }
        }
    }

    /// Tries all sets that add `more` candidates from `next` on to `set`.
    fn sets_of(&mut self, more: usize, set: Edits, next: usize, expand: bool) {
        if more == 0 {
            self.attempt(set, expand);
            return;
        }
        let mut index = next;
        while index < self.candidates.len() && !self.out_of_worlds {
            let with = set | 1 << index;
            if !self.holds_fix(with) && !self.collides(set, index) {
                self.sets_of(more - 1, with, index + 1, expand);
            }
            index += 1;
        }
    }

    fn holds_fix(&self, set: Edits) -> bool {
        self.found.iter().any(|(fix, ..)| fix & set == *fix)
    }

    /// Whether the candidate changes the same thing in another way than one of the set.
    fn collides(&self, set: Edits, index: usize) -> bool {
        let Some(edit) = self.candidates.get(index) else { return true };
        self.edits(set).any(|other| edit.excludes(other))
    }

    fn edits(&self, set: Edits) -> impl Iterator<Item = &Edit> {
        self.candidates.iter().enumerate().filter(move |(index, _)| set >> index & 1 == 1).map(|(_, edit)| edit)
    }

    fn attempt(&mut self, set: Edits, expand: bool) {
        if self.tried.contains_key(&set) {
            return;
        }
        if self.worlds >= self.limits.worlds {
            self.out_of_worlds = true;
            return;
        }
        self.worlds += 1;
        let edits: Vec<Edit> = self.edits(set).cloned().collect();
        let reordered = edits.iter().any(Edit::is_programs);
        let draft = Draft::of(&self.slim, &edits, self.options);
        let attempt = self.perform(set, &draft);
        self.tried.insert(set, attempt.failure.is_none());
        match &attempt.failure {
            None => {
                let scenario = Draft::of(self.scenario, &edits, self.options).scenario;
                let fix = attempt.fix(edits, scenario, self.scenario, self.goal, &self.baseline);
                self.found.push((set, draft, fix));
            }
            // What another order of calls broke is mended by the old order.
            Some(failure) if expand && (!reordered || self.goal.steps.contains(&failure.step)) => {
                self.draw(failure, attempt.world.as_ref());
            }
            Some(_) => {}
        }
    }

    /// Performs a draft, from a beginning that is known if it may be.
    fn perform(&mut self, set: Edits, draft: &Draft) -> Attempt {
        let inside = self.candidates.iter().enumerate().filter(|(index, _)| set >> index & 1 == 1);
        let of_start: Vec<(usize, &Edit)> = inside.filter(|(_, edit)| edit.is_of_start()).collect();
        let bits = of_start.iter().fold(0, |bits: Edits, (index, _)| bits | 1 << index);
        if let Some(start) = self.starts.get(&bits) {
            return Attempt::of(draft, start, self.goal, &self.baseline);
        }
        let edits: Vec<Edit> = of_start.into_iter().map(|(_, edit)| edit.clone()).collect();
        let start = attempt::start(&Draft::of(self.scenario, &edits, self.options), self.options);
        let attempt = Attempt::of(draft, &start, self.goal, &self.baseline);
        // A beginning that is changed as often as may be serves one world.
        if edits.len() < self.limits.edits {
            self.starts.insert(bits, start);
        }
        attempt
    }

    /// Keeps what is minimal: no smaller fix is in it, none comes to the same or to less, and none has an edit in place of one
    /// that hands out less.
    fn keep_minimal(&mut self) {
        self.found.sort_by_key(|(set, ..)| set.count_ones());
        let mut kept: Vec<(Edits, Draft, Fix)> = Vec::new();
        for (set, draft, fix) in core::mem::take(&mut self.found) {
            if !kept.iter().any(|(other, known, _)| other & set == *other || *known == draft) {
                kept.push((set, draft, fix));
            }
        }
        let all = &kept;
        let less = |(set, draft, fix): &(Edits, Draft, Fix)| {
            let replaced =
                self.less(*set).any(|less| all.iter().any(|(other, ..)| other != set && other & less == *other));
            let of_more = all.iter().any(|(other, known, less)| {
                other != set && less.power <= fix.power && minimal::is_at_least(draft, known, &self.slim)
            });
            replaced || of_more
        };
        let minimal: Vec<bool> = kept.iter().map(|found| !less(found)).collect();
        self.found = kept.into_iter().zip(minimal).filter(|(_, minimal)| *minimal).map(|(found, _)| found).collect();
    }

    /// The sets in which one edit is replaced by one that hands out less.
    fn less(&self, set: Edits) -> impl Iterator<Item = Edits> {
        let inside = self.candidates.iter().enumerate().filter(move |(index, _)| set >> index & 1 == 1);
        inside.flat_map(move |(index, edit)| {
            let fewer = self.candidates.iter().enumerate().filter(|(_, other)| edit.is_more_than(other));
            fewer.map(move |(other, _)| set & !(1 << index) | 1 << other)
        })
    }

    fn finish(self) -> Search {
        let mut fixes: Vec<Fix> = self.found.into_iter().map(|(.., fix)| fix).collect();
        fixes.sort_by(|a, b| (&a.power, a.edits.len()).cmp(&(&b.power, b.edits.len())));
        Search {
            goal: self.goal.clone(),
            failure: self.baseline.failure,
            fixes,
            bound: self.limits.edits,
            complete: !self.out_of_worlds && self.candidates.len() < MOST_CANDIDATES,
            candidates: self.candidates,
            worlds: self.worlds,
            last_resort: self.last_resort,
        }
    }
}
