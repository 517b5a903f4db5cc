use alloc::string::ToString;

use super::{
    AmbientOperation, Capset, CloneFlags, IdChange, IdKind, Prctl, PrctlOption, SetId, capset, clone, prctl, set_id,
    setgroups, unshare,
};
use crate::capability::{CapSet, Capability};
use crate::credentials::{Credentials, Ids, Kuid, RawCredentials, Securebits, Thread, Tracer, UserNs};
use crate::kernel::Errno;
use crate::outcome::Outcome;
use crate::rule::{Effect, Event, Flow, Silent, Trace};
use crate::system::System;

const NONE: CapSet = CapSet::EMPTY;

fn set(capabilities: &[Capability]) -> CapSet {
    capabilities.iter().copied().collect()
}

fn thread(raw: RawCredentials) -> Thread {
    Thread::from(Credentials::try_from(raw).unwrap())
}

/// User 1000 with these capabilities permitted and effective.
fn with(capabilities: CapSet) -> RawCredentials {
    RawCredentials { permitted: capabilities, effective: capabilities, ..RawCredentials::user(1000) }
}

/// The credentials after a call, or the rule and errno that refused it.
fn result(outcome: Outcome<super::Called>) -> Result<Credentials, (&'static str, Errno)> {
    match outcome {
        Outcome::Granted(called) => Ok(called.credentials),
        Outcome::Refused(refusal) => Err((refusal.rule.id, refusal.errno)),
    }
}

fn capset_of(raw: RawCredentials, p: CapSet, e: CapSet, i: CapSet) -> Result<Credentials, (&'static str, Errno)> {
    let wish = Capset { permitted: p, effective: e, inheritable: i };
    result(capset(&System::default(), &thread(raw), &wish, &mut Silent))
}

#[test]
fn capset_checks_in_the_kernels_order() {
    let (kill, chown) = (set(&[Capability::KILL]), set(&[Capability::CHOWN]));
    let refused = |rule| Err((rule, Errno::EPERM));
    assert_eq!(capset_of(with(kill), kill, kill, chown), refused("capset.inheritable-permitted"));
    let setpcap = set(&[Capability::SETPCAP]);
    let bounded = RawCredentials { bounding: kill, ..with(setpcap) };
    assert_eq!(capset_of(bounded, setpcap, setpcap, chown), refused("capset.inheritable-bounding"));
    assert_eq!(capset_of(with(kill), chown, NONE, NONE), refused("capset.permitted-grows"));
    assert_eq!(capset_of(with(kill), NONE, kill, NONE), refused("capset.effective-permitted"));
    // Several wrongs: the first check answers.
    assert_eq!(capset_of(with(kill), chown, kill, chown), refused("capset.inheritable-permitted"));
}

#[test]
fn capset_grants() {
    let (kill, chown) = (set(&[Capability::KILL]), set(&[Capability::CHOWN]));
    let setpcap = set(&[Capability::SETPCAP]);
    let new = capset_of(with(setpcap), setpcap, NONE, chown).unwrap();
    assert_eq!((new.permitted, new.effective, new.inheritable), (setpcap, NONE, chown), "beyond P with SETPCAP");
    // What is inheritable outside the bounding set may stay.
    let outside = RawCredentials { inheritable: kill, bounding: NONE, ..with(NONE) };
    assert_eq!(capset_of(outside, NONE, NONE, kill).unwrap().inheritable, kill);
    // What is ambient follows the permitted and the inheritable set.
    let ambient = RawCredentials { inheritable: kill | chown, ambient: kill | chown, ..with(kill | chown) };
    assert_eq!(capset_of(ambient.clone(), kill, NONE, kill | chown).unwrap().ambient, kill);
    assert_eq!(capset_of(ambient, kill | chown, NONE, chown).unwrap().ambient, chown);
    // Unknown bits are dropped, not refused.
    let unknown = CapSet::from_bits(1 << 63);
    assert_eq!(capset_of(with(kill), kill | unknown, kill | unknown, unknown).unwrap().permitted, kill);
}

