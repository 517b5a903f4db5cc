//! Ids in a user namespace, ids of groups, and what a witness of a change of ids is told.

use alloc::vec;
use alloc::vec::Vec;

use super::{Called, IdChange, IdKind, SetId, set_id};
use crate::capability::{CapSet, Capability};
use crate::credentials::{Credentials, Ids, Kgid, Kuid, OVERFLOW_ID, RawCredentials, Thread, UserNs};
use crate::kernel::Errno;
use crate::outcome::Outcome;
use crate::rule::{Effect, Event, Flow, IdName, Silent, Trace};
use crate::system::System;

const KEEP: u32 = SetId::KEEP;

fn thread(raw: RawCredentials) -> Thread {
    Thread::from(Credentials::try_from(raw).unwrap())
}

/// User and group ids of all kinds, and these capabilities.
fn with(uid: [u16; 4], gid: [u16; 4], capabilities: &[Capability]) -> RawCredentials {
    let set: CapSet = capabilities.iter().copied().collect();
    let uid = Ids::from_array(uid.map(Kuid::from));
    let gid = Ids::from_array(gid.map(Kgid::from));
    RawCredentials { uid, gid, permitted: set, effective: set, ..RawCredentials::user(0) }
}

/// User ids, group ids, and what the call returned.
type Numbers = ([u32; 4], [u32; 4], u64);

/// What there is after the call, or why it was refused.
fn numbers(outcome: Outcome<Called>) -> Result<Numbers, (&'static str, Errno)> {
    match outcome {
        Outcome::Granted(called) => {
            let new = called.credentials;
            Ok((new.uid.to_array().map(Kuid::number), new.gid.to_array().map(Kgid::number), called.value))
        }
        Outcome::Refused(refusal) => Err((refusal.rule.id, refusal.errno)),
    }
}

#[test]
fn group_ids_follow_the_same_rules_with_a_capability_of_their_own() {
    let system = System::default();
    let by = |capabilities: &[Capability], change| {
        let thread = thread(with([5; 4], [1, 2, 3, 4], capabilities));
        numbers(set_id(&system, &thread, SetId { kind: IdKind::Group, change }, &mut Silent))
    };
    let groups = |gid| Ok(([5; 4], gid, 0));
    assert_eq!(by(&[], IdChange::Set(1)), groups([1, 1, 3, 1]));
    assert_eq!(by(&[], IdChange::Set(3)), groups([1, 3, 3, 3]));
    let foreign = |rule| Err((rule, Errno::EPERM));
    assert_eq!(by(&[], IdChange::Set(2)), foreign("setid.foreign-id"), "the effective id alone is not own");
    assert_eq!(by(&[Capability::SETUID], IdChange::Set(9)), foreign("setid.foreign-id"));
    assert_eq!(by(&[Capability::SETGID], IdChange::Set(9)), groups([9; 4]));
    assert_eq!(by(&[], IdChange::Re([2, 1])), groups([2, 1, 1, 1]));
    assert_eq!(by(&[], IdChange::Re([3, KEEP])), foreign("setreid.foreign-id"));
    assert_eq!(by(&[], IdChange::Re([KEEP, 9])), foreign("setreid.foreign-id"));
    assert_eq!(by(&[Capability::SETGID], IdChange::Re([8, 9])), groups([8, 9, 9, 9]));
    assert_eq!(by(&[], IdChange::Res([3, 1, 2])), groups([3, 1, 2, 1]));
    assert_eq!(by(&[], IdChange::Res([KEEP, KEEP, 1])), groups([1, 2, 1, 2]));
    assert_eq!(by(&[], IdChange::Res([KEEP, 4, KEEP])), foreign("setresid.foreign-id"));
    assert_eq!(by(&[Capability::SETGID], IdChange::Res([7, 8, 9])), groups([7, 8, 9, 8]));
    assert_eq!(by(&[], IdChange::Fs(3)), Ok(([5; 4], [1, 2, 3, 3], 4)));
    assert_eq!(by(&[], IdChange::Fs(9)), Ok(([5; 4], [1, 2, 3, 4], 4)));
    assert_eq!(by(&[Capability::SETGID], IdChange::Fs(9)), Ok(([5; 4], [1, 2, 3, 9], 4)));
}

