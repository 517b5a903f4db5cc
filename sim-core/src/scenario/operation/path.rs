mod arguments;

pub use arguments::*;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::access;
use crate::file::{File, FileKind};
use crate::outcome::Outcome;
use crate::rule::Witness;
use crate::scenario::World;
use crate::scenario::call_group::call_group;
use crate::scenario::lookup::{not_found, parent};

call_group! {
    /// An operation on a file or a directory.
    PathOperation {
        /// open(2) of a file or of a setting below `/proc/sys`; nothing is read or written.
        Open "open" OpenArguments;
        /// setxattr(2) of an attribute other than `security.capability`.
        Setxattr "setxattr" SetxattrArguments;
        /// link(2). Only the permission is asked: the new name is not kept.
        Link "link" LinkArguments;
        /// unlink(2). Only the permission is asked: the file stays.
        Unlink "unlink" UnlinkArguments;
        /// utimensat(2).
        Utimensat "utimensat" UtimensatArguments;
        /// mknod(2); what it makes is there for the steps that follow.
        Mknod "mknod" MknodArguments;
        /// mkdir(2); what it makes is there for the steps that follow.
        Mkdir "mkdir" MkdirArguments;
        /// ioctl(2) of an open file or of a socket.
        Ioctl "ioctl" IoctlArguments;
        /// open_by_handle_at(2) for reading.
        OpenByHandleAt "open_by_handle_at" OpenByHandleAtArguments;
    }
}

/// What a granted operation leaves: a new file, and its path.
pub(in crate::scenario) type Made = Option<(String, File)>;

impl PathOperation {
    /// Decides the operation in a world.
    pub(in crate::scenario) fn decide<W: Witness>(&self, world: &World, witness: &mut W) -> Outcome<Made> {
        let (system, thread) = (&world.system, &world.thread);
        let decided = match self {
            Self::Mknod(arguments) => return mknod(arguments, world, witness),
            Self::Mkdir(arguments) => return mkdir(arguments, world, witness),
            Self::Open(arguments) => open(arguments, world, witness),
            Self::Setxattr(SetxattrArguments { path, name }) => {
                world.find(path, witness).and_then(|file| match name {
                    AttributeName::Trusted => access::setxattr_trusted(system, thread, witness),
                    AttributeName::User => access::setxattr_user(system, thread, file, witness),
                })
            }
            Self::Link(LinkArguments { path, into }) => link(path, into.as_deref(), world, witness),
            Self::Unlink(UnlinkArguments { path }) => {
                let found = world.find(path, witness);
                found.and_then(|file| match world.directory_of(path) {
                    Some(directory) => access::unlink(system, thread, file, directory, witness),
                    // Directories are checked when the world is built.
                    None => Outcome::Granted(()),
                })
            }
            Self::Utimensat(arguments) => {
                let found = world.find(&arguments.path, witness);
                found.and_then(|file| access::utimensat(system, thread, file, arguments.times(), witness))
            }
            Self::Ioctl(arguments) => ioctl(arguments, world, witness),
            Self::OpenByHandleAt(_) => access::open_by_handle_at(system, thread, witness),
        };
        decided.map(|()| None)
    }

    /// The paths of the files and directories that it names and that must be there.
    pub fn paths(&self) -> Vec<&str> {
        let names = self.names();
        names.file.into_iter().chain(names.directory).collect()
    }

    /// What it names, to be checked before anything is done.
    pub(in crate::scenario) fn names(&self) -> Names<'_> {
        match self {
            Self::Open(OpenArguments { path, .. })
            | Self::Setxattr(SetxattrArguments { path, .. })
            | Self::Utimensat(UtimensatArguments { path, .. })
            | Self::OpenByHandleAt(OpenByHandleAtArguments { path }) => {
                Names { file: Some(path), ..Names::default() }
            }
            Self::Unlink(UnlinkArguments { path }) => {
                Names { file: Some(path), directory: Some(parent(path).unwrap_or_default()), ..Names::default() }
            }
            Self::Link(LinkArguments { path, into }) => {
                Names { file: Some(path), directory: into.as_deref(), ..Names::default() }
            }
            Self::Mknod(MknodArguments { path, .. }) => Names {
                directory: Some(parent(path).unwrap_or_default()),
                makes: Some((path, FileKind::Regular)),
                ..Names::default()
            },
            Self::Mkdir(MkdirArguments { path, .. }) => Names {
                directory: Some(parent(path).unwrap_or_default()),
                makes: Some((path, FileKind::Directory)),
                ..Names::default()
            },
            Self::Ioctl(arguments) => Names { file: arguments.path.as_deref(), ..Names::default() },
        }
    }

    /// The operation in a few words.
    pub(in crate::scenario) fn in_words(&self) -> String {
        match self {
            Self::Ioctl(IoctlArguments { request: IoctlRequest::SetFlags, path: Some(path), .. }) => {
                format!("ioctl FS_IOC_SETFLAGS of {path}")
            }
            Self::Ioctl(IoctlArguments { request: IoctlRequest::SetFlags, .. }) => {
                "ioctl FS_IOC_SETFLAGS".to_string()
            }
            Self::Ioctl(IoctlArguments { request: IoctlRequest::SetInterfaceFlags, .. }) => {
                "ioctl SIOCSIFFLAGS".to_string()
            }
            Self::Mknod(MknodArguments { path, .. }) | Self::Mkdir(MkdirArguments { path, .. }) => {
                format!("{} of {path}", self.name())
            }
            other => format!("{} of {}", other.name(), other.names().file.unwrap_or_default()),
        }
    }
}

