use alloc::string::String;
use core::fmt::Write;

use super::statements;
use crate::seccomp::ByteOrder;
use crate::seccomp::bpf::{Instruction, to_bytes};

/// Writes the hexadecimal digits of a program's bytes, an instruction a line.
///
/// ```
/// use sim_core::seccomp::{ByteOrder, bpf::Instruction, text::{read_hex, write_hex}};
///
/// let program = [Instruction::statement(0x20, 4), Instruction::statement(0x06, 0x7fff_0000)];
/// let text = write_hex(&program, ByteOrder::Little);
/// assert_eq!(text, "2000000004000000\n060000000000ff7f\n");
/// assert_eq!(read_hex(&text, None)?, (program.to_vec(), ByteOrder::Little));
/// # Ok::<(), sim_core::seccomp::text::TextError>(())
/// ```
pub fn write_hex(program: &[Instruction], order: ByteOrder) -> String {
    let mut text = String::new();
    let bytes = to_bytes(program, order);
    let (instructions, _) = bytes.as_chunks::<{ Instruction::SIZE }>();
    for instruction in instructions {
        for byte in instruction {
            // Writing into a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
    }
    text
}

/// Writes a program as the value of an array in C, with what each instruction does as a comment. The byte order decides
/// which half of an argument an offset is.
///
/// ```
/// use sim_core::seccomp::{ByteOrder, bpf::Instruction, text::{read_c_array, write_c_array}};
///
/// let program = [Instruction::statement(0x20, 4), Instruction::statement(0x06, 0x7fff_0000)];
/// let text = write_c_array(&program, ByteOrder::Little);
/// assert!(text.contains("    { 0x20, 0, 0, 0x00000004 }, /* 0000: A = arch */\n"), "{text}");
/// assert_eq!(read_c_array(&text)?, program);
/// # Ok::<(), sim_core::seccomp::text::TextError>(())
/// ```
pub fn write_c_array(program: &[Instruction], order: ByteOrder) -> String {
    let mut text = String::from("struct sock_filter filter[] = {\n");
    for (Instruction { code, jt, jf, k }, statement) in program.iter().zip(statements(program, order).lines()) {
        let _ = writeln!(text, "    {{ 0x{code:02x}, {jt}, {jf}, 0x{k:08x} }}, /* {statement} */");
    }
    text.push_str("};\n");
    text
}

#[cfg(test)]
mod tests {
    use super::{write_c_array, write_hex};
    use crate::seccomp::ByteOrder;
    use crate::seccomp::bpf::Instruction;
    use crate::seccomp::text::{read_c_array, read_hex};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_back(words in prop::collection::vec(any::<(u16, u8, u8, u32)>(), 1..20)) {
            let program: alloc::vec::Vec<_> =
                words.into_iter().map(|(code, jt, jf, k)| Instruction { code, jt, jf, k }).collect();
            prop_assert_eq!(read_c_array(&write_c_array(&program, ByteOrder::Little)).unwrap(), program.clone());
            for order in [ByteOrder::Little, ByteOrder::Big] {
                let text = write_hex(&program, order);
                prop_assert_eq!(read_hex(&text, Some(order)).unwrap(), (program.clone(), order));
            }
        }
    }
}
