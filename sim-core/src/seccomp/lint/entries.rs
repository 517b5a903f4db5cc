//! What shows in the text of the entries alone.

use alloc::format;
use alloc::vec::Vec;

use super::similar::most_similar;
use super::{Finding, Lint, Severity};
use crate::capability::Capability;
use crate::seccomp::Action;
use crate::seccomp::profile::{Entry, Filter, Manager, Place, Profile, Target};
use crate::seccomp::syscalls::Call;

/// The largest errno that a call can return, `MAX_ERRNO`.
const MAX_ERRNO: u32 = 4095;
/// So many misspelt names are compared with all others.
const MOST_COMPARED: usize = 100;

pub(super) fn lint(profile: &Profile, target: &Target, found: &mut Vec<Finding>) {
    for key in &profile.unknown_keys {
        let message = format!("no engine knows the key {}; it has no effect", shown(&key.value));
        found.push(Finding::at(Lint::UnknownKey, key.place, "", message));
    }
    if let Some(action) = profile.default_action {
        errno(action, profile.default_errno_ret, Place::default(), "defaultErrnoRet", found);
    }
    let manager = target.engine.manager;
    let mut compared = 0;
    for (index, entry) in profile.syscalls.iter().enumerate() {
        let path = format!("syscalls[{index}]");
        errno(entry.action, entry.errno_ret, entry.place, &format!("{path}.errnoRet"), found);
        if entry.names.is_empty() && entry.name.is_none() {
            let message = "the entry names no call, so that it does nothing";
            found.push(Finding::at(Lint::EmptyNames, entry.place, format!("{path}.names"), message));
        }
        let only = entry.includes != Filter::default() || entry.excludes != Filter::default() || entry.name.is_some();
        if manager == Manager::None && only {
            let message = "this engine ignores includes, excludes and name, so that the entry is read without them";
            found.push(Finding::at(Lint::OnlyForManagers, entry.place, &*path, message));
        }
        capabilities(entry, &path, found);
        names(entry, index, target, &mut compared, found);
    }
}

fn errno(action: Action, errno: Option<u32>, place: Place, path: &str, found: &mut Vec<Finding>) {
    let Some(errno) = errno else { return };
    let name = action.profile_name().unwrap_or("this action");
    match (action, errno) {
        (Action::Errno, 0) => {
            let message = "with errno 0 the call is not made and returns 0, as if it had succeeded";
            found.push(Finding::at(Lint::ErrnoZero, place, path, message));
        }
        (Action::Errno, MAX_ERRNO..) if errno > MAX_ERRNO => {
            let cut = errno & 0xffff;
            let message = if cut > MAX_ERRNO {
                format!("{errno} is no errno, the largest is {MAX_ERRNO}; libseccomp refuses the profile")
            } else {
                format!("{errno} is no errno, the largest is {MAX_ERRNO}; engines cut it to {cut}")
            };
            found.push(Finding::at(Lint::ErrnoOutOfRange, place, path, message));
        }
        (Action::Trace, 0x1_0000..) => {
            let message = format!(
                "{errno} has more than the 16 bits that a tracer is told; engines cut it to {}",
                errno & 0xffff
            );
            found.push(Finding::at(Lint::ErrnoOutOfRange, place, path, message));
        }
        (Action::Errno | Action::Trace, _) => {}
        _ => {
            let message = format!("{name} takes no errno; runc and youki ignore it, crun refuses the profile");
            found.push(Finding::at(Lint::ErrnoWithoutMeaning, place, path, message));
        }
    }
}

fn capabilities(entry: &Entry, path: &str, found: &mut Vec<Finding>) {
    for (filter, key) in [(&entry.includes, "includes"), (&entry.excludes, "excludes")] {
        for name in &filter.capabilities {
            let exact = name.starts_with("CAP_") && !name.chars().any(|c| c.is_ascii_lowercase());
            if exact && Capability::from_name(name).is_some() {
                continue;
            }
            let message =
                format!("{} is no capability as engines write them, as CAP_SYS_ADMIN; it never matches", shown(name));
            found.push(Finding::at(Lint::UnknownCapability, entry.place, format!("{path}.{key}.caps"), message));
        }
    }
}

fn names(entry: &Entry, index: usize, target: &Target, compared: &mut usize, found: &mut Vec<Finding>) {
    for (name, origin) in entry.origins(index) {
        let Some(call) = Call::by_name(name) else {
            let like = if *compared < MOST_COMPARED { most_similar(name) } else { None };
            *compared += 1;
            let meant = like.map(|like| format!(" {like} is meant?")).unwrap_or_default();
            let message = format!("no kernel has a call {}; the entry is ignored for it.{meant}", shown(name));
            found.push(Finding::about(Lint::UnknownName, origin, message));
            continue;
        };
        match call.libseccomp {
            Some(since) if since > target.engine.libseccomp => {
                let message = format!(
                    "libseccomp {} ignores {name}; {since} is the first that knows it",
                    target.engine.libseccomp
                );
                found.push(Finding::about(Lint::NewerThanLibseccomp, origin, message));
            }
            None => {
                let message = format!("no libseccomp up to {} knows {name}; it is ignored", target.engine.libseccomp);
                found.push(
                    Finding::about(Lint::NewerThanLibseccomp, origin, message).with_severity(Severity::Warning),
                );
            }
            Some(_) => {}
        }
    }
}

/// A text from a profile, not too long.
pub(super) fn shown(text: &str) -> alloc::string::String {
    let short: alloc::string::String = text.chars().take(40).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}
