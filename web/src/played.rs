//! The scenario, played up to the step that is shown.

use sim_core::capability::{CapSet, Capability};
use sim_core::rule::{Link, Provenance, Trace};
use sim_core::scenario::{
    Call, Options, ProcessResult, RuntimeResult, Simulation, StepOutcome, World, WorldError, explain_link,
};

use crate::state::{Bit, State, When};

/// The world, and the outcome of each step performed in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Played {
    /// The world that is described.
    pub(crate) world: World,
    /// The thread before the first step.
    pub(crate) start: ProcessResult,
    /// What became of the engine's request, where an engine starts the thread.
    pub(crate) runtime: Option<RuntimeResult>,
    /// The calls that the engine's runtime made before the start.
    pub(crate) prologue: Vec<StepOutcome>,
    /// One outcome a step performed.
    pub(crate) outcomes: Vec<StepOutcome>,
}

impl Played {
    /// Performs the steps up to the position.
    pub(crate) fn of(state: &State) -> Result<Self, WorldError> {
        let world = World::new(&state.scenario, &Options::default())?;
        let mut simulation = Simulation::new(world.clone());
        let start = simulation.process(&simulation.world().thread.credentials);
        let runtime = simulation.runtime_result(None);
        let prologue = simulation.prologue().to_vec();
        let steps = state.scenario.steps.iter().take(state.position);
        let outcomes = steps.map(|step| simulation.perform(&step.call)).collect();
        Ok(Self { world, start, runtime, prologue, outcomes })
    }

    /// The outcome of the step that is shown; none before the first.
    pub(crate) fn shown(&self) -> Option<&StepOutcome> {
        self.outcomes.last()
    }

    /// The thread before the step that is shown.
    pub(crate) fn before(&self) -> &ProcessResult {
        let earlier = self.outcomes.len().checked_sub(2).and_then(|index| self.outcomes.get(index));
        earlier.map_or(&self.start, StepOutcome::process)
    }

    /// The thread after the step that is shown.
    pub(crate) fn after(&self) -> Option<&ProcessResult> {
        self.shown().map(StepOutcome::process)
    }

    /// The permitted and inheritable sets of the file that decides in the step that is shown, or the one to come.
    pub(crate) fn file_sets(&self, state: &State) -> Option<[CapSet; 2]> {
        let (file, _) = self.world.files.get(self.deciding_path(state)?)?;
        match file.caps {
            Some(Ok(caps)) => Some([caps.permitted, caps.inheritable]),
            _ => Some([CapSet::EMPTY; 2]),
        }
    }

    /// The path of the file that decides in the step that is shown, or the one to come, if that is an execve.
    pub(crate) fn deciding_path<'a>(&'a self, state: &'a State) -> Option<&'a str> {
        match &state.shown_step()?.call {
            Call::Execve(path) => Some(self.world.deciding_path(path)),
            _ => None,
        }
    }

    /// Whether the bit is set.
    pub(crate) fn holds(&self, bit: Bit) -> bool {
        let process = match bit.when {
            When::Before => Some(self.before()),
            When::After => self.after(),
        };
        process.is_some_and(|process| process.set(bit.set).is_some_and(|set| set.contains(bit.capability)))
    }

    /// The moves of a bit: back to where it came from, or, from the start, on to what became of it.
    pub(crate) fn way(&self, bit: Bit) -> Vec<Link> {
        let traces: Vec<&Trace> = self.outcomes.iter().map(|outcome| &outcome.trace).collect();
        let provenance = Provenance::new(&traces);
        let held = self.holds(bit);
        match (bit.when, traces.len()) {
            (_, 0) => Vec::new(),
            (When::After, steps) => provenance.origins(steps - 1, bit.set, bit.capability, held),
            (When::Before, 1) => provenance.uses(0, bit.set, bit.capability),
            (When::Before, steps) => provenance.origins(steps - 2, bit.set, bit.capability, held),
        }
    }

    /// The same, in sentences.
    pub(crate) fn way_in_words(&self, bit: Bit) -> Vec<String> {
        let held = self.holds(bit);
        self.way(bit).iter().map(|link| explain_link(link, held)).collect()
    }
}

/// Whether a bit stayed, came or went; and the sign for it.
pub(crate) fn change(before: CapSet, after: CapSet, capability: Capability) -> (&'static str, &'static str) {
    match (before.contains(capability), after.contains(capability)) {
        (true, true) => ("●", "held"),
        (false, true) => ("+", "gained"),
        (true, false) => ("−", "lost"),
        (false, false) => ("·", "not held"),
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use sim_core::capability::Capability;
    use sim_core::rule::SetName;
    use yew::Reducible;

    use super::Played;
    use crate::state::{Action, Bit, State, When};

    fn at(slug: &'static str, position: usize) -> State {
        let state = Rc::new(State::initial());
        Rc::unwrap_or_clone(state.reduce(Action::Choose(slug)).reduce(Action::Position(position)))
    }

    #[test]
    fn the_sets_before_a_step_are_those_after_the_one_before() {
        let state = at("article-8-capability-aware", 0);
        let played = Played::of(&state).unwrap();
        assert!(played.shown().is_none() && played.after().is_none());
        assert_eq!(played.before(), &played.start);
        let state = at("article-8-capability-aware", 3);
        let played = Played::of(&state).unwrap();
        assert_eq!(played.before().effective.bits(), 0);
        assert_eq!(played.after().unwrap().effective.bits(), 0x400);
        assert_eq!(played.file_sets(&state), None);
    }

    #[test]
    fn a_bit_of_the_start_leads_on_and_any_other_leads_back() {
        let state = at("article-6-file-capability", 1);
        let played = Played::of(&state).unwrap();
        let bit = |when, set| Bit { when, set, capability: Capability::NET_BIND_SERVICE };
        let on = played.way_in_words(bit(When::Before, SetName::Bounding));
        assert!(on[0].contains("execve.file-permitted"), "{on:?}");
        let back = played.way_in_words(bit(When::After, SetName::Effective));
        assert!(back.last().unwrap().contains("from the start"), "{back:?}");
        assert!(played.holds(bit(When::After, SetName::Effective)));
        assert_eq!(played.file_sets(&state).unwrap()[0].bits(), 0x400);
    }

    #[test]
    fn the_start_is_what_the_calls_of_a_runtime_led_to() {
        let text = r#"{ "runtime": { "engine": "docker", "version": "25.0", "user": "1000" }, "files": { "/x": {} },
                        "steps": [ { "execve": "/x" } ] }"#;
        let scenario = Box::new(link::read_scenario(text).unwrap());
        let state = Rc::unwrap_or_clone(Rc::new(State::initial()).reduce(Action::Replace(scenario)));
        let played = Played::of(&state).unwrap();
        assert_eq!((played.start.uid, played.start.bounding.bits()), ([1000; 4], 0xa804_25fb));
        assert_eq!(played.runtime.as_ref().map(|runtime| runtime.engine.as_str()), Some("Docker 25.0"));
        assert!(!played.prologue.is_empty() && played.outcomes.is_empty());
        assert!(!state.shows_start(), "nothing of it can be edited");
    }
}
