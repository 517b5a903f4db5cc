use std::fs::{self, File};
use std::io;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::alone::Alone;
use crate::stop::Stop;
use crate::sys;

/// Where the stage is mounted: a folder that every system has and the harness does not need. In its own mount namespace
/// nobody else sees it, and nothing is left behind however the harness ends.
const STAGE: &str = "/sys";

/// Enters a user namespace that maps this user and group, as 0, and nobody else. Capabilities are all held there.
pub(crate) fn become_alone(alone: &Alone) -> io::Result<()> {
    sys::unshare(libc::CLONE_NEWUSER)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", Alone::map(alone.uid))?;
    fs::write("/proc/self/gid_map", Alone::map(alone.gid))
}

/// Runs `work` as the first process of new mount, pid and network namespaces.
///
/// Without privilege they belong to a new user namespace. `work` is given a folder to mount its stage on, and the user
/// namespace that the harness came from. Whatever `work` leaves behind ends with it: mounts, processes and sockets belong to these namespaces. Gives the exit
/// code of `work`, which is told when to stop.
pub(crate) fn inside(stop: &Stop, alone: Option<&Alone>, work: impl FnOnce(&Path, File) -> i32) -> Result<i32> {
    let host = File::open("/proc/self/ns/user").context("cannot open the user namespace")?;
    if let Some(alone) = alone {
        become_alone(alone).context("cannot make a user namespace")?;
    }
    sys::unshare(libc::CLONE_NEWPID).context("cannot make a pid namespace")?;
    let worker = sys::fork(|| {
        sys::die_with_parent();
        // A key that stops the run must not reach the children, whose end would be taken for an answer.
        let apart = sys::leave_process_group()
            .and_then(|()| sys::unshare(libc::CLONE_NEWNS | libc::CLONE_NEWNET))
            .and_then(|()| sys::make_mounts_private());
        match apart {
            Ok(()) => work(Path::new(STAGE), host),
            Err(error) => {
                eprintln!("native-verify: cannot make mount and network namespaces: {error}");
                2
            }
        }
    })
    .context("cannot start a process")?;
    let status = stop.wait_for(worker).context("lost the worker")?;
    if !libc::WIFEXITED(status) {
        bail!("the worker ended with wait status {status:#x}");
    }
    Ok(libc::WEXITSTATUS(status))
}
