//! The measured rows of execve, on a table. The consequences of the formulas are scenarios of their own.

use alloc::vec::Vec;

use super::{Program, execve};
use crate::capability::{CapSet, Capability};
use crate::credentials::{
    Credentials, Groups, IdMap, Ids, Kgid, Kuid, RawCredentials, Securebits, Thread, Tracer, UserNs,
};
use crate::file::{File, Mode, Mount, Revision, VfsCaps, XattrError};
use crate::kernel::{Errno, Release};
use crate::outcome::Outcome;
use crate::rule::{Silent, Trace};
use crate::system::System;

pub(super) const NONE: CapSet = CapSet::EMPTY;

pub(super) fn net_raw() -> CapSet {
    Capability::NET_RAW.into()
}

pub(super) fn all() -> CapSet {
    Release::NEWEST.capabilities()
}

pub(super) fn user() -> RawCredentials {
    RawCredentials::user(1000)
}

/// User 1000 with CAP_NET_RAW permitted, inheritable and ambient.
fn ambient() -> RawCredentials {
    RawCredentials { permitted: net_raw(), inheritable: net_raw(), ambient: net_raw(), ..user() }
}

pub(super) fn thread(raw: RawCredentials) -> Thread {
    Thread::from(Credentials::try_from(raw).unwrap())
}

pub(super) fn caps(text: &str) -> File {
    File::default().with_caps(text.parse().unwrap())
}

pub(super) fn mode(bits: u16) -> File {
    File::default().with_mode(Mode::new(bits).unwrap())
}

/// What came out: permitted, effective, ambient, `AT_SECURE`; or the errno.
type Row = Result<(CapSet, CapSet, CapSet, bool), Errno>;

fn row(outcome: Outcome<super::Executed>) -> Row {
    match outcome {
        Outcome::Refused(refusal) => Err(refusal.errno),
        Outcome::Granted(executed) => {
            let new = &executed.credentials;
            Ok((new.permitted, new.effective, new.ambient, executed.at_secure))
        }
    }
}

#[track_caller]
fn check_in(system: &System, thread: &Thread, program: &Program<'_>, expected: Row) {
    let silent = execve(system, thread, program, &mut Silent);
    let traced = execve(system, thread, program, &mut Trace::new());
    assert_eq!(silent, traced, "a witness changes nothing");
    assert_eq!(row(silent), expected);
}

#[track_caller]
fn check(thread: &Thread, file: &File, expected: Row) {
    check_in(&System::default(), thread, &Program::from(file), expected);
}

#[test]
fn ordinary_files() {
    let plain = File::default();
    check(&Thread::from(Credentials::root(all())), &plain, Ok((all(), all(), NONE, false)));
    check(&thread(user()), &plain, Ok((NONE, NONE, NONE, false)));
    check(&thread(ambient()), &plain, Ok((net_raw(), net_raw(), net_raw(), false)));
}

#[test]
fn file_sets() {
    let inheritable = RawCredentials { inheritable: net_raw(), ..user() };
    check(&thread(inheritable.clone()), &caps("cap_net_raw=i"), Ok((net_raw(), NONE, NONE, true)));
    check(&thread(inheritable), &caps("cap_net_raw=ei"), Ok((net_raw(), net_raw(), NONE, true)));
    // What was ambient and effective is permitted only, for the file has capabilities and no flag.
    check(&thread(ambient()), &caps("cap_net_raw=i"), Ok((net_raw(), NONE, NONE, true)));
    check(&thread(user()), &caps("cap_net_raw,45,63=ep"), Ok((net_raw(), net_raw(), NONE, true)));
}

#[test]
fn bits_unknown_to_an_older_kernel_are_not_demanded() {
    let system = System { release: "5.4".parse().unwrap(), ..System::default() };
    let bounding = system.capabilities();
    let thread = thread(RawCredentials { bounding, ..user() });
    let file = caps("cap_net_raw,cap_bpf=ep");
    check_in(&system, &thread, &Program::from(&file), Ok((net_raw(), net_raw(), NONE, true)));
}

