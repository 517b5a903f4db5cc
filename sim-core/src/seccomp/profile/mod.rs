//! Seccomp profiles: what the JSON of container engines says, and what an engine makes of it.
//!
//! A [`Profile`] is the text, read strictly. [`resolve`] makes a [`Policy`] of it for a [`Target`]: architecture,
//! capabilities, kernel and engine. [`Policy::verdict`] answers for a call, and names the rule.
//!
//! ```
//! # #[cfg(feature = "serde")] {
//! use sim_core::seccomp::profile::{Engine, Profile, Target, resolve};
//! use sim_core::seccomp::syscalls::Abi;
//! use sim_core::seccomp::{Architecture, FilterReturn, SeccompData};
//!
//! let text = r#"{
//!     "defaultAction": "SCMP_ACT_ALLOW",
//!     "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13}]
//! }"#;
//! let profile = Profile::read(text).unwrap();
//! let policy = resolve(&profile, &Target::new(Abi::X86_64, Engine::DOCKER)).unwrap();
//! let verdict = policy.verdict(&SeccompData::call(Architecture::X86_64, 83, [0; 6]));
//! assert_eq!(verdict.action, FilterReturn(0x0005_000d));
//! let origin = verdict.rule().unwrap().origin;
//! assert_eq!((origin.to_string().as_str(), origin.place.line), ("syscalls[0].names[0]", 3));
//! # }
//! ```

mod condition;
mod engine;
mod evaluate;
#[cfg(feature = "serde")]
mod json;
mod libseccomp;
mod manager;
mod overlap;
mod policy;
#[cfg(feature = "serde")]
mod read;
mod region;
mod resolve;
mod runtime;
mod write;

#[cfg(test)]
mod tests;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

pub use condition::{Comparison, Operator};
pub use engine::{Engine, Manager, Runtime, Target};
pub use evaluate::{Reason, Verdict};
#[cfg(feature = "serde")]
pub use json::ProfileError;
pub use libseccomp::{Database, LibseccompError};
pub use overlap::Ambiguity;
pub use policy::{CallPolicy, Condition, EntryState, Note, Policy, Rule, Stub, TablePolicy, Test};
#[cfg(feature = "serde")]
pub use read::MAX_SIZE;
pub use region::Region;
pub use resolve::{MAX_RULES, Problem, ResolveError, resolve};

use super::Action;

/// A profile as it is written: the OCI runtime's fields, and those that Docker and Podman add.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// `defaultAction`; required by all but Docker and Podman, which take a profile without it and without calls for none.
    pub default_action: Option<Action>,
    /// `defaultErrnoRet`.
    pub default_errno_ret: Option<u32>,
    /// `defaultErrno`: a number or a name, Podman's.
    pub default_errno: Option<Placed<String>>,
    /// `architectures`.
    pub architectures: Vec<Placed<String>>,
    /// `archMap`, Docker's and Podman's.
    pub arch_map: Vec<ArchMap>,
    /// `flags`; crun takes their absence for `SECCOMP_FILTER_FLAG_SPEC_ALLOW`.
    pub flags: Option<Vec<Placed<String>>>,
    /// `listenerPath`.
    pub listener_path: Option<String>,
    /// `listenerMetadata`; only with a path.
    pub listener_metadata: Option<Placed<String>>,
    /// `syscalls`, in order.
    pub syscalls: Vec<Entry>,
    /// Keys that no engine knows; all ignore them.
    pub unknown_keys: Vec<Placed<String>>,
}

/// A member of `archMap`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchMap {
    /// `architecture`: taken if the machine is this one.
    pub architecture: Placed<String>,
    /// `subArchitectures`: taken with it.
    pub sub_architectures: Vec<Placed<String>>,
}

/// A member of `syscalls`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `names`.
    pub names: Vec<Placed<String>>,
    /// `name`, Docker's old form.
    pub name: Option<Placed<String>>,
    /// `action`.
    pub action: Action,
    /// `errnoRet`.
    pub errno_ret: Option<u32>,
    /// `errno`: a number or a name, Podman's.
    pub errno: Option<Placed<String>>,
    /// `args`.
    pub args: Vec<Comparison>,
    /// `includes`: the entry is live only if all hold. Docker's and Podman's.
    pub includes: Filter,
    /// `excludes`: the entry is dead if any holds. Docker's and Podman's.
    pub excludes: Filter,
    /// Where it begins.
    pub place: Place,
}

/// `includes` or `excludes`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// `arches`, in the engine's own names.
    pub architectures: Vec<String>,
    /// `caps`, as `CAP_SYS_ADMIN`.
    pub capabilities: Vec<String>,
    /// `minKernel`, as `4.8`; only Docker's.
    pub min_kernel: Option<String>,
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it begins.
    pub place: Place,
}

/// A place in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Line, counted from 1; 0 if the value comes from no text.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
}

/// The place in a profile that a rule comes from: entry and name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The index in `syscalls`.
    pub entry: u32,
    /// The index in `names`; `None` for `name`.
    pub name: Option<u32>,
    /// Where the name stands.
    pub place: Place,
}

/// The path in the JSON, as `syscalls[3].names[7]`.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Some(name) => write!(f, "syscalls[{}].names[{name}]", self.entry),
            None => write!(f, "syscalls[{}].name", self.entry),
        }
    }
}

impl Place {
    /// The place, if it is one in a text.
    const fn in_text(self) -> Option<Self> {
        if self.line > 0 { Some(self) } else { None }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

impl Entry {
    /// Every name with the place it comes from: `name`, then `names`.
    pub fn origins(&self, entry: usize) -> impl Iterator<Item = (&str, Origin)> {
        let number = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        let origin =
            move |name: Option<usize>, place: Place| Origin { entry: number(entry), name: name.map(number), place };
        let single = self.name.iter().map(move |name| (name.value.as_str(), origin(None, name.place)));
        let names = self.names.iter().enumerate();
        single.chain(names.map(move |(index, name)| (name.value.as_str(), origin(Some(index), name.place))))
    }
}
