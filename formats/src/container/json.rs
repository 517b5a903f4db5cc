use std::borrow::Cow;

use super::notes::{Notes, Place, shown};
use super::tree::{MAX_DEPTH, MAX_NODES, Node, NodeId, Tree, Value};

/// Reads JSON values that stand one after another. Of one that is cut off or broken, what stands before is read; members
/// without the braces around them are taken as an object.
pub(super) fn each_document<'t>(text: &'t str, notes: &mut Notes, mut body: impl FnMut(&Tree<'t>, &mut Notes)) {
    let mut reader = Reader { text, at: 0, place: Place { line: 1, column: 1 }, placed: 0, nodes: Vec::new() };
    let mut left = Tree::budget(text);
    let bare = reader.peek() == Some('"');
    loop {
        let root = if bare { reader.members_without_braces() } else { reader.value() };
        let (root, broken) = match root {
            Ok(root) => (Some(root), None),
            Err(message) => ((!reader.nodes.is_empty()).then_some(0), Some(message)),
        };
        let place = reader.place();
        let tree = Tree::new(std::mem::take(&mut reader.nodes), root, left);
        body(&tree, notes);
        left = tree.left(left);
        if let Some(message) = broken {
            notes.misread(place, message);
            return;
        }
        match reader.peek() {
            None => return,
            Some('{' | '[') if !notes.is_full() => {}
            Some(_) => {
                let message = format!("after a complete value stands {:?}", reader.rest());
                notes.misread(reader.place(), message);
                return;
            }
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// The place of the byte `placed`, which is not behind `at`.
    place: Place,
    placed: usize,
    nodes: Vec<Node<'t>>,
}

/// A list or object that is not closed yet, with the key whose value comes next.
struct Open {
    id: NodeId,
    key: Option<NodeId>,
    is_object: bool,
}

impl<'t> Reader<'t> {
    fn value(&mut self) -> Result<NodeId, String> {
        self.values(Vec::new())
    }

    fn members_without_braces(&mut self) -> Result<NodeId, String> {
        let place = self.place();
        let id = self.add(Value::Mapping(Vec::new()), place)?;
        self.values(vec![Open { id, key: None, is_object: true }])
    }

    fn values(&mut self, mut open: Vec<Open>) -> Result<NodeId, String> {
        let read = self.read_values(&mut open);
        for Open { id, .. } in open {
            self.end(id);
        }
        read
    }

    /// Reads until everything that is open is closed; without recursion, so that depth costs no stack.
    fn read_values(&mut self, open: &mut Vec<Open>) -> Result<NodeId, String> {
        let bare = !open.is_empty();
        loop {
            let Some(character) = self.peek() else {
                return if bare && open.len() == 1 {
                    Ok(0)
                } else {
                    Err("the text ends here, and brackets are open".to_owned())
                };
            };
            let place = self.place();
            if let Some(Open { id, key, is_object }) = open.last_mut() {
                let (id, is_object) = (*id, *is_object);
                match character {
                    '}' | ']' if (character == '}') == is_object && key.is_none() => {
                        self.step();
                        self.end(id);
                        open.pop();
                        if open.is_empty() {
                            return Ok(id);
                        }
                        continue;
                    }
                    // Commas are not missed: their places decide nothing.
                    ',' => {
                        self.step();
                        continue;
                    }
                    '"' if is_object && key.is_none() => {
                        let text = self.string()?;
                        let name = self.add(Value::Scalar { text, is_plain: false }, place)?;
                        if self.peek() != Some(':') {
                            return Err(format!("after a key stands \":\", not {:?}", self.rest()));
                        }
                        self.step();
                        if let Some(open) = open.last_mut() {
                            open.key = Some(name);
                        }
                        continue;
                    }
                    _ if is_object && key.is_none() => {
                        return Err(format!(
                            "a key in quotes, or a closing brace, should stand here, not {:?}",
                            self.rest()
                        ));
                    }
                    _ => {}
                }
            }
            let id = match character {
                '{' | '[' if open.len() >= MAX_DEPTH => {
                    return Err(format!("arrays and objects stand in each other more than {MAX_DEPTH} deep"));
                }
                '{' => self.begin(Value::Mapping(Vec::new()), place)?,
                '[' => self.begin(Value::List(Vec::new()), place)?,
                '"' => {
                    let text = self.string()?;
                    self.add(Value::Scalar { text, is_plain: false }, place)?
                }
                _ => {
                    let word = self.word()?;
                    self.add(Value::Scalar { text: Cow::Borrowed(word), is_plain: true }, place)?
                }
            };
            if let Some(parent) = open.last_mut() {
                let key = parent.key.take();
                self.put(parent.id, key, id);
            }
            if matches!(character, '{' | '[') {
                open.push(Open { id, key: None, is_object: character == '{' });
            } else if open.is_empty() {
                return Ok(id);
            }
        }
    }

    fn begin(&mut self, value: Value<'t>, place: Place) -> Result<NodeId, String> {
        self.step();
        self.add(value, place)
    }

    fn end(&mut self, id: NodeId) {
        let line = self.place.line;
        if let Some(node) = self.nodes.get_mut(id as usize) {
            node.last_line = line;
        }
    }

    fn put(&mut self, parent: NodeId, key: Option<NodeId>, id: NodeId) {
        match (self.nodes.get_mut(parent as usize).map(|node| &mut node.value), key) {
            (Some(Value::List(elements)), _) => elements.push(id),
            (Some(Value::Mapping(members)), Some(key)) => members.push((key, id)),
            _ => {}
        }
    }

    fn add(&mut self, value: Value<'t>, place: Place) -> Result<NodeId, String> {
        if self.nodes.len() >= MAX_NODES {
            return Err(format!("the document has more than {MAX_NODES} values; it is read up to here"));
        }
        let id = NodeId::try_from(self.nodes.len()).unwrap_or(NodeId::MAX);
        self.nodes.push(Node { value, place, last_line: self.place.line });
        Ok(id)
    }

    /// A number, a truth or `null`.
    fn word(&mut self) -> Result<&'t str, String> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c))).unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        if serde_json::from_str::<serde_json::Value>(word).is_err() {
            return Err(format!("a value should stand here, not {:?}", self.rest()));
        }
        self.at += end;
        Ok(word)
    }

    fn string(&mut self) -> Result<Cow<'t, str>, String> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let bytes = rest.as_bytes();
        let mut end = 1;
        let mut has_escapes = false;
        loop {
            match bytes.get(end) {
                Some(b'"') => break,
                Some(b'\\') => {
                    has_escapes = true;
                    end += 2;
                }
                Some(b'\n') | None => return Err("the text in quotes is not ended on its line".to_owned()),
                Some(_) => end += 1,
            }
        }
        let raw = rest.get(1..end).unwrap_or_default();
        let text = if has_escapes {
            let quoted = rest.get(..=end).unwrap_or_default();
            let read = serde_json::from_str(quoted);
            Cow::Owned(read.map_err(|_| format!("the text {} has an escape that JSON does not have", shown(quoted)))?)
        } else {
            Cow::Borrowed(raw)
        };
        self.at += end + 1;
        Ok(text)
    }

    /// The next character that is not blank.
    fn peek(&mut self) -> Option<char> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at).filter(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
            if *byte == b'\n' {
                self.place = Place { line: self.place.line + 1, column: 1 };
                self.placed = self.at;
            }
        }
        self.text.get(self.at..)?.chars().next()
    }

    fn step(&mut self) {
        self.at += 1;
    }

    fn place(&mut self) -> Place {
        let since = self.text.get(self.placed..self.at).unwrap_or_default();
        self.place.column += since.chars().count();
        self.placed = self.at;
        self.place
    }

    fn rest(&self) -> String {
        let rest: String = self.text.get(self.at..).unwrap_or_default().chars().take(20).collect();
        shown(rest.lines().next().unwrap_or_default())
    }
}

/// A list of texts that stands alone, as `["sh", "-c"]`.
pub(super) fn list_of_texts(text: &str) -> Option<Vec<String>> {
    serde_json::from_str(text).ok()
}
