//! What a call is in the words of the scenario format.

use std::fmt::Write as _;

use sim_core::least::{Operation, Shown, Unknown};
use sim_core::scenario::{Call, read_value};

use super::arguments::Arguments;
use super::never::never;
use super::process::{Opened, Process};
use super::{files, identity, machine};

/// What a call tells of capabilities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// No capability can be needed for it.
    Never,
    /// The model can be asked about it.
    Call(Call),
    /// The model can be asked about it, but something is not known.
    Partly(Call, Unknown),
    /// Whether a capability is needed cannot be told, for this reason.
    Untold(&'static str),
}

/// A call is not of the model.
pub(super) const NOT_MODELLED: &str = "the model does not have this call, or not with these arguments";
/// Arguments are missing.
pub(super) const NOT_SHOWN: &str = "the log does not show an argument that decides";

/// Who makes a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller<'a> {
    /// Its process.
    pub(super) process: &'a Process,
    /// The thread's id, 0 if lines have none.
    pub(super) thread: u32,
    /// Whether its program read its capabilities before.
    pub(super) knows_held: bool,
}

/// What a call of this name tells.
pub(super) fn told(name: &str, arguments: Arguments<'_>, caller: Caller<'_>) -> Told {
    // Calls with 32-bit ids, 64-bit offsets and the like are the same calls.
    let name = name.strip_suffix("32").unwrap_or(name);
    let name = name.strip_suffix("_time64").unwrap_or(name);
    let found = files::told(name, arguments, caller.process)
        .or_else(|| identity::told(name, arguments, caller))
        .or_else(|| machine::told(name, arguments, caller));
    found.unwrap_or_else(|| match name {
        "send" | "sendto" | "sendmmsg" | "write" | "writev" if asks_netlink(arguments, caller.process) => {
            Told::Untold("what a message over netlink asks for is not modelled")
        }
        "write" | "writev" | "pwrite64" if is_id_map(arguments, caller.process) => {
            Told::Untold("writing the ids of a user namespace: which one is not known")
        }
        "madvise" if arguments.text(2).contains("HWPOISON") || arguments.text(2).contains("SOFT_OFFLINE") => {
            Told::Untold(NOT_MODELLED)
        }
        "clock_nanosleep" if arguments.text(0).ends_with("_ALARM") => Told::Untold(NOT_MODELLED),
        "mmap" | "mmap2" if arguments.has(3, "MAP_LOCKED") => {
            Told::Untold("locked memory beside what else is locked")
        }
        "mmap" | "mmap2" => Told::Never,
        "io_uring_setup" | "io_uring_enter" | "io_uring_register" => {
            Told::Untold("what is done through io_uring is not in a log of strace")
        }
        _ if never(name) => Told::Never,
        _ => Told::Untold(NOT_MODELLED),
    })
}

/// Whether a message goes over netlink and does more than read.
fn asks_netlink(arguments: Arguments<'_>, process: &Process) -> bool {
    let netlink = arguments.text(0).contains("<NETLINK:")
        || arguments.number(0).and_then(|descriptor| process.opened(descriptor)) == Some(&Opened::Netlink);
    netlink && !arguments.text(1).contains("nlmsg_type=RTM_GET")
}

fn is_id_map(arguments: Arguments<'_>, process: &Process) -> bool {
    let path = process.path_of(arguments.text(0)).unwrap_or_default();
    path.starts_with("/proc/") && (path.ends_with("/uid_map") || path.ends_with("/gid_map"))
}

/// A call as the format writes it; what the format does not have is not of the model.
pub(super) fn call(text: &str) -> Told {
    read_value(text).map_or(Told::Untold(NOT_MODELLED), Told::Call)
}

/// The same, if all of it is shown.
pub(super) fn shown(text: Option<String>) -> Told {
    text.map_or(Told::Untold(NOT_SHOWN), |text| call(&text))
}

/// A text as JSON has it.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control < ' ' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted + "\""
}

impl Told {
    /// The same with something that is not known.
    pub(super) fn partly(self, unknown: Unknown) -> Self {
        match self {
            Self::Call(call) => Self::Partly(call, unknown),
            other => other,
        }
    }

    /// The operation that the model is asked about, or why there is none.
    pub(super) fn operation(self, shown: Shown) -> Result<Operation, Option<&'static str>> {
        match self {
            Self::Never => Err(None),
            Self::Untold(reason) => Err(Some(reason)),
            Self::Call(call) => Ok(Operation { call, shown, unknown: None }),
            Self::Partly(call, unknown) => Ok(Operation { call, shown, unknown: Some(unknown) }),
        }
    }
}
