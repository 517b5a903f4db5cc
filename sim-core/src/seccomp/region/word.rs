use super::diagram::{Calls, Diagram};
use super::{Id, Undecided};
use crate::seccomp::{Architecture, ByteOrder, SeccompData, is_high};

/// A bit of a call's data, in the order in which bits are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Level(u16);

/// The level behind the last bit.
pub(super) const LEVELS: Level = Level(512);

/// A 32-bit word of a call's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Word {
    /// The architecture.
    Architecture,
    /// The number of the call.
    Number,
    /// The upper half of an argument, 0 to 5.
    High(u8),
    /// The lower half of an argument, 0 to 5.
    Low(u8),
    /// The upper half of the instruction pointer.
    PointerHigh,
    /// The lower half of the instruction pointer.
    PointerLow,
}

/// What is known of a bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bit {
    Known(bool),
    /// The bit of the call's data at this level, or its opposite.
    Asked {
        level: Level,
        inverted: bool,
    },
}

/// How a number is compared with a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Test {
    Equal,
    Greater,
    GreaterOrEqual,
    /// Whether they have a bit in common.
    AnyBit,
}

impl Word {
    /// All of them, in the order in which they are asked.
    pub const ALL: [Self; 16] = [
        Self::Architecture,
        Self::Number,
        Self::High(0),
        Self::Low(0),
        Self::High(1),
        Self::Low(1),
        Self::High(2),
        Self::Low(2),
        Self::High(3),
        Self::Low(3),
        Self::High(4),
        Self::Low(4),
        Self::High(5),
        Self::Low(5),
        Self::PointerHigh,
        Self::PointerLow,
    ];

    /// The word that a filter loads from `offset`, a multiple of 4 below 64, on a machine of this byte order.
    pub(super) fn at(offset: u32, order: ByteOrder) -> Option<Self> {
        let high = is_high(offset, order);
        match (offset / 8, offset % 4) {
            (0, 0) if offset == 0 => Some(Self::Number),
            (0, 0) => Some(Self::Architecture),
            (1, 0) => Some(if high { Self::PointerHigh } else { Self::PointerLow }),
            (field @ 2..=7, 0) => {
                let argument = u8::try_from(field - 2).ok()?;
                Some(if high { Self::High(argument) } else { Self::Low(argument) })
            }
            _ => None,
        }
    }

    /// The level of its bit `bit`, 0 to 31 from the lowest.
    pub(super) const fn level(self, bit: u16) -> Level {
        let index = match self {
            Self::Architecture => 0,
            Self::Number => 1,
            Self::High(argument) => 2 + 2 * argument as u16,
            Self::Low(argument) => 3 + 2 * argument as u16,
            Self::PointerHigh => 14,
            Self::PointerLow => 15,
        };
        Level(index * 32 + 31 - bit)
    }

    /// Its value in a call.
    pub fn of(self, data: &SeccompData) -> u32 {
        let argument = |index: u8| data.args.get(usize::from(index)).copied().unwrap_or_default();
        let (long, high) = match self {
            Self::Architecture => return data.arch.token(),
            Self::Number => return data.nr,
            Self::High(index) => (argument(index), true),
            Self::Low(index) => (argument(index), false),
            Self::PointerHigh => (data.instruction_pointer, true),
            Self::PointerLow => (data.instruction_pointer, false),
        };
        u32::try_from(if high { long >> 32 } else { long & 0xffff_ffff }).unwrap_or_default()
    }

    /// Its bits from the lowest.
    pub(super) fn bits(self) -> impl Iterator<Item = Bit> {
        (0..32).map(move |bit| Bit::Asked { level: self.level(bit), inverted: false })
    }
}

impl Level {
    /// Its word, by the index in [`Word::ALL`].
    pub(super) fn word(self) -> usize {
        usize::from(self.0 / 32)
    }

    /// The bit in its word.
    pub(super) const fn mask(self) -> u32 {
        1 << (31 - self.0 % 32)
    }

    pub(super) const fn number(self) -> u16 {
        self.0
    }

    pub(super) fn bit_of(self, data: &SeccompData) -> bool {
        Word::ALL.get(self.word()).is_some_and(|word| word.of(data) & self.mask() != 0)
    }
}

impl Diagram {
    /// The calls by an architecture.
    pub fn by(&mut self, architecture: Architecture) -> Result<Calls, Undecided> {
        let token = u64::from(architecture.token());
        self.test(Test::Equal, Word::Architecture.bits(), token).map(Calls)
    }

    /// The calls by any of these architectures.
    pub fn by_any(&mut self, architectures: &[Architecture]) -> Result<Calls, Undecided> {
        architectures.iter().try_fold(Calls::NONE, |calls, &architecture| {
            let by = self.by(architecture)?;
            self.either(calls, by)
        })
    }

    /// The calls with this number.
    pub fn numbered(&mut self, number: u32) -> Result<Calls, Undecided> {
        self.test(Test::Equal, Word::Number.bits(), u64::from(number)).map(Calls)
    }

    /// The calls whose number is at least this.
    pub(super) fn numbered_from(&mut self, number: u32) -> Result<Calls, Undecided> {
        self.test(Test::GreaterOrEqual, Word::Number.bits(), u64::from(number)).map(Calls)
    }

    /// The set where the number of these bits, from the lowest, passes a test.
    pub(super) fn test(
        &mut self,
        test: Test,
        bits: impl Iterator<Item = Bit>,
        constant: u64,
    ) -> Result<Id, Undecided> {
        let (yes, no) = (Calls::ALL.0, Calls::NONE.0);
        // What holds if all bits above are equal, or have none in common.
        let mut below = if matches!(test, Test::Equal | Test::GreaterOrEqual) { yes } else { no };
        for (index, bit) in bits.enumerate().take(64) {
            let wanted = constant >> index & 1 != 0;
            let (if_zero, if_one) = match (test, wanted) {
                (Test::Equal, false) => (below, no),
                (Test::Equal | Test::Greater | Test::GreaterOrEqual, true) => (no, below),
                (Test::Greater | Test::GreaterOrEqual, false) | (Test::AnyBit, true) => (below, yes),
                (Test::AnyBit, false) => (below, below),
            };
            below = match bit {
                Bit::Known(false) => if_zero,
                Bit::Known(true) => if_one,
                Bit::Asked { level, inverted: false } => self.branch(level, if_zero, if_one)?,
                Bit::Asked { level, inverted: true } => self.branch(level, if_one, if_zero)?,
            };
        }
        Ok(below)
    }
}
