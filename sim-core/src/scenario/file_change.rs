//! Changes of files: calls that leave a file otherwise than they found it, and getxattr, which reads it.

#[cfg(test)]
mod tests;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::de::Deserializer;
use serde::{Deserialize, Serialize};

use super::World;
use super::call_group::call_group;
use super::result::FileResult;
use super::values::{self, CapsEntry, IdArgument, ModeText};
use crate::calls::{self, AttributeRead, FileChanged, SetId};
use crate::file::{File, Mode, VfsCaps};
use crate::outcome::Outcome;
use crate::rule::Witness;

call_group! {
    /// A change of a file, or a look at its attribute.
    FileChange {
        /// chown(2).
        Chown "chown" ChownArguments;
        /// chmod(2).
        Chmod "chmod" ChmodArguments;
        /// setxattr(2) of `security.capability`.
        Setcap "setcap" SetcapArguments;
        /// removexattr(2) of `security.capability`.
        Removexattr "removexattr" AttributeArguments;
        /// getxattr(2) of `security.capability`.
        Getxattr "getxattr" AttributeArguments;
        /// open(2) with `O_WRONLY`, and write(2).
        Write "write" WriteArguments;
        /// truncate(2).
        Truncate "truncate" TruncateArguments;
    }
}

/// The arguments of `chown`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `path`, a `uid` and a `gid`")]
pub struct ChownArguments {
    /// A path of `files`.
    pub path: String,
    /// The new owner as the thread sees it; -1, or left out, leaves it.
    #[serde(default = "keep", deserialize_with = "argument", serialize_with = "values::write_id_argument")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::argument_of"))]
    pub uid: u32,
    /// The new group as the thread sees it; -1, or left out, leaves it.
    #[serde(default = "keep", deserialize_with = "argument", serialize_with = "values::write_id_argument")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::argument_of"))]
    pub gid: u32,
}

/// The arguments of `chmod`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `path` and a `mode`")]
pub struct ChmodArguments {
    /// A path of `files`.
    pub path: String,
    /// The new mode in octal digits.
    pub mode: ModeText,
}

/// The arguments of `setcap`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `path` and `caps`")]
pub struct SetcapArguments {
    /// A path of `files`.
    pub path: String,
    /// The value, written as on files; a root id is as the thread sees it.
    #[serde(deserialize_with = "caps_to_set")]
    pub caps: CapsEntry,
}

/// The arguments of `removexattr` and `getxattr`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `path`")]
pub struct AttributeArguments {
    /// A path of `files`; the attribute is `security.capability`.
    pub path: String,
}

/// The arguments of `write`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `path` and `bytes`")]
pub struct WriteArguments {
    /// A path of `files`.
    pub path: String,
    /// How many bytes are written.
    pub bytes: u64,
}

/// The arguments of `truncate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `path` and a `size`")]
pub struct TruncateArguments {
    /// A path of `files`.
    pub path: String,
    /// The new size in bytes.
    pub size: i64,
}

/// What a granted change leaves.
pub(super) struct FileEffect {
    pub(super) file: Option<File>,
    pub(super) attribute: Option<VfsCaps>,
    pub(super) value: u64,
}

impl From<FileChanged> for FileEffect {
    fn from(FileChanged { file, value }: FileChanged) -> Self {
        Self { file: Some(file), attribute: None, value }
    }
}

impl From<AttributeRead> for FileEffect {
    fn from(AttributeRead { caps, size }: AttributeRead) -> Self {
        Self { file: None, attribute: Some(caps), value: size }
    }
}

const fn keep() -> u32 {
    SetId::KEEP
}

fn argument<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    IdArgument::deserialize(deserializer).map(|IdArgument(id)| id)
}

fn caps_to_set<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CapsEntry, D::Error> {
    let message = "setcap sets a value; the call `removexattr` takes it away";
    Option::deserialize(deserializer)?.ok_or_else(|| serde::de::Error::custom(message))
}