fn prctl_in(release: &str, raw: RawCredentials, option: PrctlOption, arguments: [u64; 4]) -> Outcome<super::Called> {
    let system = System { release: release.parse().unwrap(), ..System::default() };
    prctl(&system, &thread(raw), &Prctl { option, arguments }, &mut Silent)
}

fn call(raw: RawCredentials, option: PrctlOption, arguments: [u64; 4]) -> Result<Credentials, (&'static str, Errno)> {
    result(prctl_in("6.18", raw, option, arguments))
}

fn read(raw: RawCredentials, option: PrctlOption, arguments: [u64; 4]) -> u64 {
    prctl_in("6.18", raw, option, arguments).granted().unwrap().value
}

#[test]
fn bounding_set() {
    use PrctlOption::{CapbsetDrop, CapbsetRead};
    let setpcap = set(&[Capability::SETPCAP]);
    let kill = u64::from(Capability::KILL.number());
    assert_eq!(read(with(NONE), CapbsetRead, [kill, 9, 9, 9]), 1, "further arguments do not matter");
    let empty = RawCredentials { bounding: NONE, ..with(NONE) };
    assert_eq!(read(empty, CapbsetRead, [kill, 0, 0, 0]), 0);
    let invalid = |rule| Err((rule, Errno::EINVAL));
    assert_eq!(call(with(NONE), CapbsetRead, [41, 0, 0, 0]), invalid("prctl.capbset-read-invalid"));
    assert_eq!(call(with(NONE), CapbsetRead, [1 << 32, 0, 0, 0]), invalid("prctl.capbset-read-invalid"));
    assert_eq!(call(with(setpcap), CapbsetDrop, [64, 0, 0, 0]), invalid("prctl.capbset-drop-invalid"));
    // The privilege is asked before the capability is looked at.
    let refused = Err(("prctl.capbset-drop-setpcap", Errno::EPERM));
    assert_eq!(call(with(NONE), CapbsetDrop, [64, 0, 0, 0]), refused);
    let all = set(&[Capability::SETPCAP, Capability::KILL]);
    let ambient = RawCredentials { inheritable: all, ambient: all, ..with(all) };
    let new = call(ambient, CapbsetDrop, [kill, 0, 0, 0]).unwrap();
    assert!(!new.bounding.contains(Capability::KILL));
    assert_eq!((new.permitted, new.effective, new.inheritable, new.ambient), (all, all, all, all));
}

#[test]
fn ambient_set() {
    let of = |operation: AmbientOperation, capability: u64, rest: [u64; 2]| {
        [u64::from(operation.number()), capability, rest[0], rest[1]]
    };
    let option = PrctlOption::CapAmbient;
    let kill_set = set(&[Capability::KILL]);
    let kill = u64::from(Capability::KILL.number());
    let ready = RawCredentials { inheritable: kill_set, bounding: NONE, effective: NONE, ..with(kill_set) };
    let raised = call(ready.clone(), option, of(AmbientOperation::Raise, kill, [0, 0])).unwrap();
    assert_eq!(raised.ambient, kill_set, "neither the bounding nor the effective set matters");
    let refused = |rule| Err((rule, Errno::EPERM));
    let raise = of(AmbientOperation::Raise, kill, [0, 0]);
    assert_eq!(call(with(kill_set), option, raise), refused("prctl.ambient-raise-needs-both"));
    let forbidden = RawCredentials { securebits: Securebits::NO_CAP_AMBIENT_RAISE, ..ready.clone() };
    assert_eq!(call(forbidden, option, raise), refused("prctl.ambient-raise-forbidden"));
    let ambient = RawCredentials { ambient: kill_set, ..ready.clone() };
    assert_eq!(read(ambient.clone(), option, of(AmbientOperation::IsSet, kill, [0, 0])), 1);
    assert_eq!(read(ready.clone(), option, of(AmbientOperation::IsSet, kill, [0, 0])), 0);
    assert_eq!(call(ambient.clone(), option, of(AmbientOperation::Lower, kill, [0, 0])).unwrap().ambient, NONE);
    assert_eq!(call(ambient.clone(), option, of(AmbientOperation::ClearAll, 0, [0, 0])).unwrap().ambient, NONE);
    let invalid = Err(("prctl.ambient-arguments", Errno::EINVAL));
    assert_eq!(call(ambient.clone(), option, of(AmbientOperation::ClearAll, 1, [0, 0])), invalid);
    assert_eq!(call(ambient.clone(), option, of(AmbientOperation::Lower, kill, [1, 0])), invalid);
    assert_eq!(call(ambient.clone(), option, of(AmbientOperation::IsSet, 41, [0, 0])), invalid);
    assert_eq!(call(ambient, option, [7, kill, 0, 0]), invalid);
}

