//! What a kernel wrote to its second serial port.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The lines, read.
#[derive(Debug, Default)]
pub(crate) struct Results {
    agreeing: usize,
    skipped: BTreeMap<String, String>,
    differing: Vec<Value>,
    suites: Vec<Value>,
    differences: Vec<Value>,
    evidence: Option<Value>,
}

/// Each call must have been made so often, if it is drawn at all.
const OFTEN: u64 = 100;

impl Results {
    pub(crate) fn read(lines: &[String]) -> Result<Self> {
        let mut results = Self::default();
        for line in lines.iter().filter(|line| !line.is_empty()) {
            let value: Value = serde_json::from_str(line).with_context(|| format!("the kernel wrote {line:?}"))?;
            let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            if let Some(outcome) = value.get("outcome") {
                if outcome.get("agrees").is_some() {
                    results.agreeing += 1;
                } else if let Some(reason) = outcome.get("skipped").and_then(|skip| skip.get("reason")) {
                    results.skipped.insert(text("file"), reason.as_str().unwrap_or_default().to_owned());
                } else {
                    results.differing.push(value);
                }
            } else if value.get("difference").is_some() {
                results.differences.push(value);
            } else if let Some(evidence) = value.get("evidence") {
                results.evidence = Some(evidence.clone());
            } else {
                results.suites.push(value);
            }
        }
        Ok(results)
    }

    pub(crate) fn evidence(&self) -> Result<String> {
        let evidence = self.evidence.as_ref().context("the kernel wrote no evidence; it stopped early")?;
        Ok(serde_json::to_string_pretty(evidence)? + "\n")
    }

    fn suite(&self, name: &str) -> Result<&Value> {
        let suite = self.suites.iter().find(|suite| suite.get("suite").and_then(Value::as_str) == Some(name));
        suite.with_context(|| format!("the suite {name} did not finish"))
    }

    /// Fails if anything differs, if a case was skipped, or if something was performed too seldom.
    pub(crate) fn check(&self, suites: &[&str], cases: u32) -> Result<()> {
        if let Some(first) = self.differing.first().or(self.differences.first()) {
            bail!("kernel and model differ:\n{}", serde_json::to_string_pretty(first)?);
        }
        let table = self.suite("table")?;
        let number = |key: &str| table.get(key).and_then(Value::as_u64).unwrap_or(0);
        if number("rows") == 0 || number("proven") != number("rows") {
            bail!("table: {} of {} rows are proven", number("proven"), number("rows"));
        }
        for name in suites {
            let suite = self.suite(name)?;
            let number = |key: &str| suite.get(key).and_then(Value::as_u64).unwrap_or(0);
            let cases = u64::from(cases);
            if number("agreed") != cases {
                bail!("{name}: of {cases} cases {} agree", number("agreed"));
            }
            if number("with_groups") * 5 < cases || number("nested") * 5 < cases {
                bail!("{name}: fewer than a fifth have supplementary groups or begin in a nested user namespace");
            }
            for (call, answers) in suite.get("calls").and_then(Value::as_object).into_iter().flatten() {
                let count = |answer: &str| answers.get(answer).and_then(Value::as_u64).unwrap_or(0);
                if cases >= 5000 && count("granted") + count("refused") < OFTEN {
                    bail!("{name}: {call} was performed fewer than {OFTEN} times");
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Scenarios: {} agree, {} differ, {} skipped",
            self.agreeing,
            self.differing.len(),
            self.skipped.len()
        )?;
        for (file, reason) in &self.skipped {
            writeln!(f, "  skipped {file}: {reason}")?;
        }
        for suite in &self.suites {
            let number = |key: &str| suite.get(key).and_then(Value::as_u64).unwrap_or(0);
            let skipped: u64 = suite
                .get("skipped")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
                .filter_map(|(_, n)| n.as_u64())
                .sum();
            writeln!(
                f,
                "{}: {} drawn, {} agree, {} differ, {skipped} skipped; {} with groups, {} nested",
                suite.get("suite").and_then(Value::as_str).unwrap_or_default(),
                number("drawn"),
                number("agreed"),
                number("differed"),
                number("with_groups"),
                number("nested"),
            )?;
            for (call, answers) in suite.get("calls").and_then(Value::as_object).into_iter().flatten() {
                let count = |answer: &str| answers.get(answer).and_then(Value::as_u64).unwrap_or(0);
                writeln!(f, "  {call:<24} {:>8} granted {:>8} refused", count("granted"), count("refused"))?;
            }
        }
        Ok(())
    }
}
