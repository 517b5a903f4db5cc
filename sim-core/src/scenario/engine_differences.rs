use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};

use super::release_differences::facts;
use super::{EngineText, Options, Scenario, Simulation, StepResult, VersionText, World};
use crate::engine::{ENGINE_CHANGES, Engine, EngineChange, Version};

/// A version of a scenario's engine at which its outcome changes.
#[derive(Clone, Debug)]
pub struct EngineDifference {
    /// The engine.
    pub engine: Engine,
    /// The first version with the new outcome.
    pub since: Version,
    /// The changes of that version; those that end with it too, where an older series had them taken over.
    pub changes: Vec<&'static EngineChange>,
    /// The first step whose outcome differs; none if it is the engine's answer itself.
    pub step: Option<usize>,
    /// What comes out otherwise, fact by fact: `effective: 0000000000000000 before, 0000000000000400 since`.
    pub facts: Vec<String>,
}

/// What comes of a scenario with some version.
struct Outcome {
    refused: String,
    steps: Vec<StepResult>,
}

/// The versions of its engine at which the outcome of a scenario changes, oldest first; none if it begins at no engine.
///
/// ```
/// use sim_core::scenario::{Loaded, Options, engine_differences};
///
/// // A file with capabilities and no_new_privs: between Docker 18.04 and 24 nothing was permitted, and so nothing is gained.
/// let text = r#"{
///     "runtime": { "engine": "docker", "user": "1000", "no_new_privileges": true },
///     "files": { "/bin/server": { "caps": "cap_net_bind_service=ep" } },
///     "steps": [ { "execve": "/bin/server" } ]
/// }"#;
/// let loaded = Loaded::read(text, &Options::default())?;
/// let differences = engine_differences(&loaded.scenario, &Options::default());
/// let last = differences.last().unwrap();
/// assert_eq!((last.since.to_string(), last.changes[0].id), ("25.0".to_string(), "docker-non-root-kept"));
/// assert_eq!(last.facts[0], "permitted: 0000000000000000 before, 0000000000000400 since");
/// # Ok::<(), sim_core::scenario::ReadError>(())
/// ```
pub fn engine_differences(scenario: &Scenario, options: &Options) -> Vec<EngineDifference> {
    let Some(entry) = &scenario.runtime else { return Vec::new() };
    let EngineText(engine) = entry.engine;
    let changes = || ENGINE_CHANGES.iter().copied().filter(move |change| change.engine == engine);
    let mut versions: Vec<Version> = vec![Version::new(0, 0, 0)];
    // The first of the next series is without what an older one took over.
    versions.extend(changes().flat_map(EngineChange::points));
    let after = changes().flat_map(|change| change.taken_over).map(|version| version.next_series());
    versions.extend(after);
    versions.sort_unstable();
    versions.dedup();
    let mut found = Vec::new();
    let mut previous: Option<Outcome> = None;
    for since in versions {
        let mut there = Scenario { eras: Vec::new(), ..scenario.clone() };
        if let Some(runtime) = &mut there.runtime {
            runtime.version = Some(VersionText(since));
        }
        let Some(outcome) = outcome(&there, options) else { continue };
        if let Some(before) = &previous
            && let Some((step, facts)) = difference(before, &outcome)
        {
            let changes = changes().filter(|change| {
                change.points().any(|point| point == since)
                    || change.taken_over.iter().any(|version| version.next_series() == since)
            });
            found.push(EngineDifference { engine, since, changes: changes.collect(), step, facts });
        }
        previous = Some(outcome);
    }
    found
}

fn outcome(scenario: &Scenario, options: &Options) -> Option<Outcome> {
    let world = World::new(scenario, options).ok()?;
    let mut simulation = Simulation::new(world);
    let refused = simulation.runtime_result(None).and_then(|result| result.refused);
    let steps = scenario.steps.iter().map(|step| simulation.perform(&step.call).result()).collect();
    Some(Outcome { refused: refused.map_or("nothing".to_string(), |refused| refused.rule.to_string()), steps })
}

fn difference(before: &Outcome, after: &Outcome) -> Option<(Option<usize>, Vec<String>)> {
    if before.refused != after.refused {
        let fact = format!("refused: {} before, {} since", before.refused, after.refused);
        return Some((None, vec![fact]));
    }
    before.steps.iter().zip(&after.steps).enumerate().find_map(|(step, (before, after))| {
        let told = |(name, before, after)| format!("{name}: {before} before, {after} since");
        let pairs = facts(before).into_iter().zip(facts(after));
        let different = pairs.filter(|((_, before), (_, after))| before != after);
        let facts: Vec<_> = different.map(|((name, before), (_, after))| told((name, before, after))).collect();
        (!facts.is_empty()).then_some((Some(step), facts))
    })
}
