use serde::{Deserialize, Serialize};

use crate::access::{
    BpfCommand, Clock, FanotifyClass, KeyOperation, QuotaCommand, Resource, SocketDomain, SocketOption,
    SocketProtocol, SocketType, SyslogAction, TimerClock,
};
use crate::scenario::values::{IdArgument, LimitText};

/// Makes the type of an operation's arguments: an object with exactly these keys.
macro_rules! arguments {
    ($($(#[doc = $doc:literal])* $name:ident $expecting:literal {
        $($(#[doc = $field_doc:literal])* $(#[serde($($serde:tt)*)])? $field:ident: $type:ty,)*
    })*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
            #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
            #[serde(deny_unknown_fields, expecting = $expecting)]
            pub struct $name {
                $($(#[doc = $field_doc])* $(#[serde($($serde)*)])? pub $field: $type,)*
            }
        )*
    };
}

arguments! {
    /// The arguments of `socket`.
    SocketArguments "an object with a `domain` and a `type`" {
        /// The domain.
        domain: SocketDomain,
        /// The type.
        #[serde(rename = "type")]
        kind: SocketType,
        /// The protocol; the usual one of the domain and type if left out, which is ICMP for a raw socket of the internet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        protocol: Option<SocketProtocol>,
    }

    /// The arguments of `setsockopt`, at the level SOL_SOCKET.
    SetsockoptArguments "an object with an `option` and a `value`" {
        /// The option.
        option: SocketOption,
        /// Its new value.
        value: i32,
    }

    /// The arguments of `clock_settime`; the time is the present one.
    ClockSettimeArguments "an object with a `clock`" {
        /// The clock.
        clock: Clock,
    }

    /// The arguments of `timerfd_create`.
    TimerfdCreateArguments "an object with a `clock`" {
        /// The clock that the timer follows.
        clock: TimerClock,
    }

    /// The arguments of `setrlimit`. Each step stands for itself: what one sets is not `present` in the next.
    SetrlimitArguments "an object with a `resource` and the hard limits `present` and `wanted`" {
        /// The resource.
        resource: Resource,
        /// The hard limit before the call.
        present: LimitText,
        /// The soft and hard limit that the call asks for.
        wanted: LimitText,
    }

    /// The arguments of `mlock`. Each step stands for itself: nothing is locked before it.
    MlockArguments "an object with a `limit` and a number of `bytes`" {
        /// The soft limit RLIMIT_MEMLOCK, in bytes.
        limit: LimitText,
        /// How much is to be locked, in bytes, from the beginning of a page on.
        bytes: u64,
    }

    /// The arguments of `iopl`. Each step stands for itself: the level before it is 0.
    IoplArguments "an object with a `level`" {
        /// The level, 0 to 3 if it is to make sense.
        level: u32,
    }

    /// The arguments of `bpf`.
    BpfArguments "an object with a `command`" {
        /// The command.
        command: BpfCommand,
    }

    /// The arguments of `perf_event_open`, for an event of the thread itself.
    PerfEventOpenArguments "an object with `exclude_kernel`" {
        /// Whether what happens in the kernel is left out.
        exclude_kernel: bool,
    }

    /// The arguments of `syslog`.
    SyslogArguments "an object with a `type`" {
        /// The action.
        #[serde(rename = "type")]
        action: SyslogAction,
    }

    /// The arguments of `fanotify_init`.
    FanotifyInitArguments "an object with a `class`" {
        /// The notification class.
        class: FanotifyClass,
        /// Whether events name what they are about by a file handle (FAN_REPORT_FID); not if left out.
        #[serde(default)]
        report_fid: bool,
    }
}

/// The arguments of `keyctl`, on the thread's own keyring (KEY_SPEC_THREAD_KEYRING), which belongs to its real user. Each
/// step stands for itself: the keyring is a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with an `operation` and a `uid`")]
pub struct KeyctlArguments {
    /// The operation.
    pub operation: KeyOperation,
    /// The new owner as the thread sees it; -1 leaves it.
    #[serde(with = "id")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::scenario::schema::argument_of"))]
    pub uid: u32,
}

/// The arguments of `quotactl`, about users, on a file system with quotas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `command` and an `id`")]
pub struct QuotactlArguments {
    /// The command.
    pub command: QuotaCommand,
    /// The user as the thread sees it.
    #[serde(with = "id")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::scenario::schema::argument_of"))]
    pub id: u32,
}

/// An id as a program passes it.
mod id {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::IdArgument;

    pub(super) fn serialize<S: Serializer>(id: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        IdArgument(*id).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        IdArgument::deserialize(deserializer).map(|IdArgument(id)| id)
    }
}
