//! Calls as logs show them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use formats::{Fault, Problem, audit, strace};
use sim_core::seccomp::SeccompData;
use sim_core::seccomp::check::Argument;
use sim_core::seccomp::syscalls::{Abi, Call};

use super::source;

/// A call that was seen.
pub(crate) struct Sighting {
    /// Its table.
    pub(crate) table: Abi,
    /// Its name in the log, or in the table if the log has a number only.
    pub(crate) name: Option<String>,
    /// Its number, where the log has it.
    pub(crate) number: Option<u32>,
    /// What is known of its arguments.
    pub(crate) args: [Argument; 6],
    /// What came of it, in a word.
    pub(crate) outcome: Option<String>,
    /// Where.
    pub(crate) at: Place,
    /// Whether names were translated into numbers.
    pub(crate) assumed: bool,
}

/// A line of a log, or the place in a list of calls.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The log; empty for a list of calls.
    pub(crate) file: String,
    /// The line, or how many-eth call.
    pub(crate) line: u64,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.file.is_empty() { write!(f, "call {}", self.line) } else { write!(f, "{}:{}", self.file, self.line) }
    }
}

/// What logs hold beside calls.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    /// Lines that were not read, and the first of them.
    pub(crate) problems: u64,
    pub(crate) first_problem: Option<(String, Problem)>,
    /// Lines that tell nothing about a filter.
    pub(crate) passed_over: u64,
    /// Calls that a filter refused with SIGSYS while the log was written, by name.
    pub(crate) trapped: BTreeMap<String, u64>,
    /// Processes that SIGSYS killed, and the first of their lines.
    pub(crate) killed: u64,
    pub(crate) first_killed: Option<Place>,
}

/// Reads what strace wrote, and calls `each` for every call.
pub(crate) fn of_strace(
    paths: &[PathBuf],
    native: Abi,
    rest: &mut Rest,
    mut each: impl FnMut(Sighting),
) -> Result<()> {
    for path in paths {
        let name = source::name(path);
        let mut reader = strace::Reader::new(open(path)?);
        let mut any = false;
        for record in reader.by_ref() {
            match record {
                Ok(strace::Record::Call(call)) => {
                    any = true;
                    each(sighting(&call, &name, native));
                }
                Ok(strace::Record::Trapped(trapped)) => {
                    let call = trapped.name.unwrap_or_else(|| "a call".to_owned());
                    *rest.trapped.entry(call).or_default() += 1;
                }
                Ok(strace::Record::Killed { line, .. }) => {
                    rest.killed += 1;
                    rest.first_killed.get_or_insert(Place { file: name.clone(), line });
                }
                Err(problem) => rest.add(&name, problem)?,
            }
        }
        rest.passed_over += reader.passed_over();
        if !any {
            bail!("{name}: no line is a system call as strace prints it");
        }
    }
    Ok(())
}

fn sighting(call: &strace::Call, file: &str, native: Abi) -> Sighting {
    let table = call.mode.map_or(native, |mode| mode.table(native));
    let outcome = match &call.outcome {
        strace::Outcome::Returned(_) => Some("succeeded".to_owned()),
        strace::Outcome::Failed(errno) => Some(format!("failed with {errno}")),
        strace::Outcome::Unknown => None,
    };
    let named = |assumption: &strace::Assumption| matches!(assumption, strace::Assumption::Named(_));
    Sighting {
        table,
        name: Some(call.name.clone()).filter(|_| !call.name.starts_with("syscall_0x")),
        number: call.number,
        args: call.arguments(table),
        outcome,
        at: Place { file: file.to_owned(), line: call.line },
        assumed: call.assumptions.iter().any(named),
    }
}

/// Reads what the kernel's audit wrote, and calls `each` for every call.
pub(crate) fn of_audit(
    paths: &[PathBuf],
    native: Abi,
    rest: &mut Rest,
    mut each: impl FnMut(Sighting),
) -> Result<()> {
    for path in paths {
        let name = source::name(path);
        let mut reader = audit::Reader::new(open(path)?);
        let mut any = false;
        for record in reader.by_ref() {
            match record {
                Ok(record) => {
                    any = true;
                    let data = SeccompData::call(record.architecture, record.number, [0; 6]);
                    // The native table comes first where two have the same architecture.
                    let table = if native.covers(&data) { Some(native) } else { Abi::of(&data) };
                    let Some(table) = table else {
                        let fault = Fault::Number { field: "arch", found: record.architecture.to_string() };
                        rest.add(&name, Problem { line: record.line, column: 1, fault })?;
                        continue;
                    };
                    each(Sighting {
                        table,
                        name: Call::by_number(table, record.number).map(|call| call.name.to_owned()),
                        number: Some(record.number),
                        args: [Argument::Unknown; 6],
                        outcome: record.code.map(|code| format!("was answered {code}")),
                        at: Place { file: name.clone(), line: record.line },
                        assumed: false,
                    });
                }
                Err(problem) => rest.add(&name, problem)?,
            }
        }
        rest.passed_over += reader.passed_over();
        if !any {
            bail!("{name}: no line is an audit record of the type SECCOMP");
        }
    }
    Ok(())
}

impl Rest {
    fn add(&mut self, file: &str, problem: Problem) -> Result<()> {
        if let Fault::Unreadable(_) = problem.fault {
            bail!("{file}: {problem}");
        }
        self.problems += 1;
        self.first_problem.get_or_insert((file.to_owned(), problem));
        Ok(())
    }
}

fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).with_context(|| format!("{} cannot be read", source::name(path)))?;
    Ok(Box::new(BufReader::new(file)))
}
