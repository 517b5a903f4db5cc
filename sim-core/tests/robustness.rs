//! No input makes the crate panic, and every error has a place.

#![allow(clippy::indexing_slicing, reason = "the bytes are at hand")]

use allocation_counter::measure;
use proptest::prelude::*;
use sim_core::file::VfsCaps;
use sim_core::scenario::{Loaded, MAX_SIZE, Options, explain_event, release_differences, verdict};
use sim_core::text::{CapText, Status, parse_getcap_line};

const SCENARIO: &str = r#"{
  "kernel": "6.18", "sysctl": {"net.ipv4.ip_unprivileged_port_start": 80, "kernel.perf_event_paranoid": -1, "fs.nr_open": 64},
  "user_namespaces": {"c": {"owner": 1000, "uid_map": "0 1000 1\n1 100000 65536", "gid_map": "0 1000 1"}},
  "process": {"uid": [0, 1, 2, 0], "groups": [0], "permitted": "all", "inheritable": "cap_kill", "ambient": "none",
    "securebits": ["noroot"], "no_new_privs": false, "user_ns": "c", "traced": {"tracer_has_sys_ptrace": true}},
  "files": {"/a": {"caps": "cap_kill=ep", "mode": "4755", "interpreter": "/b"}, "/b": {"caps": {"bytes": "0100000200"}}},
  "steps": [{"execve": "/a"}, {"capset": {"effective": "none", "permitted": "all", "inheritable": "0x20"}},
    {"prctl": ["PR_CAP_AMBIENT", "PR_CAP_AMBIENT_RAISE", "cap_kill"]}, {"bind": {"port": 80}, "expect": {"errno": "EACCES"}},
    {"setrlimit": {"resource": "RLIMIT_NOFILE", "present": 9, "wanted": "RLIM_INFINITY"}}, {"mlock": {"limit": 4096, "bytes": 5}},
    {"keyctl": {"operation": "KEYCTL_CHOWN", "uid": -1}}, {"socket": {"domain": "AF_PACKET", "type": "SOCK_RAW"}},
    {"setcap": {"path": "/a", "caps": {"revision": 3, "rootid": 1}}, "expect": {"file": {"uid": 0, "caps": null}}},
    {"chown": {"path": "/b", "uid": -1, "gid": 0}}, {"chmod": {"path": "/a", "mode": "2755"}}, {"getxattr": {"path": "/b"}},
    {"write": {"path": "/a", "bytes": 9}}, {"truncate": {"path": "/a", "size": -1}}, {"removexattr": {"path": "/a"}}]
}"#;

/// Reads and, if it can be read, runs and explains.
fn exercise(text: &[u8]) {
    match Loaded::read(text, &Options::default()) {
        Err(error) => {
            assert!(error.line >= 1 && error.column >= 1 && !error.message.is_empty(), "{error:?}");
            assert!(error.line <= text.split(|byte| *byte == b'\n').count(), "{error:?}");
        }
        Ok(loaded) => {
            let mut simulation = sim_core::scenario::Simulation::new(loaded.world.clone());
            for step in &loaded.scenario.steps {
                let outcome = simulation.perform(&step.call);
                assert!(!verdict(&outcome).is_empty());
                assert!(outcome.trace.events().iter().all(|event| !explain_event(event).is_empty()));
            }
            release_differences(&loaded.scenario, &Options::default());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        exercise(&bytes);
    }

    #[test]
    fn a_scenario_with_bytes_changed(changes in prop::collection::vec((0..SCENARIO.len(), any::<u8>()), 1..6)) {
        let mut bytes = SCENARIO.as_bytes().to_vec();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        exercise(&bytes);
    }

    #[test]
    fn a_scenario_cut_and_pasted(from in 0..SCENARIO.len(), length in 0..60usize, to in 0..SCENARIO.len()) {
        let piece: Vec<u8> = SCENARIO.bytes().skip(from).take(length).collect();
        let mut bytes = SCENARIO.as_bytes().to_vec();
        bytes.splice(to..to, piece);
        exercise(&bytes);
        bytes.truncate(from);
        exercise(&bytes);
    }

    #[test]
    fn any_attribute(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(caps) = VfsCaps::from_bytes(&bytes) {
            prop_assert_eq!(caps.to_bytes(), bytes);
        }
    }

    #[test]
    fn any_texts(text in "[ -~\n\t]{0,60}|(cap_(kill|chown)|all|[0-9x]{1,3}|[=+,eip -]){0,12}") {
        if let Ok(sets) = text.parse::<CapText>() {
            // What is printed means the same, read again.
            prop_assert_eq!(sets.to_string().parse::<CapText>(), Ok(sets));
        }
        let _ = parse_getcap_line(&text);
        let _ = Status::parse(&text);
    }
}

#[test]
fn reading_the_largest_texts_takes_bounded_memory() {
    let filled = |before: &str, unit: &str, after: &str| {
        let count = (MAX_SIZE - before.len() - after.len()) / unit.len();
        format!("{before}{}{after}", unit.repeat(count))
    };
    let texts = [
        filled(r#"{"process": {"groups": ["#, "0,", "0]}}"),
        filled(r#"{"process": {"groups": ["#, "[],", "0]}}"),
        filled(r#"{"process": {"#, r#""":0,"#, r#""uid":0}}"#),
        filled(r#"{"files": {"#, r#""/":0,"#, r#""/x":{}}}"#),
        filled(r#"{"steps": [{"x": "#, "[", ""),
        filled("", "[", "]"),
        filled(r#"{"title": ""#, r"\n", r#""}"#),
        filled(r#"{"steps": ["#, r#"{"capget":{},"expect":{"call":"#, ""),
    ];
    for text in texts {
        assert!(text.len() > MAX_SIZE - 100 && text.len() <= MAX_SIZE);
        let allocated = measure(|| drop(Loaded::read(&text, &Options::default())));
        assert!(allocated.bytes_max < 24 << 20, "{text:.40}: {} bytes", allocated.bytes_max);
    }
}

#[test]
fn many_groups_in_many_steps_are_refused_at_their_place() {
    let text = |groups: usize, steps: usize| {
        let groups = vec!["7"; groups].join(",");
        let steps = vec![r#"{"capget": {}}"#; steps].join(",");
        format!(r#"{{"process": {{"groups": [{groups}]}}, "steps": [{steps}]}}"#)
    };
    let error = Loaded::read(text(60_000, 10_000), &Options::default()).unwrap_err();
    assert_eq!((error.path.as_str(), error.column), ("process.groups", 24), "{error}");
    assert!(Loaded::read(text(60_000, 60), &Options::default()).is_ok());
    assert!(Loaded::read(text(16, 10_000), &Options::default()).is_ok());
    let set = text(1, 9_999).replacen(
        r#"{"capget": {}}"#,
        &format!(r#"{{"setgroups": [{}]}}"#, vec!["7"; 500].join(",")),
        1,
    );
    assert_eq!(Loaded::read(set, &Options::default()).unwrap_err().path, "steps[0].setgroups");
}
