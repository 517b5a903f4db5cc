//! What a call comes to: a result, or the kernel's refusal, which is an answer and not an error.

use crate::capability::CapSet;
use crate::kernel::Errno;
use crate::rule::{Condition, Effect, Rule, Witness};

/// What a call comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome<T> {
    /// The kernel does it.
    Granted(T),
    /// The kernel refuses.
    Refused(Refusal),
}

/// A refusal: the error, and the rule behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What the call fails with.
    pub errno: Errno,
    /// The rule that decided.
    pub rule: &'static Rule,
}

impl<T> Outcome<T> {
    /// The result, if there is one.
    pub fn granted(self) -> Option<T> {
        match self {
            Self::Granted(result) => Some(result),
            Self::Refused(_) => None,
        }
    }

    /// The same outcome with another result.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Granted(result) => Outcome::Granted(change(result)),
            Self::Refused(refusal) => Outcome::Refused(refusal),
        }
    }

    /// What `next` makes of the result.
    pub fn and_then<U>(self, next: impl FnOnce(T) -> Outcome<U>) -> Outcome<U> {
        match self {
            Self::Granted(result) => next(result),
            Self::Refused(refusal) => Outcome::Refused(refusal),
        }
    }

    /// The refusal, if there is one.
    pub fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Granted(_) => None,
            Self::Refused(refusal) => Some(*refusal),
        }
    }
}

/// Reports that `rule` refuses, for want of `lacking`, and gives the refusal.
pub(crate) fn refuse<W: Witness>(errno: Errno, rule: &'static Rule, lacking: CapSet, witness: &mut W) -> Refusal {
    witness.applied(rule, Effect::Refuses { errno, lacking });
    Refusal { errno, rule }
}

/// Refuses unless what `rule` asks for holds; if it does, `satisfied` is why the rule does not apply.
pub(crate) fn demand<W: Witness>(
    holds: bool,
    errno: Errno,
    rule: &'static Rule,
    lacking: CapSet,
    satisfied: Condition,
    witness: &mut W,
) -> Result<(), Refusal> {
    if !holds {
        return Err(refuse(errno, rule, lacking, witness));
    }
    witness.not_applied(rule, satisfied);
    Ok(())
}

/// Inside the model a refusal ends a computation early, as `Err` does.
impl<T> From<Result<T, Refusal>> for Outcome<T> {
    fn from(result: Result<T, Refusal>) -> Self {
        match result {
            Ok(result) => Self::Granted(result),
            Err(refusal) => Self::Refused(refusal),
        }
    }
}
