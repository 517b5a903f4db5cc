use proptest::prelude::*;
use sim_core::seccomp::ByteOrder;
use sim_core::seccomp::bpf::{Instruction, to_bytes};
use sim_core::seccomp::text::{disassemble, statements};

use super::{Form, read_filter, read_libseccomp, read_seccomp_tools};

const PROGRAM: [Instruction; 4] = [
    Instruction::statement(0x20, 4),
    Instruction::jump(0x15, 0xc000_003e, 0, 1),
    Instruction::statement(0x06, 0x7fff_0000),
    Instruction::statement(0x06, 0),
];

const SECCOMP_TOOLS: &str = " line  CODE  JT   JF      K
=================================
 0000: 0x20 0x00 0x00 0x00000004  A = arch
 0001: 0x15 0x00 0x01 0xc000003e  if (A != ARCH_X86_64) goto 0003
 0002: 0x06 0x00 0x00 0x7fff0000  return ALLOW
 0003: 0x06 0x00 0x00 0x00000000  return KILL
";

const LIBSECCOMP: &str = " line  OP   JT   JF   K
=================================
 0000: 0x20 0x00 0x00 0x00000004   ld  $data[4]
 0001: 0x15 0x00 0x01 0xc000003e   jeq 3221225534 true:0002 false:0003
 0002: 0x06 0x00 0x00 0x7fff0000   ret ALLOW
 0003: 0x06 0x00 0x00 0x00000000   ret KILL
";

#[test]
fn every_form_is_told_apart() {
    let hex: Vec<String> = to_bytes(&PROGRAM, ByteOrder::Big).iter().map(|byte| format!("\\x{byte:02x}")).collect();
    let c = "struct sock_filter f[] = { {0x20,0,0,4}, {0x15,0,1,0xc000003e}, {6,0,0,0x7fff0000}, {6,0,0,0}, };";
    let cases: [(Form, Vec<u8>); 7] = [
        (Form::Raw, to_bytes(&PROGRAM, ByteOrder::Little)),
        (Form::Raw, to_bytes(&PROGRAM, ByteOrder::Big)),
        (Form::Hex, hex.concat().into_bytes()),
        (Form::C, c.into()),
        (Form::SeccompTools, SECCOMP_TOOLS.into()),
        (Form::Libseccomp, LIBSECCOMP.into()),
        (Form::Statements, "A = arch\nif (A != 0xc000003e) goto kill\nreturn ALLOW\nkill: return KILL".into()),
    ];
    for (form, bytes) in cases {
        let filter = read_filter(&bytes, None).unwrap();
        assert_eq!((filter.form, filter.instructions.as_slice()), (form, PROGRAM.as_slice()));
    }
}

#[test]
fn names_of_calls_do_not_matter_beside_columns() {
    let listing = " 0000: 0x15 0x00 0x00 0x00000000  if (A == read) goto 0001\n 0001: 0x06 0x00 0x00 0x00050001  return ERRNO(1)";
    assert_eq!(read_seccomp_tools(listing).unwrap()[1].k, 0x0005_0001);
    assert_eq!(read_seccomp_tools("0000: A = sys_number\n0001: return ALLOW\n").unwrap().len(), 2);
    assert_eq!(read_seccomp_tools(&format!("{listing}\n# 2 instructions\n")).unwrap().len(), 2);
    let without = read_seccomp_tools("0000: if (A == read) goto 0001\n0001: return A\n").unwrap_err();
    assert_eq!(without.to_string(), "line 1, column 16: the name read is not known here; write the number");
}

#[test]
fn errors_have_a_place() {
    let check = |text: &str, expected: &str| {
        let error = read_libseccomp(text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text:?}: {error}");
    };
    check(" 0001: 0x06 0 0 0", "line 1, column 2: this is instruction 0, not 1");
    check(" 0000: 0x06 0x00 0x100 0x0", "line 1, column 18: 0x100 does not fit; the largest number here is 255");
    check("\n 0000: 0x06 0x00", "line 2, column 17: jf should stand here");
    check(" 0000: 6 0 0 0", "line 1, column 8: the code should stand here, not \"6\"");
    check("rubbish", "line 1, column 1: the number of an instruction");
    check(" 0000 0x06", "line 1, column 2: the number of an instruction");
    let error = read_filter(&[0x20, 0, 0], None).unwrap_err().to_string();
    assert_eq!(error, "line 1, column 1: 3 bytes are no whole number of instructions of 8 bytes");
}

#[test]
fn too_much_is_refused() {
    let line = |number: usize| format!("{number:04}: 0x06 0x00 0x00 0x00000000");
    let lines = |count: usize| (0..count).map(line).collect::<Vec<_>>().join("\n");
    assert_eq!(read_libseccomp(&lines(4097)).unwrap().len(), 4097, "the kernel's limit is the check's to tell");
    let error = read_libseccomp(&lines(65_536)).unwrap_err().to_string();
    assert_eq!(error, "line 65536, column 1: there is too much: at most 65535 instructions");
    let blank = vec![b' '; (16 << 20) + 1];
    assert!(read_filter(&blank, None).unwrap_err().to_string().contains("at most 16777216 bytes"));
    assert!(read_filter(&vec![0; 65_536 * 8], None).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused_with_a_place(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        if let Err(error) = read_filter(&bytes, None) {
            prop_assert!(error.line >= 1 && error.column >= 1);
        }
    }

    #[test]
    fn a_listing_with_characters_changed(at in 0..LIBSECCOMP.len(), by in "[ -~\n0-9x:é]{0,3}") {
        for listing in [LIBSECCOMP, SECCOMP_TOOLS] {
            let at = at.min(listing.len());
            let (before, after) = (listing.get(..at), listing.get(at + 1..));
            let changed = format!("{}{by}{}", before.unwrap_or_default(), after.unwrap_or_default());
            if let Err(error) = read_filter(changed.as_bytes(), None) {
                prop_assert!(error.line >= 1 && error.column >= 1);
            }
        }
    }

    #[test]
    fn our_own_listing_is_one_too(words in prop::collection::vec(any::<(u8, u8, u8, u32)>(), 1..20)) {
        let program: Vec<_> =
            words.into_iter().map(|(code, jt, jf, k)| Instruction { code: code.into(), jt, jf, k }).collect();
        let listing = disassemble(&program, ByteOrder::Little);
        prop_assert_eq!(read_filter(listing.as_bytes(), None).unwrap().instructions, program.clone());
        let listing = statements(&program, ByteOrder::Little);
        prop_assert_eq!(read_filter(listing.as_bytes(), None).unwrap().instructions, program);
    }
}
