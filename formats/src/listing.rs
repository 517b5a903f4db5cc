//! Listings with the columns code, jt, jf and k before each statement.

use sim_core::seccomp::ByteOrder;
use sim_core::seccomp::bpf::Instruction;
use sim_core::seccomp::text::{MAX_TEXT, TextError, TextFault, read};

/// Reads what `seccomp-tools disasm` or `dump` prints. With the columns, these say everything, and names of system
/// calls in the statements need not be known; without them (`--no-bpf`), the statements are read.
///
/// ```
/// let listing = " 0000: 0x15 0x00 0x00 0x00000000  if (A == read) goto 0001\n 0001: 0x06 0x00 0x00 0x00000000  return KILL";
/// assert_eq!(formats::read_seccomp_tools(listing)?[0].code, 0x15);
/// # Ok::<(), sim_core::seccomp::text::TextError>(())
/// ```
pub fn read_seccomp_tools(text: &str) -> Result<Vec<Instruction>, TextError> {
    check_length(text)?;
    if has_columns(text) { columns(text) } else { read(&without_no_ops(text), ByteOrder::Little) }
}

/// Reads what `scmp_bpf_disasm` prints. The columns say everything.
///
/// ```
/// let listing = " line  OP   JT   JF   K\n=====\n 0000: 0x20 0x00 0x00 0x00000004   ld  $data[4]\n";
/// assert_eq!(formats::read_libseccomp(listing)?[0].k, 4);
/// # Ok::<(), sim_core::seccomp::text::TextError>(())
/// ```
pub fn read_libseccomp(text: &str) -> Result<Vec<Instruction>, TextError> {
    columns(text)
}

/// Whether the first line of an instruction has the four columns.
pub(crate) fn has_columns(text: &str) -> bool {
    let line = text.lines().find(|line| line.trim_start().starts_with(|c: char| c.is_ascii_digit()));
    let rest = line.and_then(|line| line.split_once(':')).map_or("", |(_, rest)| rest);
    rest.split_ascii_whitespace().take(4).filter(|word| word.starts_with("0x")).count() == 4
}

/// A jump that goes on at the next line either way is written as a comment there; what it compared is lost. What is put
/// in its place is a jump like that, and about as long, so that places behind it are nearly right.
fn without_no_ops(text: &str) -> String {
    text.replace("/* no-op */", "raw 21 0 0 0")
}

fn check_length(text: &str) -> Result<(), TextError> {
    let fits = text.len() <= MAX_TEXT;
    if fits { Ok(()) } else { Err(fault(1, 1, TextFault::TooMuch { what: "bytes of text", max: MAX_TEXT })) }
}

fn fault(line: usize, column: usize, fault: TextFault) -> TextError {
    TextError { line, column, fault }
}

/// Reads lines as `0003: 0x15 0x00 0x01 0x0000003b …`; what stands behind the columns is left alone. Lines without a
/// number before a colon are headings, rules or comments.
fn columns(text: &str) -> Result<Vec<Instruction>, TextError> {
    check_length(text)?;
    let mut program = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let mut words = Words { line: number, column: 1, rest: line };
        let Some(first) = words.next() else { continue };
        if !first.text.starts_with(|c: char| c.is_ascii_digit()) {
            if is_heading(line) || first.text.starts_with('#') {
                continue;
            }
            return Err(first.expected("the number of an instruction and a colon"));
        }
        let digits =
            first.text.strip_suffix(':').ok_or_else(|| first.expected("the number of an instruction and a colon"))?;
        let index = digits.parse::<u64>().map_err(|_| first.expected("the number of an instruction and a colon"))?;
        if index != program.len() as u64 {
            return Err(fault(number, first.column, TextFault::LineNumber { index: program.len(), found: index }));
        }
        if program.len() >= Instruction::MAX_COUNT {
            return Err(fault(number, 1, TextFault::TooMuch { what: "instructions", max: Instruction::MAX_COUNT }));
        }
        let code = words.hexadecimal("the code", u16::MAX.into())?;
        let jt = words.hexadecimal("jt", u8::MAX.into())?;
        let jf = words.hexadecimal("jf", u8::MAX.into())?;
        let k = words.hexadecimal("k", u32::MAX)?;
        let byte = |value: u32| u8::try_from(value).unwrap_or(u8::MAX);
        program.push(Instruction { code: u16::try_from(code).unwrap_or(u16::MAX), jt: byte(jt), jf: byte(jf), k });
    }
    Ok(program)
}

/// The two lines above a listing.
fn is_heading(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    let rule = line.trim().bytes().all(|byte| byte == b'=');
    rule || words.next() == Some("line") && matches!(words.next(), Some("CODE" | "OP"))
}

struct Words<'a> {
    line: usize,
    column: usize,
    rest: &'a str,
}

struct Word<'a> {
    line: usize,
    column: usize,
    text: &'a str,
}

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<Word<'a>> {
        let trimmed = self.rest.trim_start();
        let (before, _) = self.rest.split_at_checked(self.rest.len() - trimmed.len())?;
        let column = self.column + before.chars().count();
        let length = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
        let (text, rest) = trimmed.split_at_checked(length)?;
        self.column = column + text.chars().count();
        self.rest = rest;
        (!text.is_empty()).then_some(Word { line: self.line, column, text })
    }

    fn hexadecimal(&mut self, what: &'static str, max: u32) -> Result<u32, TextError> {
        let (line, column) = (self.line, self.column);
        let Some(word) = self.next() else {
            return Err(fault(line, column, TextFault::Expected { expected: what, found: String::new() }));
        };
        let digits =
            word.text.strip_prefix("0x").filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let Some(digits) = digits.filter(|digits| !digits.is_empty()) else {
            return Err(word.expected(what));
        };
        let value = u64::from_str_radix(digits, 16).ok().and_then(|value| u32::try_from(value).ok());
        value.filter(|value| *value <= max).ok_or_else(|| {
            let found = word.text.chars().take(40).collect();
            fault(word.line, word.column, TextFault::Number { found, max: max.into() })
        })
    }
}

impl Word<'_> {
    fn expected(&self, expected: &'static str) -> TextError {
        let found = self.text.chars().take(40).collect();
        fault(self.line, self.column, TextFault::Expected { expected, found })
    }
}
