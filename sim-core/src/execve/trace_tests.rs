//! What a witness of an execve is told: which rules applied, and what each moved, cleared or lacked.

use alloc::vec;
use alloc::vec::Vec;

use super::tests::{NONE, all, caps, mode, net_raw, thread, user};
use super::{Executed, Program, execve, execve_by_path};
use crate::capability::{CapSet, Capability};
use crate::credentials::{Groups, Ids, Kgid, Kuid, RawCredentials, Thread, Tracer};
use crate::file::{File, Mount, VfsCaps};
use crate::outcome::Outcome;
use crate::rule::{Condition, Effect, Event, Flow, Trace};
use crate::system::System;

fn run(thread: &Thread, file: &File) -> (Outcome<Executed>, Trace) {
    let mut trace = Trace::new();
    (execve(&System::default(), thread, &Program::from(file), &mut trace), trace)
}

fn applied(trace: &Trace, id: &str) -> Vec<Effect> {
    let effects = trace.events().iter().filter_map(|event| match event {
        Event::Applied { rule, effect } if rule.id == id => Some(*effect),
        _ => None,
    });
    effects.collect()
}

fn flow(trace: &Trace, id: &str) -> Option<Flow> {
    match applied(trace, id)[..] {
        [Effect::Bits(flow)] => Some(flow),
        _ => None,
    }
}

fn failed(trace: &Trace, id: &str) -> Option<Condition> {
    trace.events().iter().find_map(|event| match event {
        Event::NotApplied { rule, failed } if rule.id == id => Some(*failed),
        _ => None,
    })
}

#[test]
fn an_unknown_bit_of_a_file_is_told_whichever_set_it_is_in() {
    for (text, unknown) in [
        ("cap_kill=p", false),
        ("cap_kill=p 63=i", true),
        ("cap_kill=i 63=p", true),
        ("63=ip", true),
        ("63=i 62=p", true),
    ] {
        let (_, trace) = run(&thread(user()), &caps(text));
        assert_eq!(!applied(&trace, "execve.file-caps-unknown-bits").is_empty(), unknown, "{text}");
    }
}

#[test]
fn unknown_bits_of_a_file_are_as_if_they_were_not_there() {
    for text in ["63=p", "63=i", "63=ip"] {
        let (_, trace) = run(&thread(user()), &caps(text));
        let rules = ["execve.file-permitted", "execve.file-inheritable"].map(|rule| failed(&trace, rule));
        assert_eq!(rules, [Some(Condition::FilePermittedEmpty), Some(Condition::FileInheritableEmpty)], "{text}");
    }
    // What is left of a set is all that the thread could have let through.
    let (_, trace) = run(&thread(user()), &caps("cap_kill,63=ip"));
    let kill = CapSet::from(Capability::KILL);
    let withheld = |id| flow(&trace, id).map(|flow| flow.withheld);
    assert_eq!(withheld("execve.file-permitted"), Some(NONE));
    assert_eq!(withheld("execve.file-inheritable"), Some(kill));
}

#[test]
fn what_is_granted_twice_is_granted() {
    // By the file's permitted and by its inheritable set.
    let inheritable = RawCredentials { inheritable: net_raw(), ..user() };
    let (outcome, trace) = run(&thread(inheritable.clone()), &caps("cap_net_raw=eip"));
    assert_eq!(outcome.granted().unwrap().credentials.permitted, net_raw());
    for id in ["execve.file-permitted", "execve.file-inheritable"] {
        let flow = flow(&trace, id).unwrap();
        assert_eq!((flow.given, flow.withheld), (net_raw(), NONE), "{id}");
    }
    // To root by the bounding and by the inheritable set, and by the ambient set besides.
    let sets = RawCredentials { permitted: net_raw(), ambient: net_raw(), ..inheritable };
    let root = RawCredentials { uid: Ids::all(Kuid::ROOT), ..sets };
    let new = run(&thread(root), &File::default()).0.granted().unwrap().credentials;
    assert_eq!((new.permitted, new.ambient), (all(), net_raw()));
}

#[test]
fn what_the_file_has_and_the_thread_does_not_let_through_is_withheld() {
    let kill = CapSet::from(Capability::KILL);
    let bounded = RawCredentials { bounding: kill, inheritable: kill, ..user() };
    let (outcome, trace) = run(&thread(bounded), &caps("cap_net_raw,cap_kill=ip"));
    assert_eq!(outcome.granted().unwrap().credentials.permitted, kill);
    for id in ["execve.file-permitted", "execve.file-inheritable"] {
        let flow = flow(&trace, id).unwrap();
        assert_eq!((flow.given, flow.withheld), (kill, net_raw()), "{id}");
    }
}

