use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::values::{self, GroupArguments, IdArgument, IdArguments, Refused, SetText};
use super::{
    Expect, FileChange, PathOperation, PrctlCall, ProcessOperation, SetcapArguments, SystemOperation, WriteMapCall,
};
use crate::calls::{CloneFlags, IdChange, IdKind, SetId};
use crate::capability::CapSet;
use crate::credentials::NamespaceKind;

/// One step: a call, and what is expected of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The call.
    pub call: Call,
    /// What its result must be.
    pub expect: Option<Expect>,
    /// A remark for people.
    pub note: Option<String>,
}

/// A call that the thread makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// execve(2) of a path of the scenario.
    Execve(String),
    /// capset(2).
    Capset(CapsetCall),
    /// prctl(2).
    Prctl(PrctlCall),
    /// setuid(2), setgid(2), setreuid(2), setregid(2), setresuid(2), setresgid(2), setfsuid(2), setfsgid(2).
    SetId(SetId),
    /// setgroups(2).
    Setgroups(Vec<u32>),
    /// capget(2) of the thread itself.
    Capget,
    /// unshare(2).
    Unshare(CloneCall),
    /// clone(2); the steps go on in the child.
    Clone(CloneCall),
    /// setns(2) to the user namespace of this name.
    Setns(String),
    /// A write to `/proc/PID/uid_map`, `gid_map` or `setgroups`.
    WriteMap(WriteMapCall),
    /// bind(2) of an internet socket.
    Bind {
        /// The port.
        port: u16,
    },
    /// A change of a file, or a look at its attribute.
    FileChange(FileChange),
    /// An operation on processes and namespaces.
    Process(ProcessOperation),
    /// An operation on files and directories.
    Path(PathOperation),
    /// An operation on the machine, its network, or limits.
    System(SystemOperation),
}

/// The arguments of `capset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with the sets `effective`, `permitted` and `inheritable`")]
pub struct CapsetCall {
    /// The effective set asked for.
    pub effective: SetText,
    /// The permitted set asked for.
    pub permitted: SetText,
    /// The inheritable set asked for.
    pub inheritable: SetText,
}

/// The arguments of `bind`.
#[derive(Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `port`")]
pub(super) struct BindArguments {
    /// The port, 0 to 65535.
    #[serde(deserialize_with = "values::port")]
    port: u16,
}

/// The arguments of `unshare` and `clone`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with `flags` and, with CLONE_NEWUSER, `user_ns`")]
pub struct CloneCall {
    /// What is made anew or shared.
    pub flags: Vec<CloneFlag>,
    /// The name given to the new user namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_ns: Option<String>,
}

/// A flag of `unshare` and `clone`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum CloneFlag {
    /// A user namespace.
    #[serde(rename = "CLONE_NEWUSER")]
    NewUser,
    /// The filesystem context.
    #[serde(rename = "CLONE_FS")]
    Fs,
    /// A mount namespace.
    #[serde(rename = "CLONE_NEWNS")]
    NewMount,
    /// A UTS namespace.
    #[serde(rename = "CLONE_NEWUTS")]
    NewUts,
    /// An IPC namespace.
    #[serde(rename = "CLONE_NEWIPC")]
    NewIpc,
    /// A pid namespace.
    #[serde(rename = "CLONE_NEWPID")]
    NewPid,
    /// A control group namespace.
    #[serde(rename = "CLONE_NEWCGROUP")]
    NewCgroup,
    /// A network namespace.
    #[serde(rename = "CLONE_NEWNET")]
    NewNetwork,
    /// A time namespace.
    #[serde(rename = "CLONE_NEWTIME")]
    NewTime,
}

impl CloneCall {
    /// The flags as the model takes them.
    pub fn flags(&self) -> CloneFlags {
        CloneFlags {
            new_user: self.flags.contains(&CloneFlag::NewUser),
            kinds: self.flags.iter().filter_map(|flag| flag.kind()).collect(),
            fs: self.flags.contains(&CloneFlag::Fs),
        }
    }
}

impl CloneFlag {
    /// Its name in C.
    pub fn name(self) -> &'static str {
        match self {
            Self::NewUser => "CLONE_NEWUSER",
            Self::Fs => "CLONE_FS",
            Self::NewMount => "CLONE_NEWNS",
            Self::NewUts => "CLONE_NEWUTS",
            Self::NewIpc => "CLONE_NEWIPC",
            Self::NewPid => "CLONE_NEWPID",
            Self::NewCgroup => "CLONE_NEWCGROUP",
            Self::NewNetwork => "CLONE_NEWNET",
            Self::NewTime => "CLONE_NEWTIME",
        }
    }

    /// The kind of namespace it asks for, beside the user namespace.
    fn kind(self) -> Option<NamespaceKind> {
        Some(match self {
            Self::NewUser | Self::Fs => return None,
            Self::NewMount => NamespaceKind::Mount,
            Self::NewUts => NamespaceKind::Uts,
            Self::NewIpc => NamespaceKind::Ipc,
            Self::NewPid => NamespaceKind::Pid,
            Self::NewCgroup => NamespaceKind::Cgroup,
            Self::NewNetwork => NamespaceKind::Network,
            Self::NewTime => NamespaceKind::Time,
        })
    }
}

