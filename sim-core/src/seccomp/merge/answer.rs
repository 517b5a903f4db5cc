use alloc::vec::Vec;

use super::Mode;
use crate::seccomp::FilterReturn;
use crate::seccomp::profile::{self, Condition, Operator, Policy, Region};
use crate::seccomp::region::Permission;
use crate::seccomp::syscalls::Call;

/// What a policy answers to the calls of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// One action for all arguments.
    Always(FilterReturn),
    /// An action where the conditions of a rule hold, else the default: all rules permit more than it, or all less.
    Rules { rules: Vec<Rule>, default: FilterReturn },
    /// The first rule that holds decides, of which some permit more and some less than the default or each other.
    Mixed { rules: Vec<Rule>, default: FilterReturn },
    /// Something that no rules say.
    Unwritable,
}

/// Conditions that hold together, and the action.
type Rule = (Vec<Condition>, FilterReturn);

/// So many rules a call has at most after merging; conditions of many rules multiply.
const MOST_RULES: usize = 256;

fn permission(word: FilterReturn) -> Permission {
    Permission::of(word.action())
}

impl Answer {
    /// The answer of a policy. A table with 64-bit arguments tells a condition whole. Where its default action permits as
    /// much as `merged`, the result's, that stands for it.
    pub(super) fn of(policy: &Policy, call: &Call, merged: FilterReturn) -> Self {
        let own = policy.default_action;
        let default = if permission(own) == permission(merged) { merged } else { own };
        let mut tables: Vec<_> = policy.tables.iter().filter(|table| call.number(table.abi).is_some()).collect();
        tables.sort_by_key(|table| !table.abi.is_64_bit());
        let rules = tables.first().and_then(|table| Some(table.rules(call.number(table.abi)?))).unwrap_or_default();
        match rules {
            [] => Self::Always(default),
            [rule] if rule.conditions.is_empty() => Self::Always(rule.action),
            rules => {
                // One that changes the errno only is left out, where it keeps no other rule from deciding.
                let same = |rule: &profile::Rule| permission(rule.action) == permission(default);
                let apart = |a: &profile::Rule, b: &profile::Rule| {
                    a.origin == b.origin || together(&a.conditions, &b.conditions) == Together::Never
                };
                let few = rules.len() <= MOST_RULES;
                let idle = |rule: &profile::Rule| {
                    few && same(rule) && rules.iter().all(|other| same(other) || apart(rule, other))
                };
                let rules: Vec<&profile::Rule> = rules.iter().filter(|rule| !idle(rule)).collect();
                let more = rules.iter().all(|rule| permission(rule.action) > permission(default));
                let less = rules.iter().all(|rule| permission(rule.action) < permission(default));
                let mixed = !more && !less || rules.len() > MOST_RULES;
                let rules = rules.into_iter().map(|rule| (rule.conditions.to_vec(), rule.action)).collect();
                if mixed { Self::Mixed { rules, default } } else { Self::with(rules, default) }
            }
        }
    }

    /// The answer where two profiles are one.
    pub(super) fn merged(self, other: Self, mode: Mode) -> Self {
        match (self, other) {
            (Self::Always(first), Self::Always(second)) => Self::Always(mode.of(first, second)),
            // One that wins nowhere, or everywhere, leaves nothing to put together.
            (Self::Always(word), other @ (Self::Mixed { .. } | Self::Unwritable))
            | (other @ (Self::Mixed { .. } | Self::Unwritable), Self::Always(word)) => {
                let (loses, wins) = match mode {
                    Mode::Union => (Permission::Refused, Permission::Granted),
                    Mode::Intersection => (Permission::Granted, Permission::Refused),
                };
                match permission(word) {
                    permission if permission == wins => Self::Always(word),
                    permission if permission == loses => other,
                    _ => Self::Unwritable,
                }
            }
            (Self::Always(word), Self::Rules { rules, default })
            | (Self::Rules { rules, default }, Self::Always(word)) => {
                let rules: Vec<Rule> =
                    rules.into_iter().map(|(conditions, action)| (conditions, mode.of(word, action))).collect();
                Self::with(rules, mode.of(word, default))
            }
            (Self::Rules { rules: first, default: a }, Self::Rules { rules: second, default: b }) => {
                let default = mode.of(a, b);
                let raises = |rules: &[Rule], default: FilterReturn| {
                    rules.iter().all(|(_, action)| permission(*action) > permission(default))
                };
                match (raises(&first, a), raises(&second, b), mode) {
                    // Any rule that permits suffices; any that refuses does.
                    (true, true, Mode::Union) | (false, false, Mode::Intersection) => {
                        let mut rules = first;
                        rules.extend(second);
                        Self::with(rules, default)
                    }
                    (true, true, Mode::Intersection) | (false, false, Mode::Union) => {
                        both(&first, &second, mode).map_or(Self::Unwritable, |rules| Self::with(rules, default))
                    }
                    (true, false, _) | (false, true, _) => Self::Unwritable,
                }
            }
            (first, second) if first == second => first,
            (Self::Mixed { .. } | Self::Unwritable, _) | (_, Self::Mixed { .. } | Self::Unwritable) => {
                Self::Unwritable
            }
        }
    }

