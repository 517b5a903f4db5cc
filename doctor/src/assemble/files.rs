//! The files of a scenario, as they are when something is started.

use formats::{Failure, Mount};
use sim_core::scenario::{Call, Scenario, Simulation, StepOutcome, World, verdict};

use super::Draft;
use super::steps::add_step;
use crate::facts::Facts;

pub(super) fn take_files(draft: &mut Draft, facts: &Facts, failure: Option<&Failure>) {
    draft.scenario.files.extend(facts.files.iter().map(|(path, entry)| (path.clone(), entry.clone())));
    draft.scenario.sysctl = facts.sysctl;
    mount(&mut draft.scenario, &facts.mounts);
    change_files(draft, facts, failure);
    for interpreter in draft.scenario.files.values().filter_map(|file| file.interpreter.clone()).collect::<Vec<_>>() {
        draft.scenario.files.entry(interpreter).or_default();
    }
}

/// What commands did to files, by root, before anything is started.
fn change_files(draft: &mut Draft, facts: &Facts, failure: Option<&Failure>) {
    let failing = failure.and_then(|failure| failure.call.as_ref());
    let mut scenario = Scenario { files: draft.scenario.files.clone(), ..Scenario::default() };
    for (index, call) in facts.calls.iter().enumerate() {
        copy_files(draft, &mut scenario, facts, index);
        if let Call::FileChange(_) = call
            && Some(call) != failing
        {
            add_step(&mut scenario, call.clone());
        }
    }
    copy_files(draft, &mut scenario, facts, facts.calls.len());
    if scenario.steps.is_empty() {
        return;
    }
    draft
        .assumed
        .push("The commands that change files are taken to have been root's, and to have gone through.".into());
    for outcome in Simulated::of(&scenario).0 {
        let Call::FileChange(change) = &outcome.call else { continue };
        let (Some(before), Some(after)) = (&outcome.file_before, &outcome.file) else { continue };
        let entry = draft.scenario.files.entry(change.path().to_owned()).or_default();
        (entry.uid, entry.gid, entry.mode) = (after.uid, after.gid, after.mode);
        entry.caps.clone_from(&after.caps);
        if before.caps.is_some() && after.caps.is_none() {
            draft.before.push((verdict(&outcome), outcome.result().rules));
        }
    }
}

/// The copies of files before a call: most of them leave the capabilities behind.
fn copy_files(draft: &mut Draft, scenario: &mut Scenario, facts: &Facts, index: usize) {
    for (_, copy) in facts.copies.iter().filter(|(before, _)| *before == index) {
        let original = copy.from.as_ref().and_then(|from| draft.scenario.files.get(facts.path_of(from)?)).cloned();
        let mut made = original.clone().unwrap_or_default();
        if !copy.keeps_capabilities && made.caps.take().is_some() {
            draft
                .before
                .push((format!("{} was made by a copy that leaves the capabilities behind.", copy.to), Vec::new()));
        }
        if let Some((uid, gid)) = copy.owner {
            (made.uid, made.gid) = (uid, gid);
        }
        scenario.files.insert(copy.to.clone(), made.clone());
        draft.scenario.files.insert(copy.to.clone(), made);
    }
}

/// Gives the files below a mount its options.
pub(super) fn mount(scenario: &mut Scenario, mounts: &[Mount]) {
    for (path, entry) in &mut scenario.files {
        let below = |mount: &&Mount| {
            let rest = path.strip_prefix(mount.path.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        let nearest = mounts.iter().filter(below).max_by_key(|mount| mount.path.len());
        if let Some(mount) = nearest {
            entry.nosuid |= mount.nosuid;
            entry.noexec |= mount.noexec;
        }
    }
}

/// What becomes of a scenario's steps, as far as it makes sense.
pub(super) struct Simulated(Vec<StepOutcome>);

impl Simulated {
    pub(super) fn of(scenario: &Scenario) -> Self {
        let Ok(world) = World::new(scenario, &sim_core::scenario::Options::default()) else {
            return Self(Vec::new());
        };
        let mut simulation = Simulation::new(world);
        Self(scenario.steps.iter().map(|step| simulation.perform(&step.call)).collect())
    }

    /// The first step that is refused with this error.
    pub(super) fn refused(&self, errno: Option<&str>) -> Option<usize> {
        let same = |outcome: &StepOutcome| {
            outcome.refusal.is_some_and(|refusal| errno.is_none_or(|errno| refusal.errno.to_string() == errno))
        };
        self.0.iter().position(same)
    }
}
