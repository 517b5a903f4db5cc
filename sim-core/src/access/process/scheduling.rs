use super::{demand_capability, demand_in_sight};
use crate::capability::{CapSet, Capability};
use crate::credentials::{Credentials, Scheduling, SchedulingPolicy, Thread, UserNs};
use crate::kernel::Errno;
use crate::outcome::{Outcome, Refusal, demand};
use crate::rule::{Condition, Effect, Witness, process as rules};
use crate::system::System;

/// The range of nice values.
const NICE: (i8, i8) = (-20, 19);
/// The highest real-time priority (`MAX_RT_PRIO` - 1).
const MAX_PRIORITY: i32 = 99;

/// Decides setpriority(2) of one process: the thread itself, or a process with the credentials `target`, nice value 0 and
/// the usual policy. Gives how the thread is scheduled after it. `RLIMIT_NICE` is 0.
///
/// ```
/// use sim_core::access::setpriority;
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// assert_eq!(setpriority(&System::default(), &user, None, 5, &mut Silent).granted().unwrap().nice, 5);
/// let refusal = setpriority(&System::default(), &user, None, -5, &mut Silent).refusal().unwrap();
/// assert_eq!((refusal.errno, refusal.rule.id), (Errno::EACCES, "setpriority.sys-nice"));
/// ```
pub fn setpriority<W: Witness>(
    system: &System,
    thread: &Thread,
    target: Option<&Credentials>,
    nice: i32,
    witness: &mut W,
) -> Outcome<Scheduling> {
    decide_nice(system, thread, target, nice, witness).into()
}

/// `set_one_prio`.
fn decide_nice<W: Witness>(
    system: &System,
    thread: &Thread,
    target: Option<&Credentials>,
    nice: i32,
    witness: &mut W,
) -> Result<Scheduling, Refusal> {
    let before = scheduling(thread, target, witness)?;
    let needed = Capability::SYS_NICE;
    if is_own(thread, target) {
        witness.not_applied(&rules::SETPRIORITY_OTHER, Condition::SameUser);
    } else {
        let ns = target.map_or(thread.credentials.user_ns, |target| target.user_ns);
        demand_capability(system, thread, ns, needed, Errno::EPERM, &rules::SETPRIORITY_OTHER, witness)?;
    }
    let (lowest, highest) = NICE;
    let nice = i8::try_from(nice.clamp(lowest.into(), highest.into())).unwrap_or(highest);
    if nice < before.nice {
        demand_capability(system, thread, UserNs::INIT, needed, Errno::EACCES, &rules::SETPRIORITY, witness)?;
    } else {
        witness.not_applied(&rules::SETPRIORITY, Condition::NiceNotLowered);
    }
    demand_nothing_more(system, thread, target, witness)?;
    Ok(if target.is_none() { Scheduling { nice, ..before } } else { thread.scheduling })
}

/// Decides sched_setscheduler(2) of one process: the thread itself, or a process with the credentials `target`, nice value
/// 0 and the usual policy. Gives how the thread is scheduled after it. `RLIMIT_NICE` and `RLIMIT_RTPRIO` are 0.
///
/// ```
/// use sim_core::access::sched_setscheduler;
/// use sim_core::credentials::SchedulingPolicy;
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let ask = |policy, priority| sched_setscheduler(&System::default(), &user, None, policy, priority, &mut Silent);
/// assert_eq!(ask(SchedulingPolicy::Batch, 0).refusal(), None);
/// assert_eq!(ask(SchedulingPolicy::Fifo, 0).refusal().unwrap().errno, Errno::EINVAL);
/// assert_eq!(ask(SchedulingPolicy::Fifo, 1).refusal().unwrap().errno, Errno::EPERM);
/// ```
pub fn sched_setscheduler<W: Witness>(
    system: &System,
    thread: &Thread,
    target: Option<&Credentials>,
    policy: SchedulingPolicy,
    priority: i32,
    witness: &mut W,
) -> Outcome<Scheduling> {
    decide_policy(system, thread, target, policy, priority, witness).into()
}

/// `__sched_setscheduler`.
fn decide_policy<W: Witness>(
    system: &System,
    thread: &Thread,
    target: Option<&Credentials>,
    policy: SchedulingPolicy,
    priority: i32,
    witness: &mut W,
) -> Result<Scheduling, Refusal> {
    let before = scheduling(thread, target, witness)?;
    let valid = (0..=MAX_PRIORITY).contains(&priority) && policy.is_real_time() == (priority != 0);
    demand(valid, Errno::EINVAL, &rules::SCHEDULER_PRIORITY, CapSet::EMPTY, Condition::PriorityValid, witness)?;
    let priority = u8::try_from(priority).unwrap_or_default();
    if !is_own(thread, target) || raises(before, policy, priority) {
        witness.not_applied(&rules::SCHEDULER_UNPRIVILEGED, Condition::Privileged);
        let needed = Capability::SYS_NICE;
        demand_capability(system, thread, UserNs::INIT, needed, Errno::EPERM, &rules::SCHEDULER, witness)?;
    } else {
        witness.applied(&rules::SCHEDULER_UNPRIVILEGED, Effect::Holds);
        witness.not_applied(&rules::SCHEDULER, Condition::NothingPrivileged);
    }
    demand_nothing_more(system, thread, target, witness)?;
    Ok(if target.is_none() { Scheduling { policy, priority, ..before } } else { thread.scheduling })
}

/// Whether a change of policy needs a privilege with both limits at 0 (`user_check_sched_setscheduler`).
fn raises(before: Scheduling, policy: SchedulingPolicy, priority: u8) -> bool {
    let real_time = policy.is_real_time() && (policy != before.policy || priority > before.priority);
    let leaves_idle = before.policy == SchedulingPolicy::Idle && policy != SchedulingPolicy::Idle;
    real_time || leaves_idle
}

/// How the process is scheduled, if it can be seen.
fn scheduling<W: Witness>(
    thread: &Thread,
    target: Option<&Credentials>,
    witness: &mut W,
) -> Result<Scheduling, Refusal> {
    if target.is_none() {
        return Ok(thread.scheduling);
    }
    demand_in_sight(thread, witness)?;
    Ok(Scheduling::DEFAULT)
}

/// `set_one_prio_perm` and `check_same_owner`, without the capability.
fn is_own(thread: &Thread, target: Option<&Credentials>) -> bool {
    let own = thread.credentials.uid.effective;
    target.is_none_or(|target| [target.uid.real, target.uid.effective].contains(&own))
}

/// `cap_safe_nice`.
fn demand_nothing_more<W: Witness>(
    system: &System,
    thread: &Thread,
    target: Option<&Credentials>,
    witness: &mut W,
) -> Result<(), Refusal> {
    let rule = &rules::SCHEDULING_MORE_PERMITTED;
    match target {
        Some(target) if !target.permitted.is_subset(thread.credentials.permitted) => {
            let needed = Capability::SYS_NICE;
            demand_capability(system, thread, target.user_ns, needed, Errno::EPERM, rule, witness)
        }
        _ => {
            witness.not_applied(rule, Condition::WithinPermitted);
            Ok(())
        }
    }
}
