//! One profile of several: what any of them permits, or what all of them permit.
//!
//! The profiles are resolved for one target first, so that `includes`, `excludes` and `archMap` are gone from the result,
//! which is for such targets. Not everything can be written: a profile's entries are about a name on all architectures, and
//! conditions are demanded together. Where both sides refuse a call, its errno may become the default's. [`Merged::proof`] says for every call there can be whether the result is right.
//!
//! ```
//! # #[cfg(feature = "serde")] {
//! use sim_core::seccomp::merge::{Mode, merge};
//! use sim_core::seccomp::profile::{Engine, Profile, Target};
//! use sim_core::seccomp::syscalls::Abi;
//!
//! let allowing = |names: &str| {
//!     let text = format!(r#"{{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{{"names": [{names}], "action": "SCMP_ACT_ALLOW"}}]}}"#);
//!     Profile::read(text).unwrap()
//! };
//! let target = Target::new(Abi::X86_64, Engine::CRUN);
//! let merged = merge(&[allowing(r#""read", "write""#), allowing(r#""write", "close""#)], &target, Mode::Union).unwrap();
//! let names: Vec<_> = merged.profile.syscalls[0].names.iter().map(|name| name.value.as_str()).collect();
//! assert_eq!(names, ["close", "read", "write"]);
//! let proof = merged.proof().unwrap();
//! assert!(proof.is_right() && proof.is_exact());
//! # }
//! ```

mod answer;
mod proof;
#[cfg(test)]
mod tests;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use self::answer::Answer;
pub use self::proof::Proof;
use super::profile::{
    Comparison, Condition, Entry, Filter, Operator, Place, Placed, Policy, Profile, ResolveError, Target, resolve,
};
use super::syscalls::{Abi, Call};
use super::{Action, FilterReturn, Flags};

/// What a merged profile permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// What any of the profiles permits.
    Union,
    /// What all of them permit.
    Intersection,
}

/// A profile of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The profile.
    pub profile: Profile,
    /// What the target's engine makes of it.
    pub policy: Policy,
    /// Calls for which the answers could not be written down: a union permits them all, an intersection none.
    pub rounded: Vec<&'static str>,
    mode: Mode,
    sources: Vec<Policy>,
}

/// Why profiles cannot be merged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There is none.
    #[error("there is no profile to merge")]
    Nothing,
    /// The engine refuses one.
    #[error("profile {}: {error}", index + 1)]
    Source {
        /// Which, from 0.
        index: usize,
        /// Why.
        error: ResolveError,
    },
    /// The engine refuses the result.
    #[error("the merged profile: {0}")]
    Result(ResolveError),
}

/// Merges profiles as they are on a target.
pub fn merge(profiles: &[Profile], target: &Target, mode: Mode) -> Result<Merged, MergeError> {
    let resolved = profiles
        .iter()
        .enumerate()
        .map(|(index, profile)| resolve(profile, target).map_err(|error| MergeError::Source { index, error }));
    let sources = resolved.collect::<Result<Vec<Policy>, _>>()?;
    let [first, rest @ ..] = sources.as_slice() else { return Err(MergeError::Nothing) };
    let default = rest.iter().fold(first.default_action, |word, policy| mode.of(word, policy.default_action));
    let mut rounded = Vec::new();
    let mut groups: BTreeMap<(u32, Vec<Comparison>), Vec<&'static str>> = BTreeMap::new();
    for call in names(&sources) {
        let answers = sources.iter().map(|policy| Answer::of(policy, call, default));
        let merged = answers.reduce(|left, right| left.merged(right, mode)).unwrap_or(Answer::Always(default));
        let written = match merged {
            Answer::Rules { rules, default: other } | Answer::Mixed { rules, default: other }
                if mode.same(other, default) =>
            {
                Some(rules)
            }
            Answer::Always(word) => Some(Vec::from([(Vec::new(), word)])),
            Answer::Rules { .. } | Answer::Mixed { .. } | Answer::Unwritable => None,
        };
        let rules = written.unwrap_or_else(|| {
            rounded.push(call.name);
            Vec::from([(Vec::new(), mode.round(default))])
        });
        for (conditions, word) in rules.into_iter().filter(|(_, word)| *word != default) {
            let args = conditions.iter().map(comparison).collect();
            groups.entry((word.0, args)).or_default().push(call.name);
        }
    }
    let profile = Profile {
        default_action: Some(default.action()),
        default_errno_ret: errno(default),
        architectures: architectures(&sources, mode),
        flags: flags(&sources),
        listener_path: sources.iter().find_map(|policy| policy.listener_path.clone()),
        syscalls: entries(groups),
        ..Profile::default()
    };
    let policy = resolve(&profile, target).map_err(MergeError::Result)?;
    Ok(Merged { profile, policy, rounded, mode, sources })
}

