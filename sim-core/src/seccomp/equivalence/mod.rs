//! Whether two filters, stacks or policies answer every call alike: proven, or shown by a call that they answer differently.
//!
//! Each side becomes a [`Diagram`] of its answers, which is the same for all that answer the same, so that nothing is
//! sampled and nothing is left out. [`region`](super::region) answers more: for some calls only, and in regions.
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

#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use super::ByteOrder;
use super::bpf::Program;
use super::profile::Policy;
use super::region::{Answers, Calls, Diagram};

pub use super::region::{Difference, Undecided};

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

/// A call that the sides answer differently; `None` if there is none. Words are compared with their data.
pub fn difference(left: &Subject<'_>, right: &Subject<'_>) -> Result<Option<Difference>, Undecided> {
    let (mut diagram, [left, right]) = both(left, right)?;
    diagram.difference(left, right, Calls::ALL)
}

/// A call that the first side permits more than the second; `None` if the first permits no more than the second.
/// [`Permission`](super::region::Permission) says what is more.
pub fn permits_more(left: &Subject<'_>, right: &Subject<'_>) -> Result<Option<Difference>, Undecided> {
    let (mut diagram, [left, right]) = both(left, right)?;
    diagram.excess(left, right, Calls::ALL)
}

/// The answers of both, on a machine of the policies' byte order.
fn both(left: &Subject<'_>, right: &Subject<'_>) -> Result<(Diagram, [Answers; 2]), Undecided> {
    let order = left.byte_order().or_else(|| right.byte_order()).unwrap_or(ByteOrder::Little);
    let mut diagram = Diagram::new(order);
    let answers = [left.answers(&mut diagram)?, right.answers(&mut diagram)?];
    Ok((diagram, answers))
}

impl Subject<'_> {
    fn byte_order(&self) -> Option<ByteOrder> {
        match self {
            Self::Policy(policy) => policy.tables.first().map(|table| table.abi.architecture().byte_order()),
            Self::Program(_) | Self::Stack(_) => None,
        }
    }

    /// What it answers, in a diagram.
    pub fn answers(&self, diagram: &mut Diagram) -> Result<Answers, Undecided> {
        match self {
            Self::Policy(policy) => diagram.policy(policy),
            Self::Program(program) => diagram.program(program),
            Self::Stack(newest_first) => {
                let answers = newest_first.iter().rev().map(|program| diagram.program(program));
                let answers: Vec<Answers> = answers.collect::<Result<_, _>>()?;
                diagram.stacked(&answers)
            }
        }
    }
}
