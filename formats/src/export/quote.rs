//! Text of strangers, made harmless for the medium that it stands in.

use std::fmt::Write as _;

/// A word of a shell, in single quotes if it needs any: POSIX, Shell Command Language, 2.2.2; shlex would take turns of
/// both kinds of quotes, which nobody can read. No word can have a NUL in it: `\0` stands in its place.
pub(super) fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,:/+@%".contains(c);
    // `=` means something in the name of a command only.
    let is_option = text.starts_with('-') && text.chars().all(|c| plain(c) || c == '=');
    if !text.is_empty() && text.chars().all(plain) || is_option {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\0', "\\0").replace('\'', r"'\''"))
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

/// A scalar of YAML in double quotes, whose escapes are those of JSON and more.
pub(super) fn yaml(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if is_disruptive(c) || c == '\u{feff}' => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// A word of a setting of a systemd unit that is split into words: quoted, its specifiers and variables doubled.
pub(super) fn unit(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '%' | '$' => quoted.extend([c, c]),
            c if is_disruptive(c) => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    let _ = write!(quoted, "\\x{byte:02x}");
                }
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// Text of a line of Markdown as code: between more backticks than it has in a row, without anything that ends the line.
pub(super) fn code(text: &str) -> String {
    let text = one_line(text);
    let fence = "`".repeat(longest_run(&text, '`') + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Text of a line of Markdown as prose: nothing in it is markup, a mention or a link.
pub(super) fn prose(text: &str) -> String {
    let mut said = String::new();
    for c in one_line(text).chars() {
        match c {
            // A mention or a reference to another thread would call people.
            '@' | '#' | '&' | '<' | '>' => {
                let _ = write!(said, "&#{};", u32::from(c));
            }
            c if c.is_ascii_punctuation() && !",;:.'\"/-()?=%".contains(c) => said.extend(['\\', c]),
            c => said.push(c),
        }
    }
    // A scheme makes a link of its own in some viewers, and a number with a point at the beginning a list.
    said.replace("://", "&#58;//").replace("www.", "www&#46;")
}

/// A block of Markdown between fences that the text cannot close.
pub(super) fn fenced(language: &str, text: &str) -> String {
    let fence = "`".repeat((longest_run(text, '`') + 1).max(3));
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end_matches('\n'))
}

fn longest_run(text: &str, of: char) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == of { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}
