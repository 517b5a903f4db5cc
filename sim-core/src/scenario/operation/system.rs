use alloc::string::{String, ToString};

use serde::{Deserialize, Serialize};

use crate::access;
use crate::outcome::Outcome;
use crate::rule::Witness;
use crate::scenario::World;
use crate::scenario::call_group::call_group;

call_group! {
    /// An operation on the machine as a whole, on its network, or on the limits of a process.
    SystemOperation {
        /// acct(2).
        Acct "acct" AcctArguments;
    }
}

/// The arguments of `acct`: none, for only the permission is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an empty object, {}")]
pub struct AcctArguments {}

impl SystemOperation {
    /// Decides the operation in a world.
    pub(in crate::scenario) fn decide<W: Witness>(&self, world: &World, witness: &mut W) -> Outcome<()> {
        let (system, thread) = (&world.system, &world.thread);
        match self {
            Self::Acct(_) => access::acct(system, thread, witness),
        }
    }

    /// The operation in a few words.
    pub(in crate::scenario) fn in_words(&self) -> String {
        match self {
            Self::Acct(_) => "acct".to_string(),
        }
    }
}
