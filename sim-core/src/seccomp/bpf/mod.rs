//! Classic BPF as seccomp has it: instructions, the check at installation, what running them gives, what they weigh.
//!
//! Read first: seccomp(2), "Seccomp mode filter"; `net/core/filter.c`; `kernel/seccomp.c`.

mod cache;
mod check;
mod instruction;
mod interpreter;
pub mod opcode;
#[cfg(test)]
mod tests;
mod weight;

pub use cache::{always_allows, cache_length};
pub use check::{CheckError, Fault, Program, check};
pub use instruction::{BytesError, Instruction, from_bytes, to_bytes};
pub(super) use interpreter::alu;
pub use interpreter::{MEMORY, Registers, Run, Step, StepWitness, Steps};
pub use weight::{MAX_PATH, PATH_PENALTY, weight};
