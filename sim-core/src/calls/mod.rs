//! Calls by which a thread changes its own credentials.

mod capset;
mod prctl;
#[cfg(test)]
mod tests;

pub use capset::{Capset, capset};
pub use prctl::{AmbientOperation, Prctl, PrctlOption, prctl};

use crate::credentials::Credentials;

/// What a successful call leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// The credentials after it.
    pub credentials: Credentials,
    /// What it returns.
    pub value: u64,
}
