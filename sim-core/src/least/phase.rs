use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use super::search::{Course, MOST_JUDGED, Smallest, smallest};
use super::unknown::{depends, perform, refused};
use super::{Depends, Operation, RefusedCall, Shown};
use crate::capability::{CapSet, Capability};
use crate::credentials::{Credentials, RawCredentials};
use crate::file::{File, FileKind, Mode};
use crate::outcome::Refusal;
use crate::rule::Trace;
use crate::scenario::{Call, FileResult, ProcessResult, Simulation, StepOutcome, World};

/// A part of what a thread did, in which its effective user id is 0 all the time, or never, and the program the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// How it began.
    pub begun: Beginning,
    /// Which of the operations are in it; the call that ends it is the last of them.
    pub operations: Range<usize>,
    /// The world in which it begins; its thread has every capability.
    pub world: World,
}

/// How a phase begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// With the thread.
    Start,
    /// By executing a program, of this path.
    Executed(String),
    /// The effective user id became 0.
    BecameRoot,
    /// The effective user id ceased to be 0.
    LeftRoot,
}

/// What became of a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    /// Its phases.
    pub phases: Vec<Phase>,
    /// The world at the end.
    pub end: World,
}

/// Cuts the operations of one thread, which begins in this world, into phases. The world is one without an engine.
pub fn phases(start: &World, operations: &[Operation]) -> Walk {
    let mut world = with_capabilities(start, start.all);
    let mut phases = Vec::new();
    let (mut begun, mut first, mut at_begin) = (Beginning::Start, 0, world.clone());
    for (index, operation) in operations.iter().enumerate() {
        if operation.shown == Shown::Refused || !operation.call.changes_thread() {
            continue;
        }
        let root = is_root(&world);
        world = perform_alone(&world, operation);
        let next = match (&operation.call, root, is_root(&world)) {
            (Call::Execve(path), ..) => Beginning::Executed(path.clone()),
            (_, true, false) => Beginning::LeftRoot,
            (_, false, true) => Beginning::BecameRoot,
            _ => continue,
        };
        // What it may do from here on is the question, not what it has left.
        world = with_capabilities(&world, start.all);
        let ended = core::mem::replace(&mut begun, next);
        let world = core::mem::replace(&mut at_begin, world.clone());
        phases.push(Phase { begun: ended, operations: first..index + 1, world });
        first = index + 1;
    }
    if first < operations.len() || phases.is_empty() {
        phases.push(Phase { begun, operations: first..operations.len(), world: at_begin });
    }
    Walk { phases, end: world }
}

impl Walk {
    /// The world before an operation, as a child sees it that the thread makes there; the one at the end for an operation
    /// that there is not.
    pub fn world_before(&self, operations: &[Operation], index: usize) -> World {
        let Some(phase) = self.phases.iter().find(|phase| phase.operations.contains(&index)) else {
            return self.end.clone();
        };
        let before = operations.get(phase.operations.start..index).unwrap_or_default();
        let mut world = phase.world.clone();
        for operation in before.iter().filter(|operation| operation.shown == Shown::Succeeded) {
            if operation.call.changes_thread() {
                world = perform_alone(&world, operation);
            }
        }
        world
    }
}

fn is_root(world: &World) -> bool {
    let credentials = &world.thread.credentials;
    world.system.user_namespaces.uid(credentials.user_ns, credentials.uid.effective) == Some(0)
}

/// The world after a call that changes the thread.
fn perform_alone(world: &World, operation: &Operation) -> World {
    let mut described = narrowed(world, &operation.call);
    describe(&mut described, core::slice::from_ref(operation));
    let mut simulation = Simulation::new(described);
    perform(&mut simulation, operation);
    let mut after = simulation.world().clone();
    after.files.clone_from(&world.files);
    after
}

/// The same world, the thread's permitted and effective sets being `set`, and the others within it.
pub(super) fn with_capabilities(world: &World, set: CapSet) -> World {
    let mut world = world.clone();
    let old = RawCredentials::from(world.thread.credentials.clone());
    let raw = RawCredentials {
        permitted: set,
        effective: set,
        bounding: set,
        inheritable: old.inheritable & set,
        ambient: old.ambient & old.inheritable & set,
        ..old
    };
    if let Ok(credentials) = Credentials::try_from(raw) {
        world.thread.credentials = credentials;
    }
    world
}

