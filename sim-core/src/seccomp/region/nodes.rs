use alloc::vec;
use alloc::vec::Vec;

use super::Undecided;
use super::word::{LEVELS, Level};

/// A node by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Id(pub(super) u32);

/// A bit that is asked, and where each answer leads; or, at the level behind the last, a word that is the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) level: Level,
    pub(super) zero: Id,
    pub(super) one: Id,
}

/// Nodes, each once.
#[derive(Clone, Debug)]
pub(super) struct Nodes {
    nodes: Vec<Node>,
    /// By hash, and on from there to a free slot: the index of the node and 1, or 0. At least half are free.
    slots: Vec<u32>,
}

impl Nodes {
    pub(super) fn new() -> Self {
        Self { nodes: Vec::new(), slots: vec![0; 64] }
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// A node; ids that are of other nodes lead to an end.
    #[inline]
    pub(super) fn get(&self, Id(index): Id) -> Node {
        let node = usize::try_from(index).ok().and_then(|index| self.nodes.get(index));
        node.copied().unwrap_or(Node::end(0))
    }

    /// The node that is equal, or a new one, if there are fewer than `most`.
    pub(super) fn add(&mut self, node: Node, most: usize) -> Result<Id, Undecided> {
        let slot = match self.slot(node) {
            Ok(id) => return Ok(id),
            Err(slot) => slot,
        };
        if self.nodes.len() >= most {
            return Err(Undecided::TooComplex);
        }
        let id = Id(u32::try_from(self.nodes.len()).map_err(|_| Undecided::TooComplex)?);
        self.nodes.push(node);
        self.fill(slot, id);
        if self.nodes.len() * 2 > self.slots.len() {
            self.slots = vec![0; self.slots.len() * 2];
            for index in 0..=id.0 {
                if let Err(slot) = self.slot(self.get(Id(index))) {
                    self.fill(slot, Id(index));
                }
            }
        }
        Ok(id)
    }

    /// Where a node is, or the free slot for it.
    fn slot(&self, node: Node) -> Result<Id, usize> {
        // The length is a power of two.
        let mask = self.slots.len() - 1;
        let mut slot = node.hash() & mask;
        loop {
            match self.slots.get(slot) {
                Some(&index @ 1..) if self.get(Id(index - 1)) == node => return Ok(Id(index - 1)),
                Some(1..) => slot = (slot + 1) & mask,
                Some(0) | None => return Err(slot),
            }
        }
    }

    fn fill(&mut self, slot: usize, id: Id) {
        if let Some(slot) = self.slots.get_mut(slot) {
            *slot = id.0 + 1;
        }
    }
}

impl Node {
    pub(super) const fn end(word: u32) -> Self {
        Self { level: LEVELS, zero: Id(word), one: Id(0) }
    }

    fn hash(self) -> usize {
        let ids = u64::from(self.zero.0) << 32 | u64::from(self.one.0);
        let mixed = (ids ^ u64::from(self.level.number()) << 21).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        usize::try_from(mixed >> 32).unwrap_or_default()
    }
}
