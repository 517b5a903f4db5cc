use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::de::{Deserialize, Deserializer};
use serde::{Serialize, Serializer};

use super::result::StepResult;
use super::values::{self, CapsEntry, FourIds, ModeText, SecurebitsText, SetText, from_text};
use super::{Call, Signal};
use crate::capability::CapSet;
use crate::kernel::Errno;
use crate::rule::Rule;
use crate::seccomp::Action;

/// Any part of a step's result. What it names must be equal; `rules` must be contained.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default, expecting = "an object: any part of a step's result")]
pub struct Expect {
    /// The call, its sets in any notation.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::call"))]
    pub call: Option<Call>,
    /// The name of an errno, or `null` for success.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub errno: Option<Option<ErrnoText>>,
    /// The return value.
    #[serde(rename = "return", deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
    /// The thread after the step.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub process: Option<ExpectProcess>,
    /// `AT_SECURE` of the new program.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub at_secure: Option<bool>,
    /// What getxattr gave.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub attribute: Option<CapsEntry>,
    /// The file after the step.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub file: Option<ExpectFile>,
    /// What the filters in force said of the call.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub action: Option<ActionText>,
    /// The lower 16 bits of what they said.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub data: Option<u16>,
    /// What decided so, as `process.seccomp[0].profile.syscalls[3].names[7]`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// The signal that ended the process.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub killed: Option<Signal>,
    /// Why the step was not performed.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub not_performed: Option<String>,
    /// Rules that must be among those that decided.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleText>,
}

/// Any part of the thread's state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default, expecting = "an object: any part of the thread's state")]
#[expect(missing_docs, reason = "the fields are those of the result")]
pub struct ExpectProcess {
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub uid: Option<FourIds>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub gid: Option<FourIds>,
    #[serde(deserialize_with = "present_ids", skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<u32>>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub permitted: Option<SetText>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub effective: Option<SetText>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub inheritable: Option<SetText>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub bounding: Option<SetText>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub ambient: Option<SetText>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub securebits: Option<SecurebitsText>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub no_new_privs: Option<bool>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub user_ns: Option<String>,
}

/// Any part of the state of a file; its ids are host ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default, expecting = "an object: any part of the file's state")]
#[expect(missing_docs, reason = "the fields are those of the result")]
pub struct ExpectFile {
    #[serde(deserialize_with = "present_id", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::id"))]
    pub uid: Option<u32>,
    #[serde(deserialize_with = "present_id", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::id"))]
    pub gid: Option<u32>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub mode: Option<ModeText>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub caps: Option<Option<CapsEntry>>,
}

/// An expectation that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What was compared, as `process.permitted`.
    pub field: String,
    /// What was expected.
    pub expected: String,
    /// What came out.
    pub actual: String,
}

