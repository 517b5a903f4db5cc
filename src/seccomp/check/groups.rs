//! Calls that are the same to a profile, counted.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result};
use sim_core::kernel::Release;
use sim_core::seccomp::check::{
    Answer, Argument, Observed, Remark, Remedy, State, check, remarks, remedies, selector,
};
use sim_core::seccomp::explanation::unfiltered;
use sim_core::seccomp::profile::{Policy, Target};
use sim_core::seccomp::syscalls::Abi;

use super::super::sightings::{Place, Rest, Sighting};
use super::super::target::Named;

/// So many lines of a call are remembered unless all are wanted.
const SHOWN: usize = 3;

/// Calls of one kind.
#[derive(Debug)]
pub(super) struct Group {
    /// What it can have been.
    pub(super) candidates: Vec<Observed>,
    /// Its name, or its number.
    pub(super) name: String,
    /// How often it was seen.
    pub(super) count: u64,
    /// Where, first of all.
    pub(super) places: Vec<Place>,
    /// What came of it in the log, how often.
    pub(super) outcomes: BTreeMap<String, u64>,
    /// Whether numbers come from names.
    pub(super) assumed: bool,
}

/// A call that no table has under this name.
#[derive(Debug)]
pub(super) struct UnknownCall {
    pub(super) name: String,
    pub(super) table: String,
    pub(super) count: u64,
    pub(super) first: Place,
}

/// All that was seen.
pub(super) struct Groups<'p> {
    policy: &'p Policy,
    all: bool,
    kinds: BTreeMap<Vec<Observed>, (usize, Group)>,
    unknown: BTreeMap<(String, String), UnknownCall>,
    /// Which arguments the rules for a call compare.
    compared: BTreeMap<(Abi, u32), [bool; 6]>,
}

/// A kind of calls that is refused, or may be, or about which another process is asked.
pub(super) struct Found<'p> {
    pub(super) group: Group,
    pub(super) state: State,
    /// The answer that refuses, and the call it is for.
    pub(super) answer: Answer<'p>,
    /// Whether `socketcall` or `ipc` may have carried it, with another answer.
    pub(super) carried: bool,
    /// Ways to permit it, the one that permits least first.
    pub(super) remedies: Vec<Remedy>,
    /// What else is to be known.
    pub(super) remarks: Vec<Remark>,
}

/// What is told.
pub(super) struct Report<'p> {
    pub(super) named: &'p Named,
    /// How many calls were held against the profile, and of how many kinds.
    pub(super) calls: u64,
    pub(super) kinds: usize,
    /// In the order in which they were seen first.
    pub(super) found: Vec<Found<'p>>,
    pub(super) unknown: Vec<UnknownCall>,
    pub(super) rest: Rest,
}

impl<'p> Groups<'p> {
    pub(super) const fn new(policy: &'p Policy, all: bool) -> Self {
        Self { policy, all, kinds: BTreeMap::new(), unknown: BTreeMap::new(), compared: BTreeMap::new() }
    }

