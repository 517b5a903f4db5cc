//! Newer calls that programs try before an older one.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Finding, Lint, Place};
use crate::kernel::Errno;
use crate::seccomp::explanation::Meaning;
use crate::seccomp::profile::{Origin, Policy, Target};
use crate::seccomp::region::Permission;
use crate::seccomp::syscalls::Call;
use crate::seccomp::{Action, FilterReturn, SeccompData};

/// A newer call, and the one that C libraries and programs fall back on if the answer is ENOSYS, and only then.
const FALL_BACK: [(&str, &str); 9] = [
    ("clone3", "clone"),
    ("close_range", "close"),
    ("epoll_pwait2", "epoll_pwait"),
    ("faccessat2", "faccessat"),
    ("fchmodat2", "fchmodat"),
    ("openat2", "openat"),
    ("preadv2", "preadv"),
    ("renameat2", "renameat"),
    ("statx", "newfstatat"),
];

pub(super) fn lint(policy: &Policy, target: &Target, found: &mut Vec<Finding>) {
    let enosys = Action::Errno.with_data(Errno::ENOSYS.number());
    let native = target.native;
    let verdict = |name: &str| {
        let number = Call::by_name(name)?.number(native)?;
        Some(policy.verdict(&SeccompData::call(native.architecture(), number, [0; 6])))
    };
    let refused = |word: FilterReturn| Permission::of(word.action()) == Permission::Refused;
    let mut by_place: BTreeMap<Option<Origin>, Vec<(&str, &str, FilterReturn)>> = BTreeMap::new();
    for (newer, older) in FALL_BACK {
        let (Some(new), Some(old)) = (verdict(newer), verdict(older)) else { continue };
        if refused(new.action) && new.action != enosys && !refused(old.action) {
            let origin = new.rule().map(|rule| rule.origin);
            by_place.entry(origin).or_default().push((newer, older, new.action));
        }
    }
    for (origin, calls) in by_place {
        let pairs: Vec<String> = calls.iter().map(|(newer, older, _)| format!("{newer} (else {older})")).collect();
        let action = calls.first().map(|(_, _, action)| *action).unwrap_or(enosys);
        let message =
            format!("the call {}, but programs fall back on ENOSYS only: {}", Meaning(action), pairs.join(", "));
        found.push(match origin {
            Some(origin) => Finding::about(Lint::NewCallAnswer, origin, message),
            None => Finding::at(Lint::NewCallAnswer, Place::default(), "defaultAction", message),
        });
    }
}
