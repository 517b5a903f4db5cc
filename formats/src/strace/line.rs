use sim_core::seccomp::check::Argument;

use super::argument::{End, arguments, value};
use super::{Assumption, Mode, Outcome};

/// A line of strace.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) pid: Option<u32>,
    /// The number of the call, which `-n` shows.
    pub(super) number: Option<u32>,
    /// Where what comes behind pid and time begins, in bytes.
    pub(super) at: usize,
    pub(super) kind: Kind,
}

/// What a line is about.
#[derive(Debug)]
pub(super) enum Kind {
    Empty,
    /// A signal, an exit, a stack, a message of strace.
    Other,
    Mode(Option<u32>, Mode),
    Exited {
        by_sigsys: bool,
    },
    Trapped {
        name: Option<String>,
        architecture: Option<String>,
    },
    Call(Begun, Outcome),
    Begins(Begun),
    Resumes {
        name: String,
        arguments: Vec<String>,
        outcome: Outcome,
    },
    Unknown,
}

/// A call that has begun.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) line: u64,
    pub(super) name: String,
    pub(super) number: Option<u32>,
    pub(super) cut: bool,
    arguments: Vec<String>,
}

/// So many arguments has a call.
const REGISTERS: usize = 6;
/// Longer texts of a value are not remembered, in bytes.
const LONGEST_VALUE: usize = 512;
/// A longer word is no name of a call.
const LONGEST_NAME: usize = 64;

impl Begun {
    pub(super) fn new(name: String) -> Self {
        let number = name.strip_prefix("syscall_0x").and_then(|digits| u32::from_str_radix(digits, 16).ok());
        Self { line: 0, name, number, cut: false, arguments: Vec::new() }
    }

    pub(super) fn at(line: u64, name: String) -> Self {
        Self { line, ..Self::new(name) }
    }

    /// Forgets long texts, and those that tell no value unless `texts` are kept, so that a call that is not ended is
    /// remembered in little memory.
    pub(super) fn settle(&mut self, texts: bool) {
        self.arguments.truncate(REGISTERS);
        for text in &mut self.arguments {
            let told = texts || text.starts_with("flags=") || value(text).argument != Argument::Unknown;
            if !told || text.len() > LONGEST_VALUE {
                *text = String::new();
            }
        }
    }

    /// What its second half adds.
    pub(super) fn add(&mut self, arguments: &[String]) {
        self.arguments.extend_from_slice(arguments);
    }

    /// strace prints clone's arguments in an order of its own, with names; `-e raw=all` in that of registers, without.
    pub(super) fn flags_of_clone(&self) -> Option<&str> {
        let named = || self.arguments.iter().find_map(|text| text.strip_prefix("flags="));
        if self.name == "clone" { named() } else { None }
    }

    /// The arguments as they are printed.
    pub(super) fn into_texts(self) -> Vec<String> {
        self.arguments
    }

    /// The arguments by register, and what was assumed.
    pub(super) fn values(&self) -> ([Argument; 6], Vec<Assumption>) {
        let (mut values, mut assumptions) = ([Argument::Unknown; 6], Vec::new());
        for ((index, place), text) in (0_u8..).zip(&mut values).zip(&self.arguments) {
            let found = value(text);
            *place = found.argument;
            if found.named {
                assumptions.push(Assumption::Named(index));
            }
        }
        if let (Some(text), Some(place)) = (self.flags_of_clone(), values.first_mut()) {
            let found = value(text);
            *place = found.argument;
            assumptions.extend(found.named.then_some(Assumption::Named(0)));
        }
        (values, assumptions)
    }
}

impl Line {
    pub(super) fn of(text: &str) -> Self {
        let mut rest = Rest { text: text.trim_end(), at: 0 };
        let (mut pid, mut number) = (None, None);
        if rest.text.trim_start().is_empty() {
            return Self { pid, number, at: 0, kind: Kind::Empty };
        }
        if rest.text.starts_with("strace: ") || rest.text.starts_with(" > ") {
            return Self { pid, number, at: 0, kind: Kind::Other };
        }
        rest.skip_blanks();
        let mut first = true;
        while let Some(prefix) = rest.prefix(first) {
            match prefix {
                Prefix::Pid(found) => pid = Some(found),
                Prefix::Number(found) => number = Some(found),
                Prefix::Time | Prefix::Pointer => {}
            }
            first = false;
            rest.skip_blanks();
        }
        let at = rest.at;
        Self { pid, number, at, kind: kind(rest.text) }
    }
}

