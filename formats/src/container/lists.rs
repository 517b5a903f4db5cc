use sim_core::capability::{CapSet, Capability};
use sim_core::engine::Engine;
use sim_core::scenario::Process;

use super::draft::Draft;
use super::is_too_long;
use super::notes::{Notes, Place, shown};
use crate::{Finding, Reading, Says, TextForm};

/// A line is looked at up to this many bytes.
const MAX_LIST: usize = 1 << 16;

/// The fields that are printed so.
const FIELDS: [&str; 4] = ["CapAdd", "CapDrop", "EffectiveCaps", "BoundingCaps"];

/// Reads lists in brackets, each on its line, as `--format '{{.HostConfig.CapAdd}}'` has inspect print them:
/// `[NET_ADMIN SYS_TIME]`, or `["NET_ADMIN"]` with `{{json …}}`. The command before a list tells what it is of; without
/// one, a list of capabilities is taken to be those that are added. Other lines are passed over.
///
/// ```
/// use formats::{Says, container};
///
/// let reading = container::read_lists("[NET_ADMIN SYS_TIME]\n");
/// let Says::Container(container) = &reading.findings[0].says else { panic!() };
/// assert_eq!(container.runtime.cap_add, ["NET_ADMIN", "SYS_TIME"]);
/// ```
pub fn read_lists(text: &str) -> Reading {
    let mut notes = Notes::default();
    if is_too_long(text, &mut notes) {
        return notes.finish();
    }
    let mut asked = None;
    for (index, line) in text.lines().enumerate() {
        if line.len() > MAX_LIST || notes.is_full() {
            continue;
        }
        let line = line.trim();
        let place = Place { line: index + 1, column: 1 };
        if line.contains("inspect") {
            asked = Some(Asked::read(line)).filter(|asked| !asked.fields.is_empty());
        } else if line.starts_with('[') {
            if let Some(lists) = lists(line) {
                read_line(&lists, asked.take().as_ref(), place, &mut notes);
            }
        } else if !line.is_empty() {
            asked = None;
        }
    }
    notes.finish()
}

/// What a command before the lists asks for.
struct Asked {
    is_podman: bool,
    fields: Vec<&'static str>,
}

impl Asked {
    fn read(line: &str) -> Self {
        let mut found: Vec<_> = FIELDS.iter().filter_map(|field| Some((line.find(field)?, *field))).collect();
        found.sort_unstable();
        let is_podman = line.contains("podman") || line.contains("EffectiveCaps") || line.contains("BoundingCaps");
        Self { is_podman, fields: found.into_iter().map(|(_, field)| field).collect() }
    }
}

/// The lists of a line that has nothing else.
fn lists(line: &str) -> Option<Vec<Vec<&str>>> {
    let mut lists = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let (list, after) = rest.strip_prefix('[')?.split_once(']')?;
        let names = list.split([' ', ',']).map(|name| name.trim().trim_matches('"')).filter(|name| !name.is_empty());
        lists.push(names.collect());
        rest = after.trim_start();
    }
    Some(lists)
}

fn read_line(lists: &[Vec<&str>], asked: Option<&Asked>, place: Place, notes: &mut Notes) {
    let can_be = |name: &&&str| {
        let bare = name.strip_prefix("CAP_").unwrap_or(name);
        name.eq_ignore_ascii_case("ALL") || Capability::from_name(bare).is_some()
    };
    let names = || lists.iter().flatten();
    if asked.is_none() && names().find(can_be).is_none() {
        return;
    }
    let is_podman = asked.is_some_and(|asked| asked.is_podman);
    let (form, engine) =
        if is_podman { (TextForm::PodmanInspect, Engine::Podman) } else { (TextForm::DockerInspect, Engine::Docker) };
    let mut draft = Draft::new(form, engine, place);
    let mut process = Process::default();
    let mut is_process = false;
    for (index, list) in lists.iter().enumerate() {
        let field = asked.and_then(|asked| asked.fields.get(index).copied());
        for name in list {
            draft.recognise(format!("{} {}", field.unwrap_or("CapAdd"), shown(name)));
            if !can_be(&name) {
                notes.misread(place, format!("{:?} is no capability that is known here", shown(name)));
            }
        }
        let texts = || list.iter().map(|name| (*name).to_owned());
        let set =
            || list.iter().filter_map(|name| CapSet::from_name(name).ok()).fold(CapSet::EMPTY, |all, one| all | one);
        match field {
            Some("CapDrop") => draft.container.runtime.cap_drop.extend(texts()),
            Some("EffectiveCaps") => {
                is_process = true;
                process.permitted = Some(set().into());
                process.effective = Some(set().into());
            }
            Some("BoundingCaps") => {
                is_process = true;
                process.bounding = Some(set().into());
            }
            _ => draft.container.runtime.cap_add.extend(texts()),
        }
        if list.is_empty() {
            draft.recognise(format!("{} is empty", field.unwrap_or("a list")));
        }
    }
    if asked.is_none() {
        draft.assume("The list is taken to be HostConfig.CapAdd of Docker.");
    }
    if is_process {
        draft.assume("The permitted set is taken to be the effective one, as Podman hands them over.");
    } else {
        draft.assume_users_of_image();
    }
    let finding = draft.finish(place.line);
    notes.found(if is_process { Finding { says: Says::Process(Box::new(process)), ..finding } } else { finding });
}
