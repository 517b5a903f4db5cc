use core::fmt;

use crate::kernel::{Release, changes};

/// The 32-bit word that a filter returns: an action in the upper half, data in the lower.
///
/// ```
/// use sim_core::seccomp::{Action, FilterReturn};
///
/// let word = FilterReturn(0x0005_0001);
/// assert_eq!((word.action(), word.data()), (Action::Errno, 1));
/// assert_eq!(word.to_string(), "ERRNO(1)");
/// assert_eq!("TRACE(7)".parse::<FilterReturn>(), Ok(FilterReturn(0x7ff0_0007)));
/// assert!(FilterReturn::KILL_PROCESS.is_stricter_than(FilterReturn(0)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilterReturn(pub u32);

/// `SECCOMP_RET_ACTION_FULL`.
const ACTION_MASK: u32 = 0xffff_0000;
/// `SECCOMP_RET_DATA`.
const DATA_MASK: u32 = 0xffff;

macro_rules! actions {
    ($($variant:ident $word:literal $kernel:literal $listing:literal $scmp:literal $text:literal)*) => {
        /// What a filter asks for: the `SECCOMP_RET_*` values, strictest first.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action {
            $(#[doc = concat!("`", $kernel, "`: ", $text)] $variant,)*
            /// No action that the kernel knows, by its upper half; it kills the process.
            Unknown(u16),
        }

        impl Action {
            /// Every action that has a name, strictest first.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word of the action without data.
            pub const fn word(self) -> u32 {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Unknown(upper) => (upper as u32) << 16,
                }
            }

            /// Its name in `linux/seccomp.h`, as `SECCOMP_RET_ERRNO`.
            pub const fn kernel_name(self) -> Option<&'static str> {
                match self { $(Self::$variant => Some($kernel),)* Self::Unknown(_) => None }
            }

            /// Its name in listings of filters, as `ERRNO`.
            pub const fn listing_name(self) -> Option<&'static str> {
                match self { $(Self::$variant => Some($listing),)* Self::Unknown(_) => None }
            }

            /// Its name in profiles, as `SCMP_ACT_ERRNO`.
            pub const fn profile_name(self) -> Option<&'static str> {
                match self { $(Self::$variant => Some($scmp),)* Self::Unknown(_) => None }
            }

            const fn from_word(word: u32) -> Self {
                match word & ACTION_MASK {
                    $($word => Self::$variant,)*
                    other => Self::Unknown((other >> 16) as u16),
                }
            }
        }
    };
}

actions! {
    KillProcess 0x8000_0000 "SECCOMP_RET_KILL_PROCESS" "KILL_PROCESS" "SCMP_ACT_KILL_PROCESS" "the process is killed by SIGSYS."
    KillThread 0x0000_0000 "SECCOMP_RET_KILL_THREAD" "KILL" "SCMP_ACT_KILL_THREAD" "the thread is killed by SIGSYS."
    Trap 0x0003_0000 "SECCOMP_RET_TRAP" "TRAP" "SCMP_ACT_TRAP" "the thread gets SIGSYS; the data is `si_errno`."
    Errno 0x0005_0000 "SECCOMP_RET_ERRNO" "ERRNO" "SCMP_ACT_ERRNO" "the call fails with the data as its errno."
    UserNotif 0x7fc0_0000 "SECCOMP_RET_USER_NOTIF" "USER_NOTIF" "SCMP_ACT_NOTIFY" "another process is asked."
    Trace 0x7ff0_0000 "SECCOMP_RET_TRACE" "TRACE" "SCMP_ACT_TRACE" "the tracer is asked."
    Log 0x7ffc_0000 "SECCOMP_RET_LOG" "LOG" "SCMP_ACT_LOG" "the call runs and is logged."
    Allow 0x7fff_0000 "SECCOMP_RET_ALLOW" "ALLOW" "SCMP_ACT_ALLOW" "the call runs."
}

impl Action {
    /// The action of this name: the kernel's, a listing's or a profile's. `SCMP_ACT_KILL` and `KILL_THREAD` are
    /// `SECCOMP_RET_KILL_THREAD`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "SECCOMP_RET_KILL" | "KILL_THREAD" | "SCMP_ACT_KILL" => Some(Self::KillThread),
            _ => Self::ALL.iter().copied().find(|action| {
                [action.kernel_name(), action.listing_name(), action.profile_name()].contains(&Some(name))
            }),
        }
    }

    /// Whether `release` knows the action; one that it does not know kills the process.
    pub fn is_known_to(self, release: Release) -> bool {
        match self {
            Self::Unknown(_) => false,
            Self::UserNotif => release.has(&changes::SECCOMP_USER_NOTIF),
            _ => true,
        }
    }

    /// The word of the action with `data`.
    pub const fn with_data(self, data: u16) -> FilterReturn {
        FilterReturn(self.word() | data as u32)
    }
}