enum Prefix {
    Pid(u32),
    Number(u32),
    Time,
    Pointer,
}

struct Rest<'a> {
    text: &'a str,
    at: usize,
}

impl Rest<'_> {
    fn skip(&mut self, bytes: usize) {
        self.text = self.text.get(bytes..).unwrap_or_default();
        self.at += bytes;
    }

    fn skip_blanks(&mut self) {
        self.skip(self.text.len() - self.text.trim_start().len());
    }

    /// A pid, a time, a number or an instruction pointer.
    fn prefix(&mut self, first: bool) -> Option<Prefix> {
        if self.text.starts_with("[ Process PID=") {
            return None;
        }
        if let Some(inside) = self.text.strip_prefix('[') {
            let (inside, _) = inside.split_once(']')?;
            let found = bracketed(inside)?;
            self.skip(inside.len() + 2);
            return Some(found);
        }
        // `-r` beside another time: `(+     0.000128) `.
        if let Some(inside) = self.text.strip_prefix("(+") {
            let (inside, _) = inside.split_once(')')?;
            is_time(inside.trim()).then_some(())?;
            self.skip(inside.len() + 3);
            return Some(Prefix::Time);
        }
        let (word, _) = self.text.split_once(' ')?;
        if is_time(word) {
            self.skip(word.len());
            return Some(Prefix::Time);
        }
        let pid = first.then(|| process(word)).flatten()?;
        self.skip(word.len());
        Some(Prefix::Pid(pid))
    }
}

/// What stands in brackets: `pid  77`, `pid 77<ls>`, ` 257`, `00007fa58e6a30f7`.
fn bracketed(inside: &str) -> Option<Prefix> {
    if let Some(pid) = inside.strip_prefix("pid ") {
        return process(pid.trim()).map(Prefix::Pid);
    }
    let digits = inside.trim();
    // A pointer has leading zeros or more digits than a number can have.
    if digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'?') {
        return Some(Prefix::Pointer);
    }
    digits.parse().ok().map(Prefix::Number)
}

/// `77` or `77<ls>`.
fn process(word: &str) -> Option<u32> {
    let digits = word.find('<').filter(|_| word.ends_with('>')).and_then(|end| word.get(..end));
    digits.unwrap_or(word).parse().ok()
}

/// `22:43:18`, `22:43:18.746126`, `1795560198.783069` or `0.000153`.
fn is_time(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = word.split_once('.').unwrap_or((word, ""));
    let colons = whole.split(':').count();
    match colons {
        3 => whole.split(':').all(digits) && (fraction.is_empty() || digits(fraction)),
        1 => digits(whole) && digits(fraction),
        _ => false,
    }
}

fn kind(text: &str) -> Kind {
    if let Some(inside) = text.strip_prefix("[ Process PID=") {
        return mode(inside).unwrap_or(Kind::Unknown);
    }
    if let Some(inside) = text.strip_prefix("+++ ") {
        return match inside.strip_suffix(" +++") {
            Some(inside) => Kind::Exited { by_sigsys: inside.starts_with("killed by SIGSYS") },
            None => Kind::Unknown,
        };
    }
    if let Some(inside) = text.strip_prefix("--- ") {
        return signal(inside);
    }
    if let Some(inside) = text.strip_prefix("<... ") {
        return resumed(inside).unwrap_or(Kind::Unknown);
    }
    if text.starts_with("strace: ") || text.starts_with("> ") {
        return Kind::Other;
    }
    call(text).unwrap_or(Kind::Unknown)
}

/// `7 runs in 32 bit mode. ]`
fn mode(inside: &str) -> Option<Kind> {
    let (pid, rest) = inside.split_once(" runs in ")?;
    let mode = match rest.strip_suffix(" mode. ]")? {
        "32 bit" => Mode::Bits32,
        "64 bit" => Mode::Bits64,
        "x32" => Mode::X32,
        _ => return None,
    };
    Some(Kind::Mode(Some(pid.parse().ok()?), mode))
}

