use super::{
    Node, OpenFlags, Times, link, mkdir, mknod, open, open_by_handle_at, open_setting, setxattr_user, unlink,
};
use super::{set_interface_flags, set_protecting_flags, utimensat};
use crate::capability::{CapSet, Capability};
use crate::credentials::{Credentials, Groups, IdMap, Kgid, Kuid, RawCredentials, Thread, UserNs};
use crate::file::{File, FileKind, Mode};
use crate::kernel::Errno;
use crate::outcome::Outcome;
use crate::rule::Silent;
use crate::system::System;

const EPERM: Option<Errno> = Some(Errno::EPERM);
const EACCES: Option<Errno> = Some(Errno::EACCES);

/// User and group 1000 with these capabilities.
fn user(capabilities: &[Capability]) -> Thread {
    of(RawCredentials::user(1000), capabilities)
}

fn of(raw: RawCredentials, capabilities: &[Capability]) -> Thread {
    let set: CapSet = capabilities.iter().copied().collect();
    Thread::from(Credentials::try_from(RawCredentials { permitted: set, effective: set, ..raw }).unwrap())
}

fn mode(text: &str) -> Mode {
    text.parse().unwrap()
}

fn file(uid: u16, gid: u16, text: &str) -> File {
    File::default().owned_by(uid.into(), gid.into()).with_mode(mode(text))
}

fn directory(uid: u16, gid: u16, text: &str) -> File {
    File { kind: FileKind::Directory, ..file(uid, gid, text) }
}

/// What a call fails with.
#[expect(clippy::needless_pass_by_value, reason = "outcomes are made for it")]
fn errno<T>(outcome: Outcome<T>) -> Option<Errno> {
    outcome.refusal().map(|refusal| refusal.errno)
}

/// Everything in a user namespace that maps users and groups 0 to 99 to these host ids on.
fn namespace(uid: &str, gid: &str, capabilities: &[Capability]) -> (System, Thread) {
    let mut system = System::default();
    let ns = system.user_namespaces.add(UserNs::INIT, Kuid::ROOT).unwrap();
    system.user_namespaces.set_uid_map(ns, &uid.parse::<IdMap>().unwrap()).unwrap();
    system.user_namespaces.set_gid_map(ns, &gid.parse::<IdMap>().unwrap()).unwrap();
    (system, of(RawCredentials { user_ns: ns, ..RawCredentials::user(1000) }, capabilities))
}

#[test]
fn the_class_of_the_caller_decides() {
    let opens = |raw: RawCredentials, file: &File, flags| {
        errno(open(&System::default(), &of(raw, &[]), file, flags, &mut Silent))
    };
    let own = || RawCredentials::user(1000);
    assert_eq!(opens(own(), &file(1000, 0, "0400"), OpenFlags::READ), None);
    assert_eq!(opens(own(), &file(1000, 0, "0400"), OpenFlags::WRITE), EACCES);
    assert_eq!(opens(own(), &file(1000, 1000, "0077"), OpenFlags::READ), EACCES, "the owner is no other");
    assert_eq!(opens(own(), &file(0, 1000, "0707"), OpenFlags::READ), EACCES, "nor is the group");
    assert_eq!(opens(own(), &file(0, 0, "0702"), OpenFlags::WRITE), None);
    let both = OpenFlags { read: true, ..OpenFlags::WRITE };
    assert_eq!(opens(own(), &file(0, 0, "0702"), both), EACCES);
    let mut grouped = own();
    grouped.groups = Groups::new(alloc::vec![Kgid::from(50)]);
    assert_eq!(opens(grouped, &file(0, 50, "0040"), OpenFlags::READ), None);
    // Neither the real nor the effective id is looked at.
    let mut apart = own();
    apart.uid.filesystem = 7.into();
    apart.gid.filesystem = 8.into();
    assert_eq!(opens(apart.clone(), &file(1000, 1000, "0660"), OpenFlags::READ), EACCES);
    assert_eq!(opens(apart.clone(), &file(7, 1, "0400"), OpenFlags::READ), None);
    assert_eq!(opens(apart, &file(0, 8, "0040"), OpenFlags::READ), None);
}

