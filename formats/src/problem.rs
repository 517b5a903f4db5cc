/// A line of a log that was not read, or not whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {fault}")]
pub struct Problem {
    /// The line, counted from 1.
    pub line: u64,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a line of a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It is nothing that the tool writes: often output of the program itself. With how it begins.
    #[error("not recognised: {0:?}")]
    NotRecognised(String),
    /// A record of another kind than the one that is read, or one that lacks a field. With the field.
    #[error("a record without {0}")]
    FieldMissing(&'static str),
    /// A field that is no number of its kind.
    #[error("{field} is {found:?}, which is no number of its kind")]
    Number {
        /// The field.
        field: &'static str,
        /// What stands there.
        found: String,
    },
    /// So many calls were begun and not ended that no more are remembered.
    #[error("more than {0} calls were begun and not ended; this one is not followed")]
    TooMany(usize),
    /// The log cannot be read on.
    #[error("cannot be read: {0}")]
    Unreadable(String),
}

/// How many characters of a line are shown.
const SHOWN: usize = 60;

impl Problem {
    /// A line that is not recognised from some byte on.
    pub(crate) fn not_recognised(line: u64, text: &str, offset: usize) -> Self {
        let (before, rest) = text.split_at_checked(offset).unwrap_or(("", text));
        let shown = rest.chars().take(SHOWN).collect();
        Self { line, column: before.chars().count() + 1, fault: Fault::NotRecognised(shown) }
    }

    pub(crate) fn unreadable(line: u64, error: &std::io::Error) -> Self {
        Self { line, column: 1, fault: Fault::Unreadable(error.to_string()) }
    }
}
