use alloc::vec::Vec;

use super::{IdMap, Kgid, Kuid, MapError};

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
            uid_map: IdMap::identity(),
            gid_map: IdMap::identity(),
            setgroups_denied: false,
        };
        Self { spaces: alloc::vec![init] }
    }
}

impl UserNamespaces {
    /// Adds a namespace without maps.
    pub fn add(&mut self, parent: UserNs, owner: Kuid) -> Result<UserNs, TooDeep> {
        if !self.can_nest_in(parent) {
            return Err(TooDeep);
        }
        let level = self.level(parent) + 1;
        let id = u32::try_from(self.spaces.len()).map_err(|_| TooDeep)?;
        let (uid_map, gid_map) = (IdMap::UNWRITTEN, IdMap::UNWRITTEN);
        // The word of /proc/PID/setgroups is handed down.
        let setgroups_denied = self.setgroups_denied(parent);
        self.spaces.push(UserNamespace { parent: Some(parent), level, owner, uid_map, gid_map, setgroups_denied });
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
