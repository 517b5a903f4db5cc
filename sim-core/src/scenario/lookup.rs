//! Finding files by their paths in a world.

use alloc::collections::BTreeMap;
use alloc::string::ToString;

use super::operation::is_network_setting;
use super::world::Problem;
use super::{IoctlArguments, IoctlRequest, PathOperation, World};
use crate::access;
use crate::capability::CapSet;
use crate::file::{File, FileKind};
use crate::kernel::Errno;
use crate::outcome::{Outcome, Refusal, refuse};
use crate::rule::{Witness, path as rules};

/// The most bytes that the kernel takes as a path, `PATH_MAX` without the zero at its end.
pub(super) const LONGEST_PATH: usize = 4095;

/// The paths above `path`, topmost first: `/`, `/srv` and `/srv/private` for `/srv/private/data`.
pub(super) fn paths_above(path: &str) -> impl Iterator<Item = &str> {
    let above = path.match_indices('/').filter_map(|(slash, _)| path.get(..slash.max(1)));
    above.filter(move |above| above.len() < path.len())
}

/// The directory that `path` is in; none for one without a slash, and for `/`.
pub(super) fn parent(path: &str) -> Option<&str> {
    match path.rsplit_once('/')? {
        (_, "") => None,
        ("", _) => Some("/"),
        (directory, _) => Some(directory),
    }
}

/// The refusal where there is nothing.
pub(super) fn not_found<W: Witness>(witness: &mut W) -> Refusal {
    refuse(Errno::ENOENT, &rules::NOT_FOUND, CapSet::EMPTY, witness)
}

impl World {
    /// The directories of the world above `path`, topmost first.
    pub fn directories_above<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (&'a str, &'a File)> {
        paths_above(path).filter_map(|above| Some((above, &self.files.get(above)?.0)))
    }

    /// The directory that holds `path`, if it is described.
    pub(super) fn directory_of(&self, path: &str) -> Option<&File> {
        self.files.get(parent(path)?).map(|(file, _)| file)
    }

    /// Refuses unless what is described above `path` are directories that may be searched.
    pub(super) fn look_up<W: Witness>(&self, path: &str, witness: &mut W) -> Result<(), Refusal> {
        self.directories_above(path).try_for_each(|(_, directory)| self.search(directory, witness))
    }

    fn search<W: Witness>(&self, directory: &File, witness: &mut W) -> Result<(), Refusal> {
        if directory.kind != FileKind::Directory {
            return Err(refuse(Errno::ENOTDIR, &rules::NOT_A_DIRECTORY, CapSet::EMPTY, witness));
        }
        access::search(&self.system, &self.thread, directory, witness)
    }

    /// The file at `path`, once it is looked up.
    pub(super) fn find<W: Witness>(&self, path: &str, witness: &mut W) -> Outcome<&File> {
        let found = self.look_up(path, witness).and_then(|()| match self.files.get(path) {
            Some((file, _)) => Ok(file),
            None => Err(not_found(witness)),
        });
        found.into()
    }

    /// The directory at `path`, once a name in it is looked up.
    pub(super) fn find_into<W: Witness>(&self, path: &str, witness: &mut W) -> Outcome<&File> {
        self.find(path, witness).and_then(|directory| self.search(directory, witness).map(|()| directory).into())
    }

    /// The directory that holds `path`, once `path` is looked up.
    pub(super) fn find_directory_of<W: Witness>(&self, path: &str, witness: &mut W) -> Outcome<&File> {
        let found = self.look_up(path, witness).and_then(|()| match self.directory_of(path) {
            Some(directory) => Ok(directory),
            None => Err(not_found(witness)),
        });
        found.into()
    }

