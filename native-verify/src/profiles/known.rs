//! The ways in which libseccomp's filters are known to differ, each with smallest cases that are tried again.

use std::fmt;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use sim_core::rule::Silent;
use sim_core::seccomp::profile::{Operator, Policy};
use sim_core::seccomp::syscalls::{Abi, Call, Multiplexed, Version};
use sim_core::seccomp::{ByteOrder, FilterReturn, SeccompData};

use super::case::{Case, Meaning, without_stub};
use super::compare::{Compared, Shown, filter};
use super::deviation::Deviation;
use super::made::{Library, Made};

/// A way in which libseccomp differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    /// Adding a rule does not end.
    Endless,
    /// A rule is refused with EEXIST, for a rule with another action shares a part with it.
    Refused,
    /// Rules with different actions hold for one call; libseccomp promises nothing of which counts.
    SeveralActions,
    /// A call that socketcall or ipc carries on one of the architectures.
    CarriedCall,
    /// A call that one of the architectures does not have.
    AbsentCall,
    /// Ranges of one 64-bit argument, by one rule for each.
    OneArgument,
    /// Rules for one call, some of which have conditions on two arguments.
    TwoArguments,
}

impl Kind {
    const fn text(self) -> &'static str {
        match self {
            Self::Endless => "adding a rule does not end",
            Self::Refused => "a rule is refused with EEXIST because of a rule with another action",
            Self::SeveralActions => "rules with different actions hold for one call",
            Self::CarriedCall => "a call that socketcall or ipc carries on one of the architectures",
            Self::AbsentCall => "a call that one of the architectures does not have",
            Self::OneArgument => "several ranges of one 64-bit argument",
            Self::TwoArguments => "several rules for one call, with conditions on two arguments",
        }
    }

    /// The kind that a smallest case belongs to, if it is known.
    pub(super) fn of(case: &Case, deviation: &Deviation, libseccomp: Version) -> Option<Self> {
        let shown = match deviation {
            Deviation::Endless => return Some(Self::Endless),
            Deviation::Refused(libc::EEXIST) => {
                let mut actions = case.profile.syscalls.iter().map(|entry| (&entry.action, entry.errno_ret));
                let first = actions.next()?;
                return actions.any(|other| other != first).then_some(Self::Refused);
            }
            Deviation::Answer(shown) => shown,
            _ => return None,
        };
        let Ok(Meaning::Policy(policy)) = case.meaning(&case.read().ok()?, libseccomp) else { return None };
        if several_actions(&policy, &shown.call) {
            return Some(Self::SeveralActions);
        }
        let names = || case.profile.syscalls.iter().flat_map(|entry| &entry.names);
        let abis = || policy.tables.iter().map(|table| table.abi);
        if names().any(|name| Multiplexed::of(name).is_some() && abis().any(Abi::multiplexes)) {
            return Some(Self::CarriedCall);
        }
        let absent = |name: &str| Call::by_name(name).is_none_or(|call| abis().any(|abi| call.number(abi).is_none()));
        if names().any(|name| absent(name)) {
            return Some(Self::AbsentCall);
        }
        let entries = &case.profile.syscalls;
        let arguments: Vec<_> = entries.iter().flat_map(|entry| &entry.args).collect();
        let one = arguments.windows(2).all(|pair| matches!(pair, [first, second] if first.index == second.index));
        if one && arguments.len() > 1 && arguments.iter().all(|argument| is_range(&argument.op)) {
            return Some(Self::OneArgument);
        }
        let two = entries.len() > 1 && entries.iter().any(|entry| entry.args.len() > 1);
        (two && !one).then_some(Self::TwoArguments)
    }
}

/// Whether rules with different actions hold for a call.
fn several_actions(policy: &Policy, call: &SeccompData) -> bool {
    let rules = policy.table(call).map_or(&[][..], |table| table.rules(call.nr));
    let mut actions = rules.iter().filter(|rule| rule.holds(&call.args)).map(|rule| rule.action);
    actions.next().is_some_and(|first| actions.any(|other| other != first))
}

fn is_range(operator: &str) -> bool {
    let ranges = [Operator::Less, Operator::LessOrEqual, Operator::Greater, Operator::GreaterOrEqual];
    ranges.iter().any(|range| range.profile_name() == operator)
}

/// As `endless: adding a rule does not end`.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = serde_json::to_value(self).map_err(|_| fmt::Error)?;
        write!(f, "{}: {}", name.as_str().unwrap_or_default(), self.text())
    }
}

