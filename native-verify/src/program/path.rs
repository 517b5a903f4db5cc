//! Operations on files and directories.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sim_core::file::FileKind;
use sim_core::scenario::{
    AttributeName, Call, FileFlag, IoctlArguments, IoctlRequest, LinkArguments, MkdirArguments, MknodArguments,
    NodeKind, OpenArguments, OpenFlag, PathOperation, SetxattrArguments, Step, TimesText, UnlinkArguments,
    UtimensatArguments, World,
};

use super::{Answer, Full, Writer};
use crate::report::Skip;
use crate::stage::{OPEN_FOLDER, mount_folder};
use crate::sys;
use crate::tape::Kind;

/// The first file descriptor of the files whose flags are set, in order of [`flagged_paths`].
pub(crate) const FILES_FD: i32 = 40;
/// How many of them there can be.
pub(crate) const FILES: usize = 60;

/// The descriptor that a step opens: the lowest one, which the child has no other use for.
const LOWEST: u64 = 0;
/// `include/uapi/linux/fs.h`.
const FS_IMMUTABLE_FL: u32 = 0x10;
const FS_APPEND_FL: u32 = 0x20;
/// `AT_FDCWD`.
const HERE: u64 = (-100_i64).cast_unsigned();

/// The paths whose flags steps set, one for each such step.
pub(crate) fn flagged_paths(steps: &[Step]) -> Vec<&str> {
    steps
        .iter()
        .filter_map(|step| match &step.call {
            Call::Path(PathOperation::Ioctl(IoctlArguments { path, .. })) => path.as_deref(),
            _ => None,
        })
        .collect()
}

