use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::manager::{Configuration, configure};
use super::{
    Database, EntryState, LibseccompError, Note, Place, Policy, Profile, Runtime, Stub, TablePolicy, Target, overlap,
    runtime,
};
use crate::seccomp::syscalls::{Abi, Call, Multiplexed};
use crate::seccomp::{Action, FilterReturn};

/// So many rules and conditions one profile comes to at most, counted for each name and architecture: 4,194,304. Docker's
/// own comes to some 1,500; what takes more is meant to take long.
pub const MAX_RULES: usize = 1 << 22;

/// Why an engine makes no filter of a profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", place.map_or_else(String::new, |place| alloc::format!("{place}: ")))]
pub struct ResolveError {
    /// Where the profile is at fault, if a place is.
    pub place: Option<Place>,
    /// What is wrong.
    pub problem: Problem,
}

/// What an engine refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// An empty profile: Docker and Podman run the container without a filter.
    #[error("the profile has no defaultAction, so that there is no filter")]
    NoFilter,
    /// Both `name` and `names`.
    #[error("an entry has either name or names")]
    NameAndNames,
    /// Both `architectures` and `archMap`.
    #[error("a profile has either architectures or archMap")]
    ArchitecturesAndArchMap,
    /// Docker looks at capabilities, and there is no process.
    #[error("Docker needs the process's bounding set for includes.caps and excludes.caps")]
    NoProcess,
    /// `minKernel` is not `a.b`.
    #[error("minKernel is two numbers, as \"4.8\", and not 0.0; this is {0:?}")]
    MinKernel(String),
    /// `errno` names no error.
    #[error("{0:?} is no number and no name of an error")]
    UnknownErrno(String),
    /// `errnoRet` on an action that has none.
    #[error("only SCMP_ACT_ERRNO and SCMP_ACT_TRACE take an errno")]
    ErrnoOnOtherAction,
    /// An errno that the action cannot hold.
    #[error("{0} is no errno; the largest is 65535 for a tracer")]
    ErrnoTooLarge(u32),
    /// SCMP_ACT_NOTIFY as the default action.
    #[error("SCMP_ACT_NOTIFY cannot be the default action: the runtime could not hand over the listener")]
    NotifyByDefault,
    /// SCMP_ACT_NOTIFY on write.
    #[error("SCMP_ACT_NOTIFY cannot be used on write: the runtime could not hand over the listener")]
    NotifyOnWrite,
    /// A flag that the runtime does not know.
    #[error("the flag {0} is not known")]
    UnknownFlag(String),
    /// An architecture that libseccomp does not know.
    #[error("the architecture {0} is not known; one is as SCMP_ARCH_X86_64")]
    UnknownArchitecture(String),
    /// More than is resolved.
    #[error("with this entry there are more than {MAX_RULES} rules and conditions, over all names and architectures")]
    TooManyRules,
    /// libseccomp refuses.
    #[error("libseccomp refuses with {errno}: {0}", errno = .0.errno())]
    Libseccomp(LibseccompError),
}

impl Problem {
    pub(super) fn at(self, place: Place) -> ResolveError {
        ResolveError { place: place.in_text(), problem: self }
    }

    pub(super) const fn anywhere(self) -> ResolveError {
        ResolveError { place: None, problem: self }
    }
}

/// Makes of a profile what the target's engine makes of it.
pub fn resolve(profile: &Profile, target: &Target) -> Result<Policy, ResolveError> {
    let engine = target.engine;
    let (mut entries, mut notes) = (Vec::new(), Vec::new());
    let configuration = configure(profile, target, &mut entries, &mut notes)?;
    runtime::check(engine.runtime, &configuration)?;

    let (action, errno) = (configuration.default_action, configuration.default_errno);
    let default_action = runtime::word(engine.runtime, action, errno, Place::default(), &mut notes)?;
    let new = Database::new(default_action, target.native, engine.libseccomp);
    let mut database = new.map_err(|error| Problem::Libseccomp(error).anywhere())?;
    for architecture in &configuration.architectures {
        let refuse = |problem: Problem| problem.at(architecture.place);
        let abi = match architecture.value.as_str() {
            "SCMP_ARCH_NATIVE" => target.native,
            name => Abi::from_profile(name).ok_or_else(|| refuse(Problem::UnknownArchitecture(name.to_string())))?,
        };
        match database.add_architecture(abi) {
            Ok(()) | Err(LibseccompError::Exists) => {}
            Err(error) => return Err(refuse(Problem::Libseccomp(error))),
        }
    }
    add_rules(&configuration, target, default_action, &mut database, &mut entries, &mut notes)?;

    let flags = runtime::flags(engine.runtime, profile, &entries)?;
    let (tables, shadowed) = database.finish();
    notes.extend(shadowed.into_iter().map(Note::Shadowed));
    let named = named_calls(&configuration, target);
    let table = |(abi, calls): (Abi, _)| {
        if !abi.has_table() {
            notes.push(Note::NoTable(abi));
        }
        TablePolicy { abi, stub: stub(&named, abi), calls }
    };
    let mut policy = Policy {
        default_action,
        bad_architecture_action: Action::KillThread.with_data(0),
        tables: tables.into_iter().map(table).collect(),
        flags,
        listener_path: profile.listener_path.clone(),
        entries,
        notes,
        ambiguities: Vec::new(),
    };
    let mut left = overlap::budget();
    for table in &policy.tables {
        let (found, complete) = overlap::ambiguities(table, &mut left);
        policy.ambiguities.extend(found);
        if !complete {
            policy.notes.push(Note::OverlapsNotCompared(table.abi));
        }
    }
    Ok(policy)
}

