//! The proof behind eperm: does the running kernel do what the model says?
//!
//! A scenario becomes a tape of system calls. A child of the harness, in namespaces and on files that the harness
//! made for it, performs the tape; a tiny program that it executes, the probe, reads on. Every field observed after
//! every step is compared with the model.
//!
//! Nothing here touches a file that it did not make, and no call is made that the scenario format does not have. What
//! the machine cannot do is skipped, with the reason, and counted as skipped.

#![cfg(all(target_os = "linux", probe))]

mod alone;
mod cli;
mod command;
mod compare;
mod engines;
mod evidence;
mod generate;
mod guest;
mod junit;
#[cfg(all(target_arch = "x86_64", feature = "libseccomp"))]
mod library;
mod machine;
mod namespaces;
#[cfg(all(target_arch = "x86_64", feature = "libseccomp"))]
mod numbers;
mod perform;
#[cfg(target_arch = "x86_64")]
mod profiles;
mod program;
mod report;
mod sandbox;
#[cfg(target_arch = "x86_64")]
mod seccomp;
mod settings;
mod shard;
mod stage;
mod stamps;
mod stop;
#[allow(unsafe_code, reason = "it makes raw system calls; each block says why that is sound")]
mod sys;
mod table;
#[allow(unsafe_code, reason = "it is compiled into the probe too and makes raw system calls; each block says why")]
#[allow(clippy::all, clippy::pedantic, clippy::indexing_slicing, reason = "it must do without libc and panics")]
mod tape;
mod target;

pub use cli::command_line;
