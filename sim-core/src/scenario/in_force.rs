//! The filters in force on the thread, and how a filter of a scenario becomes instructions.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::filter::{FilterEntry, FlagText, ProfileFilter};
use super::world::Problem;
use super::{Call, Process, RuntimeEntry, Scenario, SeccompCall, Started, World, WorldError};
use crate::capability::CapSet;
use crate::credentials::{Credentials, Thread};
use crate::json::Path;
use crate::kernel::Release;
use crate::outcome::Outcome;
use crate::rule::Silent;
use crate::seccomp::bpf::Instruction;
use crate::seccomp::compile::compile;
use crate::seccomp::profile::{Origin, Place, Placed, Policy, Profile, ResolveError, Target, resolve};
use crate::seccomp::syscalls::{Abi, Version};
use crate::seccomp::{Flags, Install, Installed, Seccomp, install};

/// Whether scenarios under filters of system calls are judged here: the feature `filters`. They are refused otherwise.
pub const JUDGES_FILTERS: bool = cfg!(feature = "filters");

/// Mode and filters of the thread, and what each filter was made of; the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct InForce {
    pub(super) state: Seccomp,
    pub(super) sources: Vec<Source>,
}

/// What a filter was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// Where the filter stands in the scenario.
    pub(super) place: Path,
    /// The profile, and what the engine made of it.
    pub(super) made_of: Option<Arc<MadeOf>>,
}

/// A profile, and what an engine makes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MadeOf {
    pub(super) profile: Profile,
    pub(super) policy: Policy,
    /// Where in the text the profile itself is, if that is a whole configuration.
    pub(super) inside: Path,
}

/// A filter as it is handed to the kernel.
#[derive(Clone, Debug)]
pub(super) struct ReadyFilter {
    pub(super) instructions: Vec<Instruction>,
    pub(super) flags: Flags,
    pub(super) made_of: Option<Arc<MadeOf>>,
}

/// Why there is no filter, and where below it.
pub(super) struct NoFilter {
    pub(super) place: Path,
    pub(super) problem: Problem,
}

impl FilterEntry {
    /// The filter, made for a process with this bounding set.
    pub(super) fn ready(&self, bounding: CapSet, release: Release) -> Result<ReadyFilter, NoFilter> {
        if !JUDGES_FILTERS {
            return Err(NoFilter { place: Path::default(), problem: Problem::FiltersLeftOut });
        }
        match self {
            Self::Instructions(instructions) => {
                let instructions = instructions.clone();
                Ok(ReadyFilter { instructions, flags: Flags::default(), made_of: None })
            }
            Self::Profile(filter) => filter.ready(bounding, release),
        }
    }
}

impl ProfileFilter {
    fn ready(&self, bounding: CapSet, release: Release) -> Result<ReadyFilter, NoFilter> {
        let at = || Path::default().key("profile");
        // Places in this text are of no use; what is wrong is told by its path.
        let text = serde_json::to_string(&self.profile).unwrap_or_default();
        let profile = Profile::read(&text).map_err(|error| NoFilter {
            place: at().join(Path::parse(&error.path)),
            problem: Problem::Profile { message: error.message },
        })?;
        let (major, minor) = release.numbers();
        let target = Target {
            native: self.native(),
            bounding: Some(bounding),
            kernel: Version::new(major, minor, 0),
            engine: self.engine(),
        };
        let inside = self.inside();
        let policy = resolve(&profile, &target).map_err(|error| {
            let ResolveError { place, problem } = error;
            let below = place.and_then(|place| path_of(&profile, place)).unwrap_or_default();
            NoFilter { place: at().join(inside.clone()).join(below), problem: Problem::NoFilter(problem) }
        })?;
        let program =
            compile(&policy).map_err(|error| NoFilter { place: at(), problem: Problem::NotCompiled(error) })?;
        let (instructions, flags) = (program.instructions().to_vec(), policy.flags);
        Ok(ReadyFilter { instructions, flags, made_of: Some(Arc::new(MadeOf { profile, policy, inside })) })
    }

    /// Where the profile is in a whole configuration.
    fn inside(&self) -> Path {
        let whole = self.profile.get("defaultAction").is_none() && self.profile.get("linux").is_some();
        if whole { Path::default().key("linux").key("seccomp") } else { Path::default() }
    }
}

impl SeccompCall {
    /// The same with instructions in place of a profile, made for a process with this bounding set.
    pub(super) fn in_instructions(self, bounding: CapSet, release: Release) -> Self {
        match self.filter.ready(bounding, release) {
            Ok(ReadyFilter { instructions, flags, .. }) => {
                let flags = Vec::from([FlagText(flags.with(self.flags()))]);
                Self { filter: FilterEntry::Instructions(instructions), flags }
            }
            Err(_) => self,
        }
    }
}

