use alloc::collections::BTreeSet;

use super::diagram::{Answers, Calls, Diagram, limited};
use super::word::{Level, Word};
use super::{Id, Undecided};
use crate::seccomp::{Action, Architecture, FilterReturn, SeccompData};

/// A call that two filters or policies answer differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The call.
    pub call: SeccompData,
    /// The answer of the first side.
    pub left: FilterReturn,
    /// The answer of the second.
    pub right: FilterReturn,
}

/// Whether a call runs, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// It does not: it fails, or kills.
    Refused,
    /// A tracer or a listener decides.
    Asked,
    /// It does.
    Granted,
}

impl Permission {
    /// What an action comes to.
    pub const fn of(action: Action) -> Self {
        match action {
            Action::Allow | Action::Log => Self::Granted,
            Action::Trace | Action::UserNotif => Self::Asked,
            Action::Errno | Action::Trap | Action::KillThread | Action::KillProcess | Action::Unknown(_) => {
                Self::Refused
            }
        }
    }
}

impl Diagram {
    /// A call among `within` that gets different answers, if there is one; of the architecture that comes first in
    /// [`Architecture::ALL`], with the smallest number, then the smallest arguments.
    pub fn difference(
        &mut self,
        first: Answers,
        second: Answers,
        within: Calls,
    ) -> Result<Option<Difference>, Undecided> {
        self.call_with(first, second, within, |a, b| a != b)
    }

    /// A call among `within` that the first permits more than the second, if there is one; none means that the first
    /// permits at most what the second does.
    ///
    /// ```
    /// use sim_core::seccomp::region::{Calls, Diagram};
    /// use sim_core::seccomp::{ByteOrder, text::assemble};
    ///
    /// let mut diagram = Diagram::new(ByteOrder::Little);
    /// let narrow = assemble("A = args[2]\n if (A > 7) goto 3\n return ALLOW\n return ERRNO(1)")?;
    /// let wide = assemble("A = args[2]\n if (A & 0xf0) goto 3\n return ALLOW\n return KILL")?;
    /// let (narrow, wide) = (diagram.program(&narrow)?, diagram.program(&wide)?);
    /// assert_eq!(diagram.excess(narrow, wide, Calls::ALL)?, None);
    /// assert_eq!(diagram.excess(wide, narrow, Calls::ALL)?.unwrap().call.args[2], 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn excess(
        &mut self,
        first: Answers,
        second: Answers,
        within: Calls,
    ) -> Result<Option<Difference>, Undecided> {
        let permission = |word: FilterReturn| Permission::of(word.action());
        self.call_with(first, second, within, |a, b| permission(a) > permission(b))
    }

    /// A call of a set, if it has any.
    pub fn example(&mut self, calls: Calls) -> Result<Option<SeccompData>, Undecided> {
        let any = Answers(Calls::ALL.0);
        Ok(self.call_with(any, any, calls, |_, _| true)?.map(|found| found.call))
    }

    /// A call among `within` whose two answers are `wanted`.
    pub fn call_with(
        &mut self,
        first: Answers,
        second: Answers,
        within: Calls,
        wanted: impl Fn(FilterReturn, FilterReturn) -> bool,
    ) -> Result<Option<Difference>, Undecided> {
        let mut search = Search::new(self, wanted);
        let start = [within.0, first.0, second.0];
        let order = search.diagram.byte_order();
        // Architectures that exist are better examples than numbers that do not.
        for architecture in Architecture::ALL.iter().filter(|known| known.byte_order() == order) {
            let mut ids = start;
            for bit in (0..32).rev() {
                let level = Word::Architecture.level(bit);
                let one = architecture.token() >> bit & 1 != 0;
                ids = search.diagram.follow(ids, level, one);
            }
            search.words = [architecture.token(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            if let Some(found) = search.find(ids)? {
                return Ok(Some(search.difference(found)));
            }
        }
        search.words = [0; 16];
        let found = search.find(start)?;
        Ok(found.map(|found| search.difference(found)))
    }

    /// Where one answer to a bit leads.
    pub(super) fn follow(&self, ids: [Id; 3], level: Level, one: bool) -> [Id; 3] {
        ids.map(|id| {
            let (if_zero, if_one) = self.at(id, level);
            if one { if_one } else { if_zero }
        })
    }
}

/// Looks for a call whose answers are wanted.
pub(super) struct Search<'d, F> {
    diagram: &'d mut Diagram,
    wanted: F,
    /// From here there is none.
    fruitless: BTreeSet<[Id; 3]>,
    /// The call so far, by [`Word::ALL`].
    words: [u32; 16],
}