/// `SIGSYS {si_signo=SIGSYS, si_code=SYS_SECCOMP, …, si_syscall=__NR_getppid, si_arch=AUDIT_ARCH_X86_64} ---`
fn signal(inside: &str) -> Kind {
    let Some(inside) = inside.strip_suffix(" ---") else { return Kind::Unknown };
    if !inside.starts_with("SIGSYS ") {
        return Kind::Other;
    }
    let fields = inside.split(['{', '}', ',']).map(str::trim);
    let field = |name: &str| fields.clone().find_map(|field| field.strip_prefix(name));
    if !matches!(field("si_code="), Some("SYS_SECCOMP" | "0x1" | "1")) {
        return Kind::Other;
    }
    let name = field("si_syscall=").map(|name| name.strip_prefix("__NR_").unwrap_or(name).to_owned());
    Kind::Trapped { name, architecture: field("si_arch=").map(str::to_owned) }
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= LONGEST_NAME
        && bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// `wait4 resumed>[{…}], 0, NULL) = 77`
fn resumed(inside: &str) -> Option<Kind> {
    let (name, rest) = inside.split_once(" resumed>")?;
    let rest = rest.strip_prefix(' ').unwrap_or(rest).trim_start_matches(',').trim_start();
    let (arguments, end) = arguments(rest);
    let outcome = match end {
        End::Closed(rest) => outcome(rest)?,
        End::Unfinished => Outcome::Unknown,
        End::Open => return None,
    };
    is_name(name).then(|| Kind::Resumes { name: name.to_owned(), arguments, outcome })
}

/// `close(3) = 0`
fn call(text: &str) -> Option<Kind> {
    let (name, rest) = text.split_once('(')?;
    if !is_name(name) {
        return None;
    }
    let (arguments, end) = arguments(rest);
    let begun = Begun { arguments, ..Begun::new(name.to_owned()) };
    match end {
        End::Closed(rest) => Some(Kind::Call(begun, outcome(rest)?)),
        End::Unfinished => Some(Kind::Begins(begun)),
        End::Open => None,
    }
}

/// ` = 3</etc/motd> <0.000104>`, ` = -1 ENOENT (No such file or directory)`, ` = ? ERESTARTSYS (…)`
fn outcome(rest: &str) -> Option<Outcome> {
    let rest = rest.trim_start();
    if rest.starts_with("<unfinished ...>") {
        return Some(Outcome::Unknown);
    }
    let mut words = rest.strip_prefix('=')?.split_ascii_whitespace();
    let value = words.next()?;
    let error = words.next().filter(|word| word.starts_with('E') && is_name(word));
    if let ("-1" | "?", Some(name)) = (value, error) {
        return Some(Outcome::Failed(name.to_owned()));
    }
    let digits = value.split('<').next().unwrap_or_default();
    let number = match digits.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok().map(u64::cast_signed),
        None => digits.parse().ok(),
    };
    match (number, value) {
        (Some(number), _) => Some(Outcome::Returned(number)),
        (None, "?") => Some(Outcome::Unknown),
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Line, is_time};

    #[test]
    fn times() {
        for text in ["22:43:18", "22:43:18.746126", "1795560198.783069", "0.000153"] {
            assert!(is_time(text), "{text}");
        }
        for text in ["", "22", "22:43", "22:43:x", ".5", "5.", "1.2.3", "a"] {
            assert!(!is_time(text), "{text}");
        }
    }

    #[test]
    fn prefixes_of_all_forms() {
        let forms = [
            ("close(3) = 0", None, None),
            ("[pid  77] close(3) = 0", Some(77), None),
            ("[pid 77<ls>] 22:43:18 close(3) = 0", Some(77), None),
            ("77 close(3) = 0", Some(77), None),
            ("77<ls> 22:43:18.746126 close(3) = 0", Some(77), None),
            ("77    1795560198.783069 (+     0.000004) close(3) = 0", Some(77), None),
            ("     0.000153 close(3) = 0", None, None),
            ("22:43:18 (+     0.1) [ 3] [00007fa58e6a30f7] close(3) = 0", None, Some(3)),
            ("[????????????????] close(3) = 0", None, None),
        ];
        for (text, pid, number) in forms {
            let line = Line::of(text);
            assert_eq!((line.pid, line.number), (pid, number), "{text}");
            assert!(matches!(&line.kind, Kind::Call(begun, _) if begun.name == "close"), "{text}: {line:?}");
        }
    }
}
