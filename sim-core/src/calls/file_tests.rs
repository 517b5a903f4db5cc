//! What changes of files do, and who may make them.

use super::{SetId, chmod, chown, getxattr, removexattr, setcap, truncate, write};
use crate::capability::{CapSet, Capability};
use crate::credentials::{Credentials, Groups, Kgid, Kuid, RawCredentials, Thread, UserNs};
use crate::file::{File, FileKind, Mode, Revision, VfsCaps, XattrError};
use crate::kernel::Errno;
use crate::outcome::Outcome;
use crate::rule::{Silent, Trace};
use crate::system::System;

const KEEP: u32 = SetId::KEEP;

fn user(effective: impl Into<CapSet>) -> Thread {
    let effective = effective.into();
    let raw = RawCredentials { permitted: effective, effective, ..RawCredentials::user(1000) };
    Thread::from(Credentials::try_from(raw).unwrap())
}

fn nobody_special() -> Thread {
    user(CapSet::EMPTY)
}

fn file(owner: u16, group: u16, mode: &str) -> File {
    File::default()
        .owned_by(owner.into(), group.into())
        .with_mode(mode.parse().unwrap())
        .with_caps("cap_net_raw=ep".parse().unwrap())
}

fn old() -> System {
    System { release: "6.1".parse().unwrap(), ..System::default() }
}

/// A system with a user namespace whose ids 0 to 9 are 1000 to 1009, made by user 1000.
fn rootless() -> (System, UserNs) {
    let mut system = System::default();
    let ns = system.user_namespaces.add(UserNs::INIT, 1000.into()).unwrap();
    let map = "0 1000 10".parse().unwrap();
    system.user_namespaces.set_uid_map(ns, &map).unwrap();
    system.user_namespaces.set_gid_map(ns, &map).unwrap();
    (system, ns)
}

fn root_of(ns: UserNs) -> Thread {
    let all = CapSet::up_to(Capability::LAST_NAMED);
    let raw = RawCredentials { permitted: all, effective: all, user_ns: ns, ..RawCredentials::user(1000) };
    Thread::from(Credentials::try_from(raw).unwrap())
}

/// Mode and whether there is an attribute, or the rule that refused.
fn told(outcome: Outcome<super::FileChanged>) -> (alloc::string::String, bool) {
    use alloc::string::ToString;
    match outcome {
        Outcome::Granted(changed) => (changed.file.mode.to_string(), changed.file.caps.is_some()),
        Outcome::Refused(refusal) => (refusal.rule.id.to_string(), true),
    }
}

fn written(system: &System, thread: &Thread, file: &File) -> (alloc::string::String, bool) {
    let written = write(system, thread, file, 1, &mut Silent);
    let truncated = truncate(system, thread, file, 0, &mut Silent);
    assert_eq!(told(written.clone()), told(truncated), "write and truncate strip alike");
    told(written)
}

#[test]
fn what_writing_strips() {
    let system = System::default();
    let mine = |mode| written(&system, &nobody_special(), &file(1000, 27, mode));
    assert_eq!(mine("6755"), ("0755".into(), false));
    assert_eq!(mine("2644"), ("0644".into(), false), "not in the group");
    let in_group = |system| written(system, &nobody_special(), &file(1000, 1000, "2644"));
    assert_eq!(in_group(&system), ("2644".into(), false));
    let fsetid = |mode| written(&system, &user(Capability::FSETID), &file(1000, 27, mode));
    assert_eq!(fsetid("6755"), ("6755".into(), false));
    // CAP_FSETID in another namespace keeps nothing but the bit that means nothing to a group without x.
    let (system, ns) = rootless();
    let inside = |mode| written(&system, &root_of(ns), &file(1000, 1001, mode));
    assert_eq!([inside("6755"), inside("2644")], [("0755".into(), false), ("2644".into(), false)]);
}

