//! Filters of system calls on the running kernel: drawn, installed in a child, and asked with real calls.
//!
//! A case is a sequence of steps: installations and calls. The model says what becomes of each. A child performs them;
//! where the model expects its death, or death comes unexpected, another child performs the rest.

#[allow(unsafe_code, reason = "the child makes raw system calls in memory that it shares; each block says why")]
mod child;
#[allow(unsafe_code, reason = "it traces, and starts a thread without the library's; each block says why")]
mod company;
mod compare;
mod draw;
#[allow(unsafe_code, reason = "it enters the kernel by instructions of its own; each block says why")]
mod entry;
mod model;
mod random;
mod steps;

pub(crate) use draw::Random;
pub(crate) use random::{SeccompArguments, find, random};
