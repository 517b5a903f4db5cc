use alloc::boxed::Box;
use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::access::{Filesystem, SocketCredentials};
use crate::credentials::SchedulingPolicy;
use crate::scenario::Process;
use crate::scenario::values;

/// No arguments: `{}`, for only the permission is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an empty object, {}")]
pub struct PermissionArguments {}

/// The arguments of `kill`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `target` and perhaps a `signal`")]
pub struct KillArguments {
    /// The process: of the first pid namespace, in another session.
    pub target: Box<Process>,
    /// The number of the signal; 0, which only asks, if left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub signal: i32,
}

/// The arguments of `ptrace`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `target` and perhaps `dumpable`")]
pub struct PtraceArguments {
    /// The process: of the first pid namespace, its program executed in its own user namespace.
    pub target: Box<Process>,
    /// Whether it is dumpable; true if left out.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub dumpable: bool,
}

/// The arguments of `setpriority`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with `nice` and perhaps a `target`")]
pub struct SetpriorityArguments {
    /// The nice value; those outside -20 to 19 are brought to the nearest.
    pub nice: i32,
    /// The process, of the first pid namespace and with nice value 0; the thread itself, which begins with 0, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Box<Process>>,
}

/// The arguments of `sched_setscheduler`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `policy`, and perhaps a `priority` and a `target`")]
pub struct SchedSetschedulerArguments {
    /// The policy.
    pub policy: PolicyName,
    /// The real-time priority; 0 if left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub priority: i32,
    /// The process, of the first pid namespace and with `SCHED_OTHER`; the thread itself, which begins with that, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Box<Process>>,
}

/// A scheduling policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PolicyName {
    /// The usual one.
    #[serde(rename = "SCHED_OTHER")]
    Other,
    /// Real-time, first in, first out.
    #[serde(rename = "SCHED_FIFO")]
    Fifo,
    /// Real-time, round-robin.
    #[serde(rename = "SCHED_RR")]
    RoundRobin,
    /// For work without a user who waits.
    #[serde(rename = "SCHED_BATCH")]
    Batch,
    /// For work that can wait for everything else.
    #[serde(rename = "SCHED_IDLE")]
    Idle,
}

/// The arguments of `sendmsg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with `credentials`")]
pub struct SendmsgArguments {
    /// What the message says about its sender.
    pub credentials: CredentialsArguments,
}

/// Credentials that a message claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with `pid`, `uid` and `gid`")]
pub struct CredentialsArguments {
    /// Whose pid.
    pub pid: ClaimedPid,
    /// The user id, as the thread sees it.
    #[serde(deserialize_with = "values::id_argument", serialize_with = "values::write_id_argument")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::scenario::schema::id_argument"))]
    pub uid: u32,
    /// The group id, as the thread sees it.
    #[serde(deserialize_with = "values::id_argument", serialize_with = "values::write_id_argument")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::scenario::schema::id_argument"))]
    pub gid: u32,
}

/// A pid that a message claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ClaimedPid {
    /// The sender's own.
    Own,
    /// That of another process.
    Foreign,
}

/// The arguments of `mount`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `type`")]
pub struct MountArguments {
    /// The type of the new filesystem.
    #[serde(rename = "type")]
    pub kind: FilesystemType,
}

/// A type of filesystem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum FilesystemType {
    /// Files in memory, for any user namespace.
    Tmpfs,
    /// The same without limits.
    Ramfs,
    /// Devices: for `init` only, as most types are.
    Devtmpfs,
    /// POSIX message queues, which belong to the IPC namespace.
    Mqueue,
    /// Control groups, which belong to the control group namespace.
    Cgroup2,
}

/// The arguments of `chroot`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `path`")]
pub struct ChrootArguments {
    /// An absolute path, not looked up: `"/"` is the root directory itself, any other is another directory, which exists
    /// and everybody may enter.
    #[serde(deserialize_with = "values::absolute_path")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::scenario::schema::absolute_path"))]
    pub path: String,
}

impl PolicyName {
    /// The policy as the model takes it.
    pub fn policy(self) -> SchedulingPolicy {
        match self {
            Self::Other => SchedulingPolicy::Other,
            Self::Fifo => SchedulingPolicy::Fifo,
            Self::RoundRobin => SchedulingPolicy::RoundRobin,
            Self::Batch => SchedulingPolicy::Batch,
            Self::Idle => SchedulingPolicy::Idle,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Other => "SCHED_OTHER",
            Self::Fifo => "SCHED_FIFO",
            Self::RoundRobin => "SCHED_RR",
            Self::Batch => "SCHED_BATCH",
            Self::Idle => "SCHED_IDLE",
        }
    }
}

impl FilesystemType {
    /// Its name, as mount(2) takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tmpfs => "tmpfs",
            Self::Ramfs => "ramfs",
            Self::Devtmpfs => "devtmpfs",
            Self::Mqueue => "mqueue",
            Self::Cgroup2 => "cgroup2",
        }
    }

    pub(super) fn filesystem(self) -> Filesystem {
        match self {
            Self::Tmpfs | Self::Ramfs => Filesystem::Anybodys,
            Self::Devtmpfs => Filesystem::Inits,
            Self::Mqueue => Filesystem::Ipc,
            Self::Cgroup2 => Filesystem::Cgroup,
        }
    }
}

impl CredentialsArguments {
    pub(super) fn credentials(self) -> SocketCredentials {
        SocketCredentials { own_pid: self.pid == ClaimedPid::Own, uid: self.uid, gid: self.gid }
    }
}

impl ChrootArguments {
    /// Whether the path is that of the root directory.
    pub fn is_root(&self) -> bool {
        self.path.bytes().all(|byte| byte == b'/')
    }
}

fn is_zero(number: &i32) -> bool {
    *number == 0
}

fn is_true(value: &bool) -> bool {
    *value
}

fn yes() -> bool {
    true
}
