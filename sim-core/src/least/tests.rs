use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};

use proptest::prelude::*;

use super::phase::with_capabilities;
use super::{Beginning, DependsOn, LeastOfPhase, Operation, Shown, Unknown, phases};
use crate::capability::{CapSet, Capability};
use crate::scenario::{Call, FileResult, Loaded, Options, ProcessResult, Simulation, World};

fn loaded(text: &str) -> Loaded {
    Loaded::read(text, &Options::default()).unwrap()
}

fn least(text: &str) -> Vec<LeastOfPhase> {
    let loaded = loaded(text);
    let operations = Operation::of_steps(&loaded.scenario.steps);
    phases(&loaded.world, &operations).phases.iter().map(|phase| phase.least(&operations)).collect()
}

#[test]
fn a_search_that_ends_early_still_has_a_set() {
    use super::search::{Course, Smallest, smallest};
    let all = CapSet::up_to(Capability::LAST_NAMED);
    let needed: CapSet = [Capability::CHOWN, Capability::NET_RAW, Capability::SYS_TIME].into_iter().collect();
    let judge = |set: CapSet| if needed.is_subset(set) { Course::Through } else { Course::Stopped(0, set & needed) };
    let search = |most| smallest(all, most, judge);
    assert_eq!(search(100), Smallest { sets: vec![needed], complete: false });
    assert_eq!(search(usize::MAX).sets.len(), 1);
}

fn call(text: &str) -> Call {
    serde_json::from_str(text).unwrap()
}

fn sets(phase: &LeastOfPhase) -> Vec<String> {
    phase.sets.iter().map(|set| set.in_words().to_string()).collect()
}

#[test]
fn phases_end_where_capabilities_come_and_go() {
    let loaded = loaded(
        r#"{ "files": { "/bin/sh": {} }, "steps": [
            { "setgid": 33 }, { "setresuid": [33, 33, 0] }, { "socket": { "domain": "AF_PACKET", "type": "SOCK_RAW" } },
            { "setresuid": [-1, 0, -1] }, { "execve": "/bin/sh" } ] }"#,
    );
    let operations = Operation::of_steps(&loaded.scenario.steps);
    let walk = phases(&loaded.world, &operations);
    let begun: Vec<_> = walk.phases.iter().map(|phase| (phase.begun.clone(), phase.operations.clone())).collect();
    assert_eq!(begun, [(Beginning::Start, 0..2), (Beginning::LeftRoot, 2..4), (Beginning::BecameRoot, 4..5),]);
    let found: Vec<_> = walk.phases.iter().map(|phase| sets(&phase.least(&operations))).collect();
    assert_eq!(found, [["CAP_SETGID, CAP_SETUID"], ["CAP_NET_RAW"], ["nothing"]]);
    assert_eq!(walk.end.thread.credentials.uid.effective.number(), 0);
}

#[test]
fn alternatives_are_told_and_the_weakest_comes_first() {
    let text = r#"{ "process": { "uid": 1000 }, "files": { "/secret": { "mode": "0600" } }, "steps": [
        { "perf_event_open": { "exclude_kernel": false } }, { "open": { "path": "/secret", "flags": [] } } ] }"#;
    let [found] = &least(text)[..] else { panic!() };
    assert_eq!(
        sets(found),
        [
            "CAP_DAC_READ_SEARCH, CAP_PERFMON",
            "CAP_DAC_OVERRIDE, CAP_PERFMON",
            "CAP_DAC_READ_SEARCH, CAP_SYS_ADMIN",
            "CAP_DAC_OVERRIDE, CAP_SYS_ADMIN",
        ]
    );
    let needs: Vec<_> = found.needs.iter().map(|need| (need.capability, need.operations.clone())).collect();
    assert_eq!(needs, [(Capability::DAC_READ_SEARCH, vec![1]), (Capability::PERFMON, vec![0])]);
    assert!(found.complete && found.unexplained.is_empty());
}

