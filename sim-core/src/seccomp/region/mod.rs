//! What filters and policies answer to every call there can be, exactly: whether two are equal, whether one permits
//! at most what the other does, and which call shows otherwise.
//!
//! A [`Diagram`] holds the answers of filters, stacks of filters and policies as a decision over the bits of a call.
//! It is the same for all that answer the same, however they decide. Nothing is tried out; where a filter cannot be
//! followed exactly, that is [`Undecided`].
//!
//! ```
//! use sim_core::seccomp::region::{Calls, Diagram};
//! use sim_core::seccomp::{ByteOrder, text::assemble};
//!
//! let mut diagram = Diagram::new(ByteOrder::Little);
//! let below = assemble("A = args[0]\n if (A >= 16) goto 3\n return ALLOW\n return KILL")?;
//! let high_bits = assemble("A = args[0]\n A &= 0xffffff00\n if (A == 0) goto 4\n return KILL\n return ALLOW")?;
//! let (below, high_bits) = (diagram.program(&below)?, diagram.program(&high_bits)?);
//! let difference = diagram.difference(below, high_bits, Calls::ALL)?.unwrap();
//! assert_eq!(difference.to_string(), "x86_64 call 0 (16, 0, 0, 0, 0, 0): KILL against ALLOW");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod by_call;
mod compare;
mod diagram;
mod listing;
mod nodes;
mod policy;
mod program;
mod stack;
mod state;
#[cfg(test)]
mod tests;
mod undecided;
mod value;
mod word;

pub use by_call::CallDifference;
pub use compare::{Difference, Permission};
pub use diagram::{Answers, Calls, Diagram};
pub use listing::{Region, Values};
pub use undecided::Undecided;
pub use word::Word;

use nodes::Id;
