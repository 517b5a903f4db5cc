//! The rule table: every rule of Linux that the model applies is one row here.
//!
//! Code that decides reports rows to a [`Witness`]; the command, the page, the book of rules and the
//! evidence all print from this table.
//!
//! ```
//! use sim_core::rule::Rule;
//!
//! let rule = Rule::find("execve.file-effective-eperm").unwrap();
//! assert_eq!(rule.source.function, "bprm_caps_from_vfs_caps");
//! ```

mod condition;
pub mod engine_evidence;
pub mod evidence;
mod omission;
mod provenance;
mod trace;
mod unconfirmed;
mod witness;

pub mod bind;
pub mod capset;
pub mod engine;
pub mod execve;
pub mod file_change;
pub mod mount;
pub mod namespace;
pub mod path;
pub mod prctl;
pub mod process;
pub mod seccomp;
pub mod setid;
pub mod system;
pub mod user_namespace;
pub mod write_map;

#[cfg(test)]
mod tests;

pub use condition::Condition;
pub use omission::{NOT_MODELLED, Omission};
pub use provenance::{Link, Motion, Provenance};
pub use trace::{Event, Trace};
pub use unconfirmed::{Kernels, UNCONFIRMED, Unconfirmed};
pub use witness::{Effect, Flow, IdName, SetName, Silent, SourceSet, Witness};

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::engine::EngineChange;
use crate::kernel::{Change, Release};

/// One rule of Linux: what it says, where it is written, and since when.
#[derive(Debug)]
pub struct Rule {
    /// Its name for ever: the call, a point, and a few words.
    pub id: &'static str,
    /// What it says, in a sentence or two.
    pub statement: &'static str,
    /// The same as a formula over the sets, or empty where there is none. `P E I B A` are the thread's
    /// sets, `fP fI fE` the file's, a prime marks the result.
    pub formula: &'static str,
    /// The manual page and its section; empty where the manual says nothing.
    pub manual: &'static str,
    /// Where the kernel does it.
    pub source: Source,
    /// The change that brought it, if the model covers releases without it.
    pub since: Option<&'static Change>,
    /// The change that ended it.
    pub until: Option<&'static Change>,
    /// The change of an engine that brought it, for a rule of an engine.
    pub since_engine: Option<&'static EngineChange>,
    /// The change of an engine that ended it.
    pub until_engine: Option<&'static EngineChange>,
}

/// Whose source it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Project {
    /// The kernel.
    Linux,
    /// `github.com/OWNER/NAME`, as `moby/moby`.
    GitHub(&'static str),
}

/// A place in the kernel's source, or in an engine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// Whose.
    pub project: Project,
    /// Path in the source tree.
    pub file: &'static str,
    /// Function.
    pub function: &'static str,
    /// The release in which it was read; of an engine the tag, as `v25.0.0`.
    pub release: &'static str,
}

impl Rule {
    /// What most rows leave out.
    const TEMPLATE: Self = Self {
        id: "",
        statement: "",
        formula: "",
        manual: "",
        source: Source::new("", ""),
        since: None,
        until: None,
        since_engine: None,
        until_engine: None,
    };

    /// Without the feature `engines` their rules keep nothing but the names, by which a scenario can still be read.
    const fn of_this_build(self) -> Self {
        match self.source.project {
            Project::GitHub(_) if !cfg!(feature = "engines") => {
                let source = Source { file: "", function: "", release: "", ..self.source };
                Self { id: self.id, source, ..Self::TEMPLATE }
            }
            _ => self,
        }
    }

