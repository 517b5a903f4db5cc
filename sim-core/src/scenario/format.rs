use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::values::{self, CapsEntry, FourIds, ModeText, ReleaseText, SecurebitsText, SetText};
use super::{Call, EngineText, Expect, FilterEntry, JUDGES_ENGINES, JUDGES_FILTERS, RuntimeEntry, Step, VersionText};

/// A scenario as it is written. Reading it checks its form; a [`World`](super::World) checks its sense.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a scenario: an object", default)]
pub struct Scenario {
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// A question to a class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// The answer to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Where it comes from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Words to find it by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The smallest changes that help, each as a command or a line of configuration, the least powerful first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fixes: Vec<String>,
    /// Where other engines, versions and kernels answer otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub eras: Vec<Era>,
    /// Kernel release, `"MAJOR.MINOR"`, from 4.14 on; the newest modelled one if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<ReleaseText>,
    /// Settings of the kernel.
    #[serde(skip_serializing_if = "Sysctl::is_default")]
    pub sysctl: Sysctl,
    /// User namespaces by name; `"init"` always exists.
    #[serde(deserialize_with = "values::unique_keys", skip_serializing_if = "BTreeMap::is_empty")]
    pub user_namespaces: BTreeMap<String, UserNamespaceEntry>,
    /// The thread that the steps act on.
    pub process: Process,
    /// In place of `process`: what a container engine was asked for, or what a systemd unit says. The steps begin where
    /// the runtime executes the first program.
    #[serde(deserialize_with = "values::some", skip_serializing_if = "Option::is_none")]
    pub runtime: Option<RuntimeEntry>,
    /// Files by path.
    #[serde(deserialize_with = "values::unique_keys", skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, FileEntry>,
    /// What the thread does, in order.
    pub steps: Vec<Step>,
}

impl Scenario {
    /// Whether filters of system calls have a part in it, so that only a model with the feature `filters` performs it.
    ///
    /// ```
    /// use sim_core::scenario::{Options, Loaded};
    ///
    /// let text = r#"{ "steps": [ { "syscall": { "arch": "x86_64", "name": "openat" } } ] }"#;
    /// assert!(Loaded::read(text, &Options::default()).unwrap().scenario.has_filters());
    /// ```
    pub fn has_filters(&self) -> bool {
        let filters = |step: &Step| matches!(step.call, Call::Seccomp(_) | Call::Syscall(_));
        let of_runtime = self.runtime.as_ref().is_some_and(|runtime| runtime.seccomp.is_some());
        !self.process.seccomp.is_empty() || of_runtime || self.steps.iter().any(filters)
    }

    /// Whether it begins at a container engine or systemd, so that only a model with the feature `engines` performs it.
    pub fn has_engine(&self) -> bool {
        self.runtime.is_some()
    }

    /// Whether it has what this build of the model leaves out: filters or engines.
    pub fn is_left_out(&self) -> bool {
        (!JUDGES_FILTERS && self.has_filters()) || (!JUDGES_ENGINES && self.has_engine())
    }
}

/// Another engine, version or kernel, and how a step comes out there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an era: an object with an `expect`")]
pub struct Era {
    /// The kernel release; that of the scenario if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<ReleaseText>,
    /// The engine; that of the scenario's `runtime` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineText>,
    /// The engine's version; that of the scenario's `runtime` if left out, a recent one with another engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionText>,
    /// The step, counted from 0; the last one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// What its result must be there.
    pub expect: Expect,
    /// A remark for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Settings of the kernel that a scenario can name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object of settings")]
pub struct Sysctl {
    /// The lowest port that anyone may bind, 0 to 65535; 1024 if left out.
    #[serde(
        rename = "net.ipv4.ip_unprivileged_port_start",
        default,
        deserialize_with = "values::optional_port",
        skip_serializing_if = "Option::is_none"
    )]
    pub ip_unprivileged_port_start: Option<u16>,
    /// The first and the last group, as host ids up to 2147483647, whose members may make ICMP sockets for datagrams; nobody
    /// if the first is above the last. `[1, 0]` if left out.
    #[serde(
        rename = "net.ipv4.ping_group_range",
        default,
        deserialize_with = "values::optional_group_range",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::group_range"))]
    pub ping_group_range: Option<[u32; 2]>,
    /// Whether linking to files of others is restricted, 0 or 1; 0 if left out.
    #[serde(
        rename = "fs.protected_hardlinks",
        default,
        deserialize_with = "values::optional_within::<_, _, 0, 1>",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::up_to_1"))]
    pub protected_hardlinks: Option<u8>,
    /// Who may use bpf(2): anyone with 0; with 1 or 2 only those with a capability. Left out: 2 since Linux 5.16, before
    /// it 0.
    #[serde(
        rename = "kernel.unprivileged_bpf_disabled",
        default,
        deserialize_with = "values::optional_within::<_, _, 0, 2>",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::up_to_2"))]
    pub unprivileged_bpf_disabled: Option<u8>,
    /// Who may measure the kernel with perf_event_open(2): below 2 anyone; with 2 only those with a capability. -1 to 2;
    /// 2 if left out. Some distributions add 3, which is not modelled.
    #[serde(
        rename = "kernel.perf_event_paranoid",
        default,
        deserialize_with = "values::optional_within::<_, _, -1, 2>",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::minus_1_up_to_2"))]
    pub perf_event_paranoid: Option<i8>,
    /// Who may read the kernel's log: anyone with 0; with 1 only those with a capability. 0 if left out.
    #[serde(
        rename = "kernel.dmesg_restrict",
        default,
        deserialize_with = "values::optional_within::<_, _, 0, 1>",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::up_to_1"))]
    pub dmesg_restrict: Option<u8>,
    /// The largest RLIMIT_NOFILE that anyone can set, 8 to 2147483584; 1048576 if left out.
    #[serde(
        rename = "fs.nr_open",
        default,
        deserialize_with = "values::optional_within::<_, _, 8, 2147483584>",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::open_files"))]
    pub nr_open: Option<u32>,
}