impl FileChange {
    /// The path of `files` that it names.
    pub fn path(&self) -> &str {
        match self {
            Self::Chown(arguments) => &arguments.path,
            Self::Chmod(arguments) => &arguments.path,
            Self::Setcap(arguments) => &arguments.path,
            Self::Removexattr(arguments) | Self::Getxattr(arguments) => &arguments.path,
            Self::Write(arguments) => &arguments.path,
            Self::Truncate(arguments) => &arguments.path,
        }
    }

    /// Decides the change in a world.
    pub(super) fn decide<W: Witness>(&self, world: &World, file: &File, witness: &mut W) -> Outcome<FileEffect> {
        let (system, thread) = (&world.system, &world.thread);
        match self {
            Self::Chown(ChownArguments { uid, gid, .. }) => {
                calls::chown(system, thread, file, *uid, *gid, witness).map(FileEffect::from)
            }
            Self::Chmod(ChmodArguments { mode, .. }) => {
                calls::chmod(system, thread, file, mode.0, witness).map(FileEffect::from)
            }
            Self::Setcap(SetcapArguments { caps, .. }) => {
                calls::setcap(system, thread, file, caps.resolve(world.all), witness).map(FileEffect::from)
            }
            Self::Removexattr(_) => calls::removexattr(system, thread, file, witness).map(FileEffect::from),
            Self::Getxattr(_) => calls::getxattr(system, thread, file, witness).map(FileEffect::from),
            Self::Write(WriteArguments { bytes, .. }) => {
                calls::write(system, thread, file, *bytes, witness).map(FileEffect::from)
            }
            Self::Truncate(TruncateArguments { size, .. }) => {
                calls::truncate(system, thread, file, *size, witness).map(FileEffect::from)
            }
        }
    }

    /// The change in a few words.
    pub(super) fn in_words(&self) -> String {
        let id = |id: u32| if id == SetId::KEEP { "-1".into() } else { format!("{id}") };
        match self {
            Self::Chown(ChownArguments { path, uid, gid }) => {
                format!("chown of {path} to {}:{}", id(*uid), id(*gid))
            }
            Self::Chmod(ChmodArguments { path, mode }) => format!("chmod of {path} to {}", mode.0),
            Self::Setcap(SetcapArguments { path, .. }) => format!("setcap of {path}"),
            Self::Removexattr(AttributeArguments { path }) => format!("removexattr of {path}"),
            Self::Getxattr(AttributeArguments { path }) => format!("getxattr of {path}"),
            Self::Write(WriteArguments { path, bytes: 1 }) => format!("write of 1 byte to {path}"),
            Self::Write(WriteArguments { path, bytes }) => format!("write of {bytes} bytes to {path}"),
            Self::Truncate(TruncateArguments { path, size }) => format!("truncate of {path} to {size} bytes"),
        }
    }

    /// What became of the file, in words.
    pub(super) fn consequences(&self, before: &FileResult, after: &FileResult) -> String {
        let (old, new) = (before.mode.0, after.mode.0);
        let lost = |bit: Mode| old.contains(bit) && !new.contains(bit);
        let mut said = Vec::new();
        if let Self::Chmod(ChmodArguments { mode, .. }) = self {
            said.push(format!("The mode is {new} now."));
            if mode.0 != new {
                said.push("The set-group-ID bit that was asked for is dropped.".into());
            }
        } else {
            let bits = [(Mode::S_ISUID, "set-user-ID"), (Mode::S_ISGID, "set-group-ID")];
            said.extend(
                bits.into_iter().filter(|(bit, _)| lost(*bit)).map(|(_, name)| format!("The {name} bit is gone.")),
            );
        }
        match (&before.caps, &after.caps) {
            (Some(_), None) => said.push("The file's capabilities are gone.".into()),
            (None, Some(_)) => said.push("The file has capabilities now.".into()),
            (old, new) if old != new => said.push("The file has other capabilities now.".into()),
            _ => {}
        }
        said.join(" ")
    }
}
