//! Filters as bytes.

use sim_core::seccomp::ByteOrder;
use sim_core::seccomp::bpf::{BytesError, CheckError, Fault, Instruction, Program, check, from_bytes, to_bytes};
use sim_core::seccomp::text::{TextFault, assemble, disassemble};

use super::peak;

const ALLOW: Instruction = Instruction::statement(0x06, 0x7fff_0000);
const LONG: Fault = Fault::Length { length: 4097 };

#[test]
fn filters_of_4097_instructions_are_read_and_not_accepted() {
    let long = vec![ALLOW; 4097];
    let refused = Program::check(long.clone()).unwrap_err();
    assert_eq!(refused, CheckError { instruction: None, fault: LONG });
    let (read, order) = from_bytes(&to_bytes(&long, ByteOrder::Big), None).unwrap();
    assert_eq!((&read, order, check(&read)), (&long, ByteOrder::Big, Err(refused)));
    let error = assemble(&disassemble(&long, ByteOrder::Little)).unwrap_err();
    assert_eq!(error.fault, TextFault::Check(refused));
    assert!(check(&long[1..]).is_ok());
}

#[test]
fn odd_lengths_and_none_are_told() {
    let bytes = to_bytes(&[ALLOW; 3], ByteOrder::Little);
    for length in (0..bytes.len()).filter(|length| length % 8 != 0) {
        assert_eq!(from_bytes(&bytes[..length], None), Err(BytesError::Length { length }));
    }
    assert_eq!(from_bytes(&[], None).unwrap().0, []);
    assert_eq!(check(&[]).unwrap_err().fault, Fault::Length { length: 0 });
}

#[test]
fn gigabytes_are_refused_by_their_length() {
    // Never touched, these pages are only promised.
    let bytes = vec![0; 1 << 30];
    let (refused, held) = peak(|| from_bytes(&bytes, None));
    assert_eq!((refused, held), (Err(BytesError::TooMany { count: 1 << 27 }), 0));
}

#[test]
fn bytes_of_both_orders_are_told() {
    let mixed = [ALLOW.to_bytes(ByteOrder::Little), ALLOW.to_bytes(ByteOrder::Big)].concat();
    assert_eq!(from_bytes(&mixed, None), Err(BytesError::Order { index: 1 }));
    assert_eq!(from_bytes(&[0xff; 8], None), Err(BytesError::Order { index: 0 }));
}