impl FilterReturn {
    /// The call runs.
    pub const ALLOW: Self = Action::Allow.with_data(0);
    /// The process is killed.
    pub const KILL_PROCESS: Self = Action::KillProcess.with_data(0);

    /// The action: all of the upper half counts.
    pub const fn action(self) -> Action {
        Action::from_word(self.0)
    }

    /// The data: the lower half.
    pub const fn data(self) -> u16 {
        (self.0 & DATA_MASK) as u16
    }

    /// Whether SECCOMP_GET_ACTION_AVAIL finds it: an action that `release` knows, without data. Otherwise it answers
    /// EOPNOTSUPP (`seccomp_get_action_avail`, `kernel/seccomp.c`).
    pub fn is_available(self, release: Release) -> bool {
        self.data() == 0 && self.action().is_known_to(release)
    }

    /// Whether its action wins over `other`'s when both apply to one call: the upper halves are compared as signed
    /// numbers, so that every word with the highest bit set is stricter than the rest.
    pub const fn is_stricter_than(self, other: Self) -> bool {
        ((self.0 & ACTION_MASK).cast_signed()) < ((other.0 & ACTION_MASK).cast_signed())
    }
}

/// `ALLOW`, `ERRNO(1)`, `TRACE(7)`; a word that has no such form as a number.
impl fmt::Display for FilterReturn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (action, data) = (self.action(), self.data());
        match (action.listing_name(), action, data) {
            (Some(name), Action::Errno, _) | (Some(name), Action::Trap | Action::Trace, 1..) => {
                write!(f, "{name}({data})")
            }
            (Some(name), _, 0) => f.write_str(name),
            _ => write!(f, "0x{:08x}", self.0),
        }
    }
}

/// Why a text is no action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an action; one is as ALLOW, LOG, KILL, KILL_PROCESS, USER_NOTIF, ERRNO(1), TRAP(2) or TRACE(3)")]
pub struct ParseActionError;

/// Reads `ALLOW`, `ERRNO(1)` and the names of the kernel and of profiles.
impl core::str::FromStr for FilterReturn {
    type Err = ParseActionError;

    fn from_str(text: &str) -> Result<Self, ParseActionError> {
        let (name, data) = match text.split_once('(') {
            Some((name, rest)) => {
                let digits = rest.strip_suffix(')').ok_or(ParseActionError)?.trim();
                (name.trim_end(), digits.parse().map_err(|_| ParseActionError)?)
            }
            None => (text, 0),
        };
        Action::from_name(name).map(|action| action.with_data(data)).ok_or(ParseActionError)
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, FilterReturn};
    use crate::kernel::Release;
    use alloc::string::ToString;

    #[test]
    fn actions_stand_in_order() {
        let words: alloc::vec::Vec<_> = Action::ALL.iter().map(|action| action.with_data(0)).collect();
        assert!(words.windows(2).all(|pair| pair[0].is_stricter_than(pair[1])));
    }

    #[test]
    fn names_and_words_agree() {
        for &action in Action::ALL {
            let names = [action.kernel_name(), action.listing_name(), action.profile_name()];
            assert!(names.iter().all(|name| Action::from_name(name.unwrap()) == Some(action)));
            assert_eq!(FilterReturn(action.word()).action(), action);
            let word = action.with_data(3);
            assert_eq!((word.action(), word.data()), (action, 3));
        }
        assert_eq!(Action::from_name("SCMP_ACT_KILL"), Some(Action::KillThread));
        assert_eq!(FilterReturn(0x8001_0005).action(), Action::Unknown(0x8001));
        assert_eq!(Action::Unknown(0x8001).with_data(5), FilterReturn(0x8001_0005));
    }

    #[test]
    fn e76_actions_that_are_available() {
        let (now, old) = (Release::NEWEST, Release::OLDEST);
        assert!(Action::ALL.iter().all(|action| action.with_data(0).is_available(now)));
        assert!(!FilterReturn(0x7fc0_0000).is_available(old) && FilterReturn(0x7ffc_0000).is_available(old));
        assert!(!FilterReturn(0x0005_0001).is_available(now) && !FilterReturn(0x0006_0000).is_available(now));
    }

    #[test]
    fn words_read_as_they_are_written() {
        for word in [0, 0x8000_0000, 0x0003_abcd, 0x0005_0000, 0x0005_ffff, 0x7ff0_04d2, 0x7ffc_0000, 0x7fff_0000] {
            assert_eq!(FilterReturn(word).to_string().parse(), Ok(FilterReturn(word)));
        }
        assert_eq!(FilterReturn(0x7fff_004d).to_string(), "0x7fff004d", "data of ALLOW would be lost otherwise");
        for text in ["", "allow", "ERRNO(", "ERRNO(65536)", "ERRNO(1", "(1)"] {
            assert!(text.parse::<FilterReturn>().is_err(), "{text}");
        }
    }
}
