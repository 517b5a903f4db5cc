//! Who may write the maps of a user namespace and its word for setgroups, and what they may say.

use alloc::vec::Vec;

use super::write_map::setgroups_word;
use super::{MapFile, MapWrite, write_map};
use crate::capability::Capability;
use crate::credentials::{Credentials, Ids, Memory, RawCredentials, UserNamespaces, UserNs};
use crate::kernel::{Errno, changes};
use crate::outcome::Outcome;
use crate::rule::{Silent, Trace};
use crate::system::System;

/// A namespace below `init` that user 1000 made.
fn system() -> (System, UserNs) {
    let mut system = System::default();
    let made = system.user_namespaces.add(UserNs::INIT, 1000.into()).unwrap();
    (system, made)
}

fn with(raw: RawCredentials, capabilities: &[Capability]) -> Credentials {
    let set = capabilities.iter().copied().collect();
    Credentials::try_from(RawCredentials { permitted: set, effective: set, ..raw }).unwrap()
}

fn write(
    system: &System,
    writer: &Credentials,
    target: UserNs,
    file: MapFile,
    text: &str,
) -> Result<UserNamespaces, (&'static str, Errno)> {
    let write =
        MapWrite { target: Some(target), file, own: (writer.user_ns == target).then_some(Memory::INIT), text };
    match write_map(system, writer, &write, &mut Silent) {
        Outcome::Granted(namespaces) => Ok(namespaces),
        Outcome::Refused(refusal) => Err((refusal.rule.id, refusal.errno)),
    }
}

#[test]
fn checks_come_in_the_kernels_order() {
    let (mut system, made) = system();
    let long = " ".repeat(4096);
    let stranger = with(RawCredentials::user(7), &[]);
    let refused = |system: &System, writer, text| write(system, writer, made, MapFile::UidMap, text).err();
    assert_eq!(refused(&system, &stranger, &long), Some(("write-map.permission", Errno::EACCES)));
    let opener = with(RawCredentials::user(7), &[Capability::DAC_OVERRIDE]);
    assert_eq!(refused(&system, &opener, &long), Some(("write-map.too-long", Errno::EINVAL)));
    assert_eq!(refused(&system, &opener, "x"), Some(("write-map.sys-admin", Errno::EPERM)));
    let owner = with(RawCredentials::user(1000), &[]);
    assert_eq!(refused(&system, &owner, "x"), Some(("write-map.form", Errno::EINVAL)));
    assert_eq!(refused(&system, &owner, "0 0 1"), Some(("write-map.setfcap", Errno::EPERM)));
    assert_eq!(refused(&system, &owner, "0 1 1"), Some(("write-map.setuid", Errno::EPERM)));
    system.user_namespaces = write(&system, &owner, made, MapFile::UidMap, "0 1000 1").unwrap();
    assert_eq!(refused(&system, &owner, &long), Some(("write-map.too-long", Errno::EINVAL)));
    assert_eq!(refused(&system, &opener, "x"), Some(("write-map.once", Errno::EPERM)));
}

#[test]
fn the_filesystem_user_opens_and_the_effective_user_owns() {
    let (system, made) = system();
    let ids = |effective: u16, filesystem: u16| {
        let uid = Ids { effective: effective.into(), filesystem: filesystem.into(), ..Ids::all(7.into()) };
        with(RawCredentials { uid, ..RawCredentials::user(7) }, &[])
    };
    let result = |effective, filesystem| {
        write(&system, &ids(effective, filesystem), made, MapFile::UidMap, "0 1000 1").map(drop)
    };
    assert_eq!(result(1000, 1000), Ok(()));
    assert_eq!(result(1000, 7), Err(("write-map.permission", Errno::EACCES)));
    assert_eq!(result(7, 1000), Err(("write-map.sys-admin", Errno::EPERM)));
}

