//! What `strace` prints, line by line.
//!
//! All forms of its lines are read: with pids (`-f`, to a file or to the terminal), with times (`-t`, `-tt`, `-ttt`, `-r`,
//! `-T`), with paths behind descriptors (`-y`, `-yy`), with numbers of calls (`-n`) and instruction pointers (`-i`), with
//! stacks (`-k`), with constants as numbers (`-X raw`, `-X verbose`, `-e raw=all`). A call in two halves
//! (`<unfinished ...>`, `<... resumed>`) is one call, at the line where it began.
//!
//! `strace -o FILE` writes to the terminal, and not to the file, that a process makes calls by another table
//! (`[ Process PID=7 runs in 32 bit mode. ]`); a log without that line says nothing of the table.
//!
//! What the log does not show stays unknown: an argument that strace decodes from memory, or one that it does not print.
//! [`Call::assumptions`] tells what was taken for granted.
//!
//! ```
//! use formats::strace::{self, Outcome, Record};
//! use sim_core::seccomp::check::Argument;
//! use sim_core::seccomp::syscalls::Abi;
//!
//! let log = b"openat(AT_FDCWD, \"/etc/motd\", O_RDONLY) = -1 ENOENT (No such file or directory)\nhello\n";
//! let records: Vec<_> = strace::read(log).collect();
//! let [Ok(Record::Call(call)), Err(problem)] = records.as_slice() else { panic!() };
//! assert_eq!((call.name.as_str(), &call.outcome), ("openat", &Outcome::Failed("ENOENT".to_owned())));
//! let arguments = call.arguments(Abi::X86_64);
//! assert_eq!(arguments[0], Argument::LowerHalf(-100_i32 as u32), "AT_FDCWD; the upper half is not shown");
//! assert_eq!(arguments[1..3], [Argument::Unknown, Argument::Known(0)], "a pointer, and O_RDONLY");
//! assert_eq!(problem.to_string(), "line 2, column 1: not recognised: \"hello\"");
//! ```

mod argument;
mod constants;
mod line;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io::BufRead;

use sim_core::seccomp::check::Argument;
use sim_core::seccomp::syscalls::Abi;

use crate::lines::Lines;
use crate::problem::{Fault, Problem};
use line::{Begun, Kind, Line};

/// What a line, or two that belong together, tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A system call.
    Call(Call),
    /// SIGSYS by a filter: `--- SIGSYS {…} ---`.
    Trapped(Trapped),
    /// A process was killed by SIGSYS, as by a filter: `+++ killed by SIGSYS +++`.
    Killed {
        /// The line, counted from 1.
        line: u64,
        /// Which process, if lines tell.
        pid: Option<u32>,
    },
}

/// A system call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The line where it began, counted from 1.
    pub line: u64,
    /// Which process, if lines tell.
    pub pid: Option<u32>,
    /// Its name as strace has it; `syscall_0x…` for a number that strace does not know.
    pub name: String,
    /// Its number, where `-n` shows it or the name is one.
    pub number: Option<u32>,
    /// By which table, where a line tells; else the machine's own.
    pub mode: Option<Mode>,
    /// What came of it.
    pub outcome: Outcome,
    /// What was taken for granted in reading it.
    pub assumptions: Vec<Assumption>,
    /// In the order of registers of most architectures.
    arguments: [Argument; 6],
    /// Whether the first is so because clone's flags have a name.
    flags_are_first: bool,
    /// As strace prints them.
    texts: Vec<String>,
}

/// By which of the machine's tables a process makes its calls, as `[ Process PID=7 runs in 32 bit mode. ]` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The 32-bit table.
    Bits32,
    /// The 64-bit table.
    Bits64,
    /// x32.
    X32,
}

impl Mode {
    /// The table of calls in this mode of a machine.
    ///
    /// ```
    /// use formats::strace::Mode;
    /// use sim_core::seccomp::syscalls::Abi;
    ///
    /// assert_eq!(Mode::Bits32.table(Abi::X86_64), Abi::X86);
    /// assert_eq!(Mode::Bits64.table(Abi::AARCH64), Abi::AARCH64);
    /// ```
    pub fn table(self, native: Abi) -> Abi {
        match self {
            Self::Bits64 => native,
            Self::X32 => Abi::X32,
            Self::Bits32 => match native {
                Abi::X86_64 | Abi::X32 => Abi::X86,
                Abi::AARCH64 => Abi::ARM,
                Abi::S390X => Abi::S390,
                Abi::PPC64 => Abi::PPC,
                other => other,
            },
        }
    }
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It returned this.
    Returned(i64),
    /// It failed, with the name of the errno.
    Failed(String),
    /// It did not return, or the log does not show it.
    Unknown,
}

