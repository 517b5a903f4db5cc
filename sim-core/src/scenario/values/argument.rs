//! Ids as arguments of calls: whatever a C program could pass is taken, -1 among it.

use alloc::vec::Vec;
use core::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

/// The longest list that setgroups(2) takes (`NGROUPS_MAX`).
const MAX_GROUPS: usize = 65536;

/// One id, written as a number from -2147483648 to 4294967295.
#[derive(Clone, Copy)]
pub(in crate::scenario) struct IdArgument(pub(in crate::scenario) u32);

/// A list of exactly `N` ids.
pub(in crate::scenario) struct IdArguments<const N: usize>(pub(in crate::scenario) [u32; N]);

/// A list of groups.
pub(in crate::scenario) struct GroupArguments(pub(in crate::scenario) Vec<u32>);

pub(in crate::scenario) fn id_argument<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    IdArgument::deserialize(deserializer).map(|IdArgument(id)| id)
}

pub(in crate::scenario) fn write_id_argument<S: Serializer>(id: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    IdArgument(*id).serialize(serializer)
}

impl Serialize for IdArgument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 == u32::MAX { serializer.serialize_i64(-1) } else { serializer.serialize_u32(self.0) }
    }
}

impl<'de> Deserialize<'de> for IdArgument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdVisitor;

        impl Visitor<'_> for IdVisitor {
            type Value = IdArgument;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id as a program passes it: a number from -2147483648 to 4294967295")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<IdArgument, E> {
                let id = u32::try_from(number).map(IdArgument);
                id.map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &self))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<IdArgument, E> {
                let id = i32::try_from(number).map(|id| IdArgument(id.cast_unsigned()));
                id.map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
            }
        }

        deserializer.deserialize_any(IdVisitor)
    }
}

impl<'de, const N: usize> Deserialize<'de> for IdArguments<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ids: Vec<u32> =
            Vec::<IdArgument>::deserialize(deserializer)?.into_iter().map(|IdArgument(id)| id).collect();
        let count = ids.len();
        let ids = ids.try_into().map(Self);
        ids.map_err(|_| de::Error::custom(format_args!("this call takes a list of {N} ids; this list has {count}")))
    }
}

impl<'de> Deserialize<'de> for GroupArguments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let groups = Vec::<IdArgument>::deserialize(deserializer)?;
        if groups.len() > MAX_GROUPS {
            return Err(de::Error::custom(format_args!("a list of groups has at most {MAX_GROUPS}")));
        }
        Ok(Self(groups.into_iter().map(|IdArgument(id)| id).collect()))
    }
}
