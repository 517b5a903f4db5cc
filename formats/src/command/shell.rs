//! Lines of a shell: prompts, lines joined by backslashes, commands joined by operators, words.

use crate::mixture::Cursor;

/// A line with commands.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    text: &'a str,
    /// Whether a prompt stands before it.
    pub(crate) is_prompted: bool,
    /// Whether that prompt may be the mark of a remark or a heading, `# `.
    pub(crate) may_be_remark: bool,
    /// Whether it stands in backticks.
    pub(crate) is_code: bool,
}

/// A simple command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Simple {
    pub(crate) words: Vec<String>,
}

/// So many lines are joined.
const MOST_JOINED: usize = 300;
/// So many bytes of a joined line are read.
const MOST_BYTES: usize = 1 << 16;
/// A command of more words is not read.
const MOST_WORDS: usize = 1000;
/// So many commands of a line are read.
const MOST_COMMANDS: usize = 200;

/// Programs that are read; a line without the name of one, and without a prompt, is no command.
const PROGRAMS: [&str; 26] = [
    "setcap",
    "chmod",
    "chown",
    "chgrp",
    "cp ",
    "mv ",
    "install",
    "tar ",
    "setfattr",
    "sysctl",
    "mount",
    "unshare",
    "strace",
    "su ",
    "runuser",
    "sudo",
    "doas",
    "gosu",
    "su-exec",
    "setuidgid",
    "setpriv",
    "capsh",
    "uname",
    "echo ",
    "./",
    "/bin",
];

/// A quick look, so that other lines cost little.
pub(crate) fn may_be_command(line: &str) -> bool {
    PROGRAMS.iter().any(|program| line.contains(program)) || prompt(line.trim_start()).is_some()
}

/// The line where the cursor is with those that a backslash joins to it; the cursor is then behind them. In Dockerfiles
/// remarks may stand between them.
pub(crate) fn joined(cursor: &mut Cursor<'_>, passes_remarks: bool) -> String {
    let mut text = String::new();
    for _ in 0..MOST_JOINED {
        let Some(line) = cursor.line() else { break };
        if passes_remarks && !text.is_empty() && (line.trim_start().starts_with('#') || line.trim().is_empty()) {
            cursor.advance();
            continue;
        }
        text.push_str(line.trim_end());
        cursor.advance();
        if !text.ends_with('\\') || text.len() > MOST_BYTES {
            break;
        }
        text.pop();
        text.push(' ');
    }
    text
}

impl<'a> Line<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let text = text.trim();
        match prompt(text) {
            Some(command) => {
                Self { text: command, is_prompted: true, may_be_remark: text.starts_with('#'), is_code: false }
            }
            None => Self { text, is_prompted: false, may_be_remark: false, is_code: false },
        }
    }

    /// A piece of a line that stands in backticks.
    pub(crate) fn of_code(text: &'a str) -> Self {
        Self { is_code: true, ..Self::of(text) }
    }

    /// Whether it asks for the kernel's release.
    pub(crate) fn is_uname(&self) -> bool {
        matches!(self.text.trim(), "uname -r" | "uname -rm" | "uname --kernel-release")
    }

    /// The commands, one after the other; of a pipe each.
    pub(crate) fn commands(&self) -> Vec<Simple> {
        let fits = |words: &Vec<String>| (1..=MOST_WORDS).contains(&words.len());
        let words = |text: &str| shlex::split(text).filter(fits);
        let commands = pieces(self.text).into_iter().take(MOST_COMMANDS).filter_map(words);
        commands.map(|words| Simple { words }).collect()
    }
}

/// The text behind a prompt: `$ `, `# `, `user@host:~$ `, `[root@host ~]# `, `/ # `, `bash-5.1$ `.
fn prompt(text: &str) -> Option<&str> {
    let end = text.find(|c: char| "$#%\u{276f}\u{279c}".contains(c))?;
    let (before, rest) = text.split_at_checked(end)?;
    let mut chars = rest.chars();
    chars.next();
    let command = chars.as_str().strip_prefix(' ')?;
    let is_host = |word: &str| {
        word.contains('@')
            || word.starts_with(['~', '/', '[', '('])
            || word.starts_with("bash-")
            || word.starts_with("sh-")
            || word.ends_with([':', ']', ')'])
    };
    let fits = before.len() < 100 && before.split_whitespace().all(is_host);
    let command = command.trim_start();
    // "# Heading" and "$ 5" are no commands.
    let is_command = command.starts_with(|c: char| c.is_ascii_lowercase() || "./_~".contains(c))
        || command.split(' ').next().is_some_and(|word| word.contains('='));
    (fits && is_command).then_some(command)
}

