use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::values::CapsEntry;
use super::{FileResult, Options, Scenario, ScenarioResult, Signal, Simulation, StepResult, World};
use crate::capability::CapSet;
use crate::file::VfsCaps;
use crate::kernel::{CHANGES, Change, Release};
use crate::rule::Rule;

/// A release at which the outcome of a scenario changes.
#[derive(Clone, Debug)]
pub struct ReleaseDifference {
    /// The first release with the new outcome.
    pub since: Release,
    /// The changes of that release.
    pub changes: Vec<&'static Change>,
    /// The first step whose outcome differs.
    pub step: usize,
    /// How it comes out before.
    pub before: StepResult,
    /// How it comes out since.
    pub after: StepResult,
}

impl ReleaseDifference {
    /// What comes out otherwise, fact by fact: `effective: 0000000000000000 before, 0000000000002000 since`.
    pub fn facts(&self) -> Vec<String> {
        let facts = facts(&self.before).into_iter().zip(facts(&self.after));
        facts
            .filter(|((_, before), (_, after))| before != after)
            .map(|((name, before), (_, after))| format!("{name}: {before} before, {after} since"))
            .collect()
    }
}

/// The changes of a release that a rule of either result names; all of them if none is named.
fn changes_behind(since: Release, before: &StepResult, after: &StepResult) -> Vec<&'static Change> {
    let of_release = || CHANGES.iter().copied().filter(|change| change.since == since);
    let rules = || before.rules.iter().chain(&after.rules).filter_map(|id| Rule::find(id));
    let named = |change: &&'static Change| {
        rules().any(|rule| [rule.since, rule.until].into_iter().flatten().any(|known| known.id == change.id))
    };
    let found: Vec<_> = of_release().filter(named).collect();
    if found.is_empty() { of_release().collect() } else { found }
}

/// What a step's result says, as text.
pub(super) fn facts(result: &StepResult) -> Vec<(String, String)> {
    let process = &result.process;
    let at_secure = result.at_secure.map_or("none".to_string(), |at_secure| at_secure.to_string());
    let attribute = |caps: Option<&CapsEntry>| {
        caps.map_or("none".to_string(), |caps| serde_json::to_string(caps).unwrap_or_default())
    };
    let file = result.file.as_ref();
    let mut facts = alloc::vec![
        ("errno", result.errno.map_or("none".to_string(), |errno| errno.to_string())),
        ("return", result.value.to_string()),
        ("action", result.action.unwrap_or("none").to_string()),
        ("killed", result.killed.map_or("none", Signal::name).to_string()),
        ("at_secure", at_secure),
        ("attribute", attribute(result.attribute.as_ref())),
        ("mode of the file", file.map_or("none".to_string(), |file| file.mode.0.to_string())),
        ("capabilities of the file", attribute(file.and_then(|file| file.caps.as_ref()))),
        ("uid", format!("{:?}", process.uid)),
        ("gid", format!("{:?}", process.gid)),
        ("groups", format!("{:?}", process.groups)),
        ("securebits", format!("{:#x}", process.securebits)),
        ("no_new_privs", process.no_new_privs.to_string()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_string(), value))
    .collect::<Vec<_>>();
    facts.extend(process.sets().map(|(name, set)| (name.to_string(), set.to_string())));
    facts
}

/// The releases at which the outcome of a scenario changes, oldest first. Capabilities that one of two releases does
/// not know are left out of the comparison; a release that cannot have the scenario's start is passed over.
///
/// ```
/// use sim_core::scenario::{Loaded, Options, release_differences};
///
/// // A thread whose effective id is not its real id executes an ordinary file.
/// let text = r#"{
///     "process": { "uid": [1000, 2000, 2000, 2000], "permitted": "cap_kill", "inheritable": "cap_kill", "ambient": "cap_kill" },
///     "files": { "/bin/true": {} },
///     "steps": [ { "execve": "/bin/true" } ]
/// }"#;
/// let loaded = Loaded::read(text, &Options::default())?;
/// let differences = release_differences(&loaded.scenario, &Options::default());
/// assert_eq!(differences.len(), 1);
/// assert_eq!(differences[0].since.to_string(), "6.17");
/// assert_eq!(differences[0].facts()[0], "permitted: 0000000000000000 before, 0000000000000020 since");
/// # Ok::<(), sim_core::scenario::ReadError>(())
/// ```
pub fn release_differences(scenario: &Scenario, options: &Options) -> Vec<ReleaseDifference> {
    let mut releases: Vec<Release> = CHANGES.iter().map(|change| change.since).collect();
    releases.insert(0, Release::OLDEST);
    releases.dedup();
    let mut found = Vec::new();
    let mut previous: Option<(Release, ScenarioResult)> = None;
    for since in releases {
        let options = Options { release: Some(since), ..*options };
        let Ok(world) = World::new(scenario, &options) else { continue };
        let result = run(scenario, world);
        if let Some((old_release, old)) = &previous {
            let known = old_release.capabilities() & since.capabilities();
            let steps = old.steps.iter().zip(&result.steps).enumerate();
            for (step, (before, after)) in steps {
                if !alike(before, after, known) {
                    let changes = changes_behind(since, before, after);
                    let (before, after) = (before.clone(), after.clone());
                    found.push(ReleaseDifference { since, changes, step, before, after });
                    break;
                }
            }
        }
        previous = Some((since, result));
    }
    found
}

fn run(scenario: &Scenario, world: World) -> ScenarioResult {
    let kernel: String = world.system.release.to_string();
    let mut simulation = Simulation::new(world);
    let steps = scenario.steps.iter().map(|step| simulation.perform(&step.call).result()).collect();
    ScenarioResult { title: None, kernel, ok: true, runtime: None, steps, eras: Vec::new() }
}

/// The attribute without the capabilities that are not in `known`; nothing if it is malformed.
fn within(caps: &CapsEntry, known: CapSet) -> Option<VfsCaps> {
    let caps = caps.resolve(known).ok()?;
    Some(VfsCaps { permitted: caps.permitted & known, inheritable: caps.inheritable & known, ..caps })
}

/// Whether two results of a step say the same about the capabilities that both releases know.
fn alike(a: &StepResult, b: &StepResult, known: CapSet) -> bool {
    let caps = |caps: Option<&CapsEntry>| caps.map(|caps| within(caps, known));
    let file = |file: Option<&FileResult>| file.map(|f| (f.uid, f.gid, f.mode, caps(f.caps.as_ref())));
    let facts = |step: &StepResult| {
        let attribute = caps(step.attribute.as_ref());
        let judged = (step.action, step.data, step.killed, step.not_performed.is_some());
        (step.errno, step.value, step.at_secure, attribute, file(step.file.as_ref()), judged)
    };
    let (p, q) = (&a.process, &b.process);
    facts(a) == facts(b)
        && (p.uid, p.gid, &p.groups, p.securebits, p.no_new_privs)
            == (q.uid, q.gid, &q.groups, q.securebits, q.no_new_privs)
        && p.sets().into_iter().zip(q.sets()).all(|((_, old), (_, new))| old & known == new & known)
}
