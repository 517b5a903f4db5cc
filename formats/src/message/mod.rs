//! Error messages as programs, engines and service managers print them.

mod pattern;
mod table;
#[cfg(test)]
mod tests;

pub use table::{MESSAGES, Message, NO_MESSAGE};

use std::sync::LazyLock;

use sim_core::scenario::{Call, read_value};

use crate::finding::{Failure, Finding, Says, TextForm};
use crate::mixture::{Cursor, Found};
use pattern::{Holes, Pattern, Searched};

/// A message is looked for in so many bytes at the beginning of a line.
const MOST_SEARCHED: usize = 4096;

/// Words of which each message has one; a line without is not looked at any closer.
const SIGNS: [&str; 33] = [
    "permi",
    "denied",
    "eperm",
    "eacces",
    "enosys",
    "fail",
    "privil",
    "capab",
    "cannot",
    "can't",
    "could not",
    "unable",
    "euid",
    "effective uid",
    "must be",
    "cap_",
    "status=",
    "signal",
    "bad system",
    "openat2",
    "faccessat2",
    "sock_raw",
    "only root",
    "implemented",
    "observability",
    "uv_thread",
    "error",
    "pthread",
    "ptrace",
    "ownership",
    "invalid cap",
    "perf_event",
    "sethostname",
];
/// No message is shorter, in bytes.
const SHORTEST: usize = 6;

/// Every pattern with its row, in the order of the table.
static PATTERNS: LazyLock<Vec<(&'static Message, Pattern)>> = LazyLock::new(|| {
    let of_row = |row: &'static Message| row.patterns.iter().map(move |pattern| (row, Pattern::new(pattern)));
    MESSAGES.iter().flat_map(of_row).collect()
});

/// Rows whose messages may name the capability; where they do, the call is about that one.
const NAME_A_CAPABILITY: [&str; 2] = ["ambient-raise", "bounding-drop"];

/// Takes a line with an error message of the table.
pub(crate) fn read(cursor: &mut Cursor<'_>, found: &mut Found) -> bool {
    let Some(line) = cursor.line() else { return false };
    if !report(line, cursor.number(), found) {
        return false;
    }
    cursor.advance();
    true
}

/// Reports the error message in a line, if there is one.
pub(crate) fn report(line: &str, number: usize, found: &mut Found) -> bool {
    let Some((failure, assumed)) = failure_of(line) else { return false };
    let mut recognised = vec![failure.id.to_owned()];
    recognised.extend(failure.call.as_ref().map(|call| format!("the call {}", call.name())));
    found.push(Finding {
        line: number,
        last_line: number,
        form: TextForm::ErrorMessage,
        says: Says::Failure(failure),
        recognised,
        assumed,
    });
    true
}

/// What a line tells of a failure, by the first row of [`MESSAGES`] that it matches.
///
/// ```
/// let failure = formats::read_message("2026/11/25 03:00:00 listen tcp :80: bind: permission denied").unwrap();
/// assert_eq!((failure.id, failure.errno), ("bind", Some("EACCES")));
/// assert_eq!(failure.call.unwrap().name(), "bind");
/// assert!(formats::read_message("All is well.").is_none());
/// ```
pub fn read_message(line: &str) -> Option<Failure> {
    failure_of(line).map(|(failure, _)| failure)
}

pub(crate) fn failure_of(line: &str) -> Option<(Failure, Vec<String>)> {
    let mut end = line.len().min(MOST_SEARCHED);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    let line = line.get(..end)?.trim();
    if line.len() < SHORTEST {
        return None;
    }
    let searched = Searched::new(line);
    if !SIGNS.iter().any(|sign| searched.has(sign)) {
        return None;
    }
    let (row, holes) =
        PATTERNS.iter().find_map(|(row, pattern)| searched.find(pattern).map(|holes| (*row, holes)))?;
    let path = holes.iter().find(|(name, _)| *name == "path").map(|(_, path)| (*path).to_owned());
    let named = searched.capability().filter(|_| NAME_A_CAPABILITY.contains(&row.id));
    let call = row.call.and_then(|template| match named {
        Some(name) => call_of(&template.replace("cap_net_bind_service", name).replace("cap_net_raw", name), &holes),
        None => call_of(template, &holes),
    });
    let mut assumed: Vec<String> = row.assumed.iter().map(|text| (*text).to_owned()).collect();
    if call.is_none() || named.is_some() {
        assumed.clear();
    }
    let errno = row.errno.or_else(|| errno_in(&searched));
    Some((Failure { id: row.id, message: line.to_owned(), call, path, errno }, assumed))
}

/// The call of a row, with what the holes hold in its places.
fn call_of(template: &str, holes: &Holes<'_>) -> Option<Call> {
    let mut text = template.to_owned();
    for (name, value) in holes {
        let value: String = value
            .chars()
            .flat_map(|c| match c {
                '"' | '\\' => vec!['\\', c],
                c => vec![c],
            })
            .collect();
        text = text.replace(&format!("<{name}>"), &value);
    }
    (!text.contains(['<', '>'])).then(|| read_value::<Call>(&text).ok()).flatten()
}

/// The errno that the line names, by its name or as the C library says it.
fn errno_in(line: &Searched) -> Option<&'static str> {
    let names = [
        ("EPERM", "eperm"),
        ("EACCES", "eacces"),
        ("ENOSYS", "enosys"),
        ("EPERM", "operation not permitted"),
        ("EPERM", "errno 1]"),
        ("EACCES", "permission denied"),
        ("EACCES", "errno 13]"),
        ("ENOSYS", "function not implemented"),
        ("EINVAL", "invalid argument"),
        ("ENOENT", "no such file or directory"),
    ];
    names.into_iter().find(|(_, text)| line.has(text)).map(|(name, _)| name)
}
