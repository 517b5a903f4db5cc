//! What `stat` prints of a file: whole, and with `-c '%a %u %g %n'` or `-c '%A %U %G %n'`.

use sim_core::file::Mode;
use sim_core::scenario::{FileEntry, ModeText};

use super::id_of;
use super::ls::mode_of;
use crate::finding::{Finding, Says, TextForm};
use crate::mixture::{Cursor, Found};

/// Takes the lines about one file.
pub(crate) fn read(cursor: &mut Cursor<'_>, found: &mut Found) -> bool {
    let Some(line) = cursor.line().map(str::trim) else { return false };
    let first = cursor.number();
    let (path, described) = if let Some(name) = line.strip_prefix("File: ") {
        let name = name.split(" -> ").next().unwrap_or(name);
        let path = name.trim_matches(['\'', '`', '"', '\u{2018}', '\u{2019}']).to_owned();
        let Some(described) = ahead(cursor) else { return false };
        (path, described)
    } else {
        let Some((path, described)) = short(line) else { return false };
        let path = path.to_owned();
        cursor.advance();
        (path, described)
    };
    let Described { mode, user, group, is_directory } = described;
    let mut assumed = Vec::new();
    let mut id = |name: &str, what: &str| {
        let (id, is_assumed) = id_of(name);
        if is_assumed {
            assumed.push(format!("The {what} {name} is assumed to have the id {id}."));
        }
        id
    };
    let (uid, gid) = (id(&user, "user"), id(&group, "group"));
    let entry = FileEntry { uid, gid, mode: ModeText(mode), directory: is_directory, ..FileEntry::default() };
    let recognised = vec![format!("{path} mode {:04o}, user {uid}, group {gid}", mode.bits())];
    assumed.push("stat shows no capabilities of files; none are assumed unless another part says them.".to_owned());
    found.push(Finding {
        line: first,
        last_line: cursor.number().saturating_sub(1).max(first),
        form: TextForm::Mount,
        says: Says::Files(vec![(path, entry)]),
        recognised,
        assumed,
    });
    true
}

struct Described {
    mode: Mode,
    user: String,
    group: String,
    is_directory: bool,
}

/// The line `Access: (0755/-rwxr-xr-x)  Uid: (    0/    root)   Gid: (    0/    root)` within the next ones; the cursor is
/// then behind it.
fn ahead(cursor: &mut Cursor<'_>) -> Option<Described> {
    let mut ahead = cursor.clone();
    for _ in 0..4 {
        ahead.advance();
        let line = ahead.line()?.trim();
        let Some(rest) = line.strip_prefix("Access: (") else { continue };
        let (mode, rest) = rest.split_once('/')?;
        let id = |name: &str| {
            let (_, rest) = rest.split_once(name)?;
            rest.split_once('/').map(|(id, _)| id.trim().to_owned())
        };
        let described = Described {
            mode: mode.parse().ok()?,
            is_directory: rest.starts_with('d'),
            user: id("Uid: (")?,
            group: id("Gid: (")?,
        };
        ahead.advance();
        *cursor = ahead;
        return Some(described);
    }
    None
}

/// `4755 0 0 /usr/bin/sudo`, `-rwsr-xr-x root root /usr/bin/sudo`, `755 root:root /x`.
fn short(line: &str) -> Option<(&str, Described)> {
    let (mode, rest) = line.split_once(' ')?;
    let digits = (3..=5).contains(&mode.len()) && mode.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    let is_directory = mode.starts_with('d');
    let mode = if digits { mode.parse().ok()? } else { mode_of(mode)? };
    let (owner, path) = rest.trim_start().split_once(' ').and_then(|(first, rest)| match first.split_once(':') {
        Some(owner) => Some((owner, rest)),
        None => rest.trim_start().split_once(' ').map(|(second, rest)| ((first, second), rest)),
    })?;
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    let path = path.trim();
    let is_path = path.starts_with('/') && !path.contains(' ');
    let (user, group) = owner;
    (is_path && is_name(user) && is_name(group))
        .then(|| (path, Described { mode, user: user.to_owned(), group: group.to_owned(), is_directory }))
}
