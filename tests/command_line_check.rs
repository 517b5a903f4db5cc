//! `eperm seccomp check`, `lint`, `record` and `merge` as people and programs use them. `SNAPSHOTS=overwrite cargo test`
//! accepts what they print now.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper of tests may say what it expects"
)]

use std::path::PathBuf;

use serde_json::Value;
use snapbox::cmd::{Command, OutputAssert, cargo_bin};
use snapbox::{file, str};

const LS: &str = "tests/logs/ls.strace";
const LS_L: &str = "tests/logs/ls-l.strace";
const FAULTY: &str = "tests/logs/faulty.json";

fn seccomp(arguments: &[&str]) -> OutputAssert {
    Command::new(cargo_bin!("eperm")).arg("seccomp").args(arguments).assert()
}

/// A file of this test run.
fn scratch(name: &str, text: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("check");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn printed(result: &OutputAssert) -> String {
    String::from_utf8(result.get_output().stdout.clone()).unwrap()
}

/// The profile that is recorded of `ls`.
fn ls_profile(name: &str) -> String {
    scratch(name, &printed(&seccomp(&["record", "--strace", LS]).code(0)))
}

#[test]
fn the_profile_of_ls_refuses_ls_l() {
    let profile = ls_profile("ls.json");
    seccomp(&["check", &profile, "--strace", LS]).code(0);
    let refused = seccomp(&["check", &profile, "--strace", LS_L]).code(1);
    let text = printed(&refused).replace(&profile, "ls.json");
    snapbox::assert_data_eq!(text, file!["snapshots/seccomp-check-ls-l.txt"]);
    // The second recording begins with the first.
    let second = seccomp(&["record", "--base", &profile, "--strace", LS_L]).code(0);
    let second = scratch("ls-l.json", &printed(&second));
    seccomp(&["check", &second, "--strace", LS_L, "--strace", LS]).code(0);
}

#[test]
fn every_line_is_shown_if_it_is_asked_for() {
    let profile = ls_profile("ls-all.json");
    let some = printed(&seccomp(&["check", &profile, "--strace", LS_L]).code(1));
    let all = printed(&seccomp(&["check", &profile, "--strace", LS_L, "--all"]).code(1));
    let lines = |text: &str| text.matches(&format!("{LS_L}:")).count();
    assert!(lines(&all) > lines(&some) && some.contains(" and 1 more"), "{some}{all}");
}

#[test]
fn calls_by_name_and_number() {
    let calls = "openat, mount, personality, personality(1), clone(0x10000000), 9999, clone3";
    let result = seccomp(&["check", "--preset", "docker", "--syscall", calls]).code(1);
    result.stdout_eq(file!["snapshots/seccomp-check-calls.txt"]);
    // The kernel does not ask any filter about uretprobe.
    seccomp(&["check", FAULTY, "--syscall", "uretprobe"]).code(0);
    seccomp(&["check", FAULTY, "--syscall", "uretprobe", "--kernel", "6.1"]).code(1);
    let engine = ["check", "--preset", "docker", "--engine", "docker+crun", "--syscall", "9999"];
    assert!(printed(&seccomp(&engine).code(1)).contains("call 9999 on x86_64 fails with EPERM"));
}

#[test]
fn what_is_open_refuses_nothing() {
    let result = seccomp(&["check", "--preset", "docker", "--syscall", "personality,personality(8),read"]).code(0);
    result.stdout_eq(str![[r#"
personality on x86_64 may be refused: it depends on args[0], which is not shown whole
  personality(0x1) on x86_64 fails with EPERM
  preset docker: 5 rules name the call, but the conditions of none hold; the default action decides
  Seen once: call 1
  To permit it: personality among syscalls[0].names (preset docker:14:1)

preset docker: 3 calls, 3 different: 1 may be refused (1 different)

"#]]);
}

#[test]
fn audit_records_are_checked() {
    let profile = ls_profile("ls-audit.json");
    let result = seccomp(&["check", &profile, "--audit", "tests/logs/audit.log", "--json"]).code(1);
    let value: Value = serde_json::from_str(&printed(&result)).unwrap();
    let found = value["found"].as_array().unwrap();
    let calls: Vec<_> = found.iter().map(|found| (found["call"].as_str().unwrap(), &found["count"])).collect();
    assert_eq!(calls, [("lgetxattr on x86_64", &Value::from(1)), ("open on x86", &Value::from(1))]);
    assert_eq!(found[1]["changes"][0][0], "SCMP_ARCH_X86 among architectures");
    assert_eq!((&value["calls"], &value["lines_passed_over"]), (&Value::from(3), &Value::from(1)));
}

#[test]
fn what_cannot_be_read_is_said() {
    let fails = |arguments: &[&str], message: &str| {
        let result = seccomp(arguments).code(2);
        let error = String::from_utf8_lossy(&result.get_output().stderr).into_owned();
        assert!(error.contains(message), "{error}");
    };
    fails(&["check", "--preset", "docker", "--strace", FAULTY], "no line is a system call as strace prints it");
    fails(&["check", "--preset", "docker", "--audit", LS], "no line is an audit record of the type SECCOMP");
    fails(&["check", "--preset", "docker", "--strace", "no-such.log"], "no-such.log cannot be read");
    fails(&["check", "no-such.json", "--strace", LS], "no-such.json cannot be read");
    fails(&["check", "--preset", "docker", "--syscall", "opeanat"], "there is no call \"opeanat\"");
    fails(&["check", "--preset", "docker"], "required");
    fails(&["lint", LS], "line 1, column 1");
    fails(&["lints", "no-such-lint"], "there is no lint \"no-such-lint\"");
    fails(&["record", "--strace", LS, "--annotation", "of:relative"], "paths must be absolute");
    fails(&["merge", FAULTY], "two profiles at least are needed");
}

#[test]
fn rubbish_in_a_log_is_counted() {
    let log =
        scratch("rubbish.strace", "mount(\"a\", \"b\") = 0\nhello\n\u{1b}[31m\u{0}\nmount2(1) = 0\nopen(1) = 2\n");
    let result = seccomp(&["check", "--preset", "docker", "--arch", "aarch64", "--strace", &log]).code(1);
    let text = printed(&result).replace(&log, "LOG");
    snapbox::assert_data_eq!(text, file!["snapshots/seccomp-check-rubbish.txt"]);
}

#[test]
fn lint_names_each_fault_and_its_place() {
    seccomp(&["lint", FAULTY]).code(1).stdout_eq(file!["snapshots/seccomp-lint.txt"]);
    seccomp(&["lint", "--preset", "docker"]).code(0);
    seccomp(&["lint", "--preset", "docker", "--strict"]).code(1);
    let baseline = printed(&seccomp(&["lint", FAULTY, "--baseline", "--json"]).code(1));
    let lines: Vec<Value> = baseline.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let hidden = lines.iter().filter(|line| line["lint"] == "hidden-from-recording");
    let paths: Vec<_> = hidden.map(|line| line["path"].as_str().unwrap()).collect();
    let expected = ["syscalls[1].names[0]", "syscalls[2].names[0]", "syscalls[3].names[0]", "syscalls[6].names[0]"];
    assert_eq!(paths, expected);
    let lint = printed(&seccomp(&["lints", "errno-zero"]).code(0));
    assert!(lint.contains("the program believes that it succeeded"), "{lint}");
}

/// The properties that SARIF 2.1.0 demands of a log, a run, a tool, a rule and a result, and those that eperm adds to them.
fn assert_sarif(log: &Value, file: &str) -> usize {
    assert_eq!((&log["version"], log["$schema"].is_string()), (&Value::from("2.1.0"), true));
    let [run] = log["runs"].as_array().unwrap().as_slice() else { panic!("{log}") };
    assert_eq!((&run["tool"]["driver"]["name"], &run["columnKind"]), (&"eperm".into(), &"unicodeCodePoints".into()));
    let levels = ["none", "note", "warning", "error"];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        assert!(rule["id"].is_string() && rule["shortDescription"]["text"].is_string(), "{rule}");
        assert!(levels.contains(&rule["defaultConfiguration"]["level"].as_str().unwrap()), "{rule}");
    }
    let results = run["results"].as_array().unwrap();
    for result in results {
        assert!(!result["message"]["text"].as_str().unwrap().is_empty(), "{result}");
        assert!(levels.contains(&result["level"].as_str().unwrap()), "{result}");
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        let [location] = result["locations"].as_array().unwrap().as_slice() else { panic!("{result}") };
        let physical = &location["physicalLocation"];
        assert_eq!(physical["artifactLocation"]["uri"], file);
        if let Some(region) = physical.get("region") {
            assert!(region["startLine"].as_u64() >= Some(1) && region["startColumn"].as_u64() >= Some(1), "{region}");
        }
    }
    results.len()
}

#[test]
fn sarif_has_what_the_standard_demands() {
    let lint: Value = serde_json::from_str(&printed(&seccomp(&["lint", FAULTY, "--sarif"]).code(1))).unwrap();
    let lines = printed(&seccomp(&["lint", FAULTY, "--json"]).code(1)).lines().count();
    assert_eq!(assert_sarif(&lint, FAULTY), lines);
    let check = seccomp(&["check", FAULTY, "--strace", LS, "--syscall", "personality", "--sarif"]).code(1);
    let check: Value = serde_json::from_str(&printed(&check)).unwrap();
    assert!(assert_sarif(&check, FAULTY) > 5);
    let results = check["runs"][0]["results"].as_array().unwrap();
    let read = results.iter().find(|result| result["properties"]["call"] == "read on x86_64").unwrap();
    assert_eq!(read["locations"][0]["physicalLocation"]["region"]["startLine"], 35, "{read}");
    assert!(results.iter().any(|result| result["ruleId"] == "call-may-be-refused"));
    let preset = printed(&seccomp(&["lint", "--preset", "docker", "--sarif"]).code(0));
    assert!(preset.contains("fullyQualifiedName") && !preset.contains("physicalLocation"), "{preset}");
}

#[test]
fn record_says_what_it_does_not_add() {
    let base = scratch(
        "base.json",
        r#"{"defaultAction": "SCMP_ACT_KILL", "syscalls": [{"names": ["statx"], "action": "SCMP_ACT_ERRNO"}]}"#,
    );
    let result = seccomp(&["record", "--base", &base, "--strace", LS]).code(1);
    let error = String::from_utf8_lossy(&result.get_output().stderr).replace(&base, "base.json");
    snapbox::assert_data_eq!(
        error,
        str![[r#"
base.json:1:60: syscalls[0].names[0]: statx stands in an entry that does not permit it, so that a recording never adds it [hidden-from-recording]
23 calls seen, 22 added

"#]]
    );
    let output = scratch("annotated.json", "");
    let annotation = format!("if:{base};of:{output}");
    seccomp(&["record", "--annotation", &annotation, "--strace", LS]).code(1).stdout_eq("");
    assert_eq!(std::fs::read_to_string(&output).unwrap(), printed(&result));
}

#[test]
fn record_makes_conditions_if_they_are_asked_for() {
    seccomp(&["record", "--conditions", "--strace", LS_L])
        .code(0)
        .stdout_eq(file!["snapshots/seccomp-record-conditions.txt"]);
}

#[test]
fn merge_proves_what_it_writes() {
    let profile = ls_profile("ls-merge.json");
    let [union, both] = [&["merge"][..], &["merge", "--intersect"][..]].map(|merge| {
        let result = seccomp(&[merge, &[&profile, FAULTY, "--engine", "crun"]].concat());
        let error = String::from_utf8_lossy(&result.get_output().stderr).replace(&profile, "ls.json");
        (printed(&result), error)
    });
    snapbox::assert_data_eq!(union.1, file!["snapshots/seccomp-merge-union.txt"]);
    snapbox::assert_data_eq!(both.1, file!["snapshots/seccomp-merge-intersection.txt"]);
    let merged = scratch("union.json", &union.0);
    seccomp(&["check", &merged, "--engine", "crun", "--strace", LS]).code(0);
}