/// Adds the files that operations name and the world does not describe: they belong to the thread, and anyone may do
/// anything with them.
pub(super) fn describe(world: &mut World, operations: &[Operation]) {
    let named = || operations.iter().map(|operation| operation.call.named_files());
    let mut directories: BTreeSet<&str> = named().filter_map(|named| named.directory).collect();
    let paths: BTreeSet<&str> =
        named().flat_map(|named| [named.file, named.directory, named.makes]).flatten().collect();
    // What lies above another is a directory, however it is named.
    for path in &paths {
        let above = path.match_indices('/').filter_map(|(slash, _)| path.get(..slash.max(1)));
        directories.extend(above.filter(|above| above.len() < path.len() && paths.contains(above)));
    }
    let mut made = BTreeSet::new();
    let credentials = &world.thread.credentials;
    let kind = File {
        uid: credentials.uid.filesystem,
        gid: credentials.gid.filesystem,
        mode: Mode::new(0o777).unwrap_or(Mode::EXECUTABLE),
        ..File::default()
    };
    let mut add = |path: &str, is_directory: bool| {
        let kind = File { kind: if is_directory { FileKind::Directory } else { FileKind::Regular }, ..kind };
        world.files.entry(path.into()).or_insert((kind, None));
    };
    for path in &directories {
        add(path, true);
    }
    for named in named() {
        if let Some(path) = named.file.filter(|path| !made.contains(path)) {
            add(path, directories.contains(path));
        }
        made.extend(named.makes);
    }
}

/// Why a capability of a set is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The capability.
    pub capability: Capability,
    /// The operations that do not get through without it, or come out otherwise.
    pub operations: Vec<usize>,
}

/// What the model says of a phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeastOfPhase {
    /// The thread at its beginning.
    pub process: ProcessResult,
    /// The smallest sets with which every call gets through; none contains another, the least powerful comes first.
    pub sets: Vec<CapSet>,
    /// Whether there are no others.
    pub complete: bool,
    /// Why each capability of the first set is in it.
    pub needs: Vec<Need>,
    /// What may be needed beside, by what is not known.
    pub depends: Vec<Depends>,
    /// The calls that were refused, and what would have helped.
    pub refused: Vec<RefusedCall>,
    /// Operations that succeeded, though the model refuses them whatever the thread has; they count for nothing.
    pub unexplained: Vec<usize>,
}

impl LeastOfPhase {
    /// The least powerful of the smallest sets.
    pub fn set(&self) -> CapSet {
        self.sets.first().copied().unwrap_or_default()
    }

    /// What may be needed beside it: what any call would ask for, were what is not known otherwise.
    pub fn perhaps(&self) -> CapSet {
        let alternatives = self.depends.iter().flat_map(|depends| &depends.alternatives);
        alternatives.fold(CapSet::EMPTY, |all, set| all | *set) - self.set()
    }
}

/// A call that must get through, and what it must come to.
#[derive(Clone, Debug)]
pub(super) struct Required<'a> {
    /// Which operation it is.
    pub(super) index: usize,
    pub(super) operation: &'a Operation,
    ids: ([u32; 4], [u32; 4], Vec<u32>),
    file: Option<FileResult>,
}

/// What is compared of a call that stopped a thread.
pub(super) type How = (Option<Refusal>, Trace);

impl Required<'_> {
    /// Whether it came to what it must.
    pub(super) fn is_through(&self, outcome: &StepOutcome) -> bool {
        granted(outcome) && ids(outcome.process()) == self.ids && outcome.file == self.file
    }
}

fn granted(outcome: &StepOutcome) -> bool {
    outcome.refusal.is_none() && outcome.killed.is_none() && outcome.not_performed.is_none()
}

fn ids(process: &ProcessResult) -> ([u32; 4], [u32; 4], Vec<u32>) {
    (process.uid, process.gid, process.groups.clone())
}

/// So many calls are performed at most, as good as, to find the sets of a phase.
const MOST_PERFORMED: usize = 1 << 20;

/// The same world with only those files that a call can meet: those that it names, what is above them and what interprets them.
pub(super) fn narrowed(world: &World, call: &Call) -> World {
    let named = call.named_files();
    let mut left: Vec<&str> = [named.file, named.directory, named.makes].into_iter().flatten().collect();
    let mut files = BTreeMap::new();
    while let Some(path) = left.pop() {
        let above = path.match_indices('/').filter_map(|(slash, _)| path.get(..slash.max(1)));
        for path in above.chain([path]) {
            let Some((file, interpreter)) = world.files.get(path) else { continue };
            if files.insert(path.into(), (file.clone(), interpreter.clone())).is_none() {
                left.extend(interpreter.as_deref());
            }
        }
    }
    world.with_files(files)
}

