//! Seccomp: filters of system calls, from their installation to what becomes of a call.
//!
//! A [`Program`](bpf::Program) of classic BPF has passed the kernel's check. [`install`] puts it on a thread's
//! [`Seccomp`] state, if the kernel does; [`judge`] says what becomes of a call.
//!
//! ```
//! use sim_core::prelude::*;
//! use sim_core::seccomp::{Architecture, Fate, Install, Seccomp, SeccompData, install, judge, text::assemble};
//!
//! let program = assemble(
//!     "A = sys_number
//!      if (A != 39) goto allow
//!      return ERRNO(1)
//!      allow: return ALLOW",
//! )?;
//! let (system, state) = (System::default(), Seccomp::default());
//! let thread = Thread::from(Credentials::root(system.capabilities()));
//! let installed = install(&system, &thread, &state, &Install::filter(&program), &mut Silent).granted().unwrap();
//! let getpid = SeccompData::call(Architecture::X86_64, 39, [0; 6]);
//! assert_eq!(judge(&system, &installed.state, &getpid, false, &mut Silent), Fate::Returns(-1));
//! # Ok::<(), sim_core::seccomp::text::TextError>(())
//! ```
//!
//! Deciding what becomes of a call allocates nothing.

mod action;
mod architecture;
pub mod bpf;
pub mod check;
pub mod compile;
mod data;
pub mod equivalence;
pub mod explanation;
mod install;
mod judge;
pub mod lint;
pub mod merge;
pub mod preset;
pub mod profile;
pub mod record;
pub mod region;
mod stack;
mod strict;
pub mod syscalls;
pub mod text;

#[cfg(test)]
mod tests;

pub use action::{Action, FilterReturn};
pub use architecture::{Architecture, ByteOrder};
pub use data::SeccompData;
use data::is_high;
pub use install::{Flags, Install, Installed, Operation, ProgramPointer, install};
pub use judge::{Fate, judge};
pub use stack::{Filter, Mode, Seccomp, Verdict};
pub use strict::strict_calls;
