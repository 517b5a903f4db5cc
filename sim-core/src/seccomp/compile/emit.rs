use alloc::vec::Vec;
use core::cmp::Reverse;

use super::graph::{Graph, Node, NodeId, Run, Word};
use crate::seccomp::Architecture;
use crate::seccomp::bpf::{Instruction, opcode};

/// The program, from its head: the architectures in order, then what decides for each.
pub(super) fn emit(graph: &Graph, architectures: &[(Architecture, NodeId)], bad: NodeId) -> Vec<Instruction> {
    let mut emitter = Emitter { graph, backwards: Vec::new(), at: Vec::new() };
    emitter.node(bad);
    // The first architecture's code comes last backwards, so that it stands next to the head.
    for &(_, node) in architectures.iter().rev() {
        emitter.node(node);
    }
    let mut next = Target::Node(bad);
    for &(architecture, node) in architectures.iter().rev() {
        next = emitter.branch(opcode::JEQ_K, architecture.token(), Target::Node(node), next);
    }
    emitter.load(Word::ARCHITECTURE, next);
    emitter.backwards.reverse();
    emitter.backwards
}

/// Writes from the end to the beginning, for jumps go forward only: where they lead is written already.
struct Emitter<'g> {
    graph: &'g Graph,
    backwards: Vec<Instruction>,
    /// Where a node begins; the nearest place, if there are several.
    at: Vec<Option<usize>>,
}

/// Where a jump leads.
#[derive(Clone, Copy)]
enum Target {
    Node(NodeId),
    /// An instruction, counted from the end.
    At(usize),
}

/// The farthest that a conditional jump leads.
const FARTHEST: usize = 255;

impl Emitter<'_> {
    /// Writes a node and all that it leads to, once.
    fn node(&mut self, id: NodeId) -> usize {
        if let Some(&Some(at)) = self.at.get(id) {
            return at;
        }
        let graph = self.graph;
        let at = match graph.get(id) {
            None => 0,
            Some(Node::Return(word)) => self.push(Instruction::statement(opcode::RET_K, word.0)),
            Some(Node::Switch { word, runs }) => {
                for run in runs {
                    self.node(run.node);
                }
                let tree = self.tree(*word, runs);
                self.load(*word, tree)
            }
            Some(&Node::Mask { word, mask, value, holds, fails }) => {
                self.node(holds);
                self.node(fails);
                let (holds, fails) = (Target::Node(holds), Target::Node(fails));
                let test = if value == 0 {
                    self.branch(opcode::JSET_K, mask, fails, holds)
                } else if mask.is_power_of_two() {
                    self.branch(opcode::JSET_K, mask, holds, fails)
                } else {
                    let equal = self.branch(opcode::JEQ_K, value, holds, fails);
                    self.jump_to(equal);
                    Target::At(self.push(Instruction::statement(opcode::AND_K, mask)))
                };
                self.load(word, test)
            }
        };
        self.remember(id, at);
        at
    }

    fn remember(&mut self, id: NodeId, at: usize) {
        if self.at.len() <= id {
            self.at.resize(id + 1, None);
        }
        if let Some(slot) = self.at.get_mut(id) {
            *slot = Some(at);
        }
    }

    fn push(&mut self, instruction: Instruction) -> usize {
        self.backwards.push(instruction);
        self.backwards.len() - 1
    }

    /// Loads a word and goes on at the target.
    fn load(&mut self, word: Word, target: Target) -> usize {
        self.jump_to(target);
        self.push(Instruction::statement(opcode::LD_ABS, word.0))
    }

    /// Makes the target the next instruction.
    fn jump_to(&mut self, target: Target) {
        let distance = self.distance(target);
        if distance > 0 {
            self.push(Instruction::statement(opcode::JA, u32::try_from(distance).unwrap_or(u32::MAX)));
        }
    }

    /// How many instructions a jump written now leaves out.
    fn distance(&self, target: Target) -> usize {
        let at = match target {
            Target::At(at) => at,
            Target::Node(id) => self.at.get(id).copied().flatten().unwrap_or_default(),
        };
        self.backwards.len().saturating_sub(at + 1)
    }

    /// The search for the run that a value is in.
    fn tree(&mut self, word: Word, runs: &[Run]) -> Target {
        if let Some((rest, singles)) = all_but_singles(runs, most_singles(word)) {
            let mut next = Target::Node(rest);
            for run in singles {
                next = self.branch(opcode::JEQ_K, run.start, Target::Node(run.node), next);
            }
            return next;
        }
        let (low, high) = runs.split_at(middle(runs));
        let (Some(only), Some(first)) = (runs.first(), high.first()) else {
            return Target::Node(runs.first().map_or(0, |run| run.node));
        };
        if low.is_empty() {
            return Target::Node(only.node);
        }
        let high = self.tree(word, high);
        let low = self.tree(word, low);
        self.branch(opcode::JGE_K, first.start, high, low)
    }

    /// A conditional jump. A target that is too far away gets a nearer copy, or a jump to it.
    fn branch(&mut self, code: u16, k: u32, mut holds: Target, mut fails: Target) -> Target {
        loop {
            let (jt, jf) = (self.distance(holds), self.distance(fails));
            if jt > FARTHEST {
                holds = self.nearer(holds);
            } else if jf > FARTHEST {
                fails = self.nearer(fails);
            } else {
                let short = |distance: usize| u8::try_from(distance).unwrap_or(u8::MAX);
                return Target::At(self.push(Instruction::jump(code, k, short(jt), short(jf))));
            }
        }
    }

    fn nearer(&mut self, target: Target) -> Target {
        let answer = match target {
            Target::Node(id) => self.graph.get(id),
            Target::At(_) => None,
        };
        let at = if let Some(Node::Return(word)) = answer {
            self.push(Instruction::statement(opcode::RET_K, word.0))
        } else {
            let distance = u32::try_from(self.distance(target)).unwrap_or(u32::MAX);
            self.push(Instruction::statement(opcode::JA, distance))
        };
        if let Target::Node(id) = target {
            self.remember(id, at);
        }
        Target::At(at)
    }
}