#[test]
fn the_setfcap_rule_came_with_5_12() {
    let (mut system, made) = system();
    let writer = with(RawCredentials::user(1000), &[Capability::SETUID]);
    let result = |system: &System| write(system, &writer, made, MapFile::UidMap, "5 0 1").map(drop);
    assert_eq!(result(&system), Err(("write-map.setfcap", Errno::EPERM)));
    system.release = "5.11".parse().unwrap();
    assert_eq!(result(&system), Ok(()));
    system.release = system.release.with_backport(&changes::MAP_ROOT_SETFCAP);
    assert_eq!(result(&system), Err(("write-map.setfcap", Errno::EPERM)), "a distribution's kernel");
    let group = with(RawCredentials::user(1000), &[Capability::SETGID]);
    system.release = "5.12".parse().unwrap();
    assert!(write(&system, &group, made, MapFile::GidMap, "5 0 1").is_ok(), "groups never needed it");
}

#[test]
fn inside_it_counts_what_the_creator_had() {
    for (had, expected) in [(true, None), (false, Some(("write-map.creator-setfcap", Errno::EPERM)))] {
        let mut system = System::default();
        let capabilities = if had { &[Capability::SETFCAP][..] } else { &[] };
        let creator = with(RawCredentials::user(0), capabilities);
        let made = system.user_namespaces.add_made_by(&creator).unwrap();
        let inside = with(RawCredentials { user_ns: made, ..RawCredentials::user(0) }, &[Capability::SYS_ADMIN]);
        assert_eq!(write(&system, &inside, made, MapFile::UidMap, "0 0 1").err(), expected);
        assert!(write(&system, &inside, made, MapFile::UidMap, "0 1 1").is_err(), "not the own id");
    }
}

#[test]
fn words_for_setgroups() {
    for text in ["allow", "allow\n", "allow \u{b}"] {
        assert_eq!(setgroups_word(text), Some(true), "{text:?}");
    }
    for text in ["deny", "deny\t\r\u{c}", "deny\0xy"] {
        assert_eq!(setgroups_word(text), Some(false), "{text:?}");
    }
    for text in ["", " deny", "deny    ", "Deny", "den", "denyx", "allowed", "deny\u{a0}", "\0"] {
        assert_eq!(setgroups_word(text), None, "{text:?}");
    }
}

#[test]
fn a_text_is_shorter_than_a_page() {
    let (system, made) = system();
    let owner = with(RawCredentials::user(1000), &[]);
    let padded = |length: usize| alloc::format!("{:length$}", "0 1000 1");
    let result = |text: &str| write(&system, &owner, made, MapFile::UidMap, text).map(drop);
    assert_eq!(result(&padded(4095)), Ok(()));
    assert_eq!(result(&padded(4096)), Err(("write-map.too-long", Errno::EINVAL)));
}

#[test]
fn only_inside_or_directly_above_and_never_the_initial_map() {
    let (mut system, made) = system();
    let map = "0 1000 10".parse().unwrap();
    system.user_namespaces.set_uid_map(made, &map).unwrap();
    system.user_namespaces.set_gid_map(made, &map).unwrap();
    let inner = system.user_namespaces.add(made, 1000.into()).unwrap();
    let root = with(RawCredentials::user(0), &[Capability::SYS_ADMIN, Capability::SETUID, Capability::SETFCAP]);
    let result = |writer: &Credentials, target| write(&system, writer, target, MapFile::UidMap, "0 0 1").map(drop);
    assert_eq!(result(&root, UserNs::INIT), Err(("write-map.initial", Errno::EPERM)));
    let far = with(RawCredentials::user(1000), &[Capability::SYS_ADMIN]);
    assert_eq!(result(&far, inner), Err(("write-map.namespace", Errno::EPERM)), "two levels above");
    let above = with(RawCredentials { user_ns: made, ..RawCredentials::user(1000) }, &[Capability::SETFCAP]);
    assert_eq!(result(&above, inner), Ok(()));
}

