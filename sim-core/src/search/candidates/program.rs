use alloc::vec::Vec;

use super::Context;
use crate::calls::{IdKind, PrctlOption};
use crate::scenario::Call;
use crate::search::edit::Edit;

/// What the program can do otherwise: the order of its calls, and the calls that it forgot.
pub(super) fn edits(context: &Context<'_>, edits: &mut Vec<Edit>) {
    let steps = &context.scenario.steps;
    let failing = context.failure.step;
    let Some(call) = context.call() else { return };
    let is_exec = |index: &usize| steps.get(*index).is_some_and(|step| matches!(step.call, Call::Execve(_)));
    // The calls of one program: from its execve to the next.
    let start = (0..failing).rev().find(is_exec).map_or(0, |exec| exec + 1);
    let end = (failing..steps.len()).find(is_exec).unwrap_or(steps.len());
    let changes = |index: &usize| steps.get(*index).is_some_and(|step| changes_credentials(&step.call));
    if !matches!(call, Call::Execve(_)) {
        edits.extend((start..failing).filter(changes).map(|before| Edit::MoveBefore { step: failing, before }));
        edits.extend(
            (start..failing.saturating_sub(1))
                .filter(changes)
                .map(|step| Edit::MoveBefore { step, before: failing + 1 }),
        );
        let later = (failing + 1..end).filter(changes);
        edits.extend(later.map(|step| Edit::MoveBefore { step, before: failing }));
    }
    let gives_away = |index: &usize| steps.get(*index).is_some_and(|step| gives_away(&step.call));
    let given = (0..failing).filter(gives_away).filter(|step| !context.goal.steps.contains(step));
    edits.extend(given.map(|step| Edit::LeaveOut { step }));
    // Before the first execve a container's runtime makes the calls; a launcher is asked for what it shall give, unless its
    // calls are described.
    let described = |index: usize| context.scenario.runtime.is_none() && index > 0 || start > 0;
    for &caps in &context.groups {
        if !matches!(call, Call::Execve(_)) {
            edits.push(Edit::Raise { caps, before: failing });
            edits.push(Edit::Inherit { caps, before: failing });
        }
        for (exec, _) in context.programs() {
            let own = (0..exec).rev().find(is_exec).map_or(0, |exec| exec + 1);
            if own < exec && described(exec) {
                edits.push(Edit::Inherit { caps, before: exec });
                edits.push(Edit::RaiseAmbient { caps, before: exec });
            }
        }
    }
    for (index, step) in steps.iter().enumerate().take(failing + 1) {
        if matches!(&step.call, Call::SetId(call) if call.kind == IdKind::User) {
            edits.push(Edit::KeepCaps { before: index });
        }
    }
    if matches!(call, Call::Seccomp(_)) {
        edits.push(Edit::NoNewPrivsFirst { before: failing });
    }
}

/// Calls that may take something from the thread.
fn gives_away(call: &Call) -> bool {
    match call {
        Call::Capset(_) | Call::SetId(_) | Call::Setgroups(_) | Call::Seccomp(_) => true,
        Call::Prctl(call) => matches!(
            call.option,
            PrctlOption::CapbsetDrop
                | PrctlOption::CapAmbient
                | PrctlOption::SetSecurebits
                | PrctlOption::SetKeepcaps
                | PrctlOption::SetNoNewPrivs
        ),
        _ => false,
    }
}

/// Calls whose order among the others may matter.
fn changes_credentials(call: &Call) -> bool {
    matches!(
        call,
        Call::Capset(_)
            | Call::Prctl(_)
            | Call::SetId(_)
            | Call::Setgroups(_)
            | Call::Unshare(_)
            | Call::Setns(_)
            | Call::WriteMap(_)
            | Call::Seccomp(_)
    )
}
