use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::seccomp::{ByteOrder, FilterReturn};

/// A node by its index.
pub(super) type NodeId = usize;

/// A 32-bit word of `seccomp_data`, by its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Word(pub(super) u32);

/// What decides, or the answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Node {
    /// The answer.
    Return(FilterReturn),
    /// By the value of a word.
    Switch { word: Word, runs: Vec<Run> },
    /// By whether `word & mask == value`.
    Mask { word: Word, mask: u32, value: u32, holds: NodeId, fails: NodeId },
}

/// Values from `start` up to the next run, and what decides further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Run {
    pub(super) start: u32,
    pub(super) node: NodeId,
    pub(super) weight: u64,
}

/// Nodes, each once.
#[derive(Debug, Default)]
pub(super) struct Graph {
    nodes: Vec<Node>,
    ids: BTreeMap<Node, NodeId>,
}

impl Word {
    pub(super) const NUMBER: Self = Self(0);
    pub(super) const ARCHITECTURE: Self = Self(4);

    /// A half of an argument.
    pub(super) fn half(argument: u8, low: bool, order: ByteOrder) -> Self {
        let second = low == (order == ByteOrder::Big);
        Self(16 + 8 * u32::from(argument) + if second { 4 } else { 0 })
    }
}

impl Graph {
    pub(super) fn add(&mut self, node: Node) -> NodeId {
        if let Some(&id) = self.ids.get(&node) {
            return id;
        }
        let id = self.nodes.len();
        self.nodes.push(node.clone());
        self.ids.insert(node, id);
        id
    }

    /// A switch; with one run only it is that run's node.
    pub(super) fn switch(&mut self, word: Word, runs: Vec<Run>) -> NodeId {
        match runs.as_slice() {
            [only] => only.node,
            _ => self.add(Node::Switch { word, runs }),
        }
    }

    pub(super) fn get(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id)
    }
}
