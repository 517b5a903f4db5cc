use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Abi, Call};
use crate::seccomp::SeccompData;

/// A call as somebody asks about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskedCall {
    /// Its table.
    pub abi: Abi,
    /// Its name there; `None` for a number without one.
    pub name: Option<&'static str>,
    /// What a filter sees of it; arguments that are not written are 0.
    pub data: SeccompData,
    /// How many arguments are written.
    pub written: usize,
}

/// Why a text is no list of calls, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {fault}")]
pub struct AskedCallError {
    /// The column in characters, counted from 1.
    pub column: usize,
    /// What is wrong there.
    pub fault: AskedCallFault,
}

/// What is wrong in a list of calls, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AskedCallFault {
    /// No such call anywhere.
    #[error("there is no call {0:?}")]
    UnknownName(String),
    /// The name is a call's, but not in this table.
    #[error("{abi} has no call {name}")]
    NotThere {
        /// The call.
        name: &'static str,
        /// The table.
        abi: Abi,
    },
    /// What stands before a colon is no architecture.
    #[error("{0:?} is no architecture; one is as x86_64")]
    UnknownArchitecture(String),
    /// An argument that is no number.
    #[error("{0:?} is no number; one is as 8, 0x1f, 0644 or -1")]
    Number(String),
    /// More than six arguments.
    #[error("a call has at most six arguments")]
    TooManyArguments,
    /// No name where one should stand.
    #[error("the name of a call should stand here, as openat or personality(8)")]
    Name,
    /// A parenthesis is not closed.
    #[error("a closing parenthesis is missing")]
    Parenthesis,
    /// Something else behind a call than a comma.
    #[error("a comma should stand between two calls")]
    Comma,
}

/// Reads calls with commas between them: a name, or a number as filters see it, before it perhaps an architecture and a
/// colon, behind it perhaps arguments in parentheses, as `openat, x86:socketcall(1), 39, personality(0x8)`.
///
/// Arguments are decimal, hexadecimal, or octal with a zero before them as in C; negative ones are cut to the width of the
/// architecture's registers.
///
/// ```
/// use sim_core::seccomp::syscalls::{Abi, read_calls};
///
/// let calls = read_calls("openat(-100, 0, 0x80000), x86:open", Abi::X86_64).unwrap();
/// assert_eq!((calls[0].data.nr, calls[0].data.args[0], calls[0].written), (257, -100_i64 as u64, 3));
/// assert_eq!((calls[1].abi, calls[1].data.nr), (Abi::X86, 5));
/// let error = read_calls("openat, opeanat", Abi::X86_64).unwrap_err();
/// assert_eq!(error.to_string(), "column 9: there is no call \"opeanat\"");
/// ```
pub fn read_calls(text: &str, native: Abi) -> Result<Vec<AskedCall>, AskedCallError> {
    let mut rest = Rest { text, column: 1 };
    let mut calls = Vec::new();
    loop {
        rest.skip_blanks();
        calls.push(call(&mut rest, native)?);
        rest.skip_blanks();
        match rest.text.chars().next() {
            None => return Ok(calls),
            Some(',') => rest.advance(1),
            Some(_) => return Err(rest.fault(AskedCallFault::Comma)),
        }
    }
}

fn call(rest: &mut Rest<'_>, native: Abi) -> Result<AskedCall, AskedCallError> {
    let mut place = rest.clone();
    let mut word = rest.word();
    let mut abi = native;
    if rest.text.starts_with(':') {
        abi =
            Abi::from_name(word).ok_or_else(|| place.fault(AskedCallFault::UnknownArchitecture(shortened(word))))?;
        rest.advance(1);
        place = rest.clone();
        word = rest.word();
    }
    if word.is_empty() {
        return Err(place.fault(AskedCallFault::Name));
    }
    let number = match Call::by_name(word) {
        Some(call) => {
            call.number(abi).ok_or_else(|| place.fault(AskedCallFault::NotThere { name: call.name, abi }))?
        }
        None => number(word)
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| place.fault(AskedCallFault::UnknownName(shortened(word))))?,
    };
    let (mut args, mut written) = ([0; 6], 0);
    if rest.text.starts_with('(') {
        written = arguments(rest, abi, &mut args)?;
    }
    let name = Call::by_number(abi, number).map(|call| call.name);
    Ok(AskedCall { abi, name, data: SeccompData::call(abi.architecture(), number, args), written })
}

