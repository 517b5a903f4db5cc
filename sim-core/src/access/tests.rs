use super::bind;
use crate::capability::{CapSet, Capability};
use crate::credentials::{Credentials, RawCredentials, Thread, UserNamespaces, UserNs, ns_capable};
use crate::kernel::Errno;
use crate::rule::Silent;
use crate::system::System;

fn with(capability: Capability, user_ns: UserNs) -> Credentials {
    let set = CapSet::from(capability);
    let raw = RawCredentials { permitted: set, effective: set, user_ns, ..RawCredentials::user(1000) };
    Credentials::try_from(raw).unwrap()
}

#[test]
fn capabilities_reach_down_but_not_up() {
    let mut spaces = UserNamespaces::default();
    let outer = spaces.add(UserNs::INIT, 1000.into()).unwrap();
    let inner = spaces.add(outer, 2000.into()).unwrap();
    let sibling = spaces.add(UserNs::INIT, 3000.into()).unwrap();
    let kill = Capability::KILL;
    let in_outer = with(kill, outer);
    assert!(ns_capable(&spaces, &in_outer, outer, kill));
    assert!(ns_capable(&spaces, &in_outer, inner, kill));
    assert!(!ns_capable(&spaces, &in_outer, UserNs::INIT, kill));
    assert!(!ns_capable(&spaces, &in_outer, sibling, kill));
    assert!(!ns_capable(&spaces, &in_outer, inner, Capability::CHOWN));
    // The owner has everything in the namespace and below, seen from its parent; not from elsewhere.
    let owner = Credentials::user(1000);
    assert!(ns_capable(&spaces, &owner, outer, kill));
    assert!(ns_capable(&spaces, &owner, inner, kill));
    assert!(!ns_capable(&spaces, &Credentials::user(2000), inner, kill));
}

#[test]
fn ports() {
    let refused = |system: &System, credentials: &Credentials, port| {
        bind(system, &Thread::from(credentials.clone()), port, &mut Silent).refusal().map(|refusal| refusal.errno)
    };
    let system = System::default();
    let user = Credentials::user(1000);
    let eacces = Some(Errno::EACCES);
    assert_eq!([80, 1023, 1024, 0].map(|port| refused(&system, &user, port)), [eacces, eacces, None, None]);
    assert_eq!(refused(&system, &with(Capability::NET_BIND_SERVICE, UserNs::INIT), 80), None);
    let open = System { ip_unprivileged_port_start: 0, ..System::default() };
    assert_eq!(refused(&open, &user, 1), None);
    let closed = System { ip_unprivileged_port_start: 65535, ..System::default() };
    assert_eq!([0, 65534, 65535].map(|port| refused(&closed, &user, port)), [None, eacces, None]);
    // A new network namespace has limits of its own.
    let mut elsewhere = Thread::from(user.clone());
    elsewhere.namespaces.first_network = false;
    let bound = |system: &System, port| bind(system, &elsewhere, port, &mut Silent).refusal().map(|r| r.errno);
    assert_eq!([1023, 1024].map(|port| bound(&open, port)), [eacces, None]);
    assert_eq!([1023, 1024].map(|port| bound(&closed, port)), [eacces, None]);
    // Root of a user namespace has no say over the network namespace of `init`.
    let mut system = System::default();
    let ns = system.user_namespaces.add(UserNs::INIT, 0.into()).unwrap();
    assert_eq!(refused(&system, &with(Capability::NET_BIND_SERVICE, ns), 80), eacces);
}
