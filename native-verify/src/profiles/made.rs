//! What libseccomp makes of a profile.

use std::io;

use sim_core::seccomp::bpf::Program;
use sim_core::seccomp::profile::Profile;
use sim_core::seccomp::syscalls::Version;

/// What libseccomp makes of a profile.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "libseccomp"), expect(dead_code, reason = "nothing is made without it"))]
pub(super) enum Made {
    /// A filter.
    Filter(Program),
    /// It refuses a rule, with this errno.
    Refused(i32),
    /// It did not finish.
    Endless,
    /// It ended by this signal.
    Died(i32),
    /// It made something that the kernel would not take.
    Invalid(String),
}

/// The library, if this program was built with it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Library {
    pub(super) version: Version,
}

#[cfg(feature = "libseccomp")]
impl Library {
    /// The installed release.
    pub(super) fn find() -> Option<Self> {
        crate::library::version().map(|version| Self { version })
    }

    #[expect(clippy::unused_self, reason = "whoever has one has the library")]
    pub(super) fn make(self, profile: &Profile, tree: bool) -> io::Result<Made> {
        super::library::make(profile, tree)
    }
}

#[cfg(not(feature = "libseccomp"))]
impl Library {
    pub(super) const fn find() -> Option<Self> {
        None
    }

    #[expect(clippy::unused_self, reason = "whoever has one has the library")]
    pub(super) fn make(self, _: &Profile, _: bool) -> io::Result<Made> {
        Err(io::Error::other("built without the feature libseccomp"))
    }
}
