//! A scenario that begins at a container engine: what it is asked for, and the steps by which its runtime gets there.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::expect::RuleText;
use super::filter::{EngineName, FilterEntry};
use super::in_force::JUDGES_FILTERS;
use super::values::{self, FourIds, ReleaseText, SecurebitsText, SetText, from_text};
use super::world::{self, Problem};
use super::{
    Call, CapsetCall, CloneCall, CloneFlag, Difference, Options, PrctlArgument, PrctlCall, Process, Scenario,
    SeccompCall, Step, StepResult, Sysctl, WorldError,
};
use crate::calls::{AmbientOperation, Capset, Prctl, PrctlOption};
use crate::capability::{CapSet, Capability};
use crate::credentials::Securebits;
use crate::engine::{Engine, Version};
use crate::json::Path;
use crate::kernel::Release;
use crate::rule::Trace;
use crate::runtime::{Action, Handed, Refused, Request, Unit, hand};

/// Whether scenarios that begin at a container engine are judged here: the feature `engines`. They are refused otherwise.
pub const JUDGES_ENGINES: bool = cfg!(feature = "engines");

/// What a container engine was asked for, or what a systemd unit says; in place of `process`.
///
/// ```
/// use sim_core::scenario::{Loaded, Options};
///
/// let text = r#"{
///     "runtime": { "engine": "docker", "version": "25.0", "user": "1000", "cap_add": ["NET_BIND_SERVICE"] },
///     "files": { "/bin/server": {} },
///     "steps": [ { "execve": "/bin/server", "expect": { "process": { "effective": "none" } } } ]
/// }"#;
/// assert!(Loaded::read(text, &Options::default())?.run().ok);
/// # Ok::<(), sim_core::scenario::ReadError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "what an engine is asked for: an object with an `engine`")]
pub struct RuntimeEntry {
    /// The engine.
    pub engine: EngineText,
    /// Its version, one to three numbers; a recent one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionText>,
    /// Whether a kubelet asks it, for a container of a pod; with `containerd` and `cri-o`.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub kubernetes: bool,
    /// The user as it is written: a number, a name, either with `:GROUP`; root if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The user id that `user` stands for, where it is a name other than root, or none with `keep_id`; 1000 if left out.
    #[serde(default, deserialize_with = "values::optional_id", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::id"))]
    pub uid: Option<u32>,
    /// The group id, where `user` does not say it; 0 if left out, as for a number without a user in the image.
    #[serde(default, deserialize_with = "values::optional_id", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::id"))]
    pub gid: Option<u32>,
    /// Supplementary groups.
    #[serde(default, deserialize_with = "values::ids", skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::ids"))]
    pub groups: Vec<u32>,
    /// Capabilities to add, as they are written to the engine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cap_add: Vec<String>,
    /// Capabilities to drop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cap_drop: Vec<String>,
    /// Whether it is privileged.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub privileged: bool,
    /// `no-new-privileges`, `allowPrivilegeEscalation: false`, `NoNewPrivileges=yes`.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub no_new_privileges: bool,
    /// The default capabilities of containers.conf or crio.conf, in place of the engine's own; with `runc`, `crun` and `youki`
    /// the list of config.json. Docker, containerd and systemd read none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_capabilities: Option<Vec<String>>,
    /// crio.conf's `add_inheritable_capabilities`.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub add_inheritable_capabilities: bool,
    /// The container's own user namespace, one of `user_namespaces`; `"init"` if left out. `user` is an id there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_namespace: Option<String>,
    /// Podman's `--userns=keep-id`.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub keep_id: bool,
    /// Whether it shares the host's network.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub host_network: bool,
    /// The image's label `io.containers.capabilities`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_label: Option<String>,
    /// Settings that are asked for, as by `--sysctl`.
    #[serde(default, skip_serializing_if = "Sysctl::is_default")]
    pub sysctl: Sysctl,
    /// The bounding set of the engine itself; `"all"` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_bounding: Option<SetText>,
    /// The seccomp profile. Left out: none is applied, for the engines' own are not part of eperm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seccomp: Option<FilterEntry>,
    /// What a unit file says; with `systemd` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitEntry>,
    /// What the engine must answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<RuntimeExpect>,
}

