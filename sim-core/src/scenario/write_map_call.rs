use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::{Process, World};
use crate::calls::{self, MapFile, MapWrite};
use crate::capability::CapSet;
use crate::credentials::UserNamespaces;
use crate::outcome::Outcome;
use crate::rule::Witness;

/// The arguments of `write_map`.
///
/// The file is the writer's own, in `/proc/self`, if the thread itself writes and is in the namespace. Otherwise it is that
/// of another process in the namespace: its maker, who has waited there since, with unchanged ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with `user_ns`, `file` and `text`")]
pub struct WriteMapCall {
    /// The name of the user namespace.
    pub user_ns: String,
    /// The file of a process in it.
    pub file: MapFileName,
    /// What is written, in one go.
    pub text: String,
    /// Who writes; the thread itself if left out. Its user namespace is one that the scenario describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Box<Process>>,
}

/// A file of `/proc/PID` about its user namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MapFileName {
    /// `uid_map`.
    UidMap,
    /// `gid_map`.
    GidMap,
    /// `setgroups`.
    Setgroups,
}

impl MapFileName {
    /// Its name in `/proc/PID`.
    pub fn name(self) -> &'static str {
        match self {
            Self::UidMap => "uid_map",
            Self::GidMap => "gid_map",
            Self::Setgroups => "setgroups",
        }
    }

    fn file(self) -> MapFile {
        match self {
            Self::UidMap => MapFile::UidMap,
            Self::GidMap => MapFile::GidMap,
            Self::Setgroups => MapFile::Setgroups,
        }
    }
}

impl WriteMapCall {
    /// Whether the file is the thread's own, in this world.
    pub fn is_own(&self, world: &World) -> bool {
        self.by.is_none() && world.namespace(&self.user_ns) == Some(world.thread.credentials.user_ns)
    }

    /// What it returns if it is granted.
    pub(super) fn length(&self) -> i64 {
        i64::try_from(self.text.len()).unwrap_or(i64::MAX)
    }

    /// Decides the write in a world.
    pub(super) fn decide<W: Witness>(&self, world: &World, witness: &mut W) -> Outcome<UserNamespaces> {
        // Who writes is checked when the world is built.
        let by = self.by.as_ref().and_then(|process| world.other_thread(process).ok());
        let writer = by.as_ref().unwrap_or(&world.thread);
        let target = world.namespace(&self.user_ns);
        let write = MapWrite {
            target,
            file: self.file.file(),
            own: self.is_own(world).then_some(world.thread.memory),
            text: &self.text,
        };
        calls::write_map(&world.system, &writer.credentials, &write, witness)
    }

    /// The same with the writer's sets in digits, if `"all"` means `all`.
    pub(super) fn in_digits(&self, all: CapSet) -> Self {
        let mut call = self.clone();
        if let Some(process) = &mut call.by {
            let sets = process.sets(all);
            process.write_sets(sets);
        }
        call
    }

    /// The write in a few words.
    pub(super) fn in_words(&self) -> String {
        let by = if self.by.is_some() { " by another process" } else { "" };
        format!("write to the {} of the user namespace {}{by}", self.file.name(), self.user_ns)
    }
}
