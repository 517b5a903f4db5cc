use super::super::syscalls::{Abi, Version};
use crate::capability::{CapSet, Capability};

/// Which program reads the profile first, and makes the OCI runtime's configuration of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Manager {
    /// None: the runtime gets the profile as it is. What only managers know is ignored.
    None,
    /// Docker's: the library moby/profiles.
    Moby,
    /// Podman's and CRI-O's: the library containers/common.
    ContainersCommon,
}

/// Which OCI runtime makes a filter of its configuration. All let libseccomp compile it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Runtime {
    /// None: what the runtime's specification says, with several conditions on one argument all demanded.
    None,
    /// runc.
    Runc,
    /// crun.
    Crun,
    /// youki.
    Youki,
}

/// What makes a filter of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Engine {
    /// Reads the profile.
    pub manager: Manager,
    /// Makes the filter.
    pub runtime: Runtime,
    /// The release of libseccomp, which knows the names of its time.
    pub libseccomp: Version,
}

impl Engine {
    /// The newest libseccomp whose names are known here.
    pub const NEWEST_LIBSECCOMP: Version = Version::new(2, 6, 1);
    /// The specification alone.
    pub const NONE: Self = Self::new(Manager::None, Runtime::None);
    /// Docker with runc.
    pub const DOCKER: Self = Self::new(Manager::Moby, Runtime::Runc);
    /// Podman with crun.
    pub const PODMAN: Self = Self::new(Manager::ContainersCommon, Runtime::Crun);
    /// runc on its own.
    pub const RUNC: Self = Self::new(Manager::None, Runtime::Runc);
    /// crun on its own.
    pub const CRUN: Self = Self::new(Manager::None, Runtime::Crun);
    /// youki on its own.
    pub const YOUKI: Self = Self::new(Manager::None, Runtime::Youki);

    /// With the newest libseccomp.
    pub const fn new(manager: Manager, runtime: Runtime) -> Self {
        Self { manager, runtime, libseccomp: Self::NEWEST_LIBSECCOMP }
    }

    /// The same with Docker reading the profile.
    #[must_use]
    pub const fn with_moby(self) -> Self {
        Self { manager: Manager::Moby, ..self }
    }

    /// The engine of this name: none, docker, moby, podman, runc, crun or youki.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "none" => Self::NONE,
            "docker" | "moby" => Self::DOCKER,
            "podman" => Self::PODMAN,
            "runc" => Self::RUNC,
            "crun" => Self::CRUN,
            "youki" => Self::YOUKI,
            _ => return None,
        })
    }
}

/// Where a profile is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The machine's own architecture.
    pub native: Abi,
    /// The container's bounding set; `None` if there is no process yet, as when Podman loads a profile for an image.
    pub bounding: Option<CapSet>,
    /// The machine's kernel.
    pub kernel: Version,
    /// What makes the filter.
    pub engine: Engine,
}

impl Target {
    /// A container with the 14 capabilities that Docker gives, on Linux 6.18.
    pub fn new(native: Abi, engine: Engine) -> Self {
        Self { native, bounding: Some(docker_capabilities()), kernel: Version::new(6, 18, 0), engine }
    }

    /// The same with another bounding set.
    #[must_use]
    pub fn with_bounding(mut self, bounding: CapSet) -> Self {
        self.bounding = Some(bounding);
        self
    }
}

/// The capabilities of a container unless it is given others.
fn docker_capabilities() -> CapSet {
    [
        Capability::CHOWN,
        Capability::DAC_OVERRIDE,
        Capability::FSETID,
        Capability::FOWNER,
        Capability::MKNOD,
        Capability::NET_RAW,
        Capability::SETGID,
        Capability::SETUID,
        Capability::SETFCAP,
        Capability::SETPCAP,
        Capability::NET_BIND_SERVICE,
        Capability::SYS_CHROOT,
        Capability::KILL,
        Capability::AUDIT_WRITE,
    ]
    .into_iter()
    .collect()
}