/// No arguments: `{}`.
#[derive(Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an empty object, {}")]
pub(super) struct NoArguments {}

fn arguments(ids: &[u32]) -> Vec<IdArgument> {
    ids.iter().map(|&id| IdArgument(id)).collect()
}

const fn user(change: IdChange) -> SetId {
    SetId { kind: IdKind::User, change }
}

const fn group(change: IdChange) -> SetId {
    SetId { kind: IdKind::Group, change }
}

/// The calls that change the thread, and `bind`.
const CALLS: [&str; 18] = [
    "execve",
    "setuid",
    "setgid",
    "setfsuid",
    "setfsgid",
    "setreuid",
    "setregid",
    "setresuid",
    "setresgid",
    "setgroups",
    "capset",
    "capget",
    "prctl",
    "unshare",
    "clone",
    "setns",
    "write_map",
    "bind",
];

/// The calls of the format that this version models.
pub(super) fn call_names() -> impl Iterator<Item = &'static str> + Clone {
    let operations = [FileChange::NAMES, ProcessOperation::NAMES, PathOperation::NAMES, SystemOperation::NAMES];
    CALLS.into_iter().chain(operations.into_iter().flatten().copied())
}

/// The calls of the format that this version does not model yet.
const NOT_YET: &[&str] = &["seccomp", "syscall"];

impl Call {
    /// The call's key in the format.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Execve(_) => "execve",
            Self::Capset(_) => "capset",
            Self::Prctl(_) => "prctl",
            Self::SetId(call) => call.name(),
            Self::Setgroups(_) => "setgroups",
            Self::Capget => "capget",
            Self::Unshare(_) => "unshare",
            Self::Clone(_) => "clone",
            Self::Setns(_) => "setns",
            Self::WriteMap(_) => "write_map",
            Self::Bind { .. } => "bind",
            Self::FileChange(change) => change.name(),
            Self::Process(operation) => operation.name(),
            Self::Path(operation) => operation.name(),
            Self::System(operation) => operation.name(),
        }
    }

    /// The same call with its sets in digits, if `"all"` means `all`.
    pub(super) fn in_digits(&self, all: CapSet) -> Self {
        let digits = |set: SetText| SetText::Set(set.resolve(all));
        match self {
            Self::Capset(CapsetCall { effective, permitted, inheritable }) => Self::Capset(CapsetCall {
                effective: digits(*effective),
                permitted: digits(*permitted),
                inheritable: digits(*inheritable),
            }),
            Self::WriteMap(call) => Self::WriteMap(call.in_digits(all)),
            Self::FileChange(FileChange::Setcap(SetcapArguments { path, caps })) => {
                let caps = caps.in_digits(all);
                Self::FileChange(FileChange::Setcap(SetcapArguments { path: path.clone(), caps }))
            }
            Self::Process(operation) => Self::Process(operation.in_digits(all)),
            other => other.clone(),
        }
    }

    fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        match self {
            Self::Execve(path) => map.serialize_entry(self.name(), path),
            Self::Capset(capset) => map.serialize_entry(self.name(), capset),
            Self::Prctl(prctl) => map.serialize_entry(self.name(), prctl),
            Self::SetId(call) => match call.ids() {
                [id] => map.serialize_entry(self.name(), &IdArgument(*id)),
                ids => map.serialize_entry(self.name(), &arguments(ids)),
            },
            Self::Setgroups(groups) => map.serialize_entry(self.name(), &arguments(groups)),
            Self::Capget => map.serialize_entry(self.name(), &NoArguments {}),
            Self::Unshare(call) | Self::Clone(call) => map.serialize_entry(self.name(), call),
            Self::Setns(name) => map.serialize_entry(self.name(), name),
            Self::WriteMap(call) => map.serialize_entry(self.name(), call),
            Self::Bind { port } => map.serialize_entry(self.name(), &BindArguments { port: *port }),
            Self::FileChange(change) => change.serialize_into(map),
            Self::Process(operation) => operation.serialize_into(map),
            Self::Path(operation) => operation.serialize_into(map),
            Self::System(operation) => operation.serialize_into(map),
        }
    }

    fn next_value<'de, A: MapAccess<'de>>(name: &str, map: &mut A) -> Result<Option<Self>, A::Error> {
        Ok(Some(match name {
            "execve" => Self::Execve(map.next_value()?),
            "capset" => Self::Capset(map.next_value()?),
            "prctl" => Self::Prctl(map.next_value()?),
            "setuid" => Self::SetId(user(IdChange::Set(map.next_value::<IdArgument>()?.0))),
            "setgid" => Self::SetId(group(IdChange::Set(map.next_value::<IdArgument>()?.0))),
            "setreuid" => Self::SetId(user(IdChange::Re(map.next_value::<IdArguments<_>>()?.0))),
            "setregid" => Self::SetId(group(IdChange::Re(map.next_value::<IdArguments<_>>()?.0))),
            "setresuid" => Self::SetId(user(IdChange::Res(map.next_value::<IdArguments<_>>()?.0))),
            "setresgid" => Self::SetId(group(IdChange::Res(map.next_value::<IdArguments<_>>()?.0))),
            "setfsuid" => Self::SetId(user(IdChange::Fs(map.next_value::<IdArgument>()?.0))),
            "setfsgid" => Self::SetId(group(IdChange::Fs(map.next_value::<IdArgument>()?.0))),
            "setgroups" => Self::Setgroups(map.next_value::<GroupArguments>()?.0),
            "capget" => {
                map.next_value::<NoArguments>()?;
                Self::Capget
            }
            "unshare" => Self::Unshare(map.next_value()?),
            "clone" => Self::Clone(map.next_value()?),
            "setns" => Self::Setns(map.next_value()?),
            "write_map" => Self::WriteMap(map.next_value()?),
            "bind" => Self::Bind { port: map.next_value::<BindArguments>()?.port },
            other => return Self::next_operation(other, map),
        }))
    }
}

