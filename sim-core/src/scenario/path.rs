use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::seccomp::profile::Origin;

/// A place in a JSON text: `steps[2].capset`, `files["/bin/ping"].mode`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Path(Vec<Segment>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Key(String),
    Index(usize),
}

impl Path {
    pub(super) fn key(mut self, key: &str) -> Self {
        self.0.push(Segment::Key(key.into()));
        self
    }

    pub(super) fn index(mut self, index: usize) -> Self {
        self.0.push(Segment::Index(index));
        self
    }

    /// This path, and on from there.
    pub(super) fn join(mut self, below: Self) -> Self {
        self.0.extend(below.0);
        self
    }

    /// The place that a rule of a profile comes from.
    pub(super) fn origin(origin: Origin) -> Self {
        let index = |index: u32| usize::try_from(index).unwrap_or(usize::MAX);
        let entry = Self::default().key("syscalls").index(index(origin.entry));
        match origin.name {
            Some(name) => entry.key("names").index(index(name)),
            None => entry.key("name"),
        }
    }

    /// The path that is written `syscalls[2].args[0].op`, if its keys have neither points nor brackets.
    pub(super) fn parse(text: &str) -> Self {
        let parts = text.split(['.', '[']).filter(|part| !part.is_empty());
        parts.fold(Self::default(), |path, part| {
            match part.strip_suffix(']').and_then(|number| number.parse().ok()) {
                Some(index) => path.index(index),
                None => path.key(part),
            }
        })
    }

    pub(super) fn ends_with_key(&self, key: &str) -> bool {
        matches!(self.0.last(), Some(Segment::Key(last)) if last == key)
    }

    /// Line and column (in bytes, both from 1) at which the value at this place begins, or the nearest value around it.
    pub(super) fn locate(&self, text: &str) -> Option<(usize, usize)> {
        (1..=self.0.len()).rev().find_map(|depth| {
            let mut deserializer = serde_json::Deserializer::from_str(text);
            match de::DeserializeSeed::deserialize(Seek(self.0.get(..depth)?), &mut deserializer) {
                // serde_json counts what it has read, so the value begins at the next byte.
                Err(error) if error.is_data() => Some((error.line(), error.column() + 1)),
                _ => None,
            }
        })
    }
}

impl From<&serde_path_to_error::Path> for Path {
    fn from(path: &serde_path_to_error::Path) -> Self {
        use serde_path_to_error::Segment as Found;
        path.iter().fold(Self::default(), |path, segment| match segment {
            Found::Seq { index } => path.index(*index),
            Found::Map { key } => path.key(key),
            Found::Enum { variant } => path.key(variant),
            Found::Unknown => path,
        })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) if !is_plain(key) => write!(f, "[{key:?}]")?,
                Segment::Key(key) if depth == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Walks down a path and fails on arrival, which makes serde_json name the place.
struct Seek<'a>(&'a [Segment]);

impl<'de> de::DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.0.is_empty() { Err(de::Error::custom("here")) } else { deserializer.deserialize_any(self) }
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a place further down")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((Segment::Key(wanted), rest)) = self.0.split_first() else {
            return Err(de::Error::custom("here"));
        };
        while let Some(key) = map.next_key::<String>()? {
            if key == *wanted {
                map.next_value_seed(Seek(rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Some((Segment::Index(wanted), rest)) = self.0.split_first() else {
            return Err(de::Error::custom("here"));
        };
        for _ in 0..*wanted {
            seq.next_element::<IgnoredAny>()?;
        }
        seq.next_element_seed(Seek(rest))?;
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}
