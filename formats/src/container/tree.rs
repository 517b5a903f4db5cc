//! A document as a tree of nodes, each with its place; written as YAML or as JSON.
//!
//! An alias is the node that it names, not a copy: a tree is no larger than its text. What is read of it again and again
//! by way of aliases is counted, and ends at a bound.

use std::borrow::Cow;
use std::cell::Cell;

use sim_core::scenario::Json;

use super::notes::Place;

/// So many nodes of one document are kept.
pub(super) const MAX_NODES: usize = 1 << 21;

/// So deep may lists and mappings stand in each other.
pub(super) const MAX_DEPTH: usize = 128;

/// So many mappings that `<<` merges are looked at for one key.
const MAX_MERGES: usize = 64;

/// The number of a node.
pub(super) type NodeId = u32;

#[derive(Debug)]
pub(super) struct Node<'t> {
    pub(super) value: Value<'t>,
    pub(super) place: Place,
    /// Its last line.
    pub(super) last_line: usize,
}

#[derive(Debug)]
pub(super) enum Value<'t> {
    /// A text, or a number, a truth or nothing where it is plain.
    Scalar {
        text: Cow<'t, str>,
        is_plain: bool,
    },
    List(Vec<NodeId>),
    Mapping(Vec<(NodeId, NodeId)>),
}

/// The nodes of a document.
#[derive(Debug)]
pub(super) struct Tree<'t> {
    nodes: Vec<Node<'t>>,
    /// The node that the others stand in.
    root: Option<NodeId>,
    left: Cell<u64>,
}

/// A node where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct At<'a, 't> {
    tree: &'a Tree<'t>,
    node: &'a Node<'t>,
}

impl<'t> Tree<'t> {
    /// How much may be read again by way of aliases in the documents of this text.
    pub(super) fn budget(text: &str) -> u64 {
        (1 << 18) + 2 * text.len() as u64
    }

    /// The document of these nodes; `left` is what the documents before it left of the budget.
    pub(super) fn new(nodes: Vec<Node<'t>>, root: Option<NodeId>, left: u64) -> Self {
        // Enough to read every node some dozens of times.
        let left = left + 64 * nodes.len() as u64;
        Self { nodes, root, left: Cell::new(left) }
    }

    /// What is left for the next document, of what was left for this one.
    pub(super) fn left(&self, before: u64) -> u64 {
        self.left.get().min(before)
    }

    pub(super) fn root(&self) -> Option<At<'_, 't>> {
        self.at(self.root?)
    }

    /// Whether aliases made so much of it that not all was read.
    pub(super) fn is_exhausted(&self) -> bool {
        self.left.get() == 0
    }

    fn at(&self, id: NodeId) -> Option<At<'_, 't>> {
        let node = self.nodes.get(usize::try_from(id).ok()?)?;
        Some(At { tree: self, node })
    }

    fn spend(&self, cost: usize) -> bool {
        let left = self.left.get().checked_sub(cost as u64);
        self.left.set(left.unwrap_or(0));
        left.is_some()
    }
}

