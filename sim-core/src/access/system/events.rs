use super::{demand_either, demand_in_init};
use crate::access::named::named;
use crate::capability::{CapSet, Capability};
use crate::credentials::{Thread, UserNs};
use crate::kernel::{Errno, changes};
use crate::outcome::{Outcome, demand};
use crate::rule::{Condition, Effect, Witness, system as rules};
use crate::system::System;

named! {
    /// A command of bpf(2).
    BpfCommand {
        /// Make a map: an array of one element.
        MapCreate "BPF_MAP_CREATE";
        /// Load a program: a socket filter that drops everything.
        ProgramLoad "BPF_PROG_LOAD";
    }
}

/// Decides bpf(2) for a map or program of the types that anyone may use where `kernel.unprivileged_bpf_disabled` is 0.
///
/// ```
/// use sim_core::access::bpf;
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let refusal = bpf(&System::default(), &user, &mut Silent).refusal().unwrap();
/// assert_eq!((refusal.errno, refusal.rule.id), (Errno::EPERM, "bpf.cap-bpf"));
/// let open = System { unprivileged_bpf_disabled: 0, ..System::default() };
/// assert_eq!(bpf(&open, &user, &mut Silent).refusal(), None);
/// ```
pub fn bpf<W: Witness>(system: &System, thread: &Thread, witness: &mut W) -> Outcome<()> {
    if system.unprivileged_bpf_disabled == 0 {
        witness.applied(&rules::BPF_UNPRIVILEGED, Effect::Holds);
        return Outcome::Granted(());
    }
    witness.not_applied(&rules::BPF_UNPRIVILEGED, Condition::UnprivilegedBpfDisabled);
    let sys_admin = (Capability::SYS_ADMIN, &rules::BPF_SYS_ADMIN);
    let (needed, stand_in) = if system.release.has(&changes::PERFMON_AND_BPF) {
        ((Capability::BPF, &rules::BPF_CAP_BPF), Some(sys_admin))
    } else {
        (sys_admin, None)
    };
    demand_either(system, thread, UserNs::INIT, needed, stand_in, Errno::EPERM, witness).into()
}

/// Decides perf_event_open(2) of an event of the thread itself.
///
/// ```
/// use sim_core::access::perf_event_open;
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let open = |exclude_kernel| perf_event_open(&System::default(), &user, exclude_kernel, &mut Silent).refusal();
/// assert_eq!(open(true), None);
/// assert_eq!(open(false).unwrap().errno, Errno::EACCES);
/// ```
pub fn perf_event_open<W: Witness>(
    system: &System,
    thread: &Thread,
    exclude_kernel: bool,
    witness: &mut W,
) -> Outcome<()> {
    if exclude_kernel {
        witness.applied(&rules::PERF_USER_ONLY, Effect::Holds);
        return Outcome::Granted(());
    }
    witness.not_applied(&rules::PERF_USER_ONLY, Condition::KernelIncluded);
    if system.perf_event_paranoid < 2 {
        witness.applied(&rules::PERF_NOT_PARANOID, Effect::Holds);
        return Outcome::Granted(());
    }
    witness.not_applied(&rules::PERF_NOT_PARANOID, Condition::PerfEventParanoid);
    let sys_admin = (Capability::SYS_ADMIN, &rules::PERF_SYS_ADMIN);
    let (needed, stand_in) = if system.release.has(&changes::PERFMON_AND_BPF) {
        ((Capability::PERFMON, &rules::PERF_PERFMON), Some(sys_admin))
    } else {
        (sys_admin, None)
    };
    demand_either(system, thread, UserNs::INIT, needed, stand_in, Errno::EACCES, witness).into()
}

named! {
    /// The notification class of a group of fanotify(7).
    FanotifyClass {
        /// It hears what happened.
        Notification "FAN_CLASS_NOTIF";
        /// It may refuse access to content that is final.
        Content "FAN_CLASS_CONTENT";
        /// It may refuse access before the content is final.
        PreContent "FAN_CLASS_PRE_CONTENT";
    }
}

/// Decides fanotify_init(2); `report_fid` is the flag FAN_REPORT_FID.
///
/// ```
/// use sim_core::access::{FanotifyClass, fanotify_init};
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let init = |class, fid| fanotify_init(&System::default(), &user, class, fid, &mut Silent).refusal();
/// assert_eq!(init(FanotifyClass::Notification, true), None);
/// assert_eq!(init(FanotifyClass::Notification, false).unwrap().rule.id, "fanotify-init.sys-admin");
/// ```
pub fn fanotify_init<W: Witness>(
    system: &System,
    thread: &Thread,
    class: FanotifyClass,
    report_fid: bool,
    witness: &mut W,
) -> Outcome<()> {
    let handles_only = class == FanotifyClass::Notification && report_fid;
    let decide = |witness: &mut W| {
        if system.release.has(&changes::UNPRIVILEGED_FANOTIFY) {
            if handles_only {
                witness.applied(&rules::FANOTIFY_UNPRIVILEGED, Effect::Holds);
                return Ok(());
            }
            witness.not_applied(&rules::FANOTIFY_UNPRIVILEGED, Condition::MoreThanHandles);
        }
        let (needed, rule) = (Capability::SYS_ADMIN, &rules::FANOTIFY_SYS_ADMIN);
        demand_in_init(system, thread, needed, Errno::EPERM, rule, witness)?;
        let known = system.release.has(&changes::FANOTIFY_REPORT_FID);
        let valid = !report_fid || handles_only && known;
        let (rule, condition) = (&rules::FANOTIFY_REPORT_FID, Condition::ClassAndReportAgree);
        demand(valid, Errno::EINVAL, rule, CapSet::EMPTY, condition, witness)
    };
    decide(witness).into()
}
