use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::asked::Asked;
use super::seen::Answer;

/// An engine, the machine it ran on, and what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) head: Head,
    pub(crate) rows: Vec<Row>,
}

/// Who answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    /// By its name in the scenario format.
    pub(crate) engine: String,
    /// As it calls itself, cut to the numbers.
    pub(crate) version: String,
    /// Debian's suite.
    pub(crate) suite: String,
    /// The runtime below it, with its version.
    pub(crate) runtime: String,
    /// What `uname -r` printed.
    pub(crate) kernel: String,
    /// When, as `2026-11-24`.
    pub(crate) date: String,
    /// The bounding set of the engine, in hexadecimal.
    pub(crate) host_bounding: String,
    /// The capabilities that the distribution's containers.conf names in place of the engine's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) default_capabilities: Option<Vec<String>>,
}

/// What was asked, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    #[serde(flatten)]
    pub(crate) asked: Asked,
    pub(crate) answer: Answer,
}

/// A line of a file of rows: who answers from here on, or a row.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Line {
    Head(Head),
    Row(Row),
}

/// Reads a file of rows. An engine that comes several times is one session.
pub(crate) fn read(path: &Path) -> Result<Vec<Session>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| format!("{} has no rows of engines", path.display()))
}

/// The same from a text. Whoever was asked again has answered again.
pub(super) fn parse(text: &str) -> Result<Vec<Session>> {
    let mut heads: Vec<Head> = Vec::new();
    let mut rows: Vec<Vec<Row>> = Vec::new();
    let mut places = BTreeMap::new();
    let mut current = None;
    for (number, line) in (1..).zip(text.lines()) {
        match serde_json::from_str(line).with_context(|| format!("line {number}"))? {
            Line::Head(head) => {
                let known = heads.iter().position(|known| *known == head);
                current = Some(known.unwrap_or(heads.len()));
                if known.is_none() {
                    heads.push(head);
                    rows.push(Vec::new());
                }
            }
            Line::Row(row) => {
                let Some(session) = current else { bail!("line {number}: a row before any engine") };
                let Some(rows) = rows.get_mut(session) else { continue };
                let place = *places.entry((session, row.asked.clone())).or_insert(rows.len());
                match rows.get_mut(place) {
                    Some(known) => *known = row,
                    None => rows.push(row),
                }
            }
        }
    }
    Ok(heads.into_iter().zip(rows).map(|(head, rows)| Session { head, rows }).collect())
}

/// What an engine has answered clearly.
pub(super) fn answered(sessions: &[Session], head: &Head) -> BTreeSet<Asked> {
    let rows = sessions.iter().filter(|session| session.head == *head).flat_map(|session| &session.rows);
    rows.filter(|row| !matches!(row.answer, Answer::Unclear(_))).map(|row| row.asked.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::{answered, parse};

    #[test]
    fn a_second_answer_counts_and_what_is_clear_is_not_asked_again() {
        let head = r#"{"engine":"docker","version":"1","suite":"x","runtime":"runc 1","kernel":"6.18","date":"d","host_bounding":"0"}"#;
        let rows = r#"{"run":{},"answer":{"unclear":""}}
{"run":{"user":"0"},"answer":{"unclear":"?"}}
{"run":{},"answer":{"refused":"no"}}"#;
        let sessions = parse(&format!("{head}\n{rows}\n{head}\n")).unwrap();
        let [session] = &sessions[..] else { panic!("{sessions:?}") };
        assert_eq!(session.rows.len(), 2);
        let answered = answered(&sessions, &session.head);
        assert_eq!(answered.into_iter().collect::<Vec<_>>(), [session.rows[0].asked.clone()]);
        assert!(parse(rows).is_err());
    }
}
