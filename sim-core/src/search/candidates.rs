//! The edits that may help where a step fails: what people do about such a failure.

mod engine;
mod files;
mod launcher;
mod program;

use alloc::vec::Vec;

use super::attempt::{Failure, Reason};
use super::edit::{Edit, Setting};
use super::goal::Goal;
use crate::capability::CapSet;
use crate::rule::{execve as rules, system as system_rules};
use crate::scenario::{Call, Scenario, SystemOperation, World};

/// What a failure is about.
struct Context<'a> {
    scenario: &'a Scenario,
    goal: &'a Goal,
    failure: &'a Failure,
    /// The world in which the step failed, if there is one.
    world: Option<&'a World>,
    /// Sets of capabilities of which each may help.
    groups: Vec<CapSet>,
}

/// The edits to try where a step fails.
pub(super) fn candidates(scenario: &Scenario, goal: &Goal, failure: &Failure, world: Option<&World>) -> Vec<Edit> {
    let groups = groups(failure, goal, world);
    let context = Context { scenario, goal, failure, world, groups };
    let mut edits = Vec::new();
    if scenario.runtime.is_some() {
        engine::edits(&context, &mut edits);
    } else {
        launcher::edits(&context, &mut edits);
    }
    files::edits(&context, &mut edits);
    program::edits(&context, &mut edits);
    edits.extend(settings(&context));
    edits
}

/// So many lacking capabilities are also tried one by one.
const MOST_DIVIDED: u32 = 3;

/// What may be missing. A program file that demands several demands all of them, and so does a goal; of others each is
/// tried alone.
fn groups(failure: &Failure, goal: &Goal, world: Option<&World>) -> Vec<CapSet> {
    let known = world.map_or(CapSet::from_bits(u64::MAX), |world| world.all);
    let (together, alone) = match &failure.reason {
        Reason::Refused { rule, lacking, .. } if **rule == rules::FILE_EFFECTIVE_EPERM => (*lacking, CapSet::EMPTY),
        Reason::Refused { lacking, .. } => (CapSet::EMPTY, *lacking | failure.about),
        Reason::NotEffective(lacking) => (*lacking, CapSet::EMPTY),
        _ => (CapSet::EMPTY, CapSet::EMPTY),
    };
    let mut groups = Vec::new();
    let goal = goal.effective;
    // Of a few that are lacking, some may be given and others taken from the file.
    let divided = if together.len() <= MOST_DIVIDED { together } else { CapSet::EMPTY };
    let alone = alone | divided;
    for group in [together & known, goal & known].into_iter().chain((alone & known).iter().map(CapSet::from)) {
        if !group.is_empty() && !groups.contains(&group) {
            groups.push(group);
        }
    }
    groups
}

impl Context<'_> {
    /// The call that failed.
    fn call(&self) -> Option<&Call> {
        self.scenario.steps.get(self.failure.step).map(|step| &step.call)
    }

    /// The programs that are executed up to the goal: their steps and paths.
    fn programs(&self) -> impl Iterator<Item = (usize, &str)> {
        let steps = self.scenario.steps.iter().enumerate().take(self.goal.last() + 1);
        steps.filter_map(|(index, step)| match &step.call {
            Call::Execve(path) => Some((index, path.as_str())),
            _ => None,
        })
    }
}

/// The settings of the machine that lift a restriction on the call.
fn settings(context: &Context<'_>) -> Option<Edit> {
    let setting = match context.call()? {
        Call::Bind { port } if *port > 0 && own_network(context.scenario) => {
            return None;
        }
        Call::System(SystemOperation::Socket(_)) if !own_network(context.scenario) => {
            Setting::PingGroup(ping_group(context)?.0)
        }
        Call::Bind { port } if *port > 0 => Setting::UnprivilegedPortStart(*port),
        other => match other.name() {
            "link" => Setting::ProtectedHardlinks(0),
            "bpf" => Setting::UnprivilegedBpfDisabled(0),
            "perf_event_open" => Setting::PerfEventParanoid(1),
            "syslog" => Setting::DmesgRestrict(0),
            _ => return None,
        },
    };
    Some(Edit::Setting(setting))
}

/// The group of the thread that may not ping for its groups: its host id, and the one that it sees itself.
fn ping_group(context: &Context<'_>) -> Option<(u32, u32)> {
    if !context.failure.rules.contains(&system_rules::SOCKET_PING_GROUP_RANGE.id) {
        return None;
    }
    let world = context.world?;
    let group = world.thread.credentials.gid.effective;
    let inside = world.system.user_namespaces.gid(world.thread.credentials.user_ns, group)?;
    Some((group.number(), inside))
}

/// Whether a container with a network of its own makes the call.
fn own_network(scenario: &Scenario) -> bool {
    let systemd = crate::scenario::EngineText(crate::engine::Engine::Systemd);
    scenario.runtime.as_ref().is_some_and(|runtime| !runtime.host_network && runtime.engine != systemd)
}
