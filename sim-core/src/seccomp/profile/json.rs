use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Place, Placed};

/// Why a text is no profile, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {}{message}", if path.is_empty() { String::new() } else { format!("{path}: ") })]
pub struct ProfileError {
    /// Line, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
    /// The place in the JSON, as `syscalls[2].args[0].op`; empty for the whole.
    pub path: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// So many characters of a key an error repeats.
const LONGEST_KEY: usize = 80;

/// A text of which values are asked where they stand.
pub(super) struct Text<'a> {
    text: &'a str,
    /// Where the last question was: offset, line, column. Questions come nearly in order.
    last: Cell<(usize, Place)>,
}

/// A value of the JSON that is not yet read.
#[derive(Clone, Copy)]
pub(super) struct Node<'a, 'p> {
    text: &'p Text<'a>,
    raw: &'a str,
    path: Path<'p>,
}

/// The way to a value.
#[derive(Clone, Copy)]
enum Path<'p> {
    Root,
    Key(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

impl<'a> Text<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, last: Cell::new((0, Place { line: 1, column: 1 })) }
    }

    pub(super) fn root(&self) -> Node<'a, '_> {
        Node { text: self, raw: self.text, path: Path::Root }
    }

    /// The place of an offset in bytes.
    pub(super) fn place(&self, offset: usize) -> Place {
        let (from, Place { mut line, mut column }) = self.last.get();
        let characters = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        let lines =
            |text: &str| u32::try_from(text.bytes().filter(|&byte| byte == b'\n').count()).unwrap_or(u32::MAX);
        if offset >= from {
            let passed = self.text.get(from..offset).unwrap_or_default();
            line += lines(passed);
            column = match passed.rsplit_once('\n') {
                Some((_, start)) => characters(start) + 1,
                None => column + characters(passed),
            };
        } else {
            let before = self.text.get(offset..from).unwrap_or_default();
            let lines = lines(before);
            line -= lines;
            column = if lines == 0 {
                column - characters(before)
            } else {
                let start = self.text.get(..offset).unwrap_or_default();
                characters(start.rsplit('\n').next().unwrap_or_default()) + 1
            };
        }
        let place = Place { line, column };
        self.last.set((offset, place));
        place
    }
}

impl<'a> Node<'a, '_> {
    /// Its offset in the text; values are slices of it.
    fn offset(&self) -> usize {
        self.raw.as_ptr().addr() - self.text.text.as_ptr().addr()
    }

    pub(super) fn place(&self) -> Place {
        self.text.place(self.offset())
    }

    /// An error at this value.
    pub(super) fn error(&self, message: impl Into<String>) -> ProfileError {
        let Place { line, column } = self.place();
        ProfileError { line, column, path: self.path.to_string(), message: message.into() }
    }

    pub(super) fn is_null(&self) -> bool {
        self.raw == "null"
    }

    /// The members of an object, in order. A key twice is an error.
    pub(super) fn object(&self) -> Result<Vec<(String, &'a str)>, ProfileError> {
        let Members(members) = self.read("an object")?;
        let mut keys: Vec<&str> = members.iter().map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        if let Some(key) = keys.windows(2).find_map(|pair| matches!(pair, [a, b] if a == b).then(|| pair.first())) {
            let key: String = key.copied().unwrap_or_default().chars().take(LONGEST_KEY).collect();
            return Err(self.error(format!("the key \"{key}\" stands here twice")));
        }
        Ok(members.into_iter().map(|(key, value)| (key, value.get())).collect())
    }

    /// The member of an object.
    pub(super) fn member<'q>(&'q self, key: &'q str, raw: &'a str) -> Node<'a, 'q> {
        Node { text: self.text, raw, path: Path::Key(&self.path, key) }
    }

    /// The members of an array; none if it is null.
    pub(super) fn array<T>(
        &self,
        mut each: impl FnMut(&Node<'a, '_>) -> Result<T, ProfileError>,
    ) -> Result<Vec<T>, ProfileError> {
        if self.is_null() {
            return Ok(Vec::new());
        }
        let members: Vec<&'a RawValue> = self.read("an array")?;
        let node = |index: usize, raw: &'a RawValue| Node {
            text: self.text,
            raw: raw.get(),
            path: Path::Index(&self.path, index),
        };
        members.into_iter().enumerate().map(|(index, raw)| each(&node(index, raw))).collect()
    }

    /// The text of a string.
    pub(super) fn string(&self) -> Result<String, ProfileError> {
        // A string without escapes stands there as it is; what contains the value was read, so that nothing else is wrong.
        let inside = self.raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        match inside.filter(|text| !text.contains('\\')) {
            Some(text) => Ok(text.into()),
            None => self.read("a string"),
        }
    }

    /// The texts of an array of strings, and where they stand; none if it is null.
    pub(super) fn strings(&self) -> Result<Vec<Placed<String>>, ProfileError> {
        // Strings without escapes are read as slices of the text, which tell their places. This is the most of a profile.
        if let Ok(texts) = serde_json::from_str::<Vec<&'a str>>(self.raw) {
            let offset = |text: &str| text.as_ptr().addr() - self.text.text.as_ptr().addr() - 1;
            let placed = |text: &str| Placed { value: text.into(), place: self.text.place(offset(text)) };
            return Ok(texts.into_iter().map(placed).collect());
        }
        self.array(|node| Ok(Placed { value: node.string()?, place: node.place() }))
    }

    /// A number from 0 to 2^32 - 1.
    pub(super) fn word(&self) -> Result<u32, ProfileError> {
        self.read("a whole number from 0 to 4294967295")
    }

    /// A number from 0 to 2^64 - 1.
    pub(super) fn long(&self) -> Result<u64, ProfileError> {
        self.read("a whole number from 0 to 18446744073709551615")
    }

    fn read<T: Deserialize<'a>>(&self, wanted: &str) -> Result<T, ProfileError> {
        serde_json::from_str(self.raw).map_err(|error| {
            if error.is_data() {
                return self.error(format!("{wanted} is wanted here"));
            }
            let line_start =
                self.raw.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
            let offset = (line_start + error.column().saturating_sub(1)).min(self.raw.len());
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            let Place { line, column } = self.text.place(floor_char(self.text.text, self.offset() + offset));
            ProfileError { line, column, path: self.path.to_string(), message: message.to_string() }
        })
    }
}

/// The last boundary of a character that is not behind `offset`.
fn floor_char(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// The members of an object, values unread.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Read)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(Self::Root, key) => f.write_str(key),
            Self::Key(parent, key) => write!(f, "{parent}.{key}"),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}
