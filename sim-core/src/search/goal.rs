use alloc::vec::Vec;

use super::attempt::unwanted;
use crate::capability::CapSet;
use crate::scenario::{Options, Scenario, Simulation, World};

/// What is to come about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Goal {
    /// The steps that must succeed, counted from 0, in order. Steps before the last of them that succeed must go on to.
    pub steps: Vec<usize>,
    /// What must be effective after the last of them.
    pub effective: CapSet,
}

impl Goal {
    /// That this step succeeds.
    pub fn step(step: usize) -> Self {
        Self { steps: Vec::from([step]), effective: CapSet::EMPTY }
    }

    /// That this step succeeds and these capabilities are effective after it.
    pub fn effective(step: usize, effective: CapSet) -> Self {
        Self { effective, ..Self::step(step) }
    }

    /// That every step of the scenario succeeds.
    pub fn every_step(scenario: &Scenario) -> Self {
        Self { steps: (0..scenario.steps.len()).collect(), effective: CapSet::EMPTY }
    }

    /// That the first step succeeds that is refused, killed or not performed; nothing if there is none, or if the scenario
    /// makes no sense.
    pub fn first_refused(scenario: &Scenario, options: &Options) -> Option<Self> {
        let mut simulation = Simulation::new(World::new(scenario, options).ok()?);
        let refused = scenario.steps.iter().position(|step| unwanted(&simulation.perform(&step.call)).is_some());
        refused.map(Self::step)
    }

    /// The last step that it is about; the first one if it is about none.
    pub fn last(&self) -> usize {
        self.steps.iter().copied().max().unwrap_or(0)
    }
}
