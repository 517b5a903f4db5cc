//! May this thread do that? Permission checks that change nothing.

mod bind;
#[cfg(test)]
mod tests;

pub use bind::bind;