#[test]
fn what_is_lost_is_told_to_be_removed() {
    let kill = CapSet::from(Capability::KILL);
    let had = RawCredentials { permitted: kill | net_raw(), effective: kill | net_raw(), ..user() };
    let (_, trace) = run(&thread(had), &caps("cap_net_raw=ep"));
    let (permitted, effective) = (flow(&trace, "execve.permitted"), flow(&trace, "execve.effective-permitted"));
    assert_eq!(permitted.map(|flow| (flow.given, flow.removed)), Some((net_raw(), kill)));
    assert_eq!(effective.map(|flow| (flow.given, flow.removed, flow.withheld)), Some((net_raw(), kill, NONE)));
    let (_, trace) = run(&thread(user()), &caps("cap_net_raw=p"));
    let effective = flow(&trace, "execve.effective-ambient");
    assert_eq!(effective.map(|flow| (flow.given, flow.removed, flow.withheld)), Some((NONE, NONE, net_raw())));
}

#[test]
fn a_nosuid_mount_is_told_if_it_takes_something_away() {
    let told = |file| {
        let mount = Mount { nosuid: true, noexec: false };
        let (_, trace) = run(&thread(user()), &File { mount, ..file });
        !applied(&trace, "execve.nosuid-mount").is_empty()
    };
    assert_eq!([told(mode(0o4755)), told(mode(0o2755)), told(caps("cap_kill=ep"))], [true; 3]);
    assert!(!told(File::default()));
}

#[test]
fn a_capability_is_lacking_where_it_would_help() {
    let lacking = |file: &File| match applied(&run(&thread(user()), file).1, "execve.execute-permission")[..] {
        [Effect::Refuses { lacking, .. }] => lacking,
        _ => panic!("not refused once"),
    };
    assert_eq!(lacking(&mode(0o700)), Capability::DAC_OVERRIDE.into());
    assert_eq!(lacking(&mode(0o644)), NONE, "a file nobody may execute");
}

#[test]
fn each_id_that_follows_is_told_and_none_that_stays() {
    let ids = |raw| applied(&run(&thread(raw), &File::default()).1, "execve.saved-ids").len();
    assert_eq!(ids(user()), 0);
    assert_eq!(failed(&run(&thread(user()), &File::default()).1, "execve.saved-ids"), Some(Condition::SavedIdsEqual));
    let uid = Ids::all(Kuid::from(1000));
    let saved = RawCredentials { uid: Ids { saved: 7.into(), ..uid }, ..user() };
    assert_eq!(ids(saved.clone()), 1);
    assert_eq!(failed(&run(&thread(saved), &File::default()).1, "execve.saved-ids"), None);
    assert_eq!(ids(RawCredentials { uid: Ids { saved: 7.into(), filesystem: 7.into(), ..uid }, ..user() }), 2);
}

#[test]
fn what_makes_an_exec_unsafe_matters_only_if_something_is_gained() {
    let rules = ["execve.unsafe-no-new-privs", "execve.unsafe-shared-fs", "execve.unsafe-traced"];
    let told = |thread: &Thread, file: &File| {
        let trace = run(thread, file).1;
        rules.map(|rule| !applied(&trace, rule).is_empty())
    };
    let tracer = Some(Tracer { has_sys_ptrace: false });
    let none = || thread(user());
    let circumstances = [
        thread(RawCredentials { no_new_privs: true, ..user() }),
        Thread { shares_fs: true, ..none() },
        Thread { tracer, ..none() },
    ];
    for (index, thread) in circumstances.iter().enumerate() {
        let mut expected = [false; 3];
        assert_eq!(told(thread, &File::default()), expected, "{index}");
        expected[index] = true;
        assert_eq!(told(thread, &caps("cap_net_raw=p")), expected, "{index}: a capability gained");
        let (outcome, trace) = run(thread, &caps("cap_net_raw=p"));
        assert_eq!(outcome.granted().unwrap().credentials.permitted, NONE, "{index}");
        assert_eq!(flow(&trace, "execve.unsafe-permitted").map(|flow| flow.removed), Some(net_raw()), "{index}");
    }
    assert_eq!(told(&none(), &caps("cap_net_raw=p")), [false; 3]);
    // Another identity alone is something gained.
    let shared = Thread { shares_fs: true, ..none() };
    assert_eq!(told(&shared, &mode(0o4755).owned_by(2000.into(), 0.into())), [false, true, false]);
    // CAP_SETUID keeps the identity, unless no_new_privs is set.
    let setuid = CapSet::from(Capability::SETUID);
    let able = RawCredentials { permitted: setuid, effective: setuid, ..user() };
    let effective = |thread: &Thread| {
        let file = mode(0o4755).owned_by(2000.into(), 0.into());
        run(thread, &file).0.granted().unwrap().credentials.uid.effective.number()
    };
    assert_eq!(effective(&Thread { shares_fs: true, ..thread(able.clone()) }), 2000);
    assert_eq!(effective(&shared), 1000);
    let both = Thread { shares_fs: true, ..thread(RawCredentials { no_new_privs: true, ..able }) };
    assert_eq!(effective(&both), 1000);
}

