use super::Called;
use crate::capability::{CapSet, Capability};
use crate::credentials::{Credentials, RawCredentials, Thread};
use crate::kernel::Errno;
use crate::outcome::{Outcome, Refusal, demand};
use crate::rule::{Condition, Effect, Flow, Rule, SetName, Witness, capset as rules};
use crate::system::System;

/// The arguments of capset(2), version 3, on the thread itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capset {
    /// The effective set asked for.
    pub effective: CapSet,
    /// The permitted set asked for.
    pub permitted: CapSet,
    /// The inheritable set asked for.
    pub inheritable: CapSet,
}

/// Decides one capset(2).
///
/// ```
/// use sim_core::calls::{Capset, capset};
/// use sim_core::prelude::*;
///
/// // Nobody can permit themselves more.
/// let all = Capability::KILL.into();
/// let wish = Capset { effective: all, permitted: all, inheritable: CapSet::EMPTY };
/// let thread = Thread::from(Credentials::user(1024));
/// let refusal = capset(&System::default(), &thread, &wish, &mut Silent).refusal().unwrap();
/// assert_eq!(refusal.rule.id, "capset.permitted-grows");
/// ```
pub fn capset<W: Witness>(system: &System, thread: &Thread, wish: &Capset, witness: &mut W) -> Outcome<Called> {
    decide(system, &thread.credentials, wish, witness).into()
}

/// Decides capget(2) on the thread itself: it is never refused.
pub fn capget<W: Witness>(thread: &Thread, witness: &mut W) -> Outcome<Called> {
    witness.applied(&rules::CAPGET, Effect::Returns(0));
    Outcome::Granted(Called { credentials: thread.credentials.clone(), value: 0 })
}

fn decide<W: Witness>(system: &System, old: &Credentials, wish: &Capset, witness: &mut W) -> Result<Called, Refusal> {
    let known = system.capabilities();
    if (wish.effective | wish.permitted | wish.inheritable).is_subset(known) {
        witness.not_applied(&rules::UNKNOWN_BITS, Condition::NoUnknownBits);
    } else {
        witness.applied(&rules::UNKNOWN_BITS, Effect::Holds);
    }
    let (effective, permitted, inheritable) =
        (wish.effective & known, wish.permitted & known, wish.inheritable & known);

    let beyond = inheritable - (old.inheritable | old.permitted);
    if old.capable(Capability::SETPCAP) {
        witness.not_applied(&rules::INHERITABLE_PERMITTED, Condition::SetpcapEffective);
    } else {
        demand_none(beyond, &rules::INHERITABLE_PERMITTED, Condition::InheritableWithinPermitted, witness)?;
    }
    let beyond = inheritable - (old.inheritable | old.bounding);
    demand_none(beyond, &rules::INHERITABLE_BOUNDING, Condition::InheritableWithinBounding, witness)?;
    let beyond = permitted - old.permitted;
    demand_none(beyond, &rules::PERMITTED_GROWS, Condition::PermittedDoesNotGrow, witness)?;
    let beyond = effective - permitted;
    demand_none(beyond, &rules::EFFECTIVE_PERMITTED, Condition::EffectiveWithinPermitted, witness)?;

    let ambient = old.ambient & permitted & inheritable;
    let set = |into, from: [Option<_>; 2], old: CapSet, new: CapSet| {
        Effect::Bits(Flow { into, from, given: new, removed: old - new, withheld: CapSet::EMPTY })
    };
    let old_permitted = SetName::Permitted.holding(old.permitted);
    let old_inheritable = SetName::Inheritable.holding(old.inheritable);
    witness.applied(&rules::SETS, set(SetName::Permitted, [Some(old_permitted), None], old.permitted, permitted));
    let new_permitted = SetName::Permitted.holding(permitted);
    witness.applied(&rules::SETS, set(SetName::Effective, [Some(new_permitted), None], old.effective, effective));
    let sources = [Some(old_inheritable), Some(old_permitted)];
    witness.applied(&rules::SETS, set(SetName::Inheritable, sources, old.inheritable, inheritable));
    if ambient == old.ambient {
        witness.not_applied(&rules::AMBIENT_FOLLOWS, Condition::AmbientWithinBoth);
    } else {
        witness.applied(&rules::AMBIENT_FOLLOWS, Flow::remove(SetName::Ambient, old.ambient - ambient));
    }
    let new = RawCredentials { permitted, effective, inheritable, ambient, ..RawCredentials::from(old.clone()) };
    Ok(Called { credentials: Credentials::after_transition(new), value: 0 })
}

/// Refuses with EPERM if capabilities are asked for that may not be.
fn demand_none<W: Witness>(
    beyond: CapSet,
    rule: &'static Rule,
    satisfied: Condition,
    witness: &mut W,
) -> Result<(), Refusal> {
    demand(beyond.is_empty(), Errno::EPERM, rule, beyond, satisfied, witness)
}
