use sim_core::scenario::{Loaded, Options, Simulation, explain_event, verdict};

use super::check_place;

/// A scenario is refused with a place, or it runs, is explained, and means the same when it is written again.
pub fn scenario(bytes: &[u8]) {
    let loaded = match Loaded::read(bytes, &Options::default()) {
        Ok(loaded) => loaded,
        Err(error) => {
            assert!(!error.message.is_empty());
            return check_place(bytes, error.line, error.column);
        }
    };
    let mut simulation = Simulation::new(loaded.world.clone());
    for step in &loaded.scenario.steps {
        let outcome = simulation.perform(&step.call);
        assert!(!verdict(&outcome).is_empty());
        assert!(outcome.trace.events().iter().all(|event| !explain_event(event).is_empty()));
    }
    let written = serde_json::to_string(&loaded.scenario).expect("a scenario can be written");
    let again = Loaded::read(&written, &Options::default()).expect("what is written can be read");
    assert!(again.scenario == loaded.scenario && again.run() == loaded.run(), "{written} means something else");
}
