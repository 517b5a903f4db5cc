use alloc::vec::Vec;
use core::fmt;

/// Why a text is no row of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseHexError {
    /// A character that is no hexadecimal digit.
    #[error("character {at}, {character:?}, is no hexadecimal digit")]
    Digit {
        /// The character.
        character: char,
        /// Its place, counted from 1.
        at: usize,
    },
    /// Half a byte at the end.
    #[error("the last byte is cut short: {digits} hexadecimal digits are no whole number of bytes")]
    HalfByte {
        /// How many digits were found.
        digits: usize,
    },
}

/// Reads bytes from hexadecimal digits, two a byte.
///
/// ```
/// use sim_core::text::{HexBytes, parse_hex_bytes};
///
/// let bytes = parse_hex_bytes("01000002")?;
/// assert_eq!(bytes, [1, 0, 0, 2]);
/// assert_eq!(HexBytes(&bytes).to_string(), "01000002");
/// # Ok::<(), sim_core::text::ParseHexError>(())
/// ```
pub fn parse_hex_bytes(text: &str) -> Result<Vec<u8>, ParseHexError> {
    let mut nibbles = Vec::with_capacity(text.len());
    for (index, character) in text.chars().enumerate() {
        let digit = character.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        nibbles.push(digit.ok_or(ParseHexError::Digit { character, at: index + 1 })?);
    }
    let (pairs, rest) = nibbles.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(ParseHexError::HalfByte { digits: nibbles.len() });
    }
    Ok(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// Bytes as hexadecimal digits, two a byte.
#[derive(Clone, Copy, Debug)]
pub struct HexBytes<'a>(pub &'a [u8]);

impl fmt::Display for HexBytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
