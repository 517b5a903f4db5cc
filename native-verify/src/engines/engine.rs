use clap::ValueEnum;

/// The engines and runtimes that are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineName {
    Docker,
    Podman,
    Runc,
    Crun,
}

/// Releases of Debian, each with its own versions of the engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    Bookworm,
    Trixie,
}

impl EngineName {
    /// Its name in the scenario format.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Runc => "runc",
            Self::Crun => "crun",
        }
    }

    /// The program that says its version.
    pub(super) const fn program(self) -> &'static str {
        match self {
            Self::Docker => "dockerd",
            other => other.name(),
        }
    }

    /// The runtime that it hands containers to.
    pub(super) const fn runtime(self) -> &'static str {
        match self {
            Self::Docker | Self::Runc => "runc",
            Self::Podman | Self::Crun => "crun",
        }
    }

    /// Whether it is a runtime, asked by a config.json.
    pub(super) const fn is_runtime(self) -> bool {
        matches!(self, Self::Runc | Self::Crun)
    }
}

impl Suite {
    /// The name of its folder.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
        }
    }
}
