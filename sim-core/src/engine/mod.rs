//! Container engines and runtimes, their versions, and the points at which their answers changed.

mod change;

pub use change::{ENGINE_CHANGES, EngineChange, points as changes};

use core::fmt;
use core::str::FromStr;

/// What starts a program: a container engine, a runtime alone, or a service manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Engine {
    /// Docker (moby) with runc.
    Docker,
    /// containerd as Kubernetes asks it, with runc.
    Containerd,
    /// Podman with crun.
    Podman,
    /// CRI-O with crun.
    CriO,
    /// runc alone: what its config.json says.
    Runc,
    /// crun alone.
    Crun,
    /// youki alone.
    Youki,
    /// A systemd unit.
    Systemd,
}

impl Engine {
    /// Every engine, in the order in which they are compared.
    pub const ALL: [Self; 8] = [
        Self::Docker,
        Self::Containerd,
        Self::Podman,
        Self::CriO,
        Self::Runc,
        Self::Crun,
        Self::Youki,
        Self::Systemd,
    ];

    /// Its name in the scenario format, as `cri-o`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Containerd => "containerd",
            Self::Podman => "podman",
            Self::CriO => "cri-o",
            Self::Runc => "runc",
            Self::Crun => "crun",
            Self::Youki => "youki",
            Self::Systemd => "systemd",
        }
    }

    /// The engine of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|engine| engine.name() == name)
    }

    /// The version that is meant where none is named: a recent one that behaves like the newest modelled.
    pub const fn newest(self) -> Version {
        match self {
            Self::Docker => Version::new(29, 0, 0),
            Self::Containerd => Version::new(2, 2, 0),
            Self::Podman => Version::new(5, 7, 0),
            Self::CriO => Version::new(1, 34, 0),
            Self::Runc => Version::new(1, 4, 0),
            Self::Crun => Version::new(1, 29, 0),
            Self::Youki => Version::new(0, 7, 0),
            Self::Systemd => Version::new(258, 0, 0),
        }
    }

    /// Whether `change` is in this version of it.
    pub fn has(self, version: Version, change: &EngineChange) -> bool {
        self == change.engine && change.is_in(version)
    }
}

/// Its name for people, as `CRI-O`.
impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Docker => "Docker",
            Self::Podman => "Podman",
            Self::CriO => "CRI-O",
            other => other.name(),
        })
    }
}

/// A version of an engine, compared as numbers.
///
/// ```
/// use sim_core::engine::Version;
///
/// let debian: Version = "20.10.24+dfsg1".parse()?;
/// assert!(debian > Version::new(20, 10, 14));
/// assert_eq!("5".parse::<Version>()?, Version::new(5, 0, 0));
/// assert!("v1.6.2".parse::<Version>()? < Version::new(1, 18, 0));
/// # Ok::<(), sim_core::engine::ParseVersionError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    major: u16,
    minor: u16,
    patch: u16,
}

/// The text names no version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a version is one to three numbers with points between them, as in \"20.10.14\"")]
pub struct ParseVersionError;

impl Version {
    /// A version of these numbers.
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch }
    }

    /// The first version of the series after its own.
    pub const fn next_series(self) -> Self {
        Self { major: self.major, minor: self.minor.saturating_add(1), patch: 0 }
    }

    /// The numbers of its series: major and minor.
    pub const fn series(self) -> (u16, u16) {
        (self.major, self.minor)
    }
}

impl FromStr for Version {
    type Err = ParseVersionError;

    /// Numbers that are left out are 0; what follows the numbers, as `-ce` or `+dfsg1`, is passed over.
    fn from_str(text: &str) -> Result<Self, ParseVersionError> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let mut parts = text.get(..end).unwrap_or_default().trim_end_matches('.').split('.');
        let mut number = |required: bool| match parts.next() {
            Some(digits) => digits.parse().map_err(|_| ParseVersionError),
            None if required => Err(ParseVersionError),
            None => Ok(0),
        };
        Ok(Self { major: number(true)?, minor: number(false)?, patch: number(false)? })
    }
}

/// `20.10.14`; without the last number where it is 0: `25.0`.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.patch {
            0 => write!(f, "{}.{}", self.major, self.minor),
            patch => write!(f, "{}.{}.{patch}", self.major, self.minor),
        }
    }
}
