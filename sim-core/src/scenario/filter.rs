//! Filters of system calls as a scenario writes them: a profile, or instructions.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::json::Json;
use super::values::from_text;
use crate::seccomp::bpf::{Instruction, from_bytes, to_bytes};
use crate::seccomp::profile::{Engine, Manager};
use crate::seccomp::syscalls::Abi;
use crate::seccomp::{ByteOrder, Flags};
use crate::text::{HexBytes, parse_hex_bytes};

/// A filter of system calls.
///
/// ```
/// use sim_core::scenario::FilterEntry;
/// use sim_core::seccomp::syscalls::Abi;
///
/// let text = r#"{"profile":{"defaultAction":"SCMP_ACT_LOG"},"engine":"crun"}"#;
/// let entry: FilterEntry = serde_json::from_str(text)?;
/// assert_eq!(serde_json::to_string(&entry)?, text);
/// assert!(matches!(entry, FilterEntry::Profile(profile) if profile.native() == Abi::X86_64));
/// let allow: FilterEntry = serde_json::from_str(r#"{"bpf": "060000000000ff7f"}"#)?;
/// assert!(matches!(allow, FilterEntry::Instructions(instructions) if instructions[0].k == 0x7fff_0000));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum FilterEntry {
    /// What an engine makes of a profile.
    Profile(ProfileFilter),
    /// These instructions, valid or not.
    Instructions(Vec<Instruction>),
}

/// A profile, and what makes a filter of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileFilter {
    /// The profile as it is written.
    pub profile: Json,
    /// The engine; left out, the profile's own meaning.
    pub engine: Option<EngineName>,
    /// The machine's architecture; x86_64 if left out.
    pub native: Option<NativeName>,
}

/// What makes a filter of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum EngineName {
    /// runc; `includes`, `excludes` and `archMap` are read as by Docker.
    Runc,
    /// crun; they are read as by Podman.
    Crun,
    /// youki; they are read as by Docker.
    Youki,
    /// Docker with runc.
    Docker,
    /// Podman with crun.
    Podman,
}

/// An architecture by its name, as `x86_64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NativeName(pub Abi);

/// A flag of seccomp(2) by its name, or several as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlagText(pub Flags);

impl ProfileFilter {
    /// What makes the filter. Without an engine `includes`, `excludes` and `archMap` are read as by Docker.
    pub fn engine(&self) -> Engine {
        match self.engine {
            None => Engine::NONE.with_moby(),
            Some(EngineName::Runc) => Engine::RUNC.with_moby(),
            Some(EngineName::Youki) => Engine::YOUKI.with_moby(),
            Some(EngineName::Crun) => Engine { manager: Manager::ContainersCommon, ..Engine::CRUN },
            Some(EngineName::Docker) => Engine::DOCKER,
            Some(EngineName::Podman) => Engine::PODMAN,
        }
    }

    /// The machine's architecture.
    pub fn native(&self) -> Abi {
        self.native.map_or(Abi::X86_64, |NativeName(abi)| abi)
    }
}

/// A filter as its object has it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a filter: an object with a `profile`, or with `bpf`")]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    profile: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    engine: Option<EngineName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    native: Option<NativeName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bpf: Option<Records>,
}

impl TryFrom<Written> for FilterEntry {
    type Error = &'static str;

    fn try_from(Written { profile, engine, native, bpf }: Written) -> Result<Self, &'static str> {
        match (profile, bpf) {
            (Some(profile), None) => Ok(Self::Profile(ProfileFilter { profile, engine, native })),
            (None, Some(Records(instructions))) if engine.is_none() && native.is_none() => {
                Ok(Self::Instructions(instructions))
            }
            (None, Some(_)) => Err("`engine` and `native` belong to a profile; `bpf` stands alone"),
            _ => Err("a filter has either a `profile` or `bpf`"),
        }
    }
}

impl From<FilterEntry> for Written {
    fn from(entry: FilterEntry) -> Self {
        match entry {
            FilterEntry::Profile(ProfileFilter { profile, engine, native }) => {
                Self { profile: Some(profile), engine, native, bpf: None }
            }
            FilterEntry::Instructions(instructions) => {
                Self { profile: None, engine: None, native: None, bpf: Some(Records(instructions)) }
            }
        }
    }
}

/// The records of a program in hexadecimal digits.
#[derive(Clone)]
struct Records(Vec<Instruction>);

impl Serialize for Records {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&HexBytes(&to_bytes(&self.0, ByteOrder::Little)))
    }
}

impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "the bytes of struct sock_filter records in hexadecimal digits", |text| {
            let bytes = parse_hex_bytes(text).map_err(|error| error.to_string())?;
            let read = from_bytes(&bytes, Some(ByteOrder::Little)).map_err(|error| error.to_string())?;
            Ok::<_, String>(Self(read.0))
        })
    }
}

impl Serialize for NativeName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<'de> Deserialize<'de> for NativeName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "an architecture, as \"x86_64\"", |text| {
            Abi::from_name(text).map(Self).ok_or_else(|| {
                let known: Vec<_> = Abi::ALL.iter().map(|abi| abi.name()).collect();
                format!("{text:?} is no architecture that is known; these are: {}", known.join(", "))
            })
        })
    }
}

/// The flags of `SECCOMP_SET_MODE_FILTER` by name.
pub(super) const FLAG_NAMES: [(&str, Flags); 6] = [
    ("SECCOMP_FILTER_FLAG_TSYNC", Flags::TSYNC),
    ("SECCOMP_FILTER_FLAG_LOG", Flags::LOG),
    ("SECCOMP_FILTER_FLAG_SPEC_ALLOW", Flags::SPEC_ALLOW),
    ("SECCOMP_FILTER_FLAG_NEW_LISTENER", Flags::NEW_LISTENER),
    ("SECCOMP_FILTER_FLAG_TSYNC_ESRCH", Flags::TSYNC_ESRCH),
    ("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", Flags::WAIT_KILLABLE_RECV),
];

impl Serialize for FlagText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match FLAG_NAMES.iter().find(|(_, flag)| *flag == self.0) {
            Some((name, _)) => serializer.serialize_str(name),
            None => serializer.serialize_u32(self.0.0),
        }
    }
}

impl<'de> Deserialize<'de> for FlagText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a flag as \"SECCOMP_FILTER_FLAG_LOG\", or a number from 0 to 4294967295")]
        enum Flag {
            Number(u32),
            Name(String),
        }
        let known = |name: &str| FLAG_NAMES.iter().find(|(known, _)| *known == name).map(|(_, flag)| *flag);
        match Flag::deserialize(deserializer)? {
            Flag::Number(number) => Ok(Self(Flags(number))),
            Flag::Name(name) => known(&name).map(Self).ok_or_else(|| {
                let names: Vec<_> = FLAG_NAMES.iter().map(|(name, _)| *name).collect();
                serde::de::Error::custom(format!("{name:?} is no flag; these are: {}", names.join(", ")))
            }),
        }
    }
}
