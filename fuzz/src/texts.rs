use formats::{Form, read_filter, read_libseccomp, read_seccomp_tools};
use sim_core::seccomp::ByteOrder;
use sim_core::seccomp::bpf::{Instruction, Program, from_bytes, to_bytes};
use sim_core::seccomp::text::{
    TextError, assemble, disassemble, read, read_c_array, read_hex, statements as written,
};
use sim_core::text::HexBytes;

use super::check_place;

/// A filter in any form is refused with a place, or it is read; then it can be written and read in every form.
pub fn filter(bytes: &[u8]) {
    match read_filter(bytes, None) {
        Ok(filter) => {
            let order = filter.order.unwrap_or(ByteOrder::Little);
            if filter.form == Form::Raw {
                assert_eq!(to_bytes(&filter.instructions, order), bytes);
            }
            check_round_trips(&filter.instructions, order);
        }
        Err(error) => check_place(bytes, error.line, error.column),
    }
}

/// Our own statements, on machines of both byte orders.
pub fn statements(bytes: &[u8]) {
    check(bytes, |text| read(text, ByteOrder::Big));
    let read = check(bytes, |text| read(text, ByteOrder::Little));
    let assembled = std::str::from_utf8(bytes).ok().map(assemble);
    match (read, assembled) {
        (Some(read), Some(assembled)) => assert_eq!(assembled.ok(), Program::check(read).ok()),
        (_, assembled) => assert!(assembled.is_none_or(|assembled| assembled.is_err())),
    }
}

/// A program as it stands in C.
pub fn c_array(bytes: &[u8]) {
    check(bytes, read_c_array);
}

/// Hexadecimal digits.
pub fn hex(bytes: &[u8]) {
    check(bytes, |text| read_hex(text, None).map(|(program, _)| program));
}

/// What seccomp-tools prints.
pub fn seccomp_tools(bytes: &[u8]) {
    check(bytes, read_seccomp_tools);
}

/// What libseccomp's disassembler prints.
pub fn libseccomp(bytes: &[u8]) {
    check(bytes, read_libseccomp);
}

/// The program of a text, if it is one; it is refused with a place or can be written again.
fn check(bytes: &[u8], read: impl Fn(&str) -> Result<Vec<Instruction>, TextError>) -> Option<Vec<Instruction>> {
    let text = std::str::from_utf8(bytes).ok()?;
    match read(text) {
        Ok(program) => {
            check_round_trips(&program, ByteOrder::Little);
            Some(program)
        }
        Err(error) => {
            check_place(bytes, error.line, error.column);
            None
        }
    }
}

/// What is written of a program, valid or not, is read as the same.
pub(crate) fn check_round_trips(program: &[Instruction], order: ByteOrder) {
    let exact = disassemble(program, order);
    assert_eq!(read(&exact, order).as_deref(), Ok(program), "{exact}");
    let short = written(program, order);
    assert_eq!(read(&short, order).as_deref(), Ok(program), "{short}");
    let bytes = to_bytes(program, order);
    assert_eq!(from_bytes(&bytes, Some(order)), Ok((program.to_vec(), order)));
    let digits = HexBytes(&bytes).to_string();
    assert_eq!(read_hex(&digits, Some(order)), Ok((program.to_vec(), order)));
    let field = |Instruction { code, jt, jf, k }: &Instruction| format!("{{ {code}, {jt}, {jf}, {k} }},");
    let array = format!("f[] = {{ {} }};", program.iter().map(field).collect::<String>());
    assert_eq!(read_c_array(&array).as_deref(), Ok(program), "{array}");
}
