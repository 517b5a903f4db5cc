use super::{
    Credentials, Groups, IdMap, Ids, InvalidCredentials, Kgid, Kuid, MapError, RawCredentials, Securebits,
    UserNamespaces, UserNs,
};
use crate::capability::{CapSet, Capability};
use crate::kernel::Release;

#[test]
fn illegal_states_cannot_be_built() {
    let kill = CapSet::from(Capability::KILL);
    let raw = || RawCredentials { permitted: kill, inheritable: kill, ..RawCredentials::user(1) };
    let check = |raw, expected| assert_eq!(Credentials::try_from(raw).err(), expected);
    check(RawCredentials { effective: kill, ambient: kill, ..raw() }, None);
    let other = CapSet::from(Capability::CHOWN);
    let excess = other;
    let not_permitted = InvalidCredentials::EffectiveNotPermitted { excess };
    check(RawCredentials { effective: kill | other, ..raw() }, Some(not_permitted));
    let ambient = RawCredentials { ambient: other, inheritable: other, ..raw() };
    check(ambient, Some(InvalidCredentials::AmbientNotPermitted { excess }));
    let ambient = RawCredentials { ambient: other, permitted: kill | other, ..raw() };
    check(ambient, Some(InvalidCredentials::AmbientNotInheritable { excess }));
}

#[test]
fn an_id_of_all_ones_is_none() {
    assert_eq!(Kuid::new(u32::MAX), None);
    assert_eq!(Kgid::new(u32::MAX), None);
    assert_eq!(Kuid::new(u32::MAX - 1).map(Kuid::number), Some(u32::MAX - 1));
}

#[test]
fn ids_keep_the_order_of_proc() {
    let ids = Ids { real: 1, effective: 2, saved: 3, filesystem: 4 };
    assert_eq!(ids.to_array(), [1, 2, 3, 4]);
    assert_eq!(Ids::from_array([1, 2, 3, 4]), ids);
}

#[test]
fn groups_are_sorted_and_found() {
    let groups = Groups::new([3, 1, 2, 1].map(Kgid::from).into());
    assert_eq!(groups.as_slice(), [1, 1, 2, 3].map(Kgid::from));
    assert!(groups.contains(2.into()) && !groups.contains(4.into()));
    assert_eq!(Groups::new([].into()), Groups::NONE);
}

#[test]
fn securebits_by_name_and_release() {
    for (bit, name) in Securebits::all_names() {
        assert_eq!(Securebits::from_name(name), Some(bit));
    }
    assert_eq!(Securebits::all_names().count(), 12);
    assert_eq!(Securebits::known(Release::NEWEST).bits(), 0xfff);
    assert_eq!(Securebits::known(Release::OLDEST).bits(), 0xff);
    assert_eq!(Securebits::from_bits(0x22).frozen().bits(), 0x11);
}

#[test]
fn securebits_are_a_set() {
    let of = Securebits::from_bits;
    assert_eq!((of(0x5).bits(), Securebits::EMPTY.bits()), (0x5, 0));
    assert!(Securebits::EMPTY.is_empty() && !of(0x1).is_empty());
    assert!(of(0x7).contains(of(0x5)) && of(0x5).contains(of(0x5)) && of(0x5).contains(Securebits::EMPTY));
    assert!(!of(0x5).contains(of(0x7)) && !of(0x5).contains(of(0x2)));
    let names = |bits| of(bits).names().collect::<alloc::vec::Vec<_>>();
    assert_eq!(names(0), [""; 0]);
    assert_eq!(names(0x830), ["keep_caps", "keep_caps_locked", "exec_deny_interactive_locked"]);
    assert_eq!([of(0x3) | of(0x6), of(0x3) & of(0x6), of(0x3) ^ of(0x6)].map(Securebits::bits), [0x7, 0x2, 0x5]);
    assert_eq!((!of(0x3) & of(0xff)).bits(), 0xfc);
    assert_eq!(of(0x5ff).frozen(), of(0x055), "a lock freezes the bit below it");
    assert_eq!(Securebits::from_name("NOROOT"), None);
}

