use core::fmt;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

use super::from_text;
use crate::credentials::Securebits;

/// Securebits: a number, or a list of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SecurebitsText(pub Securebits);

impl SecurebitsText {
    pub(in crate::scenario) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for SecurebitsText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.bits().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SecurebitsText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SecurebitsVisitor;

        impl<'de> Visitor<'de> for SecurebitsVisitor {
            type Value = SecurebitsText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("securebits: a number, or a list of names such as \"noroot\"")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<SecurebitsText, E> {
                u32::try_from(number)
                    .map(|bits| SecurebitsText(Securebits::from_bits(bits)))
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &self))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<SecurebitsText, A::Error> {
                let mut bits = Securebits::EMPTY;
                while let Some(SecurebitName(bit)) = seq.next_element()? {
                    bits = bits | bit;
                }
                Ok(SecurebitsText(bits))
            }
        }

        deserializer.deserialize_any(SecurebitsVisitor)
    }
}

struct SecurebitName(Securebits);

impl<'de> Deserialize<'de> for SecurebitName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "the name of a securebit", |text| {
            Securebits::from_name(text)
                .map(Self)
                .ok_or("no securebit has this name; names look like \"noroot\", \"keep_caps_locked\"")
        })
    }
}
