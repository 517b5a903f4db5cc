use super::{demand_capability, demand_in_sight};
use crate::capability::{CapSet, Capability};
use crate::credentials::{Credentials, Thread};
use crate::kernel::Errno;
use crate::outcome::{Outcome, Refusal, demand};
use crate::rule::{Condition, Effect, Witness, process as rules};
use crate::system::System;

/// The last signal (`_NSIG`).
const LAST_SIGNAL: i32 = 64;

/// Decides kill(2) of one process with the credentials `target`, in another session than the caller. Signal 0 only asks.
///
/// ```
/// use sim_core::access::kill;
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let system = System::default();
/// assert_eq!(kill(&system, &user, &Credentials::user(1000), 15, &mut Silent).refusal(), None);
/// let refusal = kill(&system, &user, &Credentials::user(1001), 15, &mut Silent).refusal().unwrap();
/// assert_eq!(refusal.rule.id, "kill.cap-kill");
/// ```
pub fn kill<W: Witness>(
    system: &System,
    thread: &Thread,
    target: &Credentials,
    signal: i32,
    witness: &mut W,
) -> Outcome<()> {
    decide(system, thread, target, signal, witness).into()
}

/// `check_kill_permission`.
fn decide<W: Witness>(
    system: &System,
    thread: &Thread,
    target: &Credentials,
    signal: i32,
    witness: &mut W,
) -> Result<(), Refusal> {
    demand_in_sight(thread, witness)?;
    let valid = (0..=LAST_SIGNAL).contains(&signal);
    demand(valid, Errno::EINVAL, &rules::KILL_BAD_SIGNAL, CapSet::EMPTY, Condition::SignalValid, witness)?;
    let own = thread.credentials.uid;
    let same = [own.effective, own.real].iter().any(|id| [target.uid.real, target.uid.saved].contains(id));
    if same {
        witness.applied(&rules::KILL_SAME_USER, Effect::Holds);
        witness.not_applied(&rules::KILL, Condition::SameUser);
        return Ok(());
    }
    witness.not_applied(&rules::KILL_SAME_USER, Condition::AnotherUser);
    demand_capability(system, thread, target.user_ns, Capability::KILL, Errno::EPERM, &rules::KILL, witness)
}
