use alloc::vec::Vec;

use super::Mode;
use crate::seccomp::FilterReturn;
use crate::seccomp::profile::{Condition, Operator, Policy, Region};
use crate::seccomp::region::Permission;
use crate::seccomp::syscalls::Call;

/// What a policy answers to the calls of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// One action for all arguments.
    Always(FilterReturn),
    /// An action where the conditions of a rule hold, else the default: all rules permit more than it, or all less.
    Rules { rules: Vec<Rule>, default: FilterReturn },
    /// Something else.
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
                let more = rules.iter().all(|rule| permission(rule.action) > permission(default));
                let less = rules.iter().all(|rule| permission(rule.action) < permission(default));
                if !more && !less || rules.len() > MOST_RULES {
                    return Self::Unwritable;
                }
                let rules = rules.iter().map(|rule| (rule.conditions.to_vec(), rule.action)).collect();
                Self::Rules { rules, default }
            }
        }
    }

    /// The answer where two profiles are one.
    pub(super) fn merged(self, other: Self, mode: Mode) -> Self {
        match (self, other) {
            (Self::Always(first), Self::Always(second)) => Self::Always(mode.of(first, second)),
            // Where it wins everywhere, what the other says does not matter.
            (Self::Always(word), Self::Unwritable) | (Self::Unwritable, Self::Always(word)) => {
                if mode.of(word, FilterReturn::ALLOW) == word && mode == Mode::Union
                    || permission(word) == Permission::Refused && mode == Mode::Intersection
                {
                    Self::Always(word)
                } else {
                    Self::Unwritable
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
            (Self::Unwritable, _) | (_, Self::Unwritable) => Self::Unwritable,
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
    if first.len() * second.len() > MOST_RULES * MOST_RULES {
        return None;
    }
    for (left, first_action) in first {
        for (right, second_action) in second {
            if let Some(conditions) = together(left, right)? {
                rules.push((conditions, mode.of(*first_action, *second_action)));
            }
        }
    }
    Some(rules)
}

/// Conditions that are all demanded: `Some(None)` if nothing meets them, `None` if they cannot be one a argument.
fn together(left: &[Condition], right: &[Condition]) -> Option<Option<Vec<Condition>>> {
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
            return Some(None);
        }
        *other = narrower(other, &condition)?;
    }
    conditions.sort_unstable();
    Some(Some(conditions))
}

/// The one of two conditions that demands the other too, where one does.
fn narrower(a: &Condition, b: &Condition) -> Option<Condition> {
    use Operator::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
    let implies = |a: &Condition, b: &Condition| {
        let holds = |value: u64| {
            let mut args = [0; 6];
            if let Some(argument) = args.get_mut(usize::from(b.argument)) {
                *argument = value;
            }
            b.holds(&args)
        };
        match (a.operator, b.operator) {
            _ if a == b => true,
            (Equal, _) => holds(a.value),
            // The edge that is nearest to the other's decides for all values beyond.
            (Less, Less | LessOrEqual) => a.value.checked_sub(1).is_none_or(holds),
            (LessOrEqual, Less | LessOrEqual) => holds(a.value),
            (Greater, Greater | GreaterOrEqual) => a.value.checked_add(1).is_none_or(holds),
            (GreaterOrEqual, Greater | GreaterOrEqual) => holds(a.value),
            _ => false,
        }
    };
    if implies(a, b) { Some(*a) } else { implies(b, a).then_some(*b) }
}
