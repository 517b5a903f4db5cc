use alloc::collections::BTreeMap;

use super::Undecided;
use super::nodes::{Id, Node, Nodes};
use super::word::{LEVELS, Level};
use crate::seccomp::{ByteOrder, FilterReturn, SeccompData};

/// Answers to every call there can be, on a machine of one byte order: ordered decision diagrams over the 512 bits of
/// `seccomp_data`, each part stored once, so that equal answers are the same [`Answers`].
///
/// The order is architecture, number, the arguments and the instruction pointer, the highest bit first. In it a
/// comparison of a word with a constant, masked or not, has a node for every bit, and a combination of them has few.
///
/// The nodes and the steps of building are limited; [`Undecided::TooComplex`] tells when that is not enough.
#[derive(Clone, Debug)]
pub struct Diagram {
    order: ByteOrder,
    nodes: Nodes,
    steps: usize,
}

/// The answer to every call, in the [`Diagram`] that made it; it means nothing in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Answers(pub(super) Id);

/// A set of calls, in the [`Diagram`] that made it; it means nothing in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Calls(pub(super) Id);

impl Calls {
    /// No call.
    pub const NONE: Self = Self(Id(0));
    /// Every call.
    pub const ALL: Self = Self(Id(1));
}

impl Diagram {
    /// So many nodes are kept.
    pub const MOST_NODES: usize = 1 << 20;
    /// So many steps are taken.
    pub const MOST_STEPS: usize = 1 << 23;

    /// An empty one for machines of this byte order.
    pub fn new(order: ByteOrder) -> Self {
        let mut nodes = Nodes::new();
        for word in [0, 1] {
            // There is room for two: they are `Calls::NONE` and `Calls::ALL`.
            let _ = nodes.add(Node::end(word), 2);
        }
        Self { order, nodes, steps: 0 }
    }

    /// The byte order.
    pub const fn byte_order(&self) -> ByteOrder {
        self.order
    }

    /// How many nodes there are, of everything that was built.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether nothing was built yet.
    pub fn is_empty(&self) -> bool {
        self.nodes.len() <= 2
    }

    /// The answer to one call.
    pub fn answer(&self, answers: Answers, data: &SeccompData) -> FilterReturn {
        let mut id = answers.0;
        loop {
            match self.cofactors(id) {
                Ok((level, zero, one)) => id = if level.bit_of(data) { one } else { zero },
                Err(word) => return FilterReturn(word),
            }
        }
    }

    /// The same answer to every call.
    pub fn always(&mut self, word: FilterReturn) -> Result<Answers, Undecided> {
        self.add(Node::end(word.0)).map(Answers)
    }

    /// One answer to the calls of a set, the other to the rest.
    pub fn choose(&mut self, calls: Calls, within: Answers, outside: Answers) -> Result<Answers, Undecided> {
        self.if_else(calls.0, within.0, outside.0).map(Answers)
    }

    /// The calls in both sets.
    pub fn both(&mut self, first: Calls, second: Calls) -> Result<Calls, Undecided> {
        self.if_else(first.0, second.0, Calls::NONE.0).map(Calls)
    }

    /// The calls in either set.
    pub fn either(&mut self, first: Calls, second: Calls) -> Result<Calls, Undecided> {
        self.if_else(first.0, Calls::ALL.0, second.0).map(Calls)
    }

    /// The calls that are not in a set.
    pub fn complement(&mut self, calls: Calls) -> Result<Calls, Undecided> {
        self.if_else(calls.0, Calls::NONE.0, Calls::ALL.0).map(Calls)
    }

    /// The calls whose two answers are `wanted`.
    pub fn calls_with(
        &mut self,
        first: Answers,
        second: Answers,
        wanted: impl Fn(FilterReturn, FilterReturn) -> bool,
    ) -> Result<Calls, Undecided> {
        let wanted = |a, b| u32::from(wanted(FilterReturn(a), FilterReturn(b)));
        self.with(first.0, second.0, &wanted, &mut BTreeMap::new()).map(Calls)
    }

    /// The calls whose answer is one of those that `wanted` picks.
    pub fn calls_where(
        &mut self,
        answers: Answers,
        wanted: impl Fn(FilterReturn) -> bool,
    ) -> Result<Calls, Undecided> {
        self.calls_with(answers, answers, |word, _| wanted(word))
    }

    /// Both answers made one.
    pub fn combine(
        &mut self,
        first: Answers,
        second: Answers,
        combined: impl Fn(FilterReturn, FilterReturn) -> FilterReturn,
    ) -> Result<Answers, Undecided> {
        let combined = |a, b| combined(FilterReturn(a), FilterReturn(b)).0;
        self.with(first.0, second.0, &combined, &mut BTreeMap::new()).map(Answers)
    }

