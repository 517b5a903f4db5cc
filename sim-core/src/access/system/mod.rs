//! Operations on the machine as a whole, on its network, and on the limits of a process.

mod clock;
mod events;
mod hardware;
mod key;
mod limit;
mod log;
mod network;
mod storage;
#[cfg(test)]
mod tests;

pub use clock::{Clock, TimerClock, adjtimex, clock_settime, timerfd_create};
pub use events::{BpfCommand, FanotifyClass, bpf, fanotify_init, perf_event_open};
pub use hardware::{delete_module, init_module, ioperm, iopl};
pub use key::{KeyOperation, keyctl};
pub use limit::{Resource, mlock, setrlimit};
pub use log::{SyslogAction, syslog};
pub use network::{SocketDomain, SocketOption, SocketProtocol, SocketType, setsockopt, socket};
pub use storage::{QuotaCommand, acct, quotactl, swapoff, swapon};

use super::demand_capability;
use crate::capability::Capability;
use crate::credentials::{Thread, UserNs, ns_capable};
use crate::kernel::Errno;
use crate::outcome::Refusal;
use crate::rule::{Condition, Effect, Rule, Witness};
use crate::system::System;

/// Refuses by `rule` unless the thread has the capability in `init`.
fn demand_in_init<W: Witness>(
    system: &System,
    thread: &Thread,
    needed: Capability,
    errno: Errno,
    rule: &'static Rule,
    witness: &mut W,
) -> Result<(), Refusal> {
    demand_capability(system, thread, UserNs::INIT, needed, errno, rule, witness)
}

/// A capability, and the rule that says what it is enough for.
type Enough = (Capability, &'static Rule);

/// Refuses by the rule of `needed` unless the thread has that capability, or else the one that stands in for it.
fn demand_either<W: Witness>(
    system: &System,
    thread: &Thread,
    target: UserNs,
    needed: Enough,
    stand_in: Option<Enough>,
    errno: Errno,
    witness: &mut W,
) -> Result<(), Refusal> {
    let has = |capability| ns_capable(&system.user_namespaces, &thread.credentials, target, capability);
    let (capability, rule) = needed;
    if let Some((other, stands_in)) = stand_in {
        if has(other) && !has(capability) {
            witness.not_applied(rule, Condition::CapabilityNotEffective);
            witness.applied(stands_in, Effect::Holds);
            return Ok(());
        }
        if !has(other) {
            witness.not_applied(stands_in, Condition::CapabilityNotEffective);
        }
    }
    demand_capability(system, thread, target, capability, errno, rule, witness)
}
