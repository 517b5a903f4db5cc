use super::word::{Bit, Word};
use crate::seccomp::bpf::opcode;

/// What a register holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Value {
    Known(u32),
    Loaded(Loaded),
    /// Something that this instruction computed and that is not followed.
    Computed {
        instruction: usize,
        two_words: bool,
    },
}

/// A word of the call, shifted, masked, and with some bits inverted: `((word << shift) & mask) ^ flips`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Loaded {
    word: Word,
    /// To the left; negative to the right. What was shifted out is not in the mask.
    shift: i16,
    mask: u32,
    flips: u32,
}

impl Value {
    pub(super) const ZERO: Self = Self::Known(0);

    pub(super) const fn word(word: Word) -> Self {
        Self::Loaded(Loaded { word, shift: 0, mask: u32::MAX, flips: 0 })
    }
}

impl Loaded {
    /// The result of an operation with a constant, if it is of this form again. `code` is one with K.
    pub(super) fn with(self, code: u16, k: u32) -> Option<Value> {
        let Self { word, shift, mask, flips } = self;
        let loaded = |shift: i16, mask: u32, flips: u32| match mask {
            0 => Value::Known(flips),
            _ => Value::Loaded(Self { word, shift, mask, flips }),
        };
        // The kernel's check allows constants below 32; X counts modulo 32.
        let by = k & 31;
        let signed = i16::try_from(by).unwrap_or_default();
        match code {
            opcode::AND_K => Some(loaded(shift, mask & k, flips & k)),
            opcode::OR_K => Some(loaded(shift, mask & !k, flips | k)),
            opcode::XOR_K => Some(loaded(shift, mask, flips ^ k)),
            opcode::LSH_K => Some(loaded(shift + signed, mask << by, flips << by)),
            opcode::RSH_K => Some(loaded(shift - signed, mask >> by, flips >> by)),
            opcode::ADD_K | opcode::SUB_K if k == 0 => Some(Value::Loaded(self)),
            opcode::MUL_K | opcode::DIV_K if k == 1 => Some(Value::Loaded(self)),
            opcode::MUL_K if k.is_power_of_two() => self.with(opcode::LSH_K, k.trailing_zeros()),
            opcode::DIV_K if k.is_power_of_two() => self.with(opcode::RSH_K, k.trailing_zeros()),
            opcode::MUL_K if k == 0 => Some(Value::Known(0)),
            _ => None,
        }
    }

    /// Its bits from the lowest.
    pub(super) fn bits(self) -> impl DoubleEndedIterator<Item = Bit> {
        (0..32_i16).map(move |bit| {
            let flipped = self.flips >> bit & 1 != 0;
            let source = u16::try_from(bit - self.shift).ok().filter(|source| *source < 32);
            match source {
                Some(source) if self.mask >> bit & 1 != 0 => {
                    Bit::Asked { level: self.word.level(source), inverted: flipped }
                }
                _ => Bit::Known(flipped),
            }
        })
    }

    /// How many of its bits come from the call.
    pub(super) const fn width(self) -> u32 {
        self.mask.count_ones()
    }
}
