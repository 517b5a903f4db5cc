//! A place in a text, line by line; a reader looks at the line there, and goes on behind what it has read.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::lines::MAX_LINE;

/// A place in a text, at the beginning of a line.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    /// Where the line begins, and where it ends, without its end.
    start: usize,
    end: usize,
    /// Its number, counted from 1.
    number: usize,
    text: Cow<'a, str>,
    is_end: bool,
}

impl<'a> Cursor<'a> {
    /// At the beginning of a text whose first line has this number.
    pub(crate) fn new(bytes: &'a [u8], number: usize) -> Self {
        let mut cursor = Self { bytes, start: 0, end: 0, number, text: Cow::Borrowed(""), is_end: false };
        cursor.settle(0);
        cursor
    }

    /// The line without its end and without control characters; of a longer one the first [`MAX_LINE`] bytes. Nothing at
    /// the end of the text.
    pub(crate) fn line(&self) -> Option<&str> {
        (!self.is_end).then_some(&*self.text)
    }

    /// The number of the line, counted from 1.
    pub(crate) const fn number(&self) -> usize {
        self.number
    }

    /// The line as it stands in the text.
    pub(crate) fn raw(&self) -> &'a [u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// The text from this line on.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    /// The text from this line up to the one where `end` is.
    pub(crate) fn until(&self, end: &Self) -> &'a [u8] {
        let stop = if end.is_end { self.bytes.len() } else { end.start };
        self.bytes.get(self.start..stop).unwrap_or_default()
    }

    /// Goes on to the next line.
    pub(crate) fn advance(&mut self) {
        if !self.is_end {
            self.number += 1;
            self.settle(self.end + 1);
        }
    }

    /// Goes on behind so many bytes from the beginning of this line, to the next line that begins there or later.
    pub(crate) fn advance_bytes(&mut self, count: usize) {
        let passed = self.rest().get(..count).unwrap_or_default();
        self.number += line_ends(passed);
        let ends_a_line = passed.last() == Some(&b'\n');
        let at = self.start + passed.len();
        self.settle(at);
        if !ends_a_line && !passed.is_empty() {
            self.advance();
        }
    }

    fn settle(&mut self, start: usize) {
        self.start = start;
        let Some(rest) = self.bytes.get(start..).filter(|rest| !rest.is_empty()) else {
            (self.is_end, self.end, self.text) = (true, start, Cow::Borrowed(""));
            return;
        };
        self.end = start + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        self.text = shown(self.raw().get(..MAX_LINE).unwrap_or_else(|| self.raw()));
    }
}

/// How many lines end in these bytes.
pub(crate) fn line_ends(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == b'\n').count() - 1
}

/// The column, in characters from 1, at which a part of a line begins.
pub(crate) fn column_of(line: &str, part: &str) -> usize {
    let offset = (part.as_ptr() as usize).saturating_sub(line.as_ptr() as usize);
    line.get(..offset).map_or(1, |before| before.chars().count() + 1)
}

/// A line for people and readers: bytes that are not UTF-8 are replaced, colours left out, other control characters but
/// tabs written as `\u{1b}`.
fn shown(line: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
    if !text.chars().any(|c| c.is_control() && c != '\t') {
        return text;
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find(|c: char| c.is_control() && c != '\t') {
        let (before, from) = rest.split_at(at);
        clean.push_str(before);
        rest = if let Some(behind) = after_colour(from) {
            behind
        } else {
            let mut chars = from.chars();
            if let Some(control) = chars.next() {
                // Writing to a String cannot fail.
                let _ = write!(clean, "{}", control.escape_unicode());
            }
            chars.as_str()
        };
    }
    clean.push_str(rest);
    Cow::Owned(clean)
}

/// What follows a sequence of a terminal, as `ESC [ 0 ; 32 m`.
fn after_colour(text: &str) -> Option<&str> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let rest = parameters.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';' || c == '?');
    let mut chars = rest.chars();
    chars.next().filter(char::is_ascii_alphabetic)?;
    Some(chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_and_cleaned() {
        let mut cursor = Cursor::new(b"one\r\n\x1b[0;32mgreen\x1b[0m \x07\xff\n\nlast", 1);
        let mut lines = Vec::new();
        while let Some(line) = cursor.line() {
            lines.push((cursor.number(), line.to_owned()));
            cursor.advance();
        }
        let expected = [(1, "one"), (2, "green \\u{7}\u{fffd}"), (3, ""), (4, "last")];
        assert_eq!(lines, expected.map(|(number, text)| (number, text.to_owned())));
        assert_eq!((cursor.line(), cursor.number()), (None, 5));
        assert_eq!(Cursor::new(b"", 1).line(), None);
    }

    #[test]
    fn bytes_are_passed_to_the_line_behind_them() {
        for (count, number, line) in
            [(0, 1, Some("ab")), (1, 2, Some("cd")), (3, 2, Some("cd")), (4, 3, None), (99, 1, Some("ab"))]
        {
            let mut cursor = Cursor::new(b"ab\ncd\n", 1);
            cursor.advance_bytes(count);
            assert_eq!((cursor.number(), cursor.line()), (number, line), "{count}");
        }
    }

    #[test]
    fn a_long_line_is_cut() {
        let text = vec![b'x'; 3 * MAX_LINE];
        assert_eq!(Cursor::new(&text, 1).line().map(str::len), Some(MAX_LINE));
    }
}
