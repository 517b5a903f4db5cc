//! The machine that decides: its kernel release, user namespaces and sysctls.

use crate::capability::CapSet;
use crate::credentials::UserNamespaces;
use crate::kernel::{Change, Release};

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
    /// Changes of later releases that this kernel has as well, as those of distributions do.
    pub backports: &'static [&'static Change],
    /// The user namespaces.
    pub user_namespaces: UserNamespaces,
    /// `net.ipv4.ip_unprivileged_port_start`: the lowest port that anyone may bind, 0 to 65535.
    pub ip_unprivileged_port_start: u16,
}

impl System {
    /// Whether its kernel has `change`, from its release or taken over from a later one.
    pub fn has(&self, change: &Change) -> bool {
        self.release.has(change) || self.backports.contains(&change)
    }

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
            backports: &[],
            user_namespaces: UserNamespaces::default(),
            ip_unprivileged_port_start: 1024,
        }
    }
}
