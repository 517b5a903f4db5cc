//! Operations: calls that ask for a permission. Each is a step whose key is the system call's name.

mod path;
mod process;
mod system;

pub(super) use path::is_network_setting;
pub use path::*;
pub use process::*;
pub use system::*;
