use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::machine::Machine;

/// Which rules a kernel confirmed, and how often.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Evidence {
    /// What `uname -r` prints.
    pub(crate) kernel: String,
    /// When it was last added to.
    pub(crate) date: String,
    /// By rule: the steps in which it applied and kernel and model agreed in every field.
    pub(crate) rules: BTreeMap<String, u32>,
}

impl Evidence {
    pub(crate) fn new(machine: &Machine) -> Self {
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let date = now.split('T').next().unwrap_or_default().to_owned();
        Self { kernel: machine.uname.clone(), date, rules: BTreeMap::new() }
    }

    pub(crate) fn confirm(&mut self, rules: &[&str]) {
        for rule in rules {
            match self.rules.get_mut(*rule) {
                Some(count) => *count = count.saturating_add(1),
                None => {
                    self.rules.insert((*rule).to_owned(), 1);
                }
            }
        }
    }

    /// Reads what was kept.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is no evidence", path.display()))
    }

    /// Adds what `path` holds, or is to hold. The newer date stays.
    pub(crate) fn add(&mut self, other: Self, path: &Path) -> Result<()> {
        if other.kernel != self.kernel {
            bail!("{} is evidence of {}, not of {}", path.display(), other.kernel, self.kernel);
        }
        if other.date > self.date {
            self.date = other.date;
        }
        for (rule, count) in other.rules {
            let total = self.rules.entry(rule).or_default();
            *total = total.saturating_add(count);
        }
        Ok(())
    }

    /// Adds this to what a file holds already.
    pub(crate) fn merge_into(mut self, path: &Path) -> Result<()> {
        if path.try_exists().with_context(|| format!("cannot read {}", path.display()))? {
            self.add(Self::read(path)?, path)?;
        }
        self.write(path)
    }

    /// Writes it in place of what the file holds.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let confirmations: u64 = self.rules.values().map(|count| u64::from(*count)).sum();
        write!(f, "Linux {}, {}, {} rules confirmed {confirmations} times", self.kernel, self.date, self.rules.len())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Evidence;

    fn evidence(kernel: &str, date: &str, rules: &[(&str, u32)]) -> Evidence {
        let rules = rules.iter().map(|(rule, count)| ((*rule).to_owned(), *count)).collect();
        Evidence { kernel: kernel.to_owned(), date: date.to_owned(), rules }
    }

    #[test]
    fn counts_add_up_and_the_newest_date_stays() {
        let mut sum = evidence("6.18.1", "2026-02-01", &[("a", 1), ("b", u32::MAX)]);
        sum.add(evidence("6.18.1", "2026-01-31", &[("b", 2), ("c", 3)]), Path::new("x")).unwrap();
        assert_eq!(sum, evidence("6.18.1", "2026-02-01", &[("a", 1), ("b", u32::MAX), ("c", 3)]));
        sum.add(evidence("6.18.1", "2026-03-01", &[("a", 1)]), Path::new("x")).unwrap();
        assert_eq!((sum.date.as_str(), sum.rules["a"]), ("2026-03-01", 2));
    }

    #[test]
    fn evidence_of_another_kernel_is_refused() {
        let mut sum = evidence("6.18.1", "2026-02-01", &[("a", 1)]);
        let error = sum.add(evidence("6.18.2", "2026-02-01", &[("a", 1)]), Path::new("x")).unwrap_err();
        assert_eq!(error.to_string(), "x is evidence of 6.18.2, not of 6.18.1");
        assert_eq!(sum.rules["a"], 1);
    }

    #[test]
    fn a_file_is_added_to() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("evidence.json");
        for expected in [1, 2] {
            evidence("6.18.1", "2026-02-01", &[("a", 1)]).merge_into(&file).unwrap();
            assert_eq!(Evidence::read(&file).unwrap().rules["a"], expected);
        }
    }
}