#[test]
fn set_id_files() {
    check(&thread(user()), &mode(0o4755), Ok((all(), all(), NONE, true)));
    check(&thread(ambient()), &mode(0o4755).owned_by(2000.into(), 0.into()), Ok((NONE, NONE, NONE, true)));
    check(&thread(ambient()), &mode(0o2755).owned_by(0.into(), 5000.into()), Ok((NONE, NONE, NONE, true)));
    // Without the group's x bit the set-group-ID bit means nothing.
    let kept = Ok((net_raw(), net_raw(), net_raw(), false));
    check(&thread(ambient()), &mode(0o2745).owned_by(0.into(), 5000.into()), kept);
    let both = File { caps: Some(Ok("cap_net_raw=ep".parse().unwrap())), ..mode(0o4755) };
    check(&thread(user()), &both, Ok((net_raw(), net_raw(), NONE, true)));
    let only_saved = RawCredentials { uid: Ids { saved: Kuid::ROOT, ..user().uid }, ..user() };
    check(&thread(only_saved), &File::default(), Ok((NONE, NONE, NONE, false)));
}

#[test]
fn set_id_sets_the_saved_and_filesystem_ids() {
    let file = mode(0o6755).owned_by(2000.into(), 3000.into());
    let thread = thread(user());
    let new = execve(&System::default(), &thread, &Program::from(&file), &mut Silent).granted().unwrap().credentials;
    let user = Kuid::from(2000);
    assert_eq!(new.uid, Ids { real: 1000.into(), effective: user, saved: user, filesystem: user });
    let group = Kgid::from(3000);
    assert_eq!(new.gid, Ids { real: 1000.into(), effective: group, saved: group, filesystem: group });
}

#[test]
fn securebits() {
    let noroot = RawCredentials { securebits: Securebits::NOROOT, ..user() };
    check(&thread(noroot.clone()), &mode(0o4755), Ok((NONE, NONE, NONE, true)));
    let file = File { caps: Some(Ok("cap_net_raw=ep".parse().unwrap())), ..mode(0o4755) };
    check(&thread(noroot), &file, Ok((net_raw(), net_raw(), NONE, true)));
    let cleared = |bits: u32| {
        let thread = thread(RawCredentials { securebits: Securebits::from_bits(bits), ..user() });
        let outcome = execve(&System::default(), &thread, &Program::from(&File::default()), &mut Silent);
        outcome.granted().unwrap().credentials.securebits.bits()
    };
    assert_eq!([cleared(0x10), cleared(0x30), cleared(0x5c0)], [0, 0x20, 0x5c0]);
}

#[test]
fn the_bounding_set_limits_set_user_id_root() {
    let bounding = CapSet::from(Capability::NET_ADMIN) | net_raw();
    check(&thread(RawCredentials { bounding, ..user() }), &mode(0o4755), Ok((bounding, bounding, NONE, true)));
}

#[test]
fn mounts() {
    let on = |mount, file: File| File { mount, ..file };
    let nosuid = Mount { nosuid: true, noexec: false };
    let kept = Ok((net_raw(), net_raw(), net_raw(), false));
    check(&thread(ambient()), &on(nosuid, mode(0o4755)), kept);
    check(&thread(ambient()), &on(nosuid, caps("cap_net_admin=ep")), kept);
    // No demand either: the file is as one without capabilities.
    let bounded = RawCredentials { bounding: net_raw(), ..ambient() };
    check(&thread(bounded), &on(nosuid, caps("cap_sys_resource=ep")), kept);
    let malformed = File { caps: Some(Err(XattrError::NoHeader { size: 2 })), ..File::default() };
    check(&thread(ambient()), &on(nosuid, malformed), kept);
    check(&thread(user()), &on(Mount { nosuid: false, noexec: true }, File::default()), Err(Errno::EACCES));
}

