use super::demand_capability;
use crate::capability::Capability;
use crate::credentials::{Thread, UserNs};
use crate::kernel::Errno;
use crate::outcome::{Outcome, Refusal};
use crate::rule::{Condition, Effect, Rule, Witness, mount as rules};
use crate::system::System;

/// A type of filesystem, by what mounting a new one asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filesystem {
    /// Whoever may mount may mount it, in any user namespace: tmpfs, ramfs.
    Anybodys,
    /// It belongs to the IPC namespace: mqueue.
    Ipc,
    /// It belongs to the control group namespace: cgroup2.
    Cgroup,
    /// Only `init` may mount it: devtmpfs, and every type without `FS_USERNS_MOUNT`.
    Inits,
}

/// Decides mount(2) of a new filesystem.
///
/// ```
/// use sim_core::access::{Filesystem, mount};
/// use sim_core::prelude::*;
///
/// let system = System::default();
/// let root = Thread::from(Credentials::root(system.capabilities()));
/// assert_eq!(mount(&system, &root, Filesystem::Inits, &mut Silent).refusal(), None);
/// let user = Thread::from(Credentials::user(1000));
/// let refusal = mount(&system, &user, Filesystem::Anybodys, &mut Silent).refusal().unwrap();
/// assert_eq!(refusal.rule.id, "mount.sys-admin");
/// ```
pub fn mount<W: Witness>(system: &System, thread: &Thread, filesystem: Filesystem, witness: &mut W) -> Outcome<()> {
    let decide = |witness: &mut W| {
        may_mount(system, thread, &rules::MOUNT, witness)?;
        // `mount_capable`
        let owner = match filesystem {
            Filesystem::Anybodys => thread.credentials.user_ns,
            Filesystem::Ipc => thread.namespaces.ipc,
            Filesystem::Cgroup => thread.namespaces.cgroup,
            Filesystem::Inits => UserNs::INIT,
        };
        let (needed, rule) = (Capability::SYS_ADMIN, &rules::MOUNT_FILESYSTEM);
        demand_capability(system, thread, owner, needed, Errno::EPERM, rule, witness)
    };
    decide(witness).into()
}

/// Decides whether a thread may unmount anything: umount2(2).
pub fn umount2<W: Witness>(system: &System, thread: &Thread, witness: &mut W) -> Outcome<()> {
    may_mount(system, thread, &rules::UMOUNT, witness).into()
}

/// Decides whether a thread may exchange the root mount: pivot_root(2).
pub fn pivot_root<W: Witness>(system: &System, thread: &Thread, witness: &mut W) -> Outcome<()> {
    may_mount(system, thread, &rules::PIVOT_ROOT, witness).into()
}

fn may_mount<W: Witness>(
    system: &System,
    thread: &Thread,
    rule: &'static Rule,
    witness: &mut W,
) -> Result<(), Refusal> {
    let owner = thread.namespaces.mount;
    demand_capability(system, thread, owner, Capability::SYS_ADMIN, Errno::EPERM, rule, witness)
}

/// Decides chroot(2) to a directory that everybody may enter: the root directory itself (`root`), or another one. Gives
/// whether the thread has another root directory than its mount namespace after it.
///
/// ```
/// use sim_core::access::chroot;
/// use sim_core::prelude::*;
///
/// let system = System::default();
/// let root = Thread::from(Credentials::root(system.capabilities()));
/// assert_eq!(chroot(&system, &root, false, &mut Silent).granted(), Some(true));
/// assert_eq!(chroot(&system, &root, true, &mut Silent).granted(), Some(false));
/// ```
pub fn chroot<W: Witness>(system: &System, thread: &Thread, root: bool, witness: &mut W) -> Outcome<bool> {
    let decide = |witness: &mut W| {
        let (home, needed) = (thread.credentials.user_ns, Capability::SYS_CHROOT);
        demand_capability(system, thread, home, needed, Errno::EPERM, &rules::CHROOT, witness)?;
        if root {
            witness.not_applied(&rules::CHROOT_ELSEWHERE, Condition::RootStays);
            return Ok(thread.chrooted);
        }
        witness.applied(&rules::CHROOT_ELSEWHERE, Effect::Holds);
        Ok(true)
    };
    decide(witness).into()
}
