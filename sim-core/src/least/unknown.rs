//! What is not known of a call, at its kindest and at its unkindest.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::phase::{How, describe, narrowed, with_capabilities};
use super::search::{Course, MOST_JUDGED, smallest};
use super::{Operation, Shown, Unknown};
use crate::capability::CapSet;
use crate::credentials::{Kgid, Kuid};
use crate::file::{File, FileKind, Mode};
use crate::scenario::{
    Call, CapsetCall, FourIds, Process, ProcessOperation, ProcessResult, SetText, Simulation, StepOutcome, World,
};

/// Calls whose need depends on what is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Depends {
    /// What is not known.
    pub on: DependsOn,
    /// The smallest sets, any of which would be needed beside, if it is at its worst. None if no capability helps then.
    pub alternatives: Vec<CapSet>,
    /// The calls.
    pub operations: Vec<usize>,
}

/// What is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DependsOn {
    /// Owner and mode of files.
    Files,
    /// As whom another process runs.
    Target,
    /// A value, as a limit.
    Value,
}

/// A call that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedCall {
    /// Which operation.
    pub operation: usize,
    /// The smallest sets, any of which would have let it through, had it been effective.
    pub helps: Vec<CapSet>,
    /// What the refusal depends on: with what is not known at its kindest, the model lets the call through.
    pub depends_on: Option<DependsOn>,
    /// Whether the model lets it through, whatever is not known: the reason is none that it knows.
    pub unexplained: bool,
}

impl Unknown {
    const fn on(&self) -> DependsOn {
        match self {
            Self::Files => DependsOn::Files,
            Self::Target => DependsOn::Target,
            Self::Value(_) | Self::Held => DependsOn::Value,
        }
    }
}

/// Somebody who is not the thread: root if the thread is not.
const SOMEBODY: u32 = 65533;

/// Performs a call with what is not known at its kindest.
pub(super) fn perform(simulation: &mut Simulation, operation: &Operation) -> StepOutcome {
    let credentials = &simulation.world().thread.credentials;
    let call = match (&operation.unknown, &operation.call) {
        (Some(Unknown::Target), call) => kind_target(call, &simulation.process(credentials)),
        (Some(Unknown::Held), Call::Capset(wish)) => {
            let all = simulation.world().all;
            let within = |wish: SetText, bounds: CapSet| SetText::Set(wish.resolve(all) & bounds);
            let permitted = credentials.permitted;
            Call::Capset(CapsetCall {
                effective: within(wish.effective, permitted),
                permitted: within(wish.permitted, permitted),
                inheritable: within(wish.inheritable, permitted | credentials.inheritable),
            })
        }
        _ => return simulation.perform(&operation.call),
    };
    simulation.perform(&call)
}

/// The call about a process that runs as the thread does, without capabilities.
fn kind_target(call: &Call, process: &ProcessResult) -> Call {
    let target = Process {
        uid: Some(FourIds(process.uid)),
        gid: Some(FourIds(process.gid)),
        user_ns: Some(process.user_ns.clone()),
        ..no_capabilities()
    };
    with_target(call, target)
}

/// The call about a process of somebody else, who has every capability if it is root.
fn unkind_target(call: &Call, process: &ProcessResult) -> Call {
    let id = if process.uid.contains(&0) { SOMEBODY } else { 0 };
    let ids = Some(FourIds([id; 4]));
    let target = Process { uid: ids, gid: ids, user_ns: Some(process.user_ns.clone()), ..no_capabilities() };
    with_target(call, if id == 0 { Process { permitted: None, effective: None, ..target } } else { target })
}

fn no_capabilities() -> Process {
    let none = Some(SetText::Set(CapSet::EMPTY));
    Process { permitted: none, effective: none, ..Process::default() }
}

fn with_target(call: &Call, target: Process) -> Call {
    let mut call = call.clone();
    if let Call::Process(operation) = &mut call {
        match operation {
            ProcessOperation::Setpriority(arguments) => arguments.target = Some(Box::new(target)),
            ProcessOperation::SchedSetscheduler(arguments) => arguments.target = Some(Box::new(target)),
            other => {
                if let Some(place) = other.target_mut() {
                    *place = target;
                }
            }
        }
    }
    call
}

/// Where the files of a call are put, so that two calls are the same but for their paths.
const DIRECTORY: &str = "/directory";
const FILE: &str = "/directory/file";

fn unkind(world: &World, call: &Call) -> (World, Call) {
    let named = call.named_files();
    let renamed = call.with_paths(|path| if named.directory == Some(path) { DIRECTORY } else { FILE }.to_string());
    let mut world = world.with_files(BTreeMap::new());
    let id = if world.thread.credentials.uid.filesystem == Kuid::ROOT { SOMEBODY } else { 0 };
    let others = |kind: FileKind, mode: u16| File {
        kind,
        uid: Kuid::new(id).unwrap_or(Kuid::ROOT),
        gid: Kgid::new(id).unwrap_or(Kgid::ROOT),
        mode: Mode::new(mode).unwrap_or(Mode::EXECUTABLE),
        ..File::default()
    };
    if named.directory.is_some() {
        world.files.insert(DIRECTORY.to_string(), (others(FileKind::Directory, 0o1000), None));
    }
    if named.file.is_some() {
        world.files.insert(FILE.to_string(), (others(FileKind::Regular, 0o100), None));
    }
    (world, renamed)
}

