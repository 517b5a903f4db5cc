//! One test a scenario: it can be read, it comes out as it says, and it says so in one notation after the other.

use std::path::Path;

use sim_core::scenario::{Loaded, Options};

fn holds(path: &Path) -> datatest_stable::Result<()> {
    let text = std::fs::read_to_string(path)?;
    let loaded = Loaded::read(&text, &Options::default())?;
    for field in [&loaded.scenario.title, &loaded.scenario.about] {
        assert!(
            field.as_ref().is_some_and(|text| !text.is_empty()),
            "a scenario has a title and says what it is about"
        );
    }
    assert!(!loaded.scenario.steps.is_empty(), "a scenario has steps");
    assert!(loaded.scenario.steps.iter().any(|step| step.expect.is_some()), "a scenario expects something");
    let result = loaded.run();
    let differences: Vec<_> = result.steps.iter().flat_map(|step| &step.differences).collect();
    assert!(result.ok, "{differences:#?}");

    let rewritten = serde_json::to_string(&loaded.scenario)?;
    let again = Loaded::read(&rewritten, &Options::default())?;
    assert!(again.scenario == loaded.scenario, "written again it is another scenario: {rewritten}");
    assert!(again.run() == result, "written again it comes out otherwise: {rewritten}");
    Ok(())
}

datatest_stable::harness! {
    { test = holds, root = "../scenarios", pattern = r"\.json$" },
}
