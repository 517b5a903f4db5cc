//! Why a call is answered as it is: by a profile, entry by entry, and in a filter, instruction by instruction.
//!
//! ```
//! # #[cfg(feature = "serde")] {
//! use sim_core::kernel::Release;
//! use sim_core::seccomp::compile::compile;
//! use sim_core::seccomp::explanation::{Execution, explain};
//! use sim_core::seccomp::profile::{Engine, Profile, Target, resolve};
//! use sim_core::seccomp::syscalls::{Abi, read_calls};
//!
//! let text = r#"{
//!     "defaultAction": "SCMP_ACT_ERRNO",
//!     "syscalls": [
//!         {"names": ["personality"], "action": "SCMP_ACT_ALLOW",
//!          "args": [{"index": 0, "value": 0, "op": "SCMP_CMP_EQ"}]},
//!         {"names": ["getpid"], "action": "SCMP_ACT_ALLOW"}
//!     ]
//! }"#;
//! let profile = Profile::read(text).unwrap();
//! let policy = resolve(&profile, &Target::new(Abi::X86_64, Engine::CRUN)).unwrap();
//! let program = compile(&policy).unwrap();
//! let calls = read_calls("personality(8), getpid", Abi::X86_64).unwrap();
//!
//! let refused = explain(&profile, &policy, &calls[0].data);
//! assert_eq!(refused.verdict.action.to_string(), "ERRNO(1)");
//! assert_eq!(
//!     refused.verdict.reason.to_string(),
//!     "1 rule names the call, but its conditions do not hold; the default action decides"
//! );
//! assert_eq!(refused.entries[0].origin.place.line, 4);
//! assert_eq!(refused.entries[0].to_string(), "ALLOW: args[0] == 0 does not hold, it is 0x8");
//!
//! let cost = |index: usize| Execution::new(&program, Abi::X86_64, &calls[index].data, Release::NEWEST);
//! assert!(!cost(0).cached && cost(1).cached, "the kernel knows that getpid is always allowed");
//! # }
//! ```

mod cost;
mod entry;
mod execution;
#[cfg(test)]
mod tests;
mod words;

use alloc::vec::Vec;

use super::SeccompData;
use super::profile::{Policy, Profile, Verdict};
use super::syscalls::{Abi, Call};
use crate::kernel::Release;
use crate::rule::Rule;

pub use cost::{Costs, STANDARD_NUMBERS};
pub use entry::{Entry, Part, TestedCondition, Trial};
pub use execution::{Execution, PathStep};
pub use words::Meaning;

/// What a policy says of a call, and what part each entry of its profile has in that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation<'a> {
    /// The call.
    pub call: SeccompData,
    /// Its table, if one is known for its architecture.
    pub abi: Option<Abi>,
    /// Its name there.
    pub name: Option<&'static str>,
    /// The answer, and what decided.
    pub verdict: Verdict<'a>,
    /// The entries that name the call or decide about it, in the order of the profile.
    pub entries: Vec<Entry<'a>>,
}

/// Explains what a policy says of a call; the profile is the one that the policy was made of.
pub fn explain<'a>(profile: &'a Profile, policy: &'a Policy, call: &SeccompData) -> Explanation<'a> {
    let abi = Abi::of(call);
    let name = abi.and_then(|abi| Call::by_number(abi, call.nr)).map(|found| found.name);
    let verdict = policy.verdict(call);
    let entries = entry::entries(profile, policy, call, name, &verdict);
    Explanation { call: *call, abi, name, verdict, entries }
}

/// The rule by which a call passes every filter unasked, if one does on this release.
///
/// ```
/// use sim_core::kernel::Release;
/// use sim_core::seccomp::{Architecture, SeccompData, explanation::unfiltered};
///
/// let uprobe = SeccompData::call(Architecture::X86_64, 336, [0; 6]);
/// assert_eq!(unfiltered(&uprobe, Release::NEWEST).unwrap().id, "seccomp.uprobe-passes");
/// assert_eq!(unfiltered(&uprobe, Release::OLDEST), None);
/// ```
pub fn unfiltered(call: &SeccompData, release: Release) -> Option<&'static Rule> {
    super::judge::passing(call).filter(|rule| rule.applies_to(release))
}
