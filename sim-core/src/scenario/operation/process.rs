use alloc::string::{String, ToString};

use serde::{Deserialize, Serialize};

use crate::access;
use crate::outcome::Outcome;
use crate::rule::Witness;
use crate::scenario::World;
use crate::scenario::call_group::call_group;

call_group! {
    /// An operation on processes and on the namespaces that a process is in.
    ProcessOperation {
        /// sethostname(2).
        Sethostname "sethostname" SethostnameArguments;
    }
}

/// The arguments of `sethostname`: none, for only the permission is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an empty object, {}")]
pub struct SethostnameArguments {}

impl ProcessOperation {
    /// Decides the operation in a world.
    pub(in crate::scenario) fn decide<W: Witness>(&self, world: &World, witness: &mut W) -> Outcome<()> {
        let (system, thread) = (&world.system, &world.thread);
        match self {
            Self::Sethostname(_) => access::sethostname(system, thread, witness),
        }
    }

    /// The operation in a few words.
    pub(in crate::scenario) fn in_words(&self) -> String {
        match self {
            Self::Sethostname(_) => "sethostname".to_string(),
        }
    }
}
