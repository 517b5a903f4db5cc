use core::fmt;
use core::str::FromStr;

use super::{CHANGES, Change, TAKEN_OVER, changes};
use crate::capability::{CapSet, Capability};

/// A kernel release, `MAJOR.MINOR`, compared as numbers: 6.2 is before 6.18.
///
/// ```
/// use sim_core::kernel::{Release, changes};
///
/// let release: Release = "6.12".parse()?;
/// assert!(!release.has(&changes::EXEC_ID_CHANGE));
/// assert!(Release::NEWEST.has(&changes::EXEC_ID_CHANGE));
/// # Ok::<(), sim_core::kernel::ParseReleaseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    major: u16,
    minor: u16,
    /// Bit *n*: the change point number *n* is the other way round than the numbers say. 0 for a release of mainline.
    flipped: u32,
}

/// Why a text names no release that is modelled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseReleaseError {
    /// Not two numbers with a point between them.
    #[error("a kernel release is two numbers, as in \"6.18\"")]
    Form,
    /// Older than the oldest release that is modelled.
    #[error("Linux {0} is older than {oldest}, the oldest that is modelled", oldest = Release::OLDEST)]
    TooOld(Release),
}

impl Release {
    /// The oldest release that is modelled: the first with version 3 file capabilities.
    pub const OLDEST: Self = Self::new(4, 14);
    /// The newest release that is modelled. A later one is taken to behave like it.
    pub const NEWEST: Self = Self::new(7, 2);

    pub(super) const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor, flipped: 0 }
    }

    /// Reads the beginning of what `uname -r` prints: `6.18.44-cloud-amd64` is 6.18.
    pub fn from_uname(text: &str) -> Result<Self, ParseReleaseError> {
        let mut parts = text.splitn(3, '.');
        let mut number = || {
            let part = parts.next().ok_or(ParseReleaseError::Form)?;
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            let digits = part.get(..end).unwrap_or_default();
            digits.parse().map_err(|_| ParseReleaseError::Form)
        };
        Self::modelled(Self::new(number()?, number()?))
    }

    /// Whether `change` is in this release.
    pub fn has(self, change: &Change) -> bool {
        (self >= change.since) != (self.flipped != 0 && self.flipped & bit(change) != 0)
    }

    /// The stable release of these numbers, with what it took over from later ones.
    ///
    /// ```
    /// use sim_core::kernel::{Release, changes};
    ///
    /// let stable = Release::from_stable([5, 10, 220])?;
    /// assert!(stable.has(&changes::UNPRIVILEGED_FANOTIFY));
    /// assert!(!Release::from_stable([5, 10, 219])?.has(&changes::UNPRIVILEGED_FANOTIFY));
    /// # Ok::<(), sim_core::kernel::ParseReleaseError>(())
    /// ```
    pub fn from_stable([major, minor, patch]: [u16; 3]) -> Result<Self, ParseReleaseError> {
        let taken_over = TAKEN_OVER.iter().filter(|(_, [m, n, p])| (*m, *n) == (major, minor) && *p <= patch);
        let mainline = Self::modelled(Self::new(major, minor))?;
        Ok(taken_over.fold(mainline, |release, (change, _)| release.with_backport(change)))
    }

    /// The changes of later releases that it has all the same.
    pub fn backports(self) -> impl Iterator<Item = &'static Change> {
        CHANGES.iter().copied().filter(move |change| self.has(change) && self.numbers() < change.since.numbers())
    }

    /// The same release with a change of a later one, as stable releases and distributions take them over.
    ///
    /// ```
    /// use sim_core::kernel::{Release, changes};
    ///
    /// let debian = "5.10".parse::<Release>()?.with_backport(&changes::MAP_ROOT_SETFCAP);
    /// assert!(debian.has(&changes::MAP_ROOT_SETFCAP) && !debian.has(&changes::EXEC_ID_CHANGE));
    /// # Ok::<(), sim_core::kernel::ParseReleaseError>(())
    /// ```
    #[must_use]
    pub fn with_backport(self, change: &Change) -> Self {
        if self.has(change) { self } else { self.with_flipped(change) }
    }

    /// Its numbers, whatever it has taken over.
    pub const fn numbers(self) -> (u16, u16) {
        (self.major, self.minor)
    }

    /// The same release but for one change point, which is the other way round: a wrong rule, on purpose. Whoever compares
    /// the model with a kernel shows with it that wrong rules are found.
    ///
    /// ```
    /// use sim_core::kernel::{Release, changes};
    ///
    /// let wrong = Release::NEWEST.with_flipped(&changes::EXEC_ID_CHANGE);
    /// assert!(!wrong.has(&changes::EXEC_ID_CHANGE));
    /// assert!(wrong.has(&changes::EXEC_SECUREBITS));
    /// ```
    #[must_use]
    pub fn with_flipped(self, change: &Change) -> Self {
        Self { flipped: self.flipped ^ bit(change), ..self }
    }

    /// The last capability it knows, as in `/proc/sys/kernel/cap_last_cap`.
    pub fn last_capability(self) -> Capability {
        if self.has(&changes::CHECKPOINT_RESTORE) {
            Capability::CHECKPOINT_RESTORE
        } else if self.has(&changes::PERFMON_AND_BPF) {
            Capability::BPF
        } else {
            Capability::AUDIT_READ
        }
    }

    /// Every capability it knows.
    pub fn capabilities(self) -> CapSet {
        CapSet::up_to(self.last_capability())
    }

    fn modelled(release: Self) -> Result<Self, ParseReleaseError> {
        if release < Self::OLDEST { Err(ParseReleaseError::TooOld(release)) } else { Ok(release) }
    }
}

