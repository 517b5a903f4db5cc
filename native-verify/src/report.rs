use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// Something that the machine cannot do, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Skip(pub(crate) String);

/// What became of a number of cases. Every case drawn is in exactly one of the three others.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Tally {
    pub(crate) drawn: u64,
    pub(crate) agreed: u64,
    pub(crate) differed: u64,
    /// How many were skipped, by reason.
    pub(crate) skipped: BTreeMap<String, u64>,
}

impl Tally {
    pub(crate) fn skipped(&self) -> u64 {
        self.skipped.values().sum()
    }

    pub(crate) fn skip(&mut self, Skip(reason): &Skip) {
        *self.skipped.entry(reason.clone()).or_default() += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let performed = self.agreed + self.differed;
        write!(
            f,
            "{} drawn, {performed} performed: {} agree, {} differ; {} skipped",
            self.drawn,
            self.agreed,
            self.differed,
            self.skipped(),
        )?;
        self.skipped.iter().try_for_each(|(reason, count)| write!(f, "\n  skipped {count}: {reason}"))
    }
}
