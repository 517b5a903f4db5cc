//! Lines of `ls -l`: mode, owner, group, name.

use sim_core::file::Mode;
use sim_core::scenario::{FileEntry, ModeText};

use super::id_of;
use crate::finding::{Finding, Says, TextForm};
use crate::mixture::{Cursor, Found};

/// So many files of one listing are kept.
const MOST_FILES: usize = 10_000;

/// Takes the lines of a listing.
pub(crate) fn read(cursor: &mut Cursor<'_>, found: &mut Found) -> bool {
    let first = cursor.number();
    let (mut last, mut files, mut recognised, mut assumed) = (first, Vec::new(), Vec::new(), Vec::new());
    while let Some(line) = cursor.line() {
        let Some(listed) = listed(line.trim()) else { break };
        last = cursor.number();
        if let Some((path, entry)) = listed.file
            && files.len() < MOST_FILES
        {
            recognised.push(format!(
                "{path} mode {:04o}, user {}, group {}",
                entry.mode.0.bits(),
                entry.uid,
                entry.gid
            ));
            for sentence in listed.assumed {
                if !assumed.contains(&sentence) && assumed.len() < 100 {
                    assumed.push(sentence);
                }
            }
            files.push((path, entry));
        }
        cursor.advance();
    }
    if !files.is_empty() {
        assumed.push("ls shows no capabilities of files; none are assumed unless another part says them.".to_owned());
        let says = Says::Files(files);
        found.push(Finding { line: first, last_line: last, form: TextForm::Listing, says, recognised, assumed });
    }
    cursor.number() > first
}

/// A line of a listing. Devices, links and the like are lines of it, and no files that are kept.
struct Listed {
    file: Option<(String, FileEntry)>,
    assumed: Vec<String>,
}

fn listed(line: &str) -> Option<Listed> {
    let mut words = Words { rest: line };
    let mode = words.next()?;
    let kind = mode.chars().next()?;
    let mode = mode_of(mode)?;
    let links = words.next()?;
    links.parse::<u32>().ok()?;
    let (user, group) = (words.next()?, words.next()?);
    let size = words.next()?;
    if size.ends_with(',') {
        words.next()?;
    } else if !size.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    words.skip_time()?;
    let name = words.rest.trim();
    if name.is_empty() {
        return None;
    }
    let mut assumed = Vec::new();
    let mut id = |name: &str, what: &str| {
        let (id, is_assumed) = id_of(name);
        if is_assumed {
            assumed.push(format!("The {what} {name} is assumed to have the id {id}."));
        }
        id
    };
    let (uid, gid) = (id(user, "user"), id(group, "group"));
    let entry = FileEntry { uid, gid, mode: ModeText(mode), directory: kind == 'd', ..FileEntry::default() };
    let is_kept = matches!(kind, '-' | 'd') && !matches!(name, "." | "..");
    Some(Listed { file: is_kept.then(|| (unquoted(name).to_owned(), entry)), assumed })
}

fn unquoted(name: &str) -> &str {
    name.strip_prefix('\'').and_then(|name| name.strip_suffix('\'')).unwrap_or(name)
}

/// `-rwsr-xr-x`, with `.`, `+` or `@` behind it or not.
pub(super) fn mode_of(text: &str) -> Option<Mode> {
    let text = text.trim_end_matches(['.', '+', '@']);
    let letters: [char; 10] = text.chars().collect::<Vec<_>>().try_into().ok()?;
    let [kind, bits @ ..] = letters;
    if !"-dlcbps".contains(kind) {
        return None;
    }
    let mut mode = 0;
    for (at, letter) in bits.into_iter().enumerate() {
        let place = at % 3;
        let (wanted, special) = match (place, at / 3) {
            (0, _) => ('r', None),
            (1, _) => ('w', None),
            (_, 0) => ('x', Some(('s', 0o4000))),
            (_, 1) => ('x', Some(('s', 0o2000))),
            _ => ('x', Some(('t', 0o1000))),
        };
        let bit = 0o400 >> at;
        match letter {
            '-' => {}
            letter if letter == wanted => mode |= bit,
            letter => {
                let (name, bits) = special?;
                if letter == name {
                    mode |= bit | bits;
                } else if letter == name.to_ascii_uppercase() {
                    mode |= bits;
                } else {
                    return None;
                }
            }
        }
    }
    Mode::new(mode)
}

/// The words of a line, one after the other.
struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let text = self.rest.trim_start();
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (word, rest) = text.split_at_checked(end)?;
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// `Jan  1 12:00`, `1 Jan  2024`, `2024-01-01 12:00`, `2024-01-01 12:00:00.000000000 +0000`.
    fn skip_time(&mut self) -> Option<()> {
        let first = self.next()?;
        let second = self.next()?;
        if first.contains('-') {
            let before = Self { rest: self.rest };
            if self.next().is_none_or(|zone| !zone.starts_with(['+', '-']) || zone.len() != 5) {
                *self = before;
            }
            return second.contains(':').then_some(());
        }
        let third = self.next()?;
        let is_day = |word: &str| word.trim_end_matches('.').parse::<u8>().is_ok_and(|day| day <= 31);
        let is_time = third.contains(':') || third.parse::<u16>().is_ok();
        ((is_day(first) || is_day(second)) && is_time).then_some(())
    }
}
