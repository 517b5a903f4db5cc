//! The notations of single values.

mod argument;
mod caps;
mod id;
mod limit;
mod securebits;
mod set;

pub(super) use argument::{GroupArguments, IdArgument, IdArguments, id_argument, write_id_argument};
pub use caps::{CapsEntry, FileCapsObject};
pub use id::FourIds;
pub(super) use id::{id, ids, optional_id};
pub use limit::LimitText;
pub use securebits::SecurebitsText;
pub use set::{SetText, SetTextError};

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use core::fmt;
use core::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Serialize, Serializer};

use crate::file::Mode;
use crate::kernel::Release;

/// A value that stands there; `null` is none.
pub(super) fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Takes no value: fails with this message, at the place of the value.
pub(super) struct Refused(pub(super) String);

impl<'de> de::DeserializeSeed<'de> for Refused {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
        Err(de::Error::custom(self.0))
    }
}

/// A port, 0 to 65535.
struct Port(u16);

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PortVisitor;

        impl Visitor<'_> for PortVisitor {
            type Value = Port;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a port: a number from 0 to 65535")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Port, E> {
                u16::try_from(number).map(Port).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &self))
            }
        }

        deserializer.deserialize_any(PortVisitor)
    }
}

pub(super) fn port<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    Port::deserialize(deserializer).map(|Port(port)| port)
}

pub(super) fn optional_port<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    port(deserializer).map(Some)
}

/// A number from `LEAST` to `GREATEST`.
struct Within<const LEAST: i64, const GREATEST: i64>(i64);

impl<'de, const LEAST: i64, const GREATEST: i64> Deserialize<'de> for Within<LEAST, GREATEST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WithinVisitor<const LEAST: i64, const GREATEST: i64>;

        impl<const LEAST: i64, const GREATEST: i64> Visitor<'_> for WithinVisitor<LEAST, GREATEST> {
            type Value = i64;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a number from {LEAST} to {GREATEST}")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<i64, E> {
                let within = Some(number).filter(|number| (LEAST..=GREATEST).contains(number));
                within.ok_or_else(|| E::invalid_value(de::Unexpected::Signed(number), &self))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<i64, E> {
                let within = i64::try_from(number).ok().filter(|number| (LEAST..=GREATEST).contains(number));
                within.ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(number), &self))
            }
        }

        deserializer.deserialize_any(WithinVisitor::<LEAST, GREATEST>).map(Self)
    }
}

/// An optional setting from `LEAST` to `GREATEST`, both of which `T` holds.
pub(super) fn optional_within<'de, T, D, const LEAST: i64, const GREATEST: i64>(
    deserializer: D,
) -> Result<Option<T>, D::Error>
where
    T: TryFrom<i64>,
    D: Deserializer<'de>,
{
    Within::<LEAST, GREATEST>::deserialize(deserializer).map(|Within(number)| T::try_from(number).ok())
}

/// A kernel release, `"6.18"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleaseText(pub Release);

impl Serialize for ReleaseText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ReleaseText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "a kernel release such as \"6.18\"", |text| text.parse().map(Self))
    }
}

/// A mode in octal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModeText(pub Mode);

impl Default for ModeText {
    fn default() -> Self {
        Self(Mode::EXECUTABLE)
    }
}

impl ModeText {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Serialize for ModeText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ModeText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "a mode in octal digits, as \"4755\"", |text| text.parse().map(Self))
    }
}

/// A path from the root directory on.
pub(super) fn absolute_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    from_text(deserializer, "an absolute path", |text| {
        if text.starts_with('/') && !text.contains('\0') { Ok(text.into()) } else { Err("a path begins with \"/\"") }
    })
}

/// A map in which a key given twice is an error.
pub(super) fn unique_keys<'de, D, V>(deserializer: D) -> Result<BTreeMap<String, V>, D::Error>
where
    D: Deserializer<'de>,
    V: Deserialize<'de>,
{
    struct MapVisitor<V>(PhantomData<V>);

    impl<'de, V: Deserialize<'de>> Visitor<'de> for MapVisitor<V> {
        type Value = BTreeMap<String, V>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some(key) = access.next_key::<String>()? {
                if map.contains_key(&key) {
                    access.next_value_seed(Refused(format!("{key:?} is given twice")))?;
                }
                map.insert(key, access.next_value()?);
            }
            Ok(map)
        }
    }

    deserializer.deserialize_map(MapVisitor(PhantomData))
}

/// Reads a string with `parse`, whose error becomes the message.
pub(super) fn from_text<'de, D, T, E>(
    deserializer: D,
    expected: &'static str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    E: fmt::Display,
{
    struct TextVisitor<F>(&'static str, F);

    impl<T, E: fmt::Display, F: FnOnce(&str) -> Result<T, E>> Visitor<'_> for TextVisitor<F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<Error: de::Error>(self, text: &str) -> Result<T, Error> {
            (self.1)(text).map_err(Error::custom)
        }
    }

    deserializer.deserialize_str(TextVisitor(expected, parse))
}

/// The greatest group of `net.ipv4.ping_group_range` (`GID_T_MAX`).
const LAST_GROUP: i64 = 0x7fff_ffff;

/// Two groups that `net.ipv4.ping_group_range` can have.
pub(super) fn optional_group_range<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<[u32; 2]>, D::Error> {
    let range: [Within<0, LAST_GROUP>; 2] = Deserialize::deserialize(deserializer)?;
    let [first, last] = range.map(|Within(group)| u32::try_from(group).unwrap_or(u32::MAX));
    Ok(Some([first, last]))
}
