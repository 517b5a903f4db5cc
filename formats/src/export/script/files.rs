//! The files of a scenario, made below a folder that stands for the root.

use std::fmt::Write as _;

use sim_core::capability::CapSet;
use sim_core::file::{Revision, VfsCaps};
use sim_core::scenario::{CapsEntry, FileEntry};
use sim_core::text::HexBytes;

use super::super::tools::cap_text;
use super::super::{ExportError, quote};
use super::emit::{Emitted, StandIn};
use super::operation::{check_path, path as file_path};
use super::plan::Plan;

/// How long the first line of a script may be for the kernel, without its beginning and what is put before the path.
const LONGEST_INTERPRETER: usize = 200;

/// The commands that make the files.
pub(super) fn files(plan: &Plan, emitted: &Emitted) -> Result<String, ExportError> {
    let mut text = String::new();
    for (path, entry) in &plan.scenario.files {
        let error = |reason: String| ExportError::File { path: path.clone(), reason };
        let made = file_path(path).map_err(error)?;
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        if !parent.is_empty() && !plan.scenario.files.contains_key(parent) {
            line(&mut text, &format!("mkdir -p -- \"$root\"{}", quote::word(parent)));
        }
        line(&mut text, &contents(path, &made, entry, emitted).map_err(error)?);
    }
    // From the deepest on, so that no command meets what the one before it took away.
    for (path, entry) in plan.scenario.files.iter().rev() {
        let error = |reason: String| ExportError::File { path: path.clone(), reason };
        let made = file_path(path).map_err(error)?;
        line(&mut text, &format!("chown {}:{} {made}", entry.uid, entry.gid));
        line(&mut text, &format!("chmod {} {made}", entry.mode.0));
        if let Some(caps) = &entry.caps {
            let (tool, arguments) = setcap(caps, plan.all).map_err(error)?;
            line(&mut text, &format!("{tool} {arguments} {made}"));
        }
        let options = match (entry.nosuid, entry.noexec) {
            (false, false) => continue,
            (true, false) => "nosuid",
            (false, true) => "noexec",
            (true, true) => "nosuid,noexec",
        };
        line(&mut text, &format!("mount --rbind {made} {made}"));
        line(&mut text, &format!("mount -o remount,bind,{options} {made}"));
    }
    Ok(text)
}

/// The command that makes a file.
fn contents(path: &str, made: &str, entry: &FileEntry, emitted: &Emitted) -> Result<String, String> {
    if entry.directory {
        return Ok(format!("mkdir -p -- {made}"));
    }
    if let Some(interpreter) = &entry.interpreter {
        check_path(interpreter)?;
        let fits =
            interpreter.len() <= LONGEST_INTERPRETER && interpreter.bytes().all(|byte| byte.is_ascii_graphic());
        if !fits {
            return Err("the first line of a script cannot hold the path of its interpreter".to_owned());
        }
        let script = r#"for last; do :; done; . "$last""#;
        return Ok(format!("printf '#!%s%s -p\\n%s\\n' \"$root\" {} '{script}' >{made}", quote::word(interpreter)));
    }
    Ok(match emitted.stand_ins.get(path) {
        Some(StandIn::Shell) => format!("cp -- \"$shell\" {made}"),
        Some(StandIn::Capsh) => format!("cp -- \"$(command -v capsh)\" {made}"),
        None => format!("echo nothing >{made}"),
    })
}

/// The tool and the arguments that store an attribute: setcap where it can say it, setfattr with the bytes otherwise.
pub(in crate::export) fn setcap(caps: &CapsEntry, all: CapSet) -> Result<(&'static str, String), String> {
    let bytes = caps.to_bytes(all);
    let refuses = || {
        "the kernel stores no such attribute: of revisions 2 and 3 only, and only with the flag that they have"
            .to_owned()
    };
    let read = VfsCaps::from_bytes(&bytes).map_err(|_| refuses())?;
    if read.flags > 1 || read.revision == Revision::V1 {
        return Err(refuses());
    }
    let VfsCaps { permitted, inheritable, .. } = read;
    let sayable = !read.effective() || !(permitted | inheritable).is_empty();
    if !sayable || !(permitted | inheritable).is_subset(named()) {
        return Ok(("setfattr", format!("-n security.capability -v 0x{}", HexBytes(&bytes))));
    }
    let effective = if read.effective() { permitted | inheritable } else { CapSet::EMPTY };
    let text = match cap_text(effective, permitted, inheritable) {
        text if text.is_empty() => "=".to_owned(),
        text => text,
    };
    let text = quote::word(&text);
    Ok((
        "setcap",
        match read.revision {
            Revision::V3 { rootid } => format!("-n {rootid} {text}"),
            _ => text,
        },
    ))
}

fn named() -> CapSet {
    sim_core::capability::Capability::all_named().collect()
}

fn line(text: &mut String, line: &str) {
    let _ = writeln!(text, "{line}");
}
