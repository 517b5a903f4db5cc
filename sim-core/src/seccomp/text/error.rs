use alloc::string::String;

use crate::seccomp::bpf::{BytesError, CheckError, Instruction};

/// The longest text that is read, in bytes. A filter of 4096 instructions has some 300,000.
pub const MAX_TEXT: usize = 16 << 20;

/// So many words, numbers and signs one text has at most. A filter of 4096 instructions in C has some 80,000.
pub const MAX_WORDS: usize = 2_000_000;

/// Why a text is no filter, with the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {fault}")]
pub struct TextError {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub fault: TextFault,
}

/// What is wrong in a text, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextFault {
    /// Something else should stand there.
    #[error("{expected} should stand here{}", found_in_words(found))]
    Expected {
        /// What should stand there.
        expected: &'static str,
        /// What stands there; empty at the end of the line.
        found: String,
    },
    /// A number that does not fit.
    #[error("{found} does not fit; the largest number here is {max}")]
    Number {
        /// The number as it is written.
        found: String,
        /// The largest that fits.
        max: u64,
    },
    /// A name that means nothing here.
    #[error("the name {name} is not known here; write the number")]
    Name {
        /// The name.
        name: String,
    },
    /// A label that stands nowhere, or a second time.
    #[error("the label {name} stands {}", if *twice { "twice" } else { "nowhere" })]
    Label {
        /// The label.
        name: String,
        /// Whether it stands twice; otherwise nowhere.
        twice: bool,
    },
    /// A line's number is not the instruction's.
    #[error("this is instruction {index}, not {found}")]
    LineNumber {
        /// The number of the instruction.
        index: usize,
        /// What the line says.
        found: u64,
    },
    /// A jump that no instruction can make.
    #[error(
        "no jump from {from} to {target} is possible: a conditional one skips 0 to 255 instructions, none goes back"
    )]
    Distance {
        /// The instruction that jumps.
        from: usize,
        /// Where to.
        target: u64,
    },
    /// Columns and statement of one line do not say the same.
    #[error("the statement is 0x{:02x} 0x{:02x} 0x{:02x} 0x{:08x}, not what the columns say", .0.code, .0.jt, .0.jf, .0.k)]
    Columns(Instruction),
    /// More than can be read.
    #[error("there is too much: at most {max} {what}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How many.
        max: usize,
    },
    /// The bytes are no program.
    #[error(transparent)]
    Bytes(#[from] BytesError),
    /// The program can be read, but the kernel's check refuses it.
    #[error("the kernel would refuse it: {0}")]
    Check(CheckError),
}

fn found_in_words(found: &str) -> String {
    if found.is_empty() { String::new() } else { alloc::format!(", not {found:?}") }
}

impl TextError {
    pub(super) const fn new(line: usize, column: usize, fault: TextFault) -> Self {
        Self { line, column, fault }
    }
}
