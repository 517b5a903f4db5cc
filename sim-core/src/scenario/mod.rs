//! The scenario format: a world, a list of steps, the outcome of each.
//!
//! One JSON object that the command, the page, the tests and `native-verify` all read.
//!
//! ```
//! use sim_core::scenario::{Loaded, Options};
//!
//! let loaded = Loaded::read(
//!     r#"{
//!         "process": { "uid": 1024, "gid": 1024, "bounding": "none" },
//!         "files": { "/usr/bin/reverse-words": { "caps": "cap_net_bind_service=ep" } },
//!         "steps": [ { "execve": "/usr/bin/reverse-words", "expect": { "errno": "EPERM" } } ]
//!     }"#,
//!     &Options::default(),
//! )?;
//! let result = loaded.run();
//! assert!(result.ok);
//! assert_eq!(result.steps[0].rules, ["execve.file-effective-eperm"]);
//! # Ok::<(), sim_core::scenario::ReadError>(())
//! ```

mod call_group;
mod edit;
mod engine_comparison;
mod engine_differences;
mod era;
mod expect;
mod file_change;
mod filter;
mod format;
mod in_force;
mod json;
mod judgement;
mod lookup;
mod named;
mod operation;
mod prctl_call;
mod read;
mod release_differences;
mod result;
mod run;
mod runtime;
#[cfg(feature = "schema")]
mod schema;
mod seccomp_call;
#[cfg(test)]
mod seccomp_tests;
mod step;
mod system_call;
#[cfg(test)]
mod tests;
mod values;
mod verdict;
mod world;
mod write_map_call;

pub use edit::FiveSets;
pub use engine_comparison::{ComparedCell, ComparedEngine, ComparedField, compare_engines};
pub use engine_differences::{EngineDifference, engine_differences};
pub use expect::{Difference, Expect, ExpectFile, ExpectProcess};
pub use file_change::{
    AttributeArguments, ChmodArguments, ChownArguments, FileChange, SetcapArguments, TruncateArguments,
    WriteArguments,
};
pub use filter::{EngineName, FilterEntry, FlagText, NativeName, ProfileFilter};
pub use format::{Era, FileEntry, Process, Scenario, Setgroups, Sysctl, Traced, UserNamespaceEntry};
pub use in_force::JUDGES_FILTERS;
pub use json::Json;
pub use judgement::{DecidedBy, Judgement, NotPerformed, Signal};
pub use named::NamedFiles;
pub use operation::*;
pub use prctl_call::{PrctlArgument, PrctlCall};
pub use read::{Loaded, MAX_SIZE, ReadError, read_value};
pub use release_differences::{ReleaseDifference, release_differences};
pub use result::{EraResult, FileResult, ProcessResult, ScenarioResult, StepResult};
pub use run::{Simulation, StepOutcome};
pub use runtime::{
    EngineText, JUDGES_ENGINES, PrologueCall, RefusedResult, RuntimeEntry, RuntimeExpect, RuntimeResult, Started,
    UNKNOWN_USER, UnitEntry, VersionText,
};
#[cfg(feature = "schema")]
pub use schema::json_schema;
pub use seccomp_call::{SeccompCall, SyscallCall, WhichCall};
pub use step::{Call, CapsetCall, CloneCall, CloneFlag, Step};
pub use values::{
    CapsEntry, FileCapsObject, FourIds, LimitText, ModeText, ReleaseText, SecurebitsText, SetText, SetTextError,
};
pub use verdict::{explain_event, explain_link, verdict};
pub use world::{Options, Problem as WorldProblem, World, WorldError};
pub use write_map_call::{MapFileName, WriteMapCall};
