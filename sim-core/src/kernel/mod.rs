//! Kernel releases, what changed between them, and the kernel's error numbers.

mod change;
mod errno;
mod release;

pub use change::{CHANGES, Change, TAKEN_OVER};
pub use errno::Errno;
pub use release::{ParseReleaseError, Release};

/// The points at which answers change, by name.
pub mod changes {
    pub use super::change::points::*;
}
