//! Draws profiles whose rules are few and close to each other, so that what they say of a call is hard to compile.

use sim_core::seccomp::Action;
use sim_core::seccomp::profile::Operator;

use super::written::{Argument, Entry, Written};
use crate::seccomp::Random;

/// Calls of all three tables; of x86's socketcall and ipc; of one table only; and of none.
const NAMES: [&str; 16] = [
    "read",
    "dup2",
    "openat",
    "personality",
    "clone",
    "ioctl",
    "mmap",
    "socket",
    "connect",
    "semop",
    "shmget",
    "socketcall",
    "arch_prctl",
    "waitpid",
    "clock_gettime64",
    "no_such_call",
];

const ACTIONS: [Action; 8] = [
    Action::Allow,
    Action::Errno,
    Action::Errno,
    Action::Trace,
    Action::Log,
    Action::KillProcess,
    Action::Trap,
    Action::UserNotif,
];

const DEFAULTS: [Action; 6] =
    [Action::Errno, Action::Errno, Action::Allow, Action::KillThread, Action::KillProcess, Action::Log];

/// Values at which comparisons of 64 bits go wrong.
const VALUES: [u64; 14] = [
    0,
    1,
    2,
    1000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fffe,
    0xffff_ffff,
    0x1_0000_0000,
    0x1_0000_0001,
    0x2_0000_0000,
    0x7fff_ffff_ffff_ffff,
    0xffff_ffff_0000_0000,
    u64::MAX,
];

/// A profile for a machine of x86_64, with the other tables of that machine or without.
pub(super) fn profile(random: &mut Random) -> Written {
    let (default_action, default_errno_ret) = action(random, &DEFAULTS);
    let architectures = ["SCMP_ARCH_X86", "SCMP_ARCH_X32"];
    let architectures = architectures.iter().filter(|_| random.one_in(3)).map(|&name| name.to_owned()).collect();
    let only = random.one_in(2).then(|| action(random, &ACTIONS));
    let few = 1 + usize::try_from(random.below(3)).unwrap_or_default();
    let names: Vec<_> = (0..few).filter_map(|_| random.pick(&NAMES)).collect();
    // More would be seen by fewer and smaller profiles too.
    let most = if random.one_in(8) { 10 } else { 4 };
    let count = 1 + random.below(most);
    let syscalls = (0..count).map(|_| entry(random, &names, only.as_ref())).collect();
    Written { default_action, default_errno_ret, architectures, syscalls }
}

fn entry(random: &mut Random, names: &[&str], only: Option<&(String, Option<u16>)>) -> Entry {
    let (action, errno_ret) = only.cloned().unwrap_or_else(|| action(random, &ACTIONS));
    let named = 1 + random.below(2);
    let mut chosen: Vec<_> = (0..named).filter_map(|_| random.pick(names)).map(str::to_owned).collect();
    chosen.dedup();
    let count = random.pick(&[0, 1, 1, 2, 2, 2, 3]).unwrap_or(1);
    let most = if random.one_in(8) { 6 } else { 3 };
    let args = (0..count).map(|_| argument(random, most)).collect();
    Entry { names: chosen, action, errno_ret, args }
}

fn argument(random: &mut Random, most: u32) -> Argument {
    let index = u8::try_from(random.word(most)).unwrap_or_default();
    let operator = random.pick(Operator::ALL).unwrap_or(Operator::Equal);
    let value_two = if operator == Operator::MaskedEqual { value(random) } else { 0 };
    Argument { index, op: operator.profile_name().to_owned(), value: value(random), value_two }
}

pub(super) fn value(random: &mut Random) -> u64 {
    match random.below(5) {
        0..=2 => random.pick(&VALUES).unwrap_or_default(),
        3 => random.below(8),
        _ => random.next(),
    }
}

/// An action by its name, and its errno where it has one.
fn action(random: &mut Random, among: &[Action]) -> (String, Option<u16>) {
    let action = random.pick(among).unwrap_or(Action::Errno);
    let errno = u16::try_from(1 + random.below(3)).ok();
    let takes_errno = matches!(action, Action::Errno | Action::Trace);
    (action.profile_name().unwrap_or_default().to_owned(), errno.filter(|_| takes_errno))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::profile;
    use crate::seccomp::Random;

    #[test]
    fn profiles_can_be_read_and_have_every_operator_and_action() {
        let mut seen = BTreeSet::new();
        for case in 0..2000 {
            let written = profile(&mut Random::of(1, case));
            assert_eq!(written.read().unwrap().syscalls.len(), written.syscalls.len());
            seen.extend(written.architectures.iter().cloned());
            for entry in written.syscalls {
                seen.insert(entry.action);
                seen.extend(entry.args.into_iter().map(|argument| argument.op));
            }
        }
        assert_eq!(seen.len(), 2 + 7 + 7, "{seen:?}");
    }
}