/// The bit that stands for a change point; none for one that the model does not know.
fn bit(change: &Change) -> u32 {
    let number = CHANGES.iter().position(|known| known.id == change.id);
    number.and_then(|number| 1u32.checked_shl(u32::try_from(number).ok()?)).unwrap_or(0)
}

impl FromStr for Release {
    type Err = ParseReleaseError;

    fn from_str(text: &str) -> Result<Self, ParseReleaseError> {
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| digits.parse().ok()).flatten().ok_or(ParseReleaseError::Form)
        };
        let (major, minor) = text.split_once('.').ok_or(ParseReleaseError::Form)?;
        Self::modelled(Self::new(number(major)?, number(minor)?))
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl fmt::Debug for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::{ParseReleaseError, Release};
    use crate::kernel::CHANGES;

    #[test]
    fn releases_compare_as_numbers() {
        let release = |text: &str| text.parse::<Release>().unwrap();
        assert!(release("6.2") < release("6.18"));
        assert!(release("5.19") < release("6.0"));
        assert_eq!(release("7.2").last_capability(), Release::NEWEST.last_capability());
    }

    #[test]
    fn every_change_point_can_be_flipped_alone() {
        for release in [Release::OLDEST, Release::new(5, 9), Release::NEWEST] {
            for flipped in CHANGES {
                let wrong = release.with_flipped(flipped);
                let differ = CHANGES.iter().filter(|change| wrong.has(change) != release.has(change));
                assert!(differ.map(|change| change.id).eq([flipped.id]), "{}", flipped.id);
                assert_eq!(wrong.with_flipped(flipped), release);
            }
        }
    }

    #[test]
    fn capabilities_of_a_release() {
        let last = |text: &str| text.parse::<Release>().unwrap().last_capability().number();
        assert_eq!((last("4.14"), last("5.7"), last("5.8"), last("5.9")), (37, 37, 39, 40));
    }

    #[test]
    fn text_that_is_no_release() {
        for text in ["", "6", "6.", ".18", "6.18.1", "six.1", "+6.1", "6.-1", "6.99999"] {
            assert_eq!(text.parse::<Release>(), Err(ParseReleaseError::Form), "{text:?}");
        }
        assert_eq!("4.13".parse::<Release>(), Err(ParseReleaseError::TooOld(Release::new(4, 13))));
    }

    #[test]
    fn what_uname_prints() {
        let check = |text: &str, expected| assert_eq!(Release::from_uname(text), expected, "{text}");
        check("6.18.44-fc", Ok(Release::new(6, 18)));
        check("5.10.0-33-cloud-amd64", Ok(Release::new(5, 10)));
        check("7.2-rc1", Ok(Release::new(7, 2)));
        check("Darwin", Err(ParseReleaseError::Form));
    }
}
