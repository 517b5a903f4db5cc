//! Patterns of messages: text with holes, such as `exec {path}: operation not permitted`.
//!
//! A hole is a word in braces. `{path}` is a path or a name, with or without quotes around it; `{port}` digits; `{any}` at
//! most 200 bytes of anything. Case does not matter, and all quotes are alike, written `'`.

use sim_core::capability::Capability;

/// What the holes of a pattern hold, in their order.
pub(super) type Holes<'a> = Vec<(&'static str, &'a str)>;

/// So many bytes of anything are passed over at most.
const MOST_ANYTHING: usize = 200;
/// In so many places a pattern, or what follows a hole, is tried at most.
const MOST_TRIES: usize = 16;

/// A line, prepared so that patterns can be looked for in it: all quotes are `'`.
#[derive(Debug)]
pub(super) struct Searched {
    line: String,
    /// In lower case, byte by byte in the same places.
    lower: String,
    grams: Grams,
}

impl Searched {
    pub(super) fn new(line: &str) -> Self {
        let line = line.replace("\\\"", "'").replace(is_quote, "'");
        let lower = line.to_ascii_lowercase();
        Self { grams: Grams::of(&lower), lower, line }
    }

    /// Whether this text, in lower case, stands somewhere.
    pub(super) fn has(&self, text: &str) -> bool {
        self.lower.contains(text)
    }

    /// The first capability that is named, as `cap_net_raw`.
    pub(super) fn capability(&self) -> Option<&'static str> {
        let mut words = self.lower.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        words.find_map(|word| word.strip_prefix("cap_").and_then(Capability::from_name)?.name())
    }

    /// What the holes of a pattern hold where it is first found.
    pub(super) fn find(&self, pattern: &Pattern) -> Option<Holes<'_>> {
        if !pattern.grams.iter().all(|hash| self.grams.has(*hash)) {
            return None;
        }
        let pattern = pattern.text;
        let (first, _) = literal(pattern);
        let mut from = 0;
        for _ in 0..MOST_TRIES {
            let at = from + self.begins(first, from)?;
            let mut holes = Vec::new();
            if self.matches(pattern, at, &mut holes) {
                return Some(holes);
            }
            from = at + self.lower.get(at..)?.chars().next()?.len_utf8();
        }
        None
    }

    /// Where the first words of a pattern are found next; a pattern that begins with a hole, at the beginning of a word.
    fn begins(&self, first: &str, from: usize) -> Option<usize> {
        let rest = self.lower.get(from..)?;
        if !first.is_empty() {
            return rest.find(first);
        }
        let behind = self.lower.get(..from)?.chars().next_back().is_none_or(divides);
        let mut before = behind;
        rest.char_indices().find_map(|(at, c)| {
            let begins = before && !divides(c);
            before = divides(c);
            begins.then_some(at)
        })
    }

    /// Whether the pattern stands exactly here.
    fn matches<'a>(&'a self, pattern: &'static str, at: usize, holes: &mut Holes<'a>) -> bool {
        let (text, rest) = literal(pattern);
        let Some(at) = self.skip_literal(text, at) else { return false };
        let Some((name, rest)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) else { return true };
        let (next, _) = literal(rest);
        let Some(text) = self.line.get(at..) else { return false };
        let allowed: fn(char) -> bool = match name {
            "port" => |c| c.is_ascii_digit(),
            "any" => |_| true,
            _ => |c| !divides(c),
        };
        let most = if name == "any" { MOST_ANYTHING } else { text.len() };
        let end = text.find(|c| !allowed(c)).unwrap_or(text.len()).min(most);
        let Some(held) = text.get(..end).or_else(|| text.get(..floor(text, end))) else { return false };
        // The least that lets the next words follow; at the end of the pattern all of it.
        let stops: Vec<usize> = if next.is_empty() {
            vec![held.len()]
        } else {
            let follows = |stop: &usize| self.skip_literal(next, at + stop).is_some();
            held.char_indices().map(|(stop, _)| stop).chain([held.len()]).filter(follows).take(MOST_TRIES).collect()
        };
        for stop in stops {
            let Some(value) = held.get(..stop) else { continue };
            if value.is_empty() && name != "any" {
                continue;
            }
            holes.push((name, value));
            if self.matches(rest, at + stop, holes) {
                return true;
            }
            holes.pop();
        }
        false
    }

    /// Where the line goes on behind these words.
    fn skip_literal(&self, text: &str, at: usize) -> Option<usize> {
        self.lower.get(at..)?.starts_with(text).then_some(at + text.len())
    }
}

