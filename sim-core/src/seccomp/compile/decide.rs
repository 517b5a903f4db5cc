use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::CompileError;
use super::graph::{Graph, Node, NodeId, Run, Word};
use crate::seccomp::profile::{Condition, Operator, Rule};
use crate::seccomp::{ByteOrder, FilterReturn};

/// Turns the rules of a call into nodes: word by word, each once on every path.
pub(super) struct Decider {
    default: FilterReturn,
    order: ByteOrder,
    known: BTreeMap<Vec<Left>, NodeId>,
    work: usize,
}

/// So many conditions are looked at for one filter. Rules that people write need some hundred.
const MOST_WORK: usize = 2_000_000;
/// So many rules for one call are untangled; each needs an instruction or more, and a filter has 4096.
const MOST_RULES: usize = 4096;
/// So many words and masks are asked on one path.
const DEEPEST: usize = 200;

/// What is left of a rule when some words are known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Left {
    parts: Vec<Part>,
    action: u32,
}

/// What is left of a condition: both halves, or the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    argument: u8,
    low: bool,
    condition: Condition,
}

/// What a known word makes of a part.
enum Known {
    Holds,
    Fails,
    Remains(Part),
}

impl Decider {
    pub(super) fn new(default: FilterReturn, order: ByteOrder) -> Self {
        Self { default, order, known: BTreeMap::new(), work: 0 }
    }

    /// The node that decides by these rules, the first that holds.
    pub(super) fn rules(&mut self, rules: &[Rule], graph: &mut Graph) -> Result<NodeId, CompileError> {
        if let Some(first) = rules.first().filter(|first| first.conditions.is_empty()) {
            return Ok(graph.add(Node::Return(first.action)));
        }
        if rules.len() > MOST_RULES {
            return Err(CompileError::TooComplex);
        }
        let left = rules.iter().filter_map(|rule| {
            let parts = rule.conditions.iter().map(|condition| {
                let low = condition.mask >> 32 == 0;
                Part { argument: condition.argument, low, condition: *condition }.simplified()
            });
            collect(parts, rule.action.0)
        });
        let left = left.collect();
        self.decide(left, graph, 0)
    }

    fn decide(&mut self, mut left: Vec<Left>, graph: &mut Graph, depth: usize) -> Result<NodeId, CompileError> {
        let fallback = self.shorten(&mut left);
        let Some(first) = left.first().and_then(|rule| rule.parts.iter().min()).copied() else {
            return Ok(graph.add(Node::Return(FilterReturn(fallback))));
        };
        if let Some(&known) = self.known.get(&left) {
            return Ok(known);
        }
        if depth > DEEPEST {
            return Err(CompileError::TooComplex);
        }
        let word = Word::half(first.argument, first.low, self.order);
        let (mask, value) = first.half();
        let node = if first.is_masked() {
            let holds = self.with(&left, |part| part.masked(&first, true))?;
            let fails = self.with(&left, |part| part.masked(&first, false))?;
            let (holds, fails) = (self.decide(holds, graph, depth + 1)?, self.decide(fails, graph, depth + 1)?);
            if holds == fails { holds } else { graph.add(Node::Mask { word, mask, value, holds, fails }) }
        } else {
            let mut runs: Vec<Run> = Vec::new();
            for start in starts(&left, &first) {
                let rest = self.with(&left, |part| part.at(&first, start))?;
                let node = self.decide(rest, graph, depth + 1)?;
                // An argument that is not used is 0.
                let weight = if start == 0 { 4 } else { 1 };
                match runs.last_mut() {
                    Some(last) if last.node == node => last.weight += weight,
                    _ => runs.push(Run { start, node, weight }),
                }
            }
            graph.switch(word, runs)
        };
        self.known.insert(left, node);
        Ok(node)
    }

