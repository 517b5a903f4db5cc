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

/// The same from a text.
pub(super) fn parse(text: &str) -> Result<Vec<Session>> {
    let mut sessions: Vec<Session> = Vec::new();
    let mut current = None;
    for (number, line) in (1..).zip(text.lines()) {
        match serde_json::from_str(line).with_context(|| format!("line {number}"))? {
            Line::Head(head) => {
                let known = sessions.iter().position(|session| session.head == head);
                current = Some(known.unwrap_or(sessions.len()));
                if known.is_none() {
                    sessions.push(Session { head, rows: Vec::new() });
                }
            }
            Line::Row(row) => match current.and_then(|index| sessions.get_mut(index)) {
                Some(session) => session.rows.push(row),
                None => bail!("line {number}: a row before any engine"),
            },
        }
    }
    Ok(sessions)
}
