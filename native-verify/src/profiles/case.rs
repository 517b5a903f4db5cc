//! A case, and what each side makes of it.

use std::fmt;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sim_core::seccomp::profile::{Engine, LibseccompError, Policy, Problem, Profile, Target, resolve};
use sim_core::seccomp::syscalls::{Abi, Version};

use super::written::Written;

/// A profile, and how libseccomp shall lay its numbers out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) profile: Written,
    /// As a binary tree, as runc does with many rules.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) tree: bool,
}

/// What runc makes of a profile on x86_64, before its stub for unknown numbers; or the refusal of its libseccomp.
pub(super) enum Meaning {
    Policy(Box<Policy>),
    Refused(LibseccompError),
}

impl Case {
    pub(super) fn read(&self) -> Result<Profile> {
        self.profile.read()
    }

    pub(super) fn meaning(&self, profile: &Profile, libseccomp: Version) -> Result<Meaning> {
        let engine = Engine { libseccomp, ..Engine::RUNC };
        match resolve(profile, &Target::new(Abi::X86_64, engine)) {
            Ok(policy) => Ok(Meaning::Policy(Box::new(policy))),
            Err(error) => match error.problem {
                Problem::Libseccomp(refusal) => Ok(Meaning::Refused(refusal)),
                _ => Err(error).with_context(|| format!("a profile that makes no sense: {self}")),
            },
        }
    }
}

/// The policy that libseccomp's filter must follow: runc puts its stub before that filter.
pub(super) fn without_stub(policy: &Policy) -> Policy {
    let mut policy = policy.clone();
    for table in &mut policy.tables {
        table.stub = None;
    }
    policy
}

/// As JSON, on one line.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}
