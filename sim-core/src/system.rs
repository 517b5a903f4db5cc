//! The machine that decides: its kernel release, user namespaces and sysctls.

use crate::capability::CapSet;
use crate::credentials::UserNamespaces;
use crate::kernel::Release;

/// `net.ipv4.ip_unprivileged_port_start` of a network namespace in which nobody has changed it (`PROT_SOCK`).
pub const UNPRIVILEGED_PORT_START: u16 = 1024;

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
}

impl System {
    /// Every capability that its kernel knows.
    pub fn capabilities(&self) -> CapSet {
        self.release.capabilities()
    }
}

impl Default for System {
    /// The newest modelled release with only the `init` namespace and the kernel's own sysctls.
    fn default() -> Self {
        Self {
            release: Release::NEWEST,
            user_namespaces: UserNamespaces::default(),
            ip_unprivileged_port_start: UNPRIVILEGED_PORT_START,
        }
    }
}
