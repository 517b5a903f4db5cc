use alloc::vec::Vec;

use crate::seccomp::profile::{Condition, EntryState, Note, Origin, Policy, Profile, Reason, Rule, Verdict};
use crate::seccomp::{Action, SeccompData};

/// A name in an entry of a profile, and what part it has in the answer to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Where the name stands.
    pub origin: Origin,
    /// The name; another than the call's where that call carries it, as `socketcall` does `socket`.
    pub name: &'a str,
    /// The entry's action.
    pub action: Action,
    /// Its part.
    pub part: Part<'a>,
}

/// What part a name in an entry has in the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// None: the entry is not live there.
    NotLive(&'a EntryState),
    /// None: this libseccomp does not know the name.
    UnknownName,
    /// None: another rule decides all of its calls.
    Shadowed,
    /// None: something decided before any rule was asked.
    NotAsked,
    /// Its rules, in the order in which they are tried.
    Rules(Vec<Trial<'a>>),
}

/// A rule that was made of an entry, tried on a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Whether all of its conditions hold.
    pub holds: bool,
    /// Whether it decided: it is the first that holds.
    pub decides: bool,
    /// The arguments of the call.
    pub args: [u64; 6],
}

/// A condition, tried on an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestedCondition {
    /// The condition.
    pub condition: Condition,
    /// The argument, all 64 bits of it.
    pub argument: u64,
    /// Whether the condition holds.
    pub holds: bool,
}

impl Trial<'_> {
    /// Its conditions with what they compare.
    pub fn conditions(&self) -> impl Iterator<Item = TestedCondition> + '_ {
        let argument = |index: u8| self.args.get(usize::from(index)).copied().unwrap_or_default();
        self.rule.conditions.iter().map(move |&condition| TestedCondition {
            condition,
            argument: argument(condition.argument),
            holds: condition.holds(&self.args),
        })
    }
}

/// The entries that name a call, and those of which a rule came to stand for its number.
pub(super) fn entries<'a>(
    profile: &'a Profile,
    policy: &'a Policy,
    call: &SeccompData,
    name: Option<&'static str>,
    verdict: &Verdict<'a>,
) -> Vec<Entry<'a>> {
    let asked = !matches!(verdict.reason, Reason::Stub(_) | Reason::BadArchitecture);
    let rules = policy.table(call).map_or(&[][..], |table| table.rules(call.nr));
    let mut found = Vec::new();
    for (index, entry) in profile.syscalls.iter().enumerate() {
        let state = policy.entries.get(index);
        for (written, origin) in entry.origins(index) {
            let trials = || -> Vec<Trial<'a>> {
                let own = rules.iter().filter(|rule| rule.origin == origin);
                let trial = |rule: &'a Rule| Trial {
                    rule,
                    holds: rule.holds(&call.args),
                    decides: verdict.rule().is_some_and(|decisive| core::ptr::eq(decisive, rule)),
                    args: call.args,
                };
                own.map(trial).collect()
            };
            let named = Some(written) == name;
            let part = match state {
                Some(state) if !state.is_live() => Part::NotLive(state),
                _ if policy.notes.contains(&Note::UnknownName(origin)) => Part::UnknownName,
                _ if !asked => Part::NotAsked,
                _ => match trials() {
                    trials if trials.is_empty() => Part::Shadowed,
                    trials => Part::Rules(trials),
                },
            };
            if named || matches!(part, Part::Rules(_)) {
                found.push(Entry { origin, name: written, action: entry.action, part });
            }
        }
    }
    found
}
