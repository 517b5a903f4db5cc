//! Which program is started.

use formats::Failure;
use sim_core::scenario::Call;

use super::FOLDER;
use crate::facts::Facts;

/// The program that is started, and what was assumed to find it.
pub(super) fn program(command: Option<&str>, facts: &Facts, failure: Option<&Failure>) -> (String, Option<String>) {
    let of_message = failure.and_then(|failure| match (&failure.call, &failure.path) {
        (Some(Call::Execve(path)), _) => Some(path.as_str()),
        (_, path) => path.as_deref(),
    });
    let executable = |path: &&str| !facts.files.get(*path).is_some_and(|entry| entry.directory);
    let with_caps = || {
        let mut paths = facts.files.iter().filter(|(_, entry)| entry.caps.is_some()).map(|(path, _)| path.as_str());
        paths.next().filter(|_| paths.next().is_none())
    };
    let only = || Some(facts.files.keys().next()?.as_str()).filter(|_| facts.files.len() == 1);
    let is_exec = matches!(failure, Some(Failure { call: Some(Call::Execve(_)), .. }));
    let name = of_message.filter(|_| is_exec).or(command).or_else(with_caps).or(of_message).or_else(only);
    let Some(name) = name.filter(executable) else {
        let path = format!("{FOLDER}program");
        let text = format!("Which program runs is not in the text: an ordinary one is taken, {path}.");
        return (path, Some(text));
    };
    if let Some(path) = facts.path_of(name) {
        return (path.to_owned(), None);
    }
    if name.starts_with('/') {
        return (name.to_owned(), None);
    }
    let path = format!("{FOLDER}{}", last_part(name));
    (path.clone(), Some(format!("Where {name:?} is, is not in the text: {path} is taken.")))
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
