//! Commands that take on another user: su, sudo, gosu and their like.

use sim_core::calls::IdChange;
use sim_core::scenario::Call;

use super::calls::{execve, group, id, user};
use super::shell::Arguments;
use super::{Done, Parsed, done_by};

/// `su [-] [USER] [-c COMMAND]`, `runuser -u USER -- COMMAND`.
pub(super) fn su(name: &str, words: &[String]) -> Parsed {
    let is_login = |word: &String| word == "-";
    let rest: Vec<String> = words.iter().filter(|word| !is_login(word)).cloned().collect();
    let values = ["c", "s", "u", "g", "G", "command", "shell", "user", "group", "session-command"];
    let arguments = Arguments::of(&rest, &values, false);
    let known =
        ["c", "s", "u", "g", "G", "l", "m", "p", "P", "command", "shell", "user", "login", "preserve-environment"];
    let command = arguments.value(&["c", "command", "session-command"]);
    let (by_option, by_position) = (arguments.value(&["u", "user"]), arguments.rest.first().copied());
    // "su fails": prose, and so is "su" alone.
    let says_much =
        command.is_some() || words.iter().any(is_login) || by_option.is_some() || arguments.has(&["s", "shell"]);
    if !arguments.only(&known) || !says_much && arguments.rest.len() != 1 {
        return None;
    }
    let name_of_user = by_option.or(by_position).unwrap_or("root");
    if !is_name(name_of_user) {
        return None;
    }
    let mut assumed = Vec::new();
    let uid = id(name_of_user, "user", &mut assumed);
    let shell = arguments.value(&["s", "shell"]).unwrap_or("/bin/sh").to_owned();
    let mut calls = Vec::new();
    if name == "su" {
        calls.push(Call::Execve("/bin/su".into()));
    }
    calls.extend(identity(uid, uid));
    if by_option.is_some() && command.is_none() {
        calls.extend(execve(&arguments.rest));
    } else {
        calls.push(Call::Execve(shell));
        calls.extend(command.and_then(program_of).map(Call::Execve));
    }
    let mut done = Done::calls(calls, format!("{name} to the user {name_of_user}"));
    done.assumed = assumed;
    let done = done.assuming("The user is assumed to have no supplementary groups, and PAM to change nothing else.");
    Some(Ok(if name == "su" { done.of_set_uid("/bin/su") } else { done }))
}

/// `sudo [-u USER] COMMAND`: what the command does by itself, if that is known.
pub(super) fn sudo(program: &str, words: &[String], is_prompted: bool) -> Parsed {
    let values = ["u", "g", "U", "C", "h", "p", "r", "t", "user", "group", "prompt", "chdir", "D"];
    let arguments = Arguments::of(words, &values, true);
    let known = [
        "u",
        "g",
        "E",
        "H",
        "n",
        "S",
        "s",
        "i",
        "b",
        "k",
        "user",
        "group",
        "preserve-env",
        "non-interactive",
        "login",
        "shell",
    ];
    if !arguments.only(&known) || arguments.rest.is_empty() {
        return None;
    }
    let name = arguments.value(&["u", "user"]).unwrap_or("root");
    let rest: Vec<String> = arguments.rest.iter().map(|word| (*word).to_owned()).collect();
    let inner = done_by(&rest, false);
    if name == "root"
        && let Some(inner) = inner
    {
        return Some(inner.map(|done| done.assuming("sudo makes it root first.")));
    }
    let command = *arguments.rest.first()?;
    let is_program = command.contains('/') || arguments.has(&["u", "user"]) && is_name(command);
    if !is_name(name) || !is_program || !is_prompted && !command.contains('/') {
        return None;
    }
    let mut assumed = Vec::new();
    let uid = id(name, "user", &mut assumed);
    let path = if program.contains('/') { program.to_owned() } else { "/usr/bin/sudo".to_owned() };
    let mut calls = vec![Call::Execve(path.clone())];
    calls.extend(identity(uid, uid));
    calls.push(Call::Execve(command.to_owned()));
    let mut done = Done::calls(calls, format!("sudo to the user {name}"));
    done.assumed = assumed;
    Some(Ok(done.of_set_uid(&path)))
}

/// `gosu USER[:GROUP] COMMAND`, `su-exec USER[:GROUP] COMMAND`.
pub(super) fn gosu(words: &[String]) -> Parsed {
    let [owner, rest @ ..] = words else { return None };
    let (name, group_name) =
        owner.split_once(':').map_or((owner.as_str(), None), |(name, group)| (name, Some(group)));
    if !is_name(name) || rest.is_empty() {
        return None;
    }
    let mut assumed = Vec::new();
    let uid = id(name, "user", &mut assumed);
    let gid = group_name.map_or(uid, |group| id(group, "group", &mut assumed));
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    let calls = identity(uid, gid).into_iter().chain(execve(&rest)).collect();
    let mut done = Done::calls(calls, format!("to the user {owner}"));
    done.assumed = assumed;
    Some(Ok(done))
}

/// Groups, group and user, in the order in which every such program sets them.
pub(super) fn identity(uid: u32, gid: u32) -> [Call; 3] {
    [Call::Setgroups(vec![gid]), group(IdChange::Set(gid)), user(IdChange::Set(uid))]
}

/// The program of a command line, if it is a path.
pub(super) fn program_of(line: &str) -> Option<String> {
    let words = shlex::split(line)?;
    let word = super::shell::without_variables(&words).iter().find(|word| *word != "exec")?;
    word.contains('/').then(|| word.clone())
}

pub(super) fn is_name(word: &str) -> bool {
    !word.is_empty()
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-.$".contains(c))
        && !word.starts_with('-')
}