#[test]
fn two_capabilities_stand_in_for_the_mode() {
    let system = System::default();
    let opens = |with: &[Capability], file: &File, flags| errno(open(&system, &user(with), file, flags, &mut Silent));
    let (read_search, all) = ([Capability::DAC_READ_SEARCH], [Capability::DAC_OVERRIDE]);
    let (secret, closed) = (file(0, 0, "0000"), directory(0, 0, "0000"));
    let both = OpenFlags { read: true, ..OpenFlags::WRITE };
    assert_eq!(
        [OpenFlags::READ, OpenFlags::WRITE, both].map(|f| opens(&read_search, &secret, f)),
        [None, EACCES, EACCES]
    );
    assert_eq!([OpenFlags::READ, OpenFlags::WRITE, both].map(|f| opens(&all, &secret, f)), [None; 3]);
    assert_eq!([&read_search, &all].map(|with| opens(with, &closed, OpenFlags::READ)), [None; 2]);
    assert_eq!(opens(&all, &closed, OpenFlags::WRITE), Some(Errno::EISDIR));
    assert_eq!(opens(&[], &directory(1000, 0, "0700"), both), Some(Errno::EISDIR));
    // Searching is reading, in a directory; changing it is not.
    assert_eq!(super::search(&system, &user(&read_search), &closed, &mut Silent), Ok(()));
    assert!(super::search(&system, &user(&[]), &directory(0, 0, "0666"), &mut Silent).is_err());
    let makes = |with: &[Capability]| errno(mkdir(&system, &user(with), &closed, false, mode("0755"), &mut Silent));
    assert_eq!([makes(&read_search), makes(&all)], [EACCES, None]);
}

#[test]
fn owner_and_group_must_be_mapped_but_for_fowner() {
    let all = [Capability::DAC_OVERRIDE, Capability::FOWNER];
    let (system, thread) = namespace("0 1000 100", "0 1000 50", &all);
    let opens = |file: &File| errno(open(&system, &thread, file, OpenFlags::READ, &mut Silent));
    let touches = |file: &File| errno(utimensat(&system, &thread, file, Times::Given, &mut Silent));
    let (mapped, half, other) = (file(1001, 1001, "0000"), file(1001, 1060, "0000"), file(1100, 1001, "0000"));
    assert_eq!([&mapped, &half, &other].map(opens), [None, EACCES, EACCES]);
    assert_eq!([&mapped, &half, &other].map(touches), [None, None, EPERM]);
    // In a directory with the sticky bit the group counts.
    let tmp = directory(0, 0, "1777");
    let removes = |file: &File| errno(unlink(&system, &thread, file, &tmp, &mut Silent));
    assert_eq!([&mapped, &half, &other].map(removes), [None, EPERM, EPERM]);
}

#[test]
fn hiding_an_access_is_for_the_owner() {
    let noatime = OpenFlags { noatime: true, ..OpenFlags::READ };
    let opens = |thread: &Thread, file: &File| errno(open(&System::default(), thread, file, noatime, &mut Silent));
    assert_eq!(opens(&user(&[]), &file(0, 0, "0644")), EPERM);
    assert_eq!(opens(&user(&[]), &file(0, 0, "0640")), EACCES);
    assert_eq!(opens(&user(&[]), &file(1000, 0, "0400")), None);
    assert_eq!(opens(&user(&[Capability::FOWNER]), &file(0, 0, "0644")), None);
}

#[test]
fn settings_are_of_root_by_effective_id() {
    let system = System::default();
    let opens = |thread: &Thread, net, flags| errno(open_setting(&system, thread, net, flags, &mut Silent));
    let every: alloc::vec::Vec<_> = Capability::all_named().collect();
    assert_eq!(opens(&user(&every), false, OpenFlags::WRITE), EACCES);
    assert_eq!(opens(&user(&every), true, OpenFlags::WRITE), None);
    assert_eq!(opens(&user(&[]), true, OpenFlags::WRITE), EACCES);
    assert_eq!([false, true].map(|net| opens(&user(&[]), net, OpenFlags::READ)), [None; 2]);
    let mut raw = RawCredentials::user(1000);
    raw.uid.effective = Kuid::ROOT;
    assert_eq!(opens(&of(raw, &[]), false, OpenFlags::WRITE), None);
    let mut raw = RawCredentials::user(0);
    raw.uid.effective = 1000.into();
    assert_eq!(opens(&of(raw, &[]), false, OpenFlags::WRITE), EACCES);
    // The owner of the network namespace decides, not the caller's user namespace.
    let (system, mut thread) = namespace("0 1000 1", "0 1000 1", &[Capability::NET_ADMIN]);
    let writes = |thread: &Thread| errno(open_setting(&system, thread, true, OpenFlags::WRITE, &mut Silent));
    let raises = |thread: &Thread| errno(set_interface_flags(&system, thread, &mut Silent));
    assert_eq!((writes(&thread), raises(&thread)), (EACCES, EPERM));
    thread.namespaces.network = thread.credentials.user_ns;
    assert_eq!((writes(&thread), raises(&thread)), (None, None));
}

