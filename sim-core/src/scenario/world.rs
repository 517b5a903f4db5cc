use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::in_force::{InForce, JUDGES_FILTERS, native};
use super::lookup::{LONGEST_PATH, paths_above};
use super::values::{CapsEntry, FourIds, ModeText, SecurebitsText};
use super::{Call, CloneCall, FileEntry, FileResult, Process, Scenario, Setgroups, Started, Sysctl};
use crate::capability::{CapSet, Capability};
use crate::credentials::{
    Credentials, Groups, IdMap, Ids, InvalidCredentials, Kgid, Kuid, MapError, RawCredentials, Securebits, Thread,
    TooDeep, Tracer, UserNs,
};
use crate::file::{File, FileKind, Mount};
use crate::json::Path;
use crate::kernel::{Errno, Release};
use crate::seccomp::compile::CompileError;
use crate::seccomp::profile;
use crate::seccomp::syscalls::Abi;
use crate::system::System;

/// What the reader of a scenario may decide instead of the scenario.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The kernel release, whatever the scenario says.
    pub release: Option<Release>,
    /// What `"all"` means, if not every capability of the release.
    pub all: Option<CapSet>,
    /// The settings that a scenario leaves out, if not the kernel's own.
    pub sysctl: Sysctl,
}

/// The world that a scenario describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    /// The machine.
    pub system: System,
    /// The thread that the steps act on.
    pub thread: Thread,
    /// The files by path, each with the path of its interpreter.
    pub files: BTreeMap<String, (File, Option<String>)>,
    /// What `"all"` means.
    pub all: CapSet,
    /// The machine's architecture, which counts where filters are in force.
    pub native: Abi,
    /// The filters of system calls in force on the thread.
    pub(super) in_force: InForce,
    /// What the engine answered, where the scenario begins with one.
    pub(super) started: Option<Arc<Started>>,
    namespaces: Vec<(String, UserNs)>,
    /// The bytes of attributes that execve cannot read, by path.
    unreadable: BTreeMap<String, Vec<u8>>,
}

/// Something in a scenario that makes no sense, and its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct WorldError {
    pub(super) path: Path,
    /// What makes no sense.
    pub problem: Problem,
}

