//! The scenario as a test.

use sim_core::scenario::{Expect, Loaded, Options, Scenario, Step, StepResult, World, read_value};

use super::{ExportError, Exported};

/// The scenario with everything that the model answers as what it expects: `eperm run` finds whether an answer changes.
pub fn test(scenario: &Scenario, options: &Options) -> Result<Exported, ExportError> {
    let world = World::new(scenario, options)?;
    let kernel = sim_core::scenario::ReleaseText(world.system.release);
    let result = Loaded { scenario: scenario.clone(), world }.run();
    let steps = scenario.steps.iter().zip(&result.steps);
    let steps = steps.map(|(step, result)| Step { expect: expectation(result), ..step.clone() }).collect();
    let scenario = Scenario { kernel: Some(kernel), steps, ..scenario.clone() };
    let text = serde_json::to_string_pretty(&scenario).unwrap_or_default() + "\n";
    Ok(Exported { text, left_out: Vec::new() })
}

/// The result of a step as what is expected of it.
fn expectation(result: &StepResult) -> Option<Expect> {
    let mut value = serde_json::to_value(result).ok()?;
    let fields = value.as_object_mut()?;
    // The call stands in the step, with its sets as they were written.
    for left in ["call", "differences"] {
        fields.remove(left);
    }
    read_value(&value.to_string()).ok()
}
