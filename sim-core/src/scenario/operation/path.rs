use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::access;
use crate::outcome::Outcome;
use crate::rule::Witness;
use crate::scenario::World;
use crate::scenario::call_group::call_group;

call_group! {
    /// An operation on a file or a directory that changes nothing of what the model knows of it.
    PathOperation {
        /// setxattr(2) of an attribute other than `security.capability`.
        Setxattr "setxattr" SetxattrArguments;
    }
}

/// The arguments of `setxattr`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `path` and a `name`")]
pub struct SetxattrArguments {
    /// A path of `files`.
    pub path: String,
    /// The attribute.
    pub name: AttributeName,
}

/// An extended attribute other than `security.capability`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum AttributeName {
    /// `trusted.eperm`, which stands for every attribute whose name begins with `trusted.`.
    #[serde(rename = "trusted.eperm")]
    Trusted,
}

impl PathOperation {
    /// Decides the operation in a world.
    pub(in crate::scenario) fn decide<W: Witness>(&self, world: &World, witness: &mut W) -> Outcome<()> {
        let (system, thread) = (&world.system, &world.thread);
        match self {
            Self::Setxattr(_) => access::setxattr_trusted(system, thread, witness),
        }
    }

    /// The paths of `files` that it names.
    pub(in crate::scenario) fn paths(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::Setxattr(arguments) => [arguments.path.as_str()].into_iter(),
        }
    }

    /// The operation in a few words.
    pub(in crate::scenario) fn in_words(&self) -> String {
        match self {
            Self::Setxattr(SetxattrArguments { path, .. }) => alloc::format!("setxattr of {path}"),
        }
    }
}