impl Call {
    fn next_operation<'de, A: MapAccess<'de>>(name: &str, map: &mut A) -> Result<Option<Self>, A::Error> {
        if let Some(change) = FileChange::next_value(name, map)? {
            return Ok(Some(Self::FileChange(change)));
        }
        if let Some(operation) = ProcessOperation::next_value(name, map)? {
            return Ok(Some(Self::Process(operation)));
        }
        if let Some(operation) = PathOperation::next_value(name, map)? {
            return Ok(Some(Self::Path(operation)));
        }
        Ok(SystemOperation::next_value(name, map)?.map(Self::System))
    }
}

impl Serialize for Call {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        self.serialize_into(&mut map)?;
        map.end()
    }
}

/// A call alone, as in a result.
impl<'de> Deserialize<'de> for Call {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Step::deserialize(deserializer)? {
            Step { call, expect: None, note: None } => Ok(call),
            _ => Err(de::Error::custom("a call stands here alone, without `expect` and `note`")),
        }
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.call.serialize_into(&mut map)?;
        if let Some(expect) = &self.expect {
            map.serialize_entry("expect", expect)?;
        }
        if let Some(note) = &self.note {
            map.serialize_entry("note", note)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StepVisitor;

        impl<'de> Visitor<'de> for StepVisitor {
            type Value = Step;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a step: an object with one call, such as {\"execve\": \"/bin/true\"}")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Step, A::Error> {
                let (mut call, mut expect, mut note) = (None::<Call>, None, None);
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "expect" => once(&mut expect, "expect", &mut map)?,
                        "note" => once(&mut note, "note", &mut map)?,
                        name => {
                            let Some(found) = Call::next_value(name, &mut map)? else {
                                return Err(map
                                    .next_value_seed(Refused(unknown_call(name)))
                                    .err()
                                    .unwrap_or_else(|| de::Error::custom("this key cannot stand here")));
                            };
                            if let Some(first) = &call {
                                return Err(de::Error::custom(format_args!(
                                    "a step has exactly one call; this one has `{}` and `{name}`",
                                    first.name(),
                                )));
                            }
                            call = Some(found);
                        }
                    }
                }
                let call = call.ok_or_else(|| {
                    de::Error::custom(format_args!("a step has exactly one call: one of {}", List(call_names())))
                })?;
                Ok(Step { call, expect, note })
            }
        }

        deserializer.deserialize_map(StepVisitor)
    }
}

fn once<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    slot: &mut Option<T>,
    name: &'static str,
    map: &mut A,
) -> Result<(), A::Error> {
    if slot.is_some() {
        return Err(de::Error::duplicate_field(name));
    }
    *slot = Some(map.next_value()?);
    Ok(())
}

fn unknown_call(name: &str) -> String {
    if NOT_YET.contains(&name) {
        format!("the call `{name}` is part of the format, but this version does not model it yet")
    } else {
        format!("unknown key; a step has `expect`, `note` and one of {}", List(call_names()))
    }
}

/// `` `a`, `b`, `c` ``
struct List<T>(T);

impl<T: Iterator<Item = &'static str> + Clone> fmt::Display for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.clone().enumerate() {
            write!(f, "{}`{name}`", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}