/// The settings of a systemd unit that decide about privilege, beside `user`, `groups` and `no_new_privileges`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default, expecting = "the settings of a unit: an object")]
pub struct UnitEntry {
    /// Whether the manager of a user starts it, as by `systemctl --user`.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub user_manager: bool,
    /// `CapabilityBoundingSet=`; `"all"` if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounding: Option<SetText>,
    /// `AmbientCapabilities=`; `"none"` if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ambient: Option<SetText>,
    /// `SecureBits=`.
    #[serde(skip_serializing_if = "SecurebitsText::is_empty")]
    pub securebits: SecurebitsText,
    /// Whether a setting implies `NoNewPrivileges=yes` in a manager without CAP_SYS_ADMIN, as `SystemCallFilter=` does.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub implies_no_new_privileges: bool,
}

/// What an engine must answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default, expecting = "what the engine must answer: an object")]
pub struct RuntimeExpect {
    /// Whether it refuses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<bool>,
    /// Rules that must be among those that decided.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleText>,
}

/// An engine by its name, as `cri-o`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineText(pub Engine);

/// A version of an engine, as `20.10.14`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionText(pub Version);

/// What an engine answered, and what its runtime does then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// What it was asked.
    pub request: Request,
    /// What it hands to the runtime, or why it refuses.
    pub answer: Result<Handed, Refused>,
    /// Every rule of the engine that was tried.
    pub trace: Trace,
    /// The runtime's own calls.
    pub prologue: Vec<PrologueCall>,
}

/// A call of the runtime on the way to the first execve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrologueCall {
    /// The call.
    pub call: Call,
    /// Whether the runtime goes on if it is refused.
    pub may_fail: bool,
}

/// What became of an engine's request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuntimeResult {
    /// The engine and its version, as `Docker 25.0`.
    pub engine: String,
    /// The rule by which the engine refuses, and what it is about; `null` if it does not.
    pub refused: Option<RefusedResult>,
    /// The engine's rules that decided.
    pub rules: Vec<&'static str>,
    /// The runtime's own calls.
    pub steps: Vec<StepResult>,
    /// What was expected otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
}

/// An engine's refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedResult {
    /// The rule.
    pub rule: &'static str,
    /// What it is about, as the name of a capability.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub about: String,
}

impl RuntimeEntry {
    /// The version asked, or a recent one.
    pub fn version(&self) -> Version {
        let EngineText(engine) = self.engine;
        self.version.map_or(engine.newest(), |VersionText(version)| version)
    }

    /// What is asked for, in a few words: `user 1000; add NET_BIND_SERVICE`, or `nothing`.
    ///
    /// ```
    /// use sim_core::engine::Engine;
    /// use sim_core::scenario::RuntimeEntry;
    ///
    /// let mut entry = RuntimeEntry::of(Engine::Docker);
    /// assert_eq!(entry.in_words(), "nothing");
    /// (entry.user, entry.privileged) = (Some("1000".into()), true);
    /// assert_eq!(entry.in_words(), "user 1000; privileged");
    /// ```
    pub fn in_words(&self) -> String {
        let mut said = Vec::new();
        said.extend(self.user.as_ref().map(|user| alloc::format!("user {user}")));
        for (word, names) in [("add", &self.cap_add), ("drop", &self.cap_drop)] {
            said.extend((!names.is_empty()).then(|| alloc::format!("{word} {}", names.join(", "))));
        }
        let flags = [
            (self.privileged, "privileged"),
            (self.no_new_privileges, "no new privileges"),
            (self.host_network, "the host's network"),
        ];
        said.extend(flags.into_iter().filter(|(set, _)| *set).map(|(_, word)| word.to_string()));
        if said.is_empty() { "nothing".to_string() } else { said.join("; ") }
    }

