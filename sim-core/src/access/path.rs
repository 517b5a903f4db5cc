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

use super::inode::{Permissions, inode_permission};
use crate::credentials::Thread;
use crate::file::File;
use crate::outcome::Refusal;
use crate::rule::{Witness, path as rules};
use crate::system::System;

/// Refuses unless a directory on the way may be searched (`may_lookup`).
pub(crate) fn search<W: Witness>(
    system: &System,
    thread: &Thread,
    directory: &File,
    witness: &mut W,
) -> Result<(), Refusal> {
    inode_permission(system, thread, directory, Permissions::EXECUTE, &rules::SEARCH, witness)
}