/// What makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A namespace that is not described.
    #[error("there is no user namespace {name:?}; describe it in `user_namespaces`")]
    UnknownNamespace {
        /// Its name.
        name: String,
    },
    /// A new namespace without a name.
    #[error("CLONE_NEWUSER makes a user namespace; give it a name with `user_ns`")]
    Unnamed,
    /// A name for nothing.
    #[error("there is nothing to call {name:?}: without CLONE_NEWUSER no user namespace is made")]
    NothingToName {
        /// The name.
        name: String,
    },
    /// A name that another namespace has.
    #[error("there is a user namespace {name:?} already")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A namespace of the name that always exists.
    #[error("\"init\" always exists and cannot be described")]
    InitDescribed,
    /// A namespace that is its own ancestor.
    #[error("a user namespace cannot be its own ancestor: {chain}")]
    Cycle {
        /// The names on the way round.
        chain: String,
    },
    /// Namespaces nested too deep.
    #[error(transparent)]
    TooDeep(#[from] TooDeep),
    /// A map that cannot be written.
    #[error(transparent)]
    Map(#[from] MapError),
    /// An id without a mapping.
    #[error("id {id} has no mapping in the user namespace {ns:?}")]
    Unmapped {
        /// The id.
        id: u32,
        /// The namespace.
        ns: String,
    },
    /// No owner is given, and the one that stands in for it does not exist in the namespace above.
    #[error("write `owner`: left out it is host id 0, which has no mapping in the user namespace {ns:?}")]
    OwnerLeftOut {
        /// The namespace above.
        ns: String,
    },
    /// A capability that the kernel does not know.
    #[error("{capability} is unknown to Linux {release}, whose last capability is {last} ({})", last.number())]
    UnknownCapability {
        /// The first one that is unknown.
        capability: Capability,
        /// The release.
        release: Release,
        /// The last one it knows.
        last: Capability,
    },
    /// Securebits that the kernel does not know.
    #[error("Linux {release} has securebits up to {known:#x} only")]
    UnknownSecurebits {
        /// The release.
        release: Release,
        /// Those it knows.
        known: u32,
    },
    /// A state that no thread can be in.
    #[error("{error}{}", if *.by_default { "; with effective uid 0 both are \"all\" unless written out" } else { "" })]
    Credentials {
        /// What is wrong with it.
        error: InvalidCredentials,
        /// Whether the set in the way was left out.
        by_default: bool,
    },
    /// A path without a directory.
    #[error("there is no directory {path:?}; describe it in `files`, with \"directory\": true")]
    NoDirectory {
        /// The path.
        path: String,
    },
    /// A file in something that is no directory.
    #[error("{path:?} is described, but not as a directory")]
    NotADirectory {
        /// The path of what should be a directory.
        path: String,
    },
    /// A directory that is to be a script.
    #[error("a directory has no interpreter")]
    DirectoryWithInterpreter,
    /// An ioctl with arguments of another request, or without its own.
    #[error("FS_IOC_SETFLAGS takes a `path` and `flags`, SIOCSIFFLAGS takes neither")]
    IoctlArguments,
    /// A path that is longer than the kernel takes.
    #[error("a path has at most 4095 bytes")]
    PathTooLong,
    /// A path without a file.
    #[error("there is no file {path:?}; describe it in `files`")]
    NoFile {
        /// The path.
        path: String,
    },
    /// A profile that cannot be read.
    #[error("{message}")]
    Profile {
        /// What is wrong with it, and what would be right.
        message: String,
    },
    /// A profile of which the engine makes no filter.
    #[error("the engine makes no filter of it: {0}")]
    NoFilter(profile::Problem),
    /// A profile whose meaning is not made a filter.
    #[error(transparent)]
    NotCompiled(#[from] CompileError),
    /// A filter that the kernel would not have taken.
    #[error("no such filter is in force, for the kernel refuses it with {errno}: {statement}")]
    NotInForce {
        /// What it refuses with.
        errno: Errno,
        /// The rule.
        statement: &'static str,
    },
    /// Filters made for machines of two architectures.
    #[error("another filter is made for a machine of {other}; `native` is x86_64 if left out")]
    TwoMachines {
        /// The one of an earlier filter.
        other: Abi,
    },
    /// A start that is described twice.
    #[error("`runtime` stands in place of `process`; write one of them")]
    ProcessAndRuntime,
    /// A unit of something that has none.
    #[error("`unit` belongs to the engine \"systemd\"")]
    UnitWithoutSystemd,
    /// An engine that no kubelet asks.
    #[error("a kubelet asks \"containerd\" or \"cri-o\"")]
    NotAskedByKubelet,
    /// A setting of an engine that reads none such.
    #[error(
        "\"podman\" and \"cri-o\" read such a setting, and \"runc\", \"crun\" and \"youki\" such a list in config.json; \
         {engine} does not"
    )]
    NoDefaultCapabilities {
        /// The engine.
        engine: &'static str,
    },
    /// A result that would take far more memory than the scenario.
    #[error("{groups} groups are in the result of each of {steps} steps; together they may be {MOST_GROUPS}")]
    TooManyGroups {
        /// How many groups the thread has.
        groups: usize,
        /// How many steps there are.
        steps: usize,
    },
    /// Filters, where the model was built without them.
    #[error("this program was built without filters of system calls")]
    FiltersLeftOut,
    /// A container engine, where the model was built without them.
    #[error("this program was built without container engines")]
    EnginesLeftOut,
    /// Filters of a process beside the thread.
    #[error("only the thread of `process` can have filters")]
    FiltersOfOthers,
}

/// How many supplementary groups the results of all steps may hold together.
const MOST_GROUPS: usize = 1 << 22;

/// Every result holds the groups, so that a short text could ask for a long answer.
fn check_groups(scenario: &Scenario) -> Result<(), WorldError> {
    let steps = scenario.steps.len();
    let at_start = (Path::default().key("process").key("groups"), scenario.process.groups.len());
    let set = scenario.steps.iter().enumerate().filter_map(|(index, step)| match &step.call {
        Call::Setgroups(groups) => Some((Path::default().key("steps").index(index).key("setgroups"), groups.len())),
        _ => None,
    });
    match core::iter::once(at_start).chain(set).find(|(_, groups)| groups.saturating_mul(steps) > MOST_GROUPS) {
        Some((path, groups)) => Err(WorldError { path, problem: Problem::TooManyGroups { groups, steps } }),
        None => Ok(()),
    }
}