#[test]
fn a_call_that_comes_out_otherwise_is_not_let_through() {
    // Without CAP_FSETID chmod succeeds and the set-group-ID bit is lost.
    let text = r#"{ "process": { "uid": 1000, "gid": 1000 }, "files": { "/f": { "uid": 1000, "gid": 5 } },
        "steps": [ { "chmod": { "path": "/f", "mode": "2755" } } ] }"#;
    assert_eq!(sets(&least(text)[0]), ["CAP_FSETID"]);
    // Without CAP_SETUID setuid succeeds and leaves the saved id.
    let text = r#"{ "process": { "uid": [1000, 0, 0, 0] }, "steps": [ { "setuid": 1000 } ] }"#;
    assert_eq!(sets(&least(text)[0]), ["CAP_SETUID"]);
}

#[test]
fn a_program_that_knows_of_capabilities() {
    let text = r#"{ "process": { "uid": 1000 }, "steps": [
        { "capset": { "effective": "none", "permitted": "cap_net_bind_service,cap_kill", "inheritable": "none" } },
        { "bind": { "port": 80 }, "expect": { "errno": "EACCES" } },
        { "capset": { "effective": "cap_net_bind_service", "permitted": "cap_net_bind_service", "inheritable": "none" } },
        { "bind": { "port": 80 } } ] }"#;
    let found = &least(text)[0];
    assert_eq!(sets(found), ["CAP_KILL, CAP_NET_BIND_SERVICE"]);
    assert_eq!(found.refused.len(), 1);
    assert_eq!(found.refused[0].helps, [CapSet::from(Capability::NET_BIND_SERVICE)]);
}

#[test]
fn a_call_is_refused_with_what_is_not_effective() {
    let text = r#"{ "process": { "uid": 1000 }, "steps": [
        { "bind": { "port": 80 }, "expect": { "errno": "EACCES" } }, { "bind": { "port": 81 } } ] }"#;
    let found = &least(text)[0];
    assert_eq!(found.refused[0].helps, [CapSet::from(Capability::NET_BIND_SERVICE)]);
    assert!(!found.refused[0].unexplained);
    let text = r#"{ "steps": [ { "bind": { "port": 8080 }, "expect": { "errno": "EACCES" } } ] }"#;
    assert!(least(text)[0].refused[0].unexplained);
}

#[test]
fn calls_are_blamed_for_their_own_needs() {
    let text = r#"{ "files": { "/f": {} }, "steps": [
        { "chown": { "path": "/f", "uid": 33 } }, { "chmod": { "path": "/f", "mode": "0700" } }, { "setgid": 33 },
        { "setresuid": [33, 33, 0] } ] }"#;
    let needs: Vec<_> = least(text)[0].needs.iter().map(|need| (need.capability, need.operations.clone())).collect();
    let expected = [
        (Capability::CHOWN, vec![0]),
        (Capability::FOWNER, vec![1]),
        (Capability::SETGID, vec![2]),
        (Capability::SETUID, vec![3]),
    ];
    assert_eq!(needs, expected);
}

#[test]
fn what_no_capability_helps_counts_for_nothing() {
    let text = r#"{ "process": { "no_new_privs": true }, "steps": [
        { "bpf": { "command": "BPF_MAP_CREATE" }, "expect": { "errno": "EPERM" } },
        { "clock_settime": { "clock": "CLOCK_MONOTONIC" } }, { "reboot": {}, "expect": { "errno": "EINVAL" } } ] }"#;
    let found = &least(text)[0];
    assert_eq!((sets(found), &found.unexplained[..]), (vec!["nothing".to_string()], &[1][..]));
    assert_eq!(found.refused[0].helps, [Capability::BPF, Capability::SYS_ADMIN].map(CapSet::from));
}

fn operation(text: &str, shown: Shown, unknown: Unknown) -> Operation {
    Operation { call: call(text), shown, unknown: Some(unknown) }
}

