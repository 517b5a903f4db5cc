use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::{assemble, disassemble, read, read_c_array, read_hex, statements};
use crate::seccomp::ByteOrder;
use crate::seccomp::bpf::{Instruction, from_bytes, opcode, to_bytes};

/// Programs whose jumps may lead anywhere ahead; every 16-bit code may occur.
fn programs() -> impl Strategy<Value = Vec<Instruction>> {
    let code = prop_oneof![12 => prop::sample::select(opcode::ALL), 1 => any::<u16>()];
    let k = prop_oneof![0..80_u32, Just(0x7fff_0000), Just(0x0005_0001), Just(0xc000_003e), any::<u32>()];
    let jump = || prop_oneof![4 => Just(0_u8), 4 => 0..5_u8, 1 => any::<u8>()];
    let one = (code, jump(), jump(), k).prop_map(|(code, jt, jf, k)| Instruction { code, jt, jf, k });
    prop::collection::vec(one, 0..40)
}

fn orders() -> impl Strategy<Value = ByteOrder> {
    prop_oneof![Just(ByteOrder::Little), Just(ByteOrder::Big)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(program in programs(), order in orders()) {
        prop_assert_eq!(&read(&disassemble(&program, order), order).unwrap(), &program);
        prop_assert_eq!(&read(&statements(&program, order), order).unwrap(), &program);
    }

    #[test]
    fn bytes_are_read_back(program in programs(), order in orders()) {
        let bytes = to_bytes(&program, order);
        prop_assert_eq!(&from_bytes(&bytes, Some(order)).unwrap().0, &program);
        let hex: Vec<String> = bytes.iter().map(|byte| alloc::format!("{byte:02X}")).collect();
        prop_assert_eq!(&read_hex(&hex.join(" "), Some(order)).unwrap().0, &program);
        // If every code fits a byte and one is not 0, the order is found out.
        if program.iter().all(|i| i.code < 0x100) && program.iter().any(|i| i.code != 0) {
            prop_assert_eq!(from_bytes(&bytes, None).unwrap(), (program, order));
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic(
        text in r"[ -~\n]{0,80}|((A|X|mem|if|goto|return|raw|=|==|\(|\)|\[|\]|!|0x1f|12|:|ALLOW|l1|BPF_STMT|BPF_LD|,|\||~|\{|\}|\.k|offsetof|é| |\n){0,25})"
    ) {
        for error in [read(&text, ByteOrder::Little).err(), read_c_array(&text).err(), read_hex(&text, None).err()].into_iter().flatten() {
            prop_assert!(error.line >= 1 && error.column >= 1, "{}", error);
        }
        let _ = assemble(&text);
    }
}

#[test]
fn the_listing_people_know() {
    let program = assemble(
        "A = arch
         if (A != ARCH_X86_64) goto kill     # not ours
         A = sys_number
         if (A >= 0x40000000) goto kill
         if (A == 59) goto errno else goto ok
         errno: return ERRNO(1)
         ok: return ALLOW
         kill: return KILL",
    )
    .unwrap();
    let expected = " line  CODE  JT   JF      K
=================================
 0000: 0x20 0x00 0x00 0x00000004  A = arch
 0001: 0x15 0x00 0x05 0xc000003e  if (A != ARCH_X86_64) goto 0007
 0002: 0x20 0x00 0x00 0x00000000  A = sys_number
 0003: 0x35 0x03 0x00 0x40000000  if (A >= 0x40000000) goto 0007
 0004: 0x15 0x00 0x01 0x0000003b  if (A != 0x3b) goto 0006
 0005: 0x06 0x00 0x00 0x00050001  return ERRNO(1)
 0006: 0x06 0x00 0x00 0x7fff0000  return ALLOW
 0007: 0x06 0x00 0x00 0x00000000  return KILL
";
    assert_eq!(disassemble(program.instructions(), ByteOrder::Little), expected);
    assert_eq!(assemble(expected).unwrap(), program);
}

#[test]
fn what_does_not_count_shows_only_in_the_columns() {
    let noisy = [Instruction { code: opcode::ADD_X, jt: 1, jf: 2, k: 3 }, Instruction::statement(opcode::RET_A, 9)];
    let listing = disassemble(&noisy, ByteOrder::Little);
    assert!(listing.contains(" 0000: 0x0c 0x01 0x02 0x00000003  A += X\n"), "{listing}");
    assert_eq!(read(&listing, ByteOrder::Little).unwrap(), noisy);
    assert!(statements(&noisy, ByteOrder::Little).starts_with("0000: raw 0x0c 0x01 0x02 0x00000003\n"));
}

#[test]
fn halves_of_arguments_are_where_the_byte_order_puts_them() {
    let text = "A = args[1]\nA = args[1] >> 32\nA = instruction_pointer\nreturn A";
    let offsets = |order| read(text, order).unwrap().iter().map(|i| i.k).collect::<Vec<_>>();
    assert_eq!(offsets(ByteOrder::Little), [24, 28, 8, 0]);
    assert_eq!(offsets(ByteOrder::Big), [28, 24, 12, 0]);
}

#[test]
fn errors_have_a_place() {
    let check = |text: &str, expected: &str| {
        let error = assemble(text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text:?}: {error}");
    };
    check("A =", "line 1, column 4: a number should stand here");
    check("return ALLOW\nB = 1", "line 2, column 1: a statement:");
    check("goto nowhere\nreturn A", "line 1, column 6: the label nowhere stands nowhere");
    check("a: return A\na: return A", "line 2, column 1: the label a stands twice");
    check("return A\ngoto 0\nreturn A", "line 2, column 6: no jump from 1 to 0 is possible");
    check("0001: return A", "line 1, column 1: this is instruction 0, not 1");
    check("A = 4294967296\nreturn A", "line 1, column 5: 4294967296 does not fit");
    check("A = mem[16]\nreturn A", "line 1, column 9: 16 does not fit; the largest number here is 15");
    check("if (A == read) goto 1\nreturn A", "line 1, column 10: the name read is not known here");
    check("0x06 0 0 0x7fff0000 return KILL", "line 1, column 21: the statement is 0x06 0x00 0x00 0x00000000");
    check("A = 1", "line 1, column 1: the kernel would refuse it: instruction 0: the last instruction must return");
    check(
        "  return ALLOW\n  raw 0x28 0 0 0\n return A",
        "line 2, column 3: the kernel would refuse it: instruction 1",
    );
    check("", "line 1, column 1: the kernel would refuse it: 0 instructions");
    check("return ERRNO(65536)", "line 1, column 14: 65536 does not fit");
    check("return ALLOW ALLOW", "line 1, column 14: the end of the line should stand here");
}

#[test]
fn c_in_its_usual_forms() {
    let stmt = read_c_array("BPF_STMT(BPF_RET+BPF_K, SECCOMP_RET_TRAP | 5)").unwrap();
    assert_eq!(stmt, [Instruction::statement(6, 0x0003_0005)]);
    let braces = read_c_array("{ 0x20, 0x00, 0x00, 0x00000004 }, {0x15,0,3,0xc000003e},").unwrap();
    assert_eq!(braces, [Instruction::statement(0x20, 4), Instruction::jump(0x15, 0xc000_003e, 0, 3)]);
    let named = read_c_array("static struct sock_filter f[2] = { { .code = 6, .k = 1u }, { 6 } }; // end").unwrap();
    assert_eq!(named, [Instruction::statement(6, 1), Instruction::statement(6, 0)]);
    let offsets = "BPF_STMT(BPF_LD|BPF_W|BPF_ABS, (offsetof(struct seccomp_data, args[2]) + 4)),";
    assert_eq!(read_c_array(offsets).unwrap()[0].k, 36);
    assert_eq!(read_c_array("{ ~0 & 0xff, 0, 0, (__u32)1 << 4 }").unwrap()[0], Instruction::statement(0xff, 16));
    assert_eq!(read_c_array("#include <x>\n/* a\n b */ {{6,0,0,0},}").unwrap().len(), 1);
}

#[test]
fn errors_in_c_have_a_place() {
    let check = |text: &str, expected: &str| {
        let error = read_c_array(text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text:?}: {error}");
    };
    check("BPF_STMT(BPF_LD, __NR_read)", "line 1, column 18: the name __NR_read is not known here");
    check("{ 6, 256, 0, 0 }", "line 1, column 6: 256 does not fit; the largest number here is 255");
    check("{ 6, 0, 0, 0, 0 }", "line 1, column 15: } should stand here");
    check("/* a\nb */ {6", "line 2, column 8: , should stand here");
    check("{ 6, 1 - 2 }", "line 1, column 8: the result does not fit");
    check("{6} int", "line 1, column 5: BPF_STMT(");
    check(&alloc::format!("{{ {}1", "(".repeat(100_000)), "line 1, column");
    check(&alloc::format!("{{ {}1", "~".repeat(100_000)), "line 1, column");
    check(&alloc::format!("{{ {}", "1|".repeat(100_000)), "line 1, column 200003: a number should stand here");
}

#[test]
fn too_much_is_refused() {
    let too_many = "return A\n".repeat(65_536);
    assert!(read(&too_many, ByteOrder::Little).unwrap_err().to_string().contains("at most 65535 instructions"));
    let kernel = assemble(&"return A\n".repeat(4097)).unwrap_err();
    assert!(kernel.to_string().ends_with("4097 instructions; a filter has 1 to 4096"));
    assert!(read_c_array(&"{6},".repeat(65_536)).is_err());
    assert!(from_bytes(&vec![6; 8 * 65_536], None).is_err());
    assert!(from_bytes(&[6; 7], None).is_err());
    assert!(from_bytes(&[6, 6, 0, 0, 0, 0, 0, 0], None).is_err());
    let big = " ".repeat(super::MAX_TEXT + 1);
    assert!(read(&big, ByteOrder::Little).is_err() && read_c_array(&big).is_err() && read_hex(&big, None).is_err());
}
