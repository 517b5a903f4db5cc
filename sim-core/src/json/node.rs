use alloc::borrow::Cow;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Expected, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::path::{Segment, Way};
use super::{Error, MAX_DEPTH, Path, syntax};

/// A value of a JSON text that is not read yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'a, 'p> {
    text: &'a str,
    raw: &'a str,
    way: Way<'p>,
}

/// A number without a fraction.
pub(super) enum Integer {
    Unsigned(u64),
    Signed(i64),
}

/// A member of an object: its key, and its value as it stands in the text.
pub(super) type Member<'a> = (Cow<'a, str>, &'a RawValue);

impl<'a> Node<'a, '_> {
    /// The value that a whole text is. After this, what remains to be wrong with the JSON itself is an escape in a string.
    pub(crate) fn root(text: &'a str) -> Result<Self, Error> {
        match serde_json::from_str::<&RawValue>(text) {
            Ok(raw) => Ok(Self { text, raw: raw.get(), way: Way::Root }),
            Err(error) => {
                let (offset, message) = syntax::place(text, &error);
                Err(Error::new(message).or_at(offset, || syntax::path_at(text, offset)))
            }
        }
    }

    /// Reads it as a type.
    pub(crate) fn read<T: Deserialize<'a>>(&self) -> Result<T, Error> {
        self.read_with(PhantomData)
    }

    pub(super) fn read_with<S: DeserializeSeed<'a>>(&self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self).map_err(|error| self.place(error))
    }

    /// It as it stands in the text.
    pub(crate) fn raw(&self) -> &'a str {
        self.raw
    }

    /// Where it begins in the text, in bytes.
    pub(crate) fn offset(&self) -> usize {
        offset(self.text, self.raw)
    }

    /// Where the value at the end of a path begins, or the nearest value around it.
    pub(crate) fn offset_of(&self, path: &Path) -> usize {
        let mut raw = self.raw;
        for segment in &path.0 {
            let found = match segment {
                Segment::Key(key) => members(raw).ok().and_then(|all| all.into_iter().find(|(k, _)| k == key)),
                Segment::Index(index) => elements(raw).ok().and_then(|all| Some((Cow::default(), *all.get(*index)?))),
            };
            let Some((_, value)) = found else { break };
            raw = value.get();
        }
        offset(self.text, raw)
    }

    pub(super) fn member<'q>(&'q self, key: &'q str, raw: &'a RawValue) -> Node<'a, 'q> {
        Node { text: self.text, raw: raw.get(), way: Way::Key(&self.way, key) }
    }

    pub(super) fn element(&self, index: usize, raw: &'a RawValue) -> Node<'a, '_> {
        Node { text: self.text, raw: raw.get(), way: Way::Index(&self.way, index) }
    }

    pub(super) fn is_null(&self) -> bool {
        self.raw == "null"
    }

    pub(super) fn bool(&self) -> Option<bool> {
        match self.raw {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// Its first character, which says what kind of value it is.
    pub(super) fn first(&self) -> u8 {
        self.raw.bytes().next().unwrap_or_default()
    }

    pub(super) fn string(&self, expected: &dyn Expected) -> Result<Cow<'a, str>, Error> {
        let inside = self.raw.strip_prefix('"').and_then(|inside| inside.strip_suffix('"'));
        match inside {
            None => Err(self.unfit(expected)),
            Some(inside) if !inside.contains('\\') => Ok(Cow::Borrowed(inside)),
            Some(_) => {
                serde_json::from_str(self.raw).map(Cow::<'_, str>::Owned).map_err(|error| self.malformed(&error))
            }
        }
    }

    pub(super) fn elements(&self, expected: &dyn Expected) -> Result<Vec<&'a RawValue>, Error> {
        if self.first() != b'[' {
            return Err(self.unfit(expected));
        }
        self.check_depth()?;
        elements(self.raw).map_err(|error| self.malformed(&error))
    }

    pub(super) fn members(&self, expected: &dyn Expected) -> Result<Vec<Member<'a>>, Error> {
        if self.first() != b'{' {
            return Err(self.unfit(expected));
        }
        self.check_depth()?;
        members(self.raw).map_err(|error| self.malformed(&error))
    }

    fn check_depth(&self) -> Result<(), Error> {
        if self.way.depth() < MAX_DEPTH {
            return Ok(());
        }
        Err(Error::new(format!("values stand in each other more than {MAX_DEPTH} deep")))
    }

    /// A whole number of 64 bits.
    pub(super) fn integer(&self) -> Option<Integer> {
        if let Ok(number) = self.raw.parse() {
            return Some(Integer::Unsigned(number));
        }
        match self.raw.parse().ok()? {
            // Written as -0, which is 0 too.
            0 => Some(Integer::Unsigned(0)),
            number => Some(Integer::Signed(number)),
        }
    }

    /// The error that something else is expected here.
    pub(super) fn unfit(&self, expected: &dyn Expected) -> Error {
        let (what, found) = match self.first() {
            b'n' => ("type", "null".to_string()),
            b't' | b'f' => ("type", format!("boolean `{}`", self.raw)),
            b'[' => ("type", "sequence".to_string()),
            b'{' => ("type", "map".to_string()),
            b'"' => match self.string(expected) {
                Ok(text) => ("type", format!("string {text:?}")),
                Err(error) => return error,
            },
            _ if self.raw.contains(['.', 'e', 'E']) => ("type", format!("floating point `{}`", self.raw)),
            _ if self.integer().is_some() => ("type", format!("integer `{}`", self.raw)),
            _ => ("value", format!("integer `{}`", self.raw)),
        };
        Error::unfit(what, &found, expected)
    }

    /// Puts an error here, unless it has a place.
    pub(super) fn place(&self, error: Error) -> Error {
        if let Some(key) = error.repeated()
            && let Ok(members) = members(self.raw)
            && let Some((key, value)) = members.iter().filter(|(k, _)| k == key).nth(1)
        {
            return self.member(key, value).place(error);
        }
        error.or_at(self.offset(), || self.way.path())
    }

    fn malformed(&self, error: &serde_json::Error) -> Error {
        let (offset, message) = syntax::place(self.raw, error);
        Error::new(message).or_at(self.offset() + offset, || self.way.path())
    }
}

fn offset(text: &str, part: &str) -> usize {
    part.as_ptr().addr() - text.as_ptr().addr()
}

fn elements(raw: &str) -> serde_json::Result<Vec<&RawValue>> {
    serde_json::from_str(raw)
}

fn members(raw: &str) -> serde_json::Result<Vec<Member<'_>>> {
    serde_json::from_str(raw).map(|Members(members)| members)
}

struct Members<'a>(Vec<Member<'a>>);

#[derive(Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Key(key), value)) = map.next_entry()? {
                    members.push((key, value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}
