use alloc::vec::Vec;
use core::fmt;

use super::{Answer, Observed, Remedy};
use crate::kernel::Errno;
use crate::seccomp::profile::{EntryState, Note, Origin, Place, Policy, Profile, Reason, Target, resolve};
use crate::seccomp::syscalls::{Call, Version};
use crate::seccomp::{Action, FilterReturn};

/// What else there is to know of a call that is refused or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remark {
    /// An entry would permit it, but has no part in this policy.
    NotLive {
        /// Where it stands there.
        origin: Origin,
        /// Why it has none.
        state: EntryState,
    },
    /// runc's stub answers; the highest number that the profile names.
    Stub(u32),
    /// The answer is ENOSYS, by the profile.
    Enosys,
    /// The profile names it, but the engine's libseccomp does not know the name.
    Ignored {
        /// The engine's release.
        libseccomp: Version,
        /// The release that first knows it.
        since: Option<Version>,
    },
    /// No table has a name for the number, so that no profile permits it.
    NoName,
    /// The engine's libseccomp does not know the name, so that no profile permits it.
    TooNew {
        /// The engine's release.
        libseccomp: Version,
        /// The release that first knows it.
        since: Option<Version>,
    },
    /// None of the changes that are tried permits it.
    NoChange,
    /// With the first remedy runc's stub begins at a higher number.
    StubMoves {
        /// The highest number that is named now.
        before: u32,
        /// And after the change.
        after: u32,
        /// What the numbers between get then.
        default: FilterReturn,
    },
}

/// What else there is to know, of a call with its answer and remedies.
pub fn remarks(
    profile: &Profile,
    policy: &Policy,
    target: &Target,
    call: &Observed,
    answer: &Answer<'_>,
    remedies: &[Remedy],
) -> Vec<Remark> {
    let mut found = Vec::new();
    let entry = |origin: Origin| profile.syscalls.get(origin.entry as usize);
    let name = call.name();
    for (origin, state) in name.into_iter().flat_map(|name| policy.entries_about(profile, name)) {
        if !state.is_live() && entry(origin).is_some_and(|entry| entry.action == Action::Allow) {
            found.push(Remark::NotLive { origin, state: state.clone() });
        }
    }
    match answer.verdict.reason {
        Reason::Stub(stub) => found.push(Remark::Stub(stub.last)),
        _ if answer.verdict.action == Action::Errno.with_data(Errno::ENOSYS.number()) => found.push(Remark::Enosys),
        _ => {}
    }
    let libseccomp = target.engine.libseccomp;
    let since = name.and_then(Call::by_name).and_then(|call| call.libseccomp);
    let named = |origin: &Origin| {
        let mut origins = entry(*origin).into_iter().flat_map(|entry| entry.origins(origin.entry as usize));
        origins.any(|(other, at)| at == *origin && Some(other) == name)
    };
    let ignored = |note: &Note| matches!(note, Note::UnknownName(origin) if named(origin));
    if policy.notes.iter().any(ignored) {
        found.push(Remark::Ignored { libseccomp, since });
    }
    let Some(first) = remedies.first() else {
        let too_new = since.is_none_or(|since| since > libseccomp);
        found.push(match name {
            None => Remark::NoName,
            Some(_) if too_new => Remark::TooNew { libseccomp, since },
            Some(_) => Remark::NoChange,
        });
        return found;
    };
    let stub = |policy: &Policy| policy.tables.iter().find(|table| table.abi == call.table)?.stub;
    let changed = resolve(&first.profile, target).ok();
    if let (Some(before), Some(after)) = (stub(policy), changed.as_ref().and_then(stub))
        && after.last > before.last
    {
        let (before, after) = (before.last, after.last);
        found.push(Remark::StubMoves { before, after, default: policy.default_action });
    }
    found
}

impl Remark {
    /// Where in the profile, if it is about a place there.
    pub const fn place(&self) -> Option<Place> {
        match self {
            Self::NotLive { origin, .. } => Some(origin.place),
            _ => None,
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = |since: &Option<Version>| match since {
            Some(since) => alloc::format!("{since} is the first that does"),
            None => "none known here does".into(),
        };
        match self {
            Self::NotLive { origin, state } => write!(f, "{origin} would permit it, but is {state}"),
            Self::Stub(last) => write!(
                f,
                "runc answers ENOSYS to numbers above {last}, as a kernel does that has no such call; most programs then \
                 do something else"
            ),
            Self::Enosys => {
                f.write_str("with ENOSYS most programs do something else, as on a kernel that has no such call")
            }
            Self::Ignored { libseccomp, since } => {
                write!(f, "the profile names it, but libseccomp {libseccomp} does not know it; {}", first(since))
            }
            Self::NoName => f.write_str("no table has a name for the number, so that a profile cannot permit it"),
            Self::TooNew { libseccomp, since } => {
                write!(f, "no profile permits it, for libseccomp {libseccomp} does not know it; {}", first(since))
            }
            Self::NoChange => f.write_str("no change of an entry or two permits it"),
            Self::StubMoves { before, after, default } => write!(
                f,
                "with that change runc's ENOSYS begins above {after} instead of {before}; numbers between get {default}"
            ),
        }
    }
}
