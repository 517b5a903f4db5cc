//! One request, put to several engines, and where they differ.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Serialize, Serializer};

use super::{
    Call, EngineText, FileEntry, Options, ProcessResult, RefusedResult, RuntimeEntry, Scenario, Simulation, Step,
    StepResult, VersionText, World, WorldError,
};
use crate::capability::CapSet;
use crate::engine::{Engine, Version};
use crate::rule::SetName;
use crate::runtime::Handed;

/// What an engine makes of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComparedEngine {
    /// The engine, as the format has it.
    #[serde(serialize_with = "engine_name")]
    pub engine: Engine,
    /// Its version.
    #[serde(serialize_with = "version_text")]
    pub version: Version,
    /// The rule by which it refuses, and what it is about.
    pub refused: Option<RefusedResult>,
    /// The rules of the engine that decided.
    pub rules: Vec<&'static str>,
    /// What it hands to the runtime and what the program has after execve; nothing if it does not get there.
    pub cells: Vec<ComparedCell>,
}

/// One fact of an engine's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComparedCell {
    /// Which.
    pub field: ComparedField,
    /// As text: a set in 16 digits.
    pub value: String,
    /// Whether it is another than most of Docker, containerd, Podman and CRI-O have, or than the first of them where none
    /// has most.
    pub differs: bool,
}

/// The facts that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the variants are what they say")]
pub enum ComparedField {
    HandedPermitted,
    HandedEffective,
    HandedInheritable,
    HandedBounding,
    HandedAmbient,
    PermittedAfterExecve,
    EffectiveAfterExecve,
    InheritableAfterExecve,
    AmbientAfterExecve,
    NoNewPrivs,
    UnprivilegedPortStart,
    PingGroupRange,
}

impl ComparedField {
    /// Those that the engine hands to the runtime.
    pub const HANDED: [Self; 5] = [
        Self::HandedPermitted,
        Self::HandedEffective,
        Self::HandedInheritable,
        Self::HandedBounding,
        Self::HandedAmbient,
    ];

    /// Those of the program, after execve of a file without set-id bits and capabilities.
    pub const AFTER: [Self; 7] = [
        Self::PermittedAfterExecve,
        Self::EffectiveAfterExecve,
        Self::InheritableAfterExecve,
        Self::AmbientAfterExecve,
        Self::NoNewPrivs,
        Self::UnprivilegedPortStart,
        Self::PingGroupRange,
    ];

    /// Its name for a column.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HandedPermitted | Self::PermittedAfterExecve => "permitted",
            Self::HandedEffective | Self::EffectiveAfterExecve => "effective",
            Self::HandedInheritable | Self::InheritableAfterExecve => "inheritable",
            Self::HandedBounding => "bounding",
            Self::HandedAmbient | Self::AmbientAfterExecve => "ambient",
            Self::NoNewPrivs => "no_new_privs",
            Self::UnprivilegedPortStart => "ports from",
            Self::PingGroupRange => "ping groups",
        }
    }
}

impl RuntimeEntry {
    /// A request to this engine that asks for nothing.
    pub fn of(engine: Engine) -> Self {
        Self {
            engine: EngineText(engine),
            version: None,
            kubernetes: false,
            user: None,
            uid: None,
            gid: None,
            groups: Vec::new(),
            cap_add: Vec::new(),
            cap_drop: Vec::new(),
            privileged: false,
            no_new_privileges: false,
            default_capabilities: None,
            add_inheritable_capabilities: false,
            user_namespace: None,
            keep_id: false,
            host_network: false,
            image_label: None,
            sysctl: super::Sysctl::default(),
            host_bounding: None,
            seccomp: None,
            unit: None,
            expect: None,
        }
    }

    /// The same request to another engine, without what only its own engine knows.
    fn put_to(&self, engine: Engine, version: Version) -> Self {
        Self {
            engine: EngineText(engine),
            version: Some(VersionText(version)),
            kubernetes: self.kubernetes && matches!(engine, Engine::Containerd | Engine::CriO),
            default_capabilities: self.default_capabilities.clone().filter(|_| self.engine.0 == engine),
            unit: self.unit.clone().filter(|_| engine == Engine::Systemd),
            expect: None,
            ..self.clone()
        }
    }
}

/// The path of the file that is executed.
const PLAIN: &str = "/a plain file";

