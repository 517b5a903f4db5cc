use super::demand_in_init;
use crate::access::named::named;
use crate::capability::{CapSet, Capability};
use crate::credentials::Thread;
use crate::kernel::Errno;
use crate::outcome::{Outcome, demand};
use crate::rule::{Condition, Effect, Witness, system as rules};
use crate::system::System;

named! {
    /// A clock of the machine.
    Clock {
        /// The time of day.
        Realtime "CLOCK_REALTIME";
        /// The time since the machine started, without that in which it slept.
        Monotonic "CLOCK_MONOTONIC";
        /// The time since the machine started.
        Boottime "CLOCK_BOOTTIME";
    }
}

/// Decides clock_settime(2), of a valid time.
pub fn clock_settime<W: Witness>(system: &System, thread: &Thread, clock: Clock, witness: &mut W) -> Outcome<()> {
    let decide = |witness: &mut W| {
        let (settable, rule) = (clock == Clock::Realtime, &rules::CLOCK_SETTIME_UNSETTABLE);
        demand(settable, Errno::EINVAL, rule, CapSet::EMPTY, Condition::ClockCanBeSet, witness)?;
        let (needed, rule) = (Capability::SYS_TIME, &rules::CLOCK_SETTIME);
        demand_in_init(system, thread, needed, Errno::EPERM, rule, witness)
    };
    decide(witness).into()
}

/// Decides adjtimex(2) with a `modes` other than 0: `CAP_SYS_TIME` in `init`.
pub fn adjtimex<W: Witness>(system: &System, thread: &Thread, witness: &mut W) -> Outcome<()> {
    demand_in_init(system, thread, Capability::SYS_TIME, Errno::EPERM, &rules::ADJTIMEX, witness).into()
}

named! {
    /// A clock that a timer can follow.
    TimerClock {
        /// The time of day.
        Realtime "CLOCK_REALTIME";
        /// The time since the machine started, without that in which it slept.
        Monotonic "CLOCK_MONOTONIC";
        /// The time since the machine started.
        Boottime "CLOCK_BOOTTIME";
        /// The time of day; the timer wakes the machine.
        RealtimeAlarm "CLOCK_REALTIME_ALARM";
        /// The time since the machine started; the timer wakes the machine.
        BoottimeAlarm "CLOCK_BOOTTIME_ALARM";
    }
}

/// Decides timerfd_create(2).
///
/// ```
/// use sim_core::access::{TimerClock, timerfd_create};
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let create = |clock| timerfd_create(&System::default(), &user, clock, &mut Silent).refusal();
/// assert_eq!(create(TimerClock::Realtime), None);
/// assert_eq!(create(TimerClock::RealtimeAlarm).unwrap().rule.id, "timerfd-create.wake-alarm");
/// ```
pub fn timerfd_create<W: Witness>(
    system: &System,
    thread: &Thread,
    clock: TimerClock,
    witness: &mut W,
) -> Outcome<()> {
    if !matches!(clock, TimerClock::RealtimeAlarm | TimerClock::BoottimeAlarm) {
        witness.applied(&rules::TIMERFD_UNPRIVILEGED, Effect::Holds);
        return Outcome::Granted(());
    }
    witness.not_applied(&rules::TIMERFD_UNPRIVILEGED, Condition::ClockWakes);
    let (needed, rule) = (Capability::WAKE_ALARM, &rules::TIMERFD_WAKE_ALARM);
    demand_in_init(system, thread, needed, Errno::EPERM, rule, witness).into()
}
