use alloc::vec::Vec;

use super::{MAX_TEXT, TextError, TextFault};
use crate::seccomp::ByteOrder;
use crate::seccomp::bpf::{Instruction, from_bytes};

/// Reads a program from the hexadecimal digits of its bytes: `2000000004000000…`, `20 00 …`, `0x20, 0x00, …` or
/// `\x20\x00…`. The byte order is found out if it is not given.
///
/// ```
/// use sim_core::seccomp::text::read_hex;
///
/// let (program, _) = read_hex(r"\x06\x00\x00\x00 0x00,0x00, ff7f", None)?;
/// assert_eq!(program[0].k, 0x7fff_0000);
/// # Ok::<(), sim_core::seccomp::text::TextError>(())
/// ```
pub fn read_hex(text: &str, order: Option<ByteOrder>) -> Result<(Vec<Instruction>, ByteOrder), TextError> {
    if text.len() > MAX_TEXT {
        return Err(TextError::new(1, 1, TextFault::TooMuch { what: "bytes of text", max: MAX_TEXT }));
    }
    let mut bytes = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let mut digits = Digits { column: 1, rest: text };
        while digits.skip_separators() {
            let place = digits.column;
            let fault = || TextFault::Expected {
                expected: "two hexadecimal digits",
                found: digits.rest.chars().take(2).collect(),
            };
            let byte = digits.byte().ok_or_else(|| TextError::new(line, place, fault()))?;
            digits.advance(2);
            bytes.push(byte);
        }
    }
    from_bytes(&bytes, order).map_err(|error| TextError::new(1, 1, TextFault::Bytes(error)))
}

struct Digits<'a> {
    column: usize,
    rest: &'a str,
}

impl Digits<'_> {
    fn advance(&mut self, characters: usize) {
        let length = self.rest.chars().take(characters).map(char::len_utf8).sum();
        self.rest = self.rest.get(length..).unwrap_or_default();
        self.column += characters;
    }

    /// Skips what may stand between bytes; whether something is left.
    fn skip_separators(&mut self) -> bool {
        loop {
            if ["0x", "0X", "\\x"].iter().any(|prefix| self.rest.starts_with(prefix)) {
                self.advance(2);
            } else if self.rest.starts_with(|c: char| c.is_whitespace() || [',', '"', ';', '{', '}'].contains(&c)) {
                self.advance(1);
            } else {
                return !self.rest.is_empty();
            }
        }
    }

    fn byte(&self) -> Option<u8> {
        let two = self.rest.get(..2)?;
        two.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u8::from_str_radix(two, 16).ok())?
    }
}
