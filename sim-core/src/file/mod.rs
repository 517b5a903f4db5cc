//! Files: owner, mode, `security.capability`, mount.

mod mode;
#[cfg(test)]
mod tests;
mod vfs_caps;

pub use mode::{Mode, ParseModeError};
pub use vfs_caps::{Revision, VfsCaps, XattrError};

use crate::credentials::{Kgid, Kuid};

/// A file, as far as the kernel's decisions look at it.
///
/// ```
/// use sim_core::file::{File, Mode};
///
/// let ping = File::default().with_caps("cap_net_raw=ep".parse()?);
/// assert_eq!(ping.mode, Mode::EXECUTABLE);
/// # Ok::<(), sim_core::text::ParseCapTextError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What kind of file.
    pub kind: FileKind,
    /// Owner.
    pub uid: Kuid,
    /// Group.
    pub gid: Kgid,
    /// Permission bits, with set-id bits.
    pub mode: Mode,
    /// The attribute `security.capability`, if there is one; an error if execve cannot read it.
    pub caps: Option<Result<VfsCaps, XattrError>>,
    /// What its mount allows.
    pub mount: Mount,
}

/// What kind of file: the bits `S_IFMT` of what stat(2) calls its mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// `S_IFREG`.
    #[default]
    Regular,
    /// `S_IFDIR`.
    Directory,
    /// `S_IFIFO`.
    Fifo,
    /// `S_IFSOCK`.
    Socket,
    /// `S_IFCHR`.
    CharacterDevice,
    /// `S_IFBLK`.
    BlockDevice,
}

/// The mount options that execve looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mount {
    /// Set-id bits and file capabilities are void.
    pub nosuid: bool,
    /// Nothing can be executed.
    pub noexec: bool,
}

impl Default for File {
    /// A regular file of root and its group, mode 0755, without capabilities, on an ordinary mount.
    fn default() -> Self {
        Self {
            kind: FileKind::Regular,
            uid: Kuid::ROOT,
            gid: Kgid::ROOT,
            mode: Mode::EXECUTABLE,
            caps: None,
            mount: Mount::default(),
        }
    }
}

impl File {
    /// A directory of root and its group, mode 0755.
    pub fn directory() -> Self {
        Self { kind: FileKind::Directory, ..Self::default() }
    }

    /// The same file with these capabilities.
    #[must_use]
    pub fn with_caps(self, caps: VfsCaps) -> Self {
        Self { caps: Some(Ok(caps)), ..self }
    }

    /// The same file with this owner and group, host ids.
    #[must_use]
    pub fn owned_by(self, uid: Kuid, gid: Kgid) -> Self {
        Self { uid, gid, ..self }
    }

    /// The same file with this mode.
    #[must_use]
    pub fn with_mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }
}