    /// Without rules that do what others do, or what the default does.
    fn with(mut rules: Vec<Rule>, default: FilterReturn) -> Self {
        rules.retain(|(_, action)| permission(*action) != permission(default));
        if rules.is_empty() {
            return Self::Always(default);
        }
        rules.sort_by_key(|(conditions, _)| conditions.len());
        let mut kept: Vec<Rule> = Vec::new();
        for (conditions, action) in rules {
            let covers = |other: &Rule| other.0.iter().all(|condition| conditions.contains(condition));
            if !kept.iter().any(covers) {
                kept.push((conditions, action));
            }
        }
        match kept.first() {
            Some((conditions, action)) if conditions.is_empty() => Self::Always(*action),
            _ if kept.len() > MOST_RULES => Self::Unwritable,
            _ => Self::Rules { rules: kept, default },
        }
    }
}

/// Where a rule of each holds. `None` if conditions on one argument remain that cannot be one.
fn both(first: &[Rule], second: &[Rule], mode: Mode) -> Option<Vec<Rule>> {
    let mut rules = Vec::new();
    if first.len() * second.len() > 16 * MOST_RULES {
        return None;
    }
    for (left, first_action) in first {
        for (right, second_action) in second {
            match together(left, right) {
                Together::Written(conditions) => rules.push((conditions, mode.of(*first_action, *second_action))),
                Together::Never => {}
                Together::Unwritable => return None,
            }
        }
    }
    Some(rules)
}

/// Conditions that are all demanded.
#[derive(Debug, PartialEq, Eq)]
enum Together {
    /// One an argument.
    Written(Vec<Condition>),
    /// Nothing meets them.
    Never,
    /// Two on one argument remain that cannot be one.
    Unwritable,
}

fn together(left: &[Condition], right: &[Condition]) -> Together {
    let mut conditions = left.to_vec();
    for &condition in right {
        let same = conditions.iter_mut().find(|other| other.argument == condition.argument);
        let Some(other) = same else {
            conditions.push(condition);
            continue;
        };
        let mut region = Region::new(u64::MAX);
        region.demand(other);
        region.demand(&condition);
        if region.example().is_none() {
            return Together::Never;
        }
        let Some(narrower) = narrower(other, &condition) else { return Together::Unwritable };
        *other = narrower;
    }
    conditions.sort_unstable();
    Together::Written(conditions)
}

/// The one of two conditions that demands the other too, where one does.
fn narrower(a: &Condition, b: &Condition) -> Option<Condition> {
    if implies(a, b) { Some(*a) } else { implies(b, a).then_some(*b) }
}

/// Whether the second holds wherever the first does.
fn implies(a: &Condition, b: &Condition) -> bool {
    if a == b {
        return true;
    }
    let Some(operator) = b.operator.negated() else {
        // What a mask leaves out is no single condition; a number can be tried.
        return a.operator == Operator::Equal && a.value & b.mask == b.value;
    };
    let mut region = Region::new(u64::MAX);
    region.demand(a);
    region.demand(&Condition { operator, ..*b });
    region.example().is_none()
}