#[test]
fn maps_that_the_kernel_refuses() {
    let check = |text: &str, expected| assert_eq!(text.parse::<IdMap>().err(), expected, "{text:?}");
    check("0 1000 1", None);
    check("0\t1000   1\n1 2000 5\n", None);
    check("0 0 4294967295", None);
    check("", Some(MapError::Form { line: 1 }));
    check("0 1000", Some(MapError::Form { line: 1 }));
    check("0 1000 1 1", Some(MapError::Form { line: 1 }));
    check("0 1000 1\n\n", Some(MapError::Form { line: 2 }));
    check("0 -1 1", Some(MapError::Form { line: 1 }));
    check("0 4294967296 1", Some(MapError::Form { line: 1 }));
    check("0 0 0", Some(MapError::Empty { line: 1 }));
    check("1 0 4294967295", Some(MapError::TooLarge { line: 1 }));
    check("0 1000 10\n9 2000 1", Some(MapError::Overlap { line: 2 }));
    check("0 1000 10\n20 1009 1", Some(MapError::Overlap { line: 2 }));
    check("10 1000 5\n5 2000 6", Some(MapError::Overlap { line: 2 }));
    check("10 1000 5\n20 996 5", Some(MapError::Overlap { line: 2 }));
    check("10 1000 5\n11 2000 1", Some(MapError::Overlap { line: 2 }));
    check("10 1000 5\n5 2000 20", Some(MapError::Overlap { line: 2 }));
    check("10 1000 5\n10 2000 5", Some(MapError::Overlap { line: 2 }));
    check("10 1000 5\n5 2000 5\n15 995 5\n20 1005 5", None);
    let lines: alloc::vec::Vec<_> = (0..341).map(|n| alloc::format!("{n} {n} 1")).collect();
    check(&lines.join("\n"), Some(MapError::Lines { lines: 341, limit: 340 }));
    check(&lines[..340].join("\n"), None);
}

#[test]
fn what_the_kernel_reads_as_a_map() {
    let check = |text: &str, expected| {
        let read = IdMap::from_written(text, Release::NEWEST);
        assert_eq!(read.map(|map| (map.outside(0), map.outside(1))), expected, "{text:?}");
    };
    check("0 1000 1", Ok((Some(1000), None)));
    check("\u{b}0\t1000\r2 \u{c}\n", Ok((Some(1000), Some(1001))));
    check("4294967296 18446744069414584320 1", Ok((Some(0), None)));
    check("0 18446744073709551616 1", Err(MapError::TooLarge { line: 1 }));
    check("0 0 18446744073709551616", Ok((Some(0), Some(1))));
    check("0 1000 1\0\n1 1001 1", Ok((Some(1000), None)));
    check("0 1000 1\n\0", Ok((Some(1000), None)));
    check("0 1000 4294967296", Err(MapError::Empty { line: 1 }));
    for form in ["", "\0", "\n0 0 1", "0 0 1\n\n", "0\u{a0}0 1", "+0 0 1", "0x0 0 1", "0 0 1.", "0 0\n1"] {
        check(form, Err(MapError::Form { line: if form == "0 0 1\n\n" { 2 } else { 1 } }));
    }
    let wraps = IdMap::from_written("18446744073709551617 0 36893488147419103233", "7.1".parse().unwrap());
    assert_eq!(wraps.map(|map| (map.inside(0), map.inside(1))), Ok((Some(1), None)));
    let lines: alloc::vec::Vec<_> = (0..6).map(|n| alloc::format!("{n} {n} 1")).collect();
    let six = |release| IdMap::from_written(&lines.join("\n"), release).err();
    assert_eq!(six(Release::OLDEST), Some(MapError::Lines { lines: 6, limit: 5 }));
    assert_eq!(six("4.15".parse().unwrap()), None);
}

