//! Values of JSON within a text: seccomp profiles, scenarios, and what engines and orchestrators print.

mod span;

use sim_core::scenario::{FilterEntry, Loaded, MAX_SIZE, Options, read_value};
use sim_core::seccomp::profile::Profile;

use super::cursor::line_ends;
use super::{Cursor, Found, containers};
use crate::finding::{Finding, Says, TextForm};
use span::Span;

/// Looks for values of JSON.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// Up to this line there is nothing to be looked for: a value that nobody reads goes so far.
    passed: usize,
}

impl Values {
    /// Takes a value that begins at this line, if it is one of a kind that is read.
    pub(super) fn take(&mut self, cursor: &mut Cursor<'_>, found: &mut Found) -> bool {
        let Some(line) = cursor.line().filter(|_| cursor.number() >= self.passed) else { return false };
        if !begins_a_value(line) {
            return false;
        }
        let raw = cursor.rest();
        let blank = raw.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let span = Span::of(raw.get(blank..).unwrap_or_default());
        let (first, mut end) = (cursor.number(), cursor.clone());
        end.advance_bytes(blank + span.end);
        let Some(kind) = Kind::of(&span) else {
            self.passed = end.number();
            return false;
        };
        let bytes = raw.get(blank..blank + span.end).unwrap_or_default();
        if kind == Kind::OfContainer {
            containers::read_json(cursor, &end, found);
            return true;
        }
        let last = end.number().saturating_sub(1).max(first);
        *cursor = end;
        if let Some((offset, message)) = span.fault {
            let (line, column) = place(raw, blank + offset);
            found.misread_at(first + line, column, message);
            return true;
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => kind.read(text, (first, last), blank, found),
            Err(error) => {
                let (line, column) = place(raw, blank + error.valid_up_to());
                found.misread_at(first + line, column, "this byte is not UTF-8");
            }
        }
        true
    }
}

/// `{` or `[`, and behind it what can follow in JSON, in this line or in the next.
fn begins_a_value(line: &str) -> bool {
    let text = line.trim_start();
    let Some(rest) = text.strip_prefix('{') else {
        let Some(rest) = text.strip_prefix('[') else { return false };
        return rest.trim_start().is_empty() || rest.trim_start().starts_with(['{', '[']);
    };
    let rest = rest.trim_start();
    rest.is_empty() || rest.starts_with(['"', '}'])
}

/// How many lines further, and in which column, a byte is.
fn place(text: &[u8], offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = line_ends(before);
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    (line, String::from_utf8_lossy(before.get(start..).unwrap_or_default()).chars().count() + 1)
}

/// The kinds of values that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Profile,
    Scenario,
    /// What engines, runtimes and orchestrators read and print.
    OfContainer,
}

impl Kind {
    fn of(span: &Span) -> Option<Self> {
        let has = |key: &str| span.keys.iter().any(|known| known == key);
        Some(if has("defaultAction") {
            Self::Profile
        } else if [
            "ociVersion",
            "HostConfig",
            "Config",
            "apiVersion",
            "services",
            "securityContext",
            "containers",
            "EffectiveCaps",
        ]
        .iter()
        .any(|key| has(key))
            || has("capabilities") && has("args")
        {
            Self::OfContainer
        } else if has("steps") || has("files") && (has("process") || has("runtime")) {
            Self::Scenario
        } else {
            return None;
        })
    }

    fn read(self, text: &str, (line, last_line): (usize, usize), indent: usize, found: &mut Found) {
        let mut misread = |at: usize, column: usize, message: String| {
            found.misread_at(line + at - 1, if at == 1 { column + indent } else { column }, message);
        };
        let says = match self {
            Self::OfContainer => return,
            Self::Profile => {
                const BEFORE: &str = r#"{"profile":"#;
                if let Err(error) = Profile::read(text) {
                    let place = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
                    return misread(place(error.line), place(error.column), error.message);
                }
                match read_value::<FilterEntry>(&format!("{BEFORE}{text}}}")) {
                    Ok(entry) => Says::Profile(Box::new(entry)),
                    Err(error) => {
                        let by = if error.line == 1 { BEFORE.len() } else { 0 };
                        return misread(error.line, error.column.saturating_sub(by).max(1), error.message);
                    }
                }
            }
            Self::Scenario if text.len() > MAX_SIZE => {
                return misread(1, 1, format!("a scenario has at most {MAX_SIZE} bytes"));
            }
            Self::Scenario => match Loaded::read(text, &Options::default()) {
                Ok(_) => Says::Scenario(text.to_owned()),
                Err(error) => return misread(error.line, error.column, error.message),
            },
        };
        let (form, what) = match self {
            Self::Profile => (TextForm::Profile, "a seccomp profile"),
            Self::Scenario | Self::OfContainer => (TextForm::Scenario, "a scenario"),
        };
        let recognised = vec![what.to_owned()];
        found.push(Finding { line, last_line, form, says, recognised, assumed: Vec::new() });
    }
}