/// Where to part runs, so that both halves are met equally often.
fn middle(runs: &[Run]) -> usize {
    let total: u64 = runs.iter().map(|run| run.weight).sum();
    let (mut best, mut least, mut before) = (0, u64::MAX, 0);
    for (index, run) in runs.iter().enumerate() {
        let difference = total.abs_diff(2 * before);
        if index > 0 && difference < least {
            (best, least) = (index, difference);
        }
        before += run.weight;
    }
    best
}

/// So many single values are asked for one by one. Most numbers of calls are none of those, and a search is quicker for
/// them; the values that rules have for an argument are what is met.
const fn most_singles(word: Word) -> usize {
    if word.0 == Word::NUMBER.0 { 2 } else { 5 }
}

/// Runs that are all the same but for a few single values: the node of all others, and those, the most frequent last.
fn all_but_singles(runs: &[Run], most: usize) -> Option<(NodeId, Vec<Run>)> {
    let last = runs.last()?;
    // The word's largest value is a single value too.
    let ends = runs.iter().skip(1).map(|next| u64::from(next.start)).chain([1 << 32]);
    let is_single = |(run, end): &(&Run, u64)| u64::from(run.start) + 1 == *end;
    let rest = runs.iter().zip(ends.clone()).find(|part| !is_single(part)).map_or(last.node, |(run, _)| run.node);
    let mut singles = Vec::new();
    for part in runs.iter().zip(ends).filter(|(run, _)| run.node != rest) {
        if !is_single(&part) || singles.len() == most {
            return None;
        }
        singles.push(*part.0);
    }
    singles.sort_unstable_by_key(|run| (run.weight, Reverse(run.start)));
    Some((rest, singles))
}
