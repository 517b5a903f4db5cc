//! Calls by which a thread changes its own credentials.

mod capset;
mod namespaces;
mod prctl;
mod set_id;
mod setgroups;
mod setuid_fixup;
#[cfg(test)]
mod tests;
mod user_namespace;

pub use capset::{Capset, capget, capset};
pub use prctl::{AmbientOperation, Prctl, PrctlOption, prctl};
pub use set_id::{IdChange, IdKind, SetId, set_id};
pub use setgroups::setgroups;
pub use user_namespace::{CloneFlags, Entered, clone, setns, unshare};

use crate::credentials::Credentials;

/// What a successful call leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// The credentials after it.
    pub credentials: Credentials,
    /// What it returns.
    pub value: u64,
}
