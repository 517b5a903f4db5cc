use super::{Credentials, Kgid, Kuid, UserNamespaces, UserNs};

/// What a process's memory says about whose its files in `/proc` are. A change of credentials may take something away from
/// it; execve makes it anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Whether the process can be dumped: `PR_GET_DUMPABLE`.
    pub dumpable: bool,
    /// The user namespace in which its program was executed.
    pub user_ns: UserNs,
}

impl Memory {
    /// Of a program that was executed in `init`, without anything gained.
    pub const INIT: Self = Self { dumpable: true, user_ns: UserNs::INIT };

    /// What is left of it when the credentials change (`commit_creds`, `kernel/cred.c`).
    ///
    /// ```
    /// use sim_core::credentials::Memory;
    /// use sim_core::prelude::*;
    ///
    /// let (before, after) = (Credentials::user(0), Credentials::user(1000));
    /// let memory = Memory::INIT.committed(&before, &after, &UserNamespaces::default());
    /// assert!(!memory.dumpable);
    /// ```
    #[must_use]
    pub fn committed(self, old: &Credentials, new: &Credentials, namespaces: &UserNamespaces) -> Self {
        let ids = |of: &Credentials| (of.uid.effective, of.gid.effective, of.uid.filesystem, of.gid.filesystem);
        let harmless = ids(old) == ids(new) && is_subset(new, old, namespaces);
        Self { dumpable: self.dumpable && harmless, ..self }
    }

    /// User and group of the process's files in `/proc` (`task_dump_owner`, `fs/proc/base.c`).
    pub(crate) fn owner(self, credentials: &Credentials, namespaces: &UserNamespaces) -> (Kuid, Kgid) {
        if self.dumpable {
            return (credentials.uid.effective, credentials.gid.effective);
        }
        let (uid, gid) = (namespaces.kuid(self.user_ns, 0), namespaces.kgid(self.user_ns, 0));
        (uid.unwrap_or(Kuid::ROOT), gid.unwrap_or(Kgid::ROOT))
    }
}

/// `cred_cap_issubset`: whether `new` may do nothing that `old` could not.
fn is_subset(new: &Credentials, old: &Credentials, namespaces: &UserNamespaces) -> bool {
    if new.user_ns == old.user_ns {
        return new.permitted.is_subset(old.permitted);
    }
    let mut above = namespaces.ancestors(new.user_ns);
    above.any(|ns| {
        ns != UserNs::INIT && namespaces.parent(ns) == old.user_ns && namespaces.owner(ns) == old.uid.effective
    })
}

#[cfg(test)]
mod tests {
    use super::Memory;
    use crate::capability::Capability;
    use crate::credentials::{Credentials, Ids, Kgid, Kuid, RawCredentials, UserNamespaces, UserNs};

    fn able(raw: RawCredentials, capability: Capability) -> Credentials {
        Credentials::try_from(RawCredentials { permitted: capability.into(), ..raw }).unwrap()
    }

    fn stays_dumpable(old: &Credentials, new: &Credentials, namespaces: &UserNamespaces) -> bool {
        Memory::INIT.committed(old, new, namespaces).dumpable
    }

    #[test]
    fn effective_and_filesystem_ids_count_and_so_do_permitted_capabilities() {
        let namespaces = UserNamespaces::default();
        let old = Credentials::user(1000);
        let stays = |raw| stays_dumpable(&old, &Credentials::try_from(raw).unwrap(), &namespaces);
        let with_uid = |uid| RawCredentials { uid, ..RawCredentials::user(1000) };
        let with_gid = |gid| RawCredentials { gid, ..RawCredentials::user(1000) };
        let (same, other) = (Ids::all(Kuid::from(1000)), Kuid::from(7));
        assert!(stays(with_uid(Ids { real: other, saved: other, ..same })));
        assert!(!stays(with_uid(Ids { effective: other, ..same })));
        assert!(!stays(with_uid(Ids { filesystem: other, ..same })));
        let (same, other) = (Ids::all(Kgid::from(1000)), Kgid::from(7));
        assert!(stays(with_gid(Ids { real: other, saved: other, ..same })));
        assert!(!stays(with_gid(Ids { effective: other, ..same })));
        assert!(!stays(with_gid(Ids { filesystem: other, ..same })));
        let able = able(RawCredentials::user(1000), Capability::KILL);
        assert!(!stays_dumpable(&old, &able, &namespaces), "more is permitted");
        assert!(stays_dumpable(&able, &old, &namespaces), "less is permitted");
    }

    #[test]
    fn once_lost_it_does_not_come_back() {
        let (user, namespaces) = (Credentials::user(1000), UserNamespaces::default());
        let lost = Memory { dumpable: false, ..Memory::INIT };
        assert_eq!(lost.committed(&user, &user, &namespaces), lost);
    }

    #[test]
    fn entering_a_namespace_is_harmless_for_its_maker_only() {
        let mut namespaces = UserNamespaces::default();
        let made = namespaces.add(UserNs::INIT, 1000.into()).unwrap();
        let inner = namespaces.add(made, 7.into()).unwrap();
        let enters = |id, from, to| {
            let new = able(RawCredentials { user_ns: to, ..RawCredentials::user(id) }, Capability::KILL);
            let old = able(RawCredentials { user_ns: from, ..RawCredentials::user(id) }, Capability::KILL);
            stays_dumpable(&old, &new, &namespaces)
        };
        assert!(enters(1000, UserNs::INIT, made));
        assert!(enters(1000, UserNs::INIT, inner), "one above it is the maker's");
        assert!(!enters(7, UserNs::INIT, made));
        assert!(!enters(7, UserNs::INIT, inner), "the maker's own namespace is not the parent");
        assert!(enters(7, made, inner));
        assert!(!enters(1000, made, inner));
        assert!(!enters(0, UserNs::INIT, made), "init is nobody's child");
        assert!(!enters(1000, made, UserNs::INIT));
        assert!(!enters(0, made, UserNs::INIT), "above is no namespace below");
    }

    #[test]
    fn what_cannot_be_dumped_belongs_to_the_root_of_its_namespace() {
        let mut namespaces = UserNamespaces::default();
        let mapped = namespaces.add(UserNs::INIT, 1000.into()).unwrap();
        namespaces.set_uid_map(mapped, &"0 1000 1".parse().unwrap()).unwrap();
        namespaces.set_gid_map(mapped, &"0 1001 1".parse().unwrap()).unwrap();
        let unmapped = namespaces.add(UserNs::INIT, 1000.into()).unwrap();
        let uid = Ids { effective: 5.into(), ..Ids::all(7.into()) };
        let gid = Ids { effective: 6.into(), ..Ids::all(7.into()) };
        let credentials = Credentials::try_from(RawCredentials { uid, gid, ..RawCredentials::user(7) }).unwrap();
        let owner = |dumpable, user_ns| Memory { dumpable, user_ns }.owner(&credentials, &namespaces);
        assert_eq!(owner(true, mapped), (5.into(), 6.into()));
        assert_eq!(owner(false, mapped), (1000.into(), 1001.into()));
        assert_eq!(owner(false, unmapped), (Kuid::ROOT, Kgid::ROOT));
    }
}