/// Puts the request of a scenario to each of these engines. Its steps are not performed: each executes a plain file.
///
/// ```
/// use sim_core::engine::Engine;
/// use sim_core::scenario::{Options, RuntimeEntry, Scenario, compare_engines};
///
/// let mut request = RuntimeEntry::of(Engine::Docker);
/// request.user = Some("1000".into());
/// request.cap_add = vec!["NET_BIND_SERVICE".into()];
/// let scenario = Scenario { runtime: Some(request), ..Scenario::default() };
/// let engines = [Engine::Docker, Engine::Podman, Engine::CriO].map(|engine| (engine, engine.newest()));
/// let compared = compare_engines(&scenario, &engines, &Options::default())?;
/// // Only Podman lets the user keep what is added.
/// let effective = |index: usize| compared[index].cells[6].value.as_str();
/// assert_eq!([effective(0), effective(1), effective(2)], ["0000000000000000", "0000000000000400", "0000000000000000"]);
/// assert!(compared[1].cells[6].differs && !compared[2].cells[6].differs);
/// # Ok::<(), sim_core::scenario::WorldError>(())
/// ```
///
/// # Errors
///
/// What makes no sense in the scenario's world.
pub fn compare_engines(
    scenario: &Scenario,
    engines: &[(Engine, Version)],
    options: &Options,
) -> Result<Vec<ComparedEngine>, WorldError> {
    let Some(entry) = &scenario.runtime else { return Ok(Vec::new()) };
    let mut plain = Scenario { eras: Vec::new(), ..scenario.clone() };
    plain.files.insert(PLAIN.to_string(), FileEntry::default());
    plain.steps = Vec::from([Step { call: Call::Execve(PLAIN.to_string()), expect: None, note: None }]);
    let ask = |(engine, version): &(Engine, Version)| {
        plain.runtime = Some(entry.put_to(*engine, *version));
        answer(&plain, *engine, *version, options)
    };
    let mut compared = engines.iter().map(ask).collect::<Result<Vec<_>, _>>()?;
    mark(&mut compared);
    Ok(compared)
}

fn answer(
    plain: &Scenario,
    engine: Engine,
    version: Version,
    options: &Options,
) -> Result<ComparedEngine, WorldError> {
    let world = World::new(plain, options)?;
    let handed = world.started.as_ref().and_then(|started| started.answer.clone().ok());
    let mut simulation = Simulation::new(world);
    let result = simulation.runtime_result(None);
    let executed: Option<StepResult> = plain.steps.first().map(|step| simulation.perform(&step.call).result());
    let (refused, rules) = result.map(|result| (result.refused, result.rules)).unwrap_or_default();
    let cells = match (handed, executed) {
        (Some(handed), Some(executed)) if executed.not_performed.is_none() => cells(&handed, &executed.process),
        _ => Vec::new(),
    };
    Ok(ComparedEngine { engine, version, refused, rules, cells })
}

fn cells(handed: &Handed, process: &ProcessResult) -> Vec<ComparedCell> {
    let set = |name| process.set(name).unwrap_or(CapSet::EMPTY).to_string();
    let kernels = "kernel's".to_string();
    let value = |field| match field {
        ComparedField::HandedPermitted => handed.permitted.to_string(),
        ComparedField::HandedEffective => handed.effective.to_string(),
        ComparedField::HandedInheritable => handed.inheritable.to_string(),
        ComparedField::HandedBounding => handed.bounding.to_string(),
        ComparedField::HandedAmbient => handed.ambient.to_string(),
        ComparedField::PermittedAfterExecve => set(SetName::Permitted),
        ComparedField::EffectiveAfterExecve => set(SetName::Effective),
        ComparedField::InheritableAfterExecve => set(SetName::Inheritable),
        ComparedField::AmbientAfterExecve => set(SetName::Ambient),
        ComparedField::NoNewPrivs => if process.no_new_privs { "set" } else { "not set" }.to_string(),
        ComparedField::UnprivilegedPortStart => {
            handed.ip_unprivileged_port_start.map_or(kernels.clone(), |port| port.to_string())
        }
        ComparedField::PingGroupRange => {
            handed.ping_group_range.map_or(kernels.clone(), |[from, to]| format!("{from} {to}"))
        }
    };
    let fields = ComparedField::HANDED.into_iter().chain(ComparedField::AFTER);
    fields.map(|field| ComparedCell { field, value: value(field), differs: false }).collect()
}

/// Marks the cells that are not as most are.
fn mark(compared: &mut [ComparedEngine]) {
    for field in ComparedField::HANDED.into_iter().chain(ComparedField::AFTER) {
        let Some(usual) = usual(compared, field) else { continue };
        let of_field = compared.iter_mut().flat_map(|engine| &mut engine.cells).filter(|cell| cell.field == field);
        for cell in of_field {
            cell.differs = cell.value != usual;
        }
    }
}

/// The value that most of the engines have that start a container from an image, the earlier one of two that as many have.
/// A runtime alone hands what its config.json says, so it has no say; where there is no other, all have one.
fn usual(compared: &[ComparedEngine], field: ComparedField) -> Option<String> {
    let starts_images =
        |engine: Engine| matches!(engine, Engine::Docker | Engine::Containerd | Engine::Podman | Engine::CriO);
    let any = compared.iter().any(|engine| starts_images(engine.engine) && !engine.cells.is_empty());
    let voting = || compared.iter().filter(move |engine| !any || starts_images(engine.engine));
    let values = || voting().flat_map(|engine| &engine.cells).filter(|cell| cell.field == field);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for cell in values() {
        *counts.entry(&cell.value).or_default() += 1;
    }
    let most = counts.values().copied().max()?;
    values().find(|cell| counts.get(cell.value.as_str()) == Some(&most)).map(|cell| cell.value.clone())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn engine_name<S: Serializer>(engine: &Engine, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(engine.name())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn version_text<S: Serializer>(version: &Version, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(version)
}
