//! Rules that do nothing, or contradict each other.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::vec::Vec;

use super::entries::shown;
use super::{Finding, Lint, Severity};
use crate::kernel::Errno;
use crate::seccomp::explanation::Meaning;
use crate::seccomp::profile::{
    Comparison, Condition, Entry, EntryState, Filter, Manager, Note, Operator, Origin, Policy, Profile, Rule, Target,
};
use crate::seccomp::region::Permission;
use crate::seccomp::syscalls::{Call, Multiplexed};
use crate::seccomp::{Action, FilterReturn, SeccompData};

/// So many names that other rules shadow are told; whoever has more will not read them.
const MOST_SHADOWED: usize = 1000;

pub(super) fn lint(profile: &Profile, policy: &Policy, target: &Target, found: &mut Vec<Finding>) {
    let mut shadowed: BTreeSet<Origin> = BTreeSet::new();
    let mut absent: BTreeMap<u32, Vec<Origin>> = BTreeMap::new();
    for note in &policy.notes {
        match note {
            Note::Shadowed(origin) => drop(shadowed.insert(*origin)),
            Note::NotOnTheseArchitectures(origin) => absent.entry(origin.entry).or_default().push(*origin),
            Note::NoTable(abi) => {
                let message = format!("the calls of {abi} are not known here; nothing is said about them");
                found.push(Finding::at(Lint::NoTable, super::Place::default(), "", message));
            }
            _ => {}
        }
    }
    // Whether another rule of the same entry remains does not matter: the name stands twice.
    found.extend(
        shadowed.into_iter().take(MOST_SHADOWED).filter_map(|origin| shadow(profile, policy, origin, target)),
    );
    found.extend(absent.into_values().filter_map(|origins| missing(profile, policy, &origins)));
    carried(profile, policy, found);
    equal_to_default(profile, policy, found);
    ambiguous(profile, policy, found);
}

/// The name at a place of the profile, and its entry.
fn at(profile: &Profile, origin: Origin) -> Option<(&Entry, &str)> {
    let index = origin.entry as usize;
    let entry = profile.syscalls.get(index)?;
    entry.origins(index).find(|(_, place)| *place == origin).map(|(name, _)| (entry, name))
}

/// What an entry answers, as far as all engines agree.
fn word(entry: &Entry) -> FilterReturn {
    match entry.action {
        Action::Errno | Action::Trace => {
            let errno = entry.errno_ret.unwrap_or_else(|| u32::from(Errno::EPERM.number()));
            entry.action.with_data(u16::try_from(errno & 0xffff).unwrap_or_default())
        }
        other => other.with_data(0),
    }
}

/// Whether an entry counts in some containers only.
fn depends(entry: &Entry) -> bool {
    entry.includes != Filter::default() || entry.excludes != Filter::default()
}

/// An entry in whose place another decides.
fn shadow(profile: &Profile, policy: &Policy, origin: Origin, target: &Target) -> Option<Finding> {
    let (entry, name) = at(profile, origin)?;
    let call = Call::by_name(name)?;
    // The rule may have been dropped for one table only, or for the call that carries this one.
    let mut tables = policy.tables.iter().filter_map(|table| {
        let rules = table.rules(call.number(table.abi)?);
        let stays = rules.iter().any(|rule| rule.origin == origin);
        rules.iter().find(|rule| rule.origin != origin && within(entry, rule)).filter(|_| !stays)
    });
    let winner = tables.next()?;
    let (other, _) = at(profile, winner.origin)?;
    let (own, theirs) = (word(entry), word(other));
    let place = winner.origin;
    let finding = if own != theirs {
        let message =
            format!("{place}, line {}, decides about {name} in its place: {theirs}, not {own}", place.place.line);
        Finding::about(Lint::ShadowedRule, origin, message)
    } else if entry.args.is_empty() || entry.args == other.args {
        let message = format!("{name} stands in {place}, line {}, already, with the same action", place.place.line);
        Finding::about(Lint::DuplicateName, origin, message)
    } else {
        let message = format!(
            "{place}, line {}, is about every {name}, whatever its arguments; the conditions here never count",
            place.place.line
        );
        Finding::about(Lint::ConditionWithoutEffect, origin, message)
    };
    // Entries that count in some containers only are often written to be shadowed in others.
    let managed = target.engine.manager != Manager::None;
    Some(if managed && (depends(entry) || depends(other)) { finding.with_severity(Severity::Note) } else { finding })
}

