//! What a reader has to say beside what it found.

use std::collections::BTreeSet;

use crate::{Finding, Misread, Reading};

/// So many findings of one text are given.
pub const MAX_FINDINGS: usize = 100_000;

/// So many parts that were not understood are named.
const MAX_MISREAD: usize = 1000;

/// So many characters of a text are shown.
const SHOWN: usize = 80;

/// A line and a column, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// The findings of a text, and what was not understood.
#[derive(Debug, Default)]
pub(super) struct Notes {
    reading: Reading,
    said: BTreeSet<(Place, String)>,
    is_full: bool,
}

impl Notes {
    pub(super) fn found(&mut self, finding: Finding) {
        if self.reading.findings.len() < MAX_FINDINGS {
            self.reading.findings.push(finding);
        } else if !self.is_full {
            self.is_full = true;
            let place = Place { line: finding.line, column: 1 };
            self.misread(
                place,
                format!("more than {MAX_FINDINGS} were found; this one and those after it are left out"),
            );
        }
    }

    /// Whether no more is taken.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    pub(super) fn misread(&mut self, place: Place, message: impl Into<String>) {
        let message = message.into();
        let more = self.said.len() < MAX_MISREAD;
        if self.said.len() <= MAX_MISREAD && self.said.insert((place, message.clone())) {
            let message = if more { message } else { "more is not understood from here on".to_owned() };
            self.reading.misread.push(Misread { line: place.line, column: place.column, message });
        }
    }

    pub(super) fn finish(self) -> Reading {
        self.reading
    }
}

/// A text of strangers as it can be shown: short, on one line, without control characters.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars().take(SHOWN) {
        match character {
            '"' | '\'' => shown.push(character),
            other => shown.extend(other.escape_debug()),
        }
    }
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
