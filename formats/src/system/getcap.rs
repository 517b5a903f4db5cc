//! What getcap prints: a path and its capabilities, in today's form and in the older one.

use sim_core::scenario::{CapsEntry, FileCapsObject, FileEntry};
use sim_core::text::{GetcapError, parse_getcap_line};

use crate::finding::{Finding, Says, TextForm};
use crate::mixture::{Cursor, Found};

/// Takes the lines of one output of getcap.
pub(crate) fn read(cursor: &mut Cursor<'_>, found: &mut Found) -> bool {
    let first = cursor.number();
    let (mut last, mut files, mut recognised) = (first, Vec::new(), Vec::new());
    while let Some(line) = cursor.line() {
        if files.len() >= MOST_FILES || !looks_like_one(line) {
            break;
        }
        match parse_getcap_line(line) {
            Ok(entry) => {
                recognised.push(format!("{} {}", entry.path, entry.caps));
                let caps = CapsEntry::Object(FileCapsObject {
                    revision: entry.caps.revision,
                    permitted: entry.caps.permitted.into(),
                    inheritable: entry.caps.inheritable.into(),
                    effective: entry.caps.effective(),
                });
                files.push((entry.path, FileEntry { caps: Some(caps), ..FileEntry::default() }));
            }
            Err(GetcapError::Form) => break,
            Err(error) => {
                found.misread_at(cursor.number(), 1 + line.len() - line.trim_start().len(), error.to_string());
            }
        }
        last = cursor.number();
        cursor.advance();
    }
    if !files.is_empty() {
        let assumed = vec!["getcap shows neither owner nor mode; root and 0755 are assumed.".to_owned()];
        let says = Says::Files(files);
        found.push(Finding { line: first, last_line: last, form: TextForm::Getcap, says, recognised, assumed });
    }
    cursor.number() > first
}

/// One output has at most so many files.
const MOST_FILES: usize = 10_000;

/// A path, and behind it a word with `cap_` and an operator.
fn looks_like_one(line: &str) -> bool {
    let line = line.trim();
    if !line.starts_with(['/', '.']) || line.len() > 8192 {
        return false;
    }
    let (line, _) = line.split_once(" [rootid=").unwrap_or((line, ""));
    line.rsplit_once(' ').is_some_and(|(_, last)| is_clause(last))
}

/// A clause such as `cap_net_raw=ep`, `=ep`, `cap_chown,cap_kill+p`.
fn is_clause(word: &str) -> bool {
    let Some(at) = word.find(['=', '+']) else { return false };
    let (names, flags) = word.split_at(at);
    (names.is_empty()
        || names.split(',').all(|name| name.get(..4).is_some_and(|cap| cap.eq_ignore_ascii_case("cap_"))))
        && flags.chars().all(|c| "=+-eip".contains(c))
}
