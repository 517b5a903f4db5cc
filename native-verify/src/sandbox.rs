use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::stop::Stop;
use crate::sys;

/// Where the stage is mounted: a folder that every system has and the harness does not need. In its own mount namespace
/// nobody else sees it, and nothing is left behind however the harness ends.
const STAGE: &str = "/sys";

/// Runs `work` as the first process of new mount, pid and network namespaces.
///
/// Whatever `work` leaves behind ends with it: mounts, processes and sockets belong to these namespaces. Gives the exit
/// code of `work`, which is told when to stop.
pub(crate) fn inside(stop: &Stop, work: impl FnOnce(&Path) -> i32) -> Result<i32> {
    sys::unshare(libc::CLONE_NEWPID).context("cannot make a pid namespace")?;
    let worker = sys::fork(|| {
        sys::die_with_parent();
        // A key that stops the run must not reach the children, whose end would be taken for an answer.
        let apart = sys::leave_process_group()
            .and_then(|()| sys::unshare(libc::CLONE_NEWNS | libc::CLONE_NEWNET))
            .and_then(|()| sys::make_mounts_private());
        match apart {
            Ok(()) => work(Path::new(STAGE)),
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
