//! Readers of what other tools write.
//!
//! A reader takes text or bytes from strangers: it is bounded in size, it does not panic, and an error names line and
//! column. What the texts mean is `sim-core`'s.
//!
//! ```
//! use formats::{Form, read_filter};
//!
//! let listing = b" line  OP   JT   JF   K
//! =================================
//!  0000: 0x06 0x00 0x00 0x7fff0000   ret ALLOW
//! ";
//! let filter = read_filter(listing, None)?;
//! assert_eq!((filter.form, filter.instructions.len()), (Form::Libseccomp, 1));
//! # Ok::<(), sim_core::seccomp::text::TextError>(())
//! ```

#![forbid(unsafe_code)]

pub mod audit;
mod command;
pub mod container;
pub mod export;
mod filter;
mod finding;
mod lines;
mod listing;
mod message;
mod mixture;
pub mod operations;
mod problem;
pub mod strace;
mod system;
#[cfg(test)]
mod tests;

pub use filter::{Filter, Form, read_filter};
pub use finding::{
    AskedProfile, Container, Failure, FileCopy, Finding, Image, Misread, Mount, Reading, Says, TextForm,
};
pub use lines::MAX_LINE;
pub use listing::{read_libseccomp, read_seccomp_tools};
pub use message::{MESSAGES, Message, NO_MESSAGE, read_message};
pub use mixture::{MAX_FINDINGS, MAX_TEXT, read};
pub use problem::{Fault, Problem};
