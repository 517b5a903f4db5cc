//! What fixes are called in each engine's words.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::capability::{CapSet, Capability};
use crate::scenario::{Loaded, Options, Scenario};
use crate::search::{Goal, Limits, Search, fixes};

fn scenario(text: &str) -> Scenario {
    Loaded::read(text, &Options::default()).unwrap().scenario
}

fn search(text: &str) -> Search {
    let scenario = scenario(text);
    let goal = Goal::first_refused(&scenario, &Options::default()).unwrap();
    let search = fixes(&scenario, &goal, &Limits::default(), &Options::default());
    assert!(search.complete && search.failure.is_some());
    search
}

/// The commands of each fix, in order.
fn commands(text: &str) -> Vec<String> {
    search(text).fixes.iter().map(|fix| fix.commands.join("\n")).collect()
}

fn container(runtime: &str, caps: &str) -> String {
    format!(
        r#"{{ "runtime": {{ {runtime} }}, "files": {{ "/bin/x": {{ "caps": {caps} }} }},
            "steps": [ {{ "execve": "/bin/x" }}, {{ "bind": {{ "port": 80 }} }} ] }}"#
    )
}

#[test]
fn docker_run_without_the_dropped_capability() {
    let runtime = r#""engine": "docker", "user": "1000", "cap_drop": ["ALL"]"#;
    let found = commands(&container(runtime, "\"cap_net_bind_service=ep\""));
    let known =
        ["setcap -r /bin/x", "setcap cap_net_bind_service=p /bin/x", "docker run --cap-add NET_BIND_SERVICE …"];
    assert_eq!(found, known);
    let runtime = r#""engine": "docker", "user": "1000", "cap_drop": ["NET_BIND_SERVICE"]"#;
    let found = commands(&container(runtime, "\"cap_net_bind_service=ep\""));
    assert!(found.iter().any(|text| text == "docker run without --cap-drop NET_BIND_SERVICE"), "{found:?}");
}

