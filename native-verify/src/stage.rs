use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File as StdFile, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sim_core::file::{File, FileKind, Mount, Revision, VfsCaps, XattrError};
use sim_core::scenario::{Call, MkdirArguments, MknodArguments, PathOperation, Step, World};
use sim_core::system::PING_GROUP_RANGE;

use crate::machine::Machine;
use crate::namespaces::Pool;
use crate::program::UNIX_SOCKET_FD;
use crate::report::Skip;
use crate::settings::Settings;
use crate::sys::{self, SharedTape};
use crate::tape::PROC_FD;

/// The program that every file of a scenario holds.
const PROBE: &[u8] = include_bytes!(env!("PROBE"));

/// The mounts, files and namespaces in which scenarios are performed. The current folder is its root, so that no
/// folder above matters when a path is looked up.
pub(crate) struct Stage {
    /// The tape that children perform.
    pub(crate) tape: SharedTape,
    /// User namespaces made so far.
    pub(crate) pool: Pool,
    files: BTreeMap<PathBuf, Made>,
    port_start: u16,
    ping_groups: [u32; 2],
    settings: Settings,
    machine: Machine,
}

/// A file as it was left.
struct Made {
    content: Content,
    /// User, group, mode and attribute, unless a step may have changed them.
    dress: Option<Dress>,
}

/// User and group, as the harness sees them, mode and attribute.
type Dress = (u32, u32, u32, Option<Vec<u8>>);

#[derive(PartialEq, Eq)]
enum Content {
    Probe,
    Script(String),
    Directory,
}

/// In each mount, a directory that everybody may write.
pub(crate) const OPEN_FOLDER: &str = "open";
/// A regular file that everybody may execute, on no scenario's path: the probe.
pub(crate) const PROGRAM: &str = "program";
/// A folder that everybody may enter.
pub(crate) const OTHER_ROOT: &str = "other-root";

const PORT_START: &str = "proc/sys/net/ipv4/ip_unprivileged_port_start";
const PING_GROUPS: &str = "proc/sys/net/ipv4/ping_group_range";