    /// Counts a call. Arguments that make no difference are left out, so that there are few kinds.
    pub(super) fn add(&mut self, sighting: Sighting) {
        let Sighting { table, name, number, args, outcome, at, assumed } = sighting;
        let mut candidates = name.as_deref().map(|name| Observed::by_name(table, name, args)).unwrap_or_default();
        if candidates.is_empty()
            && let Some(number) = number
        {
            candidates.push(Observed { table, number, args });
        }
        let shown = name.clone().unwrap_or_else(|| format!("call {}", number.unwrap_or_default()));
        if candidates.is_empty() {
            let key = (shown.clone(), table.to_string());
            let table = table.to_string();
            let new = || UnknownCall { name: shown, table, count: 0, first: at };
            self.unknown.entry(key).or_insert_with(new).count += 1;
            return;
        }
        for candidate in &mut candidates {
            let policy = self.policy;
            let compared = self.compared.entry((candidate.table, candidate.number)).or_insert_with(|| {
                let rules = policy.table(&candidate.example()).map_or(&[][..], |table| table.rules(candidate.number));
                let mut compared = [false; 6];
                for condition in rules.iter().flat_map(|rule| rule.conditions.iter()) {
                    if let Some(place) = compared.get_mut(usize::from(condition.argument)) {
                        *place = true;
                    }
                }
                compared
            });
            let selects = name.as_deref().and_then(selector);
            for ((index, argument), compared) in (0..).zip(&mut candidate.args).zip(compared) {
                if !*compared && selects != Some(index) {
                    *argument = Argument::Unknown;
                }
            }
        }
        let order = self.kinds.len();
        let key = candidates.clone();
        let new = || Group {
            candidates,
            name: shown,
            count: 0,
            places: Vec::new(),
            outcomes: BTreeMap::new(),
            assumed: false,
        };
        let (_, group) = self.kinds.entry(key).or_insert_with(|| (order, new()));
        group.count += 1;
        group.assumed |= assumed;
        if let Some(outcome) = outcome {
            *group.outcomes.entry(outcome).or_default() += 1;
        }
        if self.all || group.places.len() < SHOWN {
            group.places.push(at);
        }
    }

    /// Holds every kind against the profile.
    pub(super) fn report(
        self,
        named: &'p Named,
        target: &Target,
        release: Release,
        rest: Rest,
    ) -> Result<Report<'p>> {
        let mut groups: Vec<(usize, Group)> = self.kinds.into_values().collect();
        groups.sort_by_key(|(order, _)| *order);
        let kinds = groups.len();
        let calls = groups.iter().map(|(_, group)| group.count).sum();
        let mut found = Vec::new();
        for (_, group) in groups {
            // The kernel lets a few calls pass every filter.
            let unasked = |call: &Observed| unfiltered(&call.example(), release).is_some();
            if group.candidates.iter().all(unasked) {
                continue;
            }
            if let Some(one) = judge(self.policy, named, target, group)? {
                found.push(one);
            }
        }
        let unknown = self.unknown.into_values().collect();
        Ok(Report { named, calls, kinds, found, unknown, rest })
    }
}

/// What is to be told of a kind of calls; nothing if all of them run.
fn judge<'p>(policy: &'p Policy, named: &Named, target: &Target, group: Group) -> Result<Option<Found<'p>>> {
    let answers = group.candidates.iter().map(|call| check(policy, call));
    let answers = answers.collect::<Result<Vec<_>, _>>().with_context(|| group.name.clone())?;
    let Some(worst) = answers.iter().map(|answer| answer.state).max() else { return Ok(None) };
    if worst == State::Permitted {
        return Ok(None);
    }
    let carried = answers.len() > 1 && answers.iter().any(|answer| answer.state != worst);
    let state = if carried && worst == State::Refused { State::Open } else { worst };
    let index = answers.iter().position(|answer| answer.state == worst).unwrap_or_default();
    let (Some(call), Some(answer)) = (group.candidates.get(index), answers.into_iter().nth(index)) else {
        return Ok(None);
    };
    let (mut changes, mut notes) = (Vec::new(), Vec::new());
    if state != State::Asked {
        changes = remedies(&named.profile, target, call);
        notes = remarks(&named.profile, policy, target, call, &answer, &changes);
    }
    Ok(Some(Found { group, state, answer, carried, remedies: changes, remarks: notes }))
}

/// As `personality(0x8) on x86_64`; arguments that are not known are question marks.
impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(call) = self.candidates.first() {
            if let Some(last) = call.args.iter().rposition(|argument| *argument != Argument::Unknown) {
                let args: Vec<String> = call.args.iter().take(last + 1).map(ToString::to_string).collect();
                write!(f, "({})", args.join(", "))?;
            }
            write!(f, " on {}", call.table)?;
        }
        Ok(())
    }
}