#[test]
fn podman_makes_what_is_added_ambient() {
    let found = commands(&container(r#""engine": "podman", "user": "1000""#, "null"));
    let known = [
        "podman run --sysctl net.ipv4.ip_unprivileged_port_start=80 …",
        "podman run --cap-add NET_BIND_SERVICE …",
        "setcap cap_net_bind_service=ep /bin/x",
    ];
    assert_eq!(found.get(..3).unwrap(), known);
    assert_eq!(found.last().unwrap(), "chmod 4755 /bin/x");
}

#[test]
fn docker_leaves_the_host_network_or_is_upgraded() {
    let runtime =
        r#""engine": "docker", "version": "24.0", "user": "1000", "no_new_privileges": true, "host_network": true"#;
    let found = commands(&container(runtime, "\"cap_net_bind_service=ep\""));
    for command in [
        "docker run without --network host",
        "upgrade the engine to 25.0 or later",
        "docker run without --security-opt no-new-privileges",
    ] {
        assert!(found.iter().any(|text| text == command), "{command} in {found:?}");
    }
    assert!(!found.iter().any(|text| text.contains("27.0")), "the earliest version is enough");
}

#[test]
fn kubernetes_is_told_in_yaml() {
    let runtime = r#""engine": "containerd", "version": "1.7", "kubernetes": true, "user": "1000", "no_new_privileges": true,
        "cap_drop": ["ALL"]"#;
    let found = commands(&container(runtime, "\"cap_net_bind_service=ep\""));
    let yaml = "containers:\n- securityContext:\n    capabilities:\n      add: [NET_BIND_SERVICE]\n      drop: [ALL]";
    assert_eq!(found.last().unwrap(), yaml);
}

#[test]
fn a_unit_is_given_lines() {
    let unit = r#""engine": "systemd", "user": "1000", "unit": { "bounding": "cap_kill" }"#;
    let found = commands(&container(unit, "null"));
    let lines =
        "[Service]\nAmbientCapabilities=CAP_NET_BIND_SERVICE\nCapabilityBoundingSet=CAP_KILL CAP_NET_BIND_SERVICE";
    assert_eq!(found.first().unwrap(), lines);
    let unit =
        r#""engine": "systemd", "user": "1000", "unit": { "user_manager": true, "ambient": "cap_net_bind_service" }"#;
    let found = commands(&container(unit, "null"));
    let known =
        ["[Service]\nAmbientCapabilities=", "move the unit to /etc/systemd/system, with User=1000 in [Service]"];
    assert_eq!(found, known);
}

#[test]
fn an_unknown_name_is_left_out() {
    let runtime = r#""engine": "docker", "cap_add": ["NET_RAV"]"#;
    assert_eq!(commands(&container(runtime, "null")), ["docker run without --cap-add NET_RAV"]);
}

#[test]
fn the_order_of_calls_is_a_fix() {
    let text = r#"{ "process": {}, "steps": [ { "setuid": 1000 }, { "setgroups": [5] } ] }"#;
    let search = search(text);
    let first = &search.fixes[0];
    assert_eq!(first.commands, ["in the program: make step 2 before step 1"]);
    assert_eq!((first.step, first.scenario.steps.len()), (0, 2));
    assert!(first.power.is_nothing());
    let ambient = r#"{ "process": { "uid": 1000, "permitted": "cap_kill" },
        "steps": [ { "prctl": ["PR_CAP_AMBIENT", "PR_CAP_AMBIENT_RAISE", "cap_kill"] } ] }"#;
    let found = commands(ambient);
    assert!(found.contains(&"in the program: make CAP_KILL inheritable before step 1".into()), "{found:?}");
}

#[test]
fn a_profile_answers_otherwise() {
    let text = r#"{ "process": { "seccomp": [ { "profile": { "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
        { "names": ["read"], "action": "SCMP_ACT_ALLOW" } ] } } ] },
        "steps": [ { "syscall": { "arch": "x86_64", "name": "clone3" } } ] }"#;
    let found = commands(text);
    let known = [
        r#"in the seccomp profile: {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38} (ENOSYS: the program falls back)"#,
    ];
    assert_eq!(found, known);
    let found = commands(&text.replace("clone3", "mount"));
    assert_eq!(found, [r#"in the seccomp profile: {"names": ["mount"], "action": "SCMP_ACT_ALLOW"}"#]);
}

#[test]
fn what_shall_be_effective_is_a_goal() {
    let text = r#"{ "process": { "uid": 1000, "gid": 1000 }, "files": { "/bin/x": { "nosuid": true, "caps": "cap_net_raw=ep" } },
        "steps": [ { "execve": "/bin/x" } ] }"#;
    let goal = Goal::effective(0, CapSet::from(Capability::NET_RAW));
    let found = fixes(&scenario(text), &goal, &Limits::default(), &Options::default());
    let commands: Vec<_> = found.fixes.iter().map(|fix| fix.commands.join("\n")).collect();
    assert!(commands[0].contains("--ambient-caps=+net_raw"), "{commands:?}");
    assert!(commands[1].starts_with("mount -o remount,suid"), "{commands:?}");
}

#[test]
fn a_script_needs_no_interpreter() {
    let text = r##"{ "process": { "uid": 1000, "gid": 1000 },
        "files": { "/bin/sh": {}, "/srv/run": { "interpreter": "/bin/sh", "caps": "cap_net_raw=ep" } },
        "steps": [ { "execve": "/srv/run" } ] }"##;
    let goal = Goal::effective(0, CapSet::from(Capability::NET_RAW));
    let found = fixes(&scenario(text), &goal, &Limits::default(), &Options::default());
    let commands: Vec<_> = found.fixes.iter().map(|fix| fix.commands.join("\n")).collect();
    assert!(commands.contains(&"put a compiled program in place of the script /srv/run".into()), "{commands:?}");
    assert!(commands.contains(&"setcap cap_net_raw=ep /bin/sh".into()), "{commands:?}");
}

#[test]
fn too_few_worlds_are_said_to_be_too_few() {
    let scenario = scenario(&container(r#""engine": "podman", "user": "1000""#, "null"));
    let goal = Goal::first_refused(&scenario, &Options::default()).unwrap();
    let limits = Limits { worlds: 10, ..Limits::default() };
    let search = fixes(&scenario, &goal, &limits, &Options::default());
    assert!(!search.complete && search.worlds == 10);
}

#[test]
fn what_succeeds_needs_no_fix() {
    let scenario = scenario(r#"{ "files": { "/bin/x": {} }, "steps": [ { "execve": "/bin/x" } ] }"#);
    assert_eq!(Goal::first_refused(&scenario, &Options::default()), None);
    let search = fixes(&scenario, &Goal::step(0), &Limits::default(), &Options::default());
    assert!(search.failure.is_none() && search.fixes.is_empty() && search.complete);
}