impl World {
    /// Builds the world and checks its sense.
    pub fn new(scenario: &Scenario, options: &Options) -> Result<Self, WorldError> {
        scenario.check_runtime()?;
        let Some((begun, started)) = scenario.begun(options) else { return Self::without_runtime(scenario, options) };
        let world = Self::without_runtime(&begun, options);
        // The first thread is not written; what is wrong with it comes from `runtime`.
        let mut world =
            world.map_err(|error| WorldError { path: error.path.moved("process", "runtime"), ..error })?;
        if let Some(entry) = &scenario.runtime {
            world.check_profile(entry, &started)?;
        }
        if started.request.own_user_namespace {
            let own = world.thread.credentials.user_ns;
            let namespaces = &mut world.thread.namespaces;
            (namespaces.mount, namespaces.uts, namespaces.ipc, namespaces.cgroup) = (own, own, own, own);
            if !started.request.host_network {
                // Its settings are those that the engine gives it.
                namespaces.network = own;
            }
        }
        world.started = Some(Arc::new(started));
        Ok(world)
    }

    /// What the engine was asked and answered, where the scenario begins with one.
    pub fn started(&self) -> Option<&Started> {
        self.started.as_deref()
    }

    fn without_runtime(scenario: &Scenario, options: &Options) -> Result<Self, WorldError> {
        let written = scenario.kernel.map(|kernel| kernel.0);
        let release = options.release.or(written).unwrap_or(Release::NEWEST);
        let mut system = system(release, scenario.sysctl.or(options.sysctl));
        let all = options.all.unwrap_or_else(|| system.capabilities());
        let namespaces = Namespaces::build(scenario, &mut system)?;
        let place = Path::default().key("process");
        let find = |name: &str| namespaces.find(name);
        let thread = Builder { process: &scenario.process, place, system: &system, find: &find, all }.thread()?;
        let (files, unreadable) = (files(scenario, all)?, unreadable(scenario, all));
        let (native, in_force) = (native(scenario)?, InForce::default());
        let mut world = Self {
            files,
            native,
            in_force,
            started: None,
            namespaces: namespaces.named,
            system,
            thread,
            all,
            unreadable,
        };
        world.put_in_force(&scenario.process)?;
        world.check_steps(scenario)?;
        Ok(world)
    }

    /// Has the files of another scenario, and checks its steps.
    pub(super) fn take_files(&mut self, scenario: &Scenario) -> Result<(), WorldError> {
        (self.files, self.unreadable) = (files(scenario, self.all)?, unreadable(scenario, self.all));
        self.check_steps(scenario)
    }

    /// The name of a user namespace.
    pub fn namespace_name(&self, ns: UserNs) -> &str {
        self.namespaces.iter().find(|(_, known)| *known == ns).map_or("init", |(name, _)| name)
    }

    /// The user namespace of this name.
    pub fn namespace(&self, name: &str) -> Option<UserNs> {
        if name == "init" {
            return Some(UserNs::INIT);
        }
        self.namespaces.iter().find(|(known, _)| known == name).map(|(_, ns)| *ns)
    }

    /// The files that executing `path` opens, one after the other: itself, its interpreter, and so on, but no more
    /// than the kernel would open.
    pub fn files_to_open(&self, path: &str) -> Vec<&File> {
        self.paths_to_open(path).into_iter().filter_map(|path| self.files.get(path)).map(|(file, _)| file).collect()
    }

    /// The paths of [`files_to_open`](Self::files_to_open).
    pub(super) fn paths_to_open<'a>(&'a self, path: &'a str) -> Vec<&'a str> {
        const LIMIT: usize = 7;
        let mut paths = Vec::new();
        let mut next = Some(path);
        while let Some((path, (_, interpreter))) = next.and_then(|path| Some((path, self.files.get(path)?))) {
            paths.push(path);
            next = interpreter.as_deref().filter(|_| paths.len() < LIMIT);
        }
        paths
    }

    /// The same as [`files_to_open`](Self::files_to_open), by their paths; those that are described.
    pub fn paths_of_program<'a>(&'a self, path: &'a str) -> Vec<&'a str> {
        self.paths_to_open(path)
    }

