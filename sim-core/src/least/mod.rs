//! Least privilege: the smallest sets of capabilities with which a list of calls gets through.
//!
//! A list of what a thread did is cut into phases: one ends where the thread's effective user id becomes 0 or ceases to be,
//! and where it executes another program, for those are the places at which a thread loses or gains capabilities. For
//! each phase the model performs the calls with candidate sets as permitted, effective and bounding set, and keeps the
//! smallest with which every call is granted and leaves ids and files as it does with every capability. No table says
//! which call needs what: the model is asked.
//!
//! What is not known of a call (who owns a file, as whom another process runs) is taken as kind as can be for the smallest
//! set, so that whatever is in it is needed for certain; then as unkind as can be, to tell what else might be needed.
//!
//! ```
//! use sim_core::least::{Operation, phases};
//! use sim_core::scenario::{Loaded, Options};
//!
//! let text = r#"{ "steps": [ { "bind": { "port": 80 } }, { "setuid": 33 }, { "bind": { "port": 8080 } } ] }"#;
//! let loaded = Loaded::read(text, &Options::default())?;
//! let operations = Operation::of_steps(&loaded.scenario.steps);
//! let walk = phases(&loaded.world, &operations);
//! let least: Vec<_> = walk.phases.iter().map(|phase| phase.least(&operations)).collect();
//! assert_eq!(least[0].sets[0].in_words().to_string(), "CAP_SETUID, CAP_NET_BIND_SERVICE");
//! assert!(least[1].sets[0].is_empty());
//! # Ok::<(), sim_core::scenario::ReadError>(())
//! ```

mod export;
mod phase;
mod power;
mod search;
#[cfg(test)]
mod tests;
mod unknown;

pub use phase::{Beginning, LeastOfPhase, Need, Phase, Walk, phases};
pub use power::weaker_first;
pub use unknown::{Depends, DependsOn, RefusedCall};

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::kernel::Errno;
use crate::scenario::{Call, Step};

/// A call that a thread made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The call. Where something is not known, it is the kindest that it can be.
    pub call: Call,
    /// What came of it.
    pub shown: Shown,
    /// What is not known of it.
    pub unknown: Option<Unknown>,
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// It succeeded.
    Succeeded,
    /// It was refused for want of a permission.
    Refused,
}

/// What is not known of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// Owner and mode of the files that it names and the world does not describe.
    Files,
    /// As whom the process runs that it is about.
    Target,
    /// A value; the call with the unkindest it can be.
    Value(Box<Call>),
    /// What a capset would ask for, had the thread fewer capabilities: the program asked what it had before, so that the call
    /// is cut to what it has.
    Held,
}

impl Operation {
    /// The steps of a scenario, as calls of which everything is known. One that is expected to fail with EPERM or EACCES
    /// was refused; one that is expected to fail otherwise shows nothing and is left out.
    pub fn of_steps(steps: &[Step]) -> Vec<Self> {
        let operation = |step: &Step| {
            let errno = step.expect.as_ref().and_then(crate::scenario::Expect::errno);
            let shown = match errno {
                None => Shown::Succeeded,
                Some(Errno::EPERM | Errno::EACCES) => Shown::Refused,
                Some(_) => return None,
            };
            Some(Self { call: step.call.clone(), shown, unknown: None })
        };
        steps.iter().filter_map(operation).collect()
    }
}