impl Stage {
    /// Builds the stage in an empty folder, within namespaces of its own.
    pub(crate) fn build(folder: &Path, host: &StdFile, machine: &Machine) -> Result<Self> {
        sys::mount(c"tmpfs", folder, 0, c"mode=0755").context("cannot mount a tmpfs")?;
        std::env::set_current_dir(folder).context("cannot enter the stage")?;
        for mount in mounts() {
            let folder = Path::new(mount_folder(mount));
            fs::create_dir(folder).context("cannot make a folder")?;
            let nosuid = if mount.nosuid { libc::MS_NOSUID } else { 0 };
            let noexec = if mount.noexec { libc::MS_NOEXEC } else { 0 };
            sys::mount(c"tmpfs", folder, nosuid | noexec, c"mode=0755").context("cannot mount a tmpfs")?;
            let open = folder.join(OPEN_FOLDER);
            fs::create_dir(&open).context("cannot make a folder")?;
            fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).context("cannot open a folder to all")?;
        }
        fs::create_dir("proc").context("cannot make a folder")?;
        sys::mount(c"proc", Path::new("proc"), 0, c"").context("cannot mount proc")?;
        let proc = sys::open_directory(Path::new("proc")).context("cannot open proc")?;
        sys::leave_at(&proc, PROC_FD).context("cannot keep proc open")?;
        sys::raise_loopback().context("cannot raise the loopback interface")?;
        fs::write(PROGRAM, PROBE).context("cannot make a program")?;
        fs::set_permissions(PROGRAM, fs::Permissions::from_mode(0o755)).context("cannot make a program")?;
        fs::create_dir(OTHER_ROOT).context("cannot make a folder")?;
        fs::set_permissions(OTHER_ROOT, fs::Permissions::from_mode(0o755)).context("cannot make a folder")?;
        sys::leave_at(&sys::unconnected_unix_socket().context("cannot make a socket")?, UNIX_SOCKET_FD)
            .context("cannot keep a socket open")?;
        sys::take_scheduling_limits().context("cannot set limits")?;
        let tape = SharedTape::new().context("cannot make shared memory")?;
        let machine = machine.clone();
        let pool = Pool::new(host, &machine)?;
        Ok(Self {
            tape,
            pool,
            files: BTreeMap::new(),
            port_start: 1024,
            ping_groups: PING_GROUP_RANGE,
            settings: Settings::default(),
            machine,
        })
    }

    /// Makes the files of a scenario and gives where each of its paths is.
    pub(crate) fn make_files(&mut self, world: &World, steps: &[Step]) -> Result<BTreeMap<String, PathBuf>, Skip> {
        let places = places(world, steps)?;
        self.clear(world, &places).map_err(|error| Skip(format!("a directory cannot be cleared: {error}")))?;
        for (path, (file, interpreter)) in &world.files {
            let content = match interpreter.as_ref().and_then(|path| places.get(path)) {
                Some(interpreter) => Content::Script(format!("#!{}\n", interpreter.display())),
                None if file.kind == FileKind::Directory => Content::Directory,
                None => Content::Probe,
            };
            let Some(place) = places.get(path) else { continue };
            let attribute = attribute(file, &self.machine).map_err(|reason| Skip(format!("{path}: {reason}")))?;
            self.make(place, file, content, attribute)
                .map_err(|error| Skip(format!("{path}: cannot be made: {error}")))?;
        }
        Ok(places)
    }

    /// Has a file be made anew, content and all, when it is needed again.
    pub(crate) fn forget(&mut self, place: &Path) {
        self.files.remove(place);
    }

    /// Removes what former scenarios left in the directories of this one.
    fn clear(&mut self, world: &World, places: &BTreeMap<String, PathBuf>) -> io::Result<()> {
        let kept: BTreeSet<&Path> = world.files.keys().filter_map(|path| Some(places.get(path)?.as_path())).collect();
        let described = (world.files.iter()).filter(|(_, (file, _))| file.kind == FileKind::Directory);
        let described = described.filter_map(|(path, _)| places.get(path).cloned());
        for directory in described.chain(mounts().map(|mount| Path::new(mount_folder(mount)).join(OPEN_FOLDER))) {
            let Ok(entries) = fs::read_dir(&directory) else { continue };
            for entry in entries {
                let (path, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
                if !kept.contains(path.as_path()) {
                    self.files.retain(|known, _| !known.starts_with(&path));
                    if kind.is_dir() { fs::remove_dir_all(&path)? } else { fs::remove_file(&path)? }
                }
            }
        }
        Ok(())
    }

    /// A file that holds the probe and that anybody may execute.
    pub(crate) fn bare_program(&mut self) -> Result<PathBuf> {
        let place = Path::new(mount_folder(Mount::default())).join("bare");
        self.make(&place, &File::default(), Content::Probe, None).context("cannot make the probe")?;
        Ok(place)
    }

    /// Sets the sysctls of a scenario: in the stage's own network namespace, or those of a machine of its own.
    pub(crate) fn set_sysctls(&mut self, world: &World, steps: &[Step], machine: &Machine) -> Result<(), Skip> {
        self.settings.bring_about(&world.system, steps, machine)?;
        let start = world.system.ip_unprivileged_port_start;
        if start != self.port_start {
            fs::write(PORT_START, start.to_string())
                .map_err(|error| Skip(format!("ip_unprivileged_port_start cannot be set to {start}: {error}")))?;
            self.port_start = start;
        }
        let range = world.system.ping_group_range;
        if range != self.ping_groups {
            // Nobody at all is written otherwise: a group of its own that this namespace has need not exist.
            let [first, last] = if range[0] > range[1] { range } else { range.map(|group| machine.seen(group)) };
            fs::write(PING_GROUPS, format!("{first} {last}"))
                .map_err(|error| Skip(format!("ping_group_range cannot be set to {first} {last}: {error}")))?;
            self.ping_groups = range;
        }
        Ok(())
    }

    /// Forgets how files are dressed, after steps that may have changed it.
    pub(crate) fn distrust_files(&mut self) {
        self.files.values_mut().for_each(|made| made.dress = None);
    }

    fn make(&mut self, place: &Path, file: &File, content: Content, attribute: Option<Vec<u8>>) -> io::Result<()> {
        if content == Content::Directory {
            fs::create_dir_all(place)?;
            self.files.entry(place.to_owned()).or_insert(Made { content, dress: None });
        } else if self.files.get(place).is_none_or(|made| made.content != content) {
            match fs::remove_file(place) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut made: StdFile = OpenOptions::new().write(true).create_new(true).mode(0o600).open(place)?;
            made.write_all(match &content {
                Content::Probe => PROBE,
                Content::Script(line) => line.as_bytes(),
                Content::Directory => &[],
            })?;
            drop(made);
            self.files.insert(place.to_owned(), Made { content, dress: None });
        }
        // Changing the owner clears set-id bits and capabilities, so it comes first.
        let [uid, gid] = [file.uid.number(), file.gid.number()].map(|id| self.machine.seen(id));
        let dress = (uid, gid, file.mode.bits().into(), attribute);
        let Some(made) = self.files.get_mut(place) else { return Ok(()) };
        if made.dress.as_ref() == Some(&dress) {
            return Ok(());
        }
        let before = made.dress.take();
        let (_, _, mode, attribute) = &dress;
        let same_owner = before.as_ref().is_some_and(|before| (before.0, before.1) == (uid, gid));
        let bare = before.is_some_and(|before| before.3.is_none());
        if !same_owner {
            sys::chown(place, uid, gid)?;
        }
        fs::set_permissions(place, fs::Permissions::from_mode(*mode))?;
        if !(bare && attribute.is_none()) {
            sys::set_capability_attribute(place, attribute.as_deref())?;
        }
        made.dress = Some(dress);
        Ok(())
    }
}