#[test]
fn execute_permission() {
    let refused = Err(Errno::EACCES);
    let granted = Ok((NONE, NONE, NONE, false));
    let of_user = |bits| mode(bits).owned_by(1000.into(), 0.into());
    check(&thread(user()), &mode(0o700), refused);
    check(&thread(user()), &of_user(0o700), granted);
    // The owner's bits count even if the others have more.
    check(&thread(user()), &of_user(0o077), refused);
    let member = RawCredentials { groups: Groups::new([Kgid::from(7)].into()), ..user() };
    let of_group = |bits| mode(bits).owned_by(0.into(), 7.into());
    check(&thread(member.clone()), &of_group(0o710), granted);
    check(&thread(member), &of_group(0o701), refused);
    // The filesystem id decides, not the effective one.
    let other = RawCredentials { uid: Ids { filesystem: 2000.into(), ..user().uid }, ..user() };
    check(&thread(other), &of_user(0o700), refused);
}

#[test]
fn dac_override_needs_some_x_bit() {
    let override_ = CapSet::from(Capability::DAC_OVERRIDE);
    let powerful = RawCredentials { permitted: override_, effective: override_, ..user() };
    check(&thread(powerful.clone()), &mode(0o700), Ok((NONE, NONE, NONE, false)));
    check(&thread(powerful.clone()), &mode(0o001).owned_by(1000.into(), 0.into()), Ok((NONE, NONE, NONE, false)));
    check(&thread(powerful), &mode(0o644), Err(Errno::EACCES));
    let permitted_only = RawCredentials { permitted: override_, ..user() };
    check(&thread(permitted_only), &mode(0o700), Err(Errno::EACCES));
    // DAC_READ_SEARCH gives no x, and user 0 without the capability is an ordinary user.
    let search = CapSet::from(Capability::DAC_READ_SEARCH);
    let searcher = RawCredentials { permitted: search, effective: search, ..user() };
    check(&thread(searcher), &mode(0o700), Err(Errno::EACCES));
    let weak_root = RawCredentials { permitted: NONE, effective: NONE, ..RawCredentials::root(all()) };
    check(&thread(weak_root), &mode(0o700).owned_by(1000.into(), 1000.into()), Err(Errno::EACCES));
}

#[test]
fn tracers() {
    let traced = |has_sys_ptrace, raw| Thread { tracer: Some(Tracer { has_sys_ptrace }), ..thread(raw) };
    check(&traced(false, user()), &mode(0o4755), Ok((NONE, NONE, NONE, true)));
    check(&traced(false, user()), &caps("cap_net_raw=ep"), Ok((NONE, NONE, NONE, true)));
    check(&traced(true, user()), &mode(0o4755), Ok((all(), all(), NONE, true)));
    // Nothing gained, nothing limited.
    check(&traced(false, ambient()), &File::default(), Ok((net_raw(), net_raw(), net_raw(), false)));
}

#[test]
fn scripts_are_judged_by_their_interpreter() {
    let system = System::default();
    let run = |raw, script: &File, interpreter: &File, expected| {
        check_in(&system, &thread(raw), &Program { executable: script, interpreters: &[interpreter] }, expected);
    };
    let plain = File::default();
    run(user(), &mode(0o4755), &plain, Ok((NONE, NONE, NONE, false)));
    run(user(), &plain, &caps("cap_net_raw=ep"), Ok((net_raw(), net_raw(), NONE, true)));
    run(ambient(), &caps("cap_net_raw=ep"), &plain, Ok((net_raw(), net_raw(), net_raw(), false)));
    run(user(), &plain, &mode(0o4755), Ok((all(), all(), NONE, true)));
    run(user(), &plain, &mode(0o700), Err(Errno::EACCES));
    run(user(), &mode(0o644), &plain, Err(Errno::EACCES));
}

#[test]
fn five_interpreters_at_most() {
    let file = File::default();
    let chain = |count| -> Vec<&File> { core::iter::repeat_n(&file, count).collect() };
    let run = |count, expected| {
        let interpreters = chain(count);
        let program = Program { executable: &file, interpreters: &interpreters };
        check_in(&System::default(), &thread(user()), &program, expected);
    };
    run(5, Ok((NONE, NONE, NONE, false)));
    run(6, Err(Errno::ELOOP));
}