impl Expect {
    /// Every part that does not hold of `result`, if `"all"` means `all`.
    pub fn differences(&self, result: &StepResult, all: CapSet) -> Vec<Difference> {
        let mut found = Vec::new();
        let mut compare = |field: &str, expected: Option<String>, actual: String| {
            if let Some(expected) = expected
                && expected != actual
            {
                found.push(Difference { field: field.into(), expected, actual });
            }
        };
        let json = |call: &Call| serde_json::to_string(call).unwrap_or_default();
        compare("call", self.call.as_ref().map(|call| json(&call.in_digits(all))), json(&result.call));
        let name = |errno: Option<Errno>| errno.map_or_else(|| "null".to_string(), |errno| errno.to_string());
        compare("errno", self.errno.map(|e| name(e.map(|ErrnoText(errno)| errno))), name(result.errno));
        compare("return", self.value.map(|v| v.to_string()), result.value.to_string());
        let at_secure = result.at_secure.map_or_else(|| "none: no execve".to_string(), |value| value.to_string());
        compare("at_secure", self.at_secure.map(|v| v.to_string()), at_secure);
        let caps = |caps: Option<&CapsEntry>| caps.map_or_else(|| "null".to_string(), |caps| caps.comparable(all));
        let read = result.attribute.as_ref().map_or_else(|| "none".to_string(), |caps| caps.comparable(all));
        compare("attribute", self.attribute.as_ref().map(|attribute| attribute.comparable(all)), read);
        let unjudged = || "none: no filter judged it".to_string();
        let action = result.action.map_or_else(unjudged, ToString::to_string);
        let expected = self.action.and_then(|ActionText(action)| action.profile_name());
        compare("action", expected.map(ToString::to_string), action);
        let data = result.data.map_or_else(unjudged, |data| data.to_string());
        compare("data", self.data.map(|data| data.to_string()), data);
        compare("decided_by", self.decided_by.clone(), result.decided_by.clone().unwrap_or_else(unjudged));
        let killed = result.killed.map_or("none", Signal::name).to_string();
        compare("killed", self.killed.map(|signal| signal.name().to_string()), killed);
        let performed = || "none: it was performed".to_string();
        let not_performed = result.not_performed.clone().unwrap_or_else(performed);
        compare("not_performed", self.not_performed.clone(), not_performed);
        if let Some(expected) = &self.file {
            let absent = || "none: the step is about no file".to_string();
            let actual = result.file.as_ref();
            let field = |value: Option<String>| value.unwrap_or_else(absent);
            compare(
                "file.uid",
                expected.uid.map(|id| id.to_string()),
                field(actual.map(|file| file.uid.to_string())),
            );
            compare(
                "file.gid",
                expected.gid.map(|id| id.to_string()),
                field(actual.map(|file| file.gid.to_string())),
            );
            let mode = |mode: ModeText| mode.0.to_string();
            compare("file.mode", expected.mode.map(mode), field(actual.map(|file| mode(file.mode))));
            let expected = expected.caps.as_ref().map(|entry| caps(entry.as_ref()));
            compare("file.caps", expected, field(actual.map(|file| caps(file.caps.as_ref()))));
        }
        if let Some(expected) = &self.process {
            let actual = &result.process;
            let ids = |ids: &[u32]| alloc::format!("{ids:?}");
            compare("process.uid", expected.uid.map(|e| ids(&e.0)), ids(&actual.uid));
            compare("process.gid", expected.gid.map(|e| ids(&e.0)), ids(&actual.gid));
            compare("process.groups", expected.groups.as_deref().map(ids), ids(&actual.groups));
            let sets = [
                ("process.permitted", expected.permitted, actual.permitted),
                ("process.effective", expected.effective, actual.effective),
                ("process.inheritable", expected.inheritable, actual.inheritable),
                ("process.bounding", expected.bounding, actual.bounding),
                ("process.ambient", expected.ambient, actual.ambient),
            ];
            for (field, expected, actual) in sets {
                compare(field, expected.map(|set| set.resolve(all).to_string()), actual.to_string());
            }
            let securebits = expected.securebits.map(|SecurebitsText(bits)| bits.bits().to_string());
            compare("process.securebits", securebits, actual.securebits.to_string());
            let no_new_privs = expected.no_new_privs.map(|value| value.to_string());
            compare("process.no_new_privs", no_new_privs, actual.no_new_privs.to_string());
            compare("process.user_ns", expected.user_ns.clone(), actual.user_ns.clone());
        }
        for RuleText(rule) in &self.rules {
            if !result.rules.contains(&rule.id) {
                compare("rules", Some(rule.id.to_string()), result.rules.join(", "));
            }
        }
        found
    }
}

impl Expect {
    /// What it says of the errno: nothing, success being said or not, or which one.
    pub fn errno(&self) -> Option<Errno> {
        self.errno.flatten().map(|ErrnoText(errno)| errno)
    }

    /// Expects this errno, or success.
    pub fn of_errno(errno: Option<Errno>) -> Self {
        Self { errno: Some(errno.map(ErrnoText)), ..Self::default() }
    }
}

/// The name of an errno.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrnoText(pub Errno);

impl Serialize for ErrnoText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ErrnoText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "the name of an errno, as \"EPERM\", or null for success", |text| {
            let nameless = || text.parse().ok().and_then(Errno::returned).filter(|errno| errno.name() == "?");
            Errno::from_name(text)
                .or_else(nameless)
                .map(Self)
                .ok_or_else(|| alloc::format!("{text:?} is no errno; names look like \"EPERM\", null is success"))
        })
    }
}

/// An action by its name in profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionText(pub Action);

impl Serialize for ActionText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.profile_name().unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for ActionText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "an action, as \"SCMP_ACT_ERRNO\"", |text| {
            let known = Action::from_name(text).filter(|_| text.starts_with("SCMP_ACT_"));
            known.map(Self).ok_or_else(|| alloc::format!("{text:?} is no action; one is as \"SCMP_ACT_ERRNO\""))
        })
    }
}

/// The id of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleText(pub &'static Rule);

impl Serialize for RuleText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.id)
    }
}

impl<'de> Deserialize<'de> for RuleText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "the id of a rule", |text| {
            Rule::find(text).map(Self).ok_or_else(|| alloc::format!("{text:?} is no rule; `eperm rules` lists them"))
        })
    }
}

/// A key that is there, even with `null`.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

fn present_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    values::id(deserializer).map(Some)
}

fn present_ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u32>>, D::Error> {
    values::ids(deserializer).map(Some)
}
