//! What a profile's words are in libseccomp's crate, and which release of the library is installed.

use libseccomp::{ScmpAction, ScmpArgCompare, ScmpCompareOp, ScmpVersion};
use sim_core::seccomp::Action;
use sim_core::seccomp::profile::{Comparison, Operator};
use sim_core::seccomp::syscalls::Version;

/// The installed release.
pub(crate) fn version() -> Option<Version> {
    let ScmpVersion { major, minor, micro } = ScmpVersion::current().ok()?;
    let part = |number: u32| u16::try_from(number).ok();
    Some(Version::new(part(major)?, part(minor)?, part(micro)?))
}

/// An action; its number is EPERM, if the profile does not say.
pub(crate) fn action(action: Action, errno: Option<u32>) -> ScmpAction {
    let errno = errno.and_then(|errno| u16::try_from(errno).ok()).unwrap_or(1);
    match action {
        Action::KillProcess => ScmpAction::KillProcess,
        Action::KillThread | Action::Unknown(_) => ScmpAction::KillThread,
        Action::Trap => ScmpAction::Trap,
        Action::Errno => ScmpAction::Errno(errno.into()),
        Action::UserNotif => ScmpAction::Notify,
        Action::Trace => ScmpAction::Trace(errno),
        Action::Log => ScmpAction::Log,
        Action::Allow => ScmpAction::Allow,
    }
}

/// A condition.
pub(crate) fn comparison(comparison: &Comparison) -> ScmpArgCompare {
    let &Comparison { index, operator, value, value_two } = comparison;
    let (operator, value) = match operator {
        Operator::NotEqual => (ScmpCompareOp::NotEqual, value),
        Operator::Less => (ScmpCompareOp::Less, value),
        Operator::LessOrEqual => (ScmpCompareOp::LessOrEqual, value),
        Operator::Equal => (ScmpCompareOp::Equal, value),
        Operator::GreaterOrEqual => (ScmpCompareOp::GreaterEqual, value),
        Operator::Greater => (ScmpCompareOp::Greater, value),
        Operator::MaskedEqual => (ScmpCompareOp::MaskedEqual(value), value_two),
    };
    ScmpArgCompare::new(index.into(), operator, value)
}
