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

    /// Refuses unless every directory above `path` that is described may be searched.
    pub(super) fn look_up<W: Witness>(&self, path: &str, witness: &mut W) -> Result<(), Refusal> {
        self.directories_above(path)
            .try_for_each(|(_, directory)| access::search(&self.system, &self.thread, directory, witness))
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
        self.find(path, witness).and_then(|directory| {
            access::search(&self.system, &self.thread, directory, witness).map(|()| directory).into()
        })
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
        made.extend(names.makes.filter(|(path, _)| !self.files.contains_key(*path)));
        Ok(())
    }
}