#[test]
fn whoever_overrides_the_mode_needs_owner_and_group_mapped() {
    let result = |uid_map: &str, gid_map: &str| {
        let (mut system, outer) = system();
        system.user_namespaces.set_uid_map(outer, &uid_map.parse().unwrap()).unwrap();
        system.user_namespaces.set_gid_map(outer, &gid_map.parse().unwrap()).unwrap();
        let maker = RawCredentials { user_ns: outer, ..RawCredentials::user(1001) };
        let made = system.user_namespaces.add_made_by(&with(maker, &[])).unwrap();
        let able = [Capability::DAC_OVERRIDE, Capability::SYS_ADMIN];
        let writer = with(RawCredentials { user_ns: outer, ..RawCredentials::user(1000) }, &able);
        write(&system, &writer, made, MapFile::Setgroups, "deny").map(drop)
    };
    let refused = Err(("write-map.permission", Errno::EACCES));
    assert_eq!(result("0 1000 2", "0 1000 2"), Ok(()));
    assert_eq!(result("0 1000 1", "0 1000 2"), refused, "the owner is not mapped");
    assert_eq!(result("0 1000 2", "0 1000 1"), refused, "the group is not mapped");
}

#[test]
fn the_files_of_a_process_that_cannot_be_dumped_belong_to_root() {
    let told = |dumpable, raw: RawCredentials| {
        let (system, made) = system();
        let inside = with(RawCredentials { user_ns: made, ..raw }, &[Capability::SYS_ADMIN]);
        let own = Some(Memory { dumpable, user_ns: UserNs::INIT });
        let write = MapWrite { target: Some(made), file: MapFile::Setgroups, own, text: "deny" };
        let mut trace = Trace::new();
        let refusal = write_map(&system, &inside, &write, &mut trace).refusal();
        let not_dumpable = trace.applied_rules().iter().any(|rule| rule.id == "write-map.not-dumpable");
        (not_dumpable, refusal.map(|refusal| refusal.rule.id))
    };
    assert_eq!(told(true, RawCredentials::user(1000)), (false, None));
    assert_eq!(told(false, RawCredentials::user(1000)), (true, Some("write-map.permission")));
    assert_eq!(told(false, RawCredentials::user(0)), (true, None));
}

#[test]
fn a_group_alone_is_mapped_only_where_setgroups_is_denied() {
    let (mut system, made) = system();
    let owner = with(RawCredentials::user(1000), &[]);
    let result = |system: &System, text| write(system, &owner, made, MapFile::GidMap, text).map(drop);
    let refused = Err(("write-map.setgid", Errno::EPERM));
    assert_eq!(result(&system, "0 1000 1"), refused);
    system.user_namespaces = write(&system, &owner, made, MapFile::Setgroups, "deny").unwrap();
    assert_eq!(result(&system, "0 1000 1"), Ok(()));
    assert_eq!(result(&system, "0 1001 1"), refused, "another group");
    assert_eq!(result(&system, "0 1000 2"), refused, "two groups");
    assert_eq!(result(&system, "0 1000 1\n1 1001 1"), refused, "two lines");
    // The effective group counts.
    let gid = Ids { effective: 1001.into(), ..Ids::all(1000.into()) };
    let acting = with(RawCredentials { gid, ..RawCredentials::user(1000) }, &[]);
    assert!(write(&system, &acting, made, MapFile::GidMap, "0 1001 1").is_ok());
}

#[test]
fn only_the_maker_maps_without_a_capability() {
    let (system, made) = system();
    let ids = Ids { filesystem: 1000.into(), ..Ids::all(7.into()) };
    let raw = || RawCredentials { uid: ids, ..RawCredentials::user(7) };
    let map = |writer: &Credentials, text| write(&system, writer, made, MapFile::UidMap, text).map(drop);
    let other = with(raw(), &[Capability::SYS_ADMIN]);
    assert_eq!(map(&other, "0 7 1"), Err(("write-map.setuid", Errno::EPERM)));
    let able = with(raw(), &[Capability::SYS_ADMIN, Capability::SETUID]);
    assert_eq!(map(&able, "0 7 1"), Ok(()));
}

