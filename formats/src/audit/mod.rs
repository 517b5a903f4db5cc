//! What the kernel's audit logs of filters: records of the type SECCOMP, number 1326.
//!
//! They are read wherever a line holds one: as auditd writes them, as `dmesg` and the journal show them, with names instead
//! of numbers as `ausearch -i` has them. Lines about other things are passed over and counted.
//!
//! ```
//! use formats::audit;
//! use sim_core::seccomp::{Architecture, FilterReturn};
//!
//! let log = b"type=SECCOMP msg=audit(1795560198.783:41): auid=1000 uid=1000 gid=1000 ses=3 pid=77 \
//!     comm=6D7920746F6F6C exe=\"/usr/bin/tool\" sig=0 arch=c000003e syscall=59 compat=0 ip=0x7f8cc924f7 code=0x50000\n";
//! let record = audit::read(log).next().unwrap()?;
//! assert_eq!((record.architecture, record.number), (Architecture::X86_64, 59));
//! assert_eq!((record.code, record.comm.as_deref()), (Some(FilterReturn(0x0005_0000)), Some("my tool")));
//! # Ok::<(), formats::Problem>(())
//! ```

#[cfg(test)]
mod tests;

use std::io::BufRead;

use sim_core::seccomp::syscalls::{Abi, Call};
use sim_core::seccomp::{Architecture, FilterReturn};

use crate::lines::{Line, Lines};
use crate::problem::{Fault, Problem};

/// A record of the type SECCOMP. Arguments are not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The line, counted from 1.
    pub line: u64,
    /// What stands in `audit(…)`: time and serial number.
    pub stamp: Option<String>,
    /// `pid`.
    pub pid: Option<u32>,
    /// `comm`, the name of the program; decoded where it is written in hexadecimal digits.
    pub comm: Option<String>,
    /// `exe`, the program; decoded likewise.
    pub exe: Option<String>,
    /// `sig`: the signal that was sent, 0 for none.
    pub signal: Option<u32>,
    /// `arch`.
    pub architecture: Architecture,
    /// `syscall`: the number of the call, as filters see it.
    pub number: u32,
    /// `compat`: whether it was a call by the 32-bit table.
    pub compat: Option<bool>,
    /// `ip`: the address behind the instruction that makes the call.
    pub instruction_pointer: Option<u64>,
    /// `code`: what the filter returned, without its data.
    pub code: Option<FilterReturn>,
}

/// Reads a log that is in memory.
pub fn read(bytes: &[u8]) -> Reader<&[u8]> {
    Reader::new(bytes)
}

/// The records of a log, in bounded memory. An error of one line is a problem, and reading goes on.
#[derive(Debug)]
pub struct Reader<R> {
    lines: Lines<R>,
    line: u64,
    passed_over: u64,
}

impl<R: BufRead> Reader<R> {
    /// A reader of a stream.
    pub const fn new(from: R) -> Self {
        Self { lines: Lines::new(from), line: 0, passed_over: 0 }
    }

