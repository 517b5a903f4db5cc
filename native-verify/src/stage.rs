use std::collections::BTreeMap;
use std::fs::{self, File as StdFile, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sim_core::file::{File, Mount, Revision, VfsCaps};
use sim_core::scenario::World;

use crate::machine::Machine;
use crate::namespaces::Pool;
use crate::report::Skip;
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
}

const PORT_START: &str = "proc/sys/net/ipv4/ip_unprivileged_port_start";

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
        }
        fs::create_dir("proc").context("cannot make a folder")?;
        sys::mount(c"proc", Path::new("proc"), 0, c"").context("cannot mount proc")?;
        let proc = sys::open_directory(Path::new("proc")).context("cannot open proc")?;
        sys::leave_at(&proc, PROC_FD).context("cannot keep proc open")?;
        sys::raise_loopback().context("cannot raise the loopback interface")?;
        let tape = SharedTape::new().context("cannot make shared memory")?;
        let machine = machine.clone();
        let pool = Pool::new(host, &machine)?;
        Ok(Self { tape, pool, files: BTreeMap::new(), port_start: 1024, machine })
    }

    /// Makes the files of a scenario and gives where each of its paths is.
    pub(crate) fn make_files(&mut self, world: &World) -> Result<BTreeMap<String, PathBuf>, Skip> {
        let places: BTreeMap<String, PathBuf> =
            world.files.keys().map(|path| (path.clone(), PathBuf::from(place(world, path, MOST_SCRIPTS)))).collect();
        for (path, (file, interpreter)) in &world.files {
            let content = match interpreter.as_ref().and_then(|path| places.get(path)) {
                Some(interpreter) => Content::Script(format!("#!{}\n", interpreter.display())),
                None => Content::Probe,
            };
            let Some(place) = places.get(path) else { continue };
            let attribute = attribute(file, &self.machine).map_err(|reason| Skip(format!("{path}: {reason}")))?;
            self.make(place, file, content, attribute)
                .map_err(|error| Skip(format!("{path}: cannot be made: {error}")))?;
        }
        Ok(places)
    }

    /// A file that holds the probe and that anybody may execute.
    pub(crate) fn bare_program(&mut self) -> Result<PathBuf> {
        let place = Path::new(mount_folder(Mount::default())).join("bare");
        self.make(&place, &File::default(), Content::Probe, None).context("cannot make the probe")?;
        Ok(place)
    }

    /// Sets the sysctls of a scenario in the stage's own network namespace.
    pub(crate) fn set_sysctls(&mut self, world: &World) -> Result<(), Skip> {
        let start = world.system.ip_unprivileged_port_start;
        if start != self.port_start {
            fs::write(PORT_START, start.to_string())
                .map_err(|error| Skip(format!("ip_unprivileged_port_start cannot be set to {start}: {error}")))?;
            self.port_start = start;
        }
        Ok(())
    }

    /// Forgets how files are dressed, after steps that may have changed it.
    pub(crate) fn distrust_files(&mut self) {
        self.files.values_mut().for_each(|made| made.dress = None);
    }

    fn make(&mut self, place: &Path, file: &File, content: Content, attribute: Option<Vec<u8>>) -> io::Result<()> {
        if self.files.get(place).is_none_or(|made| made.content != content) {
            match fs::remove_file(place) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut made: StdFile = OpenOptions::new().write(true).create_new(true).mode(0o600).open(place)?;
            made.write_all(match &content {
                Content::Probe => PROBE,
                Content::Script(line) => line.as_bytes(),
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

/// Where a file of a scenario stands. A script's place tells what runs it, so that hardly any file is written twice.
fn place(world: &World, path: &str, scripts: usize) -> String {
    let Some((file, interpreter)) = world.files.get(path) else { return String::new() };
    let index = world.files.keys().take_while(|known| *known != path).count();
    let folder = mount_folder(file.mount);
    match interpreter.as_deref().filter(|_| scripts > 0) {
        Some(interpreter) => {
            format!("{folder}/{index}-by-{}", place(world, interpreter, scripts - 1).replace('/', "-"))
        }
        None => format!("{folder}/{index}"),
    }
}

fn mounts() -> impl Iterator<Item = Mount> {
    [false, true].into_iter().flat_map(|nosuid| [false, true].map(|noexec| Mount { nosuid, noexec }))
}

fn mount_folder(mount: Mount) -> &'static str {
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
        Some(Err(_)) => Err("a malformed attribute cannot be written, only found on a disk"),
    }
}
