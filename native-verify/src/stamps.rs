//! Which scenarios a kernel performed as the model says, and when.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// Scenarios by path, with what each kernel said last, in order of name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Stamps(BTreeMap<String, Vec<Stamp>>);

/// A kernel that agreed with the model, and with what a scenario expects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stamp {
    /// What `uname -r` prints.
    pub(crate) kernel: String,
    /// When, as `2026-11-25`.
    pub(crate) date: String,
}

impl Stamps {
    /// Stamps the scenario in this file.
    pub(crate) fn stamp(&mut self, file: &Path, kernel: &str, date: &str) {
        let name = file.strip_prefix("./").unwrap_or(file).to_string_lossy().into_owned();
        let of_file = self.0.entry(name).or_default();
        match of_file.iter_mut().find(|stamp| stamp.kernel == kernel) {
            Some(stamp) if stamp.date.as_str() < date => date.clone_into(&mut stamp.date),
            Some(_) => {}
            None => of_file.push(Stamp { kernel: kernel.to_owned(), date: date.to_owned() }),
        }
        of_file.sort();
    }

    /// Adds these to what the file holds already; the newer date of a kernel stays.
    pub(crate) fn merge_into(self, path: &Path) -> Result<()> {
        let mut kept = Self::default();
        if path.try_exists().with_context(|| format!("cannot read {}", path.display()))? {
            let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            kept = serde_json::from_str(&text).with_context(|| format!("{} holds no stamps", path.display()))?;
        }
        for (file, stamps) in self.0 {
            for stamp in stamps {
                kept.stamp(Path::new(&file), &stamp.kernel, &stamp.date);
            }
        }
        let text = serde_json::to_string_pretty(&kept)? + "\n";
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Stamps;

    #[test]
    fn stamps_are_merged_and_the_newer_date_stays() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("scenarios.json");
        for (file, kernel, date) in [
            ("./scenarios/b.json", "6.18.1", "2026-02-01"),
            ("scenarios/a.json", "6.18.1", "2026-02-01"),
            ("scenarios/b.json", "6.18.1", "2026-01-31"),
            ("scenarios/b.json", "6.1.0", "2026-01-31"),
            ("scenarios/a.json", "6.18.1", "2026-03-01"),
        ] {
            let mut stamps = Stamps::default();
            stamps.stamp(Path::new(file), kernel, date);
            stamps.merge_into(&kept).unwrap();
        }
        let text = std::fs::read_to_string(&kept).unwrap();
        let found: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = serde_json::json!({
            "scenarios/a.json": [{ "kernel": "6.18.1", "date": "2026-03-01" }],
            "scenarios/b.json": [{ "kernel": "6.1.0", "date": "2026-01-31" }, { "kernel": "6.18.1", "date": "2026-02-01" }],
        });
        assert_eq!(found, expected);
        assert!(text.find("a.json") < text.find("b.json"));
    }
}
