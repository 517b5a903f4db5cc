use alloc::vec::Vec;

use super::{Merged, Mode};
use crate::seccomp::ByteOrder;
use crate::seccomp::equivalence::Difference;
use crate::seccomp::profile::Policy;
use crate::seccomp::region::{Answers, Calls, Diagram, Undecided};

/// What holds for every call there can be, of a merged profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// For each source a call that shows that the result is wrong: a union that does not permit what the source does, an
    /// intersection that permits what it does not. The left answer is the one that permits more.
    pub wrong: Vec<Option<Difference>>,
    /// A call that a union permits though no source does, or that an intersection refuses though all permit it.
    pub inexact: Option<Difference>,
}

impl Proof {
    /// Whether a union permits all that a source does, or an intersection only what all do.
    pub fn is_right(&self) -> bool {
        self.wrong.iter().all(Option::is_none)
    }

    /// Whether a union permits nothing else, or an intersection everything else.
    pub const fn is_exact(&self) -> bool {
        self.inexact.is_none()
    }
}

impl Merged {
    /// Proves the result, or finds calls that show what is wrong or lost.
    pub fn proof(&self) -> Result<Proof, Undecided> {
        let order = |policy: &Policy| policy.tables.first().map(|table| table.abi.architecture().byte_order());
        let mut diagram = Diagram::new(order(&self.policy).unwrap_or(ByteOrder::Little));
        let merged = diagram.policy(&self.policy)?;
        let sources: Vec<Answers> =
            self.sources.iter().map(|policy| diagram.policy(policy)).collect::<Result<_, _>>()?;
        let mode = self.mode;
        let mut wanted = sources.first().copied().unwrap_or(merged);
        for source in sources.iter().skip(1) {
            wanted = diagram.combine(wanted, *source, |first, second| mode.of(first, second))?;
        }
        let mut wrong = Vec::new();
        for source in sources {
            wrong.push(match mode {
                Mode::Union => diagram.excess(source, merged, Calls::ALL)?,
                Mode::Intersection => diagram.excess(merged, source, Calls::ALL)?,
            });
        }
        let inexact = match mode {
            Mode::Union => diagram.excess(merged, wanted, Calls::ALL)?,
            Mode::Intersection => diagram.excess(wanted, merged, Calls::ALL)?,
        };
        Ok(Proof { wrong, inexact })
    }
}