#[test]
fn nested_maps_lead_to_host_ids() {
    let mut spaces = UserNamespaces::default();
    let outer = spaces.add(UserNs::INIT, Kuid::ROOT).unwrap();
    spaces.set_uid_map(outer, &"0 100000 1000\n5000 200000 10".parse().unwrap()).unwrap();
    let inner = spaces.add(outer, 500.into()).unwrap();
    spaces.set_uid_map(inner, &"0 500 100\n1000 5000 10".parse().unwrap()).unwrap();
    assert_eq!(spaces.kuid(inner, 1).map(Kuid::number), Some(100_501));
    assert_eq!(spaces.kuid(inner, 1009).map(Kuid::number), Some(200_009));
    assert_eq!(spaces.kuid(inner, 1010), None);
    assert_eq!(spaces.uid(inner, Kuid::new(200_000).unwrap()), Some(1000));
    assert_eq!(spaces.uid(inner, Kuid::ROOT), None);
    assert_eq!(spaces.level(inner), 2);
    assert_eq!(spaces.ancestors(inner).collect::<alloc::vec::Vec<_>>(), [inner, outer, UserNs::INIT]);
    // A line may not leave a line of the parent's map.
    let refused = spaces.set_uid_map(inner, &"0 995 10".parse().unwrap());
    assert_eq!(refused, Err(MapError::Unmapped { line: 1 }));
    let lifted = |text: &str| {
        let mut spaces = spaces.clone();
        spaces.set_uid_map(inner, &text.parse().unwrap()).map(|()| spaces.kuid(inner, 0).map(Kuid::number))
    };
    assert_eq!(lifted("0 990 10"), Ok(Some(100_990)));
    assert_eq!(lifted("0 5000 10"), Ok(Some(200_000)));
    assert_eq!(lifted("0 5009 1"), Ok(Some(200_009)));
    for text in ["0 1000 1", "0 4999 1", "0 4999 2", "0 4995 10", "0 5009 2", "0 5010 1", "0 0 5010"] {
        assert_eq!(lifted(text), Err(MapError::Unmapped { line: 1 }), "{text}");
    }
    assert_eq!(lifted("0 0 1\n1 1000 1"), Err(MapError::Unmapped { line: 2 }));
    assert_eq!(spaces.gid(inner, Kgid::ROOT), None, "no map of groups was written");
}

#[test]
fn a_namespace_belongs_to_the_user_and_the_group_of_its_maker() {
    let mut spaces = UserNamespaces::default();
    let outer = spaces.add(UserNs::INIT, 1000.into()).unwrap();
    assert_eq!((spaces.owner(outer), spaces.group(outer)), (1000.into(), Kgid::ROOT));
    let before_the_map = spaces.add(outer, 1000.into()).unwrap();
    assert_eq!(spaces.group(before_the_map), Kgid::ROOT);
    spaces.set_gid_map(outer, &"5 2000 10\n0 3000 1".parse().unwrap()).unwrap();
    let inner = spaces.add(outer, 1001.into()).unwrap();
    assert_eq!((spaces.owner(inner), spaces.group(inner)), (1001.into(), 2000.into()));
    let gid = Ids { effective: 2003.into(), ..Ids::all(2001.into()) };
    let uid = Ids { effective: 7.into(), ..Ids::all(1000.into()) };
    let setfcap = Capability::SETFCAP.into();
    let raw = RawCredentials { uid, gid, user_ns: outer, permitted: setfcap, ..RawCredentials::user(1000) };
    let permitted = Credentials::try_from(raw.clone()).unwrap();
    let effective = Credentials::try_from(RawCredentials { effective: setfcap, ..raw }).unwrap();
    for (maker, had_setfcap) in [(permitted, false), (effective, true)] {
        let made = spaces.add_made_by(&maker).unwrap();
        assert_eq!((spaces.owner(made), spaces.group(made)), (7.into(), 2003.into()));
        assert_eq!((spaces.parent(made), spaces.creator_had_setfcap(made)), (outer, had_setfcap));
    }
    spaces.deny_setgroups(outer);
    let denied = spaces.add(outer, 1000.into()).unwrap();
    assert!(spaces.setgroups_denied(denied) && !spaces.setgroups_denied(inner), "handed down when it is made");
}

#[test]
fn namespaces_nest_33_deep() {
    let mut spaces = UserNamespaces::default();
    let mut ns = UserNs::INIT;
    for _ in 0..33 {
        assert!(spaces.can_nest_in(ns));
        ns = spaces.add(ns, Kuid::ROOT).unwrap();
    }
    assert_eq!((spaces.level(UserNs::INIT), spaces.level(ns)), (0, 33));
    assert!(!spaces.can_nest_in(ns));
    assert!(spaces.add(ns, Kuid::ROOT).is_err());
}

#[test]
fn root_has_what_it_is_given_and_no_more() {
    let kill = CapSet::from(Capability::KILL);
    let root = Credentials::root(kill);
    assert_eq!((root.permitted, root.effective, root.bounding), (kill, kill, kill));
    assert!(root.inheritable.is_empty() && root.ambient.is_empty());
}
