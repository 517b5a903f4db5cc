use alloc::vec::Vec;

use super::{Condition, Operator};

/// The values of one argument for which several conditions hold: an interval, bits that are fixed, and values left out.
///
/// ```
/// use sim_core::seccomp::profile::Region;
///
/// let mut region = Region::new(u64::MAX);
/// assert_eq!(region.example(), Some(0));
/// region.exclude(0);
/// assert_eq!(region.example(), Some(1));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    low: u64,
    high: u64,
    mask: u64,
    value: u64,
    excluded: Vec<u64>,
    empty: bool,
}

impl Region {
    /// Every value up to `width`.
    pub const fn new(width: u64) -> Self {
        Self { low: 0, high: width, mask: 0, value: 0, excluded: Vec::new(), empty: false }
    }

    /// Leaves a value out.
    pub fn exclude(&mut self, value: u64) {
        self.excluded.push(value);
    }

    /// Keeps those for which the condition holds.
    pub fn demand(&mut self, condition: &Condition) {
        let value = condition.value;
        match condition.operator {
            Operator::NotEqual => self.exclude(value),
            Operator::Less => match value.checked_sub(1) {
                Some(high) => self.high = self.high.min(high),
                None => self.empty = true,
            },
            Operator::LessOrEqual => self.high = self.high.min(value),
            Operator::Equal => (self.low, self.high) = (self.low.max(value), self.high.min(value)),
            Operator::GreaterOrEqual => self.low = self.low.max(value),
            Operator::Greater => match value.checked_add(1) {
                Some(low) => self.low = self.low.max(low),
                None => self.empty = true,
            },
            Operator::MaskedEqual => {
                self.empty |= (self.value ^ value) & self.mask & condition.mask != 0;
                (self.mask, self.value) = (self.mask | condition.mask, self.value | value);
            }
        }
    }

    /// The smallest value of the region, if it has any.
    pub fn example(&self) -> Option<u64> {
        if self.empty {
            return None;
        }
        let mut excluded: Vec<u64> = self.excluded.clone();
        excluded.sort_unstable();
        let mut from = self.low;
        loop {
            let found = self.next_masked(from).filter(|&found| found <= self.high)?;
            if excluded.binary_search(&found).is_err() {
                return Some(found);
            }
            from = found.checked_add(1)?;
        }
    }

    /// The smallest value from `from` on whose fixed bits are right.
    fn next_masked(&self, from: u64) -> Option<u64> {
        let (mask, value) = (self.mask, self.value);
        let candidate = (from & !mask) | value;
        let different = candidate ^ from;
        if different == 0 {
            return Some(from);
        }
        let top = different.ilog2();
        let below = (1_u64 << top) - 1;
        if candidate > from {
            // A fixed bit made it larger: the free bits below are zero.
            return Some((candidate & !below) | (value & below));
        }
        // A fixed bit made it smaller: the next free zero above carries.
        let free = !mask & !from & !(below | 1 << top);
        let carry = 1_u64.checked_shl(free.trailing_zeros())?;
        let low = carry - 1;
        Some((candidate & !low) | carry | (value & low))
    }
}

#[cfg(test)]
mod tests {
    use super::Region;
    use crate::seccomp::profile::{Condition, Operator};
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn condition() -> impl Strategy<Value = Condition> {
        (0..Operator::ALL.len(), 0..32_u64, 0..32_u64).prop_map(|(operator, value, mask)| {
            let operator = Operator::ALL[operator];
            let masked = operator == Operator::MaskedEqual;
            let (value, mask) = if masked { (value & mask, mask) } else { (value, u64::MAX) };
            Condition { argument: 0, operator, value, mask }
        })
    }

    proptest! {
        #[test]
        fn the_example_is_the_smallest_value(conditions in proptest::collection::vec(condition(), 0..5)) {
            let mut region = Region::new(63);
            for condition in &conditions {
                region.demand(condition);
            }
            let holding: Vec<u64> =
                (0..64).filter(|&a| conditions.iter().all(|c| c.holds(&[a, 0, 0, 0, 0, 0]))).collect();
            prop_assert_eq!(region.example(), holding.first().copied());
        }
    }

    #[test]
    fn edges() {
        let one = |operator, value, mask| {
            let mut region = Region::new(u64::MAX);
            region.demand(&Condition { argument: 0, operator, value, mask });
            region.example()
        };
        assert_eq!(one(Operator::Less, 0, u64::MAX), None);
        assert_eq!(one(Operator::Greater, u64::MAX, u64::MAX), None);
        assert_eq!(one(Operator::GreaterOrEqual, u64::MAX, u64::MAX), Some(u64::MAX));
        assert_eq!(one(Operator::MaskedEqual, 1 << 63, 1 << 63), Some(1 << 63));
    }
}
