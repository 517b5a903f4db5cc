//! What native-verify says of a kernel, in JSON lines, and whether it is enough.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

/// The lines, read.
#[derive(Debug, Default)]
pub(crate) struct Results {
    agreeing: usize,
    skipped: BTreeMap<String, String>,
    differing: Vec<Value>,
    suites: Vec<Suite>,
    table: Option<Table>,
    differences: Vec<Value>,
    evidence: Option<Value>,
}

/// What came of a suite of random cases.
#[derive(Debug, Deserialize)]
struct Suite {
    #[serde(rename = "suite")]
    name: String,
    drawn: u64,
    agreed: u64,
    differed: u64,
    skipped: BTreeMap<String, u64>,
    with_groups: u64,
    nested: u64,
    calls: BTreeMap<String, Answers>,
    #[serde(default)]
    never_granted: BTreeMap<String, String>,
    /// Of filters: the steps of all cases.
    steps: Option<Steps>,
}

/// What became of calls under filters.
#[derive(Debug, Deserialize)]
struct Steps {
    calls_agreed: u64,
    ran: u64,
    returned: u64,
    trapped: u64,
    died: u64,
}

/// What came of the complete table.
#[derive(Debug, Deserialize)]
struct Table {
    rows: u64,
    proven: u64,
}

/// How often a call was granted and refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Answers {
    pub(crate) granted: u64,
    pub(crate) refused: u64,
}

/// Each answer that a call can give must have been seen so often.
pub(crate) const OFTEN: u64 = 100;

/// Calls that the kernel never refuses as the format makes them.
const NEVER_REFUSED: [&str; 5] = ["PR_GET_KEEPCAPS", "PR_GET_SECUREBITS", "capget", "setfsgid", "setfsuid"];

impl Results {
    pub(crate) fn read<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let mut results = Self::default();
        for line in lines.into_iter().filter(|line| !line.is_empty()) {
            results.add(line).with_context(|| format!("native-verify wrote {line:?}"))?;
        }
        Ok(results)
    }

    fn add(&mut self, line: &str) -> Result<()> {
        let value: Value = serde_json::from_str(line)?;
        let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(outcome) = value.get("outcome") {
            if outcome.get("agrees").is_some() {
                self.agreeing += 1;
            } else if let Some(reason) = outcome.get("skipped").and_then(|skip| skip.get("reason")) {
                self.skipped.insert(text("file"), reason.as_str().unwrap_or_default().to_owned());
            } else {
                self.differing.push(value);
            }
        } else if value.get("difference").is_some() {
            self.differences.push(value);
        } else if let Some(evidence) = value.get("evidence") {
            self.evidence = Some(evidence.clone());
        } else if value.get("rows").is_some() {
            self.table = Some(serde_json::from_value(value)?);
        } else {
            self.suites.push(serde_json::from_value(value)?);
        }
        Ok(())
    }

    pub(crate) fn evidence(&self) -> Result<String> {
        let evidence = self.evidence.as_ref().context("there is no evidence; it stopped early")?;
        Ok(serde_json::to_string_pretty(evidence)? + "\n")
    }

    /// How often each call was granted and refused, in all suites together.
    pub(crate) fn calls(&self) -> BTreeMap<String, Answers> {
        let mut sum: BTreeMap<String, Answers> = BTreeMap::new();
        for (call, answers) in self.suites.iter().flat_map(|suite| &suite.calls) {
            let entry = sum.entry(call.clone()).or_default();
            entry.granted += answers.granted;
            entry.refused += answers.refused;
        }
        sum
    }

    /// Why a call can be granted in no case here.
    fn obstacle(&self, call: &str) -> Option<&str> {
        self.suites.iter().find_map(|suite| suite.never_granted.get(call)).map(String::as_str)
    }

    /// Fails if anything differs, if the table has a gap, or if something was performed too seldom. `cases` are the random
    /// cases that the suites must have had.
    pub(crate) fn check(&self, suites: &[&str], cases: u64) -> Result<()> {
        if let Some(first) = self.differing.first().or(self.differences.first()) {
            bail!("kernel and model differ:\n{}", serde_json::to_string_pretty(first)?);
        }
        let table = self.table.as_ref().context("the table did not finish")?;
        if table.rows == 0 || table.proven != table.rows {
            bail!("table: {} of {} rows are proven", table.proven, table.rows);
        }
        for name in suites {
            let suite = self.suites.iter().find(|suite| suite.name == *name);
            suite.with_context(|| format!("the suite {name} did not finish"))?.check(cases)?;
        }
        let seldom: Vec<String> = self
            .calls()
            .iter()
            .flat_map(|(call, answers)| {
                let granted = answers.granted < OFTEN && self.obstacle(call).is_none();
                let refused = answers.refused < OFTEN && !NEVER_REFUSED.contains(&call.as_str());
                [
                    granted.then(|| format!("{call} granted ({})", answers.granted)),
                    refused.then(|| format!("{call} refused ({})", answers.refused)),
                ]
            })
            .flatten()
            .collect();
        if !seldom.is_empty() {
            bail!("seen fewer than {OFTEN} times: {}", seldom.join(", "));
        }
        Ok(())
    }
}