#[test]
fn before_6_2_the_group_bit_without_group_execution_stayed() {
    assert_eq!(written(&old(), &nobody_special(), &file(1000, 27, "2644")), ("2644".into(), false));
    // Where the set-user-ID bit goes, a mode is written, and that judges both.
    assert_eq!(written(&old(), &nobody_special(), &file(1000, 27, "6644")), ("0644".into(), false));
    assert_eq!(written(&old(), &nobody_special(), &file(1000, 1000, "6644")), ("2644".into(), false));
}

#[test]
fn nothing_written_strips_nothing() {
    let system = System::default();
    let file = file(1000, 1000, "6755");
    let changed = write(&system, &nobody_special(), &file, 0, &mut Silent).granted().unwrap();
    assert_eq!((changed.file, changed.value), (file, 0));
}

#[test]
fn writing_needs_permission() {
    let system = System::default();
    let refused = |thread: &Thread, file: &File| {
        [
            write(&system, thread, file, 0, &mut Silent).refusal(),
            truncate(&system, thread, file, 0, &mut Silent).refusal(),
        ]
        .map(|refusal| refusal.map(|refusal| refusal.errno))
    };
    let no = [Some(Errno::EACCES); 2];
    assert_eq!(refused(&nobody_special(), &file(0, 0, "0755")), no);
    assert_eq!(refused(&nobody_special(), &file(1000, 0, "0466")), no, "the owner's bit decides for the owner");
    assert_eq!(refused(&nobody_special(), &file(0, 1000, "0646")), no, "the group's bit for the group");
    assert_eq!(refused(&user(Capability::DAC_READ_SEARCH), &file(0, 0, "0755")), no);
    assert_eq!(refused(&user(Capability::DAC_OVERRIDE), &file(0, 0, "0000")), [None; 2]);
    assert_eq!(refused(&nobody_special(), &file(0, 0, "0002")), [None; 2]);
    let negative = truncate(&system, &nobody_special(), &file(0, 0, "0755"), -1, &mut Silent);
    assert_eq!(negative.refusal().map(|refusal| refusal.errno), Some(Errno::EINVAL), "before the permission");
    let most = write(&system, &nobody_special(), &file(1000, 0, "0700"), u64::MAX, &mut Silent);
    assert_eq!(most.granted().map(|changed| changed.value), Some(0x7fff_f000));
}

#[test]
fn chown_strips_for_everyone() {
    let system = System::default();
    let root = Thread::from(Credentials::root(system.capabilities()));
    let by = |thread: &Thread, file: &File| told(chown(&system, thread, file, KEEP, KEEP, &mut Silent));
    assert_eq!(by(&root, &file(0, 0, "6755")), ("0755".into(), false));
    assert_eq!(by(&nobody_special(), &file(0, 0, "0755")), ("0755".into(), false));
    assert_eq!(by(&nobody_special(), &file(0, 0, "4755")).0, "chown.implicit-chmod");
    assert_eq!(by(&user(Capability::CHOWN), &file(0, 0, "4755")).0, "chown.implicit-chmod");
    assert_eq!(by(&user(Capability::FOWNER), &file(0, 0, "4755")), ("0755".into(), false));
}