fn add_rules(
    configuration: &Configuration<'_>,
    target: &Target,
    default_action: FilterReturn,
    database: &mut Database,
    states: &mut [EntryState],
    notes: &mut Vec<Note>,
) -> Result<(), ResolveError> {
    let engine = target.engine;
    let mut left = MAX_RULES;
    for live in &configuration.entries {
        let entry = live.entry;
        let action = runtime::word(engine.runtime, entry.action, live.errno, entry.place, notes)?;
        if action == default_action {
            if let Some(state) = states.get_mut(live.index) {
                *state = EntryState::EqualsDefault;
            }
            continue;
        }
        let (rules, split) = runtime::rules(engine.runtime, live);
        let conditions: usize = rules.iter().map(|rule| 1 + rule.len()).sum();
        let names = live.origins(engine.manager).count();
        let work = names.saturating_mul(conditions).saturating_mul(database.architectures());
        left = left.checked_sub(work).ok_or_else(|| Problem::TooManyRules.at(entry.place))?;
        for (name, origin) in live.origins(engine.manager) {
            let Some(call) = database.resolve(name) else {
                notes.push(Note::UnknownName(origin));
                continue;
            };
            if split {
                notes.push(Note::SameArgument(origin));
            }
            let mut added = false;
            for comparisons in &rules {
                let result = match engine.runtime {
                    Runtime::None => database.add_all(action, call, comparisons, origin),
                    _ => database.add(action, call, comparisons, origin),
                };
                added |= result.map_err(|error| Problem::Libseccomp(error).at(origin.place))?;
            }
            if !added {
                notes.push(Note::NotOnTheseArchitectures(origin));
            }
        }
    }
    Ok(())
}

/// The calls that a profile names, each once, if the engine puts runc's stub before the filter; else none.
fn named_calls(configuration: &Configuration<'_>, target: &Target) -> Vec<&'static Call> {
    // runc compares defaultErrnoRet with a whole action word, ERRNO(38), so that 38 does not count.
    const WORD_OF_ENOSYS: u32 = 0x0005_0026;
    let engine = target.engine;
    let permissive = matches!(configuration.default_action, Action::Allow | Action::Log | Action::Trace);
    if engine.runtime != Runtime::Runc || permissive || configuration.default_errno == Some(WORD_OF_ENOSYS) {
        return Vec::new();
    }
    let known = |call: &Call| call.libseccomp.is_some_and(|since| since <= engine.libseccomp);
    let names = configuration.entries.iter().flat_map(|live| live.origins(engine.manager));
    let calls = names.filter_map(|(name, _)| Call::by_name(name)).filter(|call| known(call));
    let by_name: BTreeMap<&str, &Call> = calls.map(|call| (call.name, call)).collect();
    by_name.into_values().collect()
}

/// runc's stub for a table, if one of the calls is there.
fn stub(named: &[&Call], abi: Abi) -> Option<Stub> {
    let numbers = named.iter().filter_map(|call| {
        // libseccomp answers with a negative number where another call carries this one.
        let carried = abi.multiplexes() && Multiplexed::of(call.name).is_some();
        call.number(abi).filter(|_| !carried)
    });
    let last = numbers.max().filter(|&last| last != 0)?;
    Some(Stub { last, zero: matches!(abi, Abi::S390 | Abi::S390X) })
}