impl<'a> At<'a, '_> {
    pub(super) fn place(self) -> Place {
        self.node.place
    }

    pub(super) fn last_line(self) -> usize {
        self.node.last_line
    }

    pub(super) fn is_mapping(self) -> bool {
        matches!(self.node.value, Value::Mapping(_))
    }

    pub(super) fn is_list(self) -> bool {
        matches!(self.node.value, Value::List(_))
    }

    /// Whether nothing stands there, as by `null`, `~` or an empty value.
    pub(super) fn is_null(self) -> bool {
        matches!(&self.node.value, Value::Scalar { text, is_plain: true }
            if matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The text of a scalar, as it is written without its quotes; none for a list or a mapping.
    pub(super) fn text(self) -> Option<&'a str> {
        match &self.node.value {
            Value::Scalar { text, .. } if self.tree.spend(1 + text.len() / 2) => Some(text),
            _ => None,
        }
    }

    /// Whether it is a scalar without quotes, which can be a number or a truth.
    pub(super) fn is_plain(self) -> bool {
        matches!(self.node.value, Value::Scalar { is_plain: true, .. })
    }

    /// The elements of a list; none of anything else.
    pub(super) fn elements(self) -> impl Iterator<Item = Self> {
        let elements = match &self.node.value {
            Value::List(elements) => elements.as_slice(),
            _ => &[],
        };
        elements.iter().map_while(move |id| self.tree.spend(16).then_some(*id)).filter_map(move |id| self.tree.at(id))
    }

    /// The members of a mapping in order, those that it merges not counted; none of anything else.
    pub(super) fn members(self) -> impl Iterator<Item = (Self, Self)> {
        let members = self.pairs().iter().map_while(move |pair| self.tree.spend(16).then_some(*pair));
        members.filter_map(move |(key, value)| Some((self.tree.at(key)?, self.tree.at(value)?)))
    }

    /// The value of a key, the last one where it stands twice; those of merged mappings come after its own.
    pub(super) fn get(self, key: &str) -> Option<Self> {
        let mut merged = vec![self];
        let mut looked_at = 0;
        while let Some(mapping) = merged.pop().filter(|_| looked_at < MAX_MERGES) {
            looked_at += 1;
            let pairs = mapping.pairs();
            if !self.tree.spend(1 + pairs.len()) {
                return None;
            }
            let is = |id: NodeId, key: &str| self.tree.at(id).is_some_and(|at| at.is_text(key));
            if let Some((_, value)) = pairs.iter().rfind(|(id, _)| is(*id, key)) {
                return self.tree.at(*value);
            }
            for (_, value) in pairs.iter().filter(|(id, _)| is(*id, "<<")) {
                let Some(value) = self.tree.at(*value) else { continue };
                let list: Vec<_> = value.elements().take(MAX_MERGES).collect();
                // The first goes before the others.
                merged.extend(list.into_iter().rev());
                merged.extend(Some(value).filter(|value| value.is_mapping()));
            }
        }
        None
    }

    /// The same, but nothing where `null` stands.
    pub(super) fn given(self, key: &str) -> Option<Self> {
        self.get(key).filter(|value| !value.is_null())
    }

    /// What stands at the end of these keys.
    pub(super) fn path(self, keys: &[&str]) -> Option<Self> {
        keys.iter().try_fold(self, |at, key| at.given(key))
    }

    /// The same as JSON, where it has at most so many values.
    pub(super) fn to_json(self, most: &mut usize) -> Option<Json> {
        self.json_within(most, MAX_DEPTH)
    }

    fn json_within(self, most: &mut usize, depth: usize) -> Option<Json> {
        *most = most.checked_sub(1)?;
        let depth = depth.checked_sub(1)?;
        Some(match &self.node.value {
            Value::Scalar { text, is_plain } => {
                self.text()?;
                let plain = is_plain.then(|| serde_json::from_str::<Json>(text).ok()).flatten();
                match plain {
                    Some(value) => value,
                    None if self.is_null() => Json::Null,
                    None => Json::String(text.to_string()),
                }
            }
            Value::List(_) => {
                Json::Array(self.elements().map(|at| at.json_within(most, depth)).collect::<Option<_>>()?)
            }
            Value::Mapping(_) => {
                let member =
                    |(key, value): (Self, Self)| Some((key.text()?.to_owned(), value.json_within(most, depth)?));
                Json::Object(self.members().map(member).collect::<Option<_>>()?)
            }
        })
    }

    fn pairs(self) -> &'a [(NodeId, NodeId)] {
        match &self.node.value {
            Value::Mapping(pairs) => pairs,
            _ => &[],
        }
    }

    fn is_text(self, expected: &str) -> bool {
        matches!(&self.node.value, Value::Scalar { text, .. } if text == expected)
    }
}
