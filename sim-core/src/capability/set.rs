use core::fmt;
use core::ops::{BitAnd, BitAndAssign, BitOr, BitOrAssign, Not, Sub, SubAssign};

use super::Capability;

/// A set of capabilities: one word, bit *n* for capability *n*.
///
/// Shown, and in JSON always written, as the 16 hexadecimal digits of `/proc/PID/status`.
///
/// ```
/// use sim_core::capability::{CapSet, Capability};
///
/// let set = CapSet::from_hex("00000000800405fb")?;
/// assert!(set.contains(Capability::NET_BIND_SERVICE));
/// assert_eq!(set.to_string(), "00000000800405fb");
/// assert_eq!((set & Capability::KILL.into()).len(), 1);
/// # Ok::<(), sim_core::capability::ParseCapSetError>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct CapSet(u64);

/// Why a text is not a set of capabilities.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseCapSetError {
    /// A character that is no hexadecimal digit, at this place (counted from 1).
    #[error("character {at}, {character:?}, is no hexadecimal digit")]
    NotHex {
        /// The offending character.
        character: char,
        /// Its place, counted from 1.
        at: usize,
    },
    /// No digits, or more than 16.
    #[error("a set has 1 to 16 hexadecimal digits, this one has {digits}")]
    Length {
        /// How many digits were found.
        digits: usize,
    },
    /// A name that is no capability.
    #[error("{name:?} is no capability; names look like cap_net_raw, sets like 00000000800405fb, all or none")]
    UnknownName {
        /// The name as it was written.
        name: alloc::string::String,
    },
}

impl CapSet {
    /// The empty set.
    pub const EMPTY: Self = Self(0);

    /// The set with exactly these bits.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Its bits.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Every capability from 0 to `last`, as a kernel whose `cap_last_cap` is `last` has them.
    pub const fn up_to(last: Capability) -> Self {
        Self(u64::MAX >> (63 - last.number()))
    }

    /// Reads 1 to 16 hexadecimal digits, with or without `0x`.
    pub fn from_hex(text: &str) -> Result<Self, ParseCapSetError> {
        let (digits, offset) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(rest) => (rest, 2),
            None => (text, 0),
        };
        let mut bits = 0u64;
        let mut count = 0;
        for character in digits.chars() {
            let digit =
                character.to_digit(16).ok_or(ParseCapSetError::NotHex { character, at: offset + count + 1 })?;
            count += 1;
            bits = (bits << 4) | u64::from(digit);
        }
        if !(1..=16).contains(&count) {
            return Err(ParseCapSetError::Length { digits: count });
        }
        Ok(Self(bits))
    }

    /// Reads one name, in any case, with or without `cap_`; or the number of a capability, 0 to 63.
    pub fn from_name(name: &str) -> Result<Self, ParseCapSetError> {
        let by_number = || name.parse().ok().and_then(Capability::from_number);
        Capability::from_name(name)
            .or_else(by_number)
            .map(Self::from)
            .ok_or_else(|| ParseCapSetError::UnknownName { name: name.into() })
    }

    /// Whether the set holds no capability.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many capabilities the set holds.
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether the set holds `capability`.
    pub const fn contains(self, capability: Capability) -> bool {
        self.0 >> capability.number() & 1 == 1
    }

    /// Whether every capability of this set is in `other`.
    pub const fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The set for people: names, what is missing from all that are named, or how many.
    ///
    /// ```
    /// use sim_core::capability::{CapSet, Capability};
    ///
    /// let all = CapSet::up_to(Capability::LAST_NAMED);
    /// assert_eq!(CapSet::from(Capability::KILL).in_words().to_string(), "CAP_KILL");
    /// assert_eq!((all - Capability::KILL.into()).in_words().to_string(), "every capability but CAP_KILL");
    /// assert_eq!(CapSet::from_bits(0x5fb).in_words().to_string(), "9 capabilities (00000000000005fb)");
    /// ```
    pub const fn in_words(self) -> InWords {
        InWords(self)
    }

    /// The capabilities it holds, in order of number.
    pub const fn iter(self) -> Iter {
        Iter(self.0)
    }
}

/// The capabilities of a set, in order of number.
#[derive(Clone, Debug)]
pub struct Iter(u64);

impl Iterator for Iter {
    type Item = Capability;

    fn next(&mut self) -> Option<Capability> {
        let number = u8::try_from(self.0.trailing_zeros()).ok()?;
        let capability = Capability::from_number(number)?;
        self.0 &= self.0 - 1;
        Some(capability)
    }
}

impl IntoIterator for CapSet {
    type Item = Capability;
    type IntoIter = Iter;

    fn into_iter(self) -> Iter {
        self.iter()
    }
}

impl FromIterator<Capability> for CapSet {
    fn from_iter<I: IntoIterator<Item = Capability>>(iter: I) -> Self {
        iter.into_iter().fold(Self::EMPTY, |set, capability| set | capability.into())
    }
}

impl From<Capability> for CapSet {
    fn from(capability: Capability) -> Self {
        Self(1 << capability.number())
    }
}

/// A set as people would say it.
#[derive(Clone, Copy, Debug)]
pub struct InWords(CapSet);

impl fmt::Display for InWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const FEW: u32 = 6;
        let set = self.0;
        let missing = CapSet::up_to(Capability::LAST_NAMED) - set;
        let named = match (set.len(), missing.len()) {
            (0, _) => return f.write_str("nothing"),
            (..=FEW, _) => set,
            (_, 0) => return f.write_str("every capability"),
            (_, ..=FEW) => {
                f.write_str("every capability but ")?;
                missing
            }
            (many, _) => return write!(f, "{many} capabilities ({set})"),
        };
        named
            .iter()
            .enumerate()
            .try_for_each(|(index, capability)| write!(f, "{}{capability}", if index == 0 { "" } else { ", " }))
    }
}

impl fmt::Display for CapSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for CapSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl BitAnd for CapSet {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for CapSet {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The capabilities that `self` has and `other` has not.
impl Sub for CapSet {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl Not for CapSet {
    type Output = Self;
    fn not(self) -> Self {
        Self(!self.0)
    }
}

impl BitAndAssign for CapSet {
    fn bitand_assign(&mut self, other: Self) {
        self.0 &= other.0;
    }
}

impl BitOrAssign for CapSet {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl SubAssign for CapSet {
    fn sub_assign(&mut self, other: Self) {
        self.0 &= !other.0;
    }
}
