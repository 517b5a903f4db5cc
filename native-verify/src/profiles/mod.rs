//! Profiles compiled by us and by libseccomp, both held against what the profile means.
//!
//! The policy is what an engine makes of a profile. Our filter must answer every call as the policy does: the exact
//! procedure shows it, and calls in the interpreter show that the procedure is right. libseccomp's filter does not always;
//! each way in which it differs is known by a smallest case, which is kept and tried again.

mod case;
mod compare;
mod deviation;
mod draw;
mod known;
#[cfg(feature = "libseccomp")]
mod library;
mod made;
mod run;
mod shrink;
mod written;

pub(crate) use run::{ProfilesArguments, profiles};
