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
