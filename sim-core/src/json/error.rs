use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

use serde::de::{self, Expected, Unexpected};

use super::Path;

/// Why a value is not of the type that is read, and where it stands.
#[derive(Debug)]
pub(crate) struct Error(Box<Described>);

#[derive(Debug)]
struct Described {
    message: String,
    /// A key that stands in an object more than once.
    repeated: Option<&'static str>,
    place: Option<(usize, Path)>,
}

impl Error {
    pub(super) fn new(message: String) -> Self {
        Self(Box::new(Described { message, repeated: None, place: None }))
    }

    /// The error that something else is expected.
    pub(super) fn unfit(what: &str, found: &str, expected: &dyn Expected) -> Self {
        Self::new(format!("invalid {what}: {found}, expected {expected}"))
    }

    /// Puts the error at an offset and a path, unless it has a place.
    pub(super) fn or_at(mut self, offset: usize, path: impl FnOnce() -> Path) -> Self {
        if self.0.place.is_none() {
            self.0.place = Some((offset, path()));
        }
        self
    }

    /// The key that stands in an object more than once, if that is the error and it has no place yet.
    pub(super) fn repeated(&self) -> Option<&'static str> {
        self.0.repeated.filter(|_| self.0.place.is_none())
    }

    /// Offset in bytes, path, and what is wrong.
    pub(crate) fn into_parts(self) -> (usize, Path, String) {
        let (offset, path) = self.0.place.unwrap_or_default();
        (offset, path, self.0.message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl core::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::unfit("type", &in_words(unexpected), expected)
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::unfit("value", &in_words(unexpected), expected)
    }

    fn duplicate_field(field: &'static str) -> Self {
        let mut error = Self::new(format!("{field:?} is given twice"));
        error.0.repeated = Some(field);
        error
    }
}

/// What is there, in the words of JSON. Numbers that are not whole do not come here, for no type has a visitor of them.
fn in_words(unexpected: Unexpected<'_>) -> String {
    match unexpected {
        Unexpected::Unit => "null".to_string(),
        Unexpected::Bool(value) => format!("boolean `{value}`"),
        Unexpected::Unsigned(number) => format!("integer `{number}`"),
        Unexpected::Signed(number) => format!("integer `{number}`"),
        Unexpected::Str(text) => format!("string {text:?}"),
        Unexpected::Seq => "sequence".to_string(),
        Unexpected::Map => "map".to_string(),
        _ => "another value".to_string(),
    }
}
