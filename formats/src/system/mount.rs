//! Mounts with their options, as `mount`, `findmnt` and `/proc/mounts` show them.

use crate::finding::{Finding, Mount, Says, TextForm};
use crate::mixture::{Cursor, Found};

/// Takes a line about a mount.
pub(crate) fn read(cursor: &mut Cursor<'_>, found: &mut Found) -> bool {
    let Some((path, options)) = cursor.line().and_then(parts) else { return false };
    let has = |name: &str| options.split(',').any(|option| option == name);
    let mount = Mount { path: path.to_owned(), nosuid: has("nosuid"), noexec: has("noexec") };
    let number = cursor.number();
    let mut recognised = vec![format!("mount {path}")];
    recognised.extend(["nosuid", "noexec"].into_iter().filter(|name| has(name)).map(str::to_owned));
    found.push(Finding {
        line: number,
        last_line: number,
        form: TextForm::Mount,
        says: Says::Mount(mount),
        recognised,
        assumed: Vec::new(),
    });
    cursor.advance();
    true
}

fn parts(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    // "/dev/sda2 on /home type ext4 (rw,nosuid,nodev)"
    if let Some((_, rest)) = line.split_once(" on /")
        && let Some((path, rest)) = rest.split_once(" type ")
        && let Some((_, options)) = rest.split_once(" (")
    {
        let start = line.len() - rest.len() - " type ".len() - path.len() - 1;
        let path = line.get(start..start + path.len() + 1)?;
        return options.strip_suffix(')').filter(|options| are_options(options)).map(|options| (path, options));
    }
    let words: Vec<&str> = line.split_ascii_whitespace().take(8).collect();
    match words.as_slice() {
        // "/dev/sda2 /home ext4 rw,nosuid 0 0", of /proc/mounts and of fstab.
        [_, path, _, options, "0" | "1", "0" | "1" | "2"] if path.starts_with('/') && are_options(options) => {
            Some((path, options))
        }
        // "/home /dev/sda2 ext4 rw,nosuid", of findmnt, with branches before it or not.
        [path, _, _, options] if are_options(options) => {
            let path = path.trim_start_matches(['\u{251c}', '\u{2514}', '\u{2500}', '\u{2502}', '|', '`', '-']);
            path.starts_with('/').then_some((path, *options))
        }
        // "/home ext4 rw,nosuid", of findmnt -o TARGET,FSTYPE,OPTIONS.
        [path, kind, options] if path.starts_with('/') && !kind.contains('/') && are_options(options) => {
            Some((path, *options))
        }
        _ => None,
    }
}

/// `rw,…` or `ro,…`, as every line has first; fstab also `defaults` and others.
fn are_options(text: &str) -> bool {
    let mut options = text.split(',');
    options.next().is_some_and(|first| ["rw", "ro", "defaults", "nosuid", "noexec", "nodev"].contains(&first))
        && text.chars().all(|c| !c.is_whitespace())
}
