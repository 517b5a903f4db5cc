use super::{Credentials, UserNamespaces, UserNs};
use crate::capability::Capability;

/// Whether the credentials hold `capability` over what belongs to the user namespace `target`
/// (`cap_capable`, `security/commoncap.c`): effective in the namespace itself or one above it, or the user who made
/// it, seen from its parent.
///
/// ```
/// use sim_core::credentials::ns_capable;
/// use sim_core::prelude::*;
///
/// let mut namespaces = UserNamespaces::default();
/// let child = namespaces.add(UserNs::INIT, 1024.into())?;
/// let owner = Credentials::user(1024);
/// assert!(ns_capable(&namespaces, &owner, child, Capability::SYS_ADMIN));
/// assert!(!ns_capable(&namespaces, &owner, UserNs::INIT, Capability::SYS_ADMIN));
/// # Ok::<(), sim_core::credentials::TooDeep>(())
/// ```
pub fn ns_capable(
    namespaces: &UserNamespaces,
    credentials: &Credentials,
    target: UserNs,
    capability: Capability,
) -> bool {
    let home = credentials.user_ns;
    for ns in namespaces.ancestors(target) {
        if ns == home {
            return credentials.capable(capability);
        }
        if namespaces.level(ns) <= namespaces.level(home) {
            return false;
        }
        if namespaces.parent(ns) == home && namespaces.owner(ns) == credentials.uid.effective {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::ns_capable;
    use crate::capability::{CapSet, Capability};
    use crate::credentials::{Credentials, Ids, RawCredentials, UserNamespaces, UserNs};

    /// `init`, a namespace that user 1 made, one in it that user 2 made, and another beside the first.
    fn family() -> (UserNamespaces, [UserNs; 4]) {
        let mut namespaces = UserNamespaces::default();
        let child = namespaces.add(UserNs::INIT, 1.into()).unwrap();
        let grandchild = namespaces.add(child, 2.into()).unwrap();
        let sibling = namespaces.add(UserNs::INIT, 3.into()).unwrap();
        (namespaces, [UserNs::INIT, child, grandchild, sibling])
    }

    /// Over which of the four a user in one of them has CAP_KILL.
    fn over(user: u16, home: usize, effective: CapSet) -> [bool; 4] {
        let (namespaces, family) = family();
        let permitted = Capability::KILL.into();
        let raw = RawCredentials { permitted, effective, user_ns: family[home], ..RawCredentials::user(user) };
        let credentials = Credentials::try_from(raw).unwrap();
        family.map(|target| ns_capable(&namespaces, &credentials, target, Capability::KILL))
    }

    #[test]
    fn an_effective_capability_reaches_downwards() {
        let kill = Capability::KILL.into();
        assert_eq!(over(9, 0, kill), [true; 4]);
        assert_eq!(over(9, 1, kill), [false, true, true, false]);
        assert_eq!(over(9, 2, kill), [false, false, true, false]);
        assert_eq!(over(9, 3, kill), [false, false, false, true]);
        assert_eq!(over(9, 0, CapSet::EMPTY), [false; 4], "permitted is not enough");
    }

    #[test]
    fn the_maker_has_every_capability_seen_from_the_parent() {
        assert_eq!(over(1, 0, CapSet::EMPTY), [false, true, true, false]);
        assert_eq!(over(3, 0, CapSet::EMPTY), [false, false, false, true]);
        assert_eq!(over(2, 1, CapSet::EMPTY), [false, false, true, false]);
        assert_eq!(over(2, 0, CapSet::EMPTY), [false; 4], "not from further up");
        assert_eq!(over(1, 1, CapSet::EMPTY), [false; 4], "not inside");
        assert_eq!(over(1, 3, CapSet::EMPTY), [false; 4], "not from beside it");
        assert_eq!(over(0, 0, CapSet::EMPTY), [false; 4], "nor has user 0 for being it");
    }

    #[test]
    fn the_effective_user_is_the_maker() {
        let (namespaces, [_, child, ..]) = family();
        let by = |ids: [u16; 4]| {
            let uid = Ids::from_array(ids.map(Into::into));
            let raw = RawCredentials { uid, ..RawCredentials::user(9) };
            ns_capable(&namespaces, &Credentials::try_from(raw).unwrap(), child, Capability::KILL)
        };
        assert_eq!([by([9, 1, 9, 9]), by([1, 9, 1, 1])], [true, false]);
    }
}