    /// The path of the file whose owner, mode and capabilities count when `path` is executed: itself, or the last
    /// interpreter.
    pub fn deciding_path<'a>(&'a self, path: &'a str) -> &'a str {
        let mut deciding = path;
        for _ in self.files_to_open(path) {
            match self.files.get(deciding) {
                Some((_, Some(interpreter))) => deciding = interpreter,
                _ => break,
            }
        }
        deciding
    }

    /// The same world with these files in place of its own.
    #[must_use]
    pub fn with_files(&self, files: BTreeMap<String, (File, Option<String>)>) -> Self {
        Self {
            system: self.system.clone(),
            thread: self.thread.clone(),
            files,
            all: self.all,
            native: self.native,
            in_force: self.in_force.clone(),
            started: self.started.clone(),
            namespaces: self.namespaces.clone(),
            unreadable: self.unreadable.clone(),
        }
    }

    /// A thread beside the one that the steps act on.
    pub fn other_thread(&self, process: &Process) -> Result<Thread, WorldError> {
        self.thread_at(process, Path::default())
    }

    fn thread_at(&self, process: &Process, place: Path) -> Result<Thread, WorldError> {
        if !process.seccomp.is_empty() {
            return Err(WorldError { path: place.key("seccomp"), problem: Problem::FiltersOfOthers });
        }
        let find = |name: &str| self.namespace(name);
        Builder { process, place, system: &self.system, find: &find, all: self.all }.thread()
    }

    /// A file as results show it.
    pub fn file_result(&self, path: &str) -> Option<FileResult> {
        let (file, _) = self.files.get(path)?;
        let bytes = || self.unreadable.get(path).cloned().unwrap_or_default();
        let caps = file.caps.map(|caps| caps.map_or_else(|_| CapsEntry::Bytes(bytes()), CapsEntry::in_fields));
        Some(FileResult { uid: file.uid.number(), gid: file.gid.number(), mode: ModeText(file.mode), caps })
    }

    /// Puts a file in the place of what it was before.
    pub(super) fn change_file(&mut self, path: &str, changed: File) {
        if let Some((file, _)) = self.files.get_mut(path) {
            if file.caps != changed.caps {
                self.unreadable.remove(path);
            }
            *file = changed;
        }
    }

    /// Remembers the name that a call gave to the namespace it made.
    pub(super) fn name_namespace(&mut self, call: &Call, made: UserNs) {
        if let Call::Unshare(CloneCall { user_ns: Some(name), .. })
        | Call::Clone(CloneCall { user_ns: Some(name), .. }) = call
        {
            self.namespaces.push((name.clone(), made));
        }
    }

    fn check_steps(&self, scenario: &Scenario) -> Result<(), WorldError> {
        check_groups(scenario)?;
        let mut given: BTreeSet<&str> = BTreeSet::new();
        let mut made = BTreeMap::new();
        for (index, step) in scenario.steps.iter().enumerate() {
            let at = |key: &str| Path::default().key("steps").index(index).key(key);
            if let Call::Path(operation) = &step.call {
                let checked = self.check_names(operation, &mut made);
                checked.map_err(|problem| WorldError { path: at(operation.name()), problem })?;
            }
            if let Call::Process(operation) = &step.call
                && let Some(target) = operation.target()
            {
                self.thread_at(target, at(operation.name()).key("target"))?;
            }
            match &step.call {
                Call::FileChange(change)
                    if !self.files.contains_key(change.path()) && !made.contains_key(change.path()) =>
                {
                    let problem = Problem::NoFile { path: change.path().to_string() };
                    return Err(WorldError { path: at(change.name()), problem });
                }
                Call::Execve(path) if !self.files.contains_key(path) => {
                    let problem = Problem::NoFile { path: path.clone() };
                    return Err(WorldError { path: at("execve"), problem });
                }
                Call::Unshare(call) | Call::Clone(call) => {
                    let problem = match &call.user_ns {
                        Some(name) if !call.flags().new_user => Some(Problem::NothingToName { name: name.clone() }),
                        Some(name) if self.namespace(name).is_some() || given.contains(name.as_str()) => {
                            Some(Problem::NameTaken { name: name.clone() })
                        }
                        None if call.flags().new_user => Some(Problem::Unnamed),
                        _ => None,
                    };
                    if let Some(problem) = problem {
                        return Err(WorldError { path: at(step.call.name()), problem });
                    }
                    given.extend(call.user_ns.as_deref());
                }
                Call::Seccomp(call) => {
                    let ready = call.filter.ready(self.thread.credentials.bounding, self.system.release);
                    ready.map_err(|error| {
                        let path = at("seccomp").key("filter").join(error.place);
                        WorldError { path, problem: error.problem }
                    })?;
                }
                Call::Syscall(_) if !JUDGES_FILTERS => {
                    return Err(WorldError { path: at("syscall"), problem: Problem::FiltersLeftOut });
                }
                Call::Setns(name) if self.namespace(name).is_none() && !given.contains(name.as_str()) => {
                    return Err(WorldError {
                        path: at("setns"),
                        problem: Problem::UnknownNamespace { name: name.clone() },
                    });
                }
                Call::WriteMap(call) => {
                    let place = at("write_map");
                    if let Some(process) = &call.by {
                        self.thread_at(process, place.clone().key("by"))?;
                    }
                    if self.namespace(&call.user_ns).is_none() && !given.contains(call.user_ns.as_str()) {
                        let problem = Problem::UnknownNamespace { name: call.user_ns.clone() };
                        return Err(WorldError { path: place.key("user_ns"), problem });
                    }
                }
                _ => {}
            }
            let expected_ns = step.expect.as_ref().and_then(|expect| expect.process.as_ref()?.user_ns.as_ref());
            if let Some(name) = expected_ns
                && self.namespace(name).is_none()
                && !given.contains(name.as_str())
            {
                let path = at("expect").key("process").key("user_ns");
                return Err(WorldError { path, problem: Problem::UnknownNamespace { name: name.clone() } });
            }
        }
        Ok(())
    }
}

