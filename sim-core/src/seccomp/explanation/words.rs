use core::fmt;

use super::{Entry, Part, TestedCondition, Trial};
use crate::kernel::Errno;
use crate::seccomp::profile::{Reason, Rule};
use crate::seccomp::{Action, FilterReturn};

/// What a word of a filter means for the call, in words.
///
/// ```
/// use sim_core::seccomp::{FilterReturn, explanation::Meaning};
///
/// assert_eq!(Meaning(FilterReturn(0x0005_0001)).to_string(), "fails with EPERM");
/// assert_eq!(Meaning(FilterReturn(0x0005_0000)).to_string(), "is skipped and returns 0");
/// assert_eq!(Meaning(FilterReturn::ALLOW).to_string(), "runs");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning(pub FilterReturn);

/// Continues a sentence that begins with the call.
impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = self.0.data();
        match self.0.action() {
            Action::Allow => f.write_str("runs"),
            Action::Log => f.write_str("runs and is logged"),
            Action::Errno if data == 0 => f.write_str("is skipped and returns 0"),
            Action::Errno => match Errno::from_number(data) {
                Some(errno) => write!(f, "fails with {errno}"),
                None if data > 4095 => f.write_str("fails with error 4095, the largest"),
                None => write!(f, "fails with error {data}"),
            },
            Action::Trap => f.write_str("is skipped, and the thread gets SIGSYS"),
            Action::Trace => f.write_str("waits for the tracer; without one it fails with ENOSYS"),
            Action::UserNotif => f.write_str("waits for the listener; without one it fails with ENOSYS"),
            Action::KillThread => f.write_str("ends the thread by SIGSYS"),
            Action::KillProcess => f.write_str("ends the process by SIGSYS"),
            Action::Unknown(_) => f.write_str("ends the process by SIGSYS, for the kernel does not know this action"),
        }
    }
}

/// What decided, as a sentence without its beginning and end.
impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(rule) => write!(f, "{} decides: {}", rule.origin, Written(rule)),
            Self::NoConditions([_]) => {
                f.write_str("1 rule names the call, but its conditions do not hold; the default action decides")
            }
            Self::NoConditions(rules) => write!(
                f,
                "{} rules name the call, but the conditions of none hold; the default action decides",
                rules.len()
            ),
            Self::NotNamed => f.write_str("no rule names the call; the default action decides"),
            Self::BadArchitecture => f.write_str("the filter does not cover this architecture"),
            Self::Stub(stub) => {
                write!(f, "runc answers ENOSYS to numbers above {}, the highest that the profile names", stub.last)
            }
        }
    }
}

/// As `ALLOW where args[0] == 0 and args[1] < 5`.
struct Written<'a>(&'a Rule);

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.action)?;
        for (index, condition) in self.0.conditions.iter().enumerate() {
            write!(f, " {} {condition}", if index == 0 { "where" } else { "and" })?;
        }
        Ok(())
    }
}

/// As `args[0] == 0 does not hold, it is 0x8`.
impl fmt::Display for TestedCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let holds = if self.holds { "holds" } else { "does not hold" };
        write!(f, "{} {holds}, it is 0x{:x}", self.condition, self.argument)
    }
}

/// As `ALLOW: args[0] == 0 does not hold, it is 0x8`, or `ERRNO(1) without conditions; it decides`.
impl fmt::Display for Trial<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.rule.action)?;
        if self.rule.conditions.is_empty() {
            f.write_str(" without conditions")?;
        }
        for (index, tested) in self.conditions().enumerate() {
            write!(f, "{} {tested}", if index == 0 { ":" } else { ";" })?;
        }
        match (self.decides, self.holds) {
            (true, _) => f.write_str("; it decides"),
            (false, true) => f.write_str("; an earlier rule decides"),
            (false, false) => Ok(()),
        }
    }
}

/// What part it has: its rules, or why it has none.
impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = self.action.listing_name().unwrap_or_default();
        match &self.part {
            Part::NotLive(state) => write!(f, "{action}, {state}"),
            Part::UnknownName => write!(f, "{action}, ignored: this libseccomp does not know the name"),
            Part::Shadowed => write!(f, "{action}, without effect: another rule decides these calls"),
            Part::NotAsked => write!(f, "{action}, not asked"),
            Part::Rules(trials) => {
                for (index, trial) in trials.iter().enumerate() {
                    write!(f, "{}{trial}", if index == 0 { "" } else { " | " })?;
                }
                Ok(())
            }
        }
    }
}
