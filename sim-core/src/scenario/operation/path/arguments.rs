use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::access::{Node, OpenFlags, Times};
use crate::file::FileKind;
use crate::scenario::values::ModeText;

/// The arguments of `open`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `path` and `flags`")]
pub struct OpenArguments {
    /// A path of `files`, or a setting such as `/proc/sys/kernel/hostname`, taken to have mode 0644.
    pub path: String,
    /// `O_RDONLY`, `O_WRONLY` or `O_RDWR`, and `O_NOATIME`.
    pub flags: Vec<OpenFlag>,
}

/// A flag of `open`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum OpenFlag {
    /// To read; 0, so that it changes nothing beside another.
    #[serde(rename = "O_RDONLY")]
    ReadOnly,
    /// To write.
    #[serde(rename = "O_WRONLY")]
    WriteOnly,
    /// To read and write.
    #[serde(rename = "O_RDWR")]
    ReadWrite,
    /// To leave the time of the last access as it is.
    #[serde(rename = "O_NOATIME")]
    NoAtime,
}

/// The arguments of `setxattr`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `path` and a `name`")]
pub struct SetxattrArguments {
    /// A path of `files`.
    pub path: String,
    /// The attribute.
    pub name: AttributeName,
}

/// An extended attribute other than `security.capability`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum AttributeName {
    /// `trusted.eperm`, which stands for every attribute whose name begins with `trusted.`.
    #[serde(rename = "trusted.eperm")]
    Trusted,
    /// `user.eperm`, which stands for every attribute whose name begins with `user.`, on a filesystem that has them.
    #[serde(rename = "user.eperm")]
    User,
}

/// The arguments of `link`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `path` and perhaps `into`")]
pub struct LinkArguments {
    /// A path of `files`: what the new name shall be of.
    pub path: String,
    /// The directory of the new name, a path of `files`; left out, it is one that everybody may write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<String>,
}

/// The arguments of `unlink`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `path`")]
pub struct UnlinkArguments {
    /// A path of `files`, in a directory of `files`.
    pub path: String,
}

/// The arguments of `utimensat`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `path` and `times`")]
pub struct UtimensatArguments {
    /// A path of `files`.
    pub path: String,
    /// Which times are set.
    pub times: TimesText,
}

/// The times that `utimensat` sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum TimesText {
    /// Both of them now.
    Now,
    /// Times that the caller gives.
    Given,
}

/// The arguments of `mknod`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `path`, a `type`, a `mode` and perhaps a `device`")]
pub struct MknodArguments {
    /// A path in a directory of `files`.
    pub path: String,
    /// What kind of file.
    #[serde(rename = "type")]
    pub kind: NodeKind,
    /// Its mode, in octal digits; the umask is 0.
    pub mode: ModeText,
    /// Major and minor number of a device; 0 and 0 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<[u8; 2]>,
}

/// A kind of file that mknod(2) makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum NodeKind {
    /// A regular file.
    #[serde(rename = "S_IFREG")]
    Regular,
    /// A pipe.
    #[serde(rename = "S_IFIFO")]
    Fifo,
    /// A socket.
    #[serde(rename = "S_IFSOCK")]
    Socket,
    /// A character device.
    #[serde(rename = "S_IFCHR")]
    CharacterDevice,
    /// A block device.
    #[serde(rename = "S_IFBLK")]
    BlockDevice,
}

/// The arguments of `mkdir`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `path` and a `mode`")]
pub struct MkdirArguments {
    /// A path in a directory of `files`.
    pub path: String,
    /// Its mode, in octal digits; the umask is 0.
    pub mode: ModeText,
}

/// The arguments of `ioctl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `request` and what it takes")]
pub struct IoctlArguments {
    /// What is asked for.
    pub request: IoctlRequest,
    /// Of `FS_IOC_SETFLAGS`: a path of `files`, which the thread has open already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Of `FS_IOC_SETFLAGS`: the flags that the file, which has neither, shall have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<FileFlag>,
}

/// What `ioctl` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum IoctlRequest {
    /// To set the flags of a file, as chattr(1) does. Only the permission is asked: the file keeps its flags.
    #[serde(rename = "FS_IOC_SETFLAGS")]
    SetFlags,
    /// To set the flags of a network interface of the thread's network namespace, as `ip link set lo up` does.
    #[serde(rename = "SIOCSIFFLAGS")]
    SetInterfaceFlags,
}

/// A flag of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum FileFlag {
    /// Nothing about it can be changed.
    #[serde(rename = "FS_IMMUTABLE_FL")]
    Immutable,
    /// It can only be appended to.
    #[serde(rename = "FS_APPEND_FL")]
    Append,
}

/// The arguments of `open_by_handle_at`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with a `path`")]
pub struct OpenByHandleAtArguments {
    /// A path of `files`, whose handle the thread was given.
    pub path: String,
}

impl OpenArguments {
    /// The flags as the model takes them. The numbers of the three access modes are 0, 1 and 2, and 3 is both.
    pub(super) fn flags(&self) -> OpenFlags {
        let has = |flag| self.flags.contains(&flag);
        let (write_only, both) = (has(OpenFlag::WriteOnly), has(OpenFlag::ReadWrite));
        OpenFlags { read: both || !write_only, write: both || write_only, noatime: has(OpenFlag::NoAtime) }
    }
}

impl UtimensatArguments {
    pub(super) fn times(&self) -> Times {
        match self.times {
            TimesText::Now => Times::Now,
            TimesText::Given => Times::Given,
        }
    }
}

impl MknodArguments {
    pub(in crate::scenario) fn node(&self) -> Node {
        let kind = match self.kind {
            NodeKind::Regular => FileKind::Regular,
            NodeKind::Fifo => FileKind::Fifo,
            NodeKind::Socket => FileKind::Socket,
            NodeKind::CharacterDevice => FileKind::CharacterDevice,
            NodeKind::BlockDevice => FileKind::BlockDevice,
        };
        let [major, minor] = self.device.unwrap_or_default();
        Node { kind, mode: self.mode.0, device: [major.into(), minor.into()] }
    }
}