#[test]
fn ids_are_those_of_the_threads_namespace() {
    let mut system = System::default();
    let ns = system.user_namespaces.add(UserNs::INIT, 1000.into()).unwrap();
    system.user_namespaces.set_uid_map(ns, &"0 1000 10".parse().unwrap()).unwrap();
    system.user_namespaces.set_gid_map(ns, &"0 2000 10".parse().unwrap()).unwrap();
    let both = [Capability::SETUID, Capability::SETGID];
    let by = |raw: RawCredentials, kind, change| {
        let thread = thread(RawCredentials { user_ns: ns, ..raw });
        numbers(set_id(&system, &thread, SetId { kind, change }, &mut Silent))
    };
    let (uid, gid) = ([1003; 4], [2004; 4]);
    let raw = || with([1003; 4], [2004; 4], &both);
    assert_eq!(by(raw(), IdKind::User, IdChange::Res([1, 2, KEEP])), Ok(([1001, 1002, 1003, 1002], gid, 0)));
    assert_eq!(by(raw(), IdKind::Group, IdChange::Re([5, 6])), Ok((uid, [2005, 2006, 2006, 2006], 0)));
    assert_eq!(by(raw(), IdKind::User, IdChange::Fs(9)), Ok(([1003, 1003, 1003, 1009], gid, 3)));
    assert_eq!(by(raw(), IdKind::Group, IdChange::Fs(9)), Ok((uid, [2004, 2004, 2004, 2009], 4)));
    for kind in [IdKind::User, IdKind::Group] {
        let unmapped =
            [IdChange::Set(10), IdChange::Re([KEEP, 10]), IdChange::Re([10, 0]), IdChange::Res([0, 0, 10])];
        for change in unmapped {
            assert_eq!(by(raw(), kind, change), Err(("setid.unmapped", Errno::EINVAL)), "{change:?}");
        }
        let value = if kind == IdKind::User { 3 } else { 4 };
        assert_eq!(by(raw(), kind, IdChange::Fs(10)), Ok((uid, gid, value)), "no error, and no change");
        let foreign = with([7; 4], [7; 4], &both);
        assert_eq!(by(foreign, kind, IdChange::Fs(10)), Ok(([7; 4], [7; 4], OVERFLOW_ID.into())));
    }
}

fn applied(trace: &Trace, id: &str) -> Vec<Effect> {
    let effects = trace.events().iter().filter_map(|event| match event {
        Event::Applied { rule, effect } if rule.id == id => Some(*effect),
        _ => None,
    });
    effects.collect()
}

#[test]
fn each_id_that_changes_is_told_and_a_rule_that_changes_none_holds() {
    let told = |uid, change, id| {
        let mut trace = Trace::new();
        let thread = thread(with(uid, [5; 4], &[]));
        let outcome = set_id(&System::default(), &thread, SetId { kind: IdKind::User, change }, &mut trace);
        assert!(outcome.granted().is_some());
        applied(&trace, id)
    };
    let set = |name, before, after| Effect::Id { name, before, after };
    let (effective, filesystem) = (set(IdName::EffectiveUid, 2, 1), set(IdName::FilesystemUid, 2, 1));
    assert_eq!(told([1, 2, 3, 2], IdChange::Set(1), "setid.effective-id"), [effective, filesystem]);
    assert_eq!(told([1, 1, 3, 1], IdChange::Set(1), "setid.effective-id"), [Effect::Holds]);
    assert_eq!(told([1, 2, 3, 2], IdChange::Re([KEEP, 2]), "setreid.saved-id"), [set(IdName::SavedUid, 3, 2)]);
    assert_eq!(told([1, 2, 3, 2], IdChange::Re([KEEP, 1]), "setreid.saved-id"), vec![]);
    assert_eq!(told([1, 2, 3, 2], IdChange::Fs(3), "setfsid.sets"), [set(IdName::FilesystemUid, 2, 3)]);
}

#[test]
fn capabilities_about_files_follow_the_filesystem_user() {
    let about_files: CapSet = [
        Capability::CHOWN,
        Capability::DAC_OVERRIDE,
        Capability::DAC_READ_SEARCH,
        Capability::FOWNER,
        Capability::FSETID,
        Capability::LINUX_IMMUTABLE,
        Capability::MKNOD,
        Capability::MAC_OVERRIDE,
    ]
    .into_iter()
    .collect();
    let all = System::default().capabilities();
    let change = |raw, id, rule| {
        let mut trace = Trace::new();
        let call = SetId { kind: IdKind::User, change: IdChange::Fs(id) };
        let new = set_id(&System::default(), &thread(raw), call, &mut trace).granted().unwrap().credentials;
        assert_eq!(new.permitted, all);
        let moved = match applied(&trace, rule)[..] {
            [Effect::Bits(Flow { given, removed, .. })] => Some((given, removed)),
            _ => None,
        };
        (new.effective, moved)
    };
    let root = RawCredentials::root(all);
    let (none, cleared, restored) = (CapSet::EMPTY, "setid.filesystem-cleared", "setid.filesystem-restored");
    assert_eq!(change(root.clone(), 1, cleared), (all - about_files, Some((none, about_files))));
    assert_eq!(change(root.clone(), 0, cleared), (all, None));
    let (chown, setuid) = (CapSet::from(Capability::CHOWN), CapSet::from(Capability::SETUID));
    let few = RawCredentials { effective: chown | setuid, ..root.clone() };
    assert_eq!(change(few, 1, cleared), (setuid, Some((none, chown))));
    let uid = Ids { filesystem: 1.into(), ..Ids::all(Kuid::ROOT) };
    let visiting = RawCredentials { uid, effective: Capability::KILL.into(), ..root };
    let kill = CapSet::from(Capability::KILL);
    assert_eq!(change(visiting, 0, restored), (about_files | kill, Some((about_files, none))));
}