#[test]
fn before_5_8_a_script_with_an_unusable_attribute_fails() {
    let (script, interpreter) = (caps("cap_net_raw=ep"), File::default());
    let program = Program { executable: &script, interpreters: &[&interpreter] };
    let check_at = |release: &str, expected| {
        let system = System { release: release.parse().unwrap(), ..System::default() };
        let bounding = CapSet::from(Capability::KILL);
        check_in(&system, &thread(RawCredentials { bounding, ..user() }), &program, expected);
    };
    check_at("5.7", Err(Errno::EPERM));
    check_at("5.8", Ok((NONE, NONE, NONE, false)));
    // On a nosuid mount the attribute was not looked at.
    let script = File { mount: Mount { nosuid: true, noexec: false }, ..script };
    let program = Program { executable: &script, interpreters: &[&interpreter] };
    let system = System { release: "5.7".parse().unwrap(), ..System::default() };
    let bounded = thread(RawCredentials { bounding: Capability::KILL.into(), ..user() });
    check_in(&system, &bounded, &program, Ok((NONE, NONE, NONE, false)));
}

#[test]
fn attributes_that_cannot_be_read() {
    let check_bytes = |bytes: &[u8], expected| {
        let file = File { caps: Some(VfsCaps::from_bytes(bytes)), ..File::default() };
        check(&thread(ambient()), &file, expected);
        let root = Thread::from(Credentials::root(all()));
        let as_root = execve(&System::default(), &root, &Program::from(&file), &mut Silent);
        assert_eq!(as_root.refusal().map(|refusal| refusal.errno), expected.err());
    };
    let mut bytes = VfsCaps::new(net_raw(), NONE, false).to_bytes();
    check_bytes(&bytes, Ok((net_raw(), NONE, NONE, true)));
    check_bytes(&[1, 0], Err(Errno::EINVAL));
    check_bytes(&bytes[..19], Err(Errno::EINVAL));
    check_bytes(&[bytes.as_slice(), &[0; 5]].concat(), Err(Errno::ERANGE));
    // Flags other than the effective one are ignored; a revision of 5 is not.
    bytes[1] = 0xff;
    check_bytes(&bytes, Ok((net_raw(), NONE, NONE, true)));
    bytes[3] = 5;
    check_bytes(&bytes, Err(Errno::EINVAL));
    let version_1 = VfsCaps { revision: Revision::V1, ..VfsCaps::new(net_raw(), NONE, true) };
    check_bytes(&version_1.to_bytes(), Ok((net_raw(), net_raw(), NONE, true)));
}

/// A system with one user namespace, and a thread in it as user `id` with everything permitted.
fn in_namespace(uid_map: &str, id: u32) -> (System, RawCredentials) {
    let mut system = System::default();
    let spaces = &mut system.user_namespaces;
    let ns = spaces.add(UserNs::INIT, 1000.into()).unwrap();
    let map: IdMap = uid_map.parse().unwrap();
    spaces.set_uid_map(ns, &map).unwrap();
    spaces.set_gid_map(ns, &map).unwrap();
    let uid = Ids::all(spaces.kuid(ns, id).unwrap());
    let gid = Ids::all(spaces.kgid(ns, id).unwrap());
    (system, RawCredentials { uid, gid, user_ns: ns, ..RawCredentials::root(all()) })
}

#[test]
fn user_namespaces() {
    let (system, raw) = in_namespace("0 1000 1", 0);
    let plain = File::default();
    check_in(&system, &thread(raw), &Program::from(&plain), Ok((all(), all(), NONE, false)));
    // Without a mapped root everything goes at the first exec.
    let (system, raw) = in_namespace("1000 1000 1", 1000);
    check_in(&system, &thread(raw.clone()), &Program::from(&plain), Ok((NONE, NONE, NONE, false)));
    // A file of the host counts in every namespace.
    let file = caps("cap_net_raw=ep");
    check_in(&system, &thread(raw.clone()), &Program::from(&file), Ok((net_raw(), net_raw(), NONE, true)));
    // Host root has no mapping here, so its set-user-ID files are ordinary.
    check_in(&system, &thread(raw), &Program::from(&mode(0o4755)), Ok((NONE, NONE, NONE, false)));
}

