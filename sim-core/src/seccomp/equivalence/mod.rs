//! Whether two filters, stacks or policies answer every call alike: proven, or shown by a call that they answer differently.
//!
//! Each side becomes a decision diagram over the bits of a call's data: architecture, number, arguments. Diagrams of equal
//! functions are one, so that nothing is sampled and nothing is left out.
//!
//! ```
//! use sim_core::seccomp::compile::compile;
//! use sim_core::seccomp::equivalence::{Subject, difference};
//! use sim_core::seccomp::preset::Preset;
//! use sim_core::seccomp::profile::{Engine, Target, resolve};
//! use sim_core::seccomp::syscalls::Abi;
//!
//! let target = Target::new(Abi::X86_64, Engine::DOCKER);
//! let [docker, podman] = [Preset::Docker, Preset::Podman].map(|preset| resolve(&preset.profile(), &target).unwrap());
//! let program = compile(&docker).unwrap();
//! assert_eq!(difference(&Subject::Policy(&docker), &Subject::Program(&program)), Ok(None), "for every call");
//! let shown = difference(&Subject::Policy(&docker), &Subject::Policy(&podman)).unwrap().unwrap();
//! assert_eq!(docker.verdict(&shown.call).action, shown.left);
//! assert_eq!(podman.verdict(&shown.call).action, shown.right);
//! ```

mod diagram;
mod policy;
mod program;

#[cfg(test)]
mod tests;

use self::diagram::{Diagram, Diagrams};
use super::bpf::Program;
use super::profile::Policy;
use super::{Action, ByteOrder, FilterReturn, SeccompData};

/// What answers calls.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// A policy.
    Policy(&'a Policy),
    /// A filter.
    Program(&'a Program),
    /// Filters that are all asked, the newest first.
    Stack(&'a [Program]),
}

/// A call that two sides answer differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The call.
    pub call: SeccompData,
    /// The first side's answer.
    pub left: FilterReturn,
    /// The second side's.
    pub right: FilterReturn,
}

/// Why a question has no answer here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Undecided {
    /// An instruction does more with a word than to mask and compare it.
    #[error("instruction {0} calculates; only filters that mask and compare are followed")]
    Calculates(usize),
    /// The diagrams grow too large.
    #[error("the filters ask too much at once to be compared")]
    TooComplex,
}

/// A call that the sides answer differently; `None` if there is none. Words are compared with their data.
pub fn difference(left: &Subject<'_>, right: &Subject<'_>) -> Result<Option<Difference>, Undecided> {
    find(left, right, |left, right| left != right)
}

/// A call that the first side lets run, and the second does not; `None` if the first permits no more than the second.
pub fn permits_more(left: &Subject<'_>, right: &Subject<'_>) -> Result<Option<Difference>, Undecided> {
    let runs = |word: FilterReturn| matches!(word.action(), Action::Allow | Action::Log);
    find(left, right, |left, right| runs(left) && !runs(right))
}

/// A call whose two answers are as wanted, on a machine of the policies' byte order.
fn find(
    left: &Subject<'_>,
    right: &Subject<'_>,
    wanted: impl Fn(FilterReturn, FilterReturn) -> bool,
) -> Result<Option<Difference>, Undecided> {
    let order = left.byte_order().or_else(|| right.byte_order()).unwrap_or(ByteOrder::Little);
    let mut diagrams = Diagrams::default();
    let (left, right) = (left.diagram(&mut diagrams, order)?, right.diagram(&mut diagrams, order)?);
    let found = diagrams.find(left, right, &wanted)?;
    Ok(found.map(|(words, left, right)| Difference { call: diagram::call(&words, order), left, right }))
}

impl Subject<'_> {
    fn byte_order(&self) -> Option<ByteOrder> {
        match self {
            Self::Policy(policy) => policy.tables.first().map(|table| table.abi.architecture().byte_order()),
            Self::Program(_) | Self::Stack(_) => None,
        }
    }

    fn diagram(&self, diagrams: &mut Diagrams, order: ByteOrder) -> Result<Diagram, Undecided> {
        match self {
            Self::Policy(subject) => policy::diagram(subject, diagrams, order),
            Self::Program(subject) => program::diagram(subject, diagrams),
            Self::Stack(programs) => {
                let mut answer = diagrams.answer(FilterReturn::ALLOW)?;
                for program in *programs {
                    let next = program::diagram(program, diagrams)?;
                    answer = diagrams.strictest(answer, next)?;
                }
                Ok(answer)
            }
        }
    }
}