/// The call as unkind as it can be, and a world for it.
fn at_worst(world: &World, operation: &Operation, process: &ProcessResult) -> Option<(World, Call)> {
    match operation.unknown.as_ref()? {
        Unknown::Files => Some(unkind(world, &operation.call)),
        Unknown::Target => Some((narrowed(world, &operation.call), unkind_target(&operation.call, process))),
        Unknown::Held => None,
        Unknown::Value(call) => Some((narrowed(world, call), call.as_ref().clone())),
    }
}

/// The smallest sets that let a call through beside what the thread has; nothing if it needs none.
fn helps(world: &World, call: &Call) -> Option<Vec<CapSet>> {
    let credentials = &world.thread.credentials;
    let has = credentials.effective;
    let course = |more: CapSet| -> Course<How> {
        let outcome = Simulation::new(with_capabilities(world, has | more)).perform(call);
        match outcome.refusal {
            None => Course::Through,
            Some(refusal) => Course::Stopped(0, (Some(refusal), outcome.trace)),
        }
    };
    let sets = smallest(world.all - has, MOST_JUDGED, course).sets;
    (sets.first() != Some(&CapSet::EMPTY)).then_some(sets)
}

/// What each call would need if what is not known were at its worst.
pub(super) fn depends(held: &World, own: &[Operation], first: usize) -> Vec<Depends> {
    let process = Simulation::new(held.clone()).process(&held.thread.credentials);
    // Many calls are the same but for their paths.
    let mut seen: Vec<(Call, Option<Vec<CapSet>>)> = Vec::new();
    let mut found: BTreeMap<(DependsOn, Vec<u64>), Depends> = BTreeMap::new();
    for (index, operation) in own.iter().enumerate().filter(|(_, operation)| operation.shown == Shown::Succeeded) {
        let (Some(unknown), Some((world, call))) = (&operation.unknown, at_worst(held, operation, &process)) else {
            continue;
        };
        let alternatives = if let Some((_, alternatives)) = seen.iter().find(|(known, _)| *known == call) {
            alternatives.clone()
        } else {
            let alternatives = helps(&world, &call);
            if seen.len() < MOST_KINDS {
                seen.push((call, alternatives.clone()));
            }
            alternatives
        };
        // Where nothing helps, it was not at its worst.
        let Some(alternatives) = alternatives.filter(|alternatives| !alternatives.is_empty()) else { continue };
        let on = unknown.on();
        let key = (on, alternatives.iter().map(|set| set.bits()).collect());
        let depends = found.entry(key).or_insert_with(|| Depends { on, alternatives, operations: Vec::new() });
        depends.operations.push(first + index);
    }
    found.into_values().collect()
}

/// So many calls that differ by more than their paths are remembered.
const MOST_KINDS: usize = 1024;

/// What would have helped each call that was refused, where it was made.
pub(super) fn refused(held: &World, own: &[Operation], first: usize) -> Vec<RefusedCall> {
    let mut simulation = Simulation::new(held.clone());
    let mut found = Vec::new();
    for (index, operation) in own.iter().enumerate() {
        if operation.shown == Shown::Succeeded {
            perform(&mut simulation, operation);
            continue;
        }
        let world = simulation.world();
        let process = simulation.process(&world.thread.credentials);
        let mut kind = narrowed(world, &operation.call);
        describe(&mut kind, core::slice::from_ref(operation));
        let call = match operation.unknown {
            Some(Unknown::Target) => kind_target(&operation.call, &process),
            _ => operation.call.clone(),
        };
        let operation_index = first + index;
        let at_best = helps(&kind, &call);
        let refused = match (at_best, at_worst(world, operation, &process)) {
            (Some(helps), _) => {
                RefusedCall { operation: operation_index, helps, depends_on: None, unexplained: false }
            }
            (None, Some((world, call))) => RefusedCall {
                operation: operation_index,
                helps: helps(&world, &call).unwrap_or_default(),
                depends_on: operation.unknown.as_ref().map(Unknown::on),
                unexplained: false,
            },
            // With what the phase needs it gets through; perhaps that was not effective there.
            (None, None) => {
                let bare = helps(&with_capabilities(&kind, CapSet::EMPTY), &call);
                RefusedCall {
                    operation: operation_index,
                    unexplained: bare.is_none(),
                    helps: bare.unwrap_or_default(),
                    depends_on: None,
                }
            }
        };
        found.push(refused);
    }
    found
}
