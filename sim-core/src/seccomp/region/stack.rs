use super::Undecided;
use super::diagram::{Answers, Diagram};
use crate::seccomp::{Action, FilterReturn, Seccomp};

impl Diagram {
    /// What all filters of a thread say together: the strictest, of equal ones the newest. ALLOW has no data.
    ///
    /// ```
    /// use sim_core::seccomp::region::Diagram;
    /// use sim_core::seccomp::{ByteOrder, FilterReturn, text::assemble};
    ///
    /// let mut diagram = Diagram::new(ByteOrder::Little);
    /// let older = diagram.program(&assemble("return ERRNO(11)")?)?;
    /// let newer = diagram.program(&assemble("return ERRNO(22)")?)?;
    /// let together = diagram.stacked(&[older, newer])?;
    /// assert_eq!(together, newer);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn stacked(&mut self, oldest_first: &[Answers]) -> Result<Answers, Undecided> {
        let allow = self.always(FilterReturn::ALLOW)?;
        oldest_first.iter().rev().try_fold(allow, |best, &older| {
            self.combine(best, older, |best, older| if older.is_stricter_than(best) { older } else { best })
        })
    }

    /// The same for the filters of a state.
    pub fn stack(&mut self, seccomp: &Seccomp) -> Result<Answers, Undecided> {
        let filters: Result<alloc::vec::Vec<Answers>, Undecided> =
            seccomp.filters().iter().map(|filter| self.program(&filter.program)).collect();
        self.stacked(&filters?)
    }

    /// The answers as far as they make a difference to anyone: data that the kernel ignores is left out, errnos are at
    /// most 4095, and actions that it does not know kill the process.
    ///
    /// ```
    /// use sim_core::seccomp::region::Diagram;
    /// use sim_core::seccomp::{ByteOrder, FilterReturn};
    ///
    /// let mut diagram = Diagram::new(ByteOrder::Little);
    /// let (allow, same) = (diagram.always(FilterReturn::ALLOW)?, diagram.always(FilterReturn(0x7fff_0007))?);
    /// assert!(allow != same && diagram.effective(same)? == allow);
    /// # Ok::<(), sim_core::seccomp::region::Undecided>(())
    /// ```
    pub fn effective(&mut self, answers: Answers) -> Result<Answers, Undecided> {
        self.combine(answers, answers, |word, _| effective(word))
    }
}

/// The word without what the kernel ignores.
fn effective(word: FilterReturn) -> FilterReturn {
    match word.action() {
        Action::Errno => Action::Errno.with_data(word.data().min(4095)),
        Action::Trap | Action::Trace => word,
        Action::Unknown(_) => FilterReturn::KILL_PROCESS,
        action => action.with_data(0),
    }
}
