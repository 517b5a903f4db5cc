use alloc::sync::Arc;
use alloc::vec::Vec;

use super::bpf::{PATH_PENALTY, Program, StepWitness, always_allows};
use super::{Action, Architecture, ByteOrder, FilterReturn, SeccompData};
use crate::rule::{Effect, Witness, seccomp as rules};

/// How a thread's calls are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Not at all.
    #[default]
    Disabled,
    /// `SECCOMP_MODE_STRICT`: only read, write, exit and sigreturn.
    Strict,
    /// `SECCOMP_MODE_FILTER`: by filters.
    Filter,
}

/// A thread's mode and filters: `struct seccomp`. A new process or thread gets a copy, execve keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seccomp {
    pub(super) mode: Mode,
    pub(super) filters: Vec<Filter>,
}

/// An installed filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The program, shared with the processes that inherited it.
    pub program: Arc<Program>,
    /// How many of the kernel's instructions it is.
    pub weight: u32,
    /// `SECCOMP_FILTER_FLAG_LOG`: TRAP, ERRNO, TRACE and USER_NOTIF are logged when this filter wins.
    pub log: bool,
    /// Whether it has a listener that is still open.
    pub listener: bool,
}

/// What all filters together say to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The word that won; ALLOW without data if every filter allows.
    pub returned: FilterReturn,
    /// The filter that won, counted from the oldest, which is 0; `None` if every filter allows.
    pub filter: Option<usize>,
    /// How many instructions were executed in all filters together.
    pub executed: usize,
}

impl Seccomp {
    /// The mode.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// The filters, the oldest first.
    pub fn filters(&self) -> &[Filter] {
        &self.filters
    }

    /// What they weigh together, for the limit of 32768: each its own weight and 4.
    pub fn path_weight(&self) -> u32 {
        self.filters.iter().map(|filter| filter.weight.saturating_add(PATH_PENALTY)).fold(0, u32::saturating_add)
    }

    /// Runs every filter on a call, the newest first (`seccomp_run_filters`), on a machine of the byte order of the
    /// call's architecture.
    pub fn run<W: StepWitness>(&self, data: &SeccompData, witness: &mut W) -> Verdict {
        self.run_in(data, data.arch.byte_order(), witness)
    }

    /// The same on a machine of the given byte order.
    pub fn run_in<W: StepWitness>(&self, data: &SeccompData, order: ByteOrder, witness: &mut W) -> Verdict {
        let mut verdict = Verdict { returned: FilterReturn::ALLOW, filter: None, executed: 0 };
        for (index, filter) in self.filters.iter().enumerate().rev() {
            let run = filter.program.run_in(data, order, witness);
            verdict.executed = verdict.executed.saturating_add(run.executed);
            if run.returned.is_stricter_than(verdict.returned) {
                verdict = Verdict { returned: run.returned, filter: Some(index), ..verdict };
            }
        }
        verdict
    }

    /// Whether the kernel logs what becomes of the call, if `kernel.seccomp.actions_logged` has the action as it has them
    /// all at first (`seccomp_log`, `kernel/seccomp.c`): kills and LOG always, ALLOW never, the rest if the filter that
    /// won has `SECCOMP_FILTER_FLAG_LOG`.
    pub fn logs(&self, verdict: &Verdict) -> bool {
        match verdict.returned.action() {
            Action::Allow => false,
            Action::Log | Action::KillProcess | Action::KillThread | Action::Unknown(_) => true,
            Action::Trap | Action::Errno | Action::UserNotif | Action::Trace => {
                verdict.filter.and_then(|index| self.filters.get(index)).is_some_and(|filter| filter.log)
            }
        }
    }

    /// Whether the kernel's cache answers for call `nr`, so that no filter is run: every filter allows it whatever the
    /// arguments, it is not negative, in the table of `table_length` calls, and not by the x32 table.
    pub fn is_cached(&self, arch: Architecture, nr: u32, table_length: u32) -> bool {
        nr < table_length
            && !self.filters.is_empty()
            && self.filters.iter().all(|filter| always_allows(&filter.program, arch, nr))
    }

    /// What a new process or thread has (`copy_seccomp`, `kernel/fork.c`).
    #[must_use]
    pub fn forked<W: Witness>(&self, witness: &mut W) -> Self {
        witness.applied(&rules::FORK_INHERITS, Effect::Holds);
        self.clone()
    }

    /// What execve leaves: everything.
    #[must_use]
    pub fn executed<W: Witness>(self, witness: &mut W) -> Self {
        witness.applied(&rules::EXEC_KEEPS, Effect::Holds);
        self
    }

    /// Every listener is closed: its filters answer ENOSYS from now on.
    pub fn close_listeners(&mut self) {
        for filter in &mut self.filters {
            filter.listener = false;
        }
    }
}
