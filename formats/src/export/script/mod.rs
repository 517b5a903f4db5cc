//! A shell script that brings a process into a scenario's starting state and performs its steps.
//!
//! A shell's tools are programs, so each is an execve, and that changes credentials. The model is asked at every one
//! of them whether the state survives; where it does not, file capabilities on a copy of the tool may make up for it.

mod carrier;
mod emit;
mod files;
mod operation;
mod plan;
mod text;

pub(super) use files::setcap;

use sim_core::scenario::{Options, Scenario};

use super::{ExportError, Exported};

/// The tool that brings the process into the starting state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tool {
    /// setpriv(1): easy to read, but it leaves the permitted and effective sets full until the first execve.
    Setpriv,
    /// capsh(1): sets everything but different ids of one kind.
    Capsh,
}

impl Tool {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Setpriv => "setpriv",
            Self::Capsh => "capsh",
        }
    }
}

/// The script, which starts with this tool, or with the one that can and is easier to read. It is written to a file and
/// run as root; it has functions for both tools where both can do it, and its argument `setpriv` or `capsh` chooses.
pub fn script(scenario: &Scenario, options: &Options, with: Option<Tool>) -> Result<Exported, ExportError> {
    let plan = plan::plan(scenario, options)?;
    let emitted = emit::emit(&plan, with)?;
    let files = files::files(&plan, &emitted)?;
    Ok(text::text(scenario, plan, &emitted, &files))
}
