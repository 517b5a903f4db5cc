use crate::capability::Capability;
use crate::credentials::{Thread, ns_capable};
use crate::kernel::Errno;
use crate::outcome::{Outcome, refuse};
use crate::rule::{Condition, Effect, Witness, bind as rules};
use crate::system::{System, UNPRIVILEGED_PORT_START};

/// Decides whether a thread may bind(2) an internet socket to `port`.
///
/// ```
/// use sim_core::access::bind;
/// use sim_core::prelude::*;
///
/// let thread = Thread::from(Credentials::user(1024));
/// assert_eq!(bind(&System::default(), &thread, 8080, &mut Silent).refusal(), None);
/// assert_eq!(bind(&System::default(), &thread, 80, &mut Silent).refusal().unwrap().errno, Errno::EACCES);
/// ```
pub fn bind<W: Witness>(system: &System, thread: &Thread, port: u16, witness: &mut W) -> Outcome<()> {
    let first = thread.namespaces.first_network;
    let start = if first { system.ip_unprivileged_port_start } else { UNPRIVILEGED_PORT_START };
    if port == 0 || port >= start {
        witness.applied(&rules::UNPRIVILEGED_PORT, Effect::Holds);
        witness.not_applied(&rules::NET_BIND_SERVICE, Condition::PortIsUnprivileged);
        return Outcome::Granted(());
    }
    witness.not_applied(&rules::UNPRIVILEGED_PORT, Condition::PortIsPrivileged);
    let needed = Capability::NET_BIND_SERVICE;
    if ns_capable(&system.user_namespaces, &thread.credentials, thread.namespaces.network, needed) {
        witness.applied(&rules::NET_BIND_SERVICE, Effect::Holds);
        return Outcome::Granted(());
    }
    Outcome::Refused(refuse(Errno::EACCES, &rules::NET_BIND_SERVICE, needed.into(), witness))
}
