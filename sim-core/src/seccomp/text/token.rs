//! The words of a line.

use alloc::string::String;
use alloc::vec::Vec;

use super::{MAX_WORDS, TextError, TextFault};

/// A word, a number or a sign, with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// Signs of more than one character, the longest first.
const SIGNS: [&str; 15] =
    ["<<=", ">>=", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "|=", "&=", "^=", "<<", ">>"];

impl Token<'_> {
    pub(super) fn is_word(self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
    }

    pub(super) fn is_number(self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_digit())
    }

    /// Its value, if it is a number of at most `max`: decimal, or hexadecimal with `0x`. Suffixes of C are left out.
    pub(super) fn number(self, max: u64) -> Result<u64, TextError> {
        let digits = self.text.trim_end_matches(['u', 'U', 'l', 'L']);
        let (digits, radix) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
            Some(digits) => (digits, 16),
            None => (digits, 10),
        };
        if digits.is_empty() || !digits.bytes().all(|byte| char::from(byte).is_digit(radix)) {
            return Err(self.expected("a number"));
        }
        let value = u64::from_str_radix(digits, radix).ok().filter(|value| *value <= max);
        value.ok_or_else(|| self.fault(TextFault::Number { found: shortened(self.text), max }))
    }

    pub(super) fn expected(self, expected: &'static str) -> TextError {
        self.fault(TextFault::Expected { expected, found: shortened(self.text) })
    }

    pub(super) fn fault(self, fault: TextFault) -> TextError {
        TextError::new(self.line, self.column, fault)
    }
}

/// What an error repeats of a text.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Cuts a line into words, numbers and signs, of which `left` more may come. A comment is the caller's to remove.
pub(super) fn tokens<'a>(line: &'a str, number: usize, left: &mut usize) -> Result<Vec<Token<'a>>, TextError> {
    let (mut found, mut rest, mut column) = (Vec::new(), line, 1);
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_alphanumeric() || first == '_' {
            let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
            rest.find(|c| !part(c)).unwrap_or(rest.len())
        } else {
            SIGNS.iter().find(|sign| rest.starts_with(**sign)).map_or(first.len_utf8(), |sign| sign.len())
        };
        let (text, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        if !first.is_whitespace() {
            let token = Token { text, line: number, column };
            let too_much = || token.fault(TextFault::TooMuch { what: "words and signs", max: MAX_WORDS });
            *left = left.checked_sub(1).ok_or_else(too_much)?;
            found.push(token);
        }
        column += text.chars().count();
        rest = after;
    }
    Ok(found)
}
