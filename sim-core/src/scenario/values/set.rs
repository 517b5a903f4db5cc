use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

use super::from_text;
use crate::capability::{CapSet, Capability, ParseCapSetError};

/// A set of capabilities in any notation of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetText {
    /// `"all"`: every capability that the kernel release knows.
    All,
    /// These.
    Set(CapSet),
}

/// Why a text is no set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetTextError {
    /// A digit, a name or the number of digits cannot be.
    #[error(transparent)]
    Set(#[from] ParseCapSetError),
    /// Neither 16 hexadecimal digits, nor 0x before fewer.
    #[error("a set has 16 hexadecimal digits, or 0x and fewer; this one has {digits}")]
    Digits {
        /// How many it has.
        digits: usize,
    },
}

impl SetText {
    /// The set, if `"all"` means `all`.
    pub fn resolve(self, all: CapSet) -> CapSet {
        match self {
            Self::All => all,
            Self::Set(set) => set,
        }
    }

    fn union(sets: Vec<CapSet>) -> Self {
        Self::Set(sets.into_iter().fold(CapSet::EMPTY, |all, set| all | set))
    }
}

/// The notations that are a string.
impl FromStr for SetText {
    type Err = SetTextError;

    fn from_str(text: &str) -> Result<Self, SetTextError> {
        if text.eq_ignore_ascii_case("all") {
            return Ok(Self::All);
        }
        if text.eq_ignore_ascii_case("none") {
            return Ok(Self::Set(CapSet::EMPTY));
        }
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            let set = CapSet::from_hex(text)?;
            let complete = text.len() == 16 || text.starts_with("0x") || text.starts_with("0X");
            return if complete { Ok(Self::Set(set)) } else { Err(SetTextError::Digits { digits: text.len() }) };
        }
        if text.len() == 16
            && let Ok(set) = CapSet::from_hex(text)
        {
            return Ok(Self::Set(set));
        }
        let names = text.split(',').map(|name| named(name.trim()));
        Ok(names.collect::<Result<Vec<_>, _>>().map(Self::union)?)
    }
}

fn named(name: &str) -> Result<CapSet, ParseCapSetError> {
    match Capability::from_name(name) {
        Some(capability) => Ok(capability.into()),
        None => Err(ParseCapSetError::UnknownName { name: name.to_string() }),
    }
}

impl From<CapSet> for SetText {
    fn from(set: CapSet) -> Self {
        Self::Set(set)
    }
}

impl Serialize for SetText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str("all"),
            Self::Set(set) => serializer.collect_str(set),
        }
    }
}

impl<'de> Deserialize<'de> for SetText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SetVisitor;

        impl<'de> Visitor<'de> for SetVisitor {
            type Value = SetText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a set: \"all\", \"none\", 16 hexadecimal digits, or names of capabilities")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<SetText, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<SetText, A::Error> {
                let mut sets = Vec::new();
                while let Some(name) = seq.next_element::<CapabilityName>()? {
                    sets.push(name.0);
                }
                Ok(SetText::union(sets))
            }
        }

        deserializer.deserialize_any(SetVisitor)
    }
}

/// One name in a list, so that an error has the place of the name.
struct CapabilityName(CapSet);

impl<'de> Deserialize<'de> for CapabilityName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "the name of a capability", |text| named(text).map(Self))
    }
}