/// How many scripts, each run by the next, have a place that tells so. The kernel follows fewer.
const MOST_SCRIPTS: usize = 8;

/// What runs a script, by the numbers of the files; none for a file that is no script.
fn script(world: &World, path: &str) -> Option<String> {
    let runs = |script: &String| Some(world.files.get(script)?.1.as_ref()?.clone());
    let interpreters = std::iter::successors(runs(&path.to_owned()), runs).take(MOST_SCRIPTS);
    let number = |path: String| world.files.keys().take_while(|known| **known != path).count();
    let name: Vec<_> = interpreters.map(|path| format!("by{}", number(path))).collect();
    (!name.is_empty()).then(|| name.concat())
}

fn mounts() -> impl Iterator<Item = Mount> {
    [false, true].into_iter().flat_map(|nosuid| [false, true].map(|noexec| Mount { nosuid, noexec }))
}

/// Where each file of a scenario is, and where what steps make will be: in a directory that is described, or else on the
/// mount itself.
fn places(world: &World, steps: &[Step]) -> Result<BTreeMap<String, PathBuf>, Skip> {
    let mut places: BTreeMap<String, PathBuf> = BTreeMap::new();
    for (index, (path, (file, _))) in world.files.iter().enumerate() {
        let folder = match world.directories_above(path).last() {
            Some((above, directory)) if directory.mount == file.mount => places.get(above).cloned(),
            Some(_) => return Err(Skip(format!("{path} is on another mount than the directory that it is in"))),
            None => Some(PathBuf::from(mount_folder(file.mount))),
        };
        // A directory is never where a file was in another scenario, and a script hardly ever where another one was.
        let name = match script(world, path) {
            _ if file.kind == FileKind::Directory => format!("d{index}"),
            Some(runs) => format!("{index}-{runs}"),
            None => index.to_string(),
        };
        places.insert(path.clone(), folder.unwrap_or_default().join(name));
    }
    for path in made_paths(steps) {
        let above = path.rsplit_once('/').map(|(above, _)| if above.is_empty() { "/" } else { above });
        if let Some(folder) = above.and_then(|above| places.get(above)).cloned() {
            let name = format!("new{}", places.len());
            places.entry(path.to_owned()).or_insert_with(|| folder.join(name));
        }
    }
    Ok(places)
}

/// The paths that steps make.
pub(crate) fn made_paths(steps: &[Step]) -> impl Iterator<Item = &str> {
    steps.iter().filter_map(|step| match &step.call {
        Call::Path(
            PathOperation::Mknod(MknodArguments { path, .. }) | PathOperation::Mkdir(MkdirArguments { path, .. }),
        ) => Some(path.as_str()),
        _ => None,
    })
}

pub(crate) fn mount_folder(mount: Mount) -> &'static str {
    match (mount.nosuid, mount.noexec) {
        (false, false) => "plain",
        (true, false) => "nosuid",
        (false, true) => "noexec",
        (true, true) => "nosuid-noexec",
    }
}

/// The bytes to write, or why the kernel would not take them.
fn attribute(file: &File, machine: &Machine) -> Result<Option<Vec<u8>>, &'static str> {
    match file.caps {
        None => Ok(None),
        Some(Ok(VfsCaps { revision: Revision::V1, .. })) => {
            Err("a revision 1 attribute can no longer be written, only found on a disk")
        }
        Some(Ok(caps)) if caps.flags > 1 => Err("an attribute with unknown flags can only be found on a disk"),
        Some(Ok(caps)) if caps.rootid() == u32::MAX => Err("the kernel takes no root id of 4294967295"),
        Some(Ok(caps)) => Ok(Some(match caps.revision {
            Revision::V3 { rootid } => caps.for_root(machine.seen(rootid)),
            _ => caps,
        })
        .map(|caps| caps.to_bytes())),
        // A value of no bytes is the one that the kernel does not look at.
        Some(Err(XattrError::NoHeader { size: 0 })) => Ok(Some(Vec::new())),
        Some(Err(_)) => Err("a malformed attribute cannot be written, only found on a disk"),
    }
}