/// The two groups of a range that is written in a user namespace, as host ids, if both have a mapping.
pub(super) fn host_groups(scenario: &Scenario, namespace: &str, range: [u32; 2]) -> Option<[u32; 2]> {
    let mut system = system(Release::NEWEST, Sysctl::default());
    let ns = Namespaces::build(scenario, &mut system).ok()?.find(namespace)?;
    let [first, last] = range.map(|group| system.user_namespaces.kgid(ns, group));
    Some([first?.number(), last?.number()])
}

/// A machine with these settings.
fn system(release: Release, sysctl: Sysctl) -> System {
    let default = System::default();
    let bpf = sysctl.unprivileged_bpf_disabled;
    System {
        release,
        ip_unprivileged_port_start: sysctl.ip_unprivileged_port_start.unwrap_or(default.ip_unprivileged_port_start),
        ping_group_range: sysctl.ping_group_range.unwrap_or(default.ping_group_range),
        unprivileged_bpf_disabled: bpf.unwrap_or_else(|| System::unprivileged_bpf_disabled(release)),
        perf_event_paranoid: sysctl.perf_event_paranoid.unwrap_or(default.perf_event_paranoid),
        dmesg_restrict: sysctl.dmesg_restrict.map_or(default.dmesg_restrict, |restrict| restrict != 0),
        nr_open: sysctl.nr_open.unwrap_or(default.nr_open),
        protected_hardlinks: sysctl.protected_hardlinks.map_or(default.protected_hardlinks, |on| on != 0),
        ..default
    }
}

/// The user namespaces of a scenario, those above first.
struct Namespaces {
    named: Vec<(String, UserNs)>,
}

impl Namespaces {
    fn build(scenario: &Scenario, system: &mut System) -> Result<Self, WorldError> {
        let mut namespaces = Self { named: Vec::new() };
        for name in scenario.user_namespaces.keys() {
            if name == "init" {
                let path = Path::default().key("user_namespaces").key(name);
                return Err(WorldError { path, problem: Problem::InitDescribed });
            }
            for name in chain_above(scenario, name)?.into_iter().rev() {
                if namespaces.find(name).is_none() {
                    namespaces.add(scenario, system, name)?;
                }
            }
        }
        Ok(namespaces)
    }

    fn find(&self, name: &str) -> Option<UserNs> {
        if name == "init" {
            return Some(UserNs::INIT);
        }
        self.named.iter().find(|(known, _)| known == name).map(|(_, ns)| *ns)
    }

