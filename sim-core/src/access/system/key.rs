use super::demand_in_init;
use crate::access::named::named;
use crate::capability::{CapSet, Capability};
use crate::credentials::Thread;
use crate::kernel::Errno;
use crate::outcome::{Outcome, demand};
use crate::rule::{Condition, Effect, Witness, system as rules};
use crate::system::System;

named! {
    /// An operation of keyctl(2).
    KeyOperation {
        /// Change the owner of a key.
        Chown "KEYCTL_CHOWN";
    }
}

/// Decides keyctl(2) with KEYCTL_CHOWN of a new thread keyring, which belongs to the thread's real user, to `uid` as the
/// thread sees it. The group stays; `u32::MAX` leaves the user too.
///
/// ```
/// use sim_core::access::keyctl;
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let chown = |uid| keyctl(&System::default(), &user, uid, &mut Silent).refusal().map(|refusal| refusal.errno);
/// assert_eq!([1000, 0, u32::MAX].map(chown), [None, Some(Errno::EACCES), None]);
/// ```
pub fn keyctl<W: Witness>(system: &System, thread: &Thread, uid: u32, witness: &mut W) -> Outcome<()> {
    let credentials = &thread.credentials;
    let owner = system.user_namespaces.kuid(credentials.user_ns, uid);
    let keep = uid == u32::MAX;
    let decide = |witness: &mut W| {
        let (mapped, rule) = (keep || owner.is_some(), &rules::KEYCTL_UNMAPPED);
        demand(mapped, Errno::EINVAL, rule, CapSet::EMPTY, Condition::OwnerMapped, witness)?;
        if keep || owner == Some(credentials.uid.real) {
            witness.applied(&rules::KEYCTL_UNCHANGED, Effect::Holds);
            return Ok(());
        }
        witness.not_applied(&rules::KEYCTL_UNCHANGED, Condition::OwnerChanges);
        let (needed, rule) = (Capability::SYS_ADMIN, &rules::KEYCTL_SYS_ADMIN);
        demand_in_init(system, thread, needed, Errno::EACCES, rule, witness)
    };
    decide(witness).into()
}
