//! The model's answers, phase by phase.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use anyhow::{Context, Result};
use formats::operations::{IdRead, Place, Seen, Thread, WhichId};
use sim_core::capability::CapSet;
use sim_core::least::{LeastOfPhase, Operation, Phase, Walk, phases};
use sim_core::scenario::{FourIds, Options, Process, Scenario, World};

use super::Input;

/// What was found.
pub(crate) struct Judged {
    /// The phases of all threads.
    pub(super) phases: Vec<JudgedPhase>,
    /// Every capability.
    pub(super) all: CapSet,
    /// What was taken for granted, a sentence each.
    pub(super) assumed: Vec<String>,
}

/// A phase and what the model says of it.
pub(super) struct JudgedPhase {
    /// The thread's id; 0 if there are no ids.
    pub(super) thread: u32,
    /// Which of the thread's phases, counted from 1.
    pub(super) number: usize,
    /// How many phases of threads are the same; this is the first.
    pub(super) same: u64,
    pub(super) phase: Phase,
    pub(super) least: LeastOfPhase,
    /// The operations of the phase.
    pub(super) seen: Vec<Seen>,
    /// The same as the model takes them.
    operations: Rc<[Operation]>,
}

impl JudgedPhase {
    /// Where it begins.
    pub(super) fn place(&self) -> Option<Place> {
        self.seen.first().and_then(|seen| seen.places.first().copied())
    }

    /// An operation by its number among those of the thread.
    pub(super) fn seen(&self, index: usize) -> Option<&Seen> {
        self.seen.get(index.checked_sub(self.phase.operations.start)?)
    }

    /// The phase as a scenario.
    pub(super) fn scenario(&self, set: CapSet) -> Option<Scenario> {
        self.phase.scenario(&self.operations, set)
    }
}

/// Asks the model about everything that was read.
pub(super) fn judge(input: &Input, uid: Option<u32>) -> Result<Judged> {
    let mut judged = Judged { phases: Vec::new(), all: CapSet::EMPTY, assumed: Vec::new() };
    if let Some(loaded) = &input.scenario {
        let (expanded, _) = loaded.scenario.expanded(&Options::default());
        let world = World::new(&expanded, &Options::default())?;
        judged.all = world.all;
        let steps = (1..).zip(&expanded.steps);
        let seen = steps.filter_map(|(number, step)| {
            let operation = Operation::of_steps(std::slice::from_ref(step)).pop()?;
            let text = serde_json::to_string(&step.call).unwrap_or_default();
            Some(Seen { operation, text, count: 1, places: vec![Place { file: 0, line: number }] })
        });
        let thread = Thread { operations: seen.collect(), ..Thread::default() };
        judged.add(&thread, &world, &mut HashMap::new());
        return Ok(judged);
    }
    let mut walks: HashMap<u32, (Walk, Vec<Operation>)> = HashMap::new();
    let mut known = HashMap::new();
    let mut left: Vec<&Thread> = input.log.threads.iter().collect();
    while !left.is_empty() {
        let ids: Vec<u32> = left.iter().map(|thread| thread.id).collect();
        let waits =
            |thread: &&Thread| thread.parent.is_some_and(|(parent, _)| parent != thread.id && ids.contains(&parent));
        // A circle of parents, as after a pid was given again, is cut where it begins.
        let at = left.iter().position(|thread| !waits(thread)).unwrap_or_default();
        let thread = left.remove(at);
        let inherited = thread.parent.and_then(|(parent, before)| {
            let (walk, operations) = walks.get(&parent)?;
            Some(walk.world_before(operations, before))
        });
        let world = match inherited {
            Some(world) => world,
            None => judged.first_world(thread, uid, input)?,
        };
        judged.all = world.all;
        let walk = judged.add(thread, &world, &mut known);
        judged.compare_ids(thread, &walk, input);
        let has_children = input.log.threads.iter().any(|other| other.parent.is_some_and(|(id, _)| id == thread.id));
        if has_children {
            let operations = thread.operations.iter().map(|seen| seen.operation.clone()).collect();
            walks.insert(thread.id, (walk, operations));
        }
    }
    Ok(judged)
}

/// Two phases are the same if they begin in the same way and the same is done.
type Key = (String, Vec<Operation>);