#[test]
fn what_is_not_known_is_kind_for_certain_and_unkind_for_perhaps() {
    let files = |text: &str, shown| operation(text, shown, Unknown::Files);
    let limit = Box::new(call(r#"{"mlock": {"limit": 0, "bytes": 4096}}"#));
    let operations = [
        files(r#"{"open": {"path": "/etc/shadow", "flags": []}}"#, Shown::Succeeded),
        files(r#"{"open": {"path": "/etc/motd", "flags": []}}"#, Shown::Succeeded),
        files(r#"{"chown": {"path": "/srv", "uid": 33}}"#, Shown::Succeeded),
        files(r#"{"chmod": {"path": "/srv", "mode": "0700"}}"#, Shown::Succeeded),
        files(r#"{"mkdir": {"path": "/var/a", "mode": "0755"}}"#, Shown::Succeeded),
        operation(r#"{"kill": {"target": {}}}"#, Shown::Succeeded, Unknown::Target),
        operation(r#"{"mlock": {"limit": "RLIM_INFINITY", "bytes": 4096}}"#, Shown::Succeeded, Unknown::Value(limit)),
        files(r#"{"unlink": {"path": "/etc/x"}}"#, Shown::Refused),
    ];
    let walk = phases(&loaded("{}").world, &operations);
    let found = walk.phases[0].least(&operations);
    assert_eq!(sets(&found), ["CAP_CHOWN, CAP_FOWNER"], "the directory was given away before its mode was changed");
    let words = |sets: &[CapSet]| sets.iter().map(|set| set.in_words().to_string()).collect::<Vec<_>>();
    let depends: Vec<_> = found
        .depends
        .iter()
        .map(|depends| (depends.on, words(&depends.alternatives), depends.operations.clone()))
        .collect();
    let one = |text: &str| vec![text.to_string()];
    let reads = vec!["CAP_DAC_READ_SEARCH".to_string(), "CAP_DAC_OVERRIDE".to_string()];
    assert!(depends.contains(&(DependsOn::Files, reads, vec![0, 1])), "{depends:?}");
    assert!(depends.contains(&(DependsOn::Files, one("CAP_DAC_OVERRIDE"), vec![4])), "{depends:?}");
    assert!(depends.contains(&(DependsOn::Target, one("CAP_KILL"), vec![5])), "{depends:?}");
    assert!(depends.contains(&(DependsOn::Value, one("CAP_IPC_LOCK"), vec![6])), "{depends:?}");
    let refused = &found.refused[0];
    assert_eq!((refused.operation, refused.depends_on, refused.unexplained), (7, Some(DependsOn::Files), false));
    assert_eq!(words(&refused.helps), ["CAP_DAC_OVERRIDE"]);
}

#[test]
fn a_phase_as_a_scenario_holds() {
    let text = r#"{ "process": { "uid": 1000 }, "files": { "/secret": { "mode": "0600" } }, "steps": [
        { "open": { "path": "/secret", "flags": [] } }, { "bind": { "port": 80 } } ] }"#;
    let loaded = loaded(text);
    let operations = Operation::of_steps(&loaded.scenario.steps);
    let walk = phases(&loaded.world, &operations);
    let found = walk.phases[0].least(&operations);
    for set in core::iter::once(found.set()).chain(found.set().iter().map(|c| found.set() - c.into())) {
        let written = serde_json::to_string(&walk.phases[0].scenario(&operations, set).unwrap()).unwrap();
        let result = self::loaded(&written).run();
        assert!(result.ok, "{written}");
        assert_eq!(result.steps.iter().all(|step| step.errno.is_none()), set == found.set());
    }
}

/// Calls that ask for a capability, or for one of several, or change what later ones meet.
const CALLS: [&str; 24] = [
    r#"{"bind":{"port":80}}"#,
    r#"{"bind":{"port":8080}}"#,
    r#"{"setuid":1000}"#,
    r#"{"setresuid":[1000,1000,0]}"#,
    r#"{"setresuid":[-1,2000,-1]}"#,
    r#"{"setgid":1000}"#,
    r#"{"setgroups":[]}"#,
    r#"{"prctl":["PR_CAPBSET_DROP","cap_kill"]}"#,
    r#"{"prctl":["PR_SET_KEEPCAPS",1]}"#,
    r#"{"prctl":["PR_CAP_AMBIENT","PR_CAP_AMBIENT_RAISE","cap_kill"]}"#,
    r#"{"prctl":["PR_SET_SECUREBITS",1]}"#,
    r#"{"capset":{"effective":"none","permitted":"cap_net_raw,cap_chown","inheritable":"cap_kill"}}"#,
    r#"{"capset":{"effective":"cap_net_raw","permitted":"cap_net_raw","inheritable":"none"}}"#,
    r#"{"open":{"path":"/d/secret","flags":[]}}"#,
    r#"{"open":{"path":"/d/secret","flags":["O_WRONLY"]}}"#,
    r#"{"open":{"path":"/d/secret","flags":["O_NOATIME"]}}"#,
    r#"{"chown":{"path":"/d/secret","uid":1000}}"#,
    r#"{"chmod":{"path":"/d/secret","mode":"2755"}}"#,
    r#"{"unlink":{"path":"/d/secret"}}"#,
    r#"{"mkdir":{"path":"/d/new","mode":"0755"}}"#,
    r#"{"perf_event_open":{"exclude_kernel":false}}"#,
    r#"{"setsockopt":{"option":"SO_MARK","value":1}}"#,
    r#"{"unshare":{"flags":["CLONE_NEWNS"]}}"#,
    r#"{"unshare":{"flags":["CLONE_NEWUSER"],"user_ns":"own"}}"#,
];

const WORLDS: [&str; 4] = [
    r#""process":{}"#,
    r#""process":{"uid":1000,"gid":1000}"#,
    r#""process":{"uid":[1000,0,1000,0],"gid":[5,6,7,6]}"#,
    r#""kernel":"5.4","process":{"uid":0,"securebits":["no_setuid_fixup"]}"#,
];

/// What a call comes to, as far as it counts.
type Came = ([u32; 4], [u32; 4], Vec<u32>, Option<FileResult>);

fn came(process: &ProcessResult, file: Option<FileResult>) -> Came {
    (process.uid, process.gid, process.groups.clone(), file)
}

/// What the calls come to with a set; none for one that is refused.
fn run(world: &World, calls: &[&Call], set: CapSet) -> Vec<Option<Came>> {
    let mut simulation = Simulation::new(with_capabilities(world, set));
    let one = |call: &&Call| {
        let outcome = simulation.perform(call);
        outcome.refusal.is_none().then(|| came(outcome.process(), outcome.file.clone()))
    };
    calls.iter().map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_found_sets_let_all_through_and_no_smaller_one_does(
        world in proptest::sample::select(&WORLDS[..]),
        steps in proptest::collection::vec(proptest::sample::select(&CALLS[..]), 1..7),
    ) {
        let mut steps = steps;
        // A user namespace is made, and a directory, once.
        let mut once = alloc::collections::BTreeSet::new();
        steps.retain(|step| once.insert(*step) || !(step.contains("NEWUSER") || step.contains("mkdir")));
        let files = r#""/d":{"directory":true,"uid":5,"mode":"1755"},"/d/secret":{"gid":3,"mode":"0600"}"#;
        let text = format!(r#"{{{world},"files":{{{files}}},"steps":[{}]}}"#, steps.join(","));
        let loaded = loaded(&text);
        let operations = Operation::of_steps(&loaded.scenario.steps);
        for phase in phases(&loaded.world, &operations).phases {
            let found = phase.least(&operations);
            prop_assert!(found.complete && !found.sets.is_empty());
            let counted = |index: &usize| !found.unexplained.contains(index);
            let calls: Vec<_> = phase.operations.clone().filter(counted).map(|index| &operations[index].call).collect();
            let all = phase.world.all;
            let expected = run(&phase.world, &calls, all);
            prop_assert!(expected.iter().all(Option::is_some));
            let through = |set| run(&phase.world, &calls, set) == expected;
            // Every subset of what can be asked for here, from nothing on.
            let universe: CapSet = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 13, 21, 38]
                .into_iter().filter_map(Capability::from_number).filter(|c| all.contains(*c)).collect();
            let all_found = found.sets.iter().fold(CapSet::EMPTY, |all, set| all | *set);
            prop_assert!(all_found.is_subset(universe), "{all_found}");
            let members: Vec<_> = universe.iter().collect();
            let mut smallest: Vec<CapSet> = Vec::new();
            let mut subsets: Vec<CapSet> = (0..1_u64 << members.len())
                .map(|bits| (0..).zip(&members).filter(|(at, _)| bits >> at & 1 == 1).map(|(_, c)| *c).collect())
                .collect();
            subsets.sort_by_key(|set| (set.len(), set.bits()));
            for set in subsets {
                if !smallest.iter().any(|smaller| smaller.is_subset(set)) && through(set) {
                    smallest.push(set);
                }
            }
            let mut sets = found.sets.clone();
            sets.sort_by_key(|set| (set.len(), set.bits()));
            prop_assert_eq!(sets, smallest);
        }
    }
}
