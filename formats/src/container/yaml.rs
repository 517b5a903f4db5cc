use std::borrow::Cow;
use std::collections::BTreeMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, StrInput};

use super::flow::{MAX_FLOW, too_long};
use super::notes::{Notes, Place, shown};
use super::tree::{MAX_DEPTH, MAX_NODES, Node, NodeId, Tree, Value};

/// So many times reading goes on behind an error.
const MAX_BROKEN: usize = 1000;

/// Reads the documents of a YAML text one after another. What stands before an error is read as far as it goes; reading
/// goes on at the next `---`.
pub(super) fn each_document<'t>(text: &'t str, notes: &mut Notes, mut body: impl FnMut(&Tree<'t>, &mut Notes)) {
    let Some(kept) = too_long(text).and_then(|at| text.get(..at)) else {
        return documents(text, notes, &mut body);
    };
    documents(kept, notes, &mut body);
    if !notes.is_full() {
        let message =
            format!("the list or mapping in brackets here has more than {MAX_FLOW} bytes; the text is read up to it");
        notes.misread(end_of(kept), message);
    }
}

fn documents<'t>(text: &'t str, notes: &mut Notes, body: &mut impl FnMut(&Tree<'t>, &mut Notes)) {
    let end = end_of(text);
    let mut left = Tree::budget(text);
    let (mut first_line, mut rest) = (0, text);
    for _ in 0..MAX_BROKEN {
        let mut documents = Documents { parser: Parser::new_from_str(rest), first_line, end };
        let broken = loop {
            let (tree, broken) = match documents.next_document(left) {
                Step::Document(tree) => (Some(tree), None),
                Step::Broken { tree, place, message } => (tree, Some((place, message))),
                Step::End => return,
            };
            if let Some(tree) = tree {
                body(&tree, notes);
                left = tree.left(left);
            }
            if notes.is_full() {
                return;
            }
            if let Some((place, message)) = broken {
                notes.misread(place, message);
                break place;
            }
        };
        let Some((line, after)) = next_document(rest, first_line, broken.line) else { return };
        (first_line, rest) = (line, after);
    }
    notes.misread(Place { line: first_line + 1, column: 1 }, "too much is broken; the text is read up to here");
}

fn end_of(text: &str) -> Place {
    let last_width = text.rsplit('\n').next().unwrap_or_default().chars().count();
    Place { line: text.split('\n').count(), column: last_width + 1 }
}

/// The text from the first line with `---` behind this one, and how many lines stand before it.
fn next_document(text: &str, first_line: usize, behind: usize) -> Option<(usize, &str)> {
    let mut offset = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if first_line + index + 1 > behind && line.starts_with("---") {
            return text.get(offset..).map(|rest| (first_line + index, rest));
        }
        offset += line.len();
    }
    None
}

enum Step<'t> {
    Document(Tree<'t>),
    Broken { tree: Option<Tree<'t>>, place: Place, message: String },
    End,
}

struct Documents<'t> {
    parser: Parser<'t, StrInput<'t>>,
    /// The lines before the parser's text.
    first_line: usize,
    /// The end of the whole text.
    end: Place,
}

/// A list or mapping that is not closed yet.
struct Open {
    id: NodeId,
    /// The key that waits for its value.
    key: Option<NodeId>,
}

#[derive(Default)]
struct Builder<'t> {
    nodes: Vec<Node<'t>>,
    open: Vec<Open>,
    root: Option<NodeId>,
    anchors: BTreeMap<usize, NodeId>,
}

impl<'t> Documents<'t> {
    fn place(&self, marker: &Marker) -> Place {
        // The end of a text that does not end its last line is on the next line to the parser.
        let place = Place { line: self.first_line + marker.line().max(1), column: marker.col() + 1 };
        place.min(self.end)
    }