    fn if_else(&mut self, set: Id, within: Id, outside: Id) -> Result<Id, Undecided> {
        self.if_else_known(set, within, outside, &mut BTreeMap::new())
    }

    fn if_else_known(
        &mut self,
        set: Id,
        within: Id,
        outside: Id,
        known: &mut BTreeMap<(Id, Id, Id), Id>,
    ) -> Result<Id, Undecided> {
        match (set, within, outside) {
            _ if set == Calls::ALL.0 || within == outside => return Ok(within),
            _ if set == Calls::NONE.0 => return Ok(outside),
            (_, Id(1), Id(0)) => return Ok(set),
            key => {
                if let Some(&id) = known.get(&key) {
                    return Ok(id);
                }
            }
        }
        self.step()?;
        let level = self.level(set).min(self.level(within)).min(self.level(outside));
        let (set_0, set_1) = self.at(set, level);
        let (within_0, within_1) = self.at(within, level);
        let (outside_0, outside_1) = self.at(outside, level);
        let zero = self.if_else_known(set_0, within_0, outside_0, known)?;
        let one = self.if_else_known(set_1, within_1, outside_1, known)?;
        let id = self.branch(level, zero, one)?;
        limited(known.len())?;
        known.insert((set, within, outside), id);
        Ok(id)
    }

    fn with(
        &mut self,
        first: Id,
        second: Id,
        combined: &impl Fn(u32, u32) -> u32,
        known: &mut BTreeMap<(Id, Id), Id>,
    ) -> Result<Id, Undecided> {
        if let Some(&id) = known.get(&(first, second)) {
            return Ok(id);
        }
        self.step()?;
        let id = if let (Err(a), Err(b)) = (self.cofactors(first), self.cofactors(second)) {
            self.add(Node::end(combined(a, b)))?
        } else {
            let level = self.level(first).min(self.level(second));
            let (first_0, first_1) = self.at(first, level);
            let (second_0, second_1) = self.at(second, level);
            let zero = self.with(first_0, second_0, combined, known)?;
            let one = self.with(first_1, second_1, combined, known)?;
            self.branch(level, zero, one)?
        };
        limited(known.len())?;
        known.insert((first, second), id);
        Ok(id)
    }

    /// Asks a bit, if it matters.
    pub(super) fn branch(&mut self, level: Level, zero: Id, one: Id) -> Result<Id, Undecided> {
        if zero == one { Ok(zero) } else { self.add(Node { level, zero, one }) }
    }

    fn add(&mut self, node: Node) -> Result<Id, Undecided> {
        self.nodes.add(node, Self::MOST_NODES)
    }

    /// What `build` builds, without what it needs in between.
    pub(super) fn compactly(
        &mut self,
        build: impl FnOnce(&mut Self) -> Result<Answers, Undecided>,
    ) -> Result<Answers, Undecided> {
        let mut scratch = Self { steps: self.steps, ..Self::new(self.order) };
        let built = build(&mut scratch);
        self.steps = scratch.steps;
        self.adopt(&scratch, built?.0, &mut BTreeMap::new()).map(Answers)
    }

    /// A node of another diagram.
    fn adopt(&mut self, other: &Self, id: Id, known: &mut BTreeMap<Id, Id>) -> Result<Id, Undecided> {
        if let Some(&adopted) = known.get(&id) {
            return Ok(adopted);
        }
        let mut node = other.nodes.get(id);
        if node.level < LEVELS {
            node.zero = self.adopt(other, node.zero, known)?;
            node.one = self.adopt(other, node.one, known)?;
        }
        let adopted = self.add(node)?;
        known.insert(id, adopted);
        Ok(adopted)
    }

    /// Counts a step of work.
    pub(super) fn step(&mut self) -> Result<(), Undecided> {
        self.steps += 1;
        if self.steps > Self::MOST_STEPS { Err(Undecided::TooComplex) } else { Ok(()) }
    }

    /// Which bit a node asks, and where its answers lead; the word at an end.
    pub(super) fn cofactors(&self, id: Id) -> Result<(Level, Id, Id), u32> {
        let node = self.nodes.get(id);
        if node.level < LEVELS { Ok((node.level, node.zero, node.one)) } else { Err(node.zero.0) }
    }

    pub(super) fn level(&self, id: Id) -> Level {
        self.nodes.get(id).level
    }

    /// Where the answers to a bit lead, which need not be asked there.
    pub(super) fn at(&self, id: Id, level: Level) -> (Id, Id) {
        let node = self.nodes.get(id);
        if node.level == level && level < LEVELS { (node.zero, node.one) } else { (id, id) }
    }
}

/// What is remembered while an operation lasts is limited as the nodes are.
pub(super) const fn limited(remembered: usize) -> Result<(), Undecided> {
    if remembered < Diagram::MOST_NODES { Ok(()) } else { Err(Undecided::TooComplex) }
}
