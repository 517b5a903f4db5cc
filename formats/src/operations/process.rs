//! What descriptors, directories and limits are to a process.

use std::collections::HashMap;
use std::rc::Rc;

/// What a descriptor is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Opened {
    /// A file or directory of this path.
    File(Rc<str>),
    /// A socket of AF_NETLINK, over which much can be asked.
    Netlink,
}

/// A process: what its threads share.
#[derive(Clone, Debug, Default)]
pub(super) struct Process {
    opened: HashMap<i64, Opened>,
    /// The working directory, if it is known.
    pub(super) directory: Option<Rc<str>>,
    /// Soft and hard limits as the process read them.
    pub(super) limits: HashMap<String, [u64; 2]>,
}

/// So many descriptors of a process are remembered.
const MOST_OPENED: usize = 256;

impl Process {
    pub(super) fn open(&mut self, descriptor: i64, opened: Opened) {
        if self.opened.len() < MOST_OPENED || self.opened.contains_key(&descriptor) {
            self.opened.insert(descriptor, opened);
        }
    }

    pub(super) fn close(&mut self, descriptor: i64) {
        self.opened.remove(&descriptor);
    }

    pub(super) fn duplicate(&mut self, from: i64, to: i64) {
        match self.opened.get(&from).cloned() {
            Some(opened) => self.open(to, opened),
            None => self.close(to),
        }
    }

    pub(super) fn opened(&self, descriptor: i64) -> Option<&Opened> {
        self.opened.get(&descriptor)
    }

    /// The path of an argument that is a descriptor: what `-y` prints behind it, or what the process opened.
    pub(super) fn path_of(&self, text: &str) -> Option<String> {
        if let Some(path) = printed(text) {
            return path.starts_with('/').then(|| path.to_owned());
        }
        if text == "AT_FDCWD" {
            return self.directory.as_deref().map(str::to_owned);
        }
        match self.opened.get(&super::arguments::number(text)?)? {
            Opened::File(path) => Some(path.to_string()),
            Opened::Netlink => None,
        }
    }

    /// A path from the root directory on, `directory` being an argument.
    pub(super) fn absolute(&self, directory: &str, path: &str) -> String {
        if path.starts_with('/') {
            return tidy(path);
        }
        // Where the directory is not known, the path has one of its own.
        let directory = self.path_of(directory).unwrap_or_else(|| UNKNOWN_DIRECTORY.to_owned());
        tidy(&format!("{directory}/{path}"))
    }
}

/// Stands for a working directory that the log does not show.
pub(super) const UNKNOWN_DIRECTORY: &str = "/(working directory)";

/// `/etc` of `3</etc>`, without the mark of one that is removed.
fn printed(text: &str) -> Option<&str> {
    let (_, path) = text.split_once('<')?;
    let path = path.strip_suffix('>')?;
    Some(path.strip_suffix("(deleted)").unwrap_or(path))
}

/// The path without empty parts, `.` and `..`.
fn tidy(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::{Opened, Process, tidy};

    #[test]
    fn paths() {
        let mut process = Process { directory: Some("/home/eve".into()), ..Process::default() };
        process.open(3, Opened::File("/srv".into()));
        process.duplicate(3, 7);
        process.close(3);
        assert_eq!(process.absolute("AT_FDCWD", "a//../b/"), "/home/eve/b");
        assert_eq!(process.absolute("AT_FDCWD</tmp>", "a"), "/tmp/a");
        assert_eq!(process.absolute("7", "a"), "/srv/a");
        assert_eq!(process.absolute("3", "/etc/motd"), "/etc/motd");
        assert_eq!(process.absolute("3", "a"), "/(working directory)/a");
        assert_eq!(process.path_of("5</tmp/x(deleted)>").as_deref(), Some("/tmp/x"));
        assert_eq!(process.path_of("5<TCP:[1]>"), None);
        assert_eq!((tidy("/"), tidy("/../..")), ("/".to_owned(), "/".to_owned()));
    }
}
