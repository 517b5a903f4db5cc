use std::collections::BTreeMap;
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
            *self.rules.entry((*rule).to_owned()).or_default() += 1;
        }
    }

    /// Adds this to what a file holds already.
    pub(crate) fn merge_into(self, path: &Path) -> Result<()> {
        let mut sum = match fs::read_to_string(path) {
            Ok(text) => {
                serde_json::from_str::<Self>(&text).with_context(|| format!("{} is no evidence", path.display()))?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Self { kernel: self.kernel.clone(), ..Self::default() }
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        if sum.kernel != self.kernel {
            bail!("{} is evidence of {}, not of {}", path.display(), sum.kernel, self.kernel);
        }
        sum.date = self.date;
        for (rule, count) in self.rules {
            let total = sum.rules.entry(rule).or_default();
            *total = total.saturating_add(count);
        }
        let text = serde_json::to_string_pretty(&sum)? + "\n";
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }
}
