//! Calls that differ by architecture, and calls that do the same.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;

use super::{Finding, Lint, Place, Severity};
use crate::seccomp::check::{Argument, Observed, State, check};
use crate::seccomp::explanation::Meaning;
use crate::seccomp::profile::{Origin, Policy, Profile, Target};
use crate::seccomp::region::Permission;
use crate::seccomp::syscalls::{Abi, Call};
use crate::seccomp::{Action, SeccompData};

/// A machine's architecture, and the older one whose programs it runs too.
const COMPAT: [(Abi, Abi); 5] = [
    (Abi::X86_64, Abi::X86),
    (Abi::AARCH64, Abi::ARM),
    (Abi::S390X, Abi::S390),
    (Abi::PPC64, Abi::PPC),
    (Abi::MIPS64, Abi::MIPS),
];

/// Calls that libraries make in place of another where an architecture does not have that.
const INSTEAD: [(&str, &[&str]); 22] = [
    ("access", &["faccessat", "faccessat2"]),
    ("chmod", &["fchmodat", "fchmodat2"]),
    ("chown", &["fchownat"]),
    ("dup2", &["dup3"]),
    ("epoll_create", &["epoll_create1"]),
    ("epoll_wait", &["epoll_pwait"]),
    ("eventfd", &["eventfd2"]),
    ("fork", &["clone", "clone3"]),
    ("getdents", &["getdents64"]),
    ("link", &["linkat"]),
    ("lstat", &["newfstatat", "fstatat64", "statx"]),
    ("mkdir", &["mkdirat"]),
    ("mknod", &["mknodat"]),
    ("open", &["openat"]),
    ("pipe", &["pipe2"]),
    ("poll", &["ppoll"]),
    ("readlink", &["readlinkat"]),
    ("rename", &["renameat", "renameat2"]),
    ("rmdir", &["unlinkat"]),
    ("stat", &["newfstatat", "fstatat64", "statx"]),
    ("symlink", &["symlinkat"]),
    ("unlink", &["unlinkat"]),
];

/// Calls that only 32-bit architectures have, and that libraries make there in place of the first, which is older.
const WIDER: [(&str, &str); 22] = [
    ("chown", "chown32"),
    ("fchown", "fchown32"),
    ("fcntl", "fcntl64"),
    ("fstat", "fstat64"),
    ("fstatfs", "fstatfs64"),
    ("ftruncate", "ftruncate64"),
    ("getegid", "getegid32"),
    ("geteuid", "geteuid32"),
    ("getgid", "getgid32"),
    ("getgroups", "getgroups32"),
    ("getuid", "getuid32"),
    ("lseek", "_llseek"),
    ("lstat", "lstat64"),
    ("mmap", "mmap2"),
    ("newfstatat", "fstatat64"),
    ("setgid", "setgid32"),
    ("setgroups", "setgroups32"),
    ("setresgid", "setresgid32"),
    ("setresuid", "setresuid32"),
    ("setuid", "setuid32"),
    ("stat", "stat64"),
    ("statfs", "statfs64"),
];

/// Calls that do the same, or more, each.
const SAME: [&[&str]; 15] = [
    &["chmod", "fchmodat", "fchmodat2"],
    &["chown", "lchown", "fchownat"],
    &["execve", "execveat"],
    &["fork", "vfork", "clone", "clone3"],
    &["init_module", "finit_module"],
    &["kexec_load", "kexec_file_load"],
    &["link", "linkat"],
    &["mkdir", "mkdirat"],
    &["mknod", "mknodat"],
    &["open", "openat", "openat2"],
    &["readlink", "readlinkat"],
    &["rename", "renameat", "renameat2"],
    &["settimeofday", "clock_settime"],
    &["symlink", "symlinkat"],
    &["unlink", "unlinkat"],
];

pub(super) fn lint(profile: &Profile, policy: &Policy, target: &Target, found: &mut Vec<Finding>) {
    compat(policy, target, found);
    let permits = |action: Action| Permission::of(action) == Permission::Granted;
    if permits(policy.default_action.action()) {
        way_around(policy, target.native, found);
    } else {
        counterparts(profile, policy, found);
    }
    let execve = Observed::by_name(target.native, "execve", [Argument::Unknown; 6]);
    if let Some(answer) = execve.first().and_then(|call| check(policy, call).ok())
        && answer.state == State::Refused
    {
        let message =
            format!("execve {}, so that the container's program is never started", Meaning(answer.verdict.action));
        let finding = match answer.verdict.rule() {
            Some(rule) => Finding::about(Lint::StartRefused, rule.origin, message),
            None => Finding::at(Lint::StartRefused, Place::default(), "", message),
        };
        found.push(finding);
    }
}

fn covers(policy: &Policy, abi: Abi) -> bool {
    policy.tables.iter().any(|table| table.abi == abi)
}

