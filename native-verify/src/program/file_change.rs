//! Changes of files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{fs, io};

use sim_core::scenario::{
    Call, ChmodArguments, ChownArguments, FileChange, SetcapArguments, Step, TruncateArguments, World, WriteArguments,
};

use super::{Answer, Writer};
use crate::machine::Machine;
use crate::report::Skip;
use crate::tape::Kind;

/// The first file descriptor of the files that steps change, in order of [`changed_paths`].
pub(crate) const WATCHED_FD: i32 = 102;
/// How many of them there can be.
const WATCHED: usize = 8;

/// The most bytes that a step is asked to write.
const WRITTEN: u64 = 16 * 1024;

/// The paths of the files that steps change or read, each once.
pub(crate) fn changed_paths(steps: &[Step]) -> Result<Vec<&str>, Skip> {
    let mut paths: Vec<&str> = Vec::new();
    for step in steps {
        if let Call::FileChange(change) = &step.call
            && !paths.contains(&change.path())
        {
            paths.push(change.path());
        }
    }
    if paths.len() > WATCHED {
        return Err(Skip(format!("more than {WATCHED} files are changed")));
    }
    Ok(paths)
}

/// The descriptor at which a changed file is open.
fn descriptor(path: &str, paths: &[&str]) -> u64 {
    let index = paths.iter().position(|known| *known == path).unwrap_or_default();
    u64::from(WATCHED_FD.unsigned_abs()) + index as u64
}

/// Why attributes cannot be removed here.
pub(super) fn check_removal(steps: &[Step], machine: &Machine) -> Result<(), Skip> {
    let removes = |step: &Step| matches!(step.call, Call::FileChange(FileChange::Removexattr(_)));
    if steps.iter().any(removes) && machine.removes_attributes_freely {
        return Err(Skip("before Linux 6.11 the BPF LSM lets anyone remove security.capability".to_owned()));
    }
    Ok(())
}

/// Why a content cannot be changed here: the kernel refuses with ETXTBSY while somebody executes the file.
pub(super) fn check_executed(steps: &[Step], world: &World) -> Result<(), Skip> {
    let mut executed: Vec<&str> = Vec::new();
    for step in steps {
        match &step.call {
            Call::Execve(path) => executed.push(world.deciding_path(path)),
            Call::FileChange(
                FileChange::Write(WriteArguments { path, .. }) | FileChange::Truncate(TruncateArguments { path, .. }),
            ) if executed.contains(&path.as_str()) => {
                return Err(Skip("a file that is being executed cannot be written".to_owned()));
            }
            _ => {}
        }
    }
    Ok(())
}

impl Writer<'_> {
    /// Writes a change of a file, and has the look after it be at that file too.
    pub(super) fn file_change(
        &mut self,
        change: &FileChange,
        steps: &[Step],
        world: &World,
        places: &BTreeMap<String, PathBuf>,
    ) -> Result<Answer, Skip> {
        self.watched = descriptor(change.path(), &changed_paths(steps)?);
        let path = self.store_path(change.path(), places)?;
        let here = i64::from(libc::AT_FDCWD).cast_unsigned();
        match change {
            FileChange::Chown(ChownArguments { uid, gid, .. }) => {
                let arguments = [here, path, (*uid).into(), (*gid).into(), 0, 0];
                self.push(Kind::Call, 0b10, libc::SYS_fchownat, arguments)?;
            }
            FileChange::Chmod(ChmodArguments { mode, .. }) => {
                self.push(Kind::Call, 0b10, libc::SYS_fchmodat, [here, path, mode.0.bits().into(), 0, 0, 0])?;
            }
            FileChange::Setcap(SetcapArguments { caps, .. }) => {
                let value = caps.to_bytes(world.all);
                let (name, size) = (self.attribute_name()?, value.len() as u64);
                let value = self.store(&value)?;
                self.push(Kind::Call, 0b111, libc::SYS_setxattr, [path, name, value, size, 0, 0])?;
            }
            FileChange::Removexattr(_) => {
                let name = self.attribute_name()?;
                self.push(Kind::Call, 0b11, libc::SYS_removexattr, [path, name, 0, 0, 0, 0])?;
            }
            FileChange::Getxattr(_) => {
                let (name, room) = (self.attribute_name()?, self.store(&[0; 64])?);
                self.push(Kind::Call, 0b111, libc::SYS_getxattr, [path, name, room, 64, 0, 0])?;
            }
            FileChange::Write(WriteArguments { bytes, .. }) => {
                if *bytes > WRITTEN {
                    return Err(Skip(format!("more than {WRITTEN} bytes are written at once")));
                }
                // The file gets the bytes that it has, so that it can still be executed.
                let mut content = content(change.path(), places)?;
                content.resize(usize::try_from(*bytes).unwrap_or_default(), 0);
                let content = self.store(&content)?;
                self.push(Kind::WriteContent, 0b11, 0, [path, content, *bytes, 0, 0, 0])?;
            }
            FileChange::Truncate(TruncateArguments { size, .. }) => {
                let executed = steps.iter().any(|step| matches!(step.call, Call::Execve(_)));
                // Some size that leaves what is executed later whole; which one makes no difference.
                let whole = if executed && *size >= 0 { content(change.path(), places)?.len() } else { 0 };
                let size = size.saturating_add(i64::try_from(whole).unwrap_or(i64::MAX)).cast_unsigned();
                self.push(Kind::Call, 0b1, libc::SYS_truncate, [path, size, 0, 0, 0, 0])?;
            }
        }
        Ok(Answer::Value)
    }

    fn attribute_name(&mut self) -> Result<u64, Skip> {
        Ok(self.store(b"security.capability\0")?)
    }
}

fn content(path: &str, places: &BTreeMap<String, PathBuf>) -> Result<Vec<u8>, Skip> {
    let place = places.get(path).ok_or_else(|| Skip(format!("there is no file {path:?}")))?;
    match fs::read(place) {
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => Ok(Vec::new()),
        read => read.map_err(|error| Skip(format!("{path}: cannot be read: {error}"))),
    }
}
