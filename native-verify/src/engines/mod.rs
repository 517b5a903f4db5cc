//! Real container engines, asked the same as the model.
//!
//! Debian's engines run in a folder that debootstrap made, in namespaces of their own, with static busybox as the image.
//! Each request starts one container, whose first process prints its own `/proc/1/status`. What engines said is kept as
//! rows, and rows are compared with the model: at once, or on every test run with those that are in the repository.

mod asked;
mod compare;
mod config;
mod engine;
mod evidence;
mod grid;
mod image;
mod known;
mod model;
mod oci;
mod room;
mod rows;
mod run;
mod sample;
mod seen;
#[cfg(test)]
mod tests;

pub(crate) use compare::compare;
pub(crate) use engine::{EngineName, Suite};
pub(crate) use evidence::keep;
pub(crate) use rows::read;
pub(crate) use run::{Plan, record};
pub(crate) use sample::sample;
