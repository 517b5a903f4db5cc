//! What starts containers, within a text: lines of docker and podman, documents of YAML and JSON, lists that inspect prints.

use super::{Cursor, Found};
use crate::container::{read_commands, read_document, read_lists};
use crate::finding::Reading;
use crate::message;

/// Looks for documents of YAML.
#[derive(Debug, Default)]
pub(super) struct Documents {
    /// Up to this line nothing is looked for: a document that says nothing of containers goes so far.
    passed: usize,
}

/// A command goes on for so many lines at most.
const MOST_LINES: usize = 500;
/// Within so many lines a quotation mark is closed.
const MOST_QUOTED: usize = 60;

/// Takes a line with commands of docker or podman, and the lines that go on with it.
pub(super) fn read_command(cursor: &mut Cursor<'_>, found: &mut Found) -> bool {
    let Some(line) = cursor.line() else { return false };
    if !line.contains("docker") && !line.contains("podman") {
        return false;
    }
    let is_inspect = line.contains("inspect");
    let (mut end, mut quotes) = (cursor.clone(), Quotes::default());
    for joined in 0..MOST_LINES {
        let Some(line) = end.line() else { break };
        quotes.pass(line);
        let goes_on = line.trim_end().ends_with('\\') || quotes.is_open() && joined < MOST_QUOTED;
        end.advance();
        if !goes_on {
            break;
        }
    }
    if quotes.is_open() {
        // A mark that is never closed, as in prose: the line alone, and those that a backslash joins.
        end = cursor.clone();
        for _ in 0..MOST_LINES {
            let goes_on = end.line().is_some_and(|line| line.trim_end().ends_with('\\'));
            end.advance();
            if !goes_on {
                break;
            }
        }
    }
    if take(cursor, &end, read_commands, found) {
        return true;
    }
    // What inspect printed stands behind its command.
    if is_inspect {
        for _ in 0..4 {
            if end.line().is_none_or(|line| line.trim().is_empty()) {
                break;
            }
            end.advance();
        }
        return take(cursor, &end, read_lists, found);
    }
    false
}

/// Takes a line that is a list of capabilities in brackets.
pub(super) fn read_list(cursor: &mut Cursor<'_>, found: &mut Found) -> bool {
    let Some(line) = cursor.line().map(str::trim) else { return false };
    if !line.starts_with('[') || !line.ends_with(']') || line.len() < 4 {
        return false;
    }
    let mut end = cursor.clone();
    end.advance();
    take(cursor, &end, read_lists, found)
}

/// Gives the lines up to `end` to a reader, and goes on behind what it found.
fn take(cursor: &mut Cursor<'_>, end: &Cursor<'_>, reader: fn(&str) -> Reading, found: &mut Found) -> bool {
    let text = String::from_utf8_lossy(cursor.until(end));
    let reading = reader(&text);
    let Some(last) = reading.findings.iter().map(|finding| finding.last_line).max() else { return false };
    found.extend(reading, cursor.number());
    for _ in 0..last {
        cursor.advance();
    }
    true
}

/// Takes a JSON document about containers, which goes up to `end`.
pub(super) fn read_json<'a>(cursor: &mut Cursor<'a>, end: &Cursor<'a>, found: &mut Found) {
    let text = String::from_utf8_lossy(cursor.until(end));
    found.extend(read_document(&text), cursor.number());
    *cursor = end.clone();
}

/// Keys with which a document, or a part of one, begins.
const KEYS: [&str; 27] = [
    "apiVersion",
    "kind",
    "metadata",
    "spec",
    "services",
    "securityContext",
    "containers",
    "initContainers",
    "template",
    "cap_add",
    "cap_drop",
    "security_opt",
    "privileged",
    "image",
    "container_name",
    "capabilities",
    "name",
    "user",
    "sysctls",
    "containerSecurityContext",
    "podSecurityContext",
    "allowPrivilegeEscalation",
    "runAsUser",
    "version",
    "networks",
    "seccompProfile",
    "runAsNonRoot",
];
/// What a document has that is about containers.
const SIGNS: [&str; 14] = [
    "securityContext",
    "cap_add",
    "cap_drop",
    "apiVersion",
    "services:",
    "image:",
    "containers:",
    "privileged",
    "security_opt",
    "capabilities:",
    "SecurityContext",
    "runAs",
    "allowPrivilegeEscalation",
    "seccompProfile",
];

