//! `ExecStart=` and its relatives, systemd.service(5).

/// A program with its arguments, and what the characters before it change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) words: Vec<String>,
    /// `+`: the settings of users, capabilities and namespaces are not applied.
    pub(super) is_privileged: bool,
    /// `!`: the user is not changed.
    pub(super) keeps_root: bool,
}

impl Command {
    /// A command as it is written. `!!` is like `!` only on kernels without ambient capabilities, which are not modelled.
    pub(super) fn of(value: &str) -> Self {
        let program = value.trim_start_matches(['@', '-', ':', '+', '!', '|']);
        let (prefix, _) = value.split_at_checked(value.len() - program.len()).unwrap_or(("", value));
        let mut words = words(program);
        if prefix.contains('@') && words.len() > 1 {
            // The second word is what the program is told it is called.
            words.remove(1);
        }
        Self { words, is_privileged: prefix.contains('+'), keeps_root: prefix.matches('!').count() == 1 }
    }
}

/// So many words are kept.
const MOST_WORDS: usize = 1000;

/// The words, without their quotes.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut is_begun) = (Vec::new(), String::new(), None, false);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', _) => {
                word.extend(chars.next());
                is_begun = true;
            }
            ('"' | '\'', None) => (quote, is_begun) = (Some(c), true),
            (c, Some(mark)) if c == mark => quote = None,
            (c, None) if c.is_whitespace() => {
                if is_begun && words.len() < MOST_WORDS {
                    words.push(std::mem::take(&mut word));
                }
                is_begun = false;
            }
            (c, _) => {
                word.push(c);
                is_begun = true;
            }
        }
    }
    if is_begun {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_told_apart() {
        let words = |value: &str| Command::of(value).words.join("|");
        assert_eq!(words("/bin/x -a \"b c\" 'd'"), "/bin/x|-a|b c|d");
        assert_eq!(words("-@/bin/x name -a"), "/bin/x|-a");
        let bits = |value: &str| (Command::of(value).is_privileged, Command::of(value).keeps_root);
        assert_eq!(bits("+/bin/x"), (true, false));
        assert_eq!(bits("!/bin/x"), (false, true));
        assert_eq!(bits("!!/bin/x"), (false, false));
        assert_eq!(bits("-:/bin/x"), (false, false));
        assert_eq!(words(""), "");
    }
}
