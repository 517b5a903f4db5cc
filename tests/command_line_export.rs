//! `eperm export`. `SNAPSHOTS=overwrite cargo test` accepts what it prints now.

use std::path::{Path, PathBuf};

use snapbox::cmd::{Command, cargo_bin};
use snapbox::file;

const SCENARIO: &str = "scenarios/article-6-file-capability.json";

fn export(arguments: &[&str]) -> snapbox::cmd::OutputAssert {
    Command::new(cargo_bin!("eperm")).arg("export").args(arguments).assert()
}

#[test]
fn a_script_begins_with_either_tool() {
    export(&["script", SCENARIO]).code(0).stdout_eq(file!["snapshots/export-script.txt"].raw());
    let capsh = export(&["script", "--with", "capsh", SCENARIO]).code(0);
    let printed = String::from_utf8_lossy(&capsh.get_output().stdout).into_owned();
    assert!(printed.contains("with=${2-capsh}"), "{printed}");
    // A start with different user ids is beyond capsh.
    let apart = r#"{"process":{"uid":[1000,0,0,0]},"files":{"/p":{}},"steps":[{"execve":"/p"}]}"#;
    let refused = Command::new(cargo_bin!("eperm")).args(["export", "script", "--with", "capsh", "-"]).stdin(apart);
    let error = "eperm: the start cannot be expressed: capsh sets all ids of a kind to one\n";
    refused.assert().code(2).stderr_eq(error);
}

#[test]
fn engines_are_asked_for_the_nearest_and_what_is_lost_is_told() {
    export(&["docker", SCENARIO]).code(0).stdout_eq(file!["snapshots/export-docker.txt"].raw());
    export(&["podman", SCENARIO]).code(0).stdout_eq(file!["snapshots/export-podman.txt"].raw());
    export(&["pod", SCENARIO]).code(0).stdout_eq(file!["snapshots/export-pod.txt"].raw());
    export(&["pod-patch", SCENARIO]).code(0).stdout_eq(file!["snapshots/export-pod-patch.txt"].raw());
    export(&["unit", SCENARIO]).code(0).stdout_eq(file!["snapshots/export-unit.txt"].raw());
    export(&["oci", SCENARIO]).code(0).stdout_eq(file!["snapshots/export-oci.txt"].raw());
}

#[test]
fn markdown_has_a_link_where_one_is_given() {
    let link = ["markdown", "--link", "https://example.org/#1", SCENARIO];
    export(&link).code(0).stdout_eq(file!["snapshots/export-markdown.txt"].raw());
    export(&["pod", "--link", "https://example.org/#1", SCENARIO]).code(2);
    export(&["pod", "--with", "capsh", SCENARIO]).code(2);
}

#[test]
fn every_scenario_as_a_test_holds_and_says_all_that_the_model_answers() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exported-tests");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let scenarios = walkdir::WalkDir::new("scenarios").into_iter().map(|entry| entry.unwrap().into_path());
    let scenarios: Vec<PathBuf> =
        scenarios.filter(|path| path.extension().is_some_and(|name| name == "json")).collect();
    assert!(scenarios.len() > 200);
    for (index, path) in scenarios.iter().enumerate() {
        let exported = export(&["test", path.to_str().unwrap()]).code(0);
        let text = String::from_utf8_lossy(&exported.get_output().stdout).into_owned();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let steps = value["steps"].as_array().unwrap();
        assert!(steps.iter().all(|step| step["expect"]["process"]["bounding"].is_string()), "{}", path.display());
        std::fs::write(folder.join(format!("{index:04}.json")), text).unwrap();
    }
    Command::new(cargo_bin!("eperm")).arg("run").arg(&folder).assert().code(0);
}
