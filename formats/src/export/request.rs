//! What an engine has to be asked for so that it starts a process as a scenario has it, and what is lost on the way.

use sim_core::capability::{CapSet, Capability};
use sim_core::engine::Engine;
use sim_core::rule::SetName;
use sim_core::scenario::{
    Call, EngineText, FileEntry, Options, ProcessResult, RuntimeEntry, Scenario, Simulation, World,
};

use super::script::setcap;
use super::{ExportError, quote};

/// What an engine is asked for.
pub(super) struct Wanted {
    /// The request.
    pub(super) entry: RuntimeEntry,
    /// The process before its first own step, as the scenario has it.
    pub(super) state: ProcessResult,
    /// The first program that is executed.
    pub(super) program: Option<String>,
    /// What the image needs, a line of a Dockerfile each.
    pub(super) image: Vec<String>,
    /// What is lost.
    pub(super) left_out: Vec<String>,
}

/// What this engine is asked for; `kubernetes` if a kubelet does.
pub(super) fn wanted(
    scenario: &Scenario,
    options: &Options,
    engine: Engine,
    kubernetes: bool,
) -> Result<Wanted, ExportError> {
    let (world, state) = begun(scenario, options)?;
    let mut left_out = Vec::new();
    let entry = match &scenario.runtime {
        Some(entry) => RuntimeEntry {
            engine: EngineText(engine),
            version: entry.version.filter(|_| entry.engine == EngineText(engine)),
            kubernetes,
            expect: None,
            unit: entry.unit.clone().filter(|_| engine == Engine::Systemd),
            ..entry.clone()
        },
        None => nearest(scenario, options, &state, &world, engine, kubernetes),
    };
    let asked = Scenario {
        runtime: Some(entry.clone()),
        process: sim_core::scenario::Process::default(),
        ..scenario.clone()
    };
    match begun(&asked, options) {
        Ok((_, handed)) => lost(&state, &handed, engine, &mut left_out),
        Err(error) => left_out.push(format!("{engine} does not start it so: {error}.")),
    }
    if scenario.process.user_ns.as_deref().is_some_and(|name| name != "init") || entry.user_namespace.is_some() {
        left_out.push("The user namespace and its maps are a matter of the engine's configuration.".to_owned());
    }
    if !scenario.process.seccomp.is_empty() || entry.seccomp.is_some() {
        left_out.push("The seccomp profile is not part of it; it is a file of its own.".to_owned());
    }
    let program = scenario.steps.iter().find_map(|step| match &step.call {
        Call::Execve(path) => Some(path.clone()),
        _ => None,
    });
    let others = scenario.steps.iter().filter(|step| Some(&step.call) != program.clone().map(Call::Execve).as_ref());
    let others = others.count();
    if others > 0 {
        left_out.push(format!(
            "It executes the first program; what else the scenario does ({others} more) is for that program to do."
        ));
    }
    let image = scenario.files.iter().filter_map(|(path, file)| in_image(path, file, world.all)).collect();
    Ok(Wanted { entry, state, program, image, left_out })
}

/// The world, and the process before the scenario's own steps.
pub(super) fn begun(scenario: &Scenario, options: &Options) -> Result<(World, ProcessResult), ExportError> {
    let world = World::new(scenario, options)?;
    let simulation = Simulation::new(world);
    if let Some(result) = simulation.runtime_result(None)
        && let Some(refused) = result.refused
    {
        return Err(ExportError::Refused { engine: result.engine, rule: refused.rule });
    }
    let state = simulation.process(&simulation.world().thread.credentials);
    Ok((simulation.world().clone(), state))
}

