//! Conditions that hold never or always, or for other values than are written.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Finding, Lint, Severity};
use crate::seccomp::profile::{Comparison, Condition, Entry, Operator, Policy, Profile, Region, Runtime, Target};
use crate::seccomp::syscalls::Call;

pub(super) fn lint(profile: &Profile, target: &Target, found: &mut Vec<Finding>) {
    for (index, entry) in profile.syscalls.iter().enumerate() {
        for (number, comparison) in entry.args.iter().enumerate() {
            let path = format!("syscalls[{index}].args[{number}]");
            one(entry, comparison, &path, found);
        }
        if twice(&entry.args) {
            together(entry, index, target, found);
        }
    }
}

fn one(entry: &Entry, comparison: &Comparison, path: &str, found: &mut Vec<Finding>) {
    let Comparison { operator, value, value_two, .. } = *comparison;
    let mut add = |lint: Lint, message: String| found.push(Finding::at(lint, entry.place, path, message));
    let masked = operator == Operator::MaskedEqual;
    match (operator, value) {
        (Operator::Less, 0) | (Operator::Greater, u64::MAX) => {
            add(Lint::NeverHolds, format!("no argument is {comparison}; the entry does nothing"));
        }
        (Operator::GreaterOrEqual, 0) | (Operator::LessOrEqual, u64::MAX) => {
            add(Lint::AlwaysHolds, format!("every argument is {comparison}; this is no condition"));
        }
        (Operator::MaskedEqual, 0) => {
            add(Lint::AlwaysHolds, "a mask without bits compares nothing; this is no condition".into());
        }
        (Operator::MaskedEqual, mask) if value_two & !mask != 0 => {
            let (outside, kept) = (value_two & !mask, value_two & mask);
            add(
                Lint::ValueOutsideMask,
                format!(
                    "the bits 0x{outside:x} of valueTwo are not in the mask 0x{mask:x}; libseccomp compares with 0x{kept:x}"
                ),
            );
        }
        _ => {}
    }
    if !masked && value_two != 0 {
        let name = operator.profile_name();
        add(Lint::ValueTwoWithoutMeaning, format!("{name} has no valueTwo; {value_two} is ignored"));
    }
}

/// Values of which libseccomp compares the lower half only, on tables with 32-bit arguments that have the call.
pub(super) fn above_32_bits(profile: &Profile, policy: &Policy, found: &mut Vec<Finding>) {
    for (index, (entry, state)) in profile.syscalls.iter().zip(&policy.entries).enumerate() {
        for (number, comparison) in entry.args.iter().enumerate().filter(|_| state.is_live()) {
            let Comparison { operator, value, value_two, .. } = *comparison;
            let upper = match operator {
                // A mask without a bit in the lower half compares nothing.
                Operator::MaskedEqual if value.trailing_zeros() >= 32 => value >> 32,
                Operator::MaskedEqual => (value & value_two) >> 32,
                _ => value >> 32,
            };
            // All ones is a negative number, which the lower half is too.
            if upper == 0 || upper == 0xffff_ffff && operator != Operator::MaskedEqual {
                continue;
            }
            let has = |name: &str, abi| Call::by_name(name).is_some_and(|call| call.number(abi).is_some());
            let tables = policy.tables.iter().map(|table| table.abi).filter(|abi| !abi.is_64_bit());
            let mut tables = tables.filter(|abi| entry.origins(index).any(|(name, _)| has(name, *abi)));
            let Some(abi) = tables.next() else { continue };
            let path = format!("syscalls[{index}].args[{number}]");
            let message = format!(
                "{abi} has 32-bit arguments, so that libseccomp compares the lower half only there: {comparison}"
            );
            found.push(Finding::at(Lint::ValueAbove32Bits, entry.place, path, message));
        }
    }
}

/// Whether an argument stands in two conditions.
fn twice(args: &[Comparison]) -> bool {
    let mut seen = [false; 6];
    let mut again = |index: u8| seen.get_mut(usize::from(index)).is_some_and(|seen| core::mem::replace(seen, true));
    args.iter().any(|comparison| again(comparison.index))
}

/// Several conditions on one argument.
fn together(entry: &Entry, index: usize, target: &Target, found: &mut Vec<Finding>) {
    let path = format!("syscalls[{index}].args");
    if target.engine.runtime == Runtime::None {
        let impossible = (0..6).any(|argument| !possible(&entry.args, argument));
        if impossible {
            let message = "no argument meets all conditions on it; the entry does nothing";
            found.push(Finding::at(Lint::NeverHolds, entry.place, path, message));
        }
        return;
    }
    // Each condition is a rule of its own. If none of them fails at once, every call is in one of the rules.
    let written: Vec<String> = entry.args.iter().map(|comparison| format!("{comparison}")).collect();
    let negated: Vec<Comparison> = entry.args.iter().filter_map(negated).collect();
    let every = negated.len() == entry.args.len() && (0..6).any(|argument| !possible(&negated, argument));
    let all = written.join(" or ");
    let finding = if every {
        let message = format!("the entry is about every call, for one condition suffices: {all}");
        Finding::at(Lint::SameArgument, entry.place, path, message).with_severity(Severity::Error)
    } else {
        let message = format!("one condition suffices, all are not demanded together: {all}");
        Finding::at(Lint::SameArgument, entry.place, path, message)
    };
    found.push(finding);
}

/// Whether some value of an argument meets all conditions on it.
fn possible(comparisons: &[Comparison], argument: u8) -> bool {
    let mut region = Region::new(u64::MAX);
    for comparison in comparisons.iter().filter(|comparison| comparison.index == argument) {
        let Comparison { operator, value, value_two, .. } = *comparison;
        let (mask, value) = match operator {
            Operator::MaskedEqual => (value, value & value_two),
            _ => (u64::MAX, value),
        };
        region.demand(&Condition { argument, operator, value, mask });
    }
    region.example().is_some()
}

/// What holds where a condition does not; a mask has no such operator.
fn negated(comparison: &Comparison) -> Option<Comparison> {
    let operator = comparison.operator.negated()?;
    Some(Comparison { operator, ..*comparison })
}
