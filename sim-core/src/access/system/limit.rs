use super::demand_in_init;
use crate::access::named::named;
use crate::capability::{CapSet, Capability};
use crate::credentials::Thread;
use crate::kernel::Errno;
use crate::outcome::{Outcome, demand};
use crate::rule::{Condition, Effect, Witness, system as rules};
use crate::system::System;

named! {
    /// A resource with a limit, of getrlimit(2).
    Resource {
        /// Address space, in bytes.
        AddressSpace "RLIMIT_AS";
        /// A core file, in bytes.
        Core "RLIMIT_CORE";
        /// Processor time, in seconds.
        Cpu "RLIMIT_CPU";
        /// Data segment, in bytes.
        Data "RLIMIT_DATA";
        /// A file that is written, in bytes.
        FileSize "RLIMIT_FSIZE";
        /// Locks and leases.
        Locks "RLIMIT_LOCKS";
        /// Locked memory, in bytes.
        Memlock "RLIMIT_MEMLOCK";
        /// POSIX message queues, in bytes.
        MessageQueue "RLIMIT_MSGQUEUE";
        /// 20 less the lowest nice value.
        Nice "RLIMIT_NICE";
        /// One more than the highest file descriptor.
        OpenFiles "RLIMIT_NOFILE";
        /// Processes of the real user.
        Processes "RLIMIT_NPROC";
        /// Resident pages, in bytes; without effect.
        ResidentSet "RLIMIT_RSS";
        /// Real-time priority.
        RealtimePriority "RLIMIT_RTPRIO";
        /// Processor time without a blocking call under real-time scheduling, in microseconds.
        RealtimeTime "RLIMIT_RTTIME";
        /// Queued signals of the real user.
        PendingSignals "RLIMIT_SIGPENDING";
        /// Stack, in bytes.
        Stack "RLIMIT_STACK";
    }
}

/// Decides setrlimit(2) of the hard limit, now `present`, to `wanted`; the soft limit follows. `u64::MAX` is no limit.
///
/// ```
/// use sim_core::access::{Resource, setrlimit};
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let set = |wanted| setrlimit(&System::default(), &user, Resource::OpenFiles, 1024, wanted, &mut Silent).refusal();
/// assert_eq!(set(1023), None);
/// assert_eq!(set(1025).unwrap().rule.id, "setrlimit.sys-resource");
/// ```
pub fn setrlimit<W: Witness>(
    system: &System,
    thread: &Thread,
    resource: Resource,
    present: u64,
    wanted: u64,
    witness: &mut W,
) -> Outcome<()> {
    let decide = |witness: &mut W| {
        let possible = resource != Resource::OpenFiles || wanted <= u64::from(system.nr_open);
        let (rule, condition) = (&rules::SETRLIMIT_NR_OPEN, Condition::LimitWithinNrOpen);
        demand(possible, Errno::EPERM, rule, CapSet::EMPTY, condition, witness)?;
        if wanted <= present {
            witness.applied(&rules::SETRLIMIT_LOWER, Effect::Holds);
            return Ok(());
        }
        witness.not_applied(&rules::SETRLIMIT_LOWER, Condition::LimitRises);
        let (needed, rule) = (Capability::SYS_RESOURCE, &rules::SETRLIMIT_SYS_RESOURCE);
        demand_in_init(system, thread, needed, Errno::EPERM, rule, witness)
    };
    decide(witness).into()
}

/// The size of a page; on some machines it is larger.
const PAGE: u64 = 4096;

/// Decides mlock(2) of `bytes` bytes from the beginning of a page on, by a process that has locked nothing yet and whose
/// soft RLIMIT_MEMLOCK is `limit` bytes; `u64::MAX` is no limit.
///
/// ```
/// use sim_core::access::mlock;
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let lock = |limit, bytes| mlock(&System::default(), &user, limit, bytes, &mut Silent).refusal().map(|r| r.errno);
/// assert_eq!(lock(8192, 8192), None);
/// assert_eq!(lock(8192, 8193), Some(Errno::ENOMEM));
/// assert_eq!(lock(0, 1), Some(Errno::EPERM));
/// ```
pub fn mlock<W: Witness>(system: &System, thread: &Thread, limit: u64, bytes: u64, witness: &mut W) -> Outcome<()> {
    let demand_ipc_lock =
        |errno, rule, witness: &mut W| demand_in_init(system, thread, Capability::IPC_LOCK, errno, rule, witness);
    let decide = |witness: &mut W| {
        if limit == 0 {
            demand_ipc_lock(Errno::EPERM, &rules::MLOCK_NOTHING, witness)?;
        } else {
            witness.not_applied(&rules::MLOCK_NOTHING, Condition::LimitIsNotZero);
        }
        // As the kernel does: a length near 2^64 becomes 0.
        let pages = bytes.wrapping_add(PAGE - 1) / PAGE;
        if pages <= limit / PAGE {
            witness.applied(&rules::MLOCK_WITHIN, Effect::Holds);
            return Ok(());
        }
        witness.not_applied(&rules::MLOCK_WITHIN, Condition::AboveMemlock);
        demand_ipc_lock(Errno::ENOMEM, &rules::MLOCK_ABOVE, witness)
    };
    decide(witness).into()
}
