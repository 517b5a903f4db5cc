//! The machine that decides: its kernel release, user namespaces and sysctls.

use crate::capability::CapSet;
use crate::credentials::UserNamespaces;
use crate::kernel::{Change, Release, changes};

/// `net.ipv4.ip_unprivileged_port_start` of a network namespace in which nobody has changed it (`PROT_SOCK`).
pub const UNPRIVILEGED_PORT_START: u16 = 1024;

/// `net.ipv4.ping_group_range` of a network namespace in which nobody has changed it: no group.
pub const PING_GROUP_RANGE: [u32; 2] = [1, 0];

/// Everything about the machine that decisions depend on.
///
/// ```
/// use sim_core::system::System;
///
/// let system = System { release: "6.12".parse()?, ..System::default() };
/// assert_eq!(system.capabilities().len(), 41);
/// # Ok::<(), sim_core::kernel::ParseReleaseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct System {
    /// The kernel.
    pub release: Release,
    /// The user namespaces.
    pub user_namespaces: UserNamespaces,
    /// `net.ipv4.ip_unprivileged_port_start`: the lowest port that anyone may bind in the first network
    /// namespace, 0 to 65535.
    pub ip_unprivileged_port_start: u16,
    /// `net.ipv4.ping_group_range` of the first network namespace: the first and the last group, as host ids, that may make
    /// ICMP sockets for datagrams; nobody if the first is above the last.
    pub ping_group_range: [u32; 2],
    /// `fs.protected_hardlinks`: whether linking to files of others is restricted. The kernel's own value is 0,
    /// practically every distribution's 1.
    pub protected_hardlinks: bool,
    /// `kernel.unprivileged_bpf_disabled`: 0 lets anyone use bpf(2), 1 and 2 do not.
    pub unprivileged_bpf_disabled: u8,
    /// `kernel.perf_event_paranoid`: from 2 on, only the privileged may measure the kernel; -1 to 2.
    pub perf_event_paranoid: i8,
    /// `kernel.dmesg_restrict`: whether reading the kernel's log needs a capability.
    pub dmesg_restrict: bool,
    /// `fs.nr_open`: the largest RLIMIT_NOFILE that anyone can set.
    pub nr_open: u32,
}

impl System {
    /// Whether its kernel has `change`, from its release or taken over from a later one.
    pub fn has(&self, change: &Change) -> bool {
        self.release.has(change)
    }

    /// Every capability that its kernel knows.
    pub fn capabilities(&self) -> CapSet {
        self.release.capabilities()
    }

    /// What `kernel.unprivileged_bpf_disabled` is on a kernel of this release unless somebody set it.
    pub fn unprivileged_bpf_disabled(release: Release) -> u8 {
        if release.has(&changes::UNPRIVILEGED_BPF_OFF) { 2 } else { 0 }
    }
}

impl Default for System {
    /// The newest modelled release with only the `init` namespace and the kernel's own sysctls.
    fn default() -> Self {
        Self {
            release: Release::NEWEST,
            user_namespaces: UserNamespaces::default(),
            ip_unprivileged_port_start: UNPRIVILEGED_PORT_START,
            ping_group_range: PING_GROUP_RANGE,
            protected_hardlinks: false,
            unprivileged_bpf_disabled: Self::unprivileged_bpf_disabled(Release::NEWEST),
            perf_event_paranoid: 2,
            dmesg_restrict: false,
            nr_open: 1024 * 1024,
        }
    }
}
