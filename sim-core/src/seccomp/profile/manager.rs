use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::resolve::{Problem, ResolveError};
use super::{Entry, EntryState, Filter, Manager, Note, Origin, Placed, Profile, Target, Test};
use crate::capability::{CapSet, Capability};
use crate::kernel::Errno;
use crate::seccomp::Action;
use crate::seccomp::syscalls::{Abi, Version};

/// What the runtime is given.
pub(super) struct Configuration<'p> {
    pub(super) default_action: Action,
    pub(super) default_errno: Option<u32>,
    pub(super) architectures: Vec<&'p Placed<String>>,
    pub(super) entries: Vec<Live<'p>>,
}

/// An entry that is live.
pub(super) struct Live<'p> {
    pub(super) index: usize,
    pub(super) entry: &'p Entry,
    pub(super) errno: Option<u32>,
}

impl<'p> Live<'p> {
    /// Its names and where they stand; without a manager `name` is no key.
    pub(super) fn origins(&self, manager: Manager) -> impl Iterator<Item = (&'p str, Origin)> + use<'p> {
        self.entry.origins(self.index).filter(move |(_, origin)| manager != Manager::None || origin.name.is_some())
    }
}

/// Makes the runtime's configuration of a profile.
pub(super) fn configure<'p>(
    profile: &'p Profile,
    target: &Target,
    states: &mut Vec<EntryState>,
    notes: &mut Vec<Note>,
) -> Result<Configuration<'p>, ResolveError> {
    let manager = target.engine.manager;
    let Some(default_action) = profile.default_action else {
        return Err(Problem::NoFilter.anywhere());
    };
    let architectures = architectures(profile, target, notes)?;
    let mut entries = Vec::new();
    for (index, entry) in profile.syscalls.iter().enumerate() {
        let live = match manager {
            Manager::None => {
                let empty = Filter::default();
                if entry.includes != empty || entry.excludes != empty || entry.name.is_some() {
                    notes.push(Note::OnlyForManagers(entry.place));
                }
                Ok(())
            }
            _ => live(entry, target)?,
        };
        match live {
            Ok(()) if manager != Manager::None && entry.name.is_some() && !entry.names.is_empty() => {
                return Err(Problem::NameAndNames.at(entry.place));
            }
            Ok(()) => {
                let errno = errno(manager, entry.errno.as_ref(), entry.errno_ret)?;
                entries.push(Live { index, entry, errno });
                states.push(EntryState::Live);
            }
            Err(state) => states.push(state),
        }
    }
    let default_errno = errno(manager, profile.default_errno.as_ref(), profile.default_errno_ret)?;
    Ok(Configuration { default_action, default_errno, architectures, entries })
}

fn architectures<'p>(
    profile: &'p Profile,
    target: &Target,
    notes: &mut Vec<Note>,
) -> Result<Vec<&'p Placed<String>>, ResolveError> {
    let mut all: Vec<_> = profile.architectures.iter().collect();
    let Some(first) = profile.arch_map.first() else { return Ok(all) };
    if target.engine.manager == Manager::None {
        notes.push(Note::OnlyForManagers(first.architecture.place));
        return Ok(all);
    }
    if !all.is_empty() {
        return Err(Problem::ArchitecturesAndArchMap.at(first.architecture.place));
    }
    let wanted = map_key(target);
    if let Some(found) = profile.arch_map.iter().find(|map| Some(map.architecture.value.as_str()) == wanted) {
        all.push(&found.architecture);
        all.extend(&found.sub_architectures);
    }
    Ok(all)
}

/// The architecture that the manager looks for in `archMap`; it does not know all of them there.
fn map_key(target: &Target) -> Option<&'static str> {
    let native = target.native;
    let known = match target.engine.manager {
        Manager::None => false,
        // Its two tables of names do not meet for loong64 and mipsle.
        Manager::Moby => !engine_name(target).is_empty() && !matches!(native, Abi::LOONGARCH64 | Abi::MIPSEL),
        Manager::ContainersCommon => matches!(
            native,
            Abi::X86_64 | Abi::AARCH64 | Abi::MIPS64 | Abi::MIPS64N32 | Abi::MIPSEL64 | Abi::MIPSEL64N32 | Abi::S390X
        ),
    };
    known.then(|| native.profile_name())
}

