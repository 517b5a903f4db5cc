use std::fmt;
use std::str::FromStr;

/// A share of the work: every N-th case, beginning with the I-th. The N shares have no case in common and miss none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    /// From 1 to `count`.
    index: u64,
    count: u64,
}

impl Shard {
    /// Everything.
    pub(crate) const WHOLE: Self = Self { index: 1, count: 1 };

    /// Whether a case is in it; cases are counted from 0.
    pub(crate) fn has(self, case: u64) -> bool {
        case % self.count == self.index - 1
    }

    /// How many of so many cases are in it.
    pub(crate) fn of(self, cases: u64) -> u64 {
        cases / self.count + u64::from(self.index <= cases % self.count)
    }

    /// The part of a title that names it; empty for the whole.
    pub(crate) fn title(self) -> String {
        if self == Self::WHOLE { String::new() } else { format!(", shard {self}") }
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match parts {
            Some((index, count)) if (1..=count).contains(&index) => Ok(Self { index, count }),
            _ => Err("a shard is written I/N, with I from 1 to N".to_owned()),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl serde::Serialize for Shard {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Shard;

    #[test]
    fn shards_are_disjoint_and_complete() {
        for count in 1..=5u64 {
            let shards: Vec<Shard> = (1..=count).map(|index| format!("{index}/{count}").parse().unwrap()).collect();
            for cases in 0..=23u64 {
                assert!((0..cases).all(|case| shards.iter().filter(|shard| shard.has(case)).count() == 1));
                for shard in &shards {
                    assert_eq!(shard.of(cases), (0..cases).filter(|case| shard.has(*case)).count() as u64);
                }
            }
        }
    }

    #[test]
    fn text_that_is_no_shard() {
        for text in ["0/3", "4/3", "1", "1/0", "a/b", "", "1/2/3", "-1/2"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
        assert_eq!("1/1".parse(), Ok(Shard::WHOLE));
    }
}
