//! What oci-seccomp-bpf-hook never records.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::vec::Vec;

use super::entries::shown;
use super::{Finding, Lint};
use crate::seccomp::profile::{Entry, Filter, Profile};
use crate::seccomp::region::Permission;

/// The names of a profile that oci-seccomp-bpf-hook, or [`record`](crate::seccomp::record), would not add to it though it
/// does not permit them, or not always: they stand in an entry, and it does not look further.
///
/// ```
/// # #[cfg(feature = "serde")] {
/// use sim_core::seccomp::lint::hidden_from_recording;
/// use sim_core::seccomp::profile::Profile;
///
/// let text = r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_KILL"}]}"#;
/// let findings = hidden_from_recording(&Profile::read(text).unwrap());
/// assert_eq!(findings[0].path, "syscalls[0].names[0]");
/// # }
/// ```
pub fn hidden_from_recording(profile: &Profile) -> Vec<Finding> {
    let always = |entry: &Entry| {
        Permission::of(entry.action) == Permission::Granted
            && entry.args.is_empty()
            && entry.includes == Filter::default()
            && entry.excludes == Filter::default()
    };
    let entries = || profile.syscalls.iter().enumerate();
    let permitted: BTreeSet<&str> = entries()
        .filter(|(_, entry)| always(entry))
        .flat_map(|(index, entry)| entry.origins(index).map(|(name, _)| name))
        .collect();
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for (index, entry) in entries().filter(|(_, entry)| !always(entry)) {
        for (name, origin) in entry.origins(index) {
            if permitted.contains(name) || !told.insert(name) {
                continue;
            }
            let why = if Permission::of(entry.action) != Permission::Granted {
                "an entry that does not permit it"
            } else if entry.args.is_empty() {
                "an entry that counts in some containers only"
            } else {
                "an entry with conditions"
            };
            let message = format!("{} stands in {why}, so that a recording never adds it", shown(name));
            found.push(Finding::about(Lint::HiddenFromRecording, origin, message));
        }
    }
    found
}