impl<'d, F: Fn(FilterReturn, FilterReturn) -> bool> Search<'d, F> {
    pub(super) fn new(diagram: &'d mut Diagram, wanted: F) -> Self {
        Self { diagram, wanted, fruitless: BTreeSet::new(), words: [0; 16] }
    }

    /// A call with this architecture and number, which `ids` are behind.
    pub(super) fn numbered(mut self, ids: [Id; 3], token: u32, number: u32) -> Result<Option<Difference>, Undecided> {
        let [architecture, nr, ..] = &mut self.words;
        (*architecture, *nr) = (token, number);
        let found = self.find(ids)?;
        Ok(found.map(|found| self.difference(found)))
    }

    /// The answers to the call that was found.
    fn find(&mut self, ids: [Id; 3]) -> Result<Option<[FilterReturn; 2]>, Undecided> {
        let [within, first, second] = ids;
        if within == Calls::NONE.0 || self.fruitless.contains(&ids) {
            return Ok(None);
        }
        self.diagram.step()?;
        let diagram = &self.diagram;
        let level = ids.iter().map(|&id| diagram.level(id)).min();
        let ends = (diagram.cofactors(first), diagram.cofactors(second), diagram.cofactors(within));
        if let (Err(a), Err(b), Err(_)) = ends {
            let answers = [FilterReturn(a), FilterReturn(b)];
            return Ok((self.wanted)(answers[0], answers[1]).then_some(answers));
        }
        let Some(level) = level else { return Ok(None) };
        if let Some(found) = self.find(self.diagram.follow(ids, level, false))? {
            return Ok(Some(found));
        }
        self.set(level, true);
        if let Some(found) = self.find(self.diagram.follow(ids, level, true))? {
            return Ok(Some(found));
        }
        self.set(level, false);
        limited(self.fruitless.len())?;
        self.fruitless.insert([within, first, second]);
        Ok(None)
    }

    fn set(&mut self, level: Level, one: bool) {
        if let Some(word) = self.words.get_mut(level.word()) {
            *word = if one { *word | level.mask() } else { *word & !level.mask() };
        }
    }

    fn difference(&self, [left, right]: [FilterReturn; 2]) -> Difference {
        let [architecture, nr, arguments @ .., pointer_high, pointer_low] = self.words;
        let long = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        let mut args = [0; 6];
        let (halves, _) = arguments.as_chunks::<2>();
        for (argument, &[high, low]) in args.iter_mut().zip(halves) {
            *argument = long(high, low);
        }
        let arch = Architecture::from_token(architecture);
        let call =
            SeccompData { instruction_pointer: long(pointer_high, pointer_low), ..SeccompData::call(arch, nr, args) };
        Difference { call, left, right }
    }
}

/// As `x86_64 call 2 (0, 64, 0, 0, 0, 0): ALLOW against ERRNO(1)`.
impl core::fmt::Display for Difference {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { call, left, right } = self;
        write!(f, "{} call {} (", call.arch, call.nr)?;
        for (index, argument) in call.args.iter().enumerate() {
            write!(f, "{}{argument}", if index == 0 { "" } else { ", " })?;
        }
        f.write_str(")")?;
        if call.instruction_pointer != 0 {
            write!(f, " from 0x{:x}", call.instruction_pointer)?;
        }
        write!(f, ": {left} against {right}")
    }
}
