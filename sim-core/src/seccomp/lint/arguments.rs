//! Conditions that compare more, or less, of an argument than the kernel takes.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::vec::Vec;

use super::{Finding, Lint};
use crate::seccomp::explanation::Meaning;
use crate::seccomp::profile::{Condition, Policy, Region, Rule};
use crate::seccomp::region::Permission;
use crate::seccomp::syscalls::{Abi, Call};
use crate::seccomp::{FilterReturn, SeccompData};

/// Arguments of type `int` or `unsigned int`: the kernel takes their lower half only (`SYSCALL_DEFINE*` of 6.18). The
/// flags of clone(2) and unshare(2) are long, but clone's upper half is cut off in `kernel/fork.c`.
const INTS: [(&str, u8); 31] = [
    ("accept4", 3),
    ("arch_prctl", 0),
    ("bpf", 0),
    ("clock_settime", 0),
    ("clone", 0),
    ("dup3", 2),
    ("eventfd2", 1),
    ("fcntl", 1),
    ("futex", 1),
    ("getrandom", 2),
    ("io_uring_register", 1),
    ("ioctl", 1),
    ("keyctl", 0),
    ("kill", 1),
    ("madvise", 2),
    ("memfd_create", 1),
    ("openat", 2),
    ("open", 1),
    ("pipe2", 1),
    ("personality", 0),
    ("prctl", 0),
    ("quotactl", 0),
    ("sched_setscheduler", 1),
    ("seccomp", 0),
    ("setns", 1),
    ("socket", 0),
    ("socket", 1),
    ("socket", 2),
    ("socketpair", 0),
    ("socketpair", 1),
    ("tgkill", 2),
];

/// Calls with more rules than people write are left out, and of the others so many rules and values are tried.
const MOST_RULES: usize = 256;
const MOST_EXAMPLES: usize = 16;
const MOST_VALUES: usize = 64;

pub(super) fn lint(policy: &Policy, found: &mut Vec<Finding>) {
    let mut told = BTreeSet::new();
    for table in &policy.tables {
        for call in table.calls.iter().filter(|call| call.rules.iter().any(|rule| !rule.conditions.is_empty())) {
            let Some(name) = Call::by_number(table.abi, call.number).map(|call| call.name) else { continue };
            if !table.abi.is_64_bit() || call.rules.len() > MOST_RULES {
                continue;
            }
            for index in INTS.iter().filter(|(known, _)| *known == name).map(|(_, index)| *index) {
                let Some((low, high)) = passes(policy, table.abi, call.number, &call.rules, index) else { continue };
                let Some(rule) = blamed(policy, &call.rules, &high) else { continue };
                if !told.insert((rule.origin, index)) {
                    continue;
                }
                let value = |data: &SeccompData| data.args.get(usize::from(index)).copied().unwrap_or_default();
                let (low_value, high_value) = (value(&low), value(&high));
                let message = format!(
                    "{name} with args[{index}] {low_value} {}, but with 0x{high_value:x} it {}, and the kernel takes the lower 32 bits of both",
                    Meaning(policy.verdict(&low).action),
                    Meaning(policy.verdict(&high).action),
                );
                found.push(Finding::about(Lint::UpperHalf, rule.origin, message).shown_by(high));
            }
        }
    }
}

/// A call that is refused, and the same with an upper half that the kernel does not see, which is permitted.
fn passes(policy: &Policy, abi: Abi, number: u32, rules: &[Rule], index: u8) -> Option<(SeccompData, SeccompData)> {
    let conditions = || rules.iter().flat_map(|rule| rule.conditions.iter());
    let values = conditions().filter(|condition| condition.argument == index).flat_map(|condition| {
        let low = condition.value & 0xffff_ffff;
        [low.checked_sub(1), Some(low), low.checked_add(1).filter(|next| *next <= 0xffff_ffff)]
    });
    let mut values: Vec<u64> = values.flatten().collect();
    values.sort_unstable();
    values.dedup();
    values.truncate(MOST_VALUES);
    let refused = |word: FilterReturn| Permission::of(word.action()) == Permission::Refused;
    for rule in rules.iter().take(MOST_EXAMPLES) {
        let args = example(rule)?;
        for &low in &values {
            let call = |value: u64| {
                let mut args = args;
                if let Some(argument) = args.get_mut(usize::from(index)) {
                    *argument = value;
                }
                SeccompData::call(abi.architecture(), number, args)
            };
            let (plain, dressed) = (call(low), call(low | 1 << 32));
            if refused(policy.verdict(&plain).action) && !refused(policy.verdict(&dressed).action) {
                return Some((plain, dressed));
            }
        }
    }
    None
}

/// Arguments for which a rule holds.
fn example(rule: &Rule) -> Option<[u64; 6]> {
    let mut args = [0; 6];
    for (argument, value) in (0_u8..).zip(&mut args) {
        let mut region = Region::new(u64::MAX);
        let own = |condition: &&Condition| condition.argument == argument;
        rule.conditions.iter().filter(own).for_each(|condition| region.demand(condition));
        *value = region.example()?;
    }
    Some(args)
}

/// The rule that lets the call pass, or the one that would have refused it.
fn blamed<'p>(policy: &'p Policy, rules: &'p [Rule], passing: &SeccompData) -> Option<&'p Rule> {
    policy.verdict(passing).rule().or_else(|| rules.first())
}
