use alloc::vec::Vec;
use core::fmt;

use super::diagram::{Answers, Calls, Diagram};
use super::word::Word;
use super::{Id, Undecided};
use crate::seccomp::{Architecture, FilterReturn, SeccompData};

/// A set of calls: each of some words has values of its own, whatever the others are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Region {
    /// The words that count, in the order of [`Word::ALL`].
    pub words: Vec<(Word, Values)>,
}

/// Values of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// From one to another, both included.
    Range {
        /// The smallest.
        low: u32,
        /// The largest.
        high: u32,
    },
    /// Those that have `value` in the bits of `mask`.
    Masked {
        /// The bits that count.
        mask: u32,
        /// What they are.
        value: u32,
    },
}

impl Values {
    /// Whether it is one of them.
    pub const fn contain(self, word: u32) -> bool {
        match self {
            Self::Range { low, high } => low <= word && word <= high,
            Self::Masked { mask, value } => word & mask == value,
        }
    }

    /// The values whose bits in `mask` are known.
    const fn known(mask: u32, value: u32) -> Self {
        if mask.count_ones() == mask.leading_ones() {
            Self::Range { low: value, high: value | !mask }
        } else {
            Self::Masked { mask, value }
        }
    }

    /// Both together, if the other comes next.
    fn joined(self, next: Self) -> Option<Self> {
        match (self, next) {
            (Self::Range { low, high }, Self::Range { low: next, high: last }) => {
                (high.checked_add(1) == Some(next)).then_some(Self::Range { low, high: last })
            }
            _ => None,
        }
    }

    const fn single(self) -> Option<u32> {
        match self {
            Self::Range { low, high } if low == high => Some(low),
            _ => None,
        }
    }
}

impl Region {
    /// Whether the call is in it.
    pub fn contains(&self, data: &SeccompData) -> bool {
        self.words.iter().all(|(word, values)| values.contain(word.of(data)))
    }
}

impl Diagram {
    /// The answers to the calls of `within` as regions, none of which has a call in common with another; `most` is how
    /// many there may be.
    ///
    /// ```
    /// use sim_core::seccomp::region::{Calls, Diagram};
    /// use sim_core::seccomp::{ByteOrder, FilterReturn, text::assemble};
    ///
    /// let mut diagram = Diagram::new(ByteOrder::Little);
    /// let answers = diagram.program(&assemble(
    ///     "A = sys_number
    ///      if (A != 2) goto refuse
    ///      A = args[1]
    ///      if (A & 3) goto refuse
    ///      A = args[0] >> 32
    ///      if (A < 5) goto allow
    ///      refuse: return ERRNO(1)
    ///      allow: return ALLOW",
    /// )?)?;
    /// let allowed = diagram.calls_where(answers, |word| word == FilterReturn::ALLOW)?;
    /// let regions = diagram.regions(answers, allowed, 100)?;
    /// let texts: Vec<_> = regions.iter().map(|(region, word)| format!("{region}: {word}")).collect();
    /// assert_eq!(texts, ["nr == 2 && args[0] <= 0x4ffffffff && args[1] & 0x3 == 0x0: ALLOW"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn regions(
        &self,
        answers: Answers,
        within: Calls,
        most: usize,
    ) -> Result<Vec<(Region, FilterReturn)>, Undecided> {
        let found = self.list([within.0, answers.0, answers.0], most)?;
        Ok(found.into_iter().map(|(region, [word, _])| (region, word)).collect())
    }

    /// The regions within which two answers differ, with both: at most `most`.
    pub fn differing_regions(
        &mut self,
        first: Answers,
        second: Answers,
        within: Calls,
        most: usize,
    ) -> Result<Vec<(Region, [FilterReturn; 2])>, Undecided> {
        let differ = self.calls_with(first, second, |a, b| a != b)?;
        let within = self.both(within, differ)?;
        self.list([within.0, first.0, second.0], most)
    }

    fn list(&self, ids: [Id; 3], most: usize) -> Result<Vec<(Region, [FilterReturn; 2])>, Undecided> {
        let mut found = Vec::new();
        self.list_from(ids, &mut Region::default(), most, &mut found)?;
        Ok(found)
    }

    /// Adds what is found from here; `region` is what is known so far.
    fn list_from(
        &self,
        ids: [Id; 3],
        region: &mut Region,
        most: usize,
        found: &mut Vec<(Region, [FilterReturn; 2])>,
    ) -> Result<(), Undecided> {
        let [within, first, second] = ids;
        if within == Calls::NONE.0 {
            return Ok(());
        }
        let index = ids.iter().map(|&id| self.level(id).word()).min().unwrap_or_default();
        let Some(&word) = Word::ALL.get(index) else {
            if found.len() >= most {
                return Err(Undecided::TooComplex);
            }
            let answer = |id: Id| FilterReturn(self.cofactors(id).err().unwrap_or_default());
            found.push((region.clone(), [answer(first), answer(second)]));
            return Ok(());
        };
        let mut parts: Vec<(Values, [Id; 3])> = Vec::new();
        self.split(ids, index, [0, 0], most, &mut parts)?;
        for (values, ids) in parts {
            region.words.push((word, values));
            self.list_from(ids, region, most, found)?;
            region.words.pop();
        }
        Ok(())
    }

    /// The values of one word by where they lead.
    fn split(
        &self,
        ids: [Id; 3],
        word: usize,
        [mask, value]: [u32; 2],
        most: usize,
        parts: &mut Vec<(Values, [Id; 3])>,
    ) -> Result<(), Undecided> {
        let [within, ..] = ids;
        if within == Calls::NONE.0 {
            return Ok(());
        }
        let level = ids.iter().map(|&id| self.level(id)).min().filter(|level| level.word() == word);
        if let Some(level) = level {
            let mask = mask | level.mask();
            self.split(self.follow(ids, level, false), word, [mask, value], most, parts)?;
            return self.split(self.follow(ids, level, true), word, [mask, value | level.mask()], most, parts);
        }
        let values = Values::known(mask, value);
        if let Some((last, same)) = parts.last_mut()
            && *same == ids
            && let Some(joined) = last.joined(values)
        {
            *last = joined;
        } else if parts.len() < most {
            parts.push((values, ids));
        } else {
            return Err(Undecided::TooComplex);
        }
        Ok(())
    }
}

