//! What is wrong, or not what it seems, in a profile.
//!
//! [`lint`] reads a profile as an engine would, for one [`Target`]. Each [`Finding`] names its [`Lint`], the place in the
//! text, and says in a sentence what happens; where rules contradict each other it shows a call.
//!
//! ```
//! # #[cfg(feature = "serde")] {
//! use sim_core::seccomp::lint::{Lint, Severity, lint};
//! use sim_core::seccomp::profile::{Engine, Profile, Target};
//! use sim_core::seccomp::syscalls::Abi;
//!
//! let text = r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
//!     {"names": ["mkdri"], "action": "SCMP_ACT_ERRNO"}]}"#;
//! let findings = lint(&Profile::read(text).unwrap(), &Target::new(Abi::X86_64, Engine::DOCKER));
//! let found = findings.iter().find(|finding| finding.lint == Lint::UnknownName).unwrap();
//! assert_eq!((found.severity, found.path.as_str()), (Severity::Error, "syscalls[0].names[0]"));
//! assert_eq!(found.message, "no kernel has a call mkdri; the entry is ignored for it. mkdir is meant?");
//! assert_eq!(found.place.line, 2);
//! # }
//! ```

mod architectures;
mod arguments;
mod baseline;
mod conditions;
mod entries;
mod new_calls;
mod rules;
mod similar;
mod table;
#[cfg(all(test, feature = "serde"))]
mod tests;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

pub use baseline::hidden_from_recording;
pub use table::Lint;

use super::SeccompData;
use super::profile::{Origin, Place, Profile, Target, resolve};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// True, and often meant so.
    Note,
    /// Most likely not what was meant.
    Warning,
    /// The engine refuses the profile, or part of it can have no effect.
    Error,
}

/// Something that a lint found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which lint.
    pub lint: Lint,
    /// How bad it is here.
    pub severity: Severity,
    /// Where: the line is 0 if it is about no place.
    pub place: Place,
    /// Where in the JSON, as `syscalls[3].args[0]`; empty for the whole.
    pub path: String,
    /// What happens.
    pub message: String,
    /// A call that shows it.
    pub call: Option<SeccompData>,
}

impl Finding {
    fn at(lint: Lint, place: Place, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { lint, severity: lint.severity(), place, path: path.into(), message: message.into(), call: None }
    }

    fn about(lint: Lint, origin: Origin, message: impl Into<String>) -> Self {
        Self::at(lint, origin.place, origin.to_string(), message)
    }

    fn with_severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    fn shown_by(self, call: SeccompData) -> Self {
        Self { call: Some(call), ..self }
    }
}

/// Everything that the lints find in a profile on a target, in the order of places.
pub fn lint(profile: &Profile, target: &Target) -> Vec<Finding> {
    let mut found = Vec::new();
    entries::lint(profile, target, &mut found);
    conditions::lint(profile, target, &mut found);
    match resolve(profile, target) {
        Ok(policy) => {
            conditions::above_32_bits(profile, &policy, &mut found);
            rules::lint(profile, &policy, target, &mut found);
            arguments::lint(&policy, &mut found);
            architectures::lint(profile, &policy, target, &mut found);
            new_calls::lint(&policy, target, &mut found);
        }
        Err(error) => {
            let place = error.place.unwrap_or_default();
            // Another lint may have said it more clearly of the same entry.
            let before = profile.syscalls.iter().rposition(|entry| entry.place <= place);
            let path = match before.filter(|_| error.place.is_some()) {
                Some(entry) => format!("syscalls[{entry}]"),
                None => "default".to_string(),
            };
            let said = |finding: &Finding| finding.severity == Severity::Error && finding.path.starts_with(&path);
            if !found.iter().any(said) {
                found.push(Finding::at(Lint::Refused, place, "", format!("no filter is made: {}", error.problem)));
            }
        }
    }
    found.sort_by_key(|finding| (finding.place, finding.lint));
    found
}

/// As `error: line 2, column 13: syscalls[0].names[0]: … [unknown-name]`.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.severity)?;
        if self.place.line > 0 {
            write!(f, "{}: ", self.place)?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{} [{}]", self.message, self.lint)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}