impl Judged {
    /// The world in which a thread begins whose parent is not in the log.
    fn first_world(&mut self, thread: &Thread, uid: Option<u32>, input: &Input) -> Result<World> {
        let first =
            |which: WhichId| thread.ids.iter().find(|read| read.which == which && is_before_change(thread, read));
        let effective = first(WhichId::EffectiveUser).or_else(|| first(WhichId::RealUser));
        let real = first(WhichId::RealUser).or(effective).map(|read| read.id);
        let (effective_id, real) = match (uid, effective) {
            (Some(uid), _) => (uid, uid),
            (None, Some(read)) => (read.id, real.unwrap_or(read.id)),
            (None, None) => (0, 0),
        };
        let who = who(thread.id);
        if uid.is_none() {
            self.assumed.push(match effective {
                Some(read) => {
                    format!(
                        "{who} begins as user {effective_id}, for it reads that ({})",
                        show(read.place, &input.names)
                    )
                }
                None => format!("{who} begins as user 0; if it is another, say so with --uid"),
            });
        }
        let gid =
            first(WhichId::EffectiveGroup).or_else(|| first(WhichId::RealGroup)).map_or(effective_id, |read| read.id);
        let uid = FourIds([real, effective_id, effective_id, effective_id]);
        let process = Process { uid: Some(uid), gid: Some(FourIds([gid; 4])), ..Process::default() };
        Ok(World::new(&Scenario { process, ..Scenario::default() }, &Options::default())?)
    }

    fn add(&mut self, thread: &Thread, world: &World, known: &mut HashMap<String, Vec<(Key, usize)>>) -> Walk {
        let operations: Rc<[Operation]> = thread.operations.iter().map(|seen| seen.operation.clone()).collect();
        let walk = phases(world, &operations);
        for (index, phase) in walk.phases.iter().enumerate() {
            let own = operations.get(phase.operations.clone()).unwrap_or_default();
            let begins = format!("{:?}{:?}", phase.begun, phase.world.thread);
            let alike = known.entry(begins.clone()).or_default();
            if let Some((_, at)) = alike.iter().find(|((_, same), _)| same == own) {
                if let Some(first) = self.phases.get_mut(*at) {
                    first.same += 1;
                }
                continue;
            }
            alike.push(((begins, own.to_vec()), self.phases.len()));
            self.phases.push(JudgedPhase {
                thread: thread.id,
                number: index + 1,
                same: 1,
                least: phase.least(&operations),
                seen: thread.operations.get(phase.operations.clone()).unwrap_or_default().to_vec(),
                phase: phase.clone(),
                operations: Rc::clone(&operations),
            });
        }
        walk
    }

    /// Notes where the log shows another id than the model has.
    fn compare_ids(&mut self, thread: &Thread, walk: &Walk, input: &Input) {
        const MOST: usize = 8;
        let operations: Vec<Operation> = thread.operations.iter().map(|seen| seen.operation.clone()).collect();
        for read in thread.ids.iter().filter(|read| read.which == WhichId::EffectiveUser) {
            let world = walk.world_before(&operations, read.before);
            let credentials = &world.thread.credentials;
            let modelled = world.system.user_namespaces.uid(credentials.user_ns, credentials.uid.effective);
            if modelled != Some(read.id) && self.assumed.len() < MOST {
                let (place, modelled) = (show(read.place, &input.names), modelled.unwrap_or_default());
                self.assumed.push(format!(
                    "{} has effective user id {} at {place}, where it should be {modelled}: a set-user-ID program, or a \
                     change that the log does not show; the phase is told for {modelled}",
                    who(thread.id),
                    read.id,
                ));
                return;
            }
        }
    }

    /// Every phase that needs something: with its set, and with each capability taken away.
    pub(super) fn write_scenarios(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        for phase in self.phases.iter().filter(|phase| !phase.least.set().is_empty()) {
            let set = phase.least.set();
            let base = format!("thread-{}-phase-{}", phase.thread, phase.number);
            let all = std::iter::once((base.clone(), set)).chain(set.iter().map(|capability| {
                (format!("{base}-without-{}", capability.name().unwrap_or_default()), set - capability.into())
            }));
            for (name, set) in all {
                let Some(scenario) = phase.scenario(set) else { continue };
                let path = folder.join(format!("{name}.json"));
                let text = serde_json::to_string_pretty(&scenario)? + "\n";
                std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
            }
        }
        Ok(())
    }

    /// What is needed in any phase.
    pub(super) fn needed(&self) -> CapSet {
        self.phases.iter().fold(CapSet::EMPTY, |all, phase| all | phase.least.set())
    }

    /// What may be needed beside it.
    pub(super) fn perhaps(&self) -> CapSet {
        self.phases.iter().fold(CapSet::EMPTY, |all, phase| all | phase.least.perhaps()) - self.needed()
    }
}

fn is_before_change(thread: &Thread, read: &IdRead) -> bool {
    let before = thread.operations.iter().take(read.before);
    let mut before = before.map(|seen| seen.operation.call.name());
    !before.any(|name| name.starts_with("set") && (name.ends_with("uid") || name.ends_with("gid")))
}

/// `thread 77`, or `the thread`.
pub(super) fn who(thread: u32) -> String {
    if thread == 0 { "the thread".to_owned() } else { format!("thread {thread}") }
}

/// `line 5`, with the file where there are several.
pub(super) fn show(place: Place, names: &[String]) -> String {
    match names.get(place.file).filter(|_| names.len() > 1) {
        Some(name) => format!("{name}:{}", place.line),
        None => format!("line {}", place.line),
    }
}
