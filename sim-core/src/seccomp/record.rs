//! Profiles from calls that were seen.
//!
//! The result is what oci-seccomp-bpf-hook makes of the same calls and input profile: the input is kept whole; calls whose
//! name stands in none of its entries are appended as one entry that allows them, in order, even if there are none; the
//! default action becomes `SCMP_ACT_ERRNO`; the architecture is added if it is missing. A call that stands in an entry
//! which does not permit it is therefore never added: [`hidden_from_recording`](super::lint::hidden_from_recording) finds
//! such entries.
//!
//! ```
//! # #[cfg(feature = "serde")] {
//! use sim_core::seccomp::check::Argument;
//! use sim_core::seccomp::record::{Recorder, read_annotation};
//! use sim_core::seccomp::syscalls::Abi;
//!
//! let mut recorder = Recorder::default();
//! recorder.see("read", [Argument::Unknown; 6]);
//! let profile = recorder.profile(None, Abi::X86_64, false);
//! assert!(profile.to_string().contains("\"names\": [\"read\"]"));
//!
//! let annotation = read_annotation("if:/tmp/ls.json;of:/tmp/lsl.json").unwrap();
//! assert_eq!((annotation.output, annotation.input), ("/tmp/lsl.json", Some("/tmp/ls.json")));
//! # }
//! ```

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Action;
use super::check::{Argument, selector};
use super::profile::{Comparison, Entry, Filter, Operator, Place, Placed, Profile};
use super::syscalls::Abi;

/// Calls that were seen, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorder {
    calls: BTreeMap<String, Selections>,
}

/// The values of the argument that says what a call does.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Selections {
    /// Any: some value was not seen, or there were too many, or the call has no such argument.
    Any,
    /// These.
    Seen(BTreeSet<u64>),
}

/// So many values of an argument become conditions; more are no choice any more.
const MOST_VALUES: usize = 32;

impl Recorder {
    /// Adds a call.
    pub fn see(&mut self, name: &str, args: [Argument; 6]) {
        let value = match selector(name).and_then(|index| args.get(usize::from(index)).copied()) {
            Some(Argument::Known(value)) => Some(value),
            _ => None,
        };
        let seen = self.calls.entry(name.to_string()).or_insert_with(|| Selections::Seen(BTreeSet::new()));
        match (value, &mut *seen) {
            (Some(value), Selections::Seen(values)) if values.len() < MOST_VALUES || values.contains(&value) => {
                values.insert(value);
            }
            _ => *seen = Selections::Any,
        }
    }

    /// The names that were seen, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.calls.keys().map(String::as_str)
    }

    /// The names that a profile does not have in any entry, in order: those that are added to it.
    pub fn new_names(&self, base: Option<&Profile>) -> Vec<&str> {
        let known = names_of(base);
        self.names().filter(|name| !known.contains(name)).collect()
    }

    /// The input profile with what was seen; `conditions` allows calls with the values only with which they were seen, where
    /// one argument says what the call does. The hook has no such choice.
    pub fn profile(&self, base: Option<&Profile>, table: Abi, conditions: bool) -> Profile {
        let mut profile = base.cloned().unwrap_or_default();
        let mut always = Vec::new();
        let mut conditional = Vec::new();
        for name in self.new_names(base) {
            match self.calls.get(name) {
                Some(Selections::Seen(values)) if conditions && !values.is_empty() => {
                    let index = selector(name).unwrap_or_default();
                    let args = |value| Comparison { index, operator: Operator::Equal, value, value_two: 0 };
                    conditional.extend(values.iter().map(|&value| allowing([name], Vec::from([args(value)]))));
                }
                _ => always.push(name),
            }
        }
        profile.default_action = Some(Action::Errno);
        profile.syscalls.push(allowing(always, Vec::new()));
        profile.syscalls.extend(conditional);
        let architecture = table.profile_name();
        // A profile has either archMap or architectures.
        let named = profile.architectures.iter().any(|named| named.value == architecture);
        if profile.arch_map.is_empty() && !named {
            profile.architectures.push(placed(architecture));
        }
        profile
    }
}

fn names_of(profile: Option<&Profile>) -> BTreeSet<&str> {
    let entries = profile.into_iter().flat_map(|profile| profile.syscalls.iter().enumerate());
    entries.flat_map(|(index, entry)| entry.origins(index).map(|(name, _)| name)).collect()
}

fn placed(value: &str) -> Placed<String> {
    Placed { value: value.to_string(), place: Place::default() }
}

fn allowing<'a>(names: impl IntoIterator<Item = &'a str>, args: Vec<Comparison>) -> Entry {
    Entry {
        names: names.into_iter().map(placed).collect(),
        name: None,
        action: Action::Allow,
        errno_ret: None,
        errno: None,
        args,
        includes: Filter::default(),
        excludes: Filter::default(),
        place: Place::default(),
    }
}

/// Where the hook writes a profile, and which it begins with: the annotation `io.containers.trace-syscall`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Annotation<'a> {
    /// Behind `of:`.
    pub output: &'a str,
    /// Behind `if:`.
    pub input: Option<&'a str>,
}