#[test]
fn who_may_chown() {
    let system = System::default();
    let by = |thread: &Thread, file: &File, uid, gid| told(chown(&system, thread, file, uid, gid, &mut Silent)).0;
    let plain = file(1000, 1000, "0755");
    assert_eq!(by(&nobody_special(), &plain, 1000, 1000), "0755");
    assert_eq!(by(&nobody_special(), &plain, 1001, KEEP), "chown.owner");
    assert_eq!(by(&nobody_special(), &plain, KEEP, 1001), "chown.group");
    assert_eq!(by(&nobody_special(), &file(1000, 27, "0755"), KEEP, 27), "0755", "the group that it has");
    assert_eq!(by(&nobody_special(), &file(0, 27, "0755"), KEEP, 27), "chown.group", "of another owner");
    assert_eq!(by(&user(Capability::CHOWN), &file(0, 0, "0755"), 5, 6), "0755");
    let raw = RawCredentials { groups: Groups::new(alloc::vec![27.into()]), ..RawCredentials::user(1000) };
    let member = Thread::from(Credentials::try_from(raw).unwrap());
    assert_eq!(by(&member, &plain, KEEP, 27), "0755");

    let (system, ns) = rootless();
    let by = |file: &File, uid, gid| told(chown(&system, &root_of(ns), file, uid, gid, &mut Silent)).0;
    assert_eq!(by(&plain, 3, 4), "0755");
    assert_eq!(by(&plain, 10, KEEP), "chown.unmapped");
    assert_eq!(by(&file(0, 1000, "0755"), 3, KEEP), "chown.owner");
    assert_eq!(by(&file(1000, 0, "0755"), 3, KEEP), "chown.owner");
    let changed = chown(&system, &root_of(ns), &plain, 3, 4, &mut Silent).granted().unwrap().file;
    assert_eq!((changed.uid, changed.gid), (Kuid::from(1003), Kgid::from(1004)));
}

#[test]
fn the_group_bit_is_judged_by_the_new_group_where_a_mode_is_written() {
    let chown_capable = user(CapSet::from(Capability::CHOWN) | Capability::FOWNER.into());
    let by =
        |system: &System, mode| told(chown(system, &chown_capable, &file(0, 1000, mode), KEEP, 5, &mut Silent)).0;
    // The thread is in the old group, not in the new one.
    let now = System::default();
    assert_eq!([by(&now, "2644"), by(&now, "6644"), by(&now, "2654")], ["2644", "0644", "0654"]);
    // Before 6.2 the old group did not matter.
    let by = |mode| told(chown(&old(), &chown_capable, &file(0, 0, mode), KEEP, 1000, &mut Silent)).0;
    assert_eq!([by("2644"), by("6644")], ["2644", "2644"]);
    let by = |mode| told(chown(&now, &chown_capable, &file(0, 0, mode), KEEP, 1000, &mut Silent)).0;
    assert_eq!([by("2644"), by("6644")], ["0644", "0644"]);
}

#[test]
fn chmod_drops_the_group_bit_without_a_word() {
    let system = System::default();
    let mode: Mode = "6755".parse().unwrap();
    let by = |thread: &Thread, file: &File| told(chmod(&system, thread, file, mode, &mut Silent));
    assert_eq!(by(&nobody_special(), &file(1000, 1000, "0755")), ("6755".into(), true));
    assert_eq!(by(&nobody_special(), &file(1000, 27, "0755")), ("4755".into(), true));
    assert_eq!(by(&user(Capability::FOWNER), &file(0, 0, "0755")), ("4755".into(), true));
    assert_eq!(by(&user(Capability::FSETID), &file(1000, 27, "0755")), ("6755".into(), true));
    assert_eq!(by(&user(Capability::FSETID), &file(0, 0, "0755")).0, "chmod.owner");
    // CAP_FOWNER asks for a mapping of the owner only.
    let (system, ns) = rootless();
    let by = |file: &File| told(chmod(&system, &root_of(ns), file, mode, &mut Silent)).0;
    assert_eq!([by(&file(1005, 0, "0755")), by(&file(0, 1005, "0755"))], ["4755", "chmod.owner"]);
}