/// The manager's own name for the machine, in `includes` and `excludes`; empty where it has none.
fn engine_name(target: &Target) -> &'static str {
    let moby = target.engine.manager == Manager::Moby;
    match target.native {
        Abi::X86_64 => "amd64",
        Abi::AARCH64 => "arm64",
        Abi::LOONGARCH64 => {
            if moby {
                "loongarch64"
            } else {
                "loong64"
            }
        }
        Abi::MIPSEL64N32 if moby => "mips3l64n32",
        Abi::X32 | Abi::MIPS | Abi::M68K | Abi::PARISC | Abi::PARISC64 | Abi::SH | Abi::SHEB if moby => "",
        other => other.name(),
    }
}

/// Whether `includes` and `excludes` let an entry live; excludes are asked first.
fn live(entry: &Entry, target: &Target) -> Result<Result<(), EntryState>, ResolveError> {
    let name = engine_name(target);
    let moby = target.engine.manager == Manager::Moby;
    if moby
        && target.bounding.is_none()
        && !(entry.includes.capabilities.is_empty() && entry.excludes.capabilities.is_empty())
    {
        return Err(Problem::NoProcess.at(entry.place));
    }
    let has = |capability: &str| target.bounding.map(|bounding| names(bounding, capability));
    let reached = |wanted: &Option<String>| match wanted.as_deref().filter(|_| moby) {
        Some(text) => {
            let wanted = kernel(text).ok_or_else(|| Problem::MinKernel(text.to_string()).at(entry.place))?;
            Ok(Some((target.kernel.major, target.kernel.minor) >= wanted))
        }
        None => Ok(None),
    };
    let Filter { architectures, capabilities, min_kernel } = &entry.excludes;
    if architectures.iter().any(|other| other == name) {
        return Ok(Err(EntryState::Excluded(Test::Architecture(name))));
    }
    if let Some(capability) = capabilities.iter().find(|capability| has(capability) == Some(true)) {
        return Ok(Err(EntryState::Excluded(Test::Capability(capability.clone()))));
    }
    if reached(min_kernel)? == Some(true) {
        return Ok(Err(EntryState::Excluded(Test::Kernel(min_kernel.clone().unwrap_or_default()))));
    }
    let Filter { architectures, capabilities, min_kernel } = &entry.includes;
    if !architectures.is_empty() && !architectures.iter().any(|other| other == name) {
        return Ok(Err(EntryState::NotIncluded(Test::Architecture(name))));
    }
    if let Some(capability) = capabilities.iter().find(|capability| has(capability) == Some(false)) {
        return Ok(Err(EntryState::NotIncluded(Test::Capability(capability.clone()))));
    }
    if reached(min_kernel)? == Some(false) {
        return Ok(Err(EntryState::NotIncluded(Test::Kernel(min_kernel.clone().unwrap_or_default()))));
    }
    Ok(Ok(()))
}

/// Whether a set has the capability of this very name, as `CAP_SYS_ADMIN`; managers compare texts.
fn names(set: CapSet, name: &str) -> bool {
    let exact = name.starts_with("CAP_") && !name.chars().any(|c| c.is_ascii_lowercase());
    exact && Capability::from_name(name).is_some_and(|capability| set.contains(capability))
}

/// `a.b`, not 0.0.
fn kernel(text: &str) -> Option<(u16, u16)> {
    let version: Version = text.parse().ok()?;
    let two = text.matches('.').count() == 1;
    (two && (version.major, version.minor) != (0, 0)).then_some((version.major, version.minor))
}

/// The errno of an entry: Podman's `errno`, a number or a name, wins over `errnoRet`.
fn errno(manager: Manager, text: Option<&Placed<String>>, number: Option<u32>) -> Result<Option<u32>, ResolveError> {
    match text.filter(|_| manager == Manager::ContainersCommon) {
        None => Ok(number),
        Some(Placed { value, place }) => {
            let named = || Errno::from_name(value).map(|errno| u32::from(errno.number()));
            let found = value.parse().ok().or_else(named);
            found.map(Some).ok_or_else(|| Problem::UnknownErrno(value.clone()).at(*place))
        }
    }
}
