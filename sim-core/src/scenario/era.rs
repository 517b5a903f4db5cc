//! How a scenario comes out with other engines, versions and kernels.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::engine::Engine;

use super::{Difference, EngineText, Era, EraResult, Options, Scenario, Simulation, World};

/// The eras in which an expectation does not hold.
pub(super) fn eras(scenario: &Scenario) -> Vec<EraResult> {
    let results = scenario.eras.iter().enumerate().map(|(index, era)| (index, differences(scenario, era)));
    results
        .filter(|(_, differences)| !differences.is_empty())
        .map(|(era, differences)| EraResult { era, differences })
        .collect()
}

impl Scenario {
    /// The scenario as it is in one of its eras, without what is expected of it.
    #[must_use]
    pub fn in_era(&self, era: &Era) -> Self {
        let mut scenario = Self { kernel: era.kernel.or(self.kernel), eras: Vec::new(), ..self.clone() };
        if let Some(runtime) = &mut scenario.runtime {
            let other = era.engine.filter(|engine| *engine != runtime.engine);
            if let Some(EngineText(engine)) = other {
                // Each reads a configuration of its own; a config.json is that of any runtime.
                let is_runtime = |engine| matches!(engine, Engine::Runc | Engine::Crun | Engine::Youki);
                if !(is_runtime(runtime.engine.0) && is_runtime(engine)) {
                    runtime.default_capabilities = None;
                }
                (runtime.engine, runtime.version) = (EngineText(engine), None);
                runtime.kubernetes &= matches!(engine, Engine::Containerd | Engine::CriO);
            }
            runtime.version = era.version.or(runtime.version);
            runtime.expect = None;
        }
        for step in &mut scenario.steps {
            step.expect = None;
        }
        scenario
    }
}

fn differences(scenario: &Scenario, era: &Era) -> Vec<Difference> {
    let senseless = |actual: String| {
        Vec::from([Difference { field: "era".to_string(), expected: "a world that makes sense".to_string(), actual }])
    };
    let there = scenario.in_era(era);
    let world = match World::new(&there, &Options::default()) {
        Ok(world) => world,
        Err(error) => return senseless(error.to_string()),
    };
    let all = world.all;
    let mut simulation = Simulation::new(world);
    let asked = era.step.unwrap_or(there.steps.len().saturating_sub(1));
    let results = there.steps.iter().map(|step| simulation.perform(&step.call).result());
    match results.enumerate().find(|(step, _)| *step == asked) {
        Some((_, result)) => era.expect.differences(&result, all),
        None => senseless(alloc::format!("there is no step {asked}")),
    }
}