    /// What a step names must be described, or made by an earlier one.
    pub(super) fn check_names<'a>(
        &self,
        operation: &'a PathOperation,
        made: &mut BTreeMap<&'a str, FileKind>,
    ) -> Result<(), Problem> {
        let names = operation.names();
        let kind = |path: &str| self.files.get(path).map(|(file, _)| file.kind).or_else(|| made.get(path).copied());
        if let PathOperation::Ioctl(IoctlArguments { request, path, flags }) = operation
            && (path.is_some() != (*request == IoctlRequest::SetFlags) || path.is_none() && !flags.is_empty())
        {
            return Err(Problem::IoctlArguments);
        }
        if let Some(path) = names.file
            && kind(path).is_none()
            && !(matches!(operation, PathOperation::Open(_)) && is_network_setting(path).is_some())
        {
            return Err(Problem::NoFile { path: path.to_string() });
        }
        if let Some(path) = names.directory
            && kind(path) != Some(FileKind::Directory)
        {
            return Err(Problem::NoDirectory { path: path.to_string() });
        }
        if let Some((path, _)) = names.makes
            && path.len() > LONGEST_PATH
        {
            return Err(Problem::PathTooLong);
        }
        if let Some((path, kind)) = names.makes {
            // A path may be tried for a file first and for a directory then.
            let known = made.entry(path).or_insert(kind);
            *known = if kind == FileKind::Directory { kind } else { *known };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    use super::{parent, paths_above};
    use crate::scenario::{Loaded, Options};

    #[test]
    fn what_is_above_a_path() {
        let above = |path| paths_above(path).collect::<Vec<_>>();
        assert_eq!(above("/srv/private/data"), ["/", "/srv", "/srv/private"]);
        assert_eq!(above("a/b"), ["a"]);
        assert_eq!((above("/"), above("a"), above("")), (alloc::vec![], alloc::vec![], alloc::vec![]));
        assert_eq!(["/srv/a", "/a", "a", "/", "a/"].map(parent), [Some("/srv"), Some("/"), None, None, None]);
    }

    /// The error that files and a step give, if they give one.
    fn error(files: &str, step: &str) -> Option<String> {
        let text = format!(r#"{{"process": {{"uid": 1}}, "files": {{{files}}}, "steps": [{step}]}}"#);
        Loaded::read(&text, &Options::default()).err().map(|error| error.to_string())
    }

    #[test]
    fn what_steps_name_must_make_sense() {
        let files = r#""/d": {"directory": true}, "/d/f": {}, "/f": {}"#;
        for (step, at) in [
            (r#"{"open": {"path": "/d/x", "flags": []}}"#, "no file \"/d/x\""),
            (r#"{"open": {"path": "/proc/sys/kernel/../x", "flags": []}}"#, "no file"),
            (r#"{"open": {"path": "/proc/sys/kernel/shmmax", "flags": []}}"#, "no file"),
            (r#"{"open": {"path": "/d/f", "flags": ["O_CREAT"]}}"#, "unknown variant `O_CREAT`"),
            (r#"{"unlink": {"path": "/f"}}"#, "no directory \"/\""),
            (r#"{"mknod": {"path": "/e/x", "type": "S_IFREG", "mode": "644"}}"#, "no directory \"/e\""),
            (r#"{"mkdir": {"path": "/f/x", "mode": "755"}}"#, "no directory \"/f\""),
            (r#"{"mkdir": {"path": "x", "mode": "755"}}"#, "no directory \"\""),
            (r#"{"link": {"path": "/f", "into": "/d/f"}}"#, "no directory \"/d/f\""),
            (r#"{"ioctl": {"request": "FS_IOC_SETFLAGS"}}"#, "takes a `path`"),
            (r#"{"ioctl": {"request": "SIOCSIFFLAGS", "path": "/f"}}"#, "takes neither"),
        ] {
            let found = error(files, step).unwrap_or_default();
            assert!(found.contains(at) && found.contains("steps[0]"), "{step}: {found}");
        }
        for step in [
            r#"{"open": {"path": "/proc/sys/kernel/panic", "flags": []}}"#,
            r#"{"mkdir": {"path": "/d/e", "mode": "755"}}, {"mknod": {"path": "/d/e/x", "type": "S_IFIFO", "mode": "644"}},
               {"utimensat": {"path": "/d/e/x", "times": "now"}}"#,
        ] {
            assert_eq!(error(files, step), None);
        }
    }

    #[test]
    fn files_must_make_sense_together() {
        assert!(
            error(r#""/f": {}, "/f/g": {}"#, "").unwrap().contains("\"/f\" is described, but not as a directory")
        );
        let script = r#""/d": {"directory": true, "interpreter": "/f"}, "/f": {}"#;
        assert!(error(script, "").unwrap().contains("has no interpreter"));
        let long = format!("{:?}: {{}}", "/x".repeat(2048));
        assert!(error(&long, "").unwrap().contains("at most 4095 bytes"));
        assert_eq!(error(r#""/a": {}, "/a-b": {}, "/ab/c": {}"#, ""), None);
    }

    #[test]
    fn files_and_settings_are_written_as_they_are_read() {
        let text = r#"{"sysctl":{"fs.protected_hardlinks":1},"process":{},"files":{"/d":{"directory":true}},"steps":[{"mknod":{"path":"/d/x","type":"S_IFCHR","mode":"0644","device":[1,3]}}]}"#;
        let loaded = Loaded::read(text, &Options::default()).unwrap();
        assert_eq!(serde_json::to_string(&loaded.scenario).unwrap(), text);
        assert!(loaded.world.system.protected_hardlinks);
        let other = text.replace(":1}", ":2}");
        assert!(Loaded::read(&other, &Options::default()).unwrap_err().to_string().contains("from 0 to 1"));
        let options = Options {
            sysctl: crate::scenario::Sysctl { protected_hardlinks: Some(1), ..crate::scenario::Sysctl::default() },
            ..Options::default()
        };
        assert!(Loaded::read("{}", &options).unwrap().world.system.protected_hardlinks);
        let named = Loaded::read(text.replace(":1}", ":0}"), &options).unwrap();
        assert!(!named.world.system.protected_hardlinks, "what is written counts");
    }
}
