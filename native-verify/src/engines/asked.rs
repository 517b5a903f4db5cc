use serde::{Deserialize, Serialize};

use super::config::Config;

/// What a container was to be: what the engine was asked for, and the program that it begins with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Asked {
    #[serde(flatten)]
    pub(crate) what: What,
    /// The program, and how it is begun.
    #[serde(default, skip_serializing_if = "Program::is_plain")]
    pub(crate) program: Program,
}

/// A request of an engine, or the config.json of a runtime that is asked directly.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    Run(Run),
    Config(Config),
    /// The config.json that the runtime gives as an example.
    Example(Example),
}

/// What is changed in the runtime's own example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Example {
    /// User and group.
    pub(crate) id: u32,
    pub(crate) no_new_privileges: bool,
}

/// The options of `docker run` and `podman run`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Run {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) cap_add: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) cap_drop: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) privileged: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) no_new_privileges: bool,
    /// Whether it shares the network of the engine.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) host_network: bool,
    /// Whether it has a user namespace of its own, which maps its ids to those from [`Run::MAPPED`] on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) mapped: bool,
    /// Whether a profile is asked for, one that denies a call which nobody makes here.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) profile: bool,
    /// Whether the distribution's containers.conf is left out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) own_defaults: bool,
}

impl Run {
    /// What a container with a user namespace has as its id 0 outside.
    pub(crate) const MAPPED: u32 = 100_000;
    /// How many ids it has.
    pub(crate) const IDS: u32 = 65_536;
}

/// The files that a container may begin with; each is busybox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Program {
    /// A file without capabilities.
    #[default]
    Plain,
    /// `cap_net_bind_service=ep`.
    Effective,
    /// `cap_net_bind_service=p`.
    Permitted,
    /// `cap_net_bind_service=ep`, for a user namespace whose root is [`Run::MAPPED`] outside.
    Mapped,
    /// A plain shell that executes the file with `=ep`.
    ShellThenEffective,
    /// A plain shell that executes the file with `=p`.
    ShellThenPermitted,
}

impl Program {
    /// Every one.
    pub(crate) const ALL: [Self; 6] = [
        Self::Plain,
        Self::Effective,
        Self::Permitted,
        Self::Mapped,
        Self::ShellThenEffective,
        Self::ShellThenPermitted,
    ];

    fn is_plain(&self) -> bool {
        *self == Self::Plain
    }

    /// The file with what it is about.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Plain => "/bin/busybox",
            Self::Effective | Self::ShellThenEffective => "/bin/busybox-effective",
            Self::Permitted | Self::ShellThenPermitted => "/bin/busybox-permitted",
            Self::Mapped => "/bin/busybox-mapped",
        }
    }

    /// The files that are executed, one after the other.
    pub(crate) fn executed(self) -> Vec<&'static str> {
        match self {
            Self::ShellThenEffective | Self::ShellThenPermitted => vec![Self::Plain.path(), self.path()],
            _ => vec![self.path()],
        }
    }

    /// What the container's first process is told, so that it prints what [`super::seen`] reads.
    pub(crate) fn arguments(self) -> Vec<String> {
        let print = [self.path(), "cat"].into_iter().chain(PRINTED).map(str::to_owned).collect::<Vec<_>>();
        match self.executed().len() {
            1 => print,
            _ => vec![
                Self::Plain.path().to_owned(),
                "sh".to_owned(),
                "-c".to_owned(),
                format!("exec {}", print.join(" ")),
            ],
        }
    }
}

/// What a container prints of itself.
const PRINTED: [&str; 3] =
    ["/proc/1/status", "/proc/sys/net/ipv4/ip_unprivileged_port_start", "/proc/sys/net/ipv4/ping_group_range"];