#[test]
fn set_id_needs_owner_and_group_mapped() {
    let (system, raw) = in_namespace("0 1000 1\n7 3000 1", 7);
    let of_root_here = mode(0o4755).owned_by(1000.into(), 0.into());
    check_in(&system, &thread(raw.clone()), &Program::from(&of_root_here), Ok((NONE, NONE, NONE, false)));
    let both_mapped = mode(0o4755).owned_by(1000.into(), 3000.into());
    check_in(&system, &thread(raw), &Program::from(&both_mapped), Ok((all(), all(), NONE, true)));
}

#[test]
fn root_ids_of_attributes() {
    let (system, raw) = in_namespace("0 1000 1\n7 3000 1", 7);
    let file = |rootid| File::default().with_caps(VfsCaps::new(net_raw(), NONE, true).for_root(rootid));
    let granted = Ok((net_raw(), net_raw(), NONE, true));
    let ignored = Ok((NONE, NONE, NONE, false));
    for (rootid, expected) in [(1000, granted), (3000, ignored), (0, granted), (u32::MAX, ignored)] {
        check_in(&system, &thread(raw.clone()), &Program::from(&file(rootid)), expected);
    }
    // On the host the attribute of a namespace is dead, for root included; what is ambient stays.
    check(&thread(ambient()), &file(1000), Ok((net_raw(), net_raw(), net_raw(), false)));
    check(&thread(ambient()), &file(0), Ok((net_raw(), net_raw(), NONE, true)));
}

#[test]
fn dac_override_needs_mapped_ids() {
    let (system, raw) = in_namespace("0 1000 1", 0);
    let unmapped = mode(0o700).owned_by(2000.into(), 2000.into());
    check_in(&system, &thread(raw.clone()), &Program::from(&unmapped), Err(Errno::EACCES));
    for (owner, group) in [(1000, 2000), (2000, 1000)] {
        let half_mapped = mode(0o110).owned_by(owner.into(), group.into());
        let raw = RawCredentials { uid: Ids::all(7.into()), gid: Ids::all(7.into()), ..raw.clone() };
        check_in(&system, &thread(raw), &Program::from(&half_mapped), Err(Errno::EACCES));
    }
    let mapped = mode(0o010).owned_by(1000.into(), 1000.into());
    check_in(&system, &thread(raw), &Program::from(&mapped), Ok((all(), all(), NONE, false)));
}

#[test]
fn whose_files_in_proc_are() {
    let memory = |thread: &Thread, file: &File| {
        execve(&System::default(), thread, &Program::from(file), &mut Silent).granted().unwrap().memory.dumpable
    };
    let user = Thread::from(Credentials::user(1000));
    let (plain, secret) = (File::default(), File::default().with_mode(Mode::new(0o711).unwrap()));
    assert!(memory(&user, &plain));
    assert!(!memory(&user, &secret), "may not be read");
    assert!(!memory(&user, &File::default().with_caps("cap_kill=ep".parse().unwrap())), "gains something");
    assert!(!memory(&user, &File::default().with_mode(Mode::new(0o4755).unwrap())), "another effective id");
    let uid = Ids { effective: 2000.into(), ..Ids::all(1000.into()) };
    let raw = RawCredentials { uid, ..RawCredentials::user(1000) };
    assert!(!memory(&Thread::from(Credentials::try_from(raw).unwrap()), &plain), "the ids differed before");
    let all = CapSet::from(Capability::DAC_READ_SEARCH);
    let root = Thread::from(Credentials::root(all));
    assert!(memory(&root, &secret), "the owner may read it");
}