/// The pieces between `;`, `&`, `|`, brackets and line ends, outside of quotes; what is behind `#` is a remark.
fn pieces(text: &str) -> Vec<&str> {
    let (mut pieces, mut start, mut quote, mut before) = (Vec::new(), 0, None, ' ');
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (c, quote) {
            ('\\', None | Some('"')) => {
                chars.next();
            }
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(mark)) if c == mark => quote = None,
            (';' | '&' | '|' | '\n', None) => {
                pieces.extend(text.get(start..at));
                start = at + 1;
            }
            ('#', None) if before.is_whitespace() && at > 0 => {
                pieces.extend(text.get(start..at));
                return pieces;
            }
            _ => {}
        }
        before = c;
    }
    pieces.extend(text.get(start..));
    pieces
}

/// The words behind settings of variables, `A=b`.
pub(super) fn without_variables(words: &[String]) -> &[String] {
    let is_variable = |word: &String| {
        word.split_once('=')
            .is_some_and(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
    };
    let count = words.iter().take_while(|word| is_variable(word)).count();
    words.get(count..).unwrap_or_default()
}

/// Options and other arguments of a command. Which options have a value is told by `has_value`, by their names without
/// dashes. Short ones may be joined; `--` ends them.
pub(super) struct Arguments<'a> {
    pub(super) options: Vec<(&'a str, Option<&'a str>)>,
    pub(super) rest: Vec<&'a str>,
}

impl<'a> Arguments<'a> {
    /// With `stops` the first argument that is no option ends them, as where a command follows.
    pub(super) fn of(words: &'a [String], has_value: &[&str], stops: bool) -> Self {
        let (mut options, mut rest) = (Vec::new(), Vec::new());
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            if let Some(long) = word.strip_prefix("--") {
                if long.is_empty() {
                    rest.extend(words.by_ref());
                    break;
                }
                match long.split_once('=') {
                    Some((name, value)) => options.push((name, Some(value))),
                    None if has_value.contains(&long) => options.push((long, words.next())),
                    None => options.push((long, None)),
                }
            } else if let Some(short) = word.strip_prefix('-').filter(|short| !short.is_empty()) {
                for (at, letter) in short.char_indices() {
                    let end = at + letter.len_utf8();
                    let Some(name) = short.get(at..end) else { continue };
                    if has_value.contains(&name) {
                        let joined = short.get(end..).filter(|value| !value.is_empty());
                        options.push((name, joined.or_else(|| words.next())));
                        break;
                    }
                    options.push((name, None));
                }
            } else {
                rest.push(word);
                if stops {
                    rest.extend(words.by_ref());
                    break;
                }
            }
        }
        Self { options, rest }
    }

    /// Whether one of these options is there.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.options.iter().any(|(name, _)| names.contains(name))
    }

    /// The value of the last of these options.
    pub(super) fn value(&self, names: &[&str]) -> Option<&'a str> {
        self.options.iter().rev().find(|(name, _)| names.contains(name)).and_then(|(_, value)| *value)
    }

    /// Whether every option is one of these.
    pub(super) fn only(&self, known: &[&str]) -> bool {
        self.options.iter().all(|(name, _)| known.contains(name))
    }
}

/// Whether a word can be a path or a name of a file: prose has other words.
pub(super) fn is_path(word: &str) -> bool {
    !word.is_empty() && (word.contains('/') || word.starts_with('.') || word.contains('.') && !word.ends_with('.'))
        || word.contains('$')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        Line::of(text).commands().into_iter().map(|command| command.words.join("|")).collect()
    }

    #[test]
    fn prompts_and_operators_are_taken_off() {
        for text in [
            "$ chmod 1 /x",
            "# chmod 1 /x",
            "user@host:~/a$ chmod 1 /x",
            "[root@host ~]# chmod 1 /x",
            "/ # chmod 1 /x",
            "bash-5.1$ chmod 1 /x",
            "~ $ chmod 1 /x",
            "chmod 1 /x  # why",
        ] {
            assert_eq!(words(text), ["chmod|1|/x"], "{text}");
        }
        assert_eq!(words("a 'b;c' && d \"e|f\" | g; h"), ["a|b;c", "d|e|f", "g", "h"]);
        assert_eq!(words("A=1 b"), ["A=1|b"]);
        assert_eq!(words("it's"), [""; 0]);
        assert!(!Line::of("# Heading of a text").is_prompted && !Line::of("It costs $ 5").is_prompted);
    }

    #[test]
    fn options_are_told_from_arguments() {
        let words: Vec<String> =
            ["-rf", "-ofile", "--mode=1", "--user", "me", "a", "-x", "--", "-b"].map(str::to_owned).into();
        let arguments = Arguments::of(&words, &["o", "user"], false);
        let expected =
            [("r", None), ("f", None), ("o", Some("file")), ("mode", Some("1")), ("user", Some("me")), ("x", None)];
        assert_eq!(arguments.options, expected);
        assert_eq!(arguments.rest, ["a", "-b"]);
        assert_eq!(Arguments::of(&words, &["o", "user"], true).rest, ["a", "-x", "--", "-b"]);
    }
}
