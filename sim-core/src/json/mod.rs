//! JSON whose values know where they stand.
//!
//! A [`Node`] is a value that is not read yet: its part of the text, and the path to it. Every type is read from it
//! through the same few functions, and an error has the place of the innermost value that is wrong.

mod access;
mod deserialize;
mod error;
mod node;
mod path;
mod syntax;
#[cfg(test)]
mod tests;

pub(crate) use error::Error;
pub(crate) use node::Node;
pub(crate) use path::Path;

/// How deep values may stand in each other.
const MAX_DEPTH: usize = 128;
