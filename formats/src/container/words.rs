//! Commands of a shell in a text that has other things too, as words with their places.

use super::notes::Place;

/// A command is at most so long, in bytes.
const MAX_COMMAND: usize = 1 << 18;

/// So many bytes before a command, and of what it has in `$(…)`, are looked at.
const MAX_BEFORE: usize = 256;

/// After so many quotes that are not closed, none goes on behind its line.
const MAX_OPEN_QUOTES: usize = 16;

/// A word as it stands and as the shell takes it.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) place: Place,
}

/// A command; its first word is the program.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) words: Vec<Word>,
    /// What stands before it on its line, as a prompt and `sudo`.
    pub(super) before: String,
    pub(super) last_line: usize,
    /// A quote that is not closed.
    pub(super) open_quote: Option<Place>,
}

/// A byte of a text and its place, going forward only.
struct Cursor<'t> {
    text: &'t str,
    at: usize,
    place: Place,
}

impl Cursor<'_> {
    fn go(&mut self, to: usize) -> Place {
        for character in self.text.get(self.at..to).unwrap_or_default().chars() {
            match character {
                '\n' => self.place = Place { line: self.place.line + 1, column: 1 },
                _ => self.place.column += 1,
            }
        }
        self.at = self.at.max(to);
        self.place
    }
}

/// Every command of the text that calls one of these two programs, from where a shell could read it.
pub(super) fn each_command(text: &str, programs: [&str; 2], mut body: impl FnMut(Command) -> bool) {
    let mut cursor = Cursor { text, at: 0, place: Place { line: 1, column: 1 } };
    let mut open_quotes = 0;
    let [first, second] = programs;
    let mut first = text.match_indices(first).peekable();
    let mut second = text.match_indices(second).peekable();
    loop {
        let next = match (first.peek(), second.peek()) {
            (Some(one), Some(other)) if one.0 > other.0 => second.next(),
            (Some(_), _) => first.next(),
            (None, _) => second.next(),
        };
        let Some((found, program)) = next else { return };
        if found < cursor.at {
            continue;
        }
        let Some((start, before)) = start_of(text, found, found + program.len()) else { continue };
        if start < cursor.at || !can_stand_before(before) {
            continue;
        }
        let in_backticks = before.is_empty() && text.get(..start).is_some_and(|before| before.ends_with('`'));
        let may_span = open_quotes < MAX_OPEN_QUOTES;
        let (raw, end, open) = raw_words(text, start, in_backticks, may_span);
        open_quotes += usize::from(open.is_some());
        let words = raw.iter().map(|&(from, to)| Word {
            text: unquoted(text.get(from..to).unwrap_or_default()),
            place: cursor.go(from),
        });
        let words = words.collect();
        let open_quote = open.map(|open| cursor.go(open));
        let last_line = cursor.go(end).line;
        if !body(Command { words, before: before.to_owned(), last_line, open_quote }) {
            return;
        }
    }
}

/// Where the word begins that ends with this program, and what stands before it on its line.
fn start_of(text: &str, found: usize, end: usize) -> Option<(usize, &str)> {
    let bytes = text.as_bytes();
    if !bytes.get(end).is_some_and(u8::is_ascii_whitespace) {
        return None;
    }
    let mut line = found.saturating_sub(MAX_BEFORE);
    while !text.is_char_boundary(line) {
        line += 1;
    }
    let line_text = text.get(line..found)?;
    let line = line_text.rfind('\n').map_or(line, |newline| line + newline + 1);
    let before = text.get(line..found)?;
    let word = before
        .rfind(|c: char| c.is_whitespace() || ";&|(`\"'=".contains(c))
        .map_or(0, |at| at + before.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8));
    let path = before.get(word..)?;
    if !path.is_empty() && !path.ends_with('/') {
        return None;
    }
    let before = before.get(..word)?;
    // A command may begin behind another one.
    let begin = [";", "|", "&&", "(", "`"].iter().filter_map(|end| before.rfind(end).map(|at| at + end.len())).max();
    Some((line + word, before.get(begin.unwrap_or(0)..)?.trim()))
}

