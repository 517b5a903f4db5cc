use core::fmt;
use core::ops::{BitAnd, BitOr, BitXor, Not};

use crate::kernel::{Release, changes};

/// The securebits of a thread: switches for the special treatment of user 0, each with a lock.
///
/// Source: capabilities(7), "The securebits flags"; `include/uapi/linux/securebits.h`.
///
/// ```
/// use sim_core::credentials::Securebits;
///
/// let bits = Securebits::NOROOT | Securebits::NOROOT_LOCKED;
/// assert_eq!(bits.bits(), 3);
/// assert_eq!(bits.names().collect::<Vec<_>>(), ["noroot", "noroot_locked"]);
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Securebits(u32);

macro_rules! securebits {
    ($($value:literal $name:ident $text:literal $meaning:literal)*) => {
        impl Securebits {
            $(#[doc = concat!("`SECBIT_", stringify!($name), "`: ", $meaning)]
            pub const $name: Self = Self($value);)*
        }

        const NAMES: &[(u32, &str)] = &[$(($value, $text)),*];
    };
}

securebits! {
    0x001 NOROOT "noroot" "user 0 is an ordinary user at execve."
    0x002 NOROOT_LOCKED "noroot_locked" "the lock of `NOROOT`."
    0x004 NO_SETUID_FIXUP "no_setuid_fixup" "changes of user ids leave the sets alone."
    0x008 NO_SETUID_FIXUP_LOCKED "no_setuid_fixup_locked" "the lock of `NO_SETUID_FIXUP`."
    0x010 KEEP_CAPS "keep_caps" "the permitted set survives leaving user 0; cleared by every execve."
    0x020 KEEP_CAPS_LOCKED "keep_caps_locked" "the lock of `KEEP_CAPS`."
    0x040 NO_CAP_AMBIENT_RAISE "no_cap_ambient_raise" "nothing can be raised in the ambient set."
    0x080 NO_CAP_AMBIENT_RAISE_LOCKED "no_cap_ambient_raise_locked" "the lock of `NO_CAP_AMBIENT_RAISE`."
    0x100 EXEC_RESTRICT_FILE "exec_restrict_file" "advice for interpreters; the kernel only keeps it. Since 6.14."
    0x200 EXEC_RESTRICT_FILE_LOCKED "exec_restrict_file_locked" "the lock of `EXEC_RESTRICT_FILE`."
    0x400 EXEC_DENY_INTERACTIVE "exec_deny_interactive" "advice for interpreters; the kernel only keeps it. Since 6.14."
    0x800 EXEC_DENY_INTERACTIVE_LOCKED "exec_deny_interactive_locked" "the lock of `EXEC_DENY_INTERACTIVE`."
}

impl Securebits {
    /// None set.
    pub const EMPTY: Self = Self(0);
    /// Every lock.
    pub(crate) const LOCKS: Self = Self(0xaaa);
    /// Those that need no capability, with their locks (6.14).
    pub(crate) const UNPRIVILEGED: Self = Self(0xf00);

    /// The securebits with this value.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The securebit of this name, in lower case without `SECBIT_`.
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|&(bits, _)| Self(bits))
    }

    /// Every one that `release` knows.
    pub fn known(release: Release) -> Self {
        if release.has(&changes::EXEC_SECUREBITS) { Self(0xfff) } else { Self(0x0ff) }
    }

    /// Its value.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether none is set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every bit of `other` is set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The names of those that are set, in order of value.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES.iter().filter(move |&&(bits, _)| self.0 & bits != 0).map(|&(_, name)| name)
    }

    /// Every name, with its value, in order of value.
    pub fn all_names() -> impl Iterator<Item = (Self, &'static str)> {
        NAMES.iter().map(|&(bits, name)| (Self(bits), name))
    }

    /// The bits that these locks freeze.
    pub(crate) const fn frozen(self) -> Self {
        Self((self.0 & Self::LOCKS.0) >> 1)
    }
}

impl fmt::Debug for Securebits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl BitOr for Securebits {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitAnd for Securebits {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitXor for Securebits {
    type Output = Self;
    fn bitxor(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }
}

impl Not for Securebits {
    type Output = Self;
    fn not(self) -> Self {
        Self(!self.0)
    }
}
