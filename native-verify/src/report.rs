use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use sim_core::scenario::Loaded;

/// Something that the machine cannot do, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Skip(pub(crate) String);

/// What became of a number of cases. Every case drawn is in exactly one of the three others.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Tally {
    /// How many there would be if nothing stopped the run.
    pub(crate) asked: u64,
    pub(crate) drawn: u64,
    pub(crate) agreed: u64,
    pub(crate) differed: u64,
    /// How many were skipped, by reason.
    pub(crate) skipped: BTreeMap<String, u64>,
    /// Whether the run was asked to stop before it had drawn them all.
    pub(crate) stopped: bool,
    /// How many had supplementary groups.
    pub(crate) with_groups: u64,
    /// How many began in a user namespace below another.
    pub(crate) nested: u64,
    /// How often each call was performed and agreed.
    pub(crate) calls: BTreeMap<&'static str, Answers>,
}

/// How often a call was granted and refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Answers {
    pub(crate) granted: u64,
    pub(crate) refused: u64,
}

impl Tally {
    /// Nothing yet, of so many cases.
    pub(crate) fn asked(asked: u64) -> Self {
        Self { asked, ..Self::default() }
    }

    /// So many cases that the machine cannot perform at all.
    pub(crate) fn skipped_all(asked: u64, reason: String) -> Self {
        Self { asked, drawn: asked, skipped: [(reason, asked)].into(), ..Self::default() }
    }

    pub(crate) fn skipped(&self) -> u64 {
        self.skipped.values().sum()
    }

    /// Counts a case that agreed.
    pub(crate) fn agree(&mut self, loaded: &Loaded, calls: &[(&'static str, bool)]) {
        self.agreed += 1;
        let world = &loaded.world;
        let credentials = &world.thread.credentials;
        self.with_groups += u64::from(!credentials.groups.as_slice().is_empty());
        self.nested += u64::from(world.system.user_namespaces.level(credentials.user_ns) > 1);
        for (call, granted) in calls {
            let answers = self.calls.entry(call).or_default();
            *(if *granted { &mut answers.granted } else { &mut answers.refused }) += 1;
        }
    }

    /// Which calls were made how often, and in what circumstances.
    pub(crate) fn coverage(&self) -> String {
        let circumstances =
            format!("  {} with supplementary groups, {} in a nested user namespace", self.with_groups, self.nested);
        let head = format!("  {:<24} {:>8} {:>8}", "", "granted", "refused");
        let row = |(call, answers): (&&str, &Answers)| {
            format!("  {call:<24} {:>8} {:>8}", answers.granted, answers.refused)
        };
        [circumstances, head].into_iter().chain(self.calls.iter().map(row)).collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn skip(&mut self, Skip(reason): &Skip) {
        *self.skipped.entry(reason.clone()).or_default() += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.stopped {
            write!(f, "stopped after {} of {}: ", self.drawn, self.asked)?;
        }
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

#[cfg(test)]
mod tests {
    use super::{Skip, Tally};

    #[test]
    fn skips_are_counted_by_reason_and_a_stop_is_told() {
        let mut tally = Tally { asked: 9, drawn: 4, agreed: 1, stopped: true, ..Tally::default() };
        for reason in ["too long", "no privilege", "too long"] {
            tally.skip(&Skip(reason.to_owned()));
        }
        let told = "stopped after 4 of 9: 4 drawn, 1 performed: 1 agree, 0 differ; 3 skipped\n  \
                    skipped 1: no privilege\n  skipped 2: too long";
        assert_eq!(tally.to_string(), told);
    }
}