impl Documents {
    /// Takes lines of YAML about containers.
    pub(super) fn take(&mut self, cursor: &mut Cursor<'_>, found: &mut Found) -> bool {
        if cursor.number() < self.passed || !begins_a_document(cursor) {
            return false;
        }
        let mut end = cursor.clone();
        let mut has_sign = false;
        while let Some(line) = end.line() {
            if !belongs(line, &end) {
                break;
            }
            has_sign |= SIGNS.iter().any(|sign| line.contains(sign));
            end.advance();
        }
        self.passed = end.number();
        has_sign && Self::take_block(cursor, &end, found)
    }

    /// Takes everything up to `end` as YAML, if it is about containers.
    pub(super) fn take_block<'a>(cursor: &mut Cursor<'a>, end: &Cursor<'a>, found: &mut Found) -> bool {
        let text = String::from_utf8_lossy(cursor.until(end));
        let reading = read_document(&text);
        if reading.findings.is_empty() && reading.misread.is_empty() {
            return false;
        }
        found.extend(reading, cursor.number());
        *cursor = end.clone();
        true
    }
}

fn begins_a_document(cursor: &Cursor<'_>) -> bool {
    let Some(line) = cursor.line() else { return false };
    let text = line.trim_start();
    let text = text.strip_prefix("- ").map_or(text, str::trim_start);
    if text.trim_end() == "---" {
        let mut next = cursor.clone();
        next.advance();
        return next.line().and_then(key).is_some();
    }
    let Some((name, value)) = key(text) else { return false };
    if KEYS.contains(&name) {
        return true;
    }
    // Any name, as that of a service, if indented lines follow.
    let mut next = cursor.clone();
    next.advance();
    let indent = |line: &str| line.len() - line.trim_start().len();
    value.is_empty()
        && next
            .line()
            .is_some_and(|below| indent(below) > indent(line) && key(below.trim_start_matches([' ', '-'])).is_some())
}

/// `key:` or `key: value`.
fn key(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.trim().split_once(':')?;
    let name = name.trim_matches(['"', '\'']);
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
    (is_name && (value.is_empty() || value.starts_with([' ', '\t']))).then(|| (name, value.trim()))
}

/// Whether a line belongs to the document that has begun before it.
fn belongs(line: &str, here: &Cursor<'_>) -> bool {
    if line.trim().is_empty() {
        let mut next = here.clone();
        for _ in 0..3 {
            next.advance();
            let Some(line) = next.line() else { return false };
            if !line.trim().is_empty() {
                let is_known = key(line).is_some_and(|(name, _)| KEYS.contains(&name));
                return line.starts_with([' ', '\t'])
                    || line.starts_with("- ")
                    || line.trim_end() == "---"
                    || is_known;
            }
        }
        return false;
    }
    if line.starts_with([' ', '\t', '#']) || ["---", "...", "-"].contains(&line.trim_end()) {
        return true;
    }
    let text = line.strip_prefix("- ").unwrap_or(line);
    line.starts_with("- ")
        || line.starts_with(['}', ']'])
        || key(text).is_some() && message::failure_of(line).is_none()
}

/// The quotation marks of a shell that are open.
#[derive(Debug, Default)]
struct Quotes {
    open: Option<char>,
}

impl Quotes {
    fn pass(&mut self, line: &str) {
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            match (c, self.open) {
                ('\\', None | Some('"')) => {
                    chars.next();
                }
                ('"' | '\'', None) => self.open = Some(c),
                (c, Some(mark)) if c == mark => self.open = None,
                _ => {}
            }
        }
    }

    const fn is_open(&self) -> bool {
        self.open.is_some()
    }
}