#[test]
fn what_setcap_stores() {
    let caps: VfsCaps = "cap_kill=ep".parse().unwrap();
    let stored = |system: &System, thread: &Thread, file: &File, value| {
        setcap(system, thread, file, value, &mut Silent)
            .granted()
            .map(|changed| changed.file.caps.unwrap().unwrap().revision)
    };
    let system = System::default();
    let able = user(Capability::SETFCAP);
    assert_eq!(stored(&system, &able, &file(0, 0, "0755"), Ok(caps)), Some(Revision::V2));
    let version_3 = |rootid| Some(Revision::V3 { rootid });
    assert_eq!(stored(&system, &able, &file(0, 0, "0755"), Ok(caps.for_root(0))), version_3(0));
    let (system, ns) = rootless();
    let inside = root_of(ns);
    assert_eq!(stored(&system, &inside, &file(1000, 1001, "0755"), Ok(caps)), version_3(1000));
    assert_eq!(stored(&system, &inside, &file(1000, 1001, "0755"), Ok(caps.for_root(2))), version_3(1002));
    let refused = |file: &File, value| {
        setcap(&system, &inside, file, value, &mut Silent).refusal().map(|refusal| (refusal.errno, refusal.rule.id))
    };
    let unmapped = Some((Errno::EINVAL, "setcap.root-unmapped"));
    assert_eq!(refused(&file(1000, 1001, "0755"), Ok(caps.for_root(10))), unmapped);
    assert_eq!(refused(&file(0, 1001, "0755"), Ok(caps)), Some((Errno::EPERM, "setcap.setfcap")));
}

#[test]
fn what_setcap_refuses() {
    let system = System::default();
    let able = user(Capability::SETFCAP);
    let owner = nobody_special();
    let caps: VfsCaps = "cap_kill=ep".parse().unwrap();
    let refused = |thread: &Thread, value| {
        setcap(&system, thread, &file(1000, 1000, "0755"), value, &mut Silent).refusal().map(|refusal| refusal.errno)
    };
    let version_1 = Ok(VfsCaps { revision: Revision::V1, ..caps });
    let flags = Ok(VfsCaps { flags: 3, ..caps });
    for malformed in [version_1, flags, VfsCaps::from_bytes(&[0; 3]), VfsCaps::from_bytes(&[0; 25])] {
        assert_eq!(refused(&owner, malformed), Some(Errno::EINVAL), "before the permission");
        assert_eq!(refused(&able, malformed), Some(Errno::EINVAL));
    }
    assert_eq!(refused(&owner, Ok(caps)), Some(Errno::EPERM));
    // A value of no bytes is not looked at.
    assert_eq!(refused(&owner, VfsCaps::from_bytes(&[])), None);
}

#[test]
fn an_empty_attribute_is_not_stripped() {
    let system = System::default();
    let empty = File { caps: Some(VfsCaps::from_bytes(&[])), ..file(1000, 1000, "0755") };
    let changed = chown(&system, &nobody_special(), &empty, KEEP, KEEP, &mut Silent).granted().unwrap();
    assert_eq!(changed.file, empty);
    assert_eq!(written(&system, &nobody_special(), &empty), ("0755".into(), true));
}

#[test]
fn removing_asks_for_permission_first() {
    let system = System::default();
    let by = |thread: &Thread, file: &File| {
        removexattr(&system, thread, file, &mut Silent).refusal().map(|refusal| refusal.errno)
    };
    let none = File::default();
    assert_eq!(by(&nobody_special(), &file(1000, 1000, "0755")), Some(Errno::EPERM));
    assert_eq!(by(&nobody_special(), &none), Some(Errno::EPERM));
    assert_eq!(by(&user(Capability::SETFCAP), &none), Some(Errno::ENODATA));
    assert_eq!(by(&user(Capability::SETFCAP), &file(0, 0, "0755")), None);
}

