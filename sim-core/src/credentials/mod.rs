//! Credentials: ids, groups, the five capability sets, securebits, the user namespace.
//!
//! Read first: credentials(7); capabilities(7), "Thread capability sets"; `include/linux/cred.h`.

mod capable;
mod groups;
mod id;
mod id_map;
mod memory;
mod namespaces;
mod scheduling;
mod securebits;
#[cfg(test)]
mod tests;
mod thread;
mod user_namespace;

pub use capable::ns_capable;
pub use groups::Groups;
pub use id::{Ids, Kgid, Kuid};
pub use id_map::{IdMap, MapError};
pub use memory::Memory;
pub use namespaces::{NamespaceKind, NamespaceKinds, Namespaces};
pub use scheduling::{Scheduling, SchedulingPolicy};
pub use securebits::Securebits;
pub use thread::{Thread, Tracer};
pub use user_namespace::{OVERFLOW_ID, TooDeep, UserNamespaces, UserNs};

use core::ops::Deref;

use crate::capability::{CapSet, Capability};

/// The credentials of a thread, as `struct cred` holds them.
///
/// They keep the two invariants of the kernel: what is effective is permitted, and what is ambient is both
/// permitted and inheritable. They are made from [`RawCredentials`], and its fields can be read on them.
///
/// ```
/// use sim_core::capability::{CapSet, Capability};
/// use sim_core::credentials::{Credentials, InvalidCredentials, RawCredentials};
///
/// let user = Credentials::user(1024);
/// assert!(user.permitted.is_empty());
///
/// let raw = RawCredentials { effective: Capability::KILL.into(), ..RawCredentials::user(1024) };
/// let excess = CapSet::from(Capability::KILL);
/// assert_eq!(Credentials::try_from(raw), Err(InvalidCredentials::EffectiveNotPermitted { excess }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials(RawCredentials);

/// Credentials that nobody has checked yet: every field can be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawCredentials {
    /// User ids, as the kernel keeps them.
    pub uid: Ids<Kuid>,
    /// Group ids, as the kernel keeps them.
    pub gid: Ids<Kgid>,
    /// Supplementary groups.
    pub groups: Groups,
    /// What the thread may make effective.
    pub permitted: CapSet,
    /// What the kernel checks.
    pub effective: CapSet,
    /// What an execve of a file with the same inheritable capability grants.
    pub inheritable: CapSet,
    /// What an execve may grant from the file's permitted set, and to root.
    pub bounding: CapSet,
    /// What survives an execve of an ordinary file.
    pub ambient: CapSet,
    /// Switches for the special treatment of user 0.
    pub securebits: Securebits,
    /// Whether execve may grant nothing new.
    pub no_new_privs: bool,
    /// The user namespace it is in.
    pub user_ns: UserNs,
}

/// A state that no thread can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCredentials {
    /// The effective set is not within the permitted set.
    #[error("what is effective must be permitted; {} is not", excess.in_words())]
    EffectiveNotPermitted {
        /// The capabilities in the way.
        excess: CapSet,
    },
    /// The ambient set is not within the permitted set.
    #[error("what is ambient must be permitted; {} is not", excess.in_words())]
    AmbientNotPermitted {
        /// The capabilities in the way.
        excess: CapSet,
    },
    /// The ambient set is not within the inheritable set.
    #[error("what is ambient must be inheritable; {} is not", excess.in_words())]
    AmbientNotInheritable {
        /// The capabilities in the way.
        excess: CapSet,
    },
}

impl RawCredentials {
    /// User and group `id` of `init`, without capabilities and with every named one in the bounding set.
    pub fn user(id: u16) -> Self {
        Self {
            uid: Ids::all(id.into()),
            gid: Ids::all(id.into()),
            groups: Groups::NONE,
            permitted: CapSet::EMPTY,
            effective: CapSet::EMPTY,
            inheritable: CapSet::EMPTY,
            bounding: CapSet::up_to(Capability::LAST_NAMED),
            ambient: CapSet::EMPTY,
            securebits: Securebits::EMPTY,
            no_new_privs: false,
            user_ns: UserNs::INIT,
        }
    }

    /// Root of `init`, with `all` permitted, effective and in the bounding set.
    pub fn root(all: CapSet) -> Self {
        Self { permitted: all, effective: all, bounding: all, ..Self::user(0) }
    }

    /// Whether `capability` is effective over the thread's own user namespace.
    pub(crate) fn capable(&self, capability: Capability) -> bool {
        self.effective.contains(capability)
    }

    /// Whether `group` is the filesystem group or a supplementary one (`in_group_p`).
    pub(crate) fn in_group(&self, group: Kgid) -> bool {
        self.gid.filesystem == group || self.groups.contains(group)
    }
}

impl Credentials {
    /// User and group `id` of `init`, without capabilities and with every named one in the bounding set.
    pub fn user(id: u16) -> Self {
        Self(RawCredentials::user(id))
    }

    /// Root of `init`, with `all` permitted, effective and in the bounding set.
    pub fn root(all: CapSet) -> Self {
        Self(RawCredentials::root(all))
    }

    /// The result of a transition, which keeps the invariants.
    pub(crate) fn after_transition(raw: RawCredentials) -> Self {
        Self(raw)
    }
}

impl TryFrom<RawCredentials> for Credentials {
    type Error = InvalidCredentials;

    fn try_from(raw: RawCredentials) -> Result<Self, InvalidCredentials> {
        let within = |set: CapSet, limit: CapSet, error: fn(CapSet) -> InvalidCredentials| {
            if set.is_subset(limit) { Ok(()) } else { Err(error(set - limit)) }
        };
        within(raw.effective, raw.permitted, |excess| InvalidCredentials::EffectiveNotPermitted { excess })?;
        within(raw.ambient, raw.permitted, |excess| InvalidCredentials::AmbientNotPermitted { excess })?;
        within(raw.ambient, raw.inheritable, |excess| InvalidCredentials::AmbientNotInheritable { excess })?;
        Ok(Self(raw))
    }
}

impl From<Credentials> for RawCredentials {
    fn from(credentials: Credentials) -> Self {
        credentials.0
    }
}

/// Every field can be read; to change one, go through [`RawCredentials`].
impl Deref for Credentials {
    type Target = RawCredentials;

    fn deref(&self) -> &RawCredentials {
        &self.0
    }
}