    /// The request that this is, on a kernel of this release, if `"all"` means `all`.
    pub fn request(&self, kernel: Release, all: CapSet) -> Request {
        let EngineText(engine) = self.engine;
        let user = self.user.clone().unwrap_or_default();
        let (name, group) = user.split_once(':').map_or((user.as_str(), None), |(name, group)| (name, Some(group)));
        let keeps_id = self.keep_id && engine == Engine::Podman;
        let uid = match name {
            "" if keeps_id => self.uid.unwrap_or(UNKNOWN_USER),
            "" if self.unit.as_ref().is_some_and(|unit| unit.user_manager) => self.uid.unwrap_or(UNKNOWN_USER),
            "" | "root" => 0,
            name => name.parse().ok().or(self.uid).unwrap_or(UNKNOWN_USER),
        };
        let gid = group.and_then(|group| group.parse().ok()).or(self.gid).unwrap_or(0);
        let unit = self.unit.clone().unwrap_or_default();
        let set = |set: Option<SetText>| set.map(|set| set.resolve(all));
        Request {
            engine,
            version: self.version(),
            kubernetes: self.kubernetes,
            kernel,
            host_bounding: set(self.host_bounding).unwrap_or(all),
            user,
            uid,
            gid,
            groups: self.groups.clone(),
            cap_add: self.cap_add.clone(),
            cap_drop: self.cap_drop.clone(),
            privileged: self.privileged,
            no_new_privileges: self.no_new_privileges,
            default_capabilities: self.default_capabilities.clone(),
            add_inheritable_capabilities: self.add_inheritable_capabilities,
            own_user_namespace: self.user_namespace.as_deref().is_some_and(|name| name != "init"),
            keep_id: self.keep_id,
            host_network: self.host_network,
            image_label: self.image_label.clone(),
            ip_unprivileged_port_start: self.sysctl.ip_unprivileged_port_start,
            unit: Unit {
                of_user_manager: unit.user_manager,
                user_given: self.user.is_some(),
                bounding: set(unit.bounding),
                ambient: set(unit.ambient).unwrap_or(CapSet::EMPTY),
                securebits: unit.securebits.0,
                // A filter that is written is a SystemCallFilter=.
                implies_no_new_privileges: unit.implies_no_new_privileges || self.seccomp.is_some(),
            },
        }
    }

    /// Asks the engine.
    pub(super) fn start(&self, kernel: Release, all: CapSet) -> Started {
        let request = self.request(kernel, all);
        let mut trace = Trace::new();
        let answer = hand(&request, &mut trace);
        let steps = answer.as_ref().map(|handed| handed.prologue(&request)).unwrap_or_default();
        let prologue = steps.into_iter().filter_map(|step| {
            let call = match step.action {
                Action::Prctl(prctl) => Call::Prctl(written(prctl)),
                Action::SetId(call) => Call::SetId(call),
                Action::Setgroups(groups) => Call::Setgroups(groups),
                Action::Capset(Capset { effective, permitted, inheritable }) => Call::Capset(CapsetCall {
                    effective: effective.into(),
                    permitted: permitted.into(),
                    inheritable: inheritable.into(),
                }),
                Action::Seccomp => Call::Seccomp(SeccompCall { filter: self.filter()?, flags: Vec::new() }),
            };
            Some(PrologueCall { call, may_fail: step.may_fail })
        });
        Started { answer, trace, prologue: prologue.collect(), request }
    }

    /// The filter, as this engine's runtime makes it.
    pub(super) fn filter(&self) -> Option<FilterEntry> {
        let mut entry = self.seccomp.clone()?;
        if let FilterEntry::Profile(filter) = &mut entry {
            filter.engine = filter.engine.or(match self.engine.0 {
                Engine::Docker => Some(EngineName::Docker),
                Engine::Containerd | Engine::Runc => Some(EngineName::Runc),
                Engine::Podman => Some(EngineName::Podman),
                Engine::CriO | Engine::Crun => Some(EngineName::Crun),
                Engine::Youki => Some(EngineName::Youki),
                Engine::Systemd => None,
            });
        }
        Some(entry)
    }

    /// The first thread of the runtime: root with every capability of the engine.
    pub(super) fn first_thread(&self, started: &Started) -> Process {
        let host = started.request.host_bounding;
        // The manager of a user has the user's id and no capability.
        let of_user = started.request.unit.of_user_manager;
        let (id, held) = if of_user { (started.request.uid, CapSet::EMPTY) } else { (0, host) };
        Process {
            uid: Some(FourIds([id; 4])),
            gid: Some(FourIds([if of_user { started.request.gid } else { 0 }; 4])),
            permitted: Some(held.into()),
            effective: Some(held.into()),
            bounding: Some(host.into()),
            user_ns: self.user_namespace.clone(),
            ..Process::default()
        }
    }
}