#[test]
fn securebits_are_locked_for_good() {
    let setpcap = set(&[Capability::SETPCAP]);
    let of = |bits: u32| RawCredentials { securebits: Securebits::from_bits(bits), ..with(setpcap) };
    let try_set =
        |old, new: u64| call(of(old), PrctlOption::SetSecurebits, [new, 0, 0, 0]).map(|c| c.securebits.bits());
    let refused = |rule| Err((rule, Errno::EPERM));
    assert_eq!(try_set(0, 0x3), Ok(0x3));
    assert_eq!(try_set(0x3, 0x2), refused("prctl.securebits-locked"));
    // A lock set while its bit is 0 freezes it at 0.
    assert_eq!(try_set(0x2, 0x3), refused("prctl.securebits-locked"));
    assert_eq!(try_set(0x3, 0x1), refused("prctl.securebits-unlock"));
    assert_eq!(try_set(0, 0x1000), refused("prctl.securebits-unknown"));
    assert_eq!(try_set(0, 1 << 40), refused("prctl.securebits-unknown"));
    assert_eq!(try_set(0, 511), Ok(511));
}

#[test]
fn securebits_without_setpcap() {
    let of = |bits: u32| RawCredentials { securebits: Securebits::from_bits(bits), ..with(NONE) };
    let option = PrctlOption::SetSecurebits;
    let try_set = |release: &str, old, new: u64| {
        result(prctl_in(release, of(old), option, [new, 0, 0, 0])).map(|c| c.securebits.bits())
    };
    assert_eq!(try_set("6.14", 0, 0x100), Ok(0x100));
    assert_eq!(try_set("6.14", 0x110, 0x10), Ok(0x10));
    let refused = |rule| Err((rule, Errno::EPERM));
    assert_eq!(try_set("6.14", 0, 0x101), refused("prctl.securebits-setpcap-or-exec-bits"));
    // No change at all is refused too.
    assert_eq!(try_set("6.14", 0x10, 0x10), refused("prctl.securebits-setpcap-or-exec-bits"));
    assert_eq!(try_set("6.13", 0, 0x100), refused("prctl.securebits-unknown"));
    assert_eq!(try_set("6.13", 0, 0x1), refused("prctl.securebits-setpcap"));
    assert_eq!(read(of(0x5c0), PrctlOption::GetSecurebits, [0; 4]), 0x5c0);
}

#[test]
fn keepcaps() {
    let of = |bits: u32| RawCredentials { securebits: Securebits::from_bits(bits), ..with(NONE) };
    let set = |old, value| call(of(old), PrctlOption::SetKeepcaps, [value, 0, 0, 0]).map(|c| c.securebits.bits());
    assert_eq!(set(0, 1), Ok(0x10));
    assert_eq!(set(0x10, 0), Ok(0));
    assert_eq!(set(0x20, 2), Err(("prctl.keepcaps-argument", Errno::EINVAL)));
    assert_eq!(set(0x20, 1), Err(("prctl.keepcaps-locked", Errno::EPERM)));
    assert_eq!(read(of(0x10), PrctlOption::GetKeepcaps, [0; 4]), 1);
}

