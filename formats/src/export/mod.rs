//! Writers of what people take away: a scenario as a script, as commands and files of engines, as a test, as Markdown.
//!
//! Whatever a medium cannot say stands in [`Exported::left_out`], and in the text itself where it has comments.
//!
//! ```
//! use formats::export::{Format, export};
//! use sim_core::scenario::{Loaded, Options};
//!
//! let text = r#"{
//!     "process": { "uid": 1024, "gid": 1024, "bounding": "none" },
//!     "files": { "/usr/bin/reverse-words": { "caps": "cap_net_bind_service=ep" } },
//!     "steps": [ { "execve": "/usr/bin/reverse-words" } ]
//! }"#;
//! let scenario = Loaded::read(text, &Options::default())?.scenario;
//! let script = export(&scenario, &Options::default(), Format::Script)?;
//! assert!(script.text.contains("setpriv --reuid=1024"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod container;
mod markdown;
mod oci;
mod pod;
mod quote;
mod request;
mod script;
mod test;
#[cfg(test)]
mod tests;
mod tools;
mod unit;

pub use container::{docker, podman};
pub use markdown::markdown;
pub use oci::oci;
pub use pod::{pod, pod_patch};
pub use script::{Tool, script};
pub use test::test;
pub use unit::unit;

use sim_core::scenario::{Options, Scenario, WorldError};

/// A kind of text that a scenario is exported to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// A shell script that brings a process into the state and performs the steps, with setpriv(1), capsh(1), unshare(1).
    Script,
    /// A line of `docker run`.
    Docker,
    /// A line of `podman run`.
    Podman,
    /// A pod of Kubernetes, as YAML.
    Pod,
    /// The same as a strategic merge patch of a Deployment, as YAML.
    PodPatch,
    /// A service of systemd.
    Unit,
    /// `config.json` of an OCI runtime.
    Oci,
    /// The scenario with everything that the model answers as expectation, for `eperm run`.
    Test,
    /// Markdown for an issue's thread.
    Markdown,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 9] = [
        Self::Script,
        Self::Docker,
        Self::Podman,
        Self::Pod,
        Self::PodPatch,
        Self::Unit,
        Self::Oci,
        Self::Test,
        Self::Markdown,
    ];

    /// Its name, as `pod-patch`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Pod => "pod",
            Self::PodPatch => "pod-patch",
            Self::Unit => "unit",
            Self::Oci => "oci",
            Self::Test => "test",
            Self::Markdown => "markdown",
        }
    }
}

/// What came of an export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// The text, with a line feed at its end.
    pub text: String,
    /// What it does not say of the scenario, a sentence each.
    pub left_out: Vec<String>,
}

/// Why a scenario cannot be exported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The scenario makes no sense.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The engine does not start it.
    #[error("{engine} refuses to start it, by the rule {rule}")]
    Refused {
        /// The engine and its version.
        engine: String,
        /// The rule.
        rule: &'static str,
    },
    /// Nothing in the medium brings a process to its start.
    #[error("the start cannot be expressed: {0}")]
    Start(String),
    /// A step that later ones build on cannot be expressed; counted from 1.
    #[error("step {number}, {call}, cannot be expressed, and later steps build on it: {reason}")]
    Step {
        /// The step, counted from 1.
        number: usize,
        /// The call in a few words.
        call: String,
        /// Why.
        reason: String,
    },
    /// A file cannot be made.
    #[error("the file {path:?} cannot be expressed: {reason}")]
    File {
        /// Its path.
        path: String,
        /// Why.
        reason: String,
    },
    /// Too long a scenario.
    #[error("it has {found} {what}; at most {most} are exported")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many it has.
        found: usize,
        /// How many may be.
        most: usize,
    },
}

/// A scenario as a text of this kind. `options` say which kernel is meant, and what `"all"` means on the machine.
pub fn export(scenario: &Scenario, options: &Options, format: Format) -> Result<Exported, ExportError> {
    match format {
        Format::Script => script(scenario, options, None),
        Format::Docker => docker(scenario, options),
        Format::Podman => podman(scenario, options),
        Format::Pod => pod(scenario, options),
        Format::PodPatch => pod_patch(scenario, options),
        Format::Unit => unit(scenario, options),
        Format::Oci => oci(scenario, options),
        Format::Test => test(scenario, options),
        Format::Markdown => markdown(scenario, options, None),
    }
}
