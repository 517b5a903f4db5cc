use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::stop::Stop;
use crate::{sandbox, sys};

/// Runs `work` with `root` as its root folder, in namespaces and a control group of its own. Everything that it starts
/// and mounts ends with it, and in `root` nothing is written but what lies below [`WRITABLE`], which is in memory.
pub(super) fn inside(root: &Path, stop: &Stop, work: impl FnOnce() -> Result<()>) -> Result<()> {
    let group = Group::make()?;
    let own = File::open("/proc/self/ns/pid").context("cannot open the pid namespace")?;
    let code = sandbox::inside(stop, None, |_, _| match enter(root, &group).and_then(|()| begin(stop, work)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("native-verify: {error:#}");
            FAILED
        }
    });
    // Whoever has made a pid namespace for its children can make no other until it is back.
    sys::setns(own.as_raw_fd(), libc::CLONE_NEWPID).context("cannot go back to the pid namespace")?;
    let code = code?;
    anyhow::ensure!(code == 0, "the engines of {} were not asked to their end", root.display());
    Ok(())
}

const FAILED: i32 = 2;

/// What is in memory, and gone afterwards.
const WRITABLE: [&str; 5] = ["run", "tmp", "var/lib/docker", "var/lib/containers", "etc/docker"];

/// Devices that containers get.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// Starts the work in a child, for the first process of a pid namespace has to wait for the orphans.
fn begin(stop: &Stop, work: impl FnOnce() -> Result<()>) -> Result<i32> {
    let worker = sys::fork(|| {
        sys::die_with_parent();
        match work() {
            Ok(()) => 0,
            Err(error) => {
                eprintln!("native-verify: {error:#}");
                FAILED
            }
        }
    })
    .context("cannot start a process")?;
    let mut told = false;
    loop {
        match sys::any_ended().context("lost the worker")? {
            Some((ended, status)) if ended == worker => {
                return Ok(if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { FAILED });
            }
            Some(_) => {}
            None => thread::sleep(PAUSE),
        }
        if stop.is_asked() && !told {
            sys::terminate(worker);
            told = true;
        }
    }
}

const PAUSE: Duration = Duration::from_millis(20);

/// Moves this process to a new root with the mounts that engines look for.
fn enter(root: &Path, group: &Group) -> Result<()> {
    group.enter()?;
    sys::unshare(libc::CLONE_NEWCGROUP | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS)
        .context("cannot make cgroup, ipc and uts namespaces")?;
    let at = |place: &str| root.join(place);
    let mount = |kind: &std::ffi::CStr, place: &str, options: &std::ffi::CStr| {
        fs::create_dir_all(at(place))?;
        sys::mount(kind, &at(place), 0, options)
            .with_context(|| format!("cannot mount {} on /{place}", kind.to_string_lossy()))
    };
    // A root must be a mount.
    sys::bind_mount(root, root).context("cannot mount the root")?;
    // The old way to the folder leads below the mount.
    std::env::set_current_dir(root)?;
    mount(c"proc", "proc", c"")?;
    mount(c"sysfs", "sys", c"")?;
    mount(c"tmpfs", "sys/fs/cgroup", c"")?;
    mount(c"cgroup2", "sys/fs/cgroup", c"")?;
    mount(c"tmpfs", "dev", c"mode=755")?;
    for device in DEVICES {
        let place = at("dev").join(device);
        File::create(&place)?;
        sys::bind_mount(&Path::new("/dev").join(device), &place).with_context(|| format!("no device {device}"))?;
    }
    mount(c"devpts", "dev/pts", c"newinstance,ptmxmode=0666")?;
    mount(c"tmpfs", "dev/shm", c"")?;
    mount(c"mqueue", "dev/mqueue", c"")?;
    symlink("pts/ptmx", at("dev/ptmx"))?;
    symlink("/proc/self/fd", at("dev/fd"))?;
    for place in WRITABLE {
        mount(c"tmpfs", place, c"mode=755")?;
    }
    fs::set_permissions(at("tmp"), fs::Permissions::from_mode(0o1777))?;
    sys::change_root(root).context("cannot change the root")?;
    sys::raise_loopback().context("cannot bring the loopback interface up")
}

/// A control group for everything that the engines start; removed when dropped.
struct Group(PathBuf);

impl Group {
    fn make() -> Result<Self> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").context("cannot read the mounts")?;
        let folder = mounts.lines().find_map(|line| {
            let (before, after) = line.split_once(" - ")?;
            after.starts_with("cgroup2 ").then(|| before.split(' ').nth(4)).flatten()
        });
        let folder = Path::new(folder.context("no cgroup2 is mounted here, and engines need one")?);
        let group = Self(folder.join(format!("eperm-engines-{}", std::process::id())));
        fs::create_dir(&group.0).with_context(|| format!("cannot make the control group {}", group.0.display()))?;
        Ok(group)
    }

    /// Moves this process there.
    fn enter(&self) -> Result<()> {
        let mut file = OpenOptions::new().write(true).open(self.0.join("cgroup.procs"))?;
        file.write_all(b"0").context("cannot enter the control group")
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        remove_groups(&self.0);
    }
}

/// Removes a control group and those below it. Their processes have ended with the pid namespace.
fn remove_groups(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_groups(&entry.path());
        }
    }
    if let Err(error) = fs::remove_dir(folder) {
        eprintln!("native-verify: {} is left: {error}", folder.display());
    }
}