#[test]
fn no_new_privs() {
    let option = PrctlOption::SetNoNewPrivs;
    assert!(call(with(NONE), option, [1, 0, 0, 0]).unwrap().no_new_privs);
    let invalid = Err(("prctl.no-new-privs-arguments", Errno::EINVAL));
    assert_eq!(call(with(NONE), option, [0, 0, 0, 0]), invalid);
    assert_eq!(call(with(NONE), option, [1, 0, 0, 1]), invalid);
    assert_eq!(call(with(NONE), PrctlOption::GetNoNewPrivs, [1, 0, 0, 0]), invalid);
    let set = RawCredentials { no_new_privs: true, ..with(NONE) };
    assert_eq!(read(set, PrctlOption::GetNoNewPrivs, [0; 4]), 1);
}

fn user(raw: RawCredentials, change: IdChange) -> Result<Credentials, (&'static str, Errno)> {
    result(set_id(&System::default(), &thread(raw), SetId { kind: IdKind::User, change }, &mut Silent))
}

fn four(ids: [u16; 4]) -> RawCredentials {
    let uid = Ids::from_array(ids.map(Kuid::from));
    RawCredentials { uid, ..RawCredentials::user(1000) }
}

#[test]
fn user_0_has_no_right_of_its_own() {
    assert_eq!(user(RawCredentials::user(0), IdChange::Set(1000)), Err(("setid.foreign-id", Errno::EPERM)));
    assert_eq!(user(RawCredentials::user(0), IdChange::Res([1, 1, 1])), Err(("setresid.foreign-id", Errno::EPERM)));
}

#[test]
fn an_unmapped_id_is_refused_before_anything_else() {
    let einval = Err(("setid.unmapped", Errno::EINVAL));
    assert_eq!(user(RawCredentials::user(0), IdChange::Set(SetId::KEEP)), einval);
    // The last id is an ordinary one.
    assert_eq!(user(RawCredentials::user(0), IdChange::Set(u32::MAX - 1)), Err(("setid.foreign-id", Errno::EPERM)));
}

#[test]
fn ids_follow_one_another() {
    let ids = |raw, change| user(raw, change).unwrap().uid.to_array().map(Kuid::number);
    let keep = SetId::KEEP;
    assert_eq!(
        ids(four([1, 2, 3, 2]), IdChange::Re([keep, 1])),
        [1, 1, 3, 1],
        "the old real id leaves the saved one"
    );
    assert_eq!(ids(four([1, 2, 3, 2]), IdChange::Re([2, keep])), [2, 2, 2, 2]);
    assert_eq!(ids(four([1, 2, 3, 9]), IdChange::Re([keep, keep])), [1, 2, 3, 2], "the filesystem id follows");
    assert_eq!(ids(four([1, 2, 3, 9]), IdChange::Res([keep; 3])), [1, 2, 3, 9], "nothing is touched");
    assert_eq!(ids(four([1, 2, 3, 9]), IdChange::Res([keep, 2, keep])), [1, 2, 3, 2]);
    assert_eq!(ids(four([1, 2, 3, 9]), IdChange::Fs(9)), [1, 2, 3, 9]);
    assert_eq!(ids(four([1, 2, 3, 2]), IdChange::Fs(4)), [1, 2, 3, 2], "not allowed, and no error");
}

#[test]
fn group_ids_leave_the_sets_alone() {
    let root = thread(RawCredentials::root(System::default().capabilities()));
    for change in [IdChange::Set(5), IdChange::Re([5, 5]), IdChange::Res([5, 5, 5]), IdChange::Fs(5)] {
        let call = SetId { kind: IdKind::Group, change };
        let new = set_id(&System::default(), &root, call, &mut Silent).granted().unwrap().credentials;
        assert_eq!((new.permitted, new.effective), (root.credentials.permitted, root.credentials.effective));
    }
    assert_eq!(SetId { kind: IdKind::Group, change: IdChange::Re([5, SetId::KEEP]) }.to_string(), "setregid(5, -1)");
}