/// A smallest case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Known {
    pub(super) kind: Kind,
    pub(super) case: Case,
    /// The call that is answered otherwise; none where libseccomp makes no filter.
    shows: Option<Shows>,
    /// The release it was first seen on.
    seen: String,
}

/// A call and both answers, as listings write them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shows {
    table: String,
    number: u32,
    args: [u64; 6],
    policy: String,
    libseccomp: String,
}

/// What becomes of a known case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Now {
    /// It differs as before.
    StillSo,
    /// It differs, but not by this call or not in this way.
    Otherwise,
    /// Every call is answered as the rules say.
    Mended,
}

/// The list.
pub(super) fn all() -> Result<Vec<Known>> {
    serde_json::from_str(include_str!("known.json")).context("the list of known differences cannot be read")
}

impl Known {
    /// Tries it with the installed libseccomp. An error if the rules do not say what they said.
    pub(super) fn again(&self, library: Library) -> Result<Now> {
        let profile = self.case.read()?;
        let (policy, shown) = self.policy(library.version)?;
        Ok(match (library.make(&profile, self.case.tree)?, shown) {
            (Made::Endless, None) if self.kind == Kind::Endless => Now::StillSo,
            (Made::Refused(libc::EEXIST), None) if self.kind == Kind::Refused => Now::StillSo,
            (Made::Filter(program), shown) => match filter(&policy, &program, &[]) {
                Compared::Alike => Now::Mended,
                Compared::Differs(_) => {
                    let answer = |call| program.run_in(call, ByteOrder::Little, &mut Silent).returned;
                    let still = shown.as_ref().is_some_and(|shown| answer(&shown.call) == shown.filter);
                    if still { Now::StillSo } else { Now::Otherwise }
                }
                Compared::Wrong(how) => anyhow::bail!("libseccomp's filter of {}: {how}", self.case),
            },
            _ => Now::Otherwise,
        })
    }

    /// What the rules say, and the call that shows the difference.
    fn policy(&self, libseccomp: Version) -> Result<(Policy, Option<Shown>)> {
        let Meaning::Policy(policy) = self.case.meaning(&self.case.read()?, libseccomp)? else {
            anyhow::bail!("a known case is refused: {}", self.case);
        };
        let policy = without_stub(&policy);
        let Some(shows) = &self.shows else { return Ok((policy, None)) };
        let abi = Abi::from_name(&shows.table).with_context(|| format!("there is no table {}", shows.table))?;
        let word = |text: &str| text.parse::<FilterReturn>().with_context(|| format!("{text} is no action"));
        let call = SeccompData::call(abi.architecture(), shows.number, shows.args);
        let shown = Shown { call, policy: word(&shows.policy)?, filter: word(&shows.libseccomp)? };
        let says = policy.verdict(&call).action;
        ensure!(says == shown.policy, "{}: the rules say {says}, not {}", self.case, shown.policy);
        Ok((policy, Some(shown)))
    }

    /// As `still so on libseccomp 2.5.4`.
    pub(super) fn tell(&self, now: Now, version: &str) -> String {
        match now {
            Now::StillSo => format!("still so on libseccomp {version}"),
            Now::Otherwise => format!("differs otherwise on libseccomp {version} than on {}", self.seen),
            Now::Mended => format!("mended on libseccomp {version}, seen on {}", self.seen),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sim_core::seccomp::profile::Engine;

    use super::super::compare::{Compared, calls, ours};
    use super::super::deviation::Deviation;
    use super::{Kind, all};
    use crate::seccomp::Random;

    #[test]
    fn known_cases_say_what_the_rules_say_and_are_of_their_kind() {
        let known = all().unwrap();
        for one in &known {
            let (policy, shown) = one.policy(Engine::NEWEST_LIBSECCOMP).unwrap();
            let refused = one.kind == Kind::Refused;
            let nothing = if refused { Deviation::Refused(libc::EEXIST) } else { Deviation::Endless };
            let deviation = shown.map_or(nothing, Deviation::Answer);
            assert_eq!(Kind::of(&one.case, &deviation, Engine::NEWEST_LIBSECCOMP), Some(one.kind), "{}", one.case);
            assert!(shown.is_none_or(|shown| shown.policy != shown.filter));
            assert_eq!(ours(&policy, &calls(&policy, &mut Random::of(1, 1))), Compared::Alike, "{}", one.case);
        }
        let kinds: BTreeSet<Kind> = known.iter().map(|one| one.kind).collect();
        assert_eq!(kinds.len(), 7, "each has a case: {kinds:?}");
    }
}