/// Whether a command can follow this on a line: a prompt, `sudo` with its options, variables, a mark of a list.
fn can_stand_before(before: &str) -> bool {
    let is_prompt = |word: &str| {
        word.ends_with(['$', '#', '%', '>', ':'])
            || word.starts_with('[')
            || matches!(word, "*" | "-" | "+" | "•" | "❯" | "➜" | "λ")
    };
    let is_number = |word: &str| word.ends_with(['.', ')']) && word.starts_with(|c: char| c.is_ascii_digit());
    let is_variable = |word: &str| {
        word.split_once('=')
            .is_some_and(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_'))
    };
    let mut words = before.split_whitespace().peekable();
    while let Some(word) = words.next() {
        match word {
            "sudo" | "doas" => {
                while let Some(option) = words.next_if(|word| word.starts_with('-')) {
                    if matches!(option, "-u" | "-g" | "--user" | "--group") {
                        words.next();
                    }
                }
            }
            "time" | "exec" | "command" | "nohup" | "then" | "do" | "else" | "!" | "env" => {}
            // The rest of a prompt, as in `[root@host ~]#` and `user@host ~ $`.
            _ if words.clone().any(|later| is_prompt(later) && later != "-") => {}
            word if is_prompt(word) || is_number(word) || is_variable(word) => {}
            _ => return false,
        }
    }
    true
}

/// The words of a command as byte ranges, where it ends, and where a quote begins that is not closed.
fn raw_words(
    text: &str,
    start: usize,
    in_backticks: bool,
    may_span: bool,
) -> (Vec<(usize, usize)>, usize, Option<usize>) {
    let bytes = text.as_bytes();
    let limit = text.len().min(start + MAX_COMMAND);
    let mut words = Vec::new();
    let mut word = None;
    let mut at = start;
    let end_word = |word: &mut Option<usize>, words: &mut Vec<(usize, usize)>, at: usize| {
        words.extend(word.take().map(|from| (from, at)));
    };
    while at < limit {
        let byte = bytes.get(at).copied().unwrap_or(b'\n');
        match byte {
            b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b')' => break,
            b'#' if word.is_none() => break,
            b'`' if in_backticks => break,
            b'`' | b'^' | b'\\' if continues(text, at) => {
                end_word(&mut word, &mut words, at);
                at = after_continuation(text, at);
                continue;
            }
            b'\\' => {
                word = word.or(Some(at));
                at += 1;
            }
            b'\'' | b'"' | b'`' => {
                word = word.or(Some(at));
                let Some(close) = close(text, at, limit, may_span) else {
                    let rest = text.get(at..).unwrap_or_default();
                    return (words, at + rest.find('\n').unwrap_or(rest.len()), Some(at));
                };
                at = close;
            }
            b'$' if bytes.get(at + 1) == Some(&b'(') => {
                word = word.or(Some(at));
                at += end_of_substitution(bytes, at, limit);
            }
            byte if byte.is_ascii_whitespace() => end_word(&mut word, &mut words, at),
            _ => word = word.or(Some(at)),
        }
        at += 1;
    }
    let mut at = at.min(text.len());
    // The limit and an escape may lie within a character.
    while !text.is_char_boundary(at) {
        at += 1;
    }
    // `2>` is no word of the command.
    let descriptor = word.is_some_and(|from| text.get(from..at).is_some_and(|word| word.parse::<u8>().is_ok()));
    if !(descriptor && matches!(bytes.get(at), Some(b'<' | b'>'))) {
        end_word(&mut word, &mut words, at);
    }
    (words, at, None)
}

/// How far the `)` is that ends `$(`; not on its line, or far away, 1.
fn end_of_substitution(bytes: &[u8], at: usize, limit: usize) -> usize {
    let near = bytes.get(at..limit.min(at + MAX_BEFORE)).unwrap_or_default();
    let end = near.iter().position(|byte| matches!(byte, b')' | b'\n'));
    end.filter(|end| near.get(*end) == Some(&b')')).unwrap_or(1)
}

/// Whether the line goes on on the next: a backslash, or what other shells have in its place, at its end.
fn continues(text: &str, at: usize) -> bool {
    let rest = text.as_bytes().get(at + 1..).unwrap_or_default();
    rest.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r')) == Some(&b'\n')
}

/// The first byte of the next line that belongs to the command; a second prompt does not.
fn after_continuation(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let next = at + rest.find('\n').unwrap_or(0) + 1;
    let line = text.get(next..).unwrap_or_default();
    next + if line.starts_with("> ") { 2 } else { 0 }
}

/// The byte that closes the quote which begins here.
fn close(text: &str, at: usize, limit: usize, may_span: bool) -> Option<usize> {
    let bytes = text.as_bytes();
    let quote = *bytes.get(at)?;
    let mut end = at + 1;
    while end < limit {
        match *bytes.get(end)? {
            byte if byte == quote => return Some(end),
            b'\\' if quote == b'"' => end += 1,
            b'\n' if !may_span => return None,
            _ => {}
        }
        end += 1;
    }
    None
}

/// A word as the shell takes it. What it would run or replace stays as it is written.
fn unquoted(raw: &str) -> String {
    let words = shlex::split(raw);
    words.map_or_else(|| raw.to_owned(), |words| words.join(" "))
}
