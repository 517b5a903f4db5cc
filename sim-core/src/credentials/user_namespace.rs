use alloc::vec::Vec;

use super::{Credentials, IdMap, Kgid, Kuid, MapError};
use crate::capability::Capability;

/// The id that stands for one without a mapping: `/proc/sys/kernel/overflowuid`.
pub const OVERFLOW_ID: u32 = 65534;

/// The deepest level of a user namespace; `init` has level 0.
const MAX_LEVEL: usize = 33;

/// The user namespaces of a system, `init` among them.
///
/// ```
/// use sim_core::credentials::{Kuid, UserNamespaces, UserNs};
///
/// let mut namespaces = UserNamespaces::default();
/// let rootless = namespaces.add(UserNs::INIT, Kuid::new(1000).unwrap())?;
/// namespaces.set_uid_map(rootless, &"0 1000 1\n1 100000 65536".parse()?)?;
/// assert_eq!(namespaces.kuid(rootless, 0), Kuid::new(1000));
/// assert_eq!(namespaces.uid(rootless, Kuid::new(100_023).unwrap()), Some(24));
/// assert_eq!(namespaces.uid(rootless, Kuid::ROOT), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserNamespaces {
    spaces: Vec<UserNamespace>,
}

/// One of the namespaces of a [`UserNamespaces`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserNs(u32);

#[derive(Clone, Debug, PartialEq, Eq)]
struct UserNamespace {
    parent: Option<UserNs>,
    level: usize,
    owner: Kuid,
    group: Kgid,
    creator_had_setfcap: bool,
    uid_map: IdMap,
    gid_map: IdMap,
    setgroups_denied: bool,
}

/// Why a user namespace cannot be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("user namespaces nest at most {MAX_LEVEL} deep")]
pub struct TooDeep;

impl UserNs {
    /// The initial user namespace.
    pub const INIT: Self = Self(0);
}

impl Default for UserNamespaces {
    /// Only `init`.
    fn default() -> Self {
        let init = UserNamespace {
            parent: None,
            level: 0,
            owner: Kuid::ROOT,
            group: Kgid::ROOT,
            creator_had_setfcap: true,
            uid_map: IdMap::identity(),
            gid_map: IdMap::identity(),
            setgroups_denied: false,
        };
        Self { spaces: alloc::vec![init] }
    }
}

impl UserNamespaces {
    /// Adds a namespace without maps, as made by a user who had every capability. The maker's group is the first one
    /// that the parent maps.
    pub fn add(&mut self, parent: UserNs, owner: Kuid) -> Result<UserNs, TooDeep> {
        let first = self.get(parent).and_then(|parent| parent.gid_map.first_outside());
        let group = first.and_then(Kgid::new).unwrap_or(Kgid::ROOT);
        self.push(parent, owner, group, true)
    }

    /// Adds a namespace without maps below that of the credentials, made by whoever has them.
    pub(crate) fn add_made_by(&mut self, creator: &Credentials) -> Result<UserNs, TooDeep> {
        let had_setfcap = creator.capable(Capability::SETFCAP);
        self.push(creator.user_ns, creator.uid.effective, creator.gid.effective, had_setfcap)
    }

    fn push(
        &mut self,
        parent: UserNs,
        owner: Kuid,
        group: Kgid,
        creator_had_setfcap: bool,
    ) -> Result<UserNs, TooDeep> {
        if !self.can_nest_in(parent) {
            return Err(TooDeep);
        }
        let id = u32::try_from(self.spaces.len()).map_err(|_| TooDeep)?;
        self.spaces.push(UserNamespace {
            parent: Some(parent),
            level: self.level(parent) + 1,
            owner,
            group,
            creator_had_setfcap,
            uid_map: IdMap::UNWRITTEN,
            gid_map: IdMap::UNWRITTEN,
            // The word of /proc/PID/setgroups is handed down.
            setgroups_denied: self.setgroups_denied(parent),
        });
        Ok(UserNs(id))
    }

    /// Whether a namespace below this one would not be too deep.
    pub fn can_nest_in(&self, parent: UserNs) -> bool {
        self.level(parent) < MAX_LEVEL
    }