    /// How many lines so far are about something else.
    pub const fn passed_over(&self) -> u64 {
        self.passed_over
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Record, Problem>;

    fn next(&mut self) -> Option<Result<Record, Problem>> {
        loop {
            match self.lines.next()? {
                Ok(line) => {
                    self.line = line.number;
                    match record(&line) {
                        Some(found) => return Some(found),
                        None => self.passed_over += 1,
                    }
                }
                Err(error) => return Some(Err(Problem::unreadable(self.line + 1, &error))),
            }
        }
    }
}

/// The record of a line, if it holds one of this type.
pub(crate) fn record(line: &Line) -> Option<Result<Record, Problem>> {
    let text = line.text.as_str();
    let mut at = None;
    for marker in ["type=SECCOMP ", "type=1326 ", ": SECCOMP "] {
        at = at.or_else(|| text.find(marker).map(|start| (start, marker)));
    }
    let (start, marker) = at?;
    // `audit[77]: SECCOMP …` is how the journal shows it; other programs may log such a word.
    if marker == ": SECCOMP " && !text.get(..start)?.ends_with(']') {
        return None;
    }
    let rest = text.get(start + marker.len()..)?;
    let column = text.get(..start)?.chars().count() + 1;
    let problem = |fault: Fault| Problem { line: line.number, column, fault };
    Some(fields(rest, line.number).map_err(problem))
}

/// The fields behind the type. A value with a blank is written in hexadecimal digits, so that blanks separate fields; what
/// auditd adds stands behind a group separator.
fn fields(text: &str, line: u64) -> Result<Record, Fault> {
    let field = |name: &str| {
        let mut words = text.split(|c: char| c.is_ascii_whitespace() || c == '\u{1d}');
        words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    };
    let stamp =
        text.find("audit(").and_then(|at| text.get(at + 6..)?.split_once(')')).map(|(stamp, _)| stamp.to_owned());
    let architecture = field("arch").ok_or(Fault::FieldMissing("arch"))?;
    let architecture = u32::from_str_radix(architecture.trim_start_matches("0x"), 16)
        .map(Architecture::from_token)
        .ok()
        .or_else(|| named_architecture(architecture))
        .ok_or_else(|| wrong("arch", architecture))?;
    let number = field("syscall").ok_or(Fault::FieldMissing("syscall"))?;
    let number = number.parse::<i64>().ok().and_then(word).or_else(|| named_call(number, architecture));
    let number = number.ok_or_else(|| wrong("syscall", field("syscall").unwrap_or_default()))?;
    let code = match field("code") {
        None => None,
        Some(text) => Some(code(text).ok_or_else(|| wrong("code", text))?),
    };
    let decimal =
        |name: &'static str| field(name).map(|text| text.parse::<u32>().map_err(|_| wrong(name, text))).transpose();
    let pointer =
        field("ip").map(|text| u64::from_str_radix(text.trim_start_matches("0x"), 16).map_err(|_| wrong("ip", text)));
    Ok(Record {
        line,
        stamp,
        pid: decimal("pid")?,
        comm: field("comm").map(decoded),
        exe: field("exe").map(decoded),
        // `ausearch -i` names it.
        signal: field("sig").and_then(|text| text.parse().ok()),
        architecture,
        number,
        compat: decimal("compat")?.map(|compat| compat != 0),
        instruction_pointer: pointer.transpose()?,
        code,
    })
}

fn wrong(field: &'static str, found: &str) -> Fault {
    Fault::Number { field, found: found.chars().take(40).collect() }
}

/// A number as the kernel prints it: signed.
fn word(number: i64) -> Option<u32> {
    u32::try_from(number).ok().or_else(|| i32::try_from(number).ok().map(i32::cast_unsigned))
}

/// As `x86_64` or `i386`, which libaudit prints.
fn named_architecture(name: &str) -> Option<Architecture> {
    match name {
        "i386" => Some(Architecture::I386),
        _ => Architecture::from_name(name),
    }
}

fn named_call(name: &str, architecture: Architecture) -> Option<u32> {
    let abi = Abi::ALL.iter().copied().find(|abi| abi.architecture() == architecture)?;
    Call::by_name(name)?.number(abi)
}

/// As `0x50000`, or a name that `ausearch -i` prints.
fn code(text: &str) -> Option<FilterReturn> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u32::from_str_radix(digits, 16).ok().map(FilterReturn);
    }
    let name = match text {
        "kill" | "kill-thread" | "kill_thread" => "KILL_THREAD",
        "kill-process" | "kill_process" => "KILL_PROCESS",
        "trap" => "TRAP",
        "errno" => "ERRNO",
        "trace" => "TRACE",
        "log" => "LOG",
        "user-notif" | "user_notif" => "USER_NOTIF",
        "allow" => "ALLOW",
        _ => return None,
    };
    name.parse().ok()
}

/// A value in quotation marks as it is, one in hexadecimal digits as the text that it stands for.
fn decoded(value: &str) -> String {
    if let Some(text) = value.strip_prefix('"') {
        return text.strip_suffix('"').unwrap_or(text).to_owned();
    }
    let (pairs, odd) = value.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let bytes = pairs.iter().map(|&[high, low]| u8::try_from(digit(high)? << 4 | digit(low)?).ok());
    match bytes.collect::<Option<Vec<u8>>>() {
        Some(bytes) if odd.is_empty() && !bytes.is_empty() => String::from_utf8_lossy(&bytes).into_owned(),
        _ => value.to_owned(),
    }
}