#[test]
fn what_is_wrong_with_a_text_has_a_rule_of_its_own() {
    let (mut system, made) = system();
    let owner = with(RawCredentials::user(1000), &[Capability::SETUID]);
    let rule = |system: &System, text: &str| write(system, &owner, made, MapFile::UidMap, text).err();
    let refused = |rule| Some((rule, Errno::EINVAL));
    let lines = |count: u32| (1..=count).map(|id| alloc::format!("{id} {id} 1")).collect::<Vec<_>>().join("\n");
    assert_eq!(rule(&system, "0 1000"), refused("write-map.form"));
    assert_eq!(rule(&system, "0 1000 0"), refused("write-map.range"));
    assert_eq!(rule(&system, "0 4294967295 1"), refused("write-map.range"));
    assert_eq!(rule(&system, "0 1 1\n0 2 1"), refused("write-map.overlap"));
    assert_eq!(rule(&system, &lines(340)), None);
    assert_eq!(rule(&system, &lines(341)), refused("write-map.lines"));
    system.release = "4.14".parse().unwrap();
    assert_eq!(rule(&system, &lines(5)), None);
    assert_eq!(rule(&system, &lines(6)), refused("write-map.few-lines"));
}

#[test]
fn what_the_namespace_above_does_not_map_cannot_be_mapped() {
    let (mut system, outer) = system();
    system.user_namespaces.set_uid_map(outer, &"0 1000 2".parse().unwrap()).unwrap();
    system.user_namespaces.set_gid_map(outer, &"0 1000 2".parse().unwrap()).unwrap();
    let made = system.user_namespaces.add(outer, 1000.into()).unwrap();
    let able = [Capability::SETUID, Capability::SETGID, Capability::SETFCAP];
    let above = with(RawCredentials { user_ns: outer, ..RawCredentials::user(1000) }, &able);
    for file in [MapFile::UidMap, MapFile::GidMap] {
        let result = |text| write(&system, &above, made, file, text).map(drop);
        assert_eq!(result("0 0 2"), Ok(()), "{file:?}");
        assert_eq!(result("0 0 3"), Err(("write-map.parent-unmapped", Errno::EPERM)), "{file:?}");
    }
    let written = write(&system, &above, made, MapFile::GidMap, "5 1 1").unwrap();
    assert_eq!((written.kgid(made, 5), written.kuid(made, 5)), (Some(1001.into()), None));
}

#[test]
fn setgroups_is_denied_before_the_map_and_for_good() {
    let (mut system, made) = system();
    let owner = with(RawCredentials::user(1000), &[Capability::SETGID]);
    let say = |system: &System, word| write(system, &owner, made, MapFile::Setgroups, word);
    let opener = with(RawCredentials::user(7), &[Capability::DAC_OVERRIDE]);
    let refused = write(&system, &opener, made, MapFile::Setgroups, "deny").err();
    assert_eq!(refused, Some(("write-map.setgroups-sys-admin", Errno::EACCES)));
    assert_eq!(say(&system, "no").err(), Some(("write-map.setgroups-form", Errno::EINVAL)));
    assert!(!say(&system, "allow").unwrap().setgroups_denied(made));
    let fresh = system.clone();
    system.user_namespaces = say(&system, "deny").unwrap();
    assert!(system.user_namespaces.setgroups_denied(made));
    assert_eq!(say(&system, "allow").err(), Some(("write-map.setgroups-stays-denied", Errno::EPERM)));
    assert!(say(&system, "deny").is_ok());
    let mut mapped = fresh;
    mapped.user_namespaces = write(&mapped, &owner, made, MapFile::GidMap, "0 1000 1").unwrap();
    assert_eq!(say(&mapped, "deny").err(), Some(("write-map.setgroups-too-late", Errno::EPERM)));
    assert!(say(&mapped, "allow").is_ok());
}

#[test]
fn there_is_nothing_to_write_to_without_a_process() {
    let write = MapWrite { target: None, file: MapFile::UidMap, own: None, text: "0 0 1" };
    let root = Credentials::root(System::default().capabilities());
    let refusal = write_map(&System::default(), &root, &write, &mut Silent).refusal().unwrap();
    assert_eq!((refusal.rule.id, refusal.errno), ("write-map.no-process", Errno::ENOENT));
}