/// A pattern, and which three letters in a row each text has in which it can be found.
#[derive(Debug)]
pub(super) struct Pattern {
    text: &'static str,
    grams: Vec<usize>,
}

impl Pattern {
    pub(super) fn new(text: &'static str) -> Self {
        let mut grams = Vec::new();
        for literal in text.split(['{', '}']).step_by(2) {
            grams.extend(literal.as_bytes().windows(3).map(gram));
        }
        Self { text, grams }
    }
}

/// Which three letters in a row a line has: a set of hashes, so that most patterns are put aside at once.
#[derive(Debug)]
struct Grams([u64; 64]);

impl Grams {
    fn of(text: &str) -> Self {
        let mut set = [0; 64];
        for three in text.as_bytes().windows(3) {
            let hash = gram(three);
            if let Some(word) = set.get_mut(hash / 64) {
                *word |= 1 << (hash % 64);
            }
        }
        Self(set)
    }

    fn has(&self, hash: usize) -> bool {
        self.0.get(hash / 64).is_some_and(|word| word >> (hash % 64) & 1 == 1)
    }
}

/// A number below 4096 for three letters.
fn gram(three: &[u8]) -> usize {
    three.iter().fold(0, |hash: usize, byte| (hash * 37 + usize::from(*byte)) % 4096)
}

/// The words before the first hole, and what follows them.
fn literal(pattern: &'static str) -> (&'static str, &'static str) {
    pattern.find('{').and_then(|at| pattern.split_at_checked(at)).unwrap_or((pattern, ""))
}

/// Whether a path or a name ends here.
fn divides(c: char) -> bool {
    c.is_whitespace() || "'()".contains(c)
}

const fn is_quote(c: char) -> bool {
    matches!(c, '\'' | '"' | '`' | '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}')
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_hold_the_least_that_fits() {
        fn found<'a>(line: &'a Searched, pattern: &'static str) -> Option<Holes<'a>> {
            line.find(&Pattern::new(pattern))
        }
        let line = Searched::new("x: exec \u{2018}/a:b\u{2019}: Operation not permitted");
        assert_eq!(found(&line, "exec '{path}': operation not permitted"), Some(vec![("path", "/a:b")]));
        assert_eq!(found(&line, "exec {path}: operation"), None);
        assert_eq!(
            found(&Searched::new("listen tcp :80: bind: x"), "listen tcp {any}:{port}: bind"),
            Some(vec![("any", ""), ("port", "80")])
        );
        assert_eq!(found(&Searched::new("exec exec /b: no"), "exec {path}: no"), Some(vec![("path", "/b")]));
        assert_eq!(found(&Searched::new("a tail"), "a {path}"), Some(vec![("path", "tail")]));
        assert_eq!(found(&Searched::new("\u{fc}a b"), "a {path}"), Some(vec![("path", "b")]));
    }

    #[test]
    fn anything_is_bounded() {
        fn found<'a>(line: &'a Searched, pattern: &'static str) -> Option<Holes<'a>> {
            line.find(&Pattern::new(pattern))
        }
        let far = format!("exec {} failed", "x".repeat(MOST_ANYTHING));
        assert_eq!(found(&Searched::new(&far), "exec {any} failed").map(|holes| holes.len()), Some(1));
        let far = format!("exec {} failed", "x".repeat(MOST_ANYTHING + 1));
        assert_eq!(found(&Searched::new(&far), "exec {any} failed"), None);
    }
}