/// The request whose bounding set, ids and no_new_privs are those of the process.
fn nearest(
    scenario: &Scenario,
    options: &Options,
    state: &ProcessResult,
    world: &World,
    engine: Engine,
    kubernetes: bool,
) -> RuntimeEntry {
    let ([uid, ..], [gid, ..]) = (state.uid, state.gid);
    let mut entry = RuntimeEntry::of(engine);
    entry.kubernetes = kubernetes;
    entry.user = (uid != 0 || gid != 0).then(|| format!("{uid}:{gid}"));
    entry.groups.clone_from(&state.groups);
    entry.no_new_privileges = state.no_new_privs;
    entry.sysctl = scenario.sysctl;
    let bounding = state.bounding;
    if bounding == world.all || bounding == world.system.release.capabilities() {
        entry.cap_add = vec!["ALL".to_owned()];
        return entry;
    }
    let bare = Scenario { runtime: Some(entry.clone()), ..Scenario::default() };
    let options = Options { release: Some(world.system.release), all: Some(world.all), ..*options };
    let default = begun(&bare, &options).map_or(CapSet::EMPTY, |(_, handed)| handed.bounding);
    let (added, dropped) = (bounding - default, default - bounding);
    if added.len() + dropped.len() <= bounding.len() + 1 {
        (entry.cap_add, entry.cap_drop) = (bare_names(added), bare_names(dropped));
    } else {
        (entry.cap_add, entry.cap_drop) = (bare_names(bounding), vec!["ALL".to_owned()]);
    }
    entry
}

/// `NET_RAW`, as people write it to engines.
fn bare_names(set: CapSet) -> Vec<String> {
    let bare = |capability: Capability| {
        let name = capability.to_string();
        name.strip_prefix("CAP_").unwrap_or(&name).to_owned()
    };
    set.iter().map(bare).collect()
}

/// Says in which ways the process that the engine starts is another.
pub(super) fn lost(state: &ProcessResult, handed: &ProcessResult, engine: Engine, left_out: &mut Vec<String>) {
    for (name, set) in state.sets() {
        let Some(other) = handed.set(name).filter(|other| *other != set) else { continue };
        // What is permitted and effective before execve is full in one way or another; execve decides what stays.
        let before =
            if matches!(name, SetName::Permitted | SetName::Effective) { " before the first execve" } else { "" };
        left_out.push(format!(
            "The {name} set{before} is {} in the scenario and {} with {engine}.",
            shown(set),
            shown(other)
        ));
    }
    let mut differ = |what: &str, one: String, other: String| {
        if one != other {
            left_out.push(format!("{what}: {one} in the scenario, {other} with {engine}."));
        }
    };
    differ("User ids", format!("{:?}", state.uid), format!("{:?}", handed.uid));
    differ("Group ids", format!("{:?}", state.gid), format!("{:?}", handed.gid));
    differ("Supplementary groups", format!("{:?}", state.groups), format!("{:?}", handed.groups));
    // Every execve clears `keep_caps`.
    let lasting = |bits: u32| (bits & !sim_core::credentials::Securebits::KEEP_CAPS.bits()).to_string();
    differ("Securebits", lasting(state.securebits), lasting(handed.securebits));
    differ("no_new_privs", state.no_new_privs.to_string(), handed.no_new_privs.to_string());
}

fn shown(set: CapSet) -> String {
    if set.is_empty() { "empty".to_owned() } else { set.to_string() }
}

/// What makes a file of the image so, as a line of a Dockerfile; nothing for an ordinary one.
fn in_image(path: &str, file: &FileEntry, all: CapSet) -> Option<String> {
    let quoted = quote::word(&quote::one_line(path));
    let mut commands = Vec::new();
    if file.uid != 0 || file.gid != 0 {
        commands.push(format!("chown {}:{} {quoted}", file.uid, file.gid));
    }
    if file.mode != FileEntry::default().mode {
        commands.push(format!("chmod {} {quoted}", file.mode.0));
    }
    if let Some(caps) = &file.caps {
        commands.push(match setcap(caps, all) {
            Ok((tool, arguments)) => format!("{tool} {arguments} {quoted}"),
            Err(reason) => format!("true {}", quote::word(&format!("{path}: {reason}"))),
        });
    }
    (!commands.is_empty()).then(|| format!("RUN {}", commands.join(" && ")))
}
