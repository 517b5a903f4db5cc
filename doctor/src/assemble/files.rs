//! The files of a scenario, as they are when something is started.

use std::collections::BTreeMap;

use formats::{Failure, FileCopy};
use sim_core::scenario::{Call, FileEntry, Scenario, verdict};

use super::Draft;
use super::steps::step;
use crate::facts::Facts;
use crate::played::Played;

/// Takes over settings, and what commands did to files.
pub(super) fn take_settings(draft: &mut Draft, facts: &Facts, failure: Option<&Failure>) {
    draft.scenario.sysctl = facts.sysctl;
    change_files(draft, facts, failure);
}

/// What is known of files: as commands left them, else as the text describes them.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) facts: &'a Facts,
    pub(super) changed: &'a BTreeMap<String, FileEntry>,
}

impl<'a> Known<'a> {
    /// What is known of this one.
    pub(super) fn of(self, path: &str) -> Option<&'a FileEntry> {
        self.changed.get(path).or_else(|| self.facts.files.get(path))
    }

    /// Describes the files that a call names; a program and a file that is changed even if nothing is known of it.
    pub(super) fn describe_named(self, scenario: &mut Scenario, call: &Call) {
        let named = call.named_files();
        let described = matches!(call, Call::Execve(_) | Call::FileChange(_));
        for path in [named.file, named.directory, named.makes].into_iter().flatten() {
            if described || self.of(path).is_some() {
                self.describe(scenario, path);
            }
            self.describe_above(scenario, path);
        }
    }

    /// Describes a file with its interpreters and the directories above each.
    fn describe(self, scenario: &mut Scenario, path: &str) {
        let mut next = Some(path.to_owned());
        while let Some(path) = next.take().filter(|path| !scenario.files.contains_key(path)) {
            let entry = self.of(&path).cloned().unwrap_or_default();
            next.clone_from(&entry.interpreter);
            self.describe_above(scenario, &path);
            scenario.files.insert(path, entry);
        }
    }

    /// Describes the directories above a path that are known.
    fn describe_above(self, scenario: &mut Scenario, path: &str) {
        let above = path.match_indices('/').filter_map(|(end, _)| path.get(..end.max(1)));
        for folder in above.filter(|folder| *folder != path) {
            if let Some(entry) = self.of(folder).filter(|entry| entry.directory) {
                scenario.files.entry(folder.to_owned()).or_insert_with(|| entry.clone());
            }
        }
    }
}

/// So many commands that change files are looked at.
const MOST_COMMANDS: usize = 4096;

/// So many losses of capabilities are told.
const MOST_LOSSES: usize = 8;

/// What commands did to files, by root, before anything is started.
fn change_files(draft: &mut Draft, facts: &Facts, failure: Option<&Failure>) {
    let failing = failure.and_then(|failure| failure.call.as_ref());
    let text = Known { facts, changed: &BTreeMap::new() };
    let mut scenario = Scenario::default();
    let mut copies = facts.copies.iter().take(MOST_COMMANDS).peekable();
    for (index, call) in facts.calls.iter().take(MOST_COMMANDS).enumerate() {
        while let Some((_, copy)) = copies.next_if(|(before, _)| *before == index) {
            copy_file(draft, &mut scenario, facts, copy);
        }
        if let Call::FileChange(_) = call
            && Some(call) != failing
        {
            text.describe_named(&mut scenario, call);
            scenario.steps.push(step(call.clone()));
        }
    }
    for (_, copy) in copies {
        copy_file(draft, &mut scenario, facts, copy);
    }
    if facts.calls.len().max(facts.copies.len()) > MOST_COMMANDS {
        draft.assumed.push(format!("Of the commands only the first {MOST_COMMANDS} are looked at."));
    }
    if scenario.steps.is_empty() {
        return;
    }
    draft
        .assumed
        .push("The commands that change files are taken to have been root's, and to have gone through.".into());
    let Ok(Played { outcomes, .. }) = Played::of(&scenario) else { return };
    draft.changed.append(&mut scenario.files);
    for outcome in outcomes {
        let Call::FileChange(change) = &outcome.call else { continue };
        let (Some(before), Some(after)) = (&outcome.file_before, &outcome.file) else { continue };
        let entry = draft.changed.entry(change.path().to_owned()).or_default();
        (entry.uid, entry.gid, entry.mode) = (after.uid, after.gid, after.mode);
        entry.caps.clone_from(&after.caps);
        if before.caps.is_some() && after.caps.is_none() {
            draft.before.push((verdict(&outcome), outcome.result().rules));
        }
    }
    if draft.before.len() > MOST_LOSSES {
        let more = draft.before.len() - MOST_LOSSES;
        draft.before.truncate(MOST_LOSSES);
        draft.before.push((format!("{more} more files lose their capabilities so."), Vec::new()));
    }
}

/// A file that was made of another: most copies leave the capabilities behind.
fn copy_file(draft: &mut Draft, scenario: &mut Scenario, facts: &Facts, copy: &FileCopy) {
    let known = Known { facts, changed: &draft.changed };
    let original = copy.from.as_ref().and_then(|from| known.of(facts.path_of(from)?));
    let mut made = original.cloned().unwrap_or_default();
    if !copy.keeps_capabilities && made.caps.take().is_some() {
        let told = format!("{} was made by a copy that leaves the capabilities behind.", copy.to);
        draft.before.push((told, Vec::new()));
    }
    if let Some((uid, gid)) = copy.owner {
        (made.uid, made.gid) = (uid, gid);
    }
    scenario.files.insert(copy.to.clone(), made.clone());
    draft.changed.insert(copy.to.clone(), made);
}