impl Writer<'_> {
    /// Writes an operation on a path. `files` counts the descriptors used so far.
    pub(super) fn path(
        &mut self,
        operation: &PathOperation,
        world: &World,
        places: &BTreeMap<String, PathBuf>,
        files: &mut i32,
    ) -> Result<Answer, Skip> {
        match operation {
            PathOperation::Open(arguments) => self.open(arguments, world, places),
            PathOperation::Setxattr(SetxattrArguments { path, name }) => {
                let path = self.store_path(path, places)?;
                let (name, harmless): (&[u8], &[i32]) = match name {
                    AttributeName::Trusted => (b"trusted.eperm\0", &[]),
                    // The permission comes first; whether the filesystem has such attributes shows afterwards.
                    AttributeName::User => (b"user.eperm\0", &[libc::EOPNOTSUPP, libc::ENOSPC]),
                };
                let name = self.store(name)?;
                self.push(Kind::Call, 0b111, libc::SYS_setxattr, [path, name, name, 1, 0, 0])?;
                Ok(Answer::Permission(harmless))
            }
            PathOperation::Link(arguments) => self.link(arguments, world, places),
            PathOperation::Unlink(UnlinkArguments { path }) => self.unlink(path, world, places),
            PathOperation::Utimensat(UtimensatArguments { path, times }) => {
                let path = self.store_path(path, places)?;
                let (pointers, times) = match times {
                    TimesText::Now => (0b10, 0),
                    TimesText::Given => (0b110, self.store(&[0; 32])?),
                };
                self.push(Kind::Call, pointers, libc::SYS_utimensat, [HERE, path, times, 0, 0, 0])?;
                Ok(Answer::Value)
            }
            PathOperation::Mknod(MknodArguments { path, kind, mode, device }) => {
                let kind = match kind {
                    NodeKind::Regular => libc::S_IFREG,
                    NodeKind::Fifo => libc::S_IFIFO,
                    NodeKind::Socket => libc::S_IFSOCK,
                    NodeKind::CharacterDevice => libc::S_IFCHR,
                    NodeKind::BlockDevice => libc::S_IFBLK,
                };
                let mode = u64::from(kind) | u64::from(mode.0.bits());
                let [major, minor] = device.unwrap_or_default();
                let path = self.store_path(path, places)?;
                self.clear_umask()?;
                let device = libc::makedev(major.into(), minor.into());
                self.deciding(Kind::Call, 0b10, libc::SYS_mknodat, [HERE, path, mode, device, 0, 0])?;
                Ok(Answer::Value)
            }
            PathOperation::Mkdir(MkdirArguments { path, mode }) => {
                let path = self.store_path(path, places)?;
                self.clear_umask()?;
                self.deciding(Kind::Call, 0b10, libc::SYS_mkdirat, [HERE, path, mode.0.bits().into(), 0, 0, 0])?;
                Ok(Answer::Value)
            }
            PathOperation::Ioctl(arguments) => self.ioctl(arguments, places, files),
            PathOperation::OpenByHandleAt(arguments) => self.open_by_handle(&arguments.path, world, places),
        }
    }

    fn open(
        &mut self,
        OpenArguments { path, flags }: &OpenArguments,
        world: &World,
        places: &BTreeMap<String, PathBuf>,
    ) -> Result<Answer, Skip> {
        let number = |flag: &OpenFlag| match flag {
            OpenFlag::ReadOnly => libc::O_RDONLY,
            OpenFlag::WriteOnly => libc::O_WRONLY,
            OpenFlag::ReadWrite => libc::O_RDWR,
            OpenFlag::NoAtime => libc::O_NOATIME,
        };
        // No open shall wait for the other end of a pipe.
        let flags = flags.iter().map(number).fold(libc::O_NONBLOCK, |flags, flag| flags | flag);
        let path = if world.files.contains_key(path) || places.contains_key(path) {
            self.store_path(path, places)?
        } else {
            self.store_setting(path)?
        };
        self.close_lowest()?;
        let arguments = [HERE, path, u64::from(flags.cast_unsigned()), 0, 0, 0];
        self.deciding(Kind::Call, 0b10, libc::SYS_openat, arguments)?;
        self.close_lowest()?;
        // The program that is running cannot be written, and devices and pipes may have nobody at the other end; all
        // of that comes after the permission.
        Ok(Answer::Permission(&[libc::ETXTBSY, libc::ENXIO, libc::ENODEV]))
    }

    /// A setting of the kernel. The model takes its mode to be 0644.
    fn store_setting(&mut self, path: &str) -> Result<u64, Skip> {
        let place = path.trim_start_matches('/');
        let seen = fs::metadata(place).map_err(|error| Skip(format!("{path}: {error}")))?;
        if seen.mode() & 0o777 != 0o644 {
            return Err(Skip(format!("{path} has another mode than 0644")));
        }
        let bytes = CString::new(place).map_err(|_| Skip(format!("{path} is no path")))?;
        Ok(self.store(bytes.as_bytes_with_nul())?)
    }

    fn link(
        &mut self,
        LinkArguments { path, into }: &LinkArguments,
        world: &World,
        places: &BTreeMap<String, PathBuf>,
    ) -> Result<Answer, Skip> {
        let (old, file) = (place(path, places)?, world.files.get(path).map(|(file, _)| file));
        let folder = match (into, file) {
            (Some(into), _) => place(into, places)?.to_owned(),
            (None, Some(file)) => Path::new(mount_folder(file.mount)).join(OPEN_FOLDER),
            (None, None) => return Err(repeated(path)),
        };
        if old.iter().next() != folder.iter().next() {
            return Err(Skip(format!("{path} and the directory of its new name are on different mounts")));
        }
        let new = folder.join(format!("link{}", self.operations));
        let (old, new) = (self.store_place(old)?, self.store_place(&new)?);
        self.push(Kind::Call, 0b1010, libc::SYS_linkat, [HERE, old, HERE, new, 0, 0])?;
        Ok(Answer::Value)
    }

    /// The scenario's file stays: what is removed is another name of it in the same directory.
    fn unlink(&mut self, path: &str, world: &World, places: &BTreeMap<String, PathBuf>) -> Result<Answer, Skip> {
        let original = place(path, places)?;
        let (file, _) = world.files.get(path).ok_or_else(|| repeated(path))?;
        let removed = if file.kind == FileKind::Directory {
            original.to_owned()
        } else {
            let twin = original.with_file_name(format!("twin{}", self.operations));
            fs::hard_link(original, &twin).map_err(|error| Skip(format!("{path}: {error}")))?;
            twin
        };
        let removed = self.store_place(&removed)?;
        self.push(Kind::Call, 0b10, libc::SYS_unlinkat, [HERE, removed, 0, 0, 0, 0])?;
        Ok(Answer::Value)
    }

    fn ioctl(
        &mut self,
        arguments: &IoctlArguments,
        places: &BTreeMap<String, PathBuf>,
        files: &mut i32,
    ) -> Result<Answer, Skip> {
        if arguments.request == IoctlRequest::SetInterfaceFlags {
            let request = self.store(&sys::loopback_request())?;
            let (family, kind) = (libc::AF_INET.unsigned_abs(), libc::SOCK_DGRAM.unsigned_abs());
            self.close_lowest()?;
            self.push(Kind::Call, 0, libc::SYS_socket, [family.into(), kind.into(), 0, 0, 0, 0])?;
            self.deciding(Kind::Call, 0b100, libc::SYS_ioctl, [LOWEST, libc::SIOCSIFFLAGS, request, 0, 0, 0])?;
            self.close_lowest()?;
            return Ok(Answer::Value);
        }
        let path = arguments.path.as_deref().unwrap_or_default();
        sys::file_flags(place(path, places)?)
            .map_err(|error| Skip(format!("files have no flags on the tmpfs of this kernel: {error}")))?;
        let flag = |flag: &FileFlag| match flag {
            FileFlag::Immutable => FS_IMMUTABLE_FL,
            FileFlag::Append => FS_APPEND_FL,
        };
        let flags = arguments.flags.iter().map(flag).fold(0, |flags, flag| flags | flag);
        let fd = u64::from((FILES_FD + *files).unsigned_abs());
        *files += 1;
        let (flags, none) = (self.store(&flags.to_ne_bytes())?, self.store(&[0; 4])?);
        self.push(Kind::Call, 0b100, libc::SYS_ioctl, [fd, libc::FS_IOC_SETFLAGS, flags, 0, 0, 0])?;
        // Who could set them can clear them, and does so at once.
        self.push(Kind::Call, 0b100, libc::SYS_ioctl, [fd, libc::FS_IOC_SETFLAGS, none, 0, 0, 0])?;
        Ok(Answer::Value)
    }

    fn open_by_handle(
        &mut self,
        path: &str,
        world: &World,
        places: &BTreeMap<String, PathBuf>,
    ) -> Result<Answer, Skip> {
        let (file, _) = world.files.get(path).ok_or_else(|| repeated(path))?;
        let handle = sys::file_handle(place(path, places)?)
            .map_err(|error| Skip(format!("files cannot be given by handle here: {error}")))?;
        let (handle, folder) = (self.store(&handle)?, self.store_place(Path::new(mount_folder(file.mount)))?);
        let flags = u64::from((libc::O_RDONLY | libc::O_NONBLOCK).unsigned_abs());
        let read_folder = u64::from((libc::O_RDONLY | libc::O_DIRECTORY).unsigned_abs());
        self.close_lowest()?;
        self.push(Kind::Call, 0b10, libc::SYS_openat, [HERE, folder, read_folder, 0, 0, 0])?;
        self.deciding(Kind::Call, 0b10, libc::SYS_open_by_handle_at, [LOWEST, handle, flags, 0, 0, 0])?;
        Ok(Answer::Permission(&[]))
    }

    /// Frees the lowest descriptor, so that the next one opened is it.
    fn close_lowest(&mut self) -> Result<(), Full> {
        self.push(Kind::Call, 0, libc::SYS_close, [LOWEST, 0, 0, 0, 0, 0])
    }

    /// Has files made with the modes that are asked for.
    fn clear_umask(&mut self) -> Result<(), Full> {
        self.push(Kind::Call, 0, libc::SYS_umask, [0; 6])
    }

    fn store_place(&mut self, place: &Path) -> Result<u64, Skip> {
        let bytes = CString::new(place.as_os_str().as_bytes()).map_err(|_| Skip("it is no path".to_owned()))?;
        Ok(self.store(bytes.as_bytes_with_nul())?)
    }
}

fn place<'a>(path: &str, places: &'a BTreeMap<String, PathBuf>) -> Result<&'a Path, Skip> {
    places.get(path).map(PathBuf::as_path).ok_or_else(|| Skip(format!("there is no file {path:?}")))
}

/// A file that a step makes is not there while the harness prepares.
fn repeated(path: &str) -> Skip {
    Skip(format!("{path} is made by a step, and what is asked of it needs preparations"))
}
