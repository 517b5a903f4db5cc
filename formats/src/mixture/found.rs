use crate::finding::{Finding, Misread, Reading, Says};

use super::MAX_FINDINGS;
use crate::system::unit;

/// What was found so far, in bounded number.
#[derive(Debug, Default)]
pub(crate) struct Found {
    reading: Reading,
    /// How many of the findings are failures.
    failures: usize,
    /// Whether the manager of a user was named.
    user_manager: bool,
    /// Where it became too much.
    full: Option<usize>,
}

impl Found {
    /// A finding.
    pub(crate) fn push(&mut self, mut finding: Finding) {
        finding.recognised.iter_mut().chain(&mut finding.assumed).for_each(escape);
        if self.reading.findings.len() >= MAX_FINDINGS {
            self.full.get_or_insert(finding.line);
        } else {
            self.failures += usize::from(matches!(finding.says, Says::Failure(_)));
            self.reading.findings.push(finding);
        }
    }

    /// A place that was not understood.
    pub(crate) fn misread(&mut self, mut misread: Misread) {
        escape(&mut misread.message);
        if self.reading.misread.len() < MAX_FINDINGS {
            self.reading.misread.push(misread);
        }
    }

    /// A place that was not understood, by its line and a column in characters from 1.
    pub(crate) fn misread_at(&mut self, line: usize, column: usize, message: impl Into<String>) {
        self.misread(Misread { line, column, message: message.into() });
    }

    /// Everything that a reader of its own gave for a part that begins with this line.
    pub(crate) fn extend(&mut self, part: Reading, first_line: usize) {
        let by = first_line.saturating_sub(1);
        for mut finding in part.findings {
            finding.line += by;
            finding.last_line += by;
            self.push(finding);
        }
        for misread in part.misread {
            self.misread(Misread { line: misread.line + by, ..misread });
        }
    }

    /// How many findings and misread places there are.
    pub(crate) fn len(&self) -> usize {
        self.reading.findings.len() + self.reading.misread.len()
    }

    /// The text speaks of the manager of a user, so that its units are that one's.
    pub(crate) const fn say_user_manager(&mut self) {
        self.user_manager = true;
    }

    /// How many failures are among them.
    pub(crate) const fn failures(&self) -> usize {
        self.failures
    }

    /// The reading, in the order of the text.
    pub(crate) fn end(self) -> Reading {
        let Reading { mut findings, mut misread } = self.reading;
        findings.sort_by_key(|finding| finding.line);
        if self.user_manager {
            findings.iter_mut().for_each(unit::of_user_manager);
        }
        if let Some(line) = self.full {
            let message = format!("more than {MAX_FINDINGS} findings; those from here on are left out");
            misread.push(Misread { line, column: 1, message });
        }
        misread.sort_by_key(|misread| misread.line);
        Reading { findings, misread }
    }
}

/// Writes control characters so that a terminal does not obey them.
fn escape(text: &mut String) {
    if text.contains(char::is_control) {
        let one = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
        *text = text.chars().map(one).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::TextForm;

    #[test]
    fn findings_are_bounded_and_that_is_said() {
        let mut found = Found::default();
        for line in 1..=MAX_FINDINGS + 2 {
            let (form, says) = (TextForm::Strace, Says::Log);
            found.push(Finding { line, last_line: line, form, says, recognised: Vec::new(), assumed: Vec::new() });
            found.misread_at(line, 1, "x");
        }
        let Reading { findings, misread } = found.end();
        assert_eq!((findings.len(), misread.len()), (MAX_FINDINGS, MAX_FINDINGS + 1));
        let last = misread.last().map(ToString::to_string);
        assert_eq!(
            last.as_deref(),
            Some("line 100001, column 1: more than 100000 findings; those from here on are left out")
        );
    }
}