/// Why the hook refuses an annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnnotationError {
    /// More than one semicolon.
    #[error("an annotation has at most two parts, with one semicolon between them")]
    Parts,
    /// A part without a prefix.
    #[error("each part begins with of: or if:, without a blank before it")]
    Prefix,
    /// A path that is not absolute.
    #[error("paths must be absolute")]
    Relative,
    /// No output file.
    #[error("the output file is missing: of:/path")]
    NoOutput,
}

/// Reads an annotation as the hook does.
pub fn read_annotation(text: &str) -> Result<Annotation<'_>, AnnotationError> {
    let (mut output, mut input) = (None, None);
    if text.matches(';').count() > 1 {
        return Err(AnnotationError::Parts);
    }
    for part in text.split(';') {
        let (place, path) = match (part.strip_prefix("of:"), part.strip_prefix("if:")) {
            (Some(path), _) => (&mut output, path),
            (_, Some(path)) => (&mut input, path),
            (None, None) => return Err(AnnotationError::Prefix),
        };
        let path = path.trim();
        if !path.starts_with('/') {
            return Err(AnnotationError::Relative);
        }
        *place = Some(path);
    }
    Ok(Annotation { output: output.ok_or(AnnotationError::NoOutput)?, input })
}

#[cfg(all(test, feature = "serde"))]
mod tests {
    use super::{Annotation, AnnotationError, Recorder, read_annotation};
    use crate::seccomp::check::Argument::{self, Known, Unknown};
    use crate::seccomp::profile::Profile;
    use crate::seccomp::syscalls::Abi;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    fn recorder(names: &[&str]) -> Recorder {
        let mut recorder = Recorder::default();
        names.iter().for_each(|name| recorder.see(name, [Unknown; 6]));
        recorder
    }

    fn names(profile: &Profile) -> Vec<Vec<String>> {
        let of = |entry: &crate::seccomp::profile::Entry| entry.names.iter().map(|name| name.value.clone()).collect();
        profile.syscalls.iter().map(of).collect()
    }

    #[test]
    fn the_hooks_merge() {
        let base = r#"{"defaultAction": "SCMP_ACT_KILL", "defaultErrnoRet": 38, "syscalls": [
            {"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}, {"name": "read", "action": "SCMP_ACT_ALLOW"}]}"#;
        let base = Profile::read(base).unwrap();
        let profile = recorder(&["write", "read", "mkdir", "close"]).profile(Some(&base), Abi::X86_64, false);
        assert_eq!(names(&profile), [Vec::from(["mkdir"]), Vec::new(), Vec::from(["close", "write"])]);
        assert_eq!(profile.syscalls[..2], base.syscalls[..], "the input is kept, mkdir is hidden by it");
        let (action, errno) = (profile.default_action.unwrap(), profile.default_errno_ret);
        assert_eq!((action.profile_name(), errno), (Some("SCMP_ACT_ERRNO"), Some(38)));
        assert_eq!(profile.architectures[0].value, "SCMP_ARCH_X86_64");
        let again = recorder(&["write"]).profile(Some(&profile), Abi::X86_64, false);
        assert_eq!((again.architectures.len(), again.syscalls.len()), (1, 4));
        assert!(again.syscalls[3].names.is_empty() && again.to_string().contains("\"names\": null"));
    }

    #[test]
    fn the_article() {
        let first = recorder(&["access", "arch_prctl", "brk", "close", "execve", "openat"]);
        let ls = first.profile(None, Abi::X86_64, false);
        let second = recorder(&["access", "lstat", "connect", "brk"]).profile(Some(&ls), Abi::X86_64, false);
        assert_eq!(names(&second)[1], ["connect", "lstat"]);
        assert_eq!(second.syscalls[0], ls.syscalls[0]);
    }

    #[test]
    fn values_become_conditions_where_they_are_asked_for() {
        let args = |value: Argument| [value, Unknown, Unknown, Unknown, Unknown, Unknown];
        let mut recorder = Recorder::default();
        recorder.see("socket", args(Known(16)));
        recorder.see("socket", args(Known(1)));
        recorder.see("prctl", args(Unknown));
        recorder.see("prctl", args(Known(1)));
        recorder.see("read", args(Known(0)));
        (0..100).for_each(|value| recorder.see("personality", args(Known(value))));
        let profile = recorder.profile(None, Abi::X86_64, true);
        assert_eq!(
            names(&profile),
            [Vec::from(["personality", "prctl", "read"]), Vec::from(["socket"]), Vec::from(["socket"])]
        );
        assert_eq!(profile.syscalls[1].args[0].to_string(), "args[0] == 1");
        assert_eq!(recorder.profile(None, Abi::X86_64, false).syscalls.len(), 1);
    }

    #[test]
    fn annotations() {
        let both = Annotation { output: "/b", input: Some("/a") };
        assert_eq!(read_annotation("if:/a;of: /b "), Ok(both));
        assert_eq!(read_annotation("of:/b"), Ok(Annotation { output: "/b", input: None }));
        assert_eq!(read_annotation("of:/a;if:/b;of:/c"), Err(AnnotationError::Parts));
        assert_eq!(read_annotation("of:a"), Err(AnnotationError::Relative));
        assert_eq!(read_annotation("if:/a"), Err(AnnotationError::NoOutput));
        for text in ["", "/a", " of:/a", "of:/a;"] {
            assert_eq!(read_annotation(text), Err(AnnotationError::Prefix), "{text}");
        }
    }
}
