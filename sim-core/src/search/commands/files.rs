//! In the words of setcap(8), chmod(1), chown(1) and mount(8).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::scenario::{CapsEntry, FileEntry, Scenario};

/// What is done to files.
pub(super) fn files(before: &Scenario, after: &Scenario, commands: &mut Vec<String>) {
    for (path, new) in &after.files {
        if let Some(old) = before.files.get(path)
            && old != new
        {
            file(&quoted(path), old, new, commands);
        }
    }
}

fn file(path: &str, old: &FileEntry, new: &FileEntry, commands: &mut Vec<String>) {
    if old.uid != new.uid {
        commands.push(format!("chown {} {path}", new.uid));
    }
    if old.gid != new.gid {
        commands.push(format!("chgrp {} {path}", new.gid));
    }
    if old.mode != new.mode {
        commands.push(format!("chmod {} {path}", new.mode.0));
    }
    if old.nosuid && !new.nosuid {
        commands.push(format!("mount -o remount,suid MOUNTPOINT, or move {path} to a mount without nosuid"));
    }
    if old.noexec && !new.noexec {
        commands.push(format!("mount -o remount,exec MOUNTPOINT, or move {path} to a mount without noexec"));
    }
    if old.interpreter.is_some() && new.interpreter.is_none() {
        commands.push(format!("put a compiled program in place of the script {path}"));
    }
    // A change of owner takes the attribute away, and so it is written last.
    let owned = old.uid != new.uid || old.gid != new.gid;
    match &new.caps {
        Some(caps) if old.caps != new.caps || owned => commands.push(setcap(path, caps)),
        None if old.caps.is_some() && !owned => commands.push(format!("setcap -r {path}")),
        _ => {}
    }
}

fn setcap(path: &str, caps: &CapsEntry) -> String {
    let all = crate::capability::CapSet::up_to(crate::capability::Capability::LAST_NAMED);
    match caps.resolve(all) {
        Ok(caps) if caps.rootid() != 0 => {
            let rootid = caps.rootid();
            let plain = crate::file::VfsCaps { revision: crate::file::Revision::V2, ..caps };
            format!("setcap -n {rootid} {} {path}", quoted(&format!("{plain}")))
        }
        Ok(caps) => format!("setcap {} {path}", quoted(&format!("{caps}"))),
        Err(_) => format!("setcap -r {path}"),
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-=+,:@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
