use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::{Argument, Observed, State, check};
use crate::seccomp::Action;
use crate::seccomp::profile::{
    Comparison, Entry, Filter, Operator, Origin, Place, Placed, Policy, Profile, Target, resolve,
};
use crate::seccomp::region::Permission;

/// Changes of a profile that together permit a call. Each was tried: the engine makes a policy of the changed profile, and
/// that permits the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// What to change, in order.
    pub changes: Vec<Change>,
    /// The profile after that.
    pub profile: Profile,
}

/// A change of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// An entry of its own, which allows the call where all conditions hold.
    AddEntry {
        /// The name.
        name: String,
        /// The conditions.
        args: Vec<Comparison>,
    },
    /// The name in an entry that allows calls already.
    AddName {
        /// The name.
        name: String,
        /// The index of the entry in `syscalls`.
        entry: usize,
        /// Where the entry begins.
        place: Place,
    },
    /// The name no more in the entry that refuses it.
    RemoveName {
        /// The name.
        name: String,
        /// Where it stands.
        origin: Origin,
    },
    /// An architecture that the filter does not cover, as `SCMP_ARCH_X86`.
    AddArchitecture(String),
}

/// The arguments that say what a call does, so that a condition on them permits much less.
const SELECTORS: [(&str, u8); 17] = [
    ("arch_prctl", 0),
    ("bpf", 0),
    ("clone", 0),
    ("fcntl", 1),
    ("fcntl64", 1),
    ("futex", 1),
    ("ioctl", 1),
    ("keyctl", 0),
    ("madvise", 2),
    ("mmap", 2),
    ("mprotect", 2),
    ("personality", 0),
    ("prctl", 0),
    ("ptrace", 0),
    ("socket", 0),
    ("socketpair", 0),
    ("unshare", 0),
];

/// The argument that says what a call of this name does, where one does.
pub fn selector(name: &str) -> Option<u8> {
    SELECTORS.iter().find(|(known, _)| *known == name).map(|(_, index)| *index)
}

/// Ways to permit a call that the profile refuses or may refuse, the one that permits least first; none if no change of the
/// profile helps, as where libseccomp does not know the name.
pub fn remedies(profile: &Profile, target: &Target, call: &Observed) -> Vec<Remedy> {
    let Ok(policy) = resolve(profile, target) else { return Vec::new() };
    let Some(name) = call.name() else { return Vec::new() };
    let mut base = Vec::new();
    if policy.table(&call.example()).is_none() {
        base.push(Change::AddArchitecture(call.table.profile_name().to_string()));
    }
    let args = conditions(&policy, call, name);
    let mut plans = Vec::new();
    for remove in [false, true] {
        let mut changes = base.clone();
        if remove {
            changes.extend(removals(profile, &policy, call, name));
            if changes.len() == base.len() {
                break;
            }
        }
        // The call may be permitted once nothing refuses it, or the architecture is covered.
        if !changes.is_empty() {
            plans.push(changes.clone());
        }
        if let Some(args) = &args {
            plans.push(with(&changes, Change::AddEntry { name: name.to_string(), args: args.clone() }));
        }
        plans.push(with(&changes, addition(profile, &policy, name)));
    }
    let mut found: Vec<Remedy> = Vec::new();
    for changes in plans {
        let changed = changed(profile, &policy, target, &changes);
        if permits(&changed, target, call) && !found.iter().any(|other| other.changes == changes) {
            found.push(Remedy { changes, profile: changed });
        }
    }
    found
}

fn with(changes: &[Change], change: Change) -> Vec<Change> {
    let mut changes = changes.to_vec();
    changes.push(change);
    changes
}

fn permits(profile: &Profile, target: &Target, call: &Observed) -> bool {
    let Ok(policy) = resolve(profile, target) else { return false };
    check(&policy, call).is_ok_and(|answer| matches!(answer.state, State::Permitted | State::Asked))
}

/// Conditions with the arguments that the call was seen with: on those that rules compare already, else on the one that
/// says what the call does. None if one of them is not known.
fn conditions(policy: &Policy, call: &Observed, name: &str) -> Option<Vec<Comparison>> {
    let rules = policy.table(&call.example()).map_or(&[][..], |table| table.rules(call.number));
    let mut indices: BTreeSet<u8> =
        rules.iter().flat_map(|rule| rule.conditions.iter()).map(|condition| condition.argument).collect();
    if indices.is_empty() {
        indices.extend(selector(name));
    }
    let comparison = |&index: &u8| match call.args.get(usize::from(index)) {
        Some(&Argument::Known(value)) => Some(Comparison { index, operator: Operator::Equal, value, value_two: 0 }),
        _ => None,
    };
    let args: Option<Vec<Comparison>> = indices.iter().map(comparison).collect();
    args.filter(|args| !args.is_empty())
}