/// The path of the name in a profile that a rule comes from.
pub(super) fn rule_path(origin: Origin) -> Path {
    let index = |index: u32| usize::try_from(index).unwrap_or(usize::MAX);
    let entry = Path::default().key("syscalls").index(index(origin.entry));
    match origin.name {
        Some(name) => entry.key("names").index(index(name)),
        None => entry.key("name"),
    }
}

/// The architecture of the machine that all profiles of a scenario are made filters for; x86_64 without any.
pub(super) fn native(scenario: &Scenario) -> Result<Abi, WorldError> {
    let first = |index| Path::default().key("process").key("seccomp").index(index);
    let installed = |index| Path::default().key("steps").index(index).key("seccomp").key("filter");
    let in_force = scenario.process.seccomp.iter().enumerate().map(|(index, entry)| (first(index), entry));
    let steps = scenario.steps.iter().enumerate().filter_map(|(index, step)| match &step.call {
        Call::Seccomp(call) => Some((installed(index), &call.filter)),
        _ => None,
    });
    let mut found = None;
    for (place, entry) in in_force.chain(steps) {
        let FilterEntry::Profile(filter) = entry else { continue };
        let (native, other) = (filter.native(), *found.get_or_insert(filter.native()));
        if native != other {
            return Err(WorldError { path: place.key("native"), problem: Problem::TwoMachines { other } });
        }
    }
    Ok(found.unwrap_or(Abi::X86_64))
}

/// The path of what stands at a place of a profile.
fn path_of(profile: &Profile, place: Place) -> Option<Path> {
    let within = |key: &str, list: &[Placed<String>]| {
        let index = list.iter().position(|placed| placed.place == place)?;
        Some(Path::default().key(key).index(index))
    };
    let entries = || {
        profile.syscalls.iter().enumerate().find_map(|(index, entry)| {
            let at = Path::default().key("syscalls").index(index);
            let origin = entry.origins(index).map(|(_, origin)| origin).find(|origin| origin.place == place);
            match origin {
                Some(origin) => Some(rule_path(origin)),
                None => (entry.place == place).then_some(at),
            }
        })
    };
    let maps = || {
        let index = profile.arch_map.iter().position(|map| map.architecture.place == place)?;
        Some(Path::default().key("archMap").index(index))
    };
    within("architectures", &profile.architectures)
        .or_else(|| within("flags", profile.flags.as_deref().unwrap_or_default()))
        .or_else(entries)
        .or_else(maps)
}

impl InForce {
    /// What a granted installation leaves.
    pub(super) fn with(&self, state: Seccomp, place: Path, made_of: Option<Arc<MadeOf>>) -> Self {
        let mut sources = self.sources.clone();
        if state.filters().len() > sources.len() {
            sources.push(Source { place, made_of });
        }
        Self { state, sources }
    }
}

impl World {
    /// Puts the filters of `process.seccomp` in force, by somebody who may.
    pub(super) fn put_in_force(&mut self, process: &Process) -> Result<(), WorldError> {
        let installer = Thread::from(Credentials::root(self.system.capabilities()));
        let bounding = self.thread.credentials.bounding;
        for (index, entry) in process.seccomp.iter().enumerate() {
            let place = Path::default().key("process").key("seccomp").index(index);
            let ready = entry
                .ready(bounding, self.system.release)
                .map_err(|error| WorldError { path: place.clone().join(error.place), problem: error.problem })?;
            let call = Install { flags: ready.flags, ..Install::instructions(&ready.instructions) };
            match install(&self.system, &installer, &self.in_force.state, &call, &mut Silent) {
                Outcome::Granted(Installed { state, .. }) => {
                    self.in_force = self.in_force.with(state, place, ready.made_of);
                }
                Outcome::Refused(refusal) => {
                    let problem = Problem::NotInForce { errno: refusal.errno, statement: refusal.rule.statement };
                    return Err(WorldError { path: place, problem });
                }
            }
        }
        Ok(())
    }

    /// Checks the profile that an engine is to apply.
    pub(super) fn check_profile(&mut self, entry: &RuntimeEntry, started: &Started) -> Result<(), WorldError> {
        let (Some(filter), Ok(handed)) = (entry.filter(), &started.answer) else { return Ok(()) };
        if let FilterEntry::Profile(profile) = &filter {
            self.native = profile.native();
        }
        let Some(chosen_by) = handed.seccomp else { return Ok(()) };
        let ready = filter.ready(chosen_by, self.system.release);
        ready.map(|_| ()).map_err(|error| {
            let path = Path::default().key("runtime").key("seccomp").join(error.place);
            WorldError { path, problem: error.problem }
        })
    }

    /// Mode and filters of the thread.
    pub fn seccomp(&self) -> &Seccomp {
        &self.in_force.state
    }

    /// The filter of a step as the thread hands it to the kernel now: instructions and all flags. None if no engine makes
    /// one.
    pub fn filter_of(&self, call: &SeccompCall) -> Option<(Vec<Instruction>, Flags)> {
        let ready = call.filter.ready(self.thread.credentials.bounding, self.system.release).ok()?;
        Some((ready.instructions, ready.flags.with(call.flags())))
    }
}
