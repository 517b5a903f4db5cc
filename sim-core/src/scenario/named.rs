//! What a call names of files and whether it changes the thread, for those who describe a world to it.

use alloc::string::String;

use super::operation::is_network_setting;
use super::{Call, FileChange, LinkArguments, PathOperation};

/// The files that a call names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NamedFiles<'a> {
    /// A file, or directory, that must be there.
    pub file: Option<&'a str>,
    /// A directory that must be there.
    pub directory: Option<&'a str>,
    /// What the call makes.
    pub makes: Option<&'a str>,
}

impl Call {
    /// Whether the calls that follow may see another thread: other credentials, another program, filters or namespaces.
    pub fn changes_thread(&self) -> bool {
        matches!(
            self,
            Self::Execve(_)
                | Self::Capset(_)
                | Self::Prctl(_)
                | Self::SetId(_)
                | Self::Setgroups(_)
                | Self::Unshare(_)
                | Self::Clone(_)
                | Self::Setns(_)
                | Self::WriteMap(_)
                | Self::Seccomp(_)
        )
    }

    /// The files that the call names. A setting below `/proc/sys` is none: the model knows its owner and mode.
    ///
    /// ```
    /// use sim_core::scenario::{Call, NamedFiles};
    ///
    /// let call: Call = serde_json::from_str(r#"{"mkdir": {"path": "/srv/data", "mode": "755"}}"#)?;
    /// let named = NamedFiles { directory: Some("/srv"), makes: Some("/srv/data"), ..NamedFiles::default() };
    /// assert_eq!(call.named_files(), named);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn named_files(&self) -> NamedFiles<'_> {
        match self {
            Self::Execve(path) => NamedFiles { file: Some(path), ..NamedFiles::default() },
            Self::FileChange(change) => NamedFiles { file: Some(change.path()), ..NamedFiles::default() },
            Self::Path(PathOperation::Open(open)) if is_network_setting(&open.path).is_some() => {
                NamedFiles::default()
            }
            Self::Path(operation) => {
                let names = operation.names();
                NamedFiles { file: names.file, directory: names.directory, makes: names.makes.map(|(path, _)| path) }
            }
            _ => NamedFiles::default(),
        }
    }

    /// The same call with each path handed to `rename`.
    #[must_use]
    pub fn with_paths(&self, rename: impl Fn(&str) -> String) -> Self {
        let mut call = self.clone();
        let place = match &mut call {
            Self::Execve(path) => path,
            Self::FileChange(change) => match change {
                FileChange::Chown(arguments) => &mut arguments.path,
                FileChange::Chmod(arguments) => &mut arguments.path,
                FileChange::Setcap(arguments) => &mut arguments.path,
                FileChange::Removexattr(arguments) | FileChange::Getxattr(arguments) => &mut arguments.path,
                FileChange::Write(arguments) => &mut arguments.path,
                FileChange::Truncate(arguments) => &mut arguments.path,
            },
            Self::Path(operation) => match operation {
                PathOperation::Open(arguments) => &mut arguments.path,
                PathOperation::Setxattr(arguments) => &mut arguments.path,
                PathOperation::Link(LinkArguments { path, into }) => {
                    *into = into.as_deref().map(&rename);
                    path
                }
                PathOperation::Unlink(arguments) => &mut arguments.path,
                PathOperation::Utimensat(arguments) => &mut arguments.path,
                PathOperation::Mknod(arguments) => &mut arguments.path,
                PathOperation::Mkdir(arguments) => &mut arguments.path,
                PathOperation::OpenByHandleAt(arguments) => &mut arguments.path,
                PathOperation::Ioctl(arguments) => {
                    arguments.path = arguments.path.as_deref().map(rename);
                    return call;
                }
            },
            _ => return call,
        };
        *place = rename(place);
        call
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use crate::scenario::Call;

    #[test]
    fn every_path_is_renamed() {
        for (text, renamed) in [
            (r#"{"execve":"/a"}"#, r#"{"execve":"/x/a"}"#),
            (r#"{"chmod":{"path":"/a","mode":"0755"}}"#, r#"{"chmod":{"path":"/x/a","mode":"0755"}}"#),
            (r#"{"link":{"path":"/a","into":"/b"}}"#, r#"{"link":{"path":"/x/a","into":"/x/b"}}"#),
            (r#"{"unlink":{"path":"/d/a"}}"#, r#"{"unlink":{"path":"/x/d/a"}}"#),
            (
                r#"{"ioctl":{"request":"FS_IOC_SETFLAGS","path":"/a"}}"#,
                r#"{"ioctl":{"request":"FS_IOC_SETFLAGS","path":"/x/a"}}"#,
            ),
            (r#"{"setuid":1}"#, r#"{"setuid":1}"#),
        ] {
            let call: Call = serde_json::from_str(text).unwrap();
            let call = call.with_paths(|path| "/x".to_string() + path);
            assert_eq!(serde_json::to_string(&call).unwrap(), renamed);
        }
        let setting = r#"{"open":{"path":"/proc/sys/kernel/panic","flags":[]}}"#;
        assert_eq!(serde_json::from_str::<Call>(setting).unwrap().named_files().file, None);
    }
}