#[test]
fn setgroups_is_checked_in_the_kernels_order() {
    let call = |raw, groups: &[u32]| result(setgroups(&System::default(), &thread(raw), groups, &mut Silent));
    // Without the capability the groups are not even read.
    let eperm = Err(("setgroups.capability", Errno::EPERM));
    assert_eq!(call(RawCredentials::user(0), &[u32::MAX]), eperm);
    let setgid = with(set(&[Capability::SETGID]));
    assert_eq!(call(setgid.clone(), &[u32::MAX]), Err(("setgroups.unmapped", Errno::EINVAL)));
    assert_eq!(call(setgid, &[3, 1, 3]).unwrap().groups.as_slice().len(), 3);
}

/// What a rule took out of the sets.
fn removed(trace: &Trace, id: &str) -> CapSet {
    let taken = trace.events().iter().filter_map(|event| match event {
        Event::Applied { rule, effect: Effect::Bits(Flow { removed, .. }) } if rule.id == id => Some(*removed),
        _ => None,
    });
    taken.fold(NONE, |all, removed| all | removed)
}

fn applied(trace: &Trace, id: &str) -> bool {
    trace.applied_rules().iter().any(|rule| rule.id == id)
}

#[test]
fn an_unknown_bit_is_told_whichever_set_it_is_in() {
    let unknown = CapSet::from_bits(1 << 63);
    for [permitted, effective, inheritable] in [[unknown, NONE, NONE], [NONE, unknown, NONE], [NONE, NONE, unknown]] {
        let mut trace = Trace::new();
        let wish = Capset { effective, permitted, inheritable };
        assert!(capset(&System::default(), &thread(with(NONE)), &wish, &mut trace).granted().is_some());
        assert!(applied(&trace, "capset.unknown-bits"));
    }
}

#[test]
fn only_what_was_there_is_told_to_be_taken_out() {
    let (kill, chown) = (set(&[Capability::KILL]), set(&[Capability::CHOWN]));
    let setpcap = set(&[Capability::SETPCAP]);
    let number = u64::from(Capability::KILL.number());
    let told = |raw, option, arguments, rule| {
        let mut trace = Trace::new();
        assert!(
            prctl(&System::default(), &thread(raw), &Prctl { option, arguments }, &mut trace).granted().is_some()
        );
        removed(&trace, rule)
    };
    let drop = |bounding| {
        let raw = RawCredentials { bounding, ..with(setpcap) };
        told(raw, PrctlOption::CapbsetDrop, [number, 0, 0, 0], "prctl.capbset-drop")
    };
    assert_eq!((drop(kill | chown), drop(chown)), (kill, NONE));
    let lower = |ambient: CapSet| {
        let raw = RawCredentials { inheritable: ambient, ambient, ..with(ambient) };
        let operation = AmbientOperation::Lower.number().into();
        told(raw, PrctlOption::CapAmbient, [operation, number, 0, 0], "prctl.ambient-lower")
    };
    assert_eq!((lower(kill | chown), lower(chown)), (kill, NONE));
}

#[test]
fn keeping_what_is_kept_changes_nothing() {
    let kept = RawCredentials { securebits: Securebits::KEEP_CAPS, ..with(NONE) };
    assert_eq!(call(kept, PrctlOption::SetKeepcaps, [1, 0, 0, 0]).unwrap().securebits, Securebits::KEEP_CAPS);
}