impl Suite {
    /// Cases of execve, of calls and of filters are all performed; operations may be skipped where a kernel lacks what
    /// they ask for.
    fn check(&self, cases: u64) -> Result<()> {
        let name = &self.name;
        let skipped: u64 = self.skipped.values().sum();
        if self.differed > 0 || self.agreed + skipped != self.drawn {
            bail!("{name}: {} of {} cases differ", self.differed, self.drawn);
        }
        if ["execve", "calls", "seccomp"].contains(&name.as_str()) && self.agreed < cases {
            bail!("{name}: of {cases} cases {} agree", self.agreed);
        }
        if let Some(Steps { ran, returned, trapped, died, .. }) = self.steps {
            if [ran, returned, trapped, died].iter().any(|count| *count < OFTEN) {
                bail!(
                    "{name}: {ran} calls ran, {returned} returned, {trapped} trapped, {died} died; each {OFTEN} times at least"
                );
            }
            return Ok(());
        }
        if self.with_groups * 5 < self.agreed || self.nested * 5 < self.agreed {
            bail!("{name}: fewer than a fifth have supplementary groups or begin in a nested user namespace");
        }
        Ok(())
    }
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (agree, differ, skip) = (self.agreeing, self.differing.len(), self.skipped.len());
        writeln!(f, "{:<12} {:>8} {:>9} {:>8} {:>8} {:>8}", "", "drawn", "performed", "skipped", "agree", "differ")?;
        let drawn = agree + differ + skip;
        writeln!(f, "{:<12} {drawn:>8} {:>9} {skip:>8} {agree:>8} {differ:>8}", "scenarios", agree + differ)?;
        if let Some(Table { rows, proven }) = self.table {
            writeln!(f, "{:<12} {rows:>8} {proven:>9} {:>8} {proven:>8} {:>8}", "table rows", rows - proven, 0)?;
        }
        for suite in &self.suites {
            let Suite { drawn, agreed, differed, .. } = suite;
            let (performed, skipped) = (agreed + differed, drawn - agreed - differed);
            writeln!(f, "{:<12} {drawn:>8} {performed:>9} {skipped:>8} {agreed:>8} {differed:>8}", suite.name)?;
            match &suite.steps {
                Some(Steps { calls_agreed, ran, returned, trapped, died }) => writeln!(
                    f,
                    "{:<12} {calls_agreed} calls agree: {ran} ran, {returned} returned, {trapped} trapped, {died} died",
                    ""
                )?,
                None => {
                    writeln!(
                        f,
                        "{:<12} {} with supplementary groups, {} nested",
                        "", suite.with_groups, suite.nested
                    )?;
                }
            }
        }
        for (file, reason) in &self.skipped {
            writeln!(f, "  skipped {file}: {reason}")?;
        }
        let never: BTreeMap<_, _> = self.suites.iter().flat_map(|suite| &suite.never_granted).collect();
        for (call, reason) in never {
            writeln!(f, "  never granted here: {call}, for {reason}")?;
        }
        for (reason, count) in self.suites.iter().flat_map(|suite| &suite.skipped) {
            writeln!(f, "  skipped {count} cases: {reason}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Results;

    const TABLE: &str = r#"{"suite":"table","kernel":"6.18","combinations":1,"rows":2,"proven":2,"drawn":2}"#;

    fn suite(name: &str, granted: u64, refused: u64, differed: u64) -> String {
        let skipped = r#"{"this kernel lacks something": 1}"#;
        let calls = format!(
            r#"{{"kill": {{"granted": {granted}, "refused": {refused}}}, "acct": {{"granted": 0, "refused": 100}}}}"#
        );
        let counts = format!(r#""drawn": 11, "agreed": {}, "differed": {differed}"#, 10 - differed);
        let never = r#""never_granted": {"acct": "it would change something"}"#;
        format!(
            r#"{{"suite": "{name}", {counts}, "skipped": {skipped}, "with_groups": 5, "nested": 5, "calls": {calls}, {never}}}"#
        )
    }

    fn check(lines: &[&str]) -> Result<(), String> {
        let results = Results::read(lines.iter().copied()).unwrap();
        results.check(&["calls"], 10).map_err(|error| error.to_string())
    }

    #[test]
    fn both_answers_must_have_been_seen_often() {
        assert_eq!(check(&[TABLE, &suite("calls", 100, 100, 0)]), Ok(()), "acct cannot be granted, for a reason");
        let error = check(&[TABLE, &suite("calls", 99, 100, 0)]).unwrap_err();
        assert!(error.contains("kill granted (99)"), "{error}");
        assert!(check(&[TABLE, &suite("calls", 100, 7, 0)]).unwrap_err().contains("kill refused (7)"));
        assert_eq!(
            check(&[TABLE, &suite("calls", 60, 60, 0), &suite("operations", 40, 40, 0)]),
            Ok(()),
            "they add up"
        );
    }

    #[test]
    fn filters_have_no_groups_but_every_fate() {
        let filters = |died: u64| {
            let calls = r#"{"seccomp": {"granted": 100, "refused": 100}}"#;
            let steps =
                format!(r#"{{"calls_agreed": 400, "ran": 100, "returned": 100, "trapped": 100, "died": {died}}}"#);
            format!(
                r#"{{"suite": "seccomp", "drawn": 10, "agreed": 10, "differed": 0, "skipped": {{}}, "with_groups": 0, "nested": 0, "calls": {calls}, "steps": {steps}}}"#
            )
        };
        let check = |line: &str| {
            let results = Results::read([TABLE, line]).unwrap();
            results.check(&["seccomp"], 10).map_err(|error| error.to_string())
        };
        assert_eq!(check(&filters(100)), Ok(()));
        assert!(check(&filters(99)).unwrap_err().contains("99 died"));
    }

    #[test]
    fn a_difference_a_gap_or_a_missing_suite_fails() {
        assert!(check(&[TABLE, &suite("calls", 100, 100, 1)]).is_err());
        assert!(check(&[&suite("calls", 100, 100, 0)]).unwrap_err().contains("table"));
        assert!(check(&[TABLE]).unwrap_err().contains("calls"));
        let gap = TABLE.replace("\"proven\":2", "\"proven\":1");
        assert!(check(&[&gap, &suite("calls", 100, 100, 0)]).unwrap_err().contains("1 of 2"));
    }
}
