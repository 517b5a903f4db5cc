//! The names that C programs write filters with.

use crate::seccomp::{Action, Architecture};

/// The value of a constant of `linux/filter.h`, `linux/bpf_common.h`, `linux/seccomp.h`, `linux/audit.h` or
/// `linux/elf-em.h`'s neighbourhood.
pub(super) fn value(name: &str) -> Option<u64> {
    let bpf = BPF.iter().find(|(known, _)| *known == name).map(|&(_, value)| value);
    let action = || {
        let action = Action::from_name(name).filter(|_| name.starts_with("SECCOMP_RET_"))?;
        Some(u64::from(action.word()))
    };
    let architecture = || {
        let architecture = Architecture::from_constant(name).filter(|_| name.starts_with("AUDIT_ARCH_"))?;
        Some(u64::from(architecture.token()))
    };
    bpf.or_else(action).or_else(architecture)
}

const BPF: [(&str, u64); 43] = [
    ("BPF_LD", 0x00),
    ("BPF_LDX", 0x01),
    ("BPF_ST", 0x02),
    ("BPF_STX", 0x03),
    ("BPF_ALU", 0x04),
    ("BPF_JMP", 0x05),
    ("BPF_RET", 0x06),
    ("BPF_MISC", 0x07),
    ("BPF_W", 0x00),
    ("BPF_H", 0x08),
    ("BPF_B", 0x10),
    ("BPF_IMM", 0x00),
    ("BPF_ABS", 0x20),
    ("BPF_IND", 0x40),
    ("BPF_MEM", 0x60),
    ("BPF_LEN", 0x80),
    ("BPF_MSH", 0xa0),
    ("BPF_ADD", 0x00),
    ("BPF_SUB", 0x10),
    ("BPF_MUL", 0x20),
    ("BPF_DIV", 0x30),
    ("BPF_OR", 0x40),
    ("BPF_AND", 0x50),
    ("BPF_LSH", 0x60),
    ("BPF_RSH", 0x70),
    ("BPF_NEG", 0x80),
    ("BPF_MOD", 0x90),
    ("BPF_XOR", 0xa0),
    ("BPF_JA", 0x00),
    ("BPF_JEQ", 0x10),
    ("BPF_JGT", 0x20),
    ("BPF_JGE", 0x30),
    ("BPF_JSET", 0x40),
    ("BPF_K", 0x00),
    ("BPF_X", 0x08),
    ("BPF_A", 0x10),
    ("BPF_TAX", 0x00),
    ("BPF_TXA", 0x80),
    ("SECCOMP_RET_DATA", 0xffff),
    ("SECCOMP_RET_ACTION", 0x7fff_0000),
    ("SECCOMP_RET_ACTION_FULL", 0xffff_0000),
    ("X32_SYSCALL_BIT", 0x4000_0000),
    ("__X32_SYSCALL_BIT", 0x4000_0000),
];

/// The offset of a field of `struct seccomp_data`, and whether it is an array.
pub(super) fn field(name: &str) -> Option<(u64, bool)> {
    match name {
        "nr" => Some((0, false)),
        "arch" => Some((4, false)),
        "instruction_pointer" => Some((8, false)),
        "args" => Some((16, true)),
        _ => None,
    }
}
