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
