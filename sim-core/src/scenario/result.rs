use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Serialize, Serializer};

use super::values::{CapsEntry, ModeText};
use super::{Call, Difference, RuntimeResult, Signal};
use crate::capability::CapSet;
use crate::kernel::Errno;
use crate::rule::SetName;

/// The result of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScenarioResult {
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The kernel release that decided.
    pub kernel: String,
    /// Whether every expectation held.
    pub ok: bool,
    /// What the engine answered and its runtime did, where the scenario begins with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<RuntimeResult>,
    /// One result a step.
    pub steps: Vec<StepResult>,
    /// The expectations of other engines, versions and kernels that did not hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub eras: Vec<EraResult>,
}

/// An era in which a step does not come out as expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EraResult {
    /// Which of `eras`, counted from 0.
    pub era: usize,
    /// What was expected otherwise, or why the scenario makes no sense there.
    pub differences: Vec<Difference>,
}

/// The result of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepResult {
    /// The call, with its sets in digits.
    pub call: Call,
    /// What it failed with; `null` if it did not.
    #[serde(serialize_with = "errno_name")]
    pub errno: Option<Errno>,
    /// What it returned, -1 if it failed.
    #[serde(rename = "return")]
    pub value: i64,
    /// After a successful execve: `AT_SECURE` of the new program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_secure: Option<bool>,
    /// After a getxattr that succeeded: the attribute, the root id as the thread sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<CapsEntry>,
    /// After a step that is about a file: the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<FileResult>,
    /// What the filters in force said of the call, by its name in profiles, as `SCMP_ACT_ERRNO`; of several calls, of the
    /// first that they stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<&'static str>,
    /// The lower 16 bits of what they said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<u16>,
    /// What decided so, as `process.seccomp[0].profile.syscalls[3].names[7]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// The signal that ended the process at this step; `errno` is `null` then, and `return` is -1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub killed: Option<Signal>,
    /// Why the step was not performed; `errno` is `null` then, and `return` is -1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_performed: Option<String>,
    /// The thread after the step.
    pub process: ProcessResult,
    /// The rules that decided: the refusing one, or those that applied, in order.
    pub rules: Vec<&'static str>,
    /// What was expected otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
}

/// The state of a file; its ids are host ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the format's `files`")]
pub struct FileResult {
    pub uid: u32,
    pub gid: u32,
    pub mode: ModeText,
    pub caps: Option<CapsEntry>,
}

/// The state of the thread, ids as it sees them itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the format's `process`")]
pub struct ProcessResult {
    pub uid: [u32; 4],
    pub gid: [u32; 4],
    pub groups: Vec<u32>,
    #[serde(serialize_with = "digits")]
    pub permitted: CapSet,
    #[serde(serialize_with = "digits")]
    pub effective: CapSet,
    #[serde(serialize_with = "digits")]
    pub inheritable: CapSet,
    #[serde(serialize_with = "digits")]
    pub bounding: CapSet,
    #[serde(serialize_with = "digits")]
    pub ambient: CapSet,
    pub securebits: u32,
    pub no_new_privs: bool,
    pub user_ns: String,
}

impl ProcessResult {
    /// The five sets, in the order in which they are read.
    pub fn sets(&self) -> [(SetName, CapSet); 5] {
        [
            (SetName::Permitted, self.permitted),
            (SetName::Effective, self.effective),
            (SetName::Inheritable, self.inheritable),
            (SetName::Bounding, self.bounding),
            (SetName::Ambient, self.ambient),
        ]
    }

    /// One of the five sets; none if it is not a thread's.
    pub fn set(&self, name: SetName) -> Option<CapSet> {
        self.sets().into_iter().find(|(known, _)| *known == name).map(|(_, set)| set)
    }
}

#[expect(clippy::ref_option, reason = "serde passes a reference")]
fn errno_name<S: Serializer>(errno: &Option<Errno>, serializer: S) -> Result<S::Ok, S::Error> {
    errno.map(|errno| errno.to_string()).serialize(serializer)
}

fn digits<S: Serializer>(set: &CapSet, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(set)
}