    /// Writes the map of user ids; its outside column holds ids of the parent namespace.
    pub fn set_uid_map(&mut self, ns: UserNs, map: &IdMap) -> Result<(), MapError> {
        let map = map.through(self.get(self.parent(ns)).map_or(&IdMap::UNWRITTEN, |parent| &parent.uid_map))?;
        if let Some(space) = self.get_mut(ns) {
            space.uid_map = map;
        }
        Ok(())
    }

    /// Writes the map of group ids; its outside column holds ids of the parent namespace.
    pub fn set_gid_map(&mut self, ns: UserNs, map: &IdMap) -> Result<(), MapError> {
        let map = map.through(self.get(self.parent(ns)).map_or(&IdMap::UNWRITTEN, |parent| &parent.gid_map))?;
        if let Some(space) = self.get_mut(ns) {
            space.gid_map = map;
        }
        Ok(())
    }

    /// Denies setgroups(2) in the namespace, as `deny` in `/proc/PID/setgroups` does.
    pub fn deny_setgroups(&mut self, ns: UserNs) {
        if let Some(space) = self.get_mut(ns) {
            space.setgroups_denied = true;
        }
    }

    /// Whether setgroups(2) is denied in the namespace.
    pub fn setgroups_denied(&self, ns: UserNs) -> bool {
        self.get(ns).is_some_and(|space| space.setgroups_denied)
    }

    /// Whether the map of user ids is written.
    pub fn has_uid_map(&self, ns: UserNs) -> bool {
        self.get(ns).is_some_and(|space| space.uid_map != IdMap::UNWRITTEN)
    }

    /// Whether the map of group ids is written.
    pub fn has_gid_map(&self, ns: UserNs) -> bool {
        self.get(ns).is_some_and(|space| space.gid_map != IdMap::UNWRITTEN)
    }

    /// The namespace above; `init` is its own.
    pub fn parent(&self, ns: UserNs) -> UserNs {
        self.get(ns).and_then(|space| space.parent).unwrap_or(UserNs::INIT)
    }

    /// How deep it lies below `init`.
    pub fn level(&self, ns: UserNs) -> usize {
        self.get(ns).map_or(0, |space| space.level)
    }

    /// The user who made it.
    pub fn owner(&self, ns: UserNs) -> Kuid {
        self.get(ns).map_or(Kuid::ROOT, |space| space.owner)
    }

    /// The effective group of whoever made it.
    pub fn group(&self, ns: UserNs) -> Kgid {
        self.get(ns).map_or(Kgid::ROOT, |space| space.group)
    }

    /// Whether `CAP_SETFCAP` was effective for whoever made it (`parent_could_setfcap`).
    pub fn creator_had_setfcap(&self, ns: UserNs) -> bool {
        self.get(ns).is_some_and(|space| space.creator_had_setfcap)
    }

    /// The kernel's id of user `id` of the namespace (`make_kuid`); `None` if it has no mapping.
    pub fn kuid(&self, ns: UserNs, id: u32) -> Option<Kuid> {
        self.get(ns)?.uid_map.outside(id).and_then(Kuid::new)
    }

    /// The kernel's id of group `id` of the namespace (`make_kgid`); `None` if it has no mapping.
    pub fn kgid(&self, ns: UserNs, id: u32) -> Option<Kgid> {
        self.get(ns)?.gid_map.outside(id).and_then(Kgid::new)
    }

    /// The user's number inside the namespace (`from_kuid`); `None` if it has no mapping.
    pub fn uid(&self, ns: UserNs, kuid: Kuid) -> Option<u32> {
        self.get(ns)?.uid_map.inside(kuid.number())
    }

    /// The group's number inside the namespace (`from_kgid`); `None` if it has no mapping.
    pub fn gid(&self, ns: UserNs, kgid: Kgid) -> Option<u32> {
        self.get(ns)?.gid_map.inside(kgid.number())
    }

    /// The namespace and those above it, up to `init`.
    pub fn ancestors(&self, ns: UserNs) -> impl Iterator<Item = UserNs> {
        let mut next = Some(ns);
        core::iter::from_fn(move || {
            let current = next?;
            next = self.get(current).and_then(|space| space.parent);
            Some(current)
        })
    }

    fn get(&self, ns: UserNs) -> Option<&UserNamespace> {
        self.spaces.get(usize::try_from(ns.0).ok()?)
    }

    fn get_mut(&mut self, ns: UserNs) -> Option<&mut UserNamespace> {
        self.spaces.get_mut(usize::try_from(ns.0).ok()?)
    }
}
