use core::fmt;

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

    /// The engine of this name: none, docker or moby, podman, crio, runc, crun, youki; or the one that reads and the one
    /// that makes the filter, as `docker+crun`. Podman and CRI-O read by the same library; both make filters with crun.
    ///
    /// ```
    /// use sim_core::seccomp::profile::Engine;
    ///
    /// assert_eq!(Engine::from_name("docker"), Engine::from_name("docker+runc"));
    /// assert_eq!(Engine::from_name("podman+youki").unwrap().to_string(), "podman+youki");
    /// assert_eq!(Engine::from_name("podman+docker"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        if let Some((manager, runtime)) = name.split_once('+') {
            return Some(Self::new(Manager::from_name(manager)?, Runtime::from_name(runtime)?));
        }
        Some(match Manager::from_name(name) {
            Some(Manager::Moby) => Self::DOCKER,
            Some(Manager::ContainersCommon) => Self::PODMAN,
            Some(Manager::None) | None => Self::new(Manager::None, Runtime::from_name(name)?),
        })
    }
}

impl Manager {
    /// The one of this name: none, docker or moby, podman, crio or cri-o.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "none" => Self::None,
            "docker" | "moby" => Self::Moby,
            "podman" | "crio" | "cri-o" => Self::ContainersCommon,
            _ => return None,
        })
    }
}

impl Runtime {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::None, Self::Runc, Self::Crun, Self::Youki];

    /// The one of this name: none, runc, crun or youki.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|runtime| runtime.name() == name)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Runc => "runc",
            Self::Crun => "crun",
            Self::Youki => "youki",
        }
    }
}

/// Its shortest name that [`Engine::from_name`] reads, as `docker` or `docker+crun`; the release of libseccomp is left out.
impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.manager, self.runtime) {
            (Manager::None, runtime) => f.write_str(runtime.name()),
            (Manager::Moby, Runtime::Runc) => f.write_str("docker"),
            (Manager::ContainersCommon, Runtime::Crun) => f.write_str("podman"),
            (Manager::Moby, runtime) => write!(f, "docker+{}", runtime.name()),
            (Manager::ContainersCommon, runtime) => write!(f, "podman+{}", runtime.name()),
        }
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
