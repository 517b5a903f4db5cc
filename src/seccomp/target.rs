use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use clap::Args;
use sim_core::capability::{CapSet, Capability};
use sim_core::kernel::Release;
use sim_core::seccomp::preset::Preset;
use sim_core::seccomp::profile::{Engine, MAX_SIZE, Place, Placed, Policy, Profile, Target, resolve};
use sim_core::seccomp::syscalls::{Abi, Version};

use super::source;
use crate::run::printable;

/// Which profile.
#[derive(Debug, Args)]
pub(crate) struct ProfileArguments {
    /// A profile as Docker, Podman and OCI runtimes read it, or an OCI configuration; - for standard input; preset:docker
    /// is the same as --preset docker.
    #[arg(required_unless_present = "preset")]
    pub(crate) profile: Option<PathBuf>,
    /// The default profile of an engine, instead of a file: docker, podman or crio.
    #[arg(long, value_parser = preset, conflicts_with = "profile")]
    pub(crate) preset: Option<Preset>,
}

/// Where the profile is used, and what makes a filter of it.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Where the profile is used")]
pub(crate) struct TargetArguments {
    /// What reads the profile and makes the filter: docker (with runc), podman or crio (with crun), runc, crun or youki
    /// alone, none for the specification alone, or both as docker+crun. Unless it is given: a preset's own, else docker.
    #[arg(long, value_parser = engine)]
    pub(crate) engine: Option<Engine>,
    /// The release of libseccomp, which knows the calls of its time.
    #[arg(long, value_name = "RELEASE", default_value_t = Engine::NEWEST_LIBSECCOMP)]
    pub(crate) libseccomp: Version,
    /// The machine's architecture, as x86_64 or aarch64. If it is given more than once, the first is the machine's, and
    /// the filter covers all of them, whatever the profile says.
    #[arg(long, value_name = "ARCH", value_parser = abi, default_value = "x86_64")]
    pub(crate) arch: Vec<Abi>,
    /// The container's capabilities (its bounding set): names with commas between them, all, none, 16 hexadecimal
    /// digits, or default for the 14 that Docker gives; also default,sys_admin.
    #[arg(long, value_name = "SET", value_parser = capabilities, default_value = "default")]
    pub(crate) caps: CapSet,
    /// The machine's kernel, as 5.10.
    #[arg(long, value_name = "RELEASE", default_value = "6.18")]
    pub(crate) kernel: Version,
}

/// A profile, and what it is called.
#[derive(Debug)]
pub(crate) struct Named {
    /// As `profile.json` or `preset docker`.
    pub(crate) name: String,
    /// What was read.
    pub(crate) profile: Profile,
    /// The engine that it is made for, if it is a preset.
    pub(crate) engine: Option<Engine>,
}

impl ProfileArguments {
    /// Reads it. An error names the file and the place in it.
    pub(crate) fn read(&self) -> Result<Named> {
        match (&self.profile, self.preset) {
            (Some(path), _) => Named::read(path),
            (None, Some(preset)) => Ok(Named::preset(preset)),
            (None, None) => Err(anyhow!("a profile is needed: a file, - or --preset docker")),
        }
    }
}

impl Named {
    /// Reads the profile of a file, of standard input for `-`, or an engine's own for `preset:docker`.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        if let Some(name) = preset_name(path) {
            return Ok(Self::preset(preset(name)?));
        }
        Self::of_bytes(source::name(path), &source::read(path, MAX_SIZE)?)
    }

    /// The profile of a text that is read already.
    pub(crate) fn of_bytes(name: String, text: &[u8]) -> Result<Self> {
        let profile = Profile::read(text).map_err(|error| anyhow!("{name}: {}", printable(&error.to_string())))?;
        Ok(Self { name, profile, engine: None })
    }

    /// An engine's own profile.
    pub(crate) fn preset(preset: Preset) -> Self {
        let engine = if preset == Preset::Docker { Engine::DOCKER } else { Engine::PODMAN };
        Self { name: format!("preset {}", preset.name()), profile: preset.profile(), engine: Some(engine) }
    }

    /// A place in it, as `profile.json:12:9`.
    pub(crate) fn at(&self, place: Place) -> String {
        format!("{}:{}:{}", self.name, place.line, place.column)
    }

    /// The file, unless it is a preset.
    pub(crate) fn file(&self) -> Option<&str> {
        self.engine.is_none().then_some(self.name.as_str())
    }

    /// What the target's engine makes of it. An error names the file and the place in it.
    pub(crate) fn resolve(&self, target: &Target) -> Result<Policy> {
        resolve(&self.profile, target).map_err(|error| anyhow!("{}: {}", self.name, printable(&error.to_string())))
    }
}