#[test]
fn each_of_ones_own_ids_may_be_set_and_no_other() {
    let keep = SetId::KEEP;
    let may = |raw, change| user(raw, change).is_ok();
    let own = || four([1, 2, 3, 9]);
    let effective = [1, 2, 3, 9].map(|id| may(own(), IdChange::Re([keep, id])));
    assert_eq!(effective, [true, true, true, false], "effective of setreuid: real, effective, saved");
    let real = [1, 2, 3, 9].map(|id| may(own(), IdChange::Re([id, keep])));
    assert_eq!(real, [true, true, false, false], "real of setreuid: real, effective");
    for place in 0..3 {
        let allowed = [1, 2, 3, 9].map(|id| {
            let mut ids = [keep; 3];
            ids[place] = id;
            may(own(), IdChange::Res(ids))
        });
        assert_eq!(allowed, [true, true, true, false], "setresuid, place {place}");
    }
    // Not even the filesystem id moves if all that is asked for is there already.
    let same = four([1, 2, 3, 2]);
    assert_eq!(user(same, IdChange::Res([1, 2, 3])).unwrap().uid.to_array().map(Kuid::number), [1, 2, 3, 2]);
}

#[test]
fn whoever_had_one_root_id_and_has_none_loses_the_sets() {
    let kill = set(&[Capability::KILL, Capability::SETUID]);
    for ids in [[0, 1, 1, 1], [1, 0, 1, 0], [1, 1, 0, 1]] {
        let raw = RawCredentials { permitted: kill, effective: kill, ..four(ids) };
        let left = user(raw.clone(), IdChange::Res([5, 5, 5])).unwrap();
        assert_eq!((left.permitted, left.effective), (NONE, NONE), "{ids:?}");
        // One of the three still root: nothing is lost.
        let mut trace = Trace::new();
        let change = SetId { kind: IdKind::User, change: IdChange::Res(ids.map(u32::from)[..3].try_into().unwrap()) };
        let stays = set_id(&System::default(), &thread(raw), change, &mut trace).granted().unwrap().credentials;
        assert_eq!(stays.permitted, kill, "{ids:?}");
        assert!(!applied(&trace, "setid.leave-root"), "{ids:?}");
    }
    for ids in [[0, 5, 5], [5, 0, 5], [5, 5, 0]] {
        let root = RawCredentials { permitted: kill, effective: kill, ..four([0; 4]) };
        assert_eq!(user(root, IdChange::Res(ids)).unwrap().permitted, kill, "{ids:?}");
    }
}

#[test]
fn only_the_filesystem_ids_calls_return_the_old_id() {
    let returns = |change| SetId { kind: IdKind::User, change }.returns_old_id();
    assert!(returns(IdChange::Fs(1)));
    assert!(![IdChange::Set(1), IdChange::Re([1, 1]), IdChange::Res([1, 1, 1])].into_iter().any(returns));
}

#[test]
fn a_child_is_not_traced_and_shares_only_what_it_was_asked_to() {
    let tracer = Some(Tracer { has_sys_ptrace: true });
    let parent = Thread { shares_fs: true, tracer, ..thread(with(NONE)) };
    let child = |fs| {
        let flags = CloneFlags { fs, ..CloneFlags::default() };
        let child = clone(&System::default(), &parent, flags, &mut Silent).granted().unwrap().thread;
        (child.shares_fs, child.tracer)
    };
    assert_eq!((child(false), child(true)), ((false, None), (true, None)));
}

#[test]
fn whoever_makes_a_namespace_needs_both_ids_mapped() {
    let made = |uid_map: &str, gid_map: &str| {
        let mut system = System::default();
        let ns = system.user_namespaces.add(UserNs::INIT, 1000.into()).unwrap();
        system.user_namespaces.set_uid_map(ns, &uid_map.parse().unwrap()).unwrap();
        system.user_namespaces.set_gid_map(ns, &gid_map.parse().unwrap()).unwrap();
        let flags = CloneFlags { new_user: true, ..CloneFlags::default() };
        let thread = thread(RawCredentials { user_ns: ns, ..RawCredentials::user(1000) });
        unshare(&system, &thread, flags, &mut Silent).refusal().map(|refusal| refusal.rule.id)
    };
    let unmapped = Some("userns.unmapped-creator");
    assert_eq!(made("0 1000 1", "0 1000 1"), None);
    assert_eq!([made("0 1 1", "0 1000 1"), made("0 1000 1", "0 1 1")], [unmapped, unmapped]);
}