/// What was taken for granted in reading a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Assumption {
    /// Names in an argument stand for the numbers that most architectures have.
    Named(u8),
    /// Only the second half of the call is in the log; no argument is known.
    BeginningLost,
    /// Only the first half is in the log.
    EndLost,
    /// The line goes on behind [`MAX_LINE`](crate::MAX_LINE) bytes; what is there was not read.
    Cut,
    /// No line tells the mode of the process; that of the process in the line before is assumed.
    ModeInherited,
}

/// A filter's SIGSYS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trapped {
    /// The line, counted from 1.
    pub line: u64,
    /// Which process, if lines tell.
    pub pid: Option<u32>,
    /// `si_syscall`, as `getppid`.
    pub name: Option<String>,
    /// `si_arch`, as `AUDIT_ARCH_X86_64`.
    pub architecture: Option<String>,
}

impl Call {
    /// The arguments as strace prints them, at most sixteen; empty ones of a call in two halves may have been forgotten.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// What is known of its arguments in registers, if the call was by this table.
    pub fn arguments(&self, abi: Abi) -> [Argument; 6] {
        let mut arguments = self.arguments;
        if self.flags_are_first && matches!(abi, Abi::S390 | Abi::S390X) {
            // CONFIG_CLONE_BACKWARDS2: the stack comes first.
            arguments.swap(0, 1);
        }
        if !abi.is_64_bit() && WIDE.contains(&self.name.as_str()) {
            // A 64-bit argument takes two registers there and moves the others.
            return [Argument::Unknown; 6];
        }
        arguments
    }
}

/// Calls with a 64-bit argument on 32-bit architectures, and `mmap`, which is given a pointer on some.
const WIDE: [&str; 20] = [
    "arm_fadvise64_64",
    "fadvise64",
    "fadvise64_64",
    "fallocate",
    "fanotify_mark",
    "ftruncate64",
    "lookup_dcookie",
    "mmap",
    "pread64",
    "preadv",
    "preadv2",
    "pwrite64",
    "pwritev",
    "pwritev2",
    "readahead",
    "select",
    "sync_file_range",
    "sync_file_range2",
    "truncate64",
    "process_madvise",
];

/// Reads a log that is in memory.
pub fn read(bytes: &[u8]) -> Reader<&[u8]> {
    Reader::new(bytes)
}

/// Processes whose calls or modes are remembered at one time.
const MOST_PROCESSES: usize = 1 << 16;

/// Of so many unfinished calls at one time the arguments' texts are kept.
const MOST_WITH_TEXTS: usize = 256;

/// The records of a log, in bounded memory. An error of one line is a problem, and reading goes on.
#[derive(Debug)]
pub struct Reader<R> {
    lines: Lines<R>,
    line: u64,
    /// Calls that have begun, by process.
    begun: HashMap<Option<u32>, Begun>,
    modes: HashMap<Option<u32>, Mode>,
    last_mode: Option<Mode>,
    /// What is left at the end.
    rest: Option<std::vec::IntoIter<Call>>,
    passed_over: u64,
}

impl<R: BufRead> Reader<R> {
    /// A reader of a stream.
    pub fn new(from: R) -> Self {
        Self {
            lines: Lines::new(from),
            line: 0,
            begun: HashMap::new(),
            modes: HashMap::new(),
            last_mode: None,
            rest: None,
            passed_over: 0,
        }
    }

    /// How many lines so far tell nothing about a filter: signals, exits, stacks and messages of strace.
    pub const fn passed_over(&self) -> u64 {
        self.passed_over
    }