impl Phase {
    /// Finds the smallest sets for this phase of the operations that it was made of.
    pub fn least(&self, operations: &[Operation]) -> LeastOfPhase {
        let own = operations.get(self.operations.clone()).unwrap_or_default();
        let world = self.described(own);
        let all = world.all;
        let (required, unexplained) = self.required(own, &world);
        let asking = asking(&required, &world);
        let most = (MOST_PERFORMED / asking.len().max(1)).min(MOST_JUDGED);
        let Smallest { sets, complete } = smallest(all, most, |set| course(&asking, &with_capabilities(&world, set)));
        let set = sets.first().copied().unwrap_or_default();
        let held = with_capabilities(&world, set);
        let need = |capability: Capability| Need { capability, operations: needing(capability, &asking, &held) };
        LeastOfPhase {
            process: Simulation::new(world.clone()).process(&world.thread.credentials),
            needs: set.iter().map(need).collect(),
            depends: depends(&held, own, self.operations.start),
            refused: refused(&held, own, self.operations.start),
            sets,
            complete,
            unexplained,
        }
    }

    /// The world with the files that the phase's operations name.
    pub(super) fn described(&self, own: &[Operation]) -> World {
        let mut world = self.world.clone();
        describe(&mut world, own);
        world
    }

    /// The calls that succeeded, with what they come to if the thread has every capability; and those that do not succeed
    /// even so.
    pub(super) fn required<'a>(&self, own: &'a [Operation], world: &World) -> (Vec<Required<'a>>, Vec<usize>) {
        let mut simulation = Simulation::new(with_capabilities(world, world.all));
        let (mut required, mut unexplained) = (Vec::new(), Vec::new());
        for (index, operation) in own.iter().enumerate().filter(|(_, operation)| operation.shown == Shown::Succeeded)
        {
            let index = self.operations.start + index;
            let outcome = perform(&mut simulation, operation);
            if granted(&outcome) {
                let (ids, file) = (ids(outcome.process()), outcome.file.clone());
                required.push(Required { index, operation, ids, file });
                continue;
            }
            unexplained.push(index);
            // What is refused changes nothing; what kills ends everything.
            if outcome.killed.is_some() {
                simulation = Simulation::new(with_capabilities(world, world.all));
                for required in &required {
                    perform(&mut simulation, required.operation);
                }
            }
        }
        (required, unexplained)
    }
}

/// The calls about which capabilities have a say: those of which the model tells another story with all than with none, and
/// those that change what later ones meet.
fn asking<'a>(required: &[Required<'a>], world: &World) -> Vec<Required<'a>> {
    let mut with_all = Simulation::new(with_capabilities(world, world.all));
    let mut with_none = Simulation::new(with_capabilities(world, CapSet::EMPTY));
    let asks = |required: &&Required<'_>| {
        let call = &required.operation.call;
        let rich = perform(&mut with_all, required.operation);
        let poor = perform(&mut with_none, required.operation);
        let changes = call.changes_thread() || matches!(call, Call::FileChange(_));
        changes || call.named_files().makes.is_some() || rich.trace != poor.trace
    };
    required.iter().filter(asks).cloned().collect()
}

/// The calls that do not get through if the capability is taken away just before them; where there is none, those that do
/// not if it is taken away from the beginning.
fn needing(capability: Capability, asking: &[Required<'_>], held: &World) -> Vec<usize> {
    let mut simulation = Simulation::new(held.clone());
    let needs = |required: &&Required<'_>| {
        let there = narrowed(simulation.world(), &required.operation.call);
        let mut without = Simulation::new(without(&there, capability));
        let stopped = !required.is_through(&perform(&mut without, required.operation));
        perform(&mut simulation, required.operation);
        stopped
    };
    let found: Vec<usize> = asking.iter().filter(needs).map(|required| required.index).collect();
    if !found.is_empty() {
        return found;
    }
    let mut simulation = Simulation::new(without(held, capability));
    let stopped = |required: &&Required<'_>| !required.is_through(&perform(&mut simulation, required.operation));
    asking.iter().filter(stopped).map(|required| required.index).collect()
}

/// The same world, a capability taken from all sets of the thread.
fn without(world: &World, capability: Capability) -> World {
    let mut world = world.clone();
    let (old, gone) = (RawCredentials::from(world.thread.credentials.clone()), CapSet::from(capability));
    let raw = RawCredentials {
        permitted: old.permitted - gone,
        effective: old.effective - gone,
        bounding: old.bounding - gone,
        inheritable: old.inheritable - gone,
        ambient: old.ambient - gone,
        ..old
    };
    if let Ok(credentials) = Credentials::try_from(raw) {
        world.thread.credentials = credentials;
    }
    world
}

/// How far the calls get in a world.
fn course(required: &[Required<'_>], world: &World) -> Course<How> {
    let mut simulation = Simulation::new(world.clone());
    for (at, required) in required.iter().enumerate() {
        let outcome = perform(&mut simulation, required.operation);
        if !required.is_through(&outcome) {
            return Course::Stopped(at, (outcome.refusal, outcome.trace));
        }
    }
    Course::Through
}