    fn add(&mut self, scenario: &Scenario, system: &mut System, name: &str) -> Result<(), WorldError> {
        let Some(entry) = scenario.user_namespaces.get(name) else { return Ok(()) };
        let at = |key: &str| Path::default().key("user_namespaces").key(name).key(key);
        let fail = |key: &str, problem: Problem| WorldError { path: at(key), problem };
        let parent_name = entry.parent.as_deref().unwrap_or("init");
        let parent = self.find(parent_name).unwrap_or(UserNs::INIT);
        let spaces = &mut system.user_namespaces;
        let owner_number = entry.owner.unwrap_or(0);
        let owner =
            Kuid::new(owner_number).filter(|owner| spaces.uid(parent, *owner).is_some()).ok_or_else(|| {
                let ns = parent_name.to_string();
                match entry.owner {
                    Some(id) => fail("owner", Problem::Unmapped { id, ns }),
                    None => fail("parent", Problem::OwnerLeftOut { ns }),
                }
            })?;
        let ns = spaces.add(parent, owner).map_err(|error| fail("parent", error.into()))?;
        if let Some(map) = &entry.uid_map {
            let written = map.parse::<IdMap>().and_then(|map| spaces.set_uid_map(ns, &map));
            written.map_err(|error| fail("uid_map", error.into()))?;
        }
        if let Some(map) = &entry.gid_map {
            let written = map.parse::<IdMap>().and_then(|map| spaces.set_gid_map(ns, &map));
            written.map_err(|error| fail("gid_map", error.into()))?;
        }
        if entry.setgroups == Some(Setgroups::Deny) {
            spaces.deny_setgroups(ns);
        }
        self.named.push((name.to_string(), ns));
        Ok(())
    }
}

/// The name and those above it, up to but without `init`.
fn chain_above<'a>(scenario: &'a Scenario, name: &'a str) -> Result<Vec<&'a str>, WorldError> {
    let mut chain = alloc::vec![name];
    let mut current = name;
    loop {
        let at = || Path::default().key("user_namespaces").key(current).key("parent");
        let entry = scenario.user_namespaces.get(current);
        let parent = entry.and_then(|entry| entry.parent.as_deref()).unwrap_or("init");
        if parent == "init" {
            return Ok(chain);
        }
        if !scenario.user_namespaces.contains_key(parent) {
            let problem = Problem::UnknownNamespace { name: parent.to_string() };
            return Err(WorldError { path: at(), problem });
        }
        if chain.contains(&parent) {
            chain.push(parent);
            return Err(WorldError { path: at(), problem: Problem::Cycle { chain: chain.join(" → ") } });
        }
        chain.push(parent);
        current = parent;
    }
}

fn files(scenario: &Scenario, all: CapSet) -> Result<BTreeMap<String, (File, Option<String>)>, WorldError> {
    let mut files = BTreeMap::new();
    for (path, entry) in &scenario.files {
        if let Some(interpreter) = &entry.interpreter
            && !scenario.files.contains_key(interpreter)
        {
            let at = Path::default().key("files").key(path).key("interpreter");
            return Err(WorldError { path: at, problem: Problem::NoFile { path: interpreter.clone() } });
        }
        let fail = |key: Option<&str>, problem| {
            let at = Path::default().key("files").key(path);
            Err(WorldError { path: key.into_iter().fold(at, Path::key), problem })
        };
        if entry.directory && entry.interpreter.is_some() {
            return fail(Some("interpreter"), Problem::DirectoryWithInterpreter);
        }
        if path.len() > LONGEST_PATH {
            return fail(None, Problem::PathTooLong);
        }
        let described = |above: &&str| scenario.files.get(*above).is_some_and(|entry| !entry.directory);
        if let Some(above) = paths_above(path).find(described) {
            return fail(None, Problem::NotADirectory { path: above.to_string() });
        }
        files.insert(path.clone(), (file(entry, all), entry.interpreter.clone()));
    }
    Ok(files)
}

fn unreadable(scenario: &Scenario, all: CapSet) -> BTreeMap<String, Vec<u8>> {
    let mut unreadable = BTreeMap::new();
    for (path, entry) in &scenario.files {
        if let Some(caps @ CapsEntry::Bytes(bytes)) = &entry.caps
            && caps.resolve(all).is_err()
        {
            unreadable.insert(path.clone(), bytes.clone());
        }
    }
    unreadable
}

