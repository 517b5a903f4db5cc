use sim_core::seccomp::ByteOrder;
use sim_core::seccomp::bpf::{Instruction, from_bytes};
use sim_core::seccomp::text::{MAX_TEXT, TextError, TextFault, read, read_c_array, read_hex};

use crate::listing::{has_columns, read_libseccomp, read_seccomp_tools};

/// The forms in which people have filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Bare instructions, as in a `.bpf` file.
    Raw,
    /// Hexadecimal digits of the bytes.
    Hex,
    /// C, as `BPF_STMT(…)` or `{ 0x20, 0, 0, 4 }`.
    C,
    /// What seccomp-tools prints.
    SeccompTools,
    /// What libseccomp's `scmp_bpf_disasm` prints.
    Libseccomp,
    /// Statements, as eperm writes and reads them.
    Statements,
}

/// A filter that was read; nobody has checked it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The form it had.
    pub form: Form,
    /// Its instructions.
    pub instructions: Vec<Instruction>,
    /// The byte order of a filter in bytes.
    pub order: Option<ByteOrder>,
}

/// Reads a filter in any of the forms; which one it is shows in its first bytes. `order` is the byte order of a filter
/// in bytes, if it is known. More than [`MAX_TEXT`] bytes are not looked at.
pub fn read_filter(bytes: &[u8], order: Option<ByteOrder>) -> Result<Filter, TextError> {
    if bytes.len() > MAX_TEXT {
        let fault = TextFault::TooMuch { what: "bytes", max: MAX_TEXT };
        return Err(TextError { line: 1, column: 1, fault });
    }
    let text = std::str::from_utf8(bytes).ok().filter(|text| is_text(text));
    let Some(text) = text else {
        let (instructions, order) = from_bytes(bytes, order).map_err(|error| TextError {
            line: 1,
            column: 1,
            fault: TextFault::Bytes(error),
        })?;
        return Ok(Filter { form: Form::Raw, instructions, order: Some(order) });
    };
    let form = form_of(text);
    let mut found = None;
    let instructions = match form {
        Form::C => read_c_array(text)?,
        Form::SeccompTools => read_seccomp_tools(text)?,
        Form::Libseccomp => read_libseccomp(text)?,
        Form::Statements | Form::Raw => read(text, order.unwrap_or(ByteOrder::Little))?,
        Form::Hex => {
            let (instructions, order) = read_hex(text, order)?;
            found = Some(order);
            instructions
        }
    };
    Ok(Filter { form, instructions, order: found })
}

/// Bytes of instructions always have control characters among them: a code has a zero byte.
fn is_text(text: &str) -> bool {
    text.chars().all(|character| !character.is_control() || character.is_whitespace())
}

fn form_of(text: &str) -> Form {
    let heading = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let is_hex = |c: char| c.is_ascii_hexdigit() || c.is_whitespace() || "x\\,\"".contains(c);
    if heading.split_ascii_whitespace().eq(["line", "OP", "JT", "JF", "K"]) {
        Form::Libseccomp
    } else if has_columns(text) {
        Form::SeccompTools
    } else if text.contains("BPF_STMT") || text.contains("BPF_JUMP") || text.contains('{') {
        Form::C
    } else if !text.trim().is_empty() && text.chars().all(is_hex) {
        Form::Hex
    } else {
        Form::Statements
    }
}