/// Reads arguments with their parentheses; says how many there are.
fn arguments(rest: &mut Rest<'_>, abi: Abi, args: &mut [u64; 6]) -> Result<usize, AskedCallError> {
    let width = if abi.architecture().is_64_bit() { u64::MAX } else { u64::from(u32::MAX) };
    rest.advance(1);
    rest.skip_blanks();
    if rest.text.starts_with(')') {
        rest.advance(1);
        return Ok(0);
    }
    let mut written = 0;
    loop {
        rest.skip_blanks();
        let place = rest.clone();
        let word = rest.word();
        let value = number(word).ok_or_else(|| place.fault(AskedCallFault::Number(shortened(word))))?;
        let slot = args.get_mut(written).ok_or_else(|| place.fault(AskedCallFault::TooManyArguments))?;
        *slot = value & width;
        written += 1;
        rest.skip_blanks();
        match rest.text.chars().next() {
            Some(',') => rest.advance(1),
            Some(')') => {
                rest.advance(1);
                return Ok(written);
            }
            _ => return Err(rest.fault(AskedCallFault::Parenthesis)),
        }
    }
}

/// A number as in C; a negative one as its two's complement.
fn number(text: &str) -> Option<u64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (radix, digits) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hexadecimal) => (16, hexadecimal),
        None if digits.len() > 1 && digits.starts_with('0') => (8, digits),
        None => (10, digits),
    };
    // A sign would be read too.
    let value = digits.bytes().all(|byte| byte.is_ascii_alphanumeric()).then(|| u64::from_str_radix(digits, radix));
    let value = value?.ok()?;
    Some(if negative { value.wrapping_neg() } else { value })
}

/// At most 40 characters of a text.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => alloc::format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_string(),
    }
}

#[derive(Clone)]
struct Rest<'a> {
    text: &'a str,
    column: usize,
}

impl<'a> Rest<'a> {
    fn fault(&self, fault: AskedCallFault) -> AskedCallError {
        AskedCallError { column: self.column, fault }
    }

    fn advance(&mut self, bytes: usize) {
        if let Some((before, rest)) = self.text.split_at_checked(bytes) {
            self.column += before.chars().count();
            self.text = rest;
        }
    }

    fn skip_blanks(&mut self) {
        self.advance(self.text.len() - self.text.trim_start().len());
    }

    /// What stands up to a sign that has a meaning here, or a blank.
    fn word(&mut self) -> &'a str {
        let end = self.text.find(|c: char| c.is_whitespace() || ",():".contains(c)).unwrap_or(self.text.len());
        let word = self.text.get(..end).unwrap_or_default();
        self.advance(end);
        word
    }
}

#[cfg(test)]
mod tests {
    use super::{Abi, read_calls};
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn calls_by_name_number_and_architecture() {
        let calls = read_calls(" 39 , x32:open( ) ,aarch64:clone( 0644,-1 , 0xff)", Abi::X86_64).unwrap();
        let found: alloc::vec::Vec<_> =
            calls.iter().map(|call| (call.abi, call.name.unwrap(), call.data.nr, call.written)).collect();
        assert_eq!(
            found,
            [(Abi::X86_64, "getpid", 39, 0), (Abi::X32, "open", 0x4000_0002, 0), (Abi::AARCH64, "clone", 220, 3)]
        );
        assert_eq!(calls[2].data.args, [0o644, u64::MAX, 255, 0, 0, 0]);
        let narrow = read_calls("x86:close(-1),0xffffffff", Abi::X86_64).unwrap();
        assert_eq!((narrow[0].data.args[0], narrow[1].data.nr, narrow[1].name), (0xffff_ffff, u32::MAX, None));
    }

    #[test]
    fn errors_have_a_column() {
        for (text, expected) in [
            ("", "column 1: the name of a call"),
            ("open,", "column 6: the name of a call"),
            ("open read", "column 6: a comma"),
            ("vax:open", "column 1: \"vax\" is no architecture"),
            ("aarch64:open", "column 9: aarch64 has no call open"),
            ("é, open(a)", "column 1: there is no call \"é\""),
            ("read, open(a)", "column 12: \"a\" is no number"),
            ("open(1", "column 7: a closing parenthesis"),
            ("open(1,2,3,4,5,6,7)", "column 18: a call has at most six"),
            ("open(+1)", "column 6: \"+1\" is no number"),
            ("4294967296", "column 1: there is no call \"4294967296\""),
            ("open(0x)", "column 6: \"0x\" is no number"),
            ("open(18446744073709551616)", "column 6:"),
        ] {
            let error = read_calls(text, Abi::X86_64).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a-z0-9x:(), \\-é]{0,30}") {
            if let Err(error) = read_calls(&text, Abi::X86_64) {
                prop_assert!((1..=text.chars().count() + 1).contains(&error.column));
            }
        }
    }
}