/// Whether an entry's conditions are those of a rule, and perhaps more.
fn within(entry: &Entry, rule: &Rule) -> bool {
    let same = |condition: &Condition, comparison: &Comparison| {
        let Comparison { index, operator, value, value_two } = *comparison;
        let value = if operator == Operator::MaskedEqual { value & value_two } else { value };
        condition.argument == index && condition.operator == operator && condition.value == value & condition.mask
    };
    rule.conditions.iter().all(|condition| entry.args.iter().any(|comparison| same(condition, comparison)))
}

/// Conditions of a call that socketcall or ipc carries on some architecture: a filter cannot see its arguments there.
fn carried(profile: &Profile, policy: &Policy, found: &mut Vec<Finding>) {
    let mut told = BTreeSet::new();
    let entries = profile.syscalls.iter().zip(&policy.entries).enumerate();
    for (index, (entry, _)) in entries.filter(|(_, (entry, state))| state.is_live() && !entry.args.is_empty()) {
        for (name, origin) in entry.origins(index) {
            let Some(carried) = Multiplexed::of(name) else { continue };
            for table in policy.tables.iter().filter(|table| table.abi.multiplexes()) {
                if told.contains(&(name, table.abi)) {
                    continue;
                }
                let Some(number) = Call::by_name(carried.through).and_then(|call| call.number(table.abi)) else {
                    continue;
                };
                let call = SeccompData::call(table.abi.architecture(), number, [carried.selector, 0, 0, 0, 0, 0]);
                let word = policy.verdict(&call).action;
                if Permission::of(word.action()) == Permission::Refused || !told.insert((name, table.abi)) {
                    continue;
                }
                let message = format!(
                    "{} programs can call {name} through {}({}, …), whose arguments a filter cannot see: there it {}, whatever they are",
                    table.abi,
                    carried.through,
                    carried.selector,
                    Meaning(word),
                );
                found.push(Finding::about(Lint::ConditionLost, origin, message).shown_by(call));
            }
        }
    }
}

/// Names of one entry that none of the architectures has.
fn missing(profile: &Profile, policy: &Policy, origins: &[Origin]) -> Option<Finding> {
    const MOST: usize = 6;
    let first = origins.first()?;
    let names: Vec<&str> = origins.iter().filter_map(|origin| at(profile, *origin)).map(|(_, name)| name).collect();
    let mut text = names.iter().take(MOST).map(|name| shown(name)).collect::<Vec<_>>().join(", ");
    if let Some(more @ 1..) = names.len().checked_sub(MOST) {
        text = format!("{text} and {more} more");
    }
    let tables: Vec<_> = policy.tables.iter().map(|table| table.abi.name()).collect();
    let message = format!("no such call on {}: {text}", tables.join(", "));
    Some(Finding::about(Lint::NotOnTheseArchitectures, *first, message))
}

fn equal_to_default(profile: &Profile, policy: &Policy, found: &mut Vec<Finding>) {
    for (index, (entry, state)) in profile.syscalls.iter().zip(&policy.entries).enumerate() {
        if *state != EntryState::EqualsDefault {
            continue;
        }
        let path = format!("syscalls[{index}]");
        // With conditions it looks like an exception, which it is not.
        let exception = entry.origins(index).find_map(|(name, _)| {
            let call = Call::by_name(name)?;
            let ruled = policy.tables.iter().find_map(|table| {
                table.rules(call.number(table.abi)?).iter().find(|rule| rule.action != policy.default_action)
            })?;
            Some((name, ruled.origin))
        });
        let finding = if let Some((name, other)) = exception {
            let message = format!(
                "the action is the default action, so that engines skip the entry: it makes no exception to {other} for {name}"
            );
            Finding::at(Lint::EqualsDefault, entry.place, path, message).with_severity(Severity::Warning)
        } else {
            let message = "the action is the default action, so that the entry changes nothing";
            Finding::at(Lint::EqualsDefault, entry.place, path, message)
        };
        found.push(finding);
    }
}

fn ambiguous(profile: &Profile, policy: &Policy, found: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    for ambiguity in &policy.ambiguities {
        let [first, second] = ambiguity.origins;
        if !seen.insert([first.min(second), first.max(second)]) {
            continue;
        }
        let [decides, other] = ambiguity.actions;
        let name = at(profile, second).map_or("", |(_, name)| name);
        let message = format!(
            "both this ({other}) and {first}, line {} ({decides}), apply to {name}({}); libseccomp promises nothing, today {decides} is the answer",
            first.place.line,
            ambiguity.call.args.map(|argument| format!("{argument}")).join(", "),
        );
        found.push(Finding::about(Lint::AmbiguousRules, second, message).shown_by(ambiguity.call));
    }
}