    fn next_document(&mut self, left: u64) -> Step<'t> {
        let mut builder = Builder::default();
        loop {
            let (event, span) = match self.parser.next_event() {
                None => return Step::End,
                Some(Ok(event)) => event,
                Some(Err(error)) => {
                    let place = self.place(error.marker());
                    let message = format!("this is no YAML from here on: {}", shown(error.info()));
                    return Step::Broken { tree: builder.finish(left), place, message };
                }
            };
            let place = self.place(&span.start);
            let end = self.place(&span.end).line;
            let added = match event {
                Event::StreamEnd => return Step::End,
                Event::DocumentEnd => {
                    if let Some(tree) = builder.finish(left) {
                        return Step::Document(tree);
                    }
                    builder = Builder::default();
                    Ok(())
                }
                Event::Nothing | Event::StreamStart | Event::DocumentStart(_) => Ok(()),
                Event::Alias(anchor) => builder.alias(anchor),
                Event::Scalar(text, style, anchor, _) => {
                    builder.scalar(text, style == ScalarStyle::Plain, place, end, anchor)
                }
                Event::SequenceStart(anchor, _) => builder.begin(Value::List(Vec::new()), place, anchor),
                Event::MappingStart(anchor, _) => builder.begin(Value::Mapping(Vec::new()), place, anchor),
                Event::SequenceEnd | Event::MappingEnd => {
                    builder.end();
                    Ok(())
                }
            };
            if let Err(message) = added {
                return Step::Broken { tree: builder.finish(left), place, message };
            }
        }
    }
}

impl<'t> Builder<'t> {
    fn finish(&mut self, left: u64) -> Option<Tree<'t>> {
        while !self.open.is_empty() {
            self.end();
        }
        let nodes = std::mem::take(&mut self.nodes);
        self.root.map(|root| Tree::new(nodes, Some(root), left))
    }

    fn scalar(
        &mut self,
        text: Cow<'t, str>,
        is_plain: bool,
        place: Place,
        last_line: usize,
        anchor: usize,
    ) -> Result<(), String> {
        let id = self.add(Node { value: Value::Scalar { text, is_plain }, place, last_line }, anchor)?;
        self.put(id);
        Ok(())
    }

    fn begin(&mut self, value: Value<'t>, place: Place, anchor: usize) -> Result<(), String> {
        if self.open.len() >= MAX_DEPTH {
            return Err(format!("lists and mappings stand in each other more than {MAX_DEPTH} deep"));
        }
        // An anchor names its node once it is complete: what stands within cannot name it.
        let id = self.add(Node { value, place, last_line: place.line }, 0)?;
        self.put(id);
        self.open.push(Open { id, key: None });
        if anchor > 0 {
            self.anchors.insert(anchor, id);
        }
        Ok(())
    }

    fn end(&mut self) {
        let last = self.nodes.last().map_or(1, |node| node.last_line);
        if let Some(Open { id, .. }) = self.open.pop()
            && let Some(node) = self.nodes.get_mut(id as usize)
        {
            node.last_line = node.last_line.max(last);
        }
    }

    fn alias(&mut self, anchor: usize) -> Result<(), String> {
        let known = self.anchors.get(&anchor).copied();
        match known.filter(|id| self.open.iter().all(|open| open.id != *id)) {
            Some(id) => {
                self.put(id);
                Ok(())
            }
            None => Err("this alias names a part that it stands in".to_owned()),
        }
    }

    fn add(&mut self, node: Node<'t>, anchor: usize) -> Result<NodeId, String> {
        let id = self.nodes.len();
        if id >= MAX_NODES {
            return Err(format!("the document has more than {MAX_NODES} values; it is read up to here"));
        }
        self.nodes.push(node);
        let id = NodeId::try_from(id).unwrap_or(NodeId::MAX);
        if anchor > 0 {
            self.anchors.insert(anchor, id);
        }
        Ok(id)
    }

    /// Puts a node into the innermost list or mapping that is open.
    fn put(&mut self, id: NodeId) {
        let Some(Open { id: parent, key }) = self.open.last_mut() else {
            self.root = self.root.or(Some(id));
            return;
        };
        match self.nodes.get_mut(*parent as usize).map(|node| &mut node.value) {
            Some(Value::List(elements)) => elements.push(id),
            Some(Value::Mapping(members)) => match key.take() {
                Some(key) => members.push((key, id)),
                None => *key = Some(id),
            },
            _ => {}
        }
    }
}
