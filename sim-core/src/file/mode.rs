use core::fmt;
use core::str::FromStr;

/// The permission bits of a file: 12 bits, `07777`.
///
/// ```
/// use sim_core::file::Mode;
///
/// let mode: Mode = "04755".parse()?;
/// assert!(mode.contains(Mode::S_ISUID));
/// assert_eq!(mode.to_string(), "4755");
/// # Ok::<(), sim_core::file::ParseModeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mode(u16);

/// Why a text is no mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a mode is one to five octal digits, at most 07777")]
pub struct ParseModeError;

impl Mode {
    /// Set-user-ID.
    pub const S_ISUID: Self = Self(0o4000);
    /// Set-group-ID.
    pub const S_ISGID: Self = Self(0o2000);
    /// In a directory, only the owner of a file or of the directory may remove or rename the file.
    pub const S_ISVTX: Self = Self(0o1000);
    /// The group may execute.
    pub const S_IXGRP: Self = Self(0o0010);
    /// `0755`.
    pub const EXECUTABLE: Self = Self(0o0755);

    /// The mode with these bits; `None` above `07777`.
    pub const fn new(bits: u16) -> Option<Self> {
        if bits <= 0o7777 { Some(Self(bits)) } else { None }
    }

    /// Its bits.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether every bit of `other` is set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Only the bits of `kept`.
    #[must_use]
    pub const fn only(self, kept: Self) -> Self {
        Self(self.0 & kept.0)
    }

    /// With the bits of `added`.
    #[must_use]
    pub const fn with(self, added: Self) -> Self {
        Self(self.0 | added.0)
    }

    /// Without the bits of `dropped`.
    #[must_use]
    pub const fn without(self, dropped: Self) -> Self {
        Self(self.0 & !dropped.0)
    }

    /// The three bits, `rwx`, of the owner, of the group, and of the others.
    pub(crate) const fn classes(self) -> [u16; 3] {
        [self.0 >> 6 & 7, self.0 >> 3 & 7, self.0 & 7]
    }

    /// Whether a set-id bit is set.
    pub(crate) const fn has_set_id(self) -> bool {
        self.0 & (Self::S_ISUID.0 | Self::S_ISGID.0) != 0
    }

    /// Whether owner, group or others may execute.
    pub(crate) const fn execute_bits(self) -> [bool; 3] {
        [self.0 & 0o100 != 0, self.0 & 0o010 != 0, self.0 & 0o001 != 0]
    }
}

impl FromStr for Mode {
    type Err = ParseModeError;

    fn from_str(text: &str) -> Result<Self, ParseModeError> {
        let octal = (1..=5).contains(&text.len()) && text.bytes().all(|b| (b'0'..=b'7').contains(&b));
        let bits = if octal { u16::from_str_radix(text, 8).ok() } else { None };
        bits.and_then(Self::new).ok_or(ParseModeError)
    }
}

/// Four octal digits, as `stat -c %04a` prints them.
impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

impl fmt::Debug for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