fn file(entry: &FileEntry, all: CapSet) -> File {
    File {
        kind: if entry.directory { FileKind::Directory } else { FileKind::Regular },
        uid: Kuid::new(entry.uid).unwrap_or(Kuid::ROOT),
        gid: Kgid::new(entry.gid).unwrap_or(Kgid::ROOT),
        mode: entry.mode.0,
        caps: entry.caps.as_ref().map(|caps| caps.resolve(all)),
        mount: Mount { nosuid: entry.nosuid, noexec: entry.noexec },
    }
}

/// What is needed to build a thread.
struct Builder<'a, F> {
    process: &'a Process,
    /// Where it is described.
    place: Path,
    system: &'a System,
    /// The user namespace of a name.
    find: &'a F,
    all: CapSet,
}

impl<F: Fn(&str) -> Option<UserNs>> Builder<'_, F> {
    fn thread(&self) -> Result<Thread, WorldError> {
        let process = self.process;
        let fail = |key: &str, problem: Problem| self.fail(key, problem);
        let ns_name = process.user_ns.as_deref().unwrap_or("init");
        let user_ns = (self.find)(ns_name)
            .ok_or_else(|| fail("user_ns", Problem::UnknownNamespace { name: ns_name.to_string() }))?;
        let FourIds(uid) = process.uid.unwrap_or(FourIds([0; 4]));
        let FourIds(gid) = process.gid.unwrap_or(FourIds([0; 4]));
        let unmapped = |key, id| fail(key, Problem::Unmapped { id, ns: ns_name.to_string() });
        let spaces = &self.system.user_namespaces;
        let kuid = |id| spaces.kuid(user_ns, id).ok_or_else(|| unmapped("uid", id));
        let kgid = |key, id| spaces.kgid(user_ns, id).ok_or_else(|| unmapped(key, id));
        let sets = process.sets(self.all);
        for (key, set) in [
            ("permitted", sets.permitted),
            ("effective", sets.effective),
            ("inheritable", sets.inheritable),
            ("bounding", sets.bounding),
            ("ambient", sets.ambient),
        ] {
            self.check_known(key, set)?;
        }
        let raw = RawCredentials {
            uid: four(uid, kuid)?,
            gid: four(gid, |id| kgid("gid", id))?,
            groups: Groups::new(process.groups.iter().map(|&id| kgid("groups", id)).collect::<Result<_, _>>()?),
            permitted: sets.permitted,
            effective: sets.effective,
            inheritable: sets.inheritable,
            bounding: sets.bounding,
            ambient: sets.ambient,
            securebits: self.securebits(process.securebits)?,
            no_new_privs: process.no_new_privs,
            user_ns,
        };
        let credentials = Credentials::try_from(raw).map_err(|error| {
            let (key, by_default) = match error {
                InvalidCredentials::EffectiveNotPermitted { .. } => ("effective", process.effective.is_none()),
                _ => ("ambient", false),
            };
            fail(key, Problem::Credentials { error, by_default })
        })?;
        let tracer = process.traced.map(|traced| Tracer { has_sys_ptrace: traced.tracer_has_sys_ptrace });
        Ok(Thread { shares_fs: process.shares_fs, tracer, ..Thread::from(credentials) })
    }

    fn check_known(&self, key: &str, set: CapSet) -> Result<(), WorldError> {
        let release = self.system.release;
        match (set - release.capabilities()).iter().next() {
            None => Ok(()),
            Some(capability) => {
                let last = release.last_capability();
                Err(self.fail(key, Problem::UnknownCapability { capability, release, last }))
            }
        }
    }

    fn securebits(&self, SecurebitsText(bits): SecurebitsText) -> Result<Securebits, WorldError> {
        let release = self.system.release;
        let known = Securebits::known(release);
        if known.contains(bits) {
            return Ok(bits);
        }
        Err(self.fail("securebits", Problem::UnknownSecurebits { release, known: known.bits() }))
    }

    fn fail(&self, key: &str, problem: Problem) -> WorldError {
        WorldError { path: self.place.clone().key(key), problem }
    }
}

fn four<T: Copy>(
    [real, effective, saved, filesystem]: [u32; 4],
    id: impl Fn(u32) -> Result<T, WorldError>,
) -> Result<Ids<T>, WorldError> {
    Ok(Ids { real: id(real)?, effective: id(effective)?, saved: id(saved)?, filesystem: id(filesystem)? })
}
