//! Shards, stopping, reports and merging, by the program itself.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may say what it expects")]

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

fn native_verify(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_native-verify"));
    command.args(arguments).current_dir(folder);
    command
}

fn json(text: &[u8]) -> Value {
    serde_json::from_slice(text).unwrap()
}

fn read_json(path: &Path) -> Value {
    json(&std::fs::read(path).unwrap())
}

/// The summary of ten cases, if anything can be performed here; else the reason is printed.
fn can_perform(folder: &Path) -> bool {
    let output = native_verify(&["execve", "--cases", "10", "--json"], folder).output().unwrap();
    let summary = json(&output.stdout);
    if summary["agreed"] == 0 && summary["differed"] == 0 {
        println!("Skipped: {}", summary["skipped"]);
        return false;
    }
    true
}

#[test]
fn shards_are_together_the_whole_and_so_is_their_evidence() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    if !can_perform(folder) {
        return;
    }
    let calls = |more: &[&str]| -> Output {
        native_verify(&[&["calls", "--cases", "61", "--seed", "5", "--json"], more].concat(), folder)
            .output()
            .unwrap()
    };
    let whole = calls(&["--evidence", "whole.json"]);
    assert_eq!(whole.status.code(), Some(0), "{}", String::from_utf8_lossy(&whole.stderr));
    let whole = json(&whole.stdout);
    let shards: Vec<Value> = (1..=3)
        .map(|index| {
            let (shard, file) = (format!("{index}/3"), format!("{index}.json"));
            json(&calls(&["--shard", &shard, "--evidence", &file]).stdout)
        })
        .collect();
    for count in ["asked", "drawn", "agreed"] {
        let sum: u64 = shards.iter().map(|summary| summary[count].as_u64().unwrap()).sum();
        assert_eq!(whole[count], sum, "{count}");
    }
    assert_eq!(shards[0]["drawn"], 21);
    let merged = native_verify(&["merge", "sum.json", "1.json", "2.json", "3.json"], folder).output().unwrap();
    assert_eq!(merged.status.code(), Some(0), "{}", String::from_utf8_lossy(&merged.stderr));
    assert_eq!(read_json(&folder.join("sum.json"))["rules"], read_json(&folder.join("whole.json"))["rules"]);
}

#[test]
fn evidence_of_different_kernels_is_not_merged() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (file, kernel) in [("a.json", "6.1.0"), ("b.json", "6.12.0")] {
        let evidence = serde_json::json!({ "kernel": kernel, "date": "2026-01-01", "rules": { "x": 1 } });
        std::fs::write(folder.join(file), evidence.to_string()).unwrap();
    }
    let output = native_verify(&["merge", "sum.json", "a.json", "b.json"], folder).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("b.json is evidence of 6.12.0, not of 6.1.0"));
    assert!(!folder.join("sum.json").exists());
}

#[test]
fn a_run_that_is_stopped_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    if !can_perform(folder) {
        return;
    }
    let arguments = ["execve", "--cases", "4000000000", "--json", "--evidence", "e.json", "--junit", "j.xml"];
    let running: Child = native_verify(&arguments, folder).stdout(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    assert!(Command::new("kill").args(["-TERM", &running.id().to_string()]).status().unwrap().success());
    let output = running.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let summary = json(&output.stdout);
    assert_eq!(summary["stopped"], true);
    assert_eq!(summary["asked"], 4_000_000_000_u64);
    assert!(summary["agreed"].as_u64().unwrap() > 0);
    assert_eq!(summary["differed"], 0);
    assert!(!read_json(&folder.join("e.json"))["rules"].as_object().unwrap().is_empty());
    let report = std::fs::read_to_string(folder.join("j.xml")).unwrap();
    assert!(report.contains("the run was stopped"), "{report}");
}

/// The program as a user without privilege: as it is, or by setpriv if this is root. None if that cannot be.
fn unprivileged(folder: &Path) -> Option<Command> {
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if !root {
        return Some(native_verify(&[], folder));
    }
    if Command::new("setpriv").arg("--version").output().is_err() {
        println!("Skipped: there is no setpriv to become another user with");
        return None;
    }
    // That user may be unable to reach the folder in which this was built.
    let program = folder.join("native-verify");
    std::fs::copy(env!("CARGO_BIN_EXE_native-verify"), &program).unwrap();
    std::fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=1000", "--regid=1000", "--clear-groups", "--inh-caps=-all"])
        .arg(program)
        .current_dir(folder);
    Some(command)
}