    /// Leaves out what cannot decide any more; the answer is what becomes of the call if no rule that is left holds.
    fn shorten(&self, left: &mut Vec<Left>) -> u32 {
        let mut fallback = self.default.0;
        if let Some(always) = left.iter().position(|rule| rule.parts.is_empty()) {
            fallback = left.get(always).map_or(fallback, |rule| rule.action);
            left.truncate(always);
        }
        while left.last().is_some_and(|rule| rule.action == fallback) {
            left.pop();
        }
        if fallback != self.default.0 && !left.is_empty() {
            left.push(Left { parts: Vec::new(), action: fallback });
        }
        fallback
    }

    /// The rules when a word is known.
    fn with(&mut self, left: &[Left], known: impl Fn(&Part) -> Known) -> Result<Vec<Left>, CompileError> {
        self.work += left.iter().map(|rule| rule.parts.len() + 1).sum::<usize>();
        if self.work > MOST_WORK {
            return Err(CompileError::TooComplex);
        }
        Ok(left.iter().filter_map(|rule| collect(rule.parts.iter().map(&known), rule.action)).collect())
    }
}

/// The rule of these parts; none if one of them fails.
fn collect(parts: impl Iterator<Item = Known>, action: u32) -> Option<Left> {
    let mut remaining = Vec::new();
    for part in parts {
        match part {
            Known::Holds => {}
            Known::Fails => return None,
            Known::Remains(part) => remaining.push(part),
        }
    }
    Some(Left { parts: remaining, action })
}

/// The values of a word at which some condition on it may change, from 0.
fn starts(left: &[Left], first: &Part) -> Vec<u32> {
    let mut starts = Vec::from([0]);
    let parts = left.iter().flat_map(|rule| &rule.parts);
    for part in parts.filter(|part| part.same_word(first) && !part.is_masked()) {
        let (_, value) = part.half();
        starts.push(value);
        starts.extend(value.checked_add(1));
    }
    starts.sort_unstable();
    starts.dedup();
    starts
}

impl Part {
    /// Mask and value on the half that is asked next.
    fn half(&self) -> (u32, u32) {
        let shift = if self.low { 0 } else { 32 };
        let half = |long: u64| u32::try_from(long >> shift & 0xffff_ffff).unwrap_or_default();
        (half(self.condition.mask), half(self.condition.value))
    }

    fn same_word(&self, other: &Self) -> bool {
        (self.argument, self.low) == (other.argument, other.low)
    }

    /// Whether some bits of the half do not count, so that values that hold are no interval.
    fn is_masked(&self) -> bool {
        self.half().0 != u32::MAX
    }

    /// A half of which no bit counts holds.
    fn simplified(self) -> Known {
        match self.half() {
            (0, _) if self.low => Known::Holds,
            (0, _) => Self { low: true, ..self }.simplified(),
            _ => Known::Remains(self),
        }
    }

    /// When the half that is asked is equal.
    fn beyond(&self) -> Known {
        if self.low { Known::Holds } else { Self { low: true, ..*self }.simplified() }
    }

    /// When it is known whether the masked half of `asked` is equal.
    fn masked(&self, asked: &Self, equal: bool) -> Known {
        if !self.same_word(asked) || self.half() != asked.half() {
            Known::Remains(*self)
        } else if equal {
            self.beyond()
        } else {
            Known::Fails
        }
    }

    /// When the word that `asked` asks is known to be `word`.
    fn at(&self, asked: &Self, word: u32) -> Known {
        if !self.same_word(asked) || self.is_masked() {
            return Known::Remains(*self);
        }
        let ordering = word.cmp(&self.half().1);
        let decided = match (self.condition.operator, ordering) {
            (_, Ordering::Equal) if !self.low => return self.beyond(),
            (Operator::NotEqual, ordering) => ordering.is_ne(),
            (Operator::Less, ordering) => ordering.is_lt(),
            (Operator::LessOrEqual, ordering) => ordering.is_le(),
            (Operator::Equal | Operator::MaskedEqual, ordering) => ordering.is_eq(),
            (Operator::GreaterOrEqual, ordering) => ordering.is_ge(),
            (Operator::Greater, ordering) => ordering.is_gt(),
        };
        if decided { Known::Holds } else { Known::Fails }
    }
}