#[test]
fn what_a_reader_sees() {
    let (mut system, ns) = rootless();
    let inside = root_of(ns);
    let outside = nobody_special();
    let seen = |system: &System, thread: &Thread, value: Result<VfsCaps, XattrError>| {
        let file = File { caps: Some(value), ..File::default() };
        match getxattr(system, thread, &file, &mut Silent) {
            Outcome::Granted(read) => Ok((read.size, read.caps.rootid())),
            Outcome::Refused(refusal) => Err(refusal.errno),
        }
    };
    let version_2: Result<VfsCaps, XattrError> = Ok("cap_kill=ep".parse().unwrap());
    let version_3 = |rootid| version_2.map(|caps| caps.for_root(rootid));
    assert_eq!(seen(&system, &outside, version_2), Ok((20, 0)));
    assert_eq!(seen(&system, &outside, version_3(0)), Ok((20, 0)));
    assert_eq!(seen(&system, &outside, version_3(1000)), Ok((24, 1000)));
    assert_eq!(seen(&system, &inside, version_3(1000)), Ok((20, 0)), "root here");
    assert_eq!(seen(&system, &inside, version_3(1002)), Ok((24, 2)));
    assert_eq!(seen(&system, &inside, version_2), Ok((20, 0)), "root of the namespace above");
    assert_eq!(seen(&system, &inside, version_3(5)), Err(Errno::EOVERFLOW));
    let flags = version_2.map(|caps| VfsCaps { flags: 3, ..caps });
    assert_eq!(seen(&system, &outside, flags), Err(Errno::EINVAL));
    system.release = "5.10".parse().unwrap();
    assert_eq!(seen(&system, &inside, version_3(5)), Ok((24, 5)), "as it is stored");
    assert_eq!(seen(&system, &inside, version_3(1002)), Ok((24, 2)));
}

#[test]
fn removing_takes_the_attribute_and_nothing_else() {
    let before = file(1000, 1000, "6755");
    let changed =
        removexattr(&System::default(), &user(Capability::SETFCAP), &before, &mut Silent).granted().unwrap();
    assert_eq!(changed.file, File { caps: None, ..before });
}

#[test]
fn before_5_11_the_root_of_a_namespace_saw_version_2_too() {
    let (mut system, ns) = rootless();
    let version_2: VfsCaps = "cap_kill=ep".parse().unwrap();
    let rule = |system: &System, thread: &Thread, caps: VfsCaps| {
        let file = File::default().with_caps(caps);
        let mut trace = Trace::new();
        let read = getxattr(system, thread, &file, &mut trace).granted().unwrap();
        (trace.applied_rules().last().map(|rule| rule.id), read.size)
    };
    system.release = "5.10".parse().unwrap();
    assert_eq!(rule(&system, &root_of(ns), version_2.for_root(1000)), (Some("getxattr.version-2"), 20));
    assert_eq!(rule(&system, &root_of(ns), version_2.for_root(5)), (Some("getxattr.stored-version-3"), 24));
    assert_eq!(rule(&system, &root_of(ns), version_2), (Some("getxattr.stored-version-2"), 20));
    system.release = "5.11".parse().unwrap();
    assert_eq!(rule(&system, &root_of(ns), version_2), (Some("getxattr.version-2"), 20));
}

#[test]
fn capabilities_over_a_file_need_its_owner_and_its_group_mapped() {
    let (system, ns) = rootless();
    let root = root_of(ns);
    let granted = |owner, group| {
        let writes = write(&system, &root, &file(owner, group, "0000"), 1, &mut Silent).granted().is_some();
        let removes = removexattr(&system, &root, &file(owner, group, "0000"), &mut Silent).granted().is_some();
        (writes, removes)
    };
    assert_eq!(granted(1001, 1001), (true, true));
    assert_eq!(granted(0, 1001), (false, false));
    assert_eq!(granted(1001, 0), (false, false));
    assert_eq!(granted(0, 0), (false, false));
}

#[test]
fn nothing_is_stripped_from_a_directory() {
    let system = System::default();
    let root = Thread::from(Credentials::root(system.capabilities()));
    let directory = File { kind: FileKind::Directory, ..file(0, 0, "6755") };
    let changed = chown(&system, &root, &directory, 1000, 1000, &mut Silent).granted().unwrap().file;
    assert_eq!(changed, directory.clone().owned_by(1000.into(), 1000.into()));
    let refusal = write(&system, &root, &directory, 1, &mut Silent).refusal();
    assert_eq!(refusal.map(|refusal| refusal.errno), Some(Errno::EISDIR));
}
