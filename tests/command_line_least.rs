//! `eperm least` as people and programs use it. `SNAPSHOTS=overwrite cargo test` accepts what it prints now.

#![allow(clippy::unwrap_used, reason = "a helper of tests may say what it expects")]

use std::fs;
use std::path::{Path, PathBuf};

use sim_core::scenario::{Loaded, Options};
use snapbox::cmd::{Command, OutputAssert, cargo_bin};
use snapbox::file;

const DEMO: &str = "tests/logs/demo.strace";
/// The phases of the same log, as the command writes them; `native-verify run tests/logs/demo` performs them.
const SCENARIOS: &str = "tests/logs/demo";

fn least(arguments: &[&str]) -> Command {
    Command::new(cargo_bin!("eperm")).arg("least").args(arguments)
}

fn json(result: &OutputAssert) -> serde_json::Value {
    serde_json::from_slice(&result.get_output().stdout).unwrap()
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("least").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn a_program_that_does_much_and_its_child() {
    least(&[DEMO]).assert().code(0).stdout_eq(file!["snapshots/least-demo.txt"]);
    let line = json(&least(&[DEMO, "--json"]).assert().code(0));
    let phases = line["phases"].as_array().unwrap();
    let sets: Vec<_> = phases.iter().map(|phase| phase["sets"][0].clone()).collect();
    assert!(sets.contains(&serde_json::json!(["cap_setgid", "cap_setuid"])), "{sets:?}");
    assert!(sets.contains(&serde_json::json!(["cap_net_bind_service"])), "{sets:?}");
    let names = line["seccomp"]["syscalls"][0]["names"].as_array().unwrap();
    assert!(names.contains(&"bind".into()) && names.contains(&"setresuid".into()));
}

#[test]
fn ls_needs_nothing_for_certain() {
    let result = least(&["tests/logs/ls-l.strace", "--uid", "1000", "--held", "cap_kill,cap_dac_override"]).assert();
    result.code(0).stdout_eq(file!["snapshots/least-ls-l.txt"]);
}

#[test]
fn a_scenario_is_a_list_of_calls() {
    let text = r#"{ "process": { "uid": 1000 }, "files": { "/secret": { "mode": "0600" } }, "steps": [
        { "open": { "path": "/secret", "flags": [] } }, { "perf_event_open": { "exclude_kernel": false } },
        { "bind": { "port": 80 }, "expect": { "errno": "EACCES" } } ] }"#;
    least(&["-"]).stdin(text).assert().code(0).stdout_eq(file!["snapshots/least-scenario.txt"]);
}

#[test]
fn what_cannot_be_read_and_what_cannot_be_so() {
    least(&["-"]).stdin("hello\n").assert().code(2);
    least(&["-"]).stdin("{").assert().code(2);
    least(&["tests/logs/no-such-file"]).assert().code(2);
    // No capability lets anybody set this clock.
    least(&["-"]).stdin("clock_settime(CLOCK_MONOTONIC, {tv_sec=1, tv_nsec=0}) = 0\n").assert().code(1);
}

#[test]
fn several_files_of_one_run() {
    let folder = folder("ff");
    let parent = "clone(child_stack=NULL, flags=SIGCHLD) = 9\nsetgid(5) = 0\n";
    fs::write(folder.join("log.7"), parent).unwrap();
    fs::write(folder.join("log.9"), "bind(3, {sa_family=AF_INET, sin_port=htons(80)}, 16) = 0\n").unwrap();
    let paths = ["log.9", "log.7"].map(|name| folder.join(name).to_str().unwrap().to_owned());
    let line = json(&least(&[&paths[0], &paths[1], "--json"]).assert().code(0));
    assert_eq!(line["needed"], serde_json::json!(["cap_setgid", "cap_net_bind_service"]));
    assert_eq!(line["assumed"].as_array().unwrap().len(), 1, "the child is its parent's");
}

/// With the set that is found every step succeeds; with any capability of it taken away one does not, or comes out otherwise.
#[test]
fn the_scenarios_of_the_phases_are_kept() {
    let folder = folder("scenarios");
    least(&[DEMO, "--scenarios", folder.to_str().unwrap()]).assert().code(0);
    let names = |folder: &Path| {
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    if std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite") {
        let _ = fs::remove_dir_all(SCENARIOS);
        fs::create_dir_all(SCENARIOS).unwrap();
        for name in names(&folder) {
            fs::copy(folder.join(&name), Path::new(SCENARIOS).join(&name)).unwrap();
        }
    }
    assert_eq!(names(&folder), names(Path::new(SCENARIOS)));
    for name in names(&folder) {
        let text = fs::read_to_string(folder.join(&name)).unwrap();
        assert_eq!(text, fs::read_to_string(Path::new(SCENARIOS).join(&name)).unwrap(), "{name:?}");
        let result = Loaded::read(&text, &Options::default()).unwrap().run();
        assert!(result.ok, "{name:?}");
        let all = result.steps.iter().all(|step| step.errno.is_none());
        assert_eq!(all, !name.to_str().unwrap().contains("-without-"), "{name:?}");
    }
}
