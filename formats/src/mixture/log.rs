//! Logs of system calls within a text: lines of strace, and records of the audit subsystem.

mod step;

use std::collections::HashMap;

use sim_core::seccomp::syscalls;

use super::{Cursor, Found};
use crate::finding::{Failure, Finding, Says, TextForm};
use crate::lines::Line;
use crate::{audit, strace};

/// Kinds of failures that are told apart in a log.
const MOST_KINDS: usize = 200;

/// The logs that are being read; lines of other kinds may stand between theirs.
#[derive(Debug, Default)]
pub(super) struct Logs {
    strace: Option<Log>,
    audit: Option<Log>,
    reader: Option<strace::Reader<&'static [u8]>>,
}

/// A log of one kind.
#[derive(Debug)]
struct Log {
    form: TextForm,
    first: usize,
    last: usize,
    calls: usize,
    failures: Vec<Failed>,
    /// Where in `failures` a kind of failure is.
    kinds: HashMap<(String, &'static str), usize>,
}

/// The first failure of a kind, and how many there are.
#[derive(Debug)]
struct Failed {
    line: usize,
    count: usize,
    failure: Failure,
    assumed: Vec<String>,
}

impl Logs {
    /// Takes a line of a log.
    pub(super) fn take(&mut self, cursor: &mut Cursor<'_>, _found: &mut Found) -> bool {
        let Some(text) = cursor.line() else { return false };
        let number = cursor.number();
        if !self.take_audit(text, number) && !self.take_strace(text, number) {
            return false;
        }
        cursor.advance();
        true
    }

    /// What was read so far is a log; another begins with the next line of one.
    pub(super) fn end(&mut self, found: &mut Found) {
        for log in [self.strace.take(), self.audit.take()].into_iter().flatten() {
            log.end(found);
        }
        self.reader = None;
    }

    fn take_strace(&mut self, text: &str, number: usize) -> bool {
        let Some(sign) = sign_of(text) else { return false };
        if self.strace.is_none() && sign == Sign::Event {
            return false;
        }
        let line = Line { number: u64::try_from(number).unwrap_or(u64::MAX), text: text.to_owned(), cut: false };
        let reader = self.reader.get_or_insert_with(|| strace::read(b""));
        let record = match reader.take(&line) {
            Some(Err(_)) => return false,
            Some(Ok(record)) => Some(record),
            None => None,
        };
        if let Some(strace::Record::Call(call)) = &record
            && self.strace.is_none()
            && !is_known(call)
        {
            return false;
        }
        let log = self.strace.get_or_insert_with(|| Log::new(TextForm::Strace, number));
        log.last = number;
        match record {
            Some(strace::Record::Call(call)) => {
                log.calls += 1;
                if let strace::Outcome::Failed(name) = &call.outcome
                    && let Some(errno) = refusal(name)
                {
                    let add = || {
                        let (step, assumed) = step::of_call(&call, text);
                        let failure = Failure {
                            id: "strace",
                            message: text.chars().take(step::SHOWN).collect(),
                            path: step::path_of(text),
                            call: step,
                            errno: Some(errno),
                        };
                        Failed { line: number, count: 0, failure, assumed }
                    };
                    log.fail(call.name.clone(), errno, add);
                }
            }
            Some(strace::Record::Trapped(trapped)) => {
                let name = trapped.name.unwrap_or_default();
                let add = || {
                    let (call, assumed) = step::of_name(&name);
                    let message = text.chars().take(step::SHOWN).collect();
                    let failure = Failure { id: "strace", message, call, path: None, errno: None };
                    Failed { line: number, count: 0, failure, assumed }
                };
                log.fail(name.clone(), "SIGSYS", add);
            }
            Some(strace::Record::Killed { .. }) | None => {}
        }
        true
    }

    fn take_audit(&mut self, text: &str, number: usize) -> bool {
        if !text.contains("SECCOMP") && !text.contains("type=1326") {
            return false;
        }
        let line = Line { number: u64::try_from(number).unwrap_or(u64::MAX), text: text.to_owned(), cut: false };
        let Some(Ok(record)) = audit::record(&line) else { return false };
        let log = self.audit.get_or_insert_with(|| Log::new(TextForm::Audit, number));
        log.last = number;
        log.calls += 1;
        let add = || {
            let failure = Failure {
                id: "audit",
                message: text.chars().take(step::SHOWN).collect(),
                call: step::of_record(&record),
                path: record.exe.clone(),
                errno: None,
            };
            Failed { line: number, count: 0, failure, assumed: Vec::new() }
        };
        log.fail(format!("{} of {}", record.number, record.architecture), "SECCOMP", add);
        true
    }
}

impl Log {
    fn new(form: TextForm, line: usize) -> Self {
        Self { form, first: line, last: line, calls: 0, failures: Vec::new(), kinds: HashMap::new() }
    }

    fn fail(&mut self, name: String, errno: &'static str, first: impl FnOnce() -> Failed) {
        let next = self.failures.len();
        match self.kinds.get(&(name.clone(), errno)) {
            Some(at) => {
                if let Some(failed) = self.failures.get_mut(*at) {
                    failed.count += 1;
                }
            }
            None if next < MOST_KINDS => {
                self.kinds.insert((name, errno), next);
                self.failures.push(Failed { count: 1, ..first() });
            }
            None => {}
        }
    }

    fn end(self, found: &mut Found) {
        let Self { form, first: line, last: last_line, calls, failures, .. } = self;
        let what = if form == TextForm::Audit { "records" } else { "system calls" };
        let recognised = vec![format!("{calls} {what}")];
        found.push(Finding { line, last_line, form, says: Says::Log, recognised, assumed: Vec::new() });
        for Failed { line, count, failure, assumed } in failures {
            let what = failure.call.as_ref().map_or("a call", |call| call.name());
            let errno = failure.errno.unwrap_or("a filter");
            let recognised = vec![format!("{what}: {errno}"), format!("{count} times in the log")];
            found.push(Finding { line, last_line: line, form, says: Says::Failure(failure), recognised, assumed });
        }
    }
}

/// Errors by which privilege or a filter shows.
fn refusal(name: &str) -> Option<&'static str> {
    ["EPERM", "EACCES", "ENOSYS"].into_iter().find(|known| *known == name)
}

/// What in a line can be of strace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    /// A call, or a half of one.
    Call,
    /// A signal, an exit, a change of mode; within a log only.
    Event,
}

fn sign_of(text: &str) -> Option<Sign> {
    let is_call = || text.contains(") = ") || text.contains(")  = ") || text.contains(") \t= ") || spread(text);
    if text.contains("<unfinished ...>") || text.contains(" resumed>") || text.contains('(') && is_call() {
        return Some(Sign::Call);
    }
    let is_event = text.contains("+++ exited with")
        || text.contains("+++ killed by")
        || text.contains("--- SIG")
        || text.contains("--- stopped by")
        || text.starts_with("[ Process PID=");
    is_event.then_some(Sign::Event)
}

/// strace brings the results into one column, so that many blanks can stand before one.
fn spread(text: &str) -> bool {
    text.rsplit_once(" = ").is_some_and(|(before, _)| before.trim_end().ends_with(')'))
}

/// Whether a call is certainly one: prose and programs have parentheses too.
fn is_known(call: &strace::Call) -> bool {
    syscalls::Call::by_name(&call.name).is_some() || call.name.starts_with("syscall_0x")
}
