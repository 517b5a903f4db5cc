//! Where a text is no JSON.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::path::Segment;
use super::{MAX_DEPTH, Path};

/// What JSON allows between values.
const WHITESPACE: [char; 4] = [' ', '\n', '\t', '\r'];

/// Offset in bytes, and message, of an error in reading `text`.
pub(super) fn place(text: &str, error: &serde_json::Error) -> (usize, String) {
    let line_start: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let offset = (line_start + error.column().saturating_sub(1)).min(text.len());
    let offset = text.floor_char_boundary(offset);
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    // serde_json names it where it reads values, but not where it passes over them.
    let message = match (message, text.as_bytes().get(offset)) {
        ("key must be a string", Some(b'}')) | ("expected value", Some(b']')) if follows_comma(text, offset) => {
            "trailing comma"
        }
        (message, _) => message,
    };
    (offset, message.to_string())
}

fn follows_comma(text: &str, offset: usize) -> bool {
    text.get(..offset).is_some_and(|before| before.trim_end_matches(WHITESPACE).ends_with(','))
}

/// The path to the value that was last begun before an offset, up to which the text is well formed.
pub(super) fn path_at(text: &str, offset: usize) -> Path {
    // For each value that is open, where in it; beyond those, how many more are open.
    let mut open: Vec<Option<Segment>> = Vec::new();
    let mut deeper = 0;
    let mut rest = text.get(..offset).unwrap_or_default().chars();
    while let Some(character) = rest.next() {
        match character {
            '{' | '[' if open.len() == MAX_DEPTH => deeper += 1,
            '{' => open.push(None),
            '[' => open.push(Some(Segment::Index(0))),
            '}' | ']' if deeper > 0 => deeper -= 1,
            '}' | ']' => drop(open.pop()),
            ',' if deeper == 0 => {
                if let Some(within) = open.last_mut() {
                    *within = match within {
                        Some(Segment::Index(index)) => Some(Segment::Index(*index + 1)),
                        _ => None,
                    };
                }
            }
            '"' => {
                let string = rest.as_str();
                let Some(length) = length(string) else { break };
                if deeper == 0
                    && let (Some(within @ None), Some(key)) = (open.last_mut(), string.get(..length))
                {
                    *within = Some(Segment::Key(key.into()));
                }
                rest = string.get(length + 1..).unwrap_or_default().chars();
            }
            _ => {}
        }
    }
    Path(open.into_iter().flatten().collect())
}

/// The length of a string up to the quotation mark that ends it.
fn length(string: &str) -> Option<usize> {
    let mut bytes = string.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some(at),
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
    None
}
