//! Commands of a shell that change files or privilege, and Dockerfiles.
//!
//! What a command does is a list of calls of the scenario format where it can be; else it says what was taken for granted.
//! Without a prompt before it, a line is a command only if every word of it fits.

mod calls;
mod capsh;
pub(crate) mod dockerfile;
mod files;
mod namespace;
mod privilege;
mod setpriv;
mod shell;
#[cfg(test)]
mod tests;

use sim_core::kernel::Release;
use sim_core::scenario::{Call, FileEntry, ModeText, ReleaseText};

use crate::finding::{Finding, Says, TextForm};
use crate::mixture::{Cursor, Found};
use crate::system::version;
use shell::Line;

/// What a command does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Done {
    /// What it says, each a finding of its own.
    pub(crate) says: Vec<Says>,
    pub(crate) recognised: Vec<String>,
    pub(crate) assumed: Vec<String>,
}

/// What reading a command gives: nothing if it is none of these, an error if it is one that cannot be.
type Parsed = Option<Result<Done, String>>;

impl Done {
    fn new(says: Says, recognised: impl Into<String>) -> Self {
        Self { says: vec![says], recognised: vec![recognised.into()], assumed: Vec::new() }
    }

    fn calls(calls: Vec<Call>, recognised: impl Into<String>) -> Self {
        Self::new(Says::Calls(calls), recognised)
    }

    fn assuming(mut self, sentence: impl Into<String>) -> Self {
        self.assumed.push(sentence.into());
        self
    }

    /// Before its calls, a program with the set-uid bit that the command is.
    fn of_set_uid(mut self, path: &str) -> Self {
        let mode = "4755".parse().map(ModeText).unwrap_or_default();
        let entry = FileEntry { mode, ..FileEntry::default() };
        self.says.insert(0, Says::Files(vec![(path.to_owned(), entry)]));
        self.assuming(format!("{path} is assumed to belong to root and to have the mode 4755."))
    }
}

/// Takes a line with commands, and the lines that a backslash joins to it.
pub(crate) fn read(cursor: &mut Cursor<'_>, found: &mut Found) -> bool {
    let Some(first) = cursor.line() else { return false };
    if !shell::may_be_command(first) {
        return false;
    }
    let number = cursor.number();
    let mut end = cursor.clone();
    let text = shell::joined(&mut end, false);
    let line = Line::of(&text);
    if line.is_uname() {
        return read_uname(cursor, found);
    }
    if report(&line, (number, end.number().saturating_sub(1).max(number)), TextForm::Command, found) {
        *cursor = end;
        return true;
    }
    if !read_spans(&text, number, found) {
        return false;
    }
    cursor.advance();
    true
}

/// Reports what the commands of a line do; whether there are any.
pub(crate) fn report(line: &Line<'_>, lines: (usize, usize), form: TextForm, found: &mut Found) -> bool {
    let mut any = false;
    for command in line.commands() {
        let runs_paths = line.is_prompted && !line.may_be_remark || form == TextForm::Dockerfile;
        match done_by(&command.words, runs_paths) {
            Some(Ok(Done { says, recognised, assumed })) => {
                any = true;
                for says in says {
                    let (recognised, assumed) = (recognised.clone(), assumed.clone());
                    found.push(Finding { line: lines.0, last_line: lines.1, form, says, recognised, assumed });
                }
            }
            // Prose may begin like a command.
            Some(Err(message)) if line.is_prompted || form == TextForm::Dockerfile || line.is_code => {
                any = true;
                found.misread_at(lines.0, 1, message);
            }
            Some(Err(_)) | None => {}
        }
    }
    any
}

/// What a simple command does.
pub(crate) fn done_by(words: &[String], is_prompted: bool) -> Parsed {
    let words = shell::without_variables(words);
    let (program, arguments) = words.split_first()?;
    let name = program.rsplit('/').next().unwrap_or(program);
    let parsed = match name {
        "setcap" => files::setcap(arguments),
        "chmod" => files::chmod(arguments),
        "chown" | "chgrp" => files::chown(arguments, name == "chgrp"),
        "cp" => files::cp(arguments),
        "mv" => files::mv(arguments),
        "install" => files::install(arguments),
        "tar" => files::tar(arguments),
        "setfattr" => files::setfattr(arguments),
        "sysctl" => namespace::sysctl(arguments),
        "mount" => namespace::mount(arguments),
        "unshare" => namespace::unshare(arguments),
        "strace" => namespace::strace(arguments),
        "su" | "runuser" => privilege::su(name, arguments),
        "sudo" | "doas" => privilege::sudo(program, arguments, is_prompted),
        "gosu" | "su-exec" | "setuidgid" => privilege::gosu(arguments),
        "setpriv" => setpriv::setpriv(arguments),
        "capsh" => capsh::capsh(arguments),
        "exec" | "nohup" | "time" | "command" | "env" if !arguments.is_empty() => {
            return done_by(arguments, is_prompted);
        }
        "echo" => namespace::echo(arguments),
        _ => None,
    };
    // A program by its path, behind a prompt: it is executed.
    parsed.or_else(|| {
        let is_path = program.starts_with('/') || program.starts_with("./");
        (is_path && is_prompted)
            .then(|| Ok(Done::calls(vec![Call::Execve(program.clone())], format!("{program} is executed"))))
    })
}

/// Reads the commands that stand in backticks within a line; whether there are any.
fn read_spans(line: &str, number: usize, found: &mut Found) -> bool {
    let spans = line.split('`').skip(1).step_by(2).take(MOST_SPANS);
    let mut any = false;
    for span in spans.filter(|span| shell::may_be_command(span)) {
        any |= report(&Line::of_code(span), (number, number), TextForm::Command, found);
    }
    any
}

/// So many pieces in backticks of a line are read.
const MOST_SPANS: usize = 20;

/// Takes `uname -r` and the line that it printed.
fn read_uname(cursor: &mut Cursor<'_>, found: &mut Found) -> bool {
    let (line, mut next) = (cursor.number(), cursor.clone());
    next.advance();
    let Some(text) = next.line().map(str::trim).filter(|text| text.starts_with(|c: char| c.is_ascii_digit())) else {
        return false;
    };
    let release: Result<Release, String> = version::release(text);
    match release {
        Ok(release) => found.push(Finding {
            line,
            last_line: next.number(),
            form: TextForm::Version,
            says: Says::Kernel(ReleaseText(release)),
            recognised: vec![format!("kernel {text}")],
            assumed: Vec::new(),
        }),
        Err(message) => found.misread_at(next.number(), 1, message),
    }
    next.advance();
    *cursor = next;
    true
}
