//! Operations on files and directories.

mod attributes;
mod create;
mod handle;
mod ioctl;
mod link;
mod open;
#[cfg(test)]
mod tests;

pub use attributes::{Times, setxattr_trusted, setxattr_user, utimensat};
pub use create::{Node, mkdir, mknod};
pub use handle::open_by_handle_at;
pub use ioctl::{set_interface_flags, set_protecting_flags};
pub use link::{link, unlink};
pub use open::{OpenFlags, open, open_setting};

use super::inode::inode_permission;
use crate::credentials::Thread;
use crate::file::File;
use crate::outcome::Refusal;
use crate::permission::Permissions;
use crate::rule::{Witness, path as rules};
use crate::system::System;

/// Refuses unless a directory on the way may be searched (fs/namei.c, `may_lookup`).
///
/// ```
/// use sim_core::access::search;
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let roots = File::directory();
/// assert!(search(&System::default(), &user, &roots.clone().with_mode("0711".parse()?), &mut Silent).is_ok());
/// let refusal = search(&System::default(), &user, &roots.with_mode("0700".parse()?), &mut Silent).unwrap_err();
/// assert_eq!(refusal.errno, Errno::EACCES);
/// # Ok::<(), sim_core::file::ParseModeError>(())
/// ```
pub fn search<W: Witness>(
    system: &System,
    thread: &Thread,
    directory: &File,
    witness: &mut W,
) -> Result<(), Refusal> {
    inode_permission(system, thread, directory, Permissions::EXECUTE, &rules::SEARCH, witness)
}
