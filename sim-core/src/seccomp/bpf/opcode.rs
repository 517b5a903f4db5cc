//! The codes of instructions that a filter may have, under the names of `linux/bpf_common.h`.

macro_rules! opcodes {
    ($($name:ident $code:literal $text:literal)*) => {
        $(#[doc = $text] pub const $name: u16 = $code;)*

        /// Every code that a filter may have.
        pub const ALL: &[u16] = &[$($name),*];

        /// Whether a filter may have this code.
        pub const fn is_known(code: u16) -> bool {
            matches!(code, $($name)|*)
        }
    };
}

opcodes! {
    LD_IMM 0x00 "`A = k`"
    LDX_IMM 0x01 "`X = k`"
    ST 0x02 "`M[k] = A`"
    STX 0x03 "`M[k] = X`"
    ADD_K 0x04 "`A += k`"
    JA 0x05 "jumps k instructions ahead"
    RET_K 0x06 "returns k"
    TAX 0x07 "`X = A`"
    ADD_X 0x0c "`A += X`"
    SUB_K 0x14 "`A -= k`"
    JEQ_K 0x15 "`A == k`?"
    RET_A 0x16 "returns A"
    SUB_X 0x1c "`A -= X`"
    JEQ_X 0x1d "`A == X`?"
    LD_ABS 0x20 "`A` is the word at k of the call's data"
    MUL_K 0x24 "`A *= k`"
    JGT_K 0x25 "`A > k`?"
    MUL_X 0x2c "`A *= X`"
    JGT_X 0x2d "`A > X`?"
    DIV_K 0x34 "`A /= k`"
    JGE_K 0x35 "`A >= k`?"
    DIV_X 0x3c "`A /= X`; returns 0 if X is 0"
    JGE_X 0x3d "`A >= X`?"
    OR_K 0x44 "`A |= k`"
    JSET_K 0x45 "`A & k`?"
    OR_X 0x4c "`A |= X`"
    JSET_X 0x4d "`A & X`?"
    AND_K 0x54 "`A &= k`"
    AND_X 0x5c "`A &= X`"
    LD_MEM 0x60 "`A = M[k]`"
    LDX_MEM 0x61 "`X = M[k]`"
    LSH_K 0x64 "`A <<= k`"
    LSH_X 0x6c "`A <<= X & 31`"
    RSH_K 0x74 "`A >>= k`"
    RSH_X 0x7c "`A >>= X & 31`"
    LD_LEN 0x80 "`A = 64`"
    LDX_LEN 0x81 "`X = 64`"
    NEG 0x84 "`A = -A`"
    TXA 0x87 "`A = X`"
    XOR_K 0xa4 "`A ^= k`"
    XOR_X 0xac "`A ^= X`"
}

/// Whether `code` is a jump with two ways.
pub const fn is_conditional(code: u16) -> bool {
    matches!(code, JEQ_K | JEQ_X | JGT_K | JGT_X | JGE_K | JGE_X | JSET_K | JSET_X)
}

/// Whether `code` computes with A and X.
pub const fn is_arithmetic_with_x(code: u16) -> bool {
    matches!(code, ADD_X | SUB_X | MUL_X | DIV_X | OR_X | AND_X | XOR_X | LSH_X | RSH_X)
}
