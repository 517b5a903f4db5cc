//! How libseccomp's filter differs from what the profile means.

use std::fmt;
use std::mem::{Discriminant, discriminant};

use anyhow::{Result, bail};

use super::case::{Case, Meaning, without_stub};
use super::compare::{Compared, Shown, calls, filter};
use super::made::{Library, Made};
use crate::seccomp::Random;

/// How libseccomp differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deviation {
    /// A call is answered otherwise than by the rules.
    Answer(Shown),
    /// Adding a rule does not end, or takes all memory.
    Endless,
    /// It ends by this signal.
    Died(i32),
    /// The kernel would refuse what it makes.
    Invalid(String),
    /// It refuses a rule, with this errno, that it is expected to take.
    Refused(i32),
    /// It takes a rule that it is expected to refuse.
    Taken,
}

impl Deviation {
    /// What happens, without the case that shows it.
    pub(super) fn what(&self) -> Discriminant<Self> {
        discriminant(self)
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(shown) => shown.fmt(f),
            Self::Endless => f.write_str("adding a rule does not end"),
            Self::Died(signal) => write!(f, "it ends by signal {signal}"),
            Self::Invalid(error) => write!(f, "the kernel would refuse the filter: {error}"),
            Self::Refused(errno) => write!(f, "a rule is refused with errno {errno} that should be taken"),
            Self::Taken => f.write_str("a rule is taken that should be refused"),
        }
    }
}

/// What libseccomp does otherwise than it should, if anything. Calls are evaluated only if they are to be drawn.
pub(super) fn deviation(case: &Case, library: Library, random: Option<&mut Random>) -> Result<Option<Deviation>> {
    let profile = case.read()?;
    let meaning = case.meaning(&profile, library.version)?;
    let made = library.make(&profile, case.tree)?;
    Ok(match (made, meaning) {
        (Made::Endless, _) => Some(Deviation::Endless),
        (Made::Died(signal), _) => Some(Deviation::Died(signal)),
        (Made::Invalid(error), _) => Some(Deviation::Invalid(error)),
        (Made::Refused(errno), Meaning::Refused(expected)) if errno == i32::from(expected.errno().number()) => None,
        (Made::Refused(errno), _) => Some(Deviation::Refused(errno)),
        (Made::Filter(_), Meaning::Refused(_)) => Some(Deviation::Taken),
        (Made::Filter(program), Meaning::Policy(policy)) => {
            let policy = without_stub(&policy);
            let calls = random.map(|random| calls(&policy, random)).unwrap_or_default();
            match filter(&policy, &program, &calls) {
                Compared::Alike => None,
                Compared::Differs(shown) => Some(Deviation::Answer(shown)),
                Compared::Wrong(how) => bail!("libseccomp's filter of {case}: {how}"),
            }
        }
    })
}