    /// Every rule, by call and in the order in which the kernel tries them.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        [
            execve::RULES,
            capset::RULES,
            prctl::RULES,
            setid::RULES,
            user_namespace::RULES,
            file_change::RULES,
            write_map::RULES,
            namespace::RULES,
            process::RULES,
            mount::RULES,
            path::RULES,
            system::RULES,
            bind::RULES,
            seccomp::RULES,
            engine::kubernetes::RULES,
            engine::docker::RULES,
            engine::containerd::RULES,
            engine::podman::RULES,
            engine::crio::RULES,
            engine::oci::RULES,
            engine::systemd::RULES,
        ]
        .into_iter()
        .flatten()
        .copied()
    }

    /// Whether it is the kernel's, and not an engine's.
    pub fn is_kernels(&self) -> bool {
        self.source.project == Project::Linux
    }

    /// The rule of this id.
    pub fn find(id: &str) -> Option<&'static Self> {
        Self::all().find(|rule| rule.id == id)
    }

    /// Whether `release` has this rule.
    pub fn applies_to(&self, release: Release) -> bool {
        self.since.is_none_or(|change| release.has(change)) && self.until.is_none_or(|change| !release.has(change))
    }

    /// Where the manual page can be read.
    ///
    /// ```
    /// use sim_core::rule::Rule;
    ///
    /// let url = Rule::find("execve.file-permitted").and_then(Rule::manual_url);
    /// assert_eq!(url.as_deref(), Some("https://man7.org/linux/man-pages/man7/capabilities.7.html"));
    /// ```
    pub fn manual_url(&self) -> Option<String> {
        let (page, rest) = self.manual.split_once('(')?;
        let (section, _) = rest.split_once(')')?;
        Some(format!("https://man7.org/linux/man-pages/man{section}/{page}.{section}.html"))
    }

    /// The kernels that confirmed it, with the number of agreeing cases; empty if it is cited only.
    pub fn evidence(&self) -> impl Iterator<Item = (&'static evidence::Kernel, u32)> {
        evidence::of(self.id)
    }

    /// The engines that confirmed it, with the number of agreeing requests; empty for a rule of the kernel.
    pub fn engine_evidence(&self) -> impl Iterator<Item = (&'static engine_evidence::AskedEngine, u32)> {
        engine_evidence::of(self.id)
    }

    /// The same in words: `cited only`, or which kernels or engines confirmed it, when, and how often.
    pub fn evidence_in_words(&self) -> String {
        if cfg!(feature = "engines") && !self.is_kernels() {
            return self.engine_evidence_in_words();
        }
        let kernels: Vec<_> = self
            .evidence()
            .map(|(kernel, cases)| {
                format!(
                    "{cases} step{} on Linux {} ({})",
                    if cases == 1 { "" } else { "s" },
                    kernel.name,
                    kernel.date
                )
            })
            .collect();
        let known =
            if kernels.is_empty() { "cited only".into() } else { format!("confirmed by {}", kernels.join(", ")) };
        let reasons = Unconfirmed::of(self).map(|unconfirmed| match unconfirmed.kernels {
            Kernels::All => format!(". {}", unconfirmed.reason.trim_end_matches('.')),
            Kernels::Series(series) => {
                format!(". Not on {}: {}", series.join(", "), unconfirmed.reason.trim_end_matches('.'))
            }
        });
        known + &reasons.collect::<String>()
    }

    fn engine_evidence_in_words(&self) -> String {
        let engines: Vec<_> = self
            .engine_evidence()
            .map(|(engine, requests)| {
                let plural = if requests == 1 { "" } else { "s" };
                format!("{requests} request{plural} to {} {} ({})", engine.name, engine.version, engine.date)
            })
            .collect();
        let reason = engine::UnconfirmedByEngines::of(self)
            .map(|unconfirmed| format!(". {}", unconfirmed.reason.trim_end_matches('.')))
            .unwrap_or_default();
        if engines.is_empty() {
            format!("cited only{reason}")
        } else {
            format!("confirmed by {}", engines.join(", "))
        }
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}

impl Source {
    /// Where the file can be read.
    pub fn url(&self) -> String {
        match self.project {
            Project::Linux => format!("https://elixir.bootlin.com/linux/v{}/source/{}", self.release, self.file),
            Project::GitHub(name) => format!("https://github.com/{name}/blob/{}/{}", self.release, self.file),
        }
    }

    const fn new(file: &'static str, function: &'static str) -> Self {
        Self { project: Project::Linux, file, function, release: "6.18" }
    }

    const fn on_github(
        name: &'static str,
        release: &'static str,
        file: &'static str,
        function: &'static str,
    ) -> Self {
        Self { project: Project::GitHub(name), file, function, release }
    }
}

/// `security/commoncap.c, cap_capset() (6.18)`.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Project::GitHub(name) = self.project {
            write!(f, "{name}, ")?;
        }
        write!(f, "{}, {}() ({})", self.file, self.function, self.release)
    }
}

/// Makes each row a static of its own and lists them all, so that none can be forgotten.
macro_rules! rules {
    ($($name:ident { $($field:ident: $value:expr),* $(,)? })*) => {
        $(
            #[allow(missing_docs, reason = "the statement is the row's documentation")]
            pub static $name: crate::rule::Rule = crate::rule::Rule {
                $($field: $value,)*
                ..crate::rule::Rule::TEMPLATE
            }
            .of_this_build();
        )*

        /// Every rule of this call, in the order in which the kernel tries them.
        pub static RULES: &[&crate::rule::Rule] = &[$(&$name),*];
    };
}
use rules;
