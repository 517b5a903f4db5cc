//! Unit files of systemd: what they say about privilege, and what they execute.
//!
//! Assignments add up or replace each other as systemd.exec(5) has it: an empty one resets a list, `~` takes away.

mod capabilities;
mod exec;
mod settings;
#[cfg(test)]
mod tests;

use sim_core::capability::CapSet;
use sim_core::engine::Engine;
use sim_core::scenario::{SecurebitsText, UnitEntry};

use crate::finding::{Container, Finding, Says, TextForm};
use crate::mixture::{Cursor, Found};
use settings::Settings;

/// Sections of unit files.
const SECTIONS: [&str; 13] = [
    "Unit",
    "Service",
    "Install",
    "Socket",
    "Mount",
    "Swap",
    "Timer",
    "Path",
    "Automount",
    "Slice",
    "Scope",
    "Container",
    "Manager",
];

/// Takes a unit file, or lines of one.
pub(crate) fn read(cursor: &mut Cursor<'_>, found: &mut Found) -> bool {
    let Some(line) = cursor.line() else { return false };
    if section(line).is_none() && !begins_inside(line) {
        return false;
    }
    let first = cursor.number();
    let (mut last, mut settings) = (first, Settings::default());
    let mut is_other_section = false;
    while let Some(line) = cursor.line() {
        let text = line.trim();
        let is_blank = text.is_empty();
        if let Some(name) = section(text) {
            is_other_section = !matches!(name, "Service" | "Socket" | "Mount" | "Swap" | "Container");
        } else if let Some((key, _)) = assignment(text) {
            let (key, number) = (key.to_owned(), cursor.number());
            let value = value_of(cursor);
            if !is_other_section {
                settings.assign(&key, &value, number, found);
            }
        } else if !(text.starts_with(['#', ';']) || is_blank && goes_on(cursor)) {
            break;
        }
        if !is_blank {
            last = cursor.number();
        }
        cursor.advance();
    }
    if settings.is_any() {
        for finding in findings(&settings, (first, last)) {
            found.push(finding);
        }
    }
    true
}

/// Whether a line says that the manager of a user is meant.
pub(crate) fn says_user_manager(line: &str) -> bool {
    line.contains("systemctl --user")
        || line.contains("/systemd/user/")
        || line.contains("systemd --user")
        || line.contains("journalctl --user")
}

/// Makes a unit one of the manager of a user.
pub(crate) fn of_user_manager(finding: &mut Finding) {
    if let Says::Container(container) = &mut finding.says
        && let Some(unit) = &mut container.runtime.unit
        && !unit.user_manager
    {
        unit.user_manager = true;
        finding.recognised.push("the manager of a user".into());
        finding.assumed.push("The user of the manager is assumed to have the id 1000 and no capability.".into());
    }
}

fn section(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix('[')?.strip_suffix(']')?;
    (SECTIONS.contains(&name) || name.starts_with("X-")).then_some(name)
}

/// `Key=value`: keys are words that begin with a capital letter.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    let key = key.trim();
    let is_key = key.starts_with(|c: char| c.is_ascii_uppercase()) && key.chars().all(|c| c.is_ascii_alphanumeric());
    is_key.then_some((key, value.trim()))
}

/// A setting about privilege, without the section that it stands in.
fn begins_inside(line: &str) -> bool {
    assignment(line.trim()).is_some_and(|(key, _)| settings::is_about_privilege(key))
}

/// Whether behind blank lines the file goes on.
fn goes_on(cursor: &Cursor<'_>) -> bool {
    let mut ahead = cursor.clone();
    for _ in 0..3 {
        ahead.advance();
        match ahead.line().map(str::trim) {
            Some("") => {}
            Some(line) => {
                return section(line).is_some() || assignment(line).is_some() || line.starts_with(['#', ';']);
            }
            None => return false,
        }
    }
    false
}

/// So many lines are joined.
const MOST_JOINED: usize = 500;

/// The value, with the lines that a backslash at the end joins; the cursor is at the last of them.
fn value_of(cursor: &mut Cursor<'_>) -> String {
    let whole = cursor.line().unwrap_or_default();
    let mut value = whole.split_once('=').map_or("", |(_, value)| value).trim().to_owned();
    for _ in 0..MOST_JOINED {
        if !value.ends_with('\\') {
            break;
        }
        let mut next = cursor.clone();
        next.advance();
        let Some(line) = next.line() else { break };
        value.pop();
        let line = line.trim();
        if line.starts_with(['#', ';']) {
            value.push('\\');
        } else {
            value.push(' ');
            value.push_str(line);
        }
        *cursor = next;
    }
    value.trim_end_matches('\\').trim().to_owned()
}

/// One finding for each program that is executed; one alone if none is.
fn findings(settings: &Settings, (line, last_line): (usize, usize)) -> Vec<Finding> {
    let commands =
        if settings.commands.is_empty() { vec![exec::Command::default()] } else { settings.commands.clone() };
    let one = |command: exec::Command| {
        let mut recognised = settings.recognised.clone();
        let assumed = settings.assumed.clone();
        let container = container(settings, &command, &mut recognised);
        let says = Says::Container(Box::new(container));
        Finding { line, last_line, form: TextForm::Unit, says, recognised, assumed }
    };
    commands.into_iter().map(one).collect()
}

fn container(settings: &Settings, command: &exec::Command, recognised: &mut Vec<String>) -> Container {
    let mut container = Container::of(Engine::Systemd);
    let runtime = &mut container.runtime;
    let mut unit = UnitEntry::default();
    if command.is_privileged {
        recognised.push("+ before the program: without the settings of users and capabilities".into());
    } else {
        if command.keeps_root {
            recognised.push("! before the program: the user is not changed".into());
        } else {
            runtime.user.clone_from(&settings.user);
            if let (Some(user), Some(group)) = (&mut runtime.user, &settings.group) {
                *user = format!("{user}:{group}");
            }
            runtime.uid = settings.uid;
            runtime.gid = settings.gid;
            runtime.groups.clone_from(&settings.groups);
        }
        let all = CapSet::from_bits(ALL);
        unit.bounding = settings.bounding_set().map(|set| (set & all).into());
        unit.ambient = (!settings.ambient.is_empty()).then(|| (settings.ambient & all).into());
        unit.securebits = SecurebitsText(settings.securebits);
        unit.implies_no_new_privileges = !settings.implied_by.is_empty();
        runtime.no_new_privileges = settings.no_new_privileges || settings.is_dynamic_user;
    }
    runtime.unit = Some(unit);
    container.command.clone_from(&command.words);
    container
}

/// Every capability that has a name.
const ALL: u64 = (1 << 41) - 1;
