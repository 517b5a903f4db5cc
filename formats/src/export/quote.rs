//! Text of strangers, made harmless for the medium that it stands in.

/// A word of a shell, quoted if it needs to be.
pub(super) fn word(text: &str) -> String {
    // The crate quotes `=` too, which means something in the name of a command only.
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,:/=+@%".contains(c);
    if text.starts_with('-') && text.chars().all(plain) {
        text.to_owned()
    } else {
        shell_words::quote(text).into_owned()
    }
}

/// Text for a comment, which ends with the line: control characters are written as escapes.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if is_disruptive(c) { c.escape_default().to_string() } else { c.to_string() }).collect()
}

/// Control characters, and those that turn the direction of a line or end it in some viewers.
fn is_disruptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