/// As `x86_64 && nr == 2 && args[0] <= 0xff`; `any call` without a condition.
impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.words.as_slice();
        if rest.is_empty() {
            return f.write_str("any call");
        }
        while let [(word, values), after @ ..] = rest {
            rest = after;
            // Both halves of one argument are told as one number where that is possible.
            let low = match (*word, after) {
                (Word::High(high), [(Word::Low(low), values), ..]) if high == *low => Some(*values),
                _ => None,
            };
            match (*word, *values) {
                (Word::Architecture, Values::Range { low, high }) if low == high => {
                    write!(f, "{}", Architecture::from_token(low))?;
                }
                (Word::Number, Values::Range { low, high }) if low == high => write!(f, "nr == {low}")?,
                (Word::Number, Values::Range { low, high }) => write!(f, "nr in {low}..={high}")?,
                (Word::High(index), values) => match (values, values.single(), low) {
                    (_, Some(high), Some(Values::Range { low, high: last })) => {
                        let upper = u64::from(high) << 32;
                        write_range(f, index, upper | u64::from(low), upper | u64::from(last))?;
                        rest = after.get(1..).unwrap_or_default();
                    }
                    (Values::Range { low, high }, _, None) => {
                        write_range(f, index, u64::from(low) << 32, u64::from(high) << 32 | 0xffff_ffff)?;
                    }
                    (Values::Masked { mask, value }, _, None) => {
                        write!(f, "args[{index}] & 0x{mask:x}00000000 == 0x{:x}", u64::from(value) << 32)?;
                    }
                    _ => write_word(f, *word, values)?,
                },
                (Word::Low(index), Values::Masked { mask, value }) => {
                    write!(f, "args[{index}] & 0x{mask:x} == 0x{value:x}")?;
                }
                _ => write_word(f, *word, *values)?,
            }
            if !rest.is_empty() {
                f.write_str(" && ")?;
            }
        }
        Ok(())
    }
}

fn write_range(f: &mut fmt::Formatter<'_>, index: u8, low: u64, high: u64) -> fmt::Result {
    match (low, high) {
        _ if low == high => write!(f, "args[{index}] == 0x{low:x}"),
        (0, _) => write!(f, "args[{index}] <= 0x{high:x}"),
        (_, u64::MAX) => write!(f, "args[{index}] >= 0x{low:x}"),
        _ => write!(f, "args[{index}] in 0x{low:x}..=0x{high:x}"),
    }
}

fn write_word(f: &mut fmt::Formatter<'_>, word: Word, values: Values) -> fmt::Result {
    match word {
        Word::Architecture => f.write_str("arch")?,
        Word::Number => f.write_str("nr")?,
        Word::High(index) => write!(f, "args[{index}] >> 32")?,
        Word::Low(index) => write!(f, "(args[{index}] & 0xffffffff)")?,
        Word::PointerHigh => f.write_str("instruction_pointer >> 32")?,
        Word::PointerLow => f.write_str("(instruction_pointer & 0xffffffff)")?,
    }
    match values {
        Values::Range { low, high } if low == high => write!(f, " == 0x{low:x}"),
        Values::Range { low, high } => write!(f, " in 0x{low:x}..=0x{high:x}"),
        Values::Masked { mask, value } => write!(f, " & 0x{mask:x} == 0x{value:x}"),
    }
}
