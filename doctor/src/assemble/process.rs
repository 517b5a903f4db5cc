//! A process that was looked at, or one of which only commands and messages tell.

use std::collections::BTreeMap;

use formats::Failure;
use sim_core::capability::CapSet;
use sim_core::scenario::{Call, FourIds, Scenario, SetText, UserNamespaceEntry};

use super::files::take_settings;
use super::program::program;
use super::steps::add_steps;
use super::{Draft, SOME_USER};
use crate::facts::{Facts, Seen, three_numbers};
use crate::played::Played;

pub(super) fn of_process(seen: &Seen, facts: &Facts, failure: Option<&Failure>) -> Draft {
    let Seen { line, process } = seen;
    let mut draft = Draft {
        title: "the process".into(),
        line: Some(*line),
        scenario: Scenario { process: process.clone(), ..Scenario::default() },
        failed: None,
        of_process: true,
        assumed: Vec::new(),
        changed: BTreeMap::new(),
        before: Vec::new(),
    };
    complete(&mut draft);
    enter_namespace(&mut draft, facts);
    if process.seccomp.is_empty() {
        draft.scenario.process.seccomp.extend(facts.profiles.first().cloned());
    }
    take_settings(&mut draft, facts, failure);
    // One whose sets are known runs already, unless the message is about its start or its file's capabilities are void.
    let sets = process.permitted.or(process.effective).map(|set| set.resolve(CapSet::EMPTY));
    let about_start = failure.is_none_or(|failure| !matches!(failure.call, Some(Call::Execve(_)) | None));
    let with_caps = facts.files.values().any(|file| file.caps.is_some());
    let runs = sets.is_some_and(|set| !set.is_empty() || !with_caps) && about_start && failure.is_some();
    let program = (!runs).then(|| program(None, facts, failure));
    add_steps(&mut draft, program, facts, failure, &[]);
    draft
}

/// Fills what is not known of a process from what is.
fn complete(draft: &mut Draft) {
    let process = &mut draft.scenario.process;
    let set = |set: Option<SetText>| set.map(|set| set.resolve(CapSet::EMPTY));
    let held = set(process.effective).unwrap_or_default() | set(process.ambient).unwrap_or_default();
    if process.uid.is_none() {
        let root = held.len() > MANY;
        let id = if root { 0 } else { SOME_USER };
        process.uid = Some(FourIds([id; 4]));
        process.gid = process.gid.or(process.uid);
        draft.assumed.push(format!("Its user id is not in the text: {id} is taken."));
    }
    if !held.is_empty() && process.permitted.is_none() {
        process.permitted = Some(held.into());
        draft.assumed.push("Its permitted set is not in the text: what is effective or ambient is taken.".into());
    }
    if let (Some(ambient), None) =
        (process.ambient.filter(|set| set.resolve(CapSet::EMPTY) != CapSet::EMPTY), process.inheritable)
    {
        process.inheritable = Some(ambient);
        draft.assumed.push("Its inheritable set is not in the text: what is ambient is taken.".into());
    }
    let permitted = set(process.permitted).unwrap_or_default();
    if process.permitted.is_some() && process.effective.is_none() {
        process.effective = Some(permitted.into());
        draft.assumed.push("Its effective set is not in the text: what is permitted is taken.".into());
    }
    let some_root = process.uid.is_some_and(|FourIds([_, effective, ..])| effective == 0);
    if some_root && process.permitted.is_none() && process.bounding.is_some() {
        (process.permitted, process.effective) = (process.bounding, process.bounding);
        draft
            .assumed
            .push("Its permitted set is not in the text: all of the bounding set is taken, for it is root.".into());
    }
}

/// Puts the process into the user namespace whose map is in the text, if its ids are seen from outside.
fn enter_namespace(draft: &mut Draft, facts: &Facts) {
    let Some(map) = &facts.uid_map else { return };
    let lines: Vec<[u32; 3]> = map.lines().filter_map(three_numbers).collect();
    let inside = |id: u32| {
        let within = lines.iter().find(|[_, outside, count]| id >= *outside && id - outside < *count);
        within.map(|[inside, outside, _]| inside + (id - outside))
    };
    let process = &mut draft.scenario.process;
    let Some(FourIds(uid)) = process.uid else { return };
    let moved: Option<Vec<u32>> = uid.iter().map(|id| inside(*id)).collect();
    let Some(Ok(uid)) = moved.map(<[u32; 4]>::try_from) else { return };
    let gid = process.gid.and_then(|FourIds(gid)| gid.iter().map(|id| inside(*id)).collect::<Option<Vec<u32>>>());
    process.uid = Some(FourIds(uid));
    process.gid = gid.and_then(|gid| <[u32; 4]>::try_from(gid).ok()).map(FourIds).or(process.uid);
    process.user_ns = Some("inner".to_owned());
    let owner = lines.first().map(|[_, outside, _]| *outside);
    let entry = UserNamespaceEntry {
        owner,
        uid_map: Some(map.clone()),
        gid_map: Some(map.clone()),
        ..UserNamespaceEntry::default()
    };
    draft.scenario.user_namespaces.insert("inner".to_owned(), entry);
    draft
        .assumed
        .push("The ids of the process are those that the host sees; groups are taken to be mapped as users.".into());
}

/// So many capabilities only root has.
const MANY: u32 = 30;

pub(super) fn of_nobody(facts: &Facts, failure: Option<&Failure>) -> Draft {
    let mut draft = Draft {
        title: "the program".into(),
        line: None,
        scenario: Scenario::default(),
        failed: None,
        of_process: false,
        assumed: Vec::new(),
        changed: BTreeMap::new(),
        before: Vec::new(),
    };
    if let Some(profile) = facts.profiles.first() {
        draft.scenario.process.seccomp.push(profile.clone());
    }
    take_settings(&mut draft, facts, failure);
    let by_root = facts.calls.iter().any(needs_root);
    let user = FourIds([SOME_USER; 4]);
    if by_root {
        draft.assumed.push("Who runs the commands is not in the text: root is taken, with every capability.".into());
    } else {
        (draft.scenario.process.uid, draft.scenario.process.gid) = (Some(user), Some(user));
        draft.assumed.push(format!(
            "Who runs it is not in the text: an ordinary user is taken, id {SOME_USER}, without capabilities."
        ));
    }
    for call in facts.calls.iter().filter(|call| !matches!(call, Call::FileChange(_))) {
        draft.add_step(facts, call.clone());
    }
    if let Some(failure) = failure
        && let Ok(played) = Played::of(&draft.scenario)
        && let Some(step) = played.refused_with(failure.errno)
    {
        // What the text shows of the failure is one of these commands.
        draft.failed = Some((step, failure.clone()));
        return draft;
    }
    let executed = facts.calls.iter().any(|call| matches!(call, Call::Execve(_)));
    let program = (!executed).then(|| program(None, facts, failure));
    add_steps(&mut draft, program, facts, failure, &[]);
    draft
}

/// Whether a command makes sense for root alone.
pub(super) fn needs_root(call: &Call) -> bool {
    matches!(call, Call::SetId(_) | Call::Setgroups(_))
}
