use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::Undecided;
use crate::seccomp::{Architecture, ByteOrder, FilterReturn, SeccompData};

/// A function of a call's bits, by the index of its root.
pub(super) type Diagram = u32;

/// A question whether a bit is set, or an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Bit { bit: u16, clear: Diagram, set: Diagram },
    Answer(u32),
}

/// Diagrams that share what is equal: each node exists once, bits are asked in one order, none without need.
#[derive(Debug, Default)]
pub(super) struct Diagrams {
    nodes: Vec<Node>,
    ids: BTreeMap<Node, Diagram>,
    chosen: BTreeMap<(Diagram, Diagram, Diagram), Diagram>,
    strictest: BTreeMap<(Diagram, Diagram), Diagram>,
}

/// The 16 words of a call's data, by offset divided by 4.
pub(super) type Words = [u32; 16];

/// How a word, of which some bits count, is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Test {
    Equal,
    Greater,
    GreaterOrEqual,
    AnyBit,
}

/// So many nodes are made for one question; a profile needs some ten thousand.
const MOST_NODES: usize = 1_000_000;
const NO: u32 = 0;
const YES: u32 = 1;

impl Diagrams {
    fn make(&mut self, node: Node) -> Result<Diagram, Undecided> {
        if let Node::Bit { clear, set, .. } = node
            && clear == set
        {
            return Ok(clear);
        }
        if let Some(&known) = self.ids.get(&node) {
            return Ok(known);
        }
        let id = u32::try_from(self.nodes.len()).map_err(|_| Undecided::TooComplex)?;
        if self.nodes.len() >= MOST_NODES || self.chosen.len() >= 2 * MOST_NODES {
            return Err(Undecided::TooComplex);
        }
        self.nodes.push(node);
        self.ids.insert(node, id);
        Ok(id)
    }

    fn node(&self, id: Diagram) -> Node {
        self.nodes.get(id as usize).copied().unwrap_or(Node::Answer(NO))
    }

    /// Always this word.
    pub(super) fn answer(&mut self, word: FilterReturn) -> Result<Diagram, Undecided> {
        self.make(Node::Answer(word.0))
    }

    /// Yes or no.
    pub(super) fn truth(&mut self, truth: bool) -> Result<Diagram, Undecided> {
        self.make(Node::Answer(if truth { YES } else { NO }))
    }

    /// Whether `word & mask` compares so with `k`.
    pub(super) fn test(&mut self, word: usize, mask: u32, test: Test, k: u32) -> Result<Diagram, Undecided> {
        let (no, yes) = (self.truth(false)?, self.truth(true)?);
        let mut rest = if matches!(test, Test::Equal | Test::GreaterOrEqual) { yes } else { no };
        for position in 0..32 {
            let (counts, wanted) = (mask >> position & 1 == 1, k >> position & 1 == 1);
            let (clear, set) = match (test, wanted) {
                (Test::AnyBit, false) => continue,
                (Test::AnyBit, true) | (Test::Greater | Test::GreaterOrEqual, false) => (rest, yes),
                (_, true) => (no, rest),
                (Test::Equal, false) => (rest, no),
            };
            rest = if counts { self.make(Node::Bit { bit: bit(word, position), clear, set })? } else { clear };
        }
        Ok(rest)
    }

    /// `yes` where the condition holds, else `no`.
    pub(super) fn choose(&mut self, condition: Diagram, yes: Diagram, no: Diagram) -> Result<Diagram, Undecided> {
        if yes == no {
            return Ok(yes);
        }
        if let Node::Answer(truth) = self.node(condition) {
            return Ok(if truth == NO { no } else { yes });
        }
        let key = (condition, yes, no);
        if let Some(&known) = self.chosen.get(&key) {
            return Ok(known);
        }
        let parts = [condition, yes, no];
        let bit = parts.iter().filter_map(|&part| self.bit(part)).min().unwrap_or_default();
        let [clear, set] = [false, true].map(|side| parts.map(|part| self.side(part, bit, side)));
        let clear = self.choose(clear[0], clear[1], clear[2])?;
        let set = self.choose(set[0], set[1], set[2])?;
        let made = self.make(Node::Bit { bit, clear, set })?;
        self.chosen.insert(key, made);
        Ok(made)
    }

    /// Where both hold.
    pub(super) fn both(&mut self, left: Diagram, right: Diagram) -> Result<Diagram, Undecided> {
        let no = self.truth(false)?;
        self.choose(left, right, no)
    }

