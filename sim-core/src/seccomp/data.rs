use super::{Architecture, ByteOrder};

/// What a filter is shown of a call: `struct seccomp_data`.
///
/// ```
/// use sim_core::seccomp::{Architecture, SeccompData};
///
/// let data = SeccompData::call(Architecture::S390X, 5, [0x1_0000_0002, 0, 0, 0, 0, 0]);
/// assert_eq!((data.word(16), data.word(20)), (Some(1), Some(2)), "the high word comes first there");
/// assert_eq!(data.word(2), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeccompData {
    /// The number of the call, as the low 32 bits of the register hold it.
    pub nr: u32,
    /// The architecture whose calling convention is used.
    pub arch: Architecture,
    /// The address behind the instruction that makes the call.
    pub instruction_pointer: u64,
    /// The six arguments.
    pub args: [u64; 6],
}

impl SeccompData {
    /// The size of the kernel's struct in bytes; `len` in a filter.
    pub const SIZE: u32 = 64;
    /// The bit that marks a number of the x32 table, `__X32_SYSCALL_BIT`.
    pub const X32_BIT: u32 = 0x4000_0000;

    /// A call by number, from address 0.
    pub const fn call(arch: Architecture, nr: u32, args: [u64; 6]) -> Self {
        Self { nr, arch, instruction_pointer: 0, args }
    }

    /// Whether it is a call by the x32 table: an x86_64 call with bit 30. The number -1 has the bit too.
    pub const fn is_x32(&self) -> bool {
        self.arch.token() == Architecture::X86_64.token() && self.nr & Self::X32_BIT != 0
    }

    /// The 32-bit word at `offset` bytes, in the byte order of the architecture. `None` unless the offset is a
    /// multiple of 4 below 64.
    #[inline]
    pub fn word(&self, offset: u32) -> Option<u32> {
        self.word_in(offset, self.arch.byte_order())
    }

    /// The same on a machine of the given byte order, whatever `arch` holds.
    #[inline]
    pub fn word_in(&self, offset: u32, order: ByteOrder) -> Option<u32> {
        if !offset.is_multiple_of(4) {
            return None;
        }
        match offset {
            0 => return Some(self.nr),
            4 => return Some(self.arch.token()),
            _ => {}
        }
        let long = match offset / 8 {
            1 => self.instruction_pointer,
            index => *self.args.get(usize::try_from(index.checked_sub(2)?).ok()?)?,
        };
        let high = is_high(offset, order);
        Some(if high { (long >> 32) as u32 } else { (long & 0xffff_ffff) as u32 })
    }
}

/// Whether the word at `offset`, in a 64-bit field, is its upper half.
pub(super) const fn is_high(offset: u32, order: ByteOrder) -> bool {
    offset % 8
        == match order {
            ByteOrder::Little => 4,
            ByteOrder::Big => 0,
        }
}

#[cfg(test)]
mod tests {
    use super::SeccompData;
    use crate::seccomp::Architecture;

    #[test]
    fn words_are_where_the_kernel_puts_them() {
        let args = [0, 1, 2, 3, 4, 0x55_0000_0066];
        let mut data =
            SeccompData { instruction_pointer: 0x77_0000_0088, ..SeccompData::call(Architecture::I386, 9, args) };
        let words = |data: &SeccompData| [0, 4, 8, 12, 56, 60].map(|offset| data.word(offset).unwrap());
        assert_eq!(words(&data), [9, 0x4000_0003, 0x88, 0x77, 0x66, 0x55]);
        data.arch = Architecture::M68K;
        assert_eq!(words(&data), [9, 4, 0x77, 0x88, 0x55, 0x66]);
        for bad in [1, 2, 3, 5, 62, 64, 68, 0xffff_f000, u32::MAX] {
            assert_eq!(data.word(bad), None);
        }
    }
}
