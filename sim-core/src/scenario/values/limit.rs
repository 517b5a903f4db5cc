use core::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

/// A limit of a resource: a number from 0 to 18446744073709551615, or `"RLIM_INFINITY"`, which is the last of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitText(pub u64);

const INFINITY: &str = "RLIM_INFINITY";

impl fmt::Display for LimitText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == u64::MAX { f.write_str(INFINITY) } else { self.0.fmt(f) }
    }
}

impl Serialize for LimitText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 == u64::MAX { serializer.serialize_str(INFINITY) } else { serializer.serialize_u64(self.0) }
    }
}

impl<'de> Deserialize<'de> for LimitText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LimitVisitor;

        impl Visitor<'_> for LimitVisitor {
            type Value = LimitText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a limit: a number from 0 to 18446744073709551615, or \"RLIM_INFINITY\"")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<LimitText, E> {
                Ok(LimitText(number))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<LimitText, E> {
                let known = (text == INFINITY).then_some(LimitText(u64::MAX));
                known.ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(LimitVisitor)
    }
}
