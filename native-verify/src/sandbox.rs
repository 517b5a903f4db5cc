use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::sys;

/// Runs `work` as the first process of new mount, pid and network namespaces, in a folder of its own.
///
/// Whatever `work` leaves behind ends with it: mounts, processes and sockets belong to these namespaces, and the folder
/// is removed. Gives the exit code of `work`.
pub(crate) fn inside(work: impl FnOnce(&Path) -> i32) -> Result<i32> {
    let folder = tempfile::Builder::new().prefix("eperm-").tempdir().context("cannot make a folder")?;
    sys::unshare(libc::CLONE_NEWPID).context("cannot make a pid namespace")?;
    let worker = sys::fork(|| {
        sys::die_with_parent();
        let apart = sys::unshare(libc::CLONE_NEWNS | libc::CLONE_NEWNET).and_then(|()| sys::make_mounts_private());
        match apart {
            Ok(()) => work(folder.path()),
            Err(error) => {
                eprintln!("native-verify: cannot make mount and network namespaces: {error}");
                2
            }
        }
    })
    .context("cannot start a process")?;
    let status = sys::wait(worker).context("lost the worker")?;
    fs::remove_dir(folder.keep()).context("cannot remove the folder")?;
    if !libc::WIFEXITED(status) {
        bail!("the worker ended with wait status {status:#x}");
    }
    Ok(libc::WEXITSTATUS(status))
}
