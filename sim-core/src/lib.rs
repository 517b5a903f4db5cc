//! What will the Linux kernel decide, and why? This crate is the model behind eperm.
//!
//! ```
//! use sim_core::prelude::*;
//!
//! let thread = Thread::from(Credentials::user(1024));
//! let file = File::default().with_caps("cap_net_bind_service=ep".parse()?);
//! let mut trace = Trace::new();
//! let outcome = execve(&System::default(), &thread, &Program::from(&file), &mut trace);
//! let executed = outcome.granted().expect("the kernel does it");
//! assert!(executed.credentials.effective.contains(Capability::NET_BIND_SERVICE));
//! assert!(trace.applied_rules().iter().any(|rule| rule.id == "execve.file-permitted"));
//! # Ok::<(), ParseCapTextError>(())
//! ```
//!
//! Every decision is a function of a [`System`](system::System), a [`Thread`](credentials::Thread) and the call's
//! arguments. It gives an [`Outcome`](outcome::Outcome): a result, or a [`Refusal`](outcome::Refusal) with the errno
//! and the [`Rule`](rule::Rule) that decided. A [`Witness`](rule::Witness) sees every rule that was tried; with
//! [`Silent`](rule::Silent) the same code allocates nothing.
//!
//! The crate is pure: no I/O, clock, environment, unsafe code or panic. The feature `serde` (on by default) adds the
//! scenario format with its reader and runner, `schema` its JSON Schema.
//!
//! What is not modelled is a list too: [`rule::NOT_MODELLED`].
//!
//! # Floors
//!
//! A module uses only those below it.
//!
//! ```text
//! search
//! least
//! scenario
//! runtime
//! text      execve      calls      access    seccomp
//! permission
//! file      outcome     system
//! rule
//! credentials
//! kernel
//! engine
//! capability
//! json
//! ```

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod access;
pub mod calls;
pub mod capability;
pub mod credentials;
pub mod engine;
pub mod execve;
pub mod file;
#[cfg(feature = "serde")]
mod json;
pub mod kernel;
#[cfg(feature = "serde")]
pub mod least;
pub mod outcome;
mod permission;
pub mod rule;
pub mod runtime;
#[cfg(feature = "serde")]
pub mod scenario;
#[cfg(feature = "serde")]
pub mod search;
pub mod seccomp;
pub mod system;
pub mod text;

/// What most programs need, in one line.
pub mod prelude {
    pub use crate::capability::{CapSet, Capability};
    pub use crate::credentials::{
        Credentials, Groups, Ids, Kgid, Kuid, RawCredentials, Securebits, Thread, Tracer, UserNamespaces, UserNs,
    };
    pub use crate::execve::{Executed, Program, execve};
    pub use crate::file::{File, Mode, Mount, VfsCaps};
    pub use crate::kernel::{Errno, Release};
    pub use crate::outcome::{Outcome, Refusal};
    pub use crate::rule::{Provenance, Rule, SetName, Silent, Trace, Witness};
    pub use crate::system::System;
    pub use crate::text::ParseCapTextError;
}
