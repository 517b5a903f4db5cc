//! Calls by which a thread changes its own credentials, and files.

mod capset;
mod chmod;
mod chown;
mod file_capabilities;
mod file_content;
#[cfg(test)]
mod file_tests;
mod inode;
mod namespaces;
mod prctl;
mod set_id;
#[cfg(test)]
mod set_id_tests;
mod setgroups;
mod setuid_fixup;
#[cfg(test)]
mod tests;
mod user_namespace;
#[cfg(test)]
mod user_namespace_tests;
mod write_map;
#[cfg(test)]
mod write_map_tests;

pub use capset::{Capset, capget, capset};
pub use chmod::chmod;
pub use chown::chown;
pub use file_capabilities::{getxattr, removexattr, setcap};
pub use file_content::{truncate, write};
pub use inode::{AttributeRead, FileChanged};
pub use prctl::{AmbientOperation, Prctl, PrctlOption, prctl};
pub use set_id::{IdChange, IdKind, SetId, set_id};
pub use setgroups::setgroups;
pub use user_namespace::{CloneFlags, Entered, clone, setns, unshare};
pub use write_map::{MapFile, MapWrite, write_map};

use crate::credentials::Credentials;

/// What a successful call leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// The credentials after it.
    pub credentials: Credentials,
    /// What it returns.
    pub value: u64,
}
