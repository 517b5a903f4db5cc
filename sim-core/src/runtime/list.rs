//! The list of capabilities that an engine makes, step by step, each with its rule.

use alloc::string::String;

use crate::capability::{CapSet, Capability};
use crate::rule::{Condition, Effect, Flow, Rule, SetName, Witness};

/// Names that were asked for, as an engine reads them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    /// Whether ALL is among them.
    pub all: bool,
    /// The others.
    pub named: CapSet,
}

/// Reads names; ALL in any case is not one. The first that `read` does not know comes back.
pub(super) fn asked(names: &[String], read: impl Fn(&str) -> Option<Capability>) -> Result<Asked, &str> {
    let mut asked = Asked::default();
    for name in names {
        if name.eq_ignore_ascii_case("all") {
            asked.all = true;
        } else {
            asked.named |= read(name).ok_or(name.as_str())?.into();
        }
    }
    Ok(asked)
}

/// Reads names and passes over those that `read` does not know; whether there were any comes with them.
pub(super) fn asked_if_known(names: &[String], read: impl Fn(&str) -> Option<Capability>) -> (Asked, bool) {
    let mut found = Asked::default();
    let mut passed_over = false;
    for name in names {
        match asked(core::slice::from_ref(name), &read) {
            Ok(one) => found = Asked { all: found.all || one.all, named: found.named | one.named },
            Err(_) => passed_over = true,
        }
    }
    (found, passed_over)
}

/// The capability of a name exactly as config.json has it, `CAP_NET_RAW`.
pub(super) fn exact(name: &str) -> Option<Capability> {
    let written = name.starts_with("CAP_") && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_uppercase());
    Capability::from_name(name).filter(|_| written)
}

/// The capability of a name without `CAP_`, in any case.
pub(super) fn without_prefix(name: &str) -> Option<Capability> {
    let prefixed = name.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("cap_"));
    if prefixed { None } else { Capability::from_name(name) }
}

/// The list where ALL is dropped, else where it is added, as those who ask for a pod have it; nothing where it is neither.
pub(super) fn all_or_nothing<W: Witness>(
    (add, drop): (Asked, Asked),
    everything: CapSet,
    [drop_all, add_all]: [&'static Rule; 2],
    witness: &mut W,
) -> Option<CapSet> {
    if drop.all {
        return Some(begin(drop_all, CapSet::EMPTY, witness));
    }
    witness.not_applied(drop_all, Condition::AllNotDropped);
    if add.all {
        return Some(begin(add_all, everything, witness));
    }
    witness.not_applied(add_all, Condition::AllNotAdded);
    None
}

/// The list begins with `set`.
pub(super) fn begin<W: Witness>(rule: &'static Rule, set: CapSet, witness: &mut W) -> CapSet {
    change(rule, set, CapSet::EMPTY, witness);
    set
}

/// Takes `drop` out of the list.
pub(super) fn drop<W: Witness>(rule: &'static Rule, list: CapSet, drop: CapSet, witness: &mut W) -> CapSet {
    if drop.is_empty() {
        witness.not_applied(rule, Condition::NothingDropped);
        return list;
    }
    change(rule, CapSet::EMPTY, list & drop, witness);
    list - drop
}

/// Leaves in the list what is in `to` as well, even if nothing goes.
pub(super) fn drop_to<W: Witness>(rule: &'static Rule, list: CapSet, to: CapSet, witness: &mut W) -> CapSet {
    change(rule, CapSet::EMPTY, list - to, witness);
    list & to
}

/// Puts `add` into the list.
pub(super) fn add<W: Witness>(rule: &'static Rule, list: CapSet, add: CapSet, witness: &mut W) -> CapSet {
    if add.is_empty() {
        witness.not_applied(rule, Condition::NothingAdded);
        return list;
    }
    change(rule, add - list, CapSet::EMPTY, witness);
    list | add
}

fn change<W: Witness>(rule: &'static Rule, given: CapSet, removed: CapSet, witness: &mut W) {
    let flow = Flow { into: SetName::List, from: [None; 2], given, removed, withheld: CapSet::EMPTY };
    witness.applied(rule, Effect::Bits(flow));
}

/// Reports that the list goes into these sets.
pub(super) fn hand<W: Witness>(rule: &'static Rule, into: &[SetName], list: CapSet, witness: &mut W) {
    for set in into {
        witness.applied(rule, Flow::give(*set, SetName::List.holding(list), list));
    }
}

/// Reports that these sets stay empty although there is a list.
pub(super) fn withhold<W: Witness>(rule: &'static Rule, from: &[SetName], list: CapSet, witness: &mut W) {
    for set in from {
        let source = [Some(SetName::List.holding(list)), None];
        witness.applied(rule, Flow::both(*set, source, CapSet::EMPTY, list));
    }
}

#[cfg(test)]
mod tests {
    use super::{exact, without_prefix};
    use crate::capability::Capability;

    #[test]
    fn names_are_read_as_each_reads_them() {
        assert_eq!(exact("CAP_NET_RAW"), Some(Capability::NET_RAW));
        assert_eq!([exact("NET_RAW"), exact("cap_net_raw"), exact("CAP_CAP_NET_RAW")], [None; 3]);
        assert_eq!(without_prefix("net_raw"), Some(Capability::NET_RAW));
        assert_eq!([without_prefix("CAP_NET_RAW"), without_prefix("cap_net_raw"), without_prefix("é")], [None; 3]);
    }
}