/// The call by which the namespaces of a container come to belong to its user namespace.
fn own_namespaces(host_network: bool) -> Step {
    let mut flags = Vec::from([CloneFlag::NewMount, CloneFlag::NewUts, CloneFlag::NewIpc, CloneFlag::NewCgroup]);
    flags.extend((!host_network).then_some(CloneFlag::NewNetwork));
    Step { call: Call::Unshare(CloneCall { flags, user_ns: None }), expect: None, note: None }
}

/// The id of a user whose name alone is known.
pub const UNKNOWN_USER: u32 = 1000;

impl Scenario {
    /// The same with `process` in place of `runtime`, and the runtime's own calls as its first steps: how many these are
    /// comes with it. A scenario without `runtime` comes back as it is. An engine that refuses leaves no steps.
    ///
    /// ```
    /// use sim_core::scenario::{Loaded, Options};
    ///
    /// let text = r#"{ "runtime": { "engine": "docker" }, "files": { "/x": {} }, "steps": [ { "execve": "/x" } ] }"#;
    /// let loaded = Loaded::read(text, &Options::default())?;
    /// let (expanded, prologue) = loaded.scenario.expanded(&Options::default());
    /// assert!(expanded.runtime.is_none() && expanded.steps.len() == prologue + 1);
    /// # Ok::<(), sim_core::scenario::ReadError>(())
    /// ```
    pub fn expanded(&self, options: &Options) -> (Self, usize) {
        let Some((mut expanded, started)) = self.begun(options) else { return (self.clone(), 0) };
        let made = started.request.own_user_namespace.then(|| own_namespaces(started.request.host_network));
        let prologue = started.prologue.len() + made.iter().len();
        let listed = started.answer.as_ref().ok().and_then(|handed| handed.seccomp);
        let call = |own: PrologueCall| match (own.call, listed) {
            (Call::Seccomp(call), Some(listed)) => {
                Call::Seccomp(call.in_instructions(listed, started.request.kernel))
            }
            (call, _) => call,
        };
        let own = started.prologue.into_iter().map(|own| Step { call: call(own), expect: None, note: None });
        let written = core::mem::take(&mut expanded.steps);
        expanded.steps = match started.answer {
            Ok(_) => made.into_iter().chain(own).chain(written).collect(),
            Err(_) => Vec::new(),
        };
        (expanded, prologue)
    }

    /// The scenario at the first thread of the runtime, and what the engine answered; nothing without `runtime`.
    pub(super) fn begun(&self, options: &Options) -> Option<(Self, Started)> {
        let entry = self.runtime.as_ref().filter(|_| JUDGES_ENGINES)?;
        let release = options.release.or(self.kernel.map(|ReleaseText(release)| release)).unwrap_or(Release::NEWEST);
        let started = entry.start(release, options.all.unwrap_or_else(|| release.capabilities()));
        let set = |handed: &Handed| Sysctl {
            ip_unprivileged_port_start: handed.ip_unprivileged_port_start,
            ping_group_range: handed.ping_group_range,
            ..Sysctl::default()
        };
        let by_engine = started.answer.as_ref().map(set).unwrap_or_default();
        let process = entry.first_thread(&started);
        let mut inside = entry.sysctl.or(by_engine);
        let outside = |range: [u32; 2]| world::host_groups(self, entry.user_namespace.as_deref()?, range);
        if entry.user_namespace.is_some() {
            inside.ping_group_range = inside.ping_group_range.and_then(outside);
        }
        let sysctl = inside.or(self.sysctl);
        Some((Self { runtime: None, process, sysctl, ..self.clone() }, started))
    }