/// The names to take out of entries that refuse the call.
fn removals(profile: &Profile, policy: &Policy, call: &Observed, name: &str) -> Vec<Change> {
    let rules = policy.table(&call.example()).map_or(&[][..], |table| table.rules(call.number));
    let refusing = rules.iter().filter(|rule| Permission::of(rule.action.action()) == Permission::Refused);
    let mut origins: Vec<Origin> = refusing.map(|rule| rule.origin).collect();
    origins.sort_unstable();
    origins.dedup();
    let about = |origin: &Origin| {
        let entry = profile.syscalls.get(origin.entry as usize);
        entry.is_some_and(|entry| {
            entry.origins(origin.entry as usize).any(|(named, at)| at == *origin && named == name)
        })
    };
    origins.into_iter().filter(about).map(|origin| Change::RemoveName { name: name.to_string(), origin }).collect()
}

/// The name where it permits all calls of it: in the first entry that allows calls here, whatever the arguments; else in a
/// new one.
fn addition(profile: &Profile, policy: &Policy, name: &str) -> Change {
    let mut entries = profile.syscalls.iter().zip(&policy.entries).enumerate();
    let open = |entry: &Entry| {
        entry.action == Action::Allow
            && entry.args.is_empty()
            && entry.name.is_none()
            && entry.includes == Filter::default()
            && entry.excludes == Filter::default()
    };
    match entries.find(|(_, (entry, state))| state.is_live() && open(entry)) {
        Some((index, (entry, _))) => Change::AddName { name: name.to_string(), entry: index, place: entry.place },
        None => Change::AddEntry { name: name.to_string(), args: Vec::new() },
    }
}

/// The profile after the changes.
fn changed(profile: &Profile, policy: &Policy, target: &Target, changes: &[Change]) -> Profile {
    let mut profile = profile.clone();
    let placed = |value: &str| Placed { value: value.to_string(), place: Place::default() };
    let mut emptied: Vec<usize> = Vec::new();
    for change in changes {
        match change {
            Change::AddEntry { name, args } => profile.syscalls.push(Entry {
                names: Vec::from([placed(name)]),
                name: None,
                action: Action::Allow,
                errno_ret: None,
                errno: None,
                args: args.clone(),
                includes: Filter::default(),
                excludes: Filter::default(),
                place: Place::default(),
            }),
            Change::AddName { name, entry, .. } => {
                if let Some(entry) = profile.syscalls.get_mut(*entry) {
                    entry.names.push(placed(name));
                }
            }
            Change::RemoveName { name, origin } => {
                let index = origin.entry as usize;
                if let Some(entry) = profile.syscalls.get_mut(index) {
                    entry.names.retain(|named| named.value != *name);
                    entry.name = entry.name.take().filter(|named| named.value != *name);
                    if entry.names.is_empty() && entry.name.is_none() {
                        emptied.push(index);
                    }
                }
            }
            Change::AddArchitecture(name) => {
                // What archMap stood for on this machine is written out, for a profile has one of both.
                if !profile.arch_map.is_empty() {
                    profile.arch_map.clear();
                    let covered = policy.tables.iter().map(|table| placed(table.abi.profile_name()));
                    profile.architectures = covered.collect();
                } else if profile.architectures.is_empty() {
                    profile.architectures.push(placed(target.native.profile_name()));
                }
                profile.architectures.push(placed(name));
            }
        }
    }
    emptied.sort_unstable();
    for index in emptied.into_iter().rev() {
        if index < profile.syscalls.len() {
            profile.syscalls.remove(index);
        }
    }
    profile
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddEntry { name, args } => {
                write!(f, "a new entry: {name}")?;
                for (index, comparison) in args.iter().enumerate() {
                    write!(f, "{} {comparison}", if index == 0 { " with" } else { " and" })?;
                }
                Ok(())
            }
            Self::AddName { name, entry, .. } => write!(f, "{name} among syscalls[{entry}].names"),
            Self::RemoveName { name, origin } => write!(f, "{name} no more in {origin}"),
            Self::AddArchitecture(name) => write!(f, "{name} among architectures"),
        }
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, change) in self.changes.iter().enumerate() {
            write!(f, "{}{change}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}
