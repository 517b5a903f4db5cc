//! The profiles that engines use when they are given none, in a notation of their own.
//!
//! ```
//! use sim_core::seccomp::preset::Preset;
//! use sim_core::seccomp::profile::{Engine, Target, resolve};
//! use sim_core::seccomp::syscalls::Abi;
//! use sim_core::seccomp::{Architecture, FilterReturn, SeccompData};
//!
//! let policy = resolve(&Preset::Docker.profile(), &Target::new(Abi::X86_64, Engine::DOCKER)).unwrap();
//! let mount = SeccompData::call(Architecture::X86_64, 165, [0; 6]);
//! assert_eq!(policy.verdict(&mount).action, FilterReturn(0x0005_0001), "EPERM without CAP_SYS_ADMIN");
//! ```
//!
//! # The notation
//!
//! `default ACTION` says what becomes of other calls; `native ABI with ABI…` is a member of `archMap`. Each other line that
//! begins at the margin is an entry: an action with its errno, clauses after semicolons, and behind the colon names, which go
//! on in the lines that are indented. `when` is `includes`, `unless` is `excludes`, of `arches`, `caps` or `kernel`;
//! `where` is a condition on an argument.

mod notation;

use super::profile::Profile;

/// A profile that is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Preset {
    /// Docker's, of moby/profiles.
    Docker,
    /// Podman's, of containers/common.
    Podman,
    /// CRI-O's, which is like an older Podman's.
    Crio,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Docker, Self::Podman, Self::Crio];

    /// The one of this name: docker, podman or cri-o.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Crio => "cri-o",
        }
    }

    /// Its notation.
    pub const fn notation(self) -> &'static str {
        match self {
            Self::Docker => include_str!("docker.txt"),
            Self::Podman => include_str!("podman.txt"),
            Self::Crio => include_str!("crio.txt"),
        }
    }

    /// The profile; places in it are those of the notation.
    pub fn profile(self) -> Profile {
        notation::read(self.notation()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Preset;
    use alloc::collections::BTreeSet;

    #[test]
    fn every_preset_is_read_whole() {
        let entries = |preset: Preset| {
            let profile = preset.profile();
            let names: BTreeSet<_> =
                profile.syscalls.iter().flat_map(|entry| &entry.names).map(|name| &name.value).collect();
            (profile.syscalls.len(), names.len(), profile.arch_map.len())
        };
        assert_eq!(Preset::ALL.map(entries), [(33, 426, 9), (40, 443, 7), (40, 443, 7)]);
        let docker = Preset::Docker.profile();
        let place = docker.syscalls[0].names[0].place;
        let line = Preset::Docker.notation().lines().nth(place.line as usize - 1).unwrap();
        assert!(line.get(place.column as usize - 1..).unwrap().starts_with(&docker.syscalls[0].names[0].value));
        assert_eq!(Preset::ALL.map(|preset| Preset::from_name(preset.name())), Preset::ALL.map(Some));
    }
}
