//! A profile as it is written, with only what the OCI's specification has.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sim_core::seccomp::profile::Profile;

/// A profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Written {
    pub(crate) default_action: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) default_errno_ret: Option<u16>,
    /// Beside the machine's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) architectures: Vec<String>,
    pub(crate) syscalls: Vec<Entry>,
}

/// An entry of `syscalls`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) names: Vec<String>,
    pub(crate) action: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) errno_ret: Option<u16>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) args: Vec<Argument>,
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Argument {
    pub(crate) index: u8,
    pub(crate) op: String,
    pub(crate) value: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) value_two: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

impl Written {
    /// The profile, read as any other.
    pub(crate) fn read(&self) -> Result<Profile> {
        let text = serde_json::to_string(self)?;
        Profile::read(&text).with_context(|| format!("the profile cannot be read: {text}"))
    }
}
