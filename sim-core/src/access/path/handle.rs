use crate::capability::Capability;
use crate::credentials::{Thread, UserNs, ns_capable};
use crate::kernel::Errno;
use crate::outcome::{Outcome, refuse};
use crate::rule::{Effect, Witness, path as rules};
use crate::system::System;

/// Decides open_by_handle_at(2) for reading: `CAP_DAC_READ_SEARCH` in `init` (`handle_to_path`).
///
/// What Linux 6.11 added for the mounts of a caller's own mount namespace is not part of it.
///
/// ```
/// use sim_core::access::open_by_handle_at;
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let refusal = open_by_handle_at(&System::default(), &user, &mut Silent).refusal().unwrap();
/// assert_eq!((refusal.errno, refusal.rule.id), (Errno::EPERM, "open-by-handle-at.dac-read-search"));
/// ```
pub fn open_by_handle_at<W: Witness>(system: &System, thread: &Thread, witness: &mut W) -> Outcome<()> {
    let (needed, rule) = (Capability::DAC_READ_SEARCH, &rules::HANDLE_READ_SEARCH);
    if ns_capable(&system.user_namespaces, &thread.credentials, UserNs::INIT, needed) {
        witness.applied(rule, Effect::Holds);
        return Outcome::Granted(());
    }
    Outcome::Refused(refuse(Errno::EPERM, rule, needed.into(), witness))
}
