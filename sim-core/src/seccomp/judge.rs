use super::{Action, Architecture, Mode, Seccomp, SeccompData, strict_calls};
use crate::kernel::Errno;
use crate::rule::{Condition, Effect, Rule, Silent, Witness, seccomp as rules};
use crate::system::System;

/// What becomes of a call before the kernel looks at the call itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Fate {
    /// It runs.
    Runs,
    /// It is not made and returns this: a negative errno, or 0.
    Returns(i32),
    /// It is not made; the thread gets SIGSYS with this as `si_errno`.
    Trapped(u16),
    /// The thread ends as by SIGSYS; the process with it if it is the last.
    ThreadKilled,
    /// The process ends as by SIGSYS.
    ProcessKilled,
    /// Strict mode: the thread ends with SIGKILL.
    StrictlyKilled,
    /// The tracer decides; it gets this as the event's message.
    AsksTracer(u16),
    /// The listener of this filter decides; filters are counted from the oldest, which is 0.
    AsksListener(usize),
}

/// The highest errno that a call can return.
const MAX_ERRNO: u16 = 4095;

/// Decides what becomes of a call (`__secure_computing`, `kernel/seccomp.c`). `tracer_listens` is whether the thread is
/// traced with `PTRACE_O_TRACESECCOMP`.
///
/// See the [module](super) for an example. It allocates nothing without a witness. A thread that blocks or ignores
/// SIGSYS is killed where it would be trapped; in strict mode on an architecture whose four calls are not known
/// ([`strict_calls`]) every call kills.
pub fn judge<W: Witness>(
    system: &System,
    state: &Seccomp,
    data: &SeccompData,
    tracer_listens: bool,
    witness: &mut W,
) -> Fate {
    if state.mode() == Mode::Disabled {
        return Fate::Runs;
    }
    if passes_everything(system, data, witness) {
        return Fate::Runs;
    }
    if state.mode() == Mode::Strict {
        return strict(data, witness);
    }
    witness.not_applied(&rules::STRICT_KILLS, Condition::NotStrict);
    let verdict = state.run(data, &mut Silent);
    witness.applied(&rules::STRICTEST_WINS, Effect::Holds);
    let word = verdict.returned;
    let mut says = |rule: &'static Rule, fate: Fate| {
        witness.applied(rule, Effect::Holds);
        fate
    };
    match word.action() {
        action if !action.is_known_to(system.release) => says(&rules::UNKNOWN_ACTION_KILLS, Fate::ProcessKilled),
        Action::KillProcess | Action::Unknown(_) => says(&rules::KILL_PROCESS, Fate::ProcessKilled),
        Action::KillThread => says(&rules::KILL_THREAD, Fate::ThreadKilled),
        Action::Trap => says(&rules::TRAP, Fate::Trapped(word.data())),
        Action::Log => says(&rules::LOG, Fate::Runs),
        Action::Allow => says(&rules::ALLOW, Fate::Runs),
        Action::Errno => {
            witness.applied(&rules::ERRNO, Effect::Holds);
            errno(word.data(), witness)
        }
        Action::Trace if tracer_listens => {
            witness.not_applied(&rules::TRACE_NOBODY, Condition::TracerListens);
            witness.applied(&rules::TRACE, Effect::Holds);
            Fate::AsksTracer(word.data())
        }
        Action::Trace => says(&rules::TRACE_NOBODY, no_such_call()),
        Action::UserNotif => match verdict.filter {
            Some(index) if state.filters().get(index).is_some_and(|filter| filter.listener) => {
                witness.not_applied(&rules::NOTIFY_NOBODY, Condition::ListenerOpen);
                witness.applied(&rules::NOTIFY, Effect::Holds);
                Fate::AsksListener(index)
            }
            _ => says(&rules::NOTIFY_NOBODY, no_such_call()),
        },
    }
}

/// The calls that the kernel's own probes make, with the rules that let them pass.
const PASSING: [(&Rule, u32); 2] = [(&rules::URETPROBE_PASSES, 335), (&rules::UPROBE_PASSES, 336)];

/// The rule that lets a call pass everything, on the releases that have it.
pub(super) fn passing(data: &SeccompData) -> Option<&'static Rule> {
    let mut own = PASSING.into_iter().filter(|(_, number)| data.arch == Architecture::X86_64 && data.nr == *number);
    own.next().map(|(rule, _)| rule)
}

fn passes_everything<W: Witness>(system: &System, data: &SeccompData, witness: &mut W) -> bool {
    for (rule, _) in PASSING {
        if !rule.applies_to(system.release) {
            continue;
        }
        if passing(data) == Some(rule) {
            witness.applied(rule, Effect::Holds);
            return true;
        }
        witness.not_applied(rule, Condition::CallFiltered);
    }
    false
}

fn strict<W: Witness>(data: &SeccompData, witness: &mut W) -> Fate {
    if strict_calls(data.arch).is_some_and(|calls| calls.contains(&data.nr)) {
        witness.not_applied(&rules::STRICT_KILLS, Condition::OneOfFour);
        return Fate::Runs;
    }
    witness.applied(&rules::STRICT_KILLS, Effect::Holds);
    Fate::StrictlyKilled
}

fn errno<W: Witness>(number: u16, witness: &mut W) -> Fate {
    if number > MAX_ERRNO {
        witness.applied(&rules::ERRNO_CAPPED, Effect::Returns(MAX_ERRNO.into()));
    } else {
        witness.not_applied(&rules::ERRNO_CAPPED, Condition::ErrnoInRange);
    }
    Fate::Returns(-i32::from(number.min(MAX_ERRNO)))
}

fn no_such_call() -> Fate {
    Fate::Returns(-i32::from(Errno::ENOSYS.number()))
}