impl TargetArguments {
    /// Where a profile is used. Several architectures take the place of those that the profile names.
    pub(crate) fn target(&self, named: &mut Named) -> Target {
        if self.arch.len() > 1 {
            let placed = |abi: &Abi| Placed { value: abi.profile_name().to_owned(), place: Place::default() };
            named.profile.architectures = self.arch.iter().map(placed).collect();
            named.profile.arch_map = Vec::new();
        }
        self.on(self.native(), self.engine.or(named.engine).unwrap_or(Engine::DOCKER))
    }

    /// The machine's own architecture.
    pub(crate) fn native(&self) -> Abi {
        self.arch.first().copied().unwrap_or(Abi::X86_64)
    }

    /// The kernel's release; the oldest that is modelled for older ones.
    pub(crate) fn release(&self) -> Release {
        let Version { major, minor, patch } = self.kernel;
        Release::from_stable([major, minor, patch]).unwrap_or(Release::OLDEST)
    }

    /// The same on a machine and with an engine of one's choice.
    pub(crate) fn on(&self, native: Abi, engine: Engine) -> Target {
        let engine = Engine { libseccomp: self.libseccomp, ..engine };
        Target { native, bounding: Some(self.caps), kernel: self.kernel, engine }
    }
}

/// The name of a preset that is written as a path: `preset:docker`.
pub(crate) fn preset_name(path: &Path) -> Option<&str> {
    path.to_str()?.strip_prefix("preset:")
}

/// Reads the name of a preset.
pub(crate) fn preset(name: &str) -> Result<Preset> {
    let name = if name == "crio" { "cri-o" } else { name };
    Preset::from_name(name).context("a preset is docker, podman or crio")
}

/// Reads the name of an engine.
pub(crate) fn engine(name: &str) -> Result<Engine> {
    Engine::from_name(name).context(
        "an engine is docker, podman, crio, runc, crun, youki or none, or one that reads and one that makes the filter, \
         as docker+crun",
    )
}

/// Reads the name of an architecture, libseccomp's or a profile's.
pub(crate) fn abi(name: &str) -> Result<Abi> {
    Abi::from_name(name).or_else(|| Abi::from_profile(name)).with_context(|| {
        let names: Vec<_> = Abi::ALL.iter().map(|abi| abi.name()).collect();
        format!("an architecture is one of {}", names.join(", "))
    })
}

/// Reads a set of capabilities.
pub(crate) fn capabilities(text: &str) -> Result<CapSet> {
    let mut set = CapSet::EMPTY;
    for name in text.split(',').map(str::trim) {
        set |= match name.to_ascii_lowercase().as_str() {
            "none" => CapSet::EMPTY,
            "all" => CapSet::up_to(Capability::LAST_NAMED),
            "default" => Target::new(Abi::X86_64, Engine::NONE).bounding.unwrap_or_default(),
            digits if digits.strip_prefix("0x").unwrap_or(digits).len() == 16 => CapSet::from_hex(name)?,
            _ => CapSet::from_name(name)?,
        };
    }
    Ok(set)
}

/// Reads a kernel release that is modelled.
pub(crate) fn release(text: &str) -> Result<Release> {
    Ok(text.parse()?)
}
