//! Numbers by chance, the same for the same seed.

/// Numbers that follow from a seed (SplitMix64): the same on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// The numbers of the case of this number.
    pub(crate) fn of(seed: u64, case: u64) -> Self {
        let mut random = Self(seed);
        Self(random.next() ^ case)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn word(&mut self, bound: u32) -> u32 {
        u32::try_from(self.below(bound.into())).unwrap_or_default()
    }

    pub(crate) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    /// One of them; `None` of none.
    pub(crate) fn pick<T: Copy>(&mut self, among: &[T]) -> Option<T> {
        let count = std::num::NonZero::new(among.len() as u64)?;
        let at = usize::try_from(self.below(count.get())).ok()?;
        among.get(at).copied()
    }
}