fn compat(policy: &Policy, target: &Target, found: &mut Vec<Finding>) {
    let Some((_, older)) = COMPAT.iter().find(|(native, _)| *native == target.native) else { return };
    let x32 = target.native == Abi::X86_64 && !covers(policy, Abi::X32);
    if covers(policy, *older) {
        if x32 {
            let (meaning, name) = (Meaning(policy.bad_architecture_action), Abi::X32.profile_name());
            let message = format!("a call of an x32 program {meaning}: {name} is not among architectures");
            found.push(Finding::at(Lint::CompatArchitectureMissing, Place::default(), "architectures", message));
        }
        return;
    }
    let (name, meaning) = (older.profile_name(), Meaning(policy.bad_architecture_action));
    let also = if x32 { ", as does one of an x32 program" } else { "" };
    let message = format!("a call of an {older} program {meaning}{also}: {name} is not among architectures");
    let permissive = Permission::of(policy.default_action.action()) == Permission::Granted;
    // Who permits all but a list hardly means to kill these.
    let severity = if permissive { Severity::Warning } else { Severity::Note };
    found.push(
        Finding::at(Lint::CompatArchitectureMissing, Place::default(), "architectures", message)
            .with_severity(severity),
    );
}

/// The names of live entries that permit, and where they stand first.
fn permitted<'p>(profile: &'p Profile, policy: &Policy) -> BTreeMap<&'p str, Origin> {
    let mut names = BTreeMap::new();
    let entries = profile.syscalls.iter().zip(&policy.entries).enumerate();
    for (index, (entry, _)) in entries.filter(|(_, (entry, state))| state.is_live() && entry.action == Action::Allow)
    {
        for (name, origin) in entry.origins(index) {
            names.entry(name).or_insert(origin);
        }
    }
    names
}

/// Whether some rule of a table permits the call; `None` if the table has no such call.
fn is_permitted(policy: &Policy, abi: Abi, name: &str) -> Option<bool> {
    let number = Call::by_name(name)?.number(abi)?;
    let table = policy.tables.iter().find(|table| table.abi == abi)?;
    let permits = |action: Action| Permission::of(action) != Permission::Refused;
    let by_rule = table.rules(number).iter().any(|rule| permits(rule.action.action()));
    Some(by_rule || permits(policy.default_action.action()))
}

fn counterparts(profile: &Profile, policy: &Policy, found: &mut Vec<Finding>) {
    let names = permitted(profile, policy);
    for table in &policy.tables {
        let abi = table.abi;
        let mut lacking: Vec<(&str, &str, Origin)> = Vec::new();
        for (name, instead) in INSTEAD {
            let exists = Call::by_name(name).is_some_and(|call| call.number(abi).is_some());
            let Some(origin) = names.get(name).filter(|_| !exists && abi.has_table()) else { continue };
            let permitted: Vec<_> =
                instead.iter().filter_map(|other| Some((*other, is_permitted(policy, abi, other)?))).collect();
            if let [(first, _), ..] = permitted.as_slice()
                && permitted.iter().all(|(_, permitted)| !permitted)
            {
                lacking.push((name, first, *origin));
            }
        }
        for (name, wider) in WIDER {
            let Some(origin) = names.get(name) else { continue };
            if !abi.is_64_bit() && is_permitted(policy, abi, wider) == Some(false) {
                lacking.push((name, wider, *origin));
            }
        }
        let Some((_, _, origin)) = lacking.first() else { continue };
        let pairs: Vec<_> = lacking.iter().map(|(name, instead, _)| format!("{instead} for {name}")).collect();
        let message = format!(
            "{abi} programs make calls that are refused in place of some that are permitted: {}",
            pairs.join(", "),
        );
        found.push(Finding::about(Lint::CounterpartMissing, *origin, message));
    }
}

fn way_around(policy: &Policy, native: Abi, found: &mut Vec<Finding>) {
    let Some(table) = policy.tables.iter().find(|table| table.abi == native) else { return };
    let refusing = |name: &str| {
        let rule = table.rules(Call::by_name(name)?.number(native)?).first()?;
        let refused = Permission::of(rule.action.action()) == Permission::Refused && rule.conditions.is_empty();
        refused.then_some(rule)
    };
    for group in SAME {
        let Some((refused, rule)) = group.iter().find_map(|name| Some((name, refusing(name)?))) else { continue };
        let open: Vec<&str> = group
            .iter()
            .copied()
            .filter(|name| {
                let Some(number) = Call::by_name(name).and_then(|call| call.number(native)) else { return false };
                let verdict = policy.verdict(&SeccompData::call(native.architecture(), number, [0; 6]));
                Permission::of(verdict.action.action()) == Permission::Granted
            })
            .collect();
        if let [first, rest @ ..] = open.as_slice() {
            let others =
                rest.iter().fold(alloc::string::String::from(*first), |text, name| format!("{text} and {name}"));
            let are = if rest.is_empty() { "does" } else { "do" };
            let message = format!("{refused} is refused, but {others}, which {are} the same, is permitted");
            let message =
                if rest.is_empty() { message } else { message.replace(", is permitted", ", are permitted") };
            found.push(Finding::about(Lint::WayAround, rule.origin, message));
        }
    }
}
