use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::report::Tally;

/// A report in JUnit's XML, as CI systems show it: one suite, written when the run ends.
#[derive(Debug)]
pub(crate) struct Junit {
    file: Option<PathBuf>,
    suite: TestSuite,
}

impl Junit {
    /// A report for `file`; without one, nothing is kept.
    pub(crate) fn new(suite: &str, kernel: &str, file: Option<&Path>) -> Self {
        let mut suite = TestSuite::new(suite);
        suite.add_property(("kernel", kernel));
        Self { file: file.map(Path::to_owned), suite }
    }

    /// A case in which kernel and model agree.
    pub(crate) fn agreed(&mut self, name: &str) {
        self.add(name, TestCaseStatus::success());
    }

    /// A case in which they differ: how, and everything that helps to repeat it.
    pub(crate) fn differed(&mut self, name: &str, how: &str, details: &str) {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type("difference").set_message(how).set_description(details);
        self.add(name, status);
    }

    /// A case that was not performed.
    pub(crate) fn skipped(&mut self, name: &str, reason: &str) {
        let mut status = TestCaseStatus::skipped();
        status.set_message(reason);
        self.add(name, status);
    }

    /// Cases without names: those that agree are one test case, those skipped one for each reason.
    pub(crate) fn sum(&mut self, tally: &Tally) {
        if tally.agreed > 0 {
            self.agreed(&format!("{} cases agree", tally.agreed));
        }
        for (reason, count) in &tally.skipped {
            self.skipped(&format!("{count} cases skipped: {reason}"), reason);
        }
        self.left(tally);
    }

    /// What was not begun because the run was stopped.
    pub(crate) fn left(&mut self, tally: &Tally) {
        if tally.stopped {
            self.skipped(&format!("{} cases not begun", tally.asked - tally.drawn), "the run was stopped");
        }
    }

    /// Writes the report, if a file was named.
    pub(crate) fn write(self) -> Result<()> {
        let Some(path) = self.file else { return Ok(()) };
        let mut report = Report::new("native-verify");
        report.add_test_suite(self.suite);
        let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        report.serialize(BufWriter::new(file)).with_context(|| format!("cannot write {}", path.display()))
    }

    fn add(&mut self, name: &str, status: TestCaseStatus) {
        if self.file.is_some() {
            let mut case = TestCase::new(name, status);
            case.set_classname(self.suite.name.as_str());
            self.suite.add_test_case(case);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Junit;
    use crate::report::Tally;

    #[test]
    fn every_outcome_is_a_test_case() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("junit.xml");
        let mut junit = Junit::new("execve", "6.18", Some(&file));
        junit.agreed("a.json");
        junit.differed("b.json", "permitted <differs>", "{\"steps\": []}");
        let tally = Tally {
            asked: 9,
            drawn: 5,
            agreed: 3,
            stopped: true,
            skipped: [("no privilege".to_owned(), 2)].into(),
            ..Tally::default()
        };
        junit.sum(&tally);
        junit.write().unwrap();
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains(r#"tests="5" skipped="2" errors="0" failures="1""#), "{text}");
        assert!(text.contains("permitted &lt;differs>") || text.contains("permitted &lt;differs&gt;"), "{text}");
        assert!(text.contains("4 cases not begun"), "{text}");
    }
}
