//! In the words of setpriv(1), for a process that something starts.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::capability::CapSet;
use crate::scenario::{FourIds, Process};
use crate::search::edit::{Edit, ProcessSet, names};

/// How to start the process.
pub(super) fn launch(old: &Process, new: &Process, edits: &[Edit], commands: &mut Vec<String>) {
    let with = |wanted: ProcessSet| {
        edits.iter().fold(CapSet::EMPTY, |all, edit| match edit {
            Edit::StartWith { set, caps } if *set == wanted => all | *caps,
            _ => all,
        })
    };
    let listed = |caps: CapSet| names(caps, ",", |name| format!("+{}", name.strip_prefix("cap_").unwrap_or(name)));
    let mut options = Vec::new();
    let (ambient, inheritable) = (with(ProcessSet::Ambient), with(ProcessSet::Inheritable));
    if new.uid != old.uid {
        let FourIds([uid, ..]) = new.uid.unwrap_or(FourIds([0; 4]));
        options.push(format!("--reuid={uid}"));
    }
    if new.groups != old.groups {
        let groups: Vec<_> = new.groups.iter().map(ToString::to_string).collect();
        options.push(format!("--groups={}", groups.join(",")));
    }
    if !(ambient | inheritable).is_empty() {
        options.push(format!("--inh-caps={}", listed(ambient | inheritable)));
    }
    if !ambient.is_empty() {
        options.push(format!("--ambient-caps={}", listed(ambient)));
    }
    if !options.is_empty() {
        commands.push(format!("setpriv {} PROGRAM", options.join(" ")));
    }
    let permitted = with(ProcessSet::Permitted);
    if !permitted.is_empty() {
        commands.push(format!("setcap {}=ep PROGRAM", names(permitted, ",", str::to_string)));
    }
    let bounding = with(ProcessSet::Bounding);
    if !bounding.is_empty() {
        commands.push(format!("whoever starts it must not drop {} from the bounding set", bounding.in_words()));
    }
    for edit in edits {
        match edit {
            Edit::ClearSecurebits(_)
            | Edit::WithoutNoNewPrivs
            | Edit::Untraced
            | Edit::PowerfulTracer
            | Edit::OwnFilesystemContext
            | Edit::InitialUserNamespace => commands.push(edit.to_string()),
            _ => {}
        }
    }
}