#[test]
fn a_user_without_privilege_performs_what_one_id_can_show() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let run = |arguments: &[&str]| {
        let output = unprivileged(folder)?.args(arguments).arg("--json").output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        let summary = output.stdout.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty()).map(json);
        assert_eq!(output.status.code(), Some(0), "{summary:?} {errors}");
        assert!(errors.contains("Without privilege"), "{errors}");
        summary
    };
    let Some(table) = run(&["table"]) else { return };
    let skipped = table["skipped"].as_object().unwrap();
    if skipped.keys().any(|reason| reason.contains("may not make a user namespace")) {
        println!("Skipped: {skipped:?}");
        return;
    }
    // A quarter and an eighth of the combinations: one user, and no set-id bit or one to the user itself.
    assert_eq!(table["proven"], 3240, "{table}");
    assert_eq!(table["agreed"].as_u64().unwrap() + skipped.values().filter_map(Value::as_u64).sum::<u64>(), 1920);
    for suite in ["execve", "calls", "namespaces"] {
        let summary = run(&[suite, "--cases", "100", "--seed", "3"]).unwrap();
        assert_eq!(summary["agreed"], 100, "{summary}");
    }
}

#[test]
fn a_wrong_rule_is_found_and_leaves_its_smallest_scenario() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    if !can_perform(folder) {
        return;
    }
    let wrong = ["--flip", "exec-id-change"];
    let found = native_verify(&["execve", "--cases", "2000", "--seed", "1"], folder).args(wrong).output().unwrap();
    assert_eq!(found.status.code(), Some(1), "{}", String::from_utf8_lossy(&found.stderr));
    let smallest = read_json(&folder.join("difference.json"));
    assert_eq!(smallest["steps"].as_array().unwrap().len(), 1, "{smallest}");
    // The scenario shows the same wrong rule again, and agrees once the rule is right.
    let run = || native_verify(&["run", "difference.json"], folder);
    assert_eq!(run().args(wrong).output().unwrap().status.code(), Some(1));
    assert_eq!(run().output().unwrap().status.code(), Some(0));
    let unknown = run().args(["--flip", "no-such-change"]).output().unwrap();
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("the change points are"));
}

#[cfg(all(target_arch = "x86_64", feature = "libseccomp"))]
#[test]
fn filters_are_counted_and_measured() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["seccomp-numbers", "--rounds", "1", "--children", "1", "--json"];
    let output = native_verify(&arguments, folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let report = json(&output.stdout);
    assert_eq!((&report["whole"]["instructions"], &report["whole"]["x86_64"]["maximum"]), (&275.into(), &15.into()));
    for counts in report["counts"].as_array().unwrap() {
        assert_eq!(counts["x86_64"]["cached"], counts["x86_64"]["always_allowed"], "{counts}");
    }
    assert_eq!(report["calls"].as_array().unwrap().len(), 4);
}

#[test]
fn a_script_of_hostile_names_does_what_the_model_says_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let owned = folder.join("owned");
    let path =
        format!("/srv/'; touch {0}; `touch {0}` $(touch {0})\nEND\n\"\\ |", owned.display()).replace("//", "/");
    let scenario = serde_json::json!({
        "title": format!("x\ntouch {}", owned.display()),
        "process": { "uid": 1000, "gid": 1000 },
        "files": { path.clone(): { "caps": "cap_net_raw=ep" } },
        "steps": [{ "execve": path }, { "chmod": { "path": path, "mode": "0700" } }],
    });
    // A name has at most 255 bytes, and the folder's is in it.
    std::fs::write(folder.join("hostile.json"), scenario.to_string()).unwrap();
    let output = native_verify(&["scripts", "hostile.json"], folder).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{printed}");
    assert!(!owned.exists());
    if printed.contains("all skipped") {
        println!("Skipped: {printed}");
        return;
    }
    assert!(printed.contains("2 run (1 with capsh, 1 with setpriv): 2 agree, 0 differ"), "{printed}");
}
