use alloc::string::ToString;

use super::{
    AmbientOperation, Capset, IdChange, IdKind, Prctl, PrctlOption, SetId, capset, prctl, set_id, setgroups,
};
use crate::capability::{CapSet, Capability};
use crate::credentials::{Credentials, Ids, Kuid, RawCredentials, Securebits, Thread};
use crate::kernel::Errno;
use crate::outcome::Outcome;
use crate::rule::Silent;
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
