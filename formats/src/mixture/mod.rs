//! One entry point for texts of all kinds, and mixtures of them: prose, commands, fenced blocks, listings, messages.
//!
//! A text is gone through once, line by line. At each line the readers are asked in turn whether it is theirs; the first
//! that says so takes it, and as many lines after it as belong to it. What nobody takes is prose and passed over.

mod containers;
mod cursor;
mod fence;
mod found;
mod json;
mod log;
#[cfg(test)]
mod tests;

pub(crate) use cursor::{Cursor, column_of};
pub(crate) use found::Found;

use crate::finding::{Misread, Reading};
use crate::{command, message, system};

/// How much of a text is read, in bytes: 32 MiB.
pub const MAX_TEXT: usize = 32 << 20;
/// How many findings, and how many places that were not understood, are kept.
pub const MAX_FINDINGS: usize = 100_000;

/// Reads a text of any of the kinds in [`TextForm`](crate::TextForm), or a mixture of them, as an issue report is.
///
/// It takes time in proportion to the text. Of a text with more than [`MAX_TEXT`] bytes the beginning is read; more than
/// [`MAX_FINDINGS`] findings are not kept; both end in a [`Misread`] that says so.
///
/// ```
/// use formats::{Says, TextForm};
///
/// let reading = formats::read(
///     b"With these capabilities it does not start:
///
/// $ getcap /usr/bin/ping
/// /usr/bin/ping cap_net_raw=ep
/// $ ping -c1 localhost
/// sh: 1: ping: Operation not permitted
/// ",
/// );
/// let forms: Vec<_> = reading.findings.iter().map(|finding| (finding.line, finding.form)).collect();
/// assert_eq!(forms, [(4, TextForm::Getcap), (6, TextForm::ErrorMessage)]);
/// assert!(matches!(&reading.findings[1].says, Says::Failure(failure) if failure.errno == Some("EPERM")));
/// ```
pub fn read(text: &[u8]) -> Reading {
    let mut found = Found::default();
    let whole = text.len();
    let text = text.get(..MAX_TEXT).unwrap_or(text);
    let mut cursor = Cursor::new(text, 1);
    part(&mut cursor, &mut found);
    if whole > MAX_TEXT {
        found.misread(Misread {
            line: cursor.number().saturating_sub(1).max(1),
            column: 1,
            message: format!("a text has at most {MAX_TEXT} bytes (32 MiB); what follows is not read"),
        });
    }
    let mut reading = found.end();
    within(text, &mut reading.misread);
    reading
}

/// Brings columns into their lines: a line that was cleaned of control characters is longer than it was.
fn within(text: &[u8], misread: &mut [Misread]) {
    let mut lines = (1..).zip(text.split(|byte| *byte == b'\n'));
    let mut width = None;
    for misread in misread {
        while width.is_none_or(|(number, _)| number < misread.line) {
            let Some((number, line)) = lines.next() else { break };
            if number == misread.line {
                width = Some((number, String::from_utf8_lossy(line).chars().count()));
            }
        }
        if let Some((_, width)) = width.filter(|(number, _)| *number == misread.line) {
            misread.column = misread.column.min(width + 1);
        }
    }
}

/// Reads what is left of a text, or of a block within one.
fn part(cursor: &mut Cursor<'_>, found: &mut Found) {
    let mut log = log::Logs::default();
    let (mut json, mut yaml) = (json::Values::default(), containers::Documents::default());
    while let Some(line) = cursor.line() {
        if line.trim().is_empty() {
            cursor.advance();
            continue;
        }
        if log.take(cursor, found) {
            continue;
        }
        if cursor.line().is_some_and(system::unit::says_user_manager) {
            found.say_user_manager();
        }
        let (before, failures) = (cursor.number(), found.failures());
        let others = found.len() - failures;
        let text = cursor.line().filter(|line| line.contains('`')).unwrap_or_default().to_owned();
        let is_taken = fence::read(cursor, found)
            || json.take(cursor, found)
            || yaml.take(cursor, found)
            || READERS.iter().any(|reader| reader(cursor, found));
        // Prose has a command in backticks, and in the same line the message that it gave.
        if is_taken && cursor.number() == before + 1 && found.failures() == failures {
            message::report(&text, before, found);
        }
        // A reader that takes a line goes on behind it.
        if !is_taken || cursor.number() == before {
            cursor.advance();
        }
        // Messages may stand between the lines of a log, other findings end it.
        if found.len() - found.failures() > others {
            log.end(found);
        }
    }
    log.end(found);
}

/// A reader: whether it has taken the line where the cursor is. If so the cursor is behind what it took.
type Reader = fn(&mut Cursor<'_>, &mut Found) -> bool;

/// The readers, the most particular first.
const READERS: &[Reader] = &[
    system::unit::read,
    containers::read_command,
    containers::read_list,
    command::dockerfile::read,
    command::read,
    system::status::read,
    system::getcap::read,
    system::capsh::read,
    system::capsh::read_getpcaps,
    system::id::read,
    system::iab::read,
    system::ls::read,
    system::stat::read,
    system::mount::read,
    system::sysctl::read,
    system::version::read,
    message::read,
];
