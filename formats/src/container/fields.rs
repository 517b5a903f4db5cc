//! Values of fields, and what is said where they are of another kind.

use super::draft::truth as go_truth;
use super::notes::{Notes, shown};
use super::tree::At;

/// A text; anything else is said to be wrong.
pub(super) fn text<'a>(at: At<'a, '_>, field: &str, notes: &mut Notes) -> Option<&'a str> {
    let text = at.text();
    if text.is_none() {
        notes.misread(at.place(), format!("{field} is a text, not a {}", kind(at)));
    }
    text
}

/// A list of texts; a text alone is taken as a list of it.
pub(super) fn texts<'a>(at: At<'a, '_>, field: &str, notes: &mut Notes) -> Vec<&'a str> {
    if at.is_list() {
        return at.elements().filter_map(|element| text(element, field, notes)).collect();
    }
    notes.misread(at.place(), format!("{field} is a list, not a {}", kind(at)));
    at.text().into_iter().collect()
}

/// A number from 0 to 4294967295.
pub(super) fn number(at: At<'_, '_>, field: &str, notes: &mut Notes) -> Option<u32> {
    let written = at.text();
    let number = written.and_then(|text| text.parse().ok());
    match (number, written) {
        (None, Some(text)) => {
            notes.misread(at.place(), format!("{field} is a number from 0 to 4294967295, not {:?}", shown(text)));
        }
        (None, None) => notes.misread(at.place(), format!("{field} is a number, not a {}", kind(at))),
        (Some(_), _) => {}
    }
    number
}

/// A truth; one in quotes is read, and said to be wrong.
pub(super) fn truth(at: At<'_, '_>, field: &str, notes: &mut Notes) -> Option<bool> {
    let written = at.text();
    let value = written.and_then(|text| match text.to_ascii_lowercase().as_str() {
        "yes" | "on" | "y" => Some(true),
        "no" | "off" | "n" => Some(false),
        _ => go_truth(text),
    });
    match (value, written) {
        (None, Some(text)) => notes.misread(at.place(), format!("{field} is true or false, not {:?}", shown(text))),
        (None, None) => notes.misread(at.place(), format!("{field} is true or false, not a {}", kind(at))),
        (Some(_), _) if !at.is_plain() => {
            notes.misread(
                at.place(),
                format!("{field} is true or false without quotes; it is read as if it had none"),
            );
        }
        (Some(_), _) => {}
    }
    value
}

fn kind(at: At<'_, '_>) -> &'static str {
    if at.is_list() {
        "list"
    } else if at.is_mapping() {
        "mapping"
    } else {
        "single value"
    }
}