    /// Checks what `runtime` says beside what the engine is asked.
    pub(super) fn check_runtime(&self) -> Result<(), WorldError> {
        let Some(entry) = &self.runtime else { return Ok(()) };
        if !JUDGES_ENGINES {
            return Err(WorldError { path: Path::default().key("runtime"), problem: Problem::EnginesLeftOut });
        }
        let at = |key: &str| Path::default().key("runtime").key(key);
        if self.process != Process::default() {
            return Err(WorldError { path: Path::default().key("process"), problem: Problem::ProcessAndRuntime });
        }
        if entry.seccomp.is_some() && !JUDGES_FILTERS {
            return Err(WorldError { path: at("seccomp"), problem: Problem::FiltersLeftOut });
        }
        let EngineText(engine) = entry.engine;
        if entry.unit.is_some() && engine != Engine::Systemd {
            return Err(WorldError { path: at("unit"), problem: Problem::UnitWithoutSystemd });
        }
        if entry.kubernetes && !matches!(engine, Engine::Containerd | Engine::CriO) {
            return Err(WorldError { path: at("kubernetes"), problem: Problem::NotAskedByKubelet });
        }
        if entry.default_capabilities.is_some()
            && matches!(engine, Engine::Docker | Engine::Containerd | Engine::Systemd)
        {
            let problem = Problem::NoDefaultCapabilities { engine: engine.name() };
            return Err(WorldError { path: at("default_capabilities"), problem });
        }
        Ok(())
    }
}

impl Started {
    /// The result, with the runtime's own steps and what was expected otherwise.
    pub(super) fn result(&self, expect: Option<&RuntimeExpect>, steps: Vec<StepResult>) -> RuntimeResult {
        let refused = self.answer.as_ref().err();
        let mut rules: Vec<_> = self.trace.applied_rules().into_iter().map(|rule| rule.id).collect();
        rules.extend(refused.map(|refused| refused.rule.id).filter(|id| !rules.contains(id)));
        let mut differences = Vec::new();
        let mut differ = |field: &str, expected: String, actual: String| {
            differences.push(Difference { field: field.to_string(), expected, actual });
        };
        if let Some(expect) = expect {
            if let Some(expected) = expect.refused
                && expected != refused.is_some()
            {
                differ("runtime.refused", expected.to_string(), refused.is_some().to_string());
            }
            for RuleText(rule) in &expect.rules {
                if !rules.contains(&rule.id) {
                    differ("runtime.rules", rule.id.to_string(), rules.join(", "));
                }
            }
        }
        let engine = alloc::format!("{} {}", self.request.engine, self.request.version);
        let refused = refused.map(|refused| RefusedResult { rule: refused.rule.id, about: refused.about.clone() });
        RuntimeResult { engine, refused, rules, steps, differences }
    }
}

fn securebits(value: u64) -> Securebits {
    Securebits::from_bits(u32::try_from(value).unwrap_or_default())
}

/// The call as a scenario writes it, its arguments by name.
fn written(Prctl { option, arguments: [first, second, ..] }: Prctl) -> PrctlCall {
    let capability = |number| match u8::try_from(number).ok().and_then(Capability::from_number) {
        Some(capability) => PrctlArgument::Capability(capability),
        None => PrctlArgument::Number(number),
    };
    let operation = |number: u64| {
        let known = AmbientOperation::ALL.iter().find(|operation| u64::from(operation.number()) == number);
        known.map_or(PrctlArgument::Number(number), |operation| PrctlArgument::Ambient(*operation))
    };
    let arguments = match option {
        PrctlOption::CapbsetDrop | PrctlOption::CapbsetRead => Vec::from([capability(first)]),
        PrctlOption::CapAmbient if operation(first) == PrctlArgument::Ambient(AmbientOperation::ClearAll) => {
            Vec::from([operation(first)])
        }
        PrctlOption::CapAmbient => Vec::from([operation(first), capability(second)]),
        PrctlOption::SetSecurebits => Vec::from([PrctlArgument::Securebits(SecurebitsText(securebits(first)))]),
        _ => Vec::from([PrctlArgument::Number(first)]),
    };
    PrctlCall { option, arguments }
}

impl Serialize for EngineText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<'de> Deserialize<'de> for EngineText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "an engine, as \"docker\"", |text| {
            Engine::of_name(text).map(Self).ok_or_else(|| {
                let known: Vec<_> = Engine::ALL.iter().map(|engine| engine.name()).collect();
                alloc::format!("{text:?} is no engine that is modelled; these are: {}", known.join(", "))
            })
        })
    }
}

impl Serialize for VersionText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for VersionText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "a version such as \"20.10.14\"", |text| text.parse().map(Self))
    }
}
