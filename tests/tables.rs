//! The tables that are made from the code are up to date, and the scenarios cover the rules.

#![allow(clippy::unwrap_used, reason = "a helper of tests may say what it expects")]

use std::collections::BTreeSet;
use std::fs;

use sim_core::rule::Rule;
use sim_core::scenario::{Loaded, Options, json_schema};
use snapbox::cmd::{Command, cargo_bin};
use walkdir::WalkDir;

fn scenarios() -> impl Iterator<Item = (String, String)> {
    let files = WalkDir::new("scenarios").sort_by_file_name().into_iter().map(Result::unwrap);
    files
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "json"))
        .map(|entry| (entry.path().display().to_string(), fs::read_to_string(entry.path()).unwrap()))
}

/// Rules that no step of the format can show, and why. sim-core's own tests show them.
const NO_STEP: &[(&str, &str)] = &[
    ("seccomp.unknown-operation", "the step `seccomp` is SECCOMP_SET_MODE_FILTER"),
    ("seccomp.strict-arguments", "no step enters strict mode"),
    ("seccomp.strict-entered", "no step enters strict mode"),
    ("seccomp.strict-kills", "no step enters strict mode"),
    ("seccomp.mode-fixed", "no step enters strict mode"),
    ("seccomp.description-fault", "the step `seccomp` hands over a program that can be read"),
    ("seccomp.no-instructions", "the step `seccomp` hands over a program that can be read"),
    ("seccomp.instructions-fault", "the step `seccomp` hands over a program that can be read"),
    ("seccomp.path-limit", "filters of together 32768 instructions are too long for a scenario to be read by people"),
    ("seccomp.thread-in-the-way", "a scenario has one thread"),
    ("seccomp.trace", "the tracer of a scenario asks for no events of filters"),
];

#[test]
fn every_rule_decides_in_some_scenario() {
    let mut seen = BTreeSet::new();
    for (_, text) in scenarios() {
        let result = Loaded::read(&text, &Options::default()).unwrap().run();
        seen.extend(result.runtime.into_iter().flat_map(|runtime| runtime.rules));
        seen.extend(result.steps.into_iter().flat_map(|step| step.rules));
    }
    let (elsewhere, asked): (Vec<_>, Vec<_>) = Rule::all().map(|rule| rule.id).partition(|id| {
        let known = NO_STEP.iter().find(|(known, _)| known == id);
        known.inspect(|(id, reason)| eprintln!("not asked for: {id}: {reason}")).is_some()
    });
    assert_eq!(elsewhere.len(), NO_STEP.len(), "only rules have a reason");
    let shown: Vec<_> = elsewhere.into_iter().filter(|id| seen.contains(id)).collect();
    assert!(shown.is_empty(), "a scenario does show {shown:?}");
    let missing: Vec<_> = asked.into_iter().filter(|id| !seen.contains(id)).collect();
    assert!(missing.is_empty(), "no scenario shows {missing:?}");
}

#[test]
fn titles_are_unique() {
    let mut titles = BTreeSet::new();
    for (path, text) in scenarios() {
        let title = Loaded::read(&text, &Options::default()).unwrap().scenario.title.unwrap();
        assert!(titles.insert(title), "{path}: another scenario has the same title");
    }
}

#[test]
fn the_articles_profiles_are_those_of_its_scenarios() {
    let read = |path: String| serde_json::from_str::<serde_json::Value>(&fs::read_to_string(path).unwrap()).unwrap();
    for (scenario, profile) in [
        ("article-1-four-calls", "four-calls"),
        ("article-2-ls", "ls"),
        ("article-3-ls-long-fails", "ls"),
        ("article-4-ls-long", "ls-long"),
    ] {
        let scenario = read(format!("scenarios/seccomp/{scenario}.json"));
        let file = read(format!("tests/profiles/article/{profile}.json"));
        assert_eq!(scenario.pointer("/process/seccomp/0/profile"), Some(&file), "{profile}");
    }
}

#[test]
fn every_scenario_is_valid_by_the_schema() {
    let schema = serde_json::to_value(json_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (path, text) in scenarios() {
        let errors: Vec<_> =
            validator.iter_errors(&serde_json::from_str(&text).unwrap()).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{path}: {errors:?}");
    }
    for bad in [
        r#"{"unknown": 1}"#,
        r#"{"process": {"uid": 4294967295}}"#,
        r#"{"process": {"bounding": "00000000800405fg0"}}"#,
        r#"{"steps": [{"bind": {"port": 1}, "execve": "/x"}]}"#,
        r#"{"steps": [{}]}"#,
        r#"{"steps": [{"prctl": ["PR_SET_NAME"]}]}"#,
        r#"{"files": {"/x": {"caps": {"revision": 4}}}}"#,
        r#"{"files": {"/x": {"mode": "777777777"}}}"#,
        r#"{"process": {"seccomp": [{"bpf": "0600"}]}}"#,
        r#"{"process": {"seccomp": [{"engine": "crun"}]}}"#,
        r#"{"process": {"seccomp": [{"profile": {}, "engine": "lxc"}]}}"#,
        r#"{"steps": [{"seccomp": {"filter": {"bpf": ""}, "flags": ["TSYNC"]}}]}"#,
        r#"{"steps": [{"syscall": {"name": "read"}}]}"#,
        r#"{"steps": [{"syscall": {"arch": "x86_64", "nr": 0, "args": ["ff"]}}]}"#,
    ] {
        assert!(!validator.is_valid(&serde_json::from_str(bad).unwrap()), "{bad}");
    }
}

#[test]
fn the_book_of_rules_is_up_to_date() {
    let printed = Command::new(cargo_bin!("eperm")).args(["rules", "--markdown"]).output().unwrap();
    let book = fs::read_to_string("RULES.md").unwrap_or_default();
    assert!(book == String::from_utf8_lossy(&printed.stdout), "RULES.md is not what `cargo xtask book` would write");
}

#[test]
fn the_description_of_the_format_is_up_to_date() {
    let printed = Command::new(cargo_bin!("eperm")).args(["schema", "--markdown"]).output().unwrap();
    let file = fs::read_to_string("FORMAT.md").unwrap_or_default();
    assert!(file == String::from_utf8_lossy(&printed.stdout), "FORMAT.md is not what `cargo xtask book` would write");
}

#[test]
fn the_schema_file_is_up_to_date() {
    let printed = Command::new(cargo_bin!("eperm")).arg("schema").output().unwrap();
    let file = fs::read_to_string("scenarios/scenario.schema").unwrap_or_default();
    assert!(
        file == String::from_utf8_lossy(&printed.stdout),
        "scenarios/scenario.schema is not what `cargo xtask book` would write"
    );
}