    /// Where it does not hold.
    pub(super) fn not(&mut self, condition: Diagram) -> Result<Diagram, Undecided> {
        let (no, yes) = (self.truth(false)?, self.truth(true)?);
        self.choose(condition, no, yes)
    }

    /// The answer of a newer filter, or of an older one where that is stricter.
    pub(super) fn strictest(&mut self, newer: Diagram, older: Diagram) -> Result<Diagram, Undecided> {
        if let (Node::Answer(best), Node::Answer(word)) = (self.node(newer), self.node(older)) {
            let stricter = FilterReturn(word).is_stricter_than(FilterReturn(best));
            return Ok(if stricter { older } else { newer });
        }
        let key = (newer, older);
        if let Some(&known) = self.strictest.get(&key) {
            return Ok(known);
        }
        let bit = [newer, older].into_iter().filter_map(|part| self.bit(part)).min().unwrap_or_default();
        let side = |side: bool| (self.side(newer, bit, side), self.side(older, bit, side));
        let (clear, set) = (side(false), side(true));
        let (clear, set) = (self.strictest(clear.0, clear.1)?, self.strictest(set.0, set.1)?);
        let made = self.make(Node::Bit { bit, clear, set })?;
        self.strictest.insert(key, made);
        Ok(made)
    }

    /// Words at which two diagrams answer as wanted, and the answers. Bits that are not asked are zero.
    pub(super) fn find(
        &self,
        left: Diagram,
        right: Diagram,
        wanted: &impl Fn(FilterReturn, FilterReturn) -> bool,
    ) -> Result<Option<(Words, FilterReturn, FilterReturn)>, Undecided> {
        let mut done = BTreeSet::new();
        let mut left_to_do = Vec::from([(left, right, [0; 16])]);
        while let Some((left, right, words)) = left_to_do.pop() {
            if !done.insert((left, right)) {
                continue;
            }
            if done.len() > MOST_NODES {
                return Err(Undecided::TooComplex);
            }
            let bit = match (self.node(left), self.node(right)) {
                (Node::Answer(left), Node::Answer(right)) => {
                    let (left, right) = (FilterReturn(left), FilterReturn(right));
                    if wanted(left, right) {
                        return Ok(Some((words, left, right)));
                    }
                    continue;
                }
                _ => [left, right].into_iter().filter_map(|part| self.bit(part)).min().unwrap_or_default(),
            };
            let mut with_bit = words;
            if let Some(word) = with_bit.get_mut(word_of(bit)) {
                *word |= 1 << (31 - bit % 32);
            }
            left_to_do.push((self.side(left, bit, true), self.side(right, bit, true), with_bit));
            left_to_do.push((self.side(left, bit, false), self.side(right, bit, false), words));
        }
        Ok(None)
    }

    fn bit(&self, id: Diagram) -> Option<u16> {
        match self.node(id) {
            Node::Bit { bit, .. } => Some(bit),
            Node::Answer(_) => None,
        }
    }

    /// What is left when a bit is known.
    fn side(&self, id: Diagram, known: u16, is_set: bool) -> Diagram {
        match self.node(id) {
            Node::Bit { bit, clear, set } if bit == known => {
                if is_set {
                    set
                } else {
                    clear
                }
            }
            _ => id,
        }
    }
}

/// The order in which words are asked: architecture, number, then the rest as it lies.
const ORDER: [usize; 16] = [1, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// A bit of a word in the order of questions, the highest first.
fn bit(word: usize, position: u32) -> u16 {
    let rank = ORDER.iter().position(|&known| known == word).unwrap_or(word);
    u16::try_from(rank * 32 + (31 - position as usize)).unwrap_or_default()
}

fn word_of(bit: u16) -> usize {
    ORDER.get(usize::from(bit / 32)).copied().unwrap_or_default()
}

/// The call whose data these words are.
pub(super) fn call(words: &Words, order: ByteOrder) -> SeccompData {
    let long = |index: usize| {
        let [first, second] = [0, 1].map(|half| u64::from(words.get(index + half).copied().unwrap_or_default()));
        match order {
            ByteOrder::Little => first | second << 32,
            ByteOrder::Big => first << 32 | second,
        }
    };
    let [nr, arch, ..] = *words;
    let args = [4, 6, 8, 10, 12, 14].map(long);
    SeccompData { nr, arch: Architecture::from_token(arch), instruction_pointer: long(2), args }
}
