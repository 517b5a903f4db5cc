use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::statement::Statement;
use super::token::{Token, shortened, tokens};
use super::{MAX_TEXT, MAX_WORDS, TextError, TextFault};
use crate::seccomp::ByteOrder;
use crate::seccomp::bpf::{Instruction, Program};

/// Reads a filter for a little-endian machine and checks it as the kernel would.
///
/// Each line is an instruction: a number of its own (`0003:`) or labels, the four columns in hexadecimal, and a
/// statement; columns or statement may be left out. `#` begins a comment.
///
/// ```
/// use sim_core::seccomp::text::assemble;
///
/// let error = assemble("A = sys_number\n if (A = 5) goto 2\n return ALLOW").unwrap_err();
/// assert_eq!(error.to_string(), "line 2, column 8: a comparison should stand here, not \"=\"");
/// ```
pub fn assemble(text: &str) -> Result<Program, TextError> {
    assemble_in(text, ByteOrder::Little)
}

/// The same for a machine of this byte order, which decides where the halves of an argument are.
///
/// ```
/// use sim_core::seccomp::{ByteOrder, text::assemble_in};
///
/// let program = assemble_in("A = args[0]\n return A", ByteOrder::Big)?;
/// assert_eq!(program.instructions()[0].k, 20);
/// # Ok::<(), sim_core::seccomp::text::TextError>(())
/// ```
pub fn assemble_in(text: &str, order: ByteOrder) -> Result<Program, TextError> {
    let lines = lines(text)?;
    let instructions = instructions(&lines, order)?;
    Program::check(instructions).map_err(|error| {
        let line = lines.statements.get(error.instruction.unwrap_or(0));
        let (line, column) = line.and_then(|line| line.first()).map_or((1, 1), |token| (token.line, token.column));
        TextError::new(line, column, TextFault::Check(error))
    })
}

/// Reads a filter, valid or not, for a machine of this byte order.
pub fn read(text: &str, order: ByteOrder) -> Result<Vec<Instruction>, TextError> {
    instructions(&lines(text)?, order)
}

/// The lines that are instructions, each without number and labels.
struct Lines<'a> {
    statements: Vec<Vec<Token<'a>>>,
    labels: BTreeMap<&'a str, usize>,
}

fn lines(text: &str) -> Result<Lines<'_>, TextError> {
    if text.len() > MAX_TEXT {
        return Err(TextError::new(1, 1, TextFault::TooMuch { what: "bytes of text", max: MAX_TEXT }));
    }
    let mut left = MAX_WORDS;
    let mut found = Lines { statements: Vec::new(), labels: BTreeMap::new() };
    for (number, line) in (1..).zip(text.lines()) {
        let code = line.split('#').next().unwrap_or_default();
        if is_heading(code) {
            continue;
        }
        let words = tokens(code, number, &mut left)?;
        let mut rest = words.as_slice();
        while let [name, colon, after @ ..] = rest
            && colon.text == ":"
        {
            let index = found.statements.len();
            if name.is_number() {
                check_number(*name, index)?;
            } else if !name.is_word() {
                return Err(name.expected("a label"));
            } else if found.labels.insert(name.text, index).is_some() {
                return Err(name.fault(TextFault::Label { name: shortened(name.text), twice: true }));
            }
            rest = after;
        }
        if rest.is_empty() {
            continue;
        }
        if found.statements.len() >= Instruction::MAX_COUNT {
            let fault = TextFault::TooMuch { what: "instructions", max: Instruction::MAX_COUNT };
            return Err(TextError::new(number, 1, fault));
        }
        found.statements.push(rest.to_vec());
    }
    Ok(found)
}

/// Whether it is one of the two lines above a listing.
fn is_heading(line: &str) -> bool {
    let line = line.trim();
    let rule = !line.is_empty() && line.bytes().all(|byte| byte == b'=');
    rule || line.split_ascii_whitespace().eq(["line", "CODE", "JT", "JF", "K"])
}

fn check_number(token: Token<'_>, index: usize) -> Result<(), TextError> {
    // Listings write decimal numbers with zeros before them.
    let found = token.number(u64::MAX)?;
    if found == index as u64 { Ok(()) } else { Err(token.fault(TextFault::LineNumber { index, found })) }
}

fn instructions(lines: &Lines<'_>, order: ByteOrder) -> Result<Vec<Instruction>, TextError> {
    let mut program = Vec::with_capacity(lines.statements.len());
    for (index, words) in lines.statements.iter().enumerate() {
        let columns = columns(words)?;
        let (columns, rest) = match columns {
            Some((columns, rest)) => (Some(columns), rest),
            None => (None, words.as_slice()),
        };
        let said = match rest.last() {
            None => None,
            Some(&last) => Some(Statement { words: rest, last, index, order, labels: &lines.labels }.instruction()?),
        };
        match (columns, said, rest.first()) {
            (Some(columns), Some(said), Some(first)) if columns.canonical() != said.canonical() => {
                return Err(first.fault(TextFault::Columns(said)));
            }
            (Some(instruction), ..) | (None, Some(instruction), _) => program.push(instruction),
            (None, None, _) => {}
        }
    }
    Ok(program)
}

/// The four columns at the beginning of a line, and what is behind them.
fn columns<'s, 'a>(words: &'s [Token<'a>]) -> Result<Option<(Instruction, &'s [Token<'a>])>, TextError> {
    match words {
        [code, jt, jf, k, rest @ ..] if code.is_number() => Ok(Some((four([*code, *jt, *jf, *k])?, rest))),
        [code, ..] if code.is_number() => Err(code.expected("the four columns code, jt, jf and k, or a statement")),
        _ => Ok(None),
    }
}

/// An instruction from its four numbers.
pub(super) fn four([code, jt, jf, k]: [Token<'_>; 4]) -> Result<Instruction, TextError> {
    let byte = |token: Token<'_>| token.number(0xff).map(|value| u8::try_from(value).unwrap_or(u8::MAX));
    Ok(Instruction {
        code: u16::try_from(code.number(0xffff)?).unwrap_or(u16::MAX),
        jt: byte(jt)?,
        jf: byte(jf)?,
        k: u32::try_from(k.number(0xffff_ffff)?).unwrap_or(u32::MAX),
    })
}