impl Mode {
    /// One answer of two that are for the same call. Of two that permit the same the first stays.
    fn of(self, first: FilterReturn, second: FilterReturn) -> FilterReturn {
        let permission = |word: FilterReturn| super::region::Permission::of(word.action());
        let takes_second = match self {
            Self::Union => permission(second) > permission(first),
            Self::Intersection => permission(second) < permission(first),
        };
        if takes_second { second } else { first }
    }

    /// Whether it makes no difference which of two answers is taken.
    fn same(self, first: FilterReturn, second: FilterReturn) -> bool {
        self.of(first, second) == first && self.of(second, first) == second
    }

    /// The answer to all calls of a name where none that is right can be written.
    fn round(self, default: FilterReturn) -> FilterReturn {
        match self {
            Self::Union => self.of(default, FilterReturn::ALLOW),
            Self::Intersection => self.of(default, Action::Errno.with_data(1)),
        }
    }
}

/// Every call that a rule of some policy is about.
fn names(sources: &[Policy]) -> impl Iterator<Item = &'static Call> {
    let mut numbers: BTreeSet<(Abi, u32)> = BTreeSet::new();
    for table in sources.iter().flat_map(|policy| &policy.tables) {
        numbers.extend(table.calls.iter().map(|call| (table.abi, call.number)));
    }
    Call::ALL.iter().filter(move |call| {
        Abi::ALL.iter().any(|abi| call.number(*abi).is_some_and(|number| numbers.contains(&(*abi, number))))
    })
}

fn errno(word: FilterReturn) -> Option<u32> {
    matches!(word.action(), Action::Errno | Action::Trace).then(|| u32::from(word.data()))
}

fn comparison(condition: &Condition) -> Comparison {
    let Condition { argument: index, operator, value, mask } = *condition;
    match operator {
        Operator::MaskedEqual => Comparison { index, operator, value: mask, value_two: value },
        _ => Comparison { index, operator, value, value_two: 0 },
    }
}

/// The architectures that any, or all, of the policies cover; the native one first.
fn architectures(sources: &[Policy], mode: Mode) -> Vec<Placed<String>> {
    let covers = |policy: &Policy, abi: Abi| policy.tables.iter().any(|table| table.abi == abi);
    let mut abis: Vec<Abi> = Vec::new();
    for table in sources.iter().flat_map(|policy| &policy.tables) {
        let wanted = mode == Mode::Union || sources.iter().all(|policy| covers(policy, table.abi));
        if wanted && !abis.contains(&table.abi) {
            abis.push(table.abi);
        }
    }
    abis.into_iter().map(|abi| placed(abi.profile_name())).collect()
}

/// The flags of the first, if it has any that a profile can name.
fn flags(sources: &[Policy]) -> Option<Vec<Placed<String>>> {
    let first = sources.first()?.flags;
    let named = [
        (Flags::TSYNC, "SECCOMP_FILTER_FLAG_TSYNC"),
        (Flags::LOG, "SECCOMP_FILTER_FLAG_LOG"),
        (Flags::SPEC_ALLOW, "SECCOMP_FILTER_FLAG_SPEC_ALLOW"),
        (Flags::WAIT_KILLABLE_RECV, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"),
    ];
    let flags: Vec<_> =
        named.iter().filter(|(flag, _)| first.contains(*flag)).map(|(_, name)| placed(name)).collect();
    (!flags.is_empty()).then_some(flags)
}

/// Entries by action and conditions: those without conditions first, the longest before the others.
fn entries(groups: BTreeMap<(u32, Vec<Comparison>), Vec<&'static str>>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = groups
        .into_iter()
        .map(|((word, args), mut names)| {
            names.sort_unstable();
            names.dedup();
            let word = FilterReturn(word);
            Entry {
                names: names.into_iter().map(placed).collect(),
                name: None,
                action: word.action(),
                errno_ret: errno(word),
                errno: None,
                args,
                includes: Filter::default(),
                excludes: Filter::default(),
                place: Place::default(),
            }
        })
        .collect();
    entries.sort_by_key(|entry| (!entry.args.is_empty(), core::cmp::Reverse(entry.names.len())));
    entries
}

fn placed(value: &str) -> Placed<String> {
    Placed { value: value.to_string(), place: Place::default() }
}