    /// What a line tells; nothing if it is the first half of a call, or about something else.
    pub(crate) fn take(&mut self, line: &crate::lines::Line) -> Option<Result<Record, Problem>> {
        let Line { pid, number, at, kind } = Line::of(&line.text);
        let cut = line.cut;
        match kind {
            Kind::Empty | Kind::Other => self.passed_over += 1,
            Kind::Mode(process, mode) => {
                self.passed_over += 1;
                if self.modes.len() < MOST_PROCESSES {
                    self.modes.insert(process, mode);
                    self.modes.insert(pid, mode);
                }
            }
            Kind::Exited { by_sigsys } => {
                self.modes.remove(&pid);
                self.begun.remove(&pid);
                if by_sigsys {
                    return Some(Ok(Record::Killed { line: line.number, pid }));
                }
                self.passed_over += 1;
            }
            Kind::Trapped { name, architecture } => {
                return Some(Ok(Record::Trapped(Trapped { line: line.number, pid, name, architecture })));
            }
            Kind::Begins(mut begun) => {
                (begun.line, begun.number, begun.cut) = (line.number, begun.number.or(number), cut);
                if self.begun.len() >= MOST_PROCESSES && !self.begun.contains_key(&pid) {
                    let fault = Fault::TooMany(MOST_PROCESSES);
                    return Some(Err(Problem { line: line.number, column: 1, fault }));
                }
                begun.settle(self.begun.len() < MOST_WITH_TEXTS);
                let lost = self.begun.insert(pid, begun);
                return lost.map(|begun| Ok(Record::Call(self.call(begun, pid, Outcome::Unknown, true))));
            }
            Kind::Resumes { name, arguments, outcome } => {
                let begun = self.begun.remove(&pid).filter(|begun| begun.name == name);
                let lost = begun.is_none();
                let mut begun = begun.unwrap_or_else(|| Begun::at(line.number, name));
                begun.add(&arguments);
                begun.cut |= cut;
                begun.number = begun.number.or(number);
                let mut call = self.call(begun, pid, outcome, false);
                if lost {
                    call.arguments = [Argument::Unknown; 6];
                    call.texts = Vec::new();
                    call.assumptions = vec![Assumption::BeginningLost];
                }
                return Some(Ok(Record::Call(call)));
            }
            Kind::Call(mut begun, outcome) => {
                (begun.line, begun.number, begun.cut) = (line.number, begun.number.or(number), cut);
                return Some(Ok(Record::Call(self.call(begun, pid, outcome, false))));
            }
            Kind::Unknown => return Some(Err(Problem::not_recognised(line.number, &line.text, at))),
        }
        None
    }

    fn call(&mut self, begun: Begun, pid: Option<u32>, outcome: Outcome, end_lost: bool) -> Call {
        let (arguments, mut assumptions) = begun.values();
        let flags_are_first = begun.flags_of_clone().is_some();
        let mode = self.modes.get(&pid).copied();
        if mode.is_none() && self.last_mode.is_some() {
            assumptions.push(Assumption::ModeInherited);
        }
        self.last_mode = mode.or(self.last_mode);
        assumptions.extend(end_lost.then_some(Assumption::EndLost));
        assumptions.extend(begun.cut.then_some(Assumption::Cut));
        let (line, name, number) = (begun.line, begun.name.clone(), begun.number);
        let (mode, texts) = (self.last_mode, begun.into_texts());
        Call { line, pid, name, number, mode, outcome, assumptions, arguments, flags_are_first, texts }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Record, Problem>;

    fn next(&mut self) -> Option<Result<Record, Problem>> {
        loop {
            if let Some(rest) = &mut self.rest {
                return rest.next().map(|call| Ok(Record::Call(call)));
            }
            match self.lines.next() {
                Some(Ok(line)) => {
                    self.line = line.number;
                    if let Some(found) = self.take(&line) {
                        return Some(found);
                    }
                }
                Some(Err(error)) => return Some(Err(Problem::unreadable(self.line + 1, &error))),
                None => {
                    let begun = std::mem::take(&mut self.begun);
                    let calls = begun.into_iter().map(|(pid, begun)| self.call(begun, pid, Outcome::Unknown, true));
                    let mut calls: Vec<Call> = calls.collect();
                    calls.sort_by_key(|call| call.line);
                    self.rest = Some(calls.into_iter());
                }
            }
        }
    }
}