#[test]
fn safe_sources_can_be_linked() {
    let system = System { protected_hardlinks: true, ..System::default() };
    let links = |with: &[Capability], file: &File| errno(link(&system, &user(with), file, None, &mut Silent));
    for (text, kind, expected) in [
        ("0666", FileKind::Regular, None),
        ("0664", FileKind::Regular, EPERM),
        ("4666", FileKind::Regular, EPERM),
        ("2666", FileKind::Regular, None),
        ("2676", FileKind::Regular, EPERM),
        ("0666", FileKind::Fifo, EPERM),
    ] {
        let found = File { kind, ..file(0, 0, text) };
        assert_eq!(links(&[], &found), expected, "{text} {kind:?}");
        assert_eq!(links(&[Capability::FOWNER], &found), None);
    }
    assert_eq!(links(&[Capability::DAC_OVERRIDE], &file(0, 0, "0600")), None);
    assert_eq!(links(&[], &file(1000, 0, "4000")), None);
    assert_eq!(links(&[], &directory(1000, 0, "0755")), EPERM);
    // The source is judged before the directory of the new name, the kind of file after it.
    let closed = directory(0, 0, "0755");
    let into = |file: &File| errno(link(&system, &user(&[]), file, Some(&closed), &mut Silent));
    assert_eq!(
        [&file(0, 0, "0644"), &file(1000, 0, "0644"), &directory(1000, 0, "0755")].map(into),
        [EPERM, EACCES, EACCES]
    );
}

#[test]
fn the_directory_decides_about_its_names() {
    let system = System::default();
    let removes = |file: &File, from: &File| errno(unlink(&system, &user(&[]), file, from, &mut Silent));
    assert_eq!(removes(&file(0, 0, "0000"), &directory(0, 0, "0777")), None);
    assert_eq!(removes(&file(1000, 0, "0777"), &directory(0, 0, "0776")), EACCES);
    assert_eq!(removes(&file(1000, 0, "0777"), &directory(0, 0, "0775")), EACCES);
    assert_eq!(removes(&file(0, 0, "0777"), &directory(0, 0, "1777")), EPERM);
    assert_eq!(removes(&file(1000, 0, "0000"), &directory(0, 0, "1777")), None);
    assert_eq!(removes(&file(0, 0, "0000"), &directory(1000, 0, "1700")), None, "its own directory");
    assert_eq!(removes(&directory(0, 0, "0777"), &directory(0, 0, "0777")), Some(Errno::EISDIR));
    assert_eq!(removes(&directory(0, 0, "0777"), &directory(0, 0, "1777")), EPERM);
}

#[test]
fn times_and_attributes() {
    let system = System::default();
    let touches =
        |with: &[Capability], file: &File, times| errno(utimensat(&system, &user(with), file, times, &mut Silent));
    let (shared, own, secret) = (file(0, 0, "0666"), file(1000, 0, "0000"), file(0, 0, "0600"));
    assert_eq!([&shared, &own, &secret].map(|file| touches(&[], file, Times::Now)), [None, None, EACCES]);
    assert_eq!([&shared, &own, &secret].map(|file| touches(&[], file, Times::Given)), [EPERM, None, EPERM]);
    assert_eq!(touches(&[Capability::DAC_OVERRIDE], &secret, Times::Now), None);
    assert_eq!(touches(&[Capability::DAC_OVERRIDE], &secret, Times::Given), EPERM);
    let marks = |with: &[Capability], file: &File| errno(setxattr_user(&system, &user(with), file, &mut Silent));
    assert_eq!([&shared, &own, &secret].map(|file| marks(&[], file)), [None, EACCES, EACCES]);
    assert_eq!(marks(&[], &directory(0, 0, "1777")), EPERM);
    assert_eq!(marks(&[], &directory(0, 0, "0777")), None);
    assert_eq!(marks(&[Capability::FOWNER], &directory(0, 0, "1775")), EACCES);
    assert_eq!(marks(&[], &File { kind: FileKind::Socket, ..file(1000, 0, "0777") }), EPERM);
}

#[test]
fn flags_that_protect_a_file() {
    let sets = |with: &[Capability], file: &File, change| {
        errno(set_protecting_flags(&System::default(), &user(with), file, change, &mut Silent))
    };
    let (own, other) = (file(1000, 0, "0600"), file(0, 0, "0666"));
    let immutable = Capability::LINUX_IMMUTABLE;
    assert_eq!([sets(&[], &own, false), sets(&[], &own, true), sets(&[], &other, false)], [None, EPERM, EPERM]);
    assert_eq!([sets(&[immutable], &own, true), sets(&[immutable], &other, true)], [None, EPERM]);
    assert_eq!(sets(&[immutable, Capability::FOWNER], &other, true), None);
    let (system, thread) = namespace("0 1000 1", "0 1000 1", &[immutable]);
    assert_eq!(errno(set_protecting_flags(&system, &thread, &own, true, &mut Silent)), EPERM);
}

