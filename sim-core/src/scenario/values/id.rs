use alloc::vec::Vec;
use core::fmt;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

/// One id, 0 to 4294967294.
struct Id(u32);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdVisitor;

        impl Visitor<'_> for IdVisitor {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id: a number from 0 to 4294967294")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Id, E> {
                match u32::try_from(number) {
                    Ok(id) if id != u32::MAX => Ok(Id(id)),
                    _ => Err(E::invalid_value(de::Unexpected::Unsigned(number), &self)),
                }
            }
        }

        deserializer.deserialize_any(IdVisitor)
    }
}

pub(in crate::scenario) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    Id::deserialize(deserializer).map(|Id(id)| id)
}

pub(in crate::scenario) fn optional_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    id(deserializer).map(Some)
}

pub(in crate::scenario) fn ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
    Ok(Vec::<Id>::deserialize(deserializer)?.into_iter().map(|Id(id)| id).collect())
}

/// Four ids: real, effective, saved, filesystem. One number stands for four equal ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FourIds(pub [u32; 4]);

impl Serialize for FourIds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let [real, rest @ ..] = self.0;
        if rest == [real; 3] { real.serialize(serializer) } else { self.0.serialize(serializer) }
    }
}

impl<'de> Deserialize<'de> for FourIds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FourIdsVisitor;

        impl<'de> Visitor<'de> for FourIdsVisitor {
            type Value = FourIds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id from 0 to 4294967294, or four: real, effective, saved, filesystem")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<FourIds, E> {
                match u32::try_from(number) {
                    Ok(id) if id != u32::MAX => Ok(FourIds([id; 4])),
                    _ => Err(E::invalid_value(de::Unexpected::Unsigned(number), &self)),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<FourIds, A::Error> {
                let mut ids = [0; 4];
                for (index, slot) in ids.iter_mut().enumerate() {
                    let Id(id) = seq.next_element()?.ok_or_else(|| de::Error::invalid_length(index, &self))?;
                    *slot = id;
                }
                match seq.next_element::<de::IgnoredAny>()? {
                    None => Ok(FourIds(ids)),
                    Some(_) => Err(de::Error::invalid_length(5, &self)),
                }
            }
        }

        deserializer.deserialize_any(FourIdsVisitor)
    }
}