#[test]
fn each_file_on_the_way_is_looked_up_by_its_place() {
    let file = File::default();
    let program = Program { executable: &file, interpreters: &[&file, &file] };
    let mut places = Vec::new();
    let look_up = |place, _: &mut Trace| {
        places.push(place);
        Ok(())
    };
    let outcome = execve_by_path(&System::default(), &thread(user()), &program, look_up, &mut Trace::new());
    assert!(outcome.granted().is_some());
    assert_eq!(places, [0, 1, 2]);
}

/// Which of the rules of another identity and of `AT_SECURE` applied, before 6.17 and since, and `AT_SECURE` itself.
fn secure(raw: &RawCredentials, file: &File) -> [(Vec<&'static str>, bool); 2] {
    ["6.16", "6.17"].map(|release| {
        let system = System { release: release.parse().unwrap(), ..System::default() };
        let mut trace = Trace::new();
        let executed = execve(&system, &thread(raw.clone()), &Program::from(file), &mut trace).granted().unwrap();
        let about = ["execve.id-", "execve.at-secure-"];
        let rules = trace.applied_rules().into_iter().map(|rule| rule.id);
        let rules = rules.filter(|id| about.iter().any(|start| id.starts_with(start)));
        let rules = rules.map(|id| id.trim_start_matches("execve."));
        (rules.collect(), executed.at_secure)
    })
}

#[test]
fn an_exec_is_secure_for_another_identity() {
    let (uid, gid) = (Ids::all(Kuid::from(1000)), Ids::all(Kgid::from(1000)));
    let plain = File::default();
    let nothing = || (vec![], false);
    let differs = || (vec!["id-differs-from-real", "at-secure-id-change"], true);
    let differ = || (vec!["at-secure-ids-differ"], true);
    let changed = || (vec!["id-change", "at-secure-id-change", "at-secure-ids-differ"], true);
    assert_eq!(secure(&user(), &plain), [nothing(), nothing()]);
    // Ids that differed before: since 6.17 that is no change.
    let acting = RawCredentials { uid: Ids { real: 7.into(), ..uid }, ..user() };
    assert_eq!(secure(&acting, &plain), [differs(), differ()]);
    let acting_group = RawCredentials { gid: Ids { real: 7.into(), ..gid }, ..user() };
    assert_eq!(secure(&acting_group, &plain), [differs(), differ()]);
    // Set-id files.
    let of = |owner: u16, group: u16, bits| mode(bits).owned_by(owner.into(), group.into());
    assert_eq!(secure(&user(), &of(2000, 0, 0o4755)), [differs(), changed()]);
    assert_eq!(secure(&user(), &of(1000, 0, 0o4755)), [nothing(), nothing()]);
    assert_eq!(secure(&user(), &of(0, 2000, 0o2755)), [differs(), changed()]);
    assert_eq!(secure(&user(), &of(0, 1000, 0o2755)), [nothing(), nothing()]);
    let member = RawCredentials { groups: Groups::new(vec![2000.into()]), ..user() };
    assert_eq!(secure(&member, &of(0, 2000, 0o2755)), [differs(), differ()], "a group it is in already");
    // Back to the real user: a change since 6.17, none before.
    let back = (vec!["id-change", "at-secure-id-change"], true);
    assert_eq!(secure(&acting, &of(7, 0, 0o4755)), [nothing(), back]);
}

#[test]
fn an_exec_is_secure_for_capabilities_beyond_the_ambient() {
    let gained = (vec!["at-secure-capabilities"], true);
    let nothing = (vec![], false);
    let twice = |one: &(Vec<&'static str>, bool)| [one.clone(), one.clone()];
    assert_eq!(secure(&user(), &caps("cap_net_raw=p")), twice(&gained));
    assert_eq!(secure(&user(), &caps("cap_net_raw=ep")), twice(&gained));
    let flag_only = File::default().with_caps(VfsCaps::new(NONE, NONE, true));
    assert_eq!(secure(&user(), &flag_only), twice(&gained), "the flag is enough");
    assert_eq!(secure(&user(), &File::default().with_caps(VfsCaps::new(NONE, NONE, false))), twice(&nothing));
    let ambient = RawCredentials { permitted: net_raw(), inheritable: net_raw(), ambient: net_raw(), ..user() };
    assert_eq!(secure(&ambient, &File::default()), twice(&nothing));
    assert_eq!(secure(&RawCredentials::root(all()), &File::default()), twice(&nothing));
    assert_eq!(secure(&RawCredentials::root(all()), &caps("cap_net_raw=ep")), twice(&nothing), "the real user is 0");
}