#[test]
fn nodes() {
    let node = |kind, device| Node { kind, mode: mode("0644"), device };
    let makes = |release: &str, with: &[Capability], node: Node, from: &File, taken| {
        let system = System { release: release.parse().unwrap(), ..System::default() };
        errno(mknod(&system, &user(with), from, taken, node, &mut Silent))
    };
    let (open, closed) = (directory(0, 0, "0777"), directory(0, 0, "0755"));
    let (whiteout, null) = (node(FileKind::CharacterDevice, [0, 0]), node(FileKind::CharacterDevice, [1, 3]));
    assert_eq!(makes("6.18", &[], null, &open, false), EPERM);
    assert_eq!(makes("6.18", &[Capability::MKNOD], null, &open, false), None);
    assert_eq!(
        [makes("6.18", &[], null, &closed, false), makes("6.18", &[], null, &closed, true)],
        [EACCES, Some(Errno::EEXIST)]
    );
    assert_eq!([makes("5.7", &[], whiteout, &open, false), makes("5.8", &[], whiteout, &open, false)], [EPERM, None]);
    assert_eq!(makes("5.8", &[], node(FileKind::BlockDevice, [0, 0]), &open, false), EPERM);
    let free = [FileKind::Regular, FileKind::Fifo, FileKind::Socket];
    assert_eq!(free.map(|kind| makes("6.18", &[], node(kind, [1, 3]), &open, false)), [None; 3]);
    // It must be effective in init.
    let (system, thread) = namespace("0 1000 1", "0 1000 1", &[Capability::MKNOD]);
    assert_eq!(errno(mknod(&system, &thread, &open, false, null, &mut Silent)), EPERM);
}

#[test]
fn new_files_in_a_setgid_directory() {
    let made = |release: &str, raw: RawCredentials, with: &[Capability], text: &str| {
        let system = System { release: release.parse().unwrap(), ..System::default() };
        let shared = directory(0, 50, "2777");
        let node = Node { kind: FileKind::Regular, mode: mode(text), device: [0, 0] };
        let file = mknod(&system, &of(raw, with), &shared, false, node, &mut Silent).granted().unwrap();
        (file.uid.number(), file.gid.number(), file.mode.bits())
    };
    let own = || RawCredentials::user(1000);
    assert_eq!(made("6.18", own(), &[], "2775"), (1000, 50, 0o775));
    assert_eq!(made("4.17", own(), &[], "2775"), (1000, 50, 0o2775));
    assert_eq!(made("6.18", own(), &[], "6765"), (1000, 50, 0o6765), "no x for the group");
    assert_eq!(made("6.18", own(), &[Capability::FSETID], "2775"), (1000, 50, 0o2775));
    let mut grouped = own();
    grouped.gid.filesystem = 50.into();
    assert_eq!(made("6.18", grouped, &[], "2775"), (1000, 50, 0o2775));
    // Without the bit, the filesystem ids are what a new file gets, and it keeps its mode.
    let mut apart = own();
    (apart.uid.filesystem, apart.gid.filesystem) = (7.into(), 8.into());
    let node = Node { kind: FileKind::Regular, mode: mode("6775"), device: [0, 0] };
    let open = directory(0, 50, "0777");
    let file = mknod(&System::default(), &of(apart, &[]), &open, false, node, &mut Silent).granted().unwrap();
    assert_eq!((file.uid.number(), file.gid.number(), file.mode.bits()), (7, 8, 0o6775));
    // mkdir takes no set-id bits.
    let made = |from: &File| {
        let made = mkdir(&System::default(), &user(&[]), from, false, mode("7755"), &mut Silent).granted().unwrap();
        (made.kind, made.gid.number(), made.mode.bits())
    };
    assert_eq!(made(&open), (FileKind::Directory, 1000, 0o1755));
    assert_eq!(made(&directory(0, 50, "2777")), (FileKind::Directory, 50, 0o3755));
}

#[test]
fn handles_need_init() {
    let opens = |thread: &Thread, system: &System| errno(open_by_handle_at(system, thread, &mut Silent));
    let needed = [Capability::DAC_READ_SEARCH];
    assert_eq!(opens(&user(&needed), &System::default()), None);
    assert_eq!(opens(&user(&[Capability::DAC_OVERRIDE, Capability::SYS_ADMIN]), &System::default()), EPERM);
    let (system, thread) = namespace("0 1000 1", "0 1000 1", &needed);
    assert_eq!(opens(&thread, &system), EPERM);
}