/// A user namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a user namespace: an object", default)]
pub struct UserNamespaceEntry {
    /// The namespace above it; `"init"` if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Who made it, a host id; 0 if left out.
    #[serde(deserialize_with = "values::optional_id", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::id"))]
    pub owner: Option<u32>,
    /// Lines of `INSIDE OUTSIDE COUNT`, outside ids being those of the parent. Left out: not written yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid_map: Option<String>,
    /// The same for groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gid_map: Option<String>,
    /// Whether setgroups(2) is allowed in it; `"allow"` if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setgroups: Option<Setgroups>,
}

/// `/proc/PID/setgroups`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Setgroups {
    /// setgroups(2) is allowed.
    Allow,
    /// setgroups(2) is denied, for good.
    Deny,
}

/// The thread. Its ids are as it sees them itself, in its own user namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a process: an object", default)]
pub struct Process {
    /// User id: one number, or real, effective, saved and filesystem; 0 if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<FourIds>,
    /// Group id: one number, or real, effective, saved and filesystem; 0 if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gid: Option<FourIds>,
    /// Supplementary groups.
    #[serde(deserialize_with = "values::ids", skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::ids"))]
    pub groups: Vec<u32>,
    /// Left out: `"all"` with effective uid 0, else `"none"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permitted: Option<SetText>,
    /// Left out: `"all"` with effective uid 0, else `"none"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective: Option<SetText>,
    /// Left out: `"none"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inheritable: Option<SetText>,
    /// Left out: `"all"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounding: Option<SetText>,
    /// Left out: `"none"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ambient: Option<SetText>,
    /// A number, or a list of names.
    #[serde(skip_serializing_if = "SecurebitsText::is_empty")]
    pub securebits: SecurebitsText,
    /// Whether execve may grant nothing new.
    #[serde(skip_serializing_if = "is_false")]
    pub no_new_privs: bool,
    /// The user namespace it is in; `"init"` if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_ns: Option<String>,
    /// Whether another process shares its filesystem context (CLONE_FS).
    #[serde(skip_serializing_if = "is_false")]
    pub shares_fs: bool,
    /// Who traces it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traced: Option<Traced>,
    /// Filters of system calls in force, the oldest first. They judge every call step before anything else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub seccomp: Vec<FilterEntry>,
}

/// A tracer, as recorded when it attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with `tracer_has_sys_ptrace`")]
pub struct Traced {
    /// Whether it had CAP_SYS_PTRACE over the thread's user namespace.
    pub tracer_has_sys_ptrace: bool,
}

/// A regular file or a directory. Its ids are host ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a file: an object", default)]
pub struct FileEntry {
    /// Owner; 0 if left out.
    #[serde(deserialize_with = "values::id", skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::id"))]
    pub uid: u32,
    /// Group; 0 if left out.
    #[serde(deserialize_with = "values::id", skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::id"))]
    pub gid: u32,
    /// Octal digits; `"0755"` if left out.
    #[serde(skip_serializing_if = "ModeText::is_default")]
    pub mode: ModeText,
    /// `security.capability`: as given to setcap, as an object, or as bytes; `null` for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caps: Option<CapsEntry>,
    /// Whether its mount has the option nosuid.
    #[serde(skip_serializing_if = "is_false")]
    pub nosuid: bool,
    /// Whether its mount has the option noexec.
    #[serde(skip_serializing_if = "is_false")]
    pub noexec: bool,
    /// It is a directory: the files whose paths go on from its path are in it. Directories that are not described are
    /// open to all.
    #[serde(skip_serializing_if = "is_false")]
    pub directory: bool,
    /// The file is a `#!` script that this file runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<String>,
}

impl Sysctl {
    /// What is left out here, taken from `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            ip_unprivileged_port_start: self.ip_unprivileged_port_start.or(other.ip_unprivileged_port_start),
            ping_group_range: self.ping_group_range.or(other.ping_group_range),
            unprivileged_bpf_disabled: self.unprivileged_bpf_disabled.or(other.unprivileged_bpf_disabled),
            perf_event_paranoid: self.perf_event_paranoid.or(other.perf_event_paranoid),
            dmesg_restrict: self.dmesg_restrict.or(other.dmesg_restrict),
            nr_open: self.nr_open.or(other.nr_open),
            protected_hardlinks: self.protected_hardlinks.or(other.protected_hardlinks),
        }
    }

    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

fn is_zero(value: &u32) -> bool {
    *value == 0
}
