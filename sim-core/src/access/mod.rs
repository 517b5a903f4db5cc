//! May this thread do that? Permission checks that change nothing.

mod bind;
mod capable;
#[cfg(test)]
mod tests;

pub use bind::bind;
pub use capable::ns_capable;