/// What an operation names.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::scenario) struct Names<'a> {
    /// A file that must be there.
    pub(in crate::scenario) file: Option<&'a str>,
    /// A directory that must be described.
    pub(in crate::scenario) directory: Option<&'a str>,
    /// What it makes, if it succeeds.
    pub(in crate::scenario) makes: Option<(&'a str, FileKind)>,
}

/// Of a path below `/proc/sys`: whether the setting is one of the network. None for other paths, and for settings whose
/// permissions are of another kind.
pub(in crate::scenario) fn is_network_setting(path: &str) -> Option<bool> {
    let setting = path.strip_prefix("/proc/sys/")?;
    if setting.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return None;
    }
    let (area, name) = setting.split_once('/')?;
    let of_ipc = ["shm", "msg", "sem", "auto_msgmni"].iter().any(|prefix| name.starts_with(prefix));
    match area {
        "net" => Some(true),
        "kernel" if !of_ipc => Some(false),
        "fs" if !name.starts_with("mqueue/") => Some(false),
        "vm" => Some(false),
        _ => None,
    }
}

fn open<W: Witness>(arguments: &OpenArguments, world: &World, witness: &mut W) -> Outcome<()> {
    let (system, thread, flags) = (&world.system, &world.thread, arguments.flags());
    let setting = is_network_setting(&arguments.path).filter(|_| !world.files.contains_key(&arguments.path));
    if let Some(of_network) = setting {
        return access::open_setting(system, thread, of_network, flags, witness);
    }
    let found = world.find(&arguments.path, witness);
    found.and_then(|file| access::open(system, thread, file, flags, witness))
}

fn link<W: Witness>(path: &str, into: Option<&str>, world: &World, witness: &mut W) -> Outcome<()> {
    let found = world.find(path, witness);
    found.and_then(|file| {
        let directory = match into {
            Some(into) => world.find_into(into, witness).map(Some),
            None => Outcome::Granted(None),
        };
        directory.and_then(|directory| access::link(&world.system, &world.thread, file, directory, witness))
    })
}

fn mknod<W: Witness>(arguments: &MknodArguments, world: &World, witness: &mut W) -> Outcome<Made> {
    let MknodArguments { path, .. } = arguments;
    let (taken, node) = (world.files.contains_key(path), arguments.node());
    let found = world.find_directory_of(path, witness);
    let made =
        found.and_then(|directory| access::mknod(&world.system, &world.thread, directory, taken, node, witness));
    made.map(|file| Some((path.clone(), file)))
}

fn mkdir<W: Witness>(
    MkdirArguments { path, mode }: &MkdirArguments,
    world: &World,
    witness: &mut W,
) -> Outcome<Made> {
    let taken = world.files.contains_key(path);
    let found = world.find_directory_of(path, witness);
    let made =
        found.and_then(|directory| access::mkdir(&world.system, &world.thread, directory, taken, mode.0, witness));
    made.map(|file| Some((path.clone(), file)))
}

fn ioctl<W: Witness>(arguments: &IoctlArguments, world: &World, witness: &mut W) -> Outcome<()> {
    let (system, thread) = (&world.system, &world.thread);
    match (arguments.request, &arguments.path) {
        (IoctlRequest::SetFlags, Some(path)) => match world.files.get(path) {
            Some((file, _)) => {
                access::set_protecting_flags(system, thread, file, !arguments.flags.is_empty(), witness)
            }
            None => Outcome::Refused(not_found(witness)),
        },
        _ => access::set_interface_flags(system, thread, witness),
    }
}
