//! The command as people and programs use it. `SNAPSHOTS=overwrite cargo test` accepts what it prints now.

use std::path::Path;

use snapbox::cmd::{Command, cargo_bin};
use snapbox::{file, str};

fn eperm() -> Command {
    Command::new(cargo_bin!("eperm"))
}

#[test]
fn run_tells_what_happened() {
    let article = eperm().args(["run", "scenarios/article-5-port-80.json"]).assert().code(0);
    article.stdout_eq(file!["snapshots/run-article-5.txt"]);
    let releases = eperm().args(["run", "scenarios/releases/filesystem-group-since-6.17.json"]).assert().code(0);
    releases.stdout_eq(file!["snapshots/run-release-difference.txt"]);
}

#[test]
fn an_engines_decision_and_its_runtimes_calls_are_told() {
    let scenario = "scenarios/engines/docker-24-no-new-privileges.json";
    eperm().args(["run", scenario]).assert().code(0).stdout_eq(file!["snapshots/run-engine.txt"]);
    eperm().args(["explain", scenario]).assert().code(0).stdout_eq(file!["snapshots/explain-engine.txt"]);
    let refused = "scenarios/engines/podman-add-and-drop.json";
    eperm().args(["run", refused]).assert().code(0).stdout_eq(file!["snapshots/run-engine-refuses.txt"]);
    eperm().args(["explain", refused]).assert().code(0).stdout_eq(file!["snapshots/explain-engine-refuses.txt"]);
}

#[test]
fn what_an_engine_was_expected_to_answer_counts() {
    let text = r#"{ "runtime": { "engine": "docker", "expect": { "refused": true } }, "steps": [] }"#;
    let run = eperm().args(["run", "-"]).stdin(text).assert().code(1);
    let printed = String::from_utf8_lossy(&run.get_output().stdout).into_owned();
    assert!(printed.contains("EXPECTED runtime.refused to be true; it is false"), "{printed}");
    eperm().args(["explain", "-"]).stdin(text).assert().code(1);
}

#[test]
fn every_engine_is_asked_the_same() {
    let ask = |arguments: &[&str]| eperm().arg("engines").args(arguments).assert().code(0);
    ask(&["--user", "1000", "--cap-add", "NET_BIND_SERVICE"]).stdout_eq(file!["snapshots/engines.txt"]);
    let conflict =
        ["--cap-add", "KILL", "--cap-drop", "KILL", "--version", "docker=18.09", "--version", "docker=29.0"];
    ask(&conflict).stdout_eq(file!["snapshots/engines-conflict.txt"]);
    ask(&["--privileged", "--no-new-privileges", "--json"]).stdout_eq(file!["snapshots/engines-json.txt"]);
    ask(&["scenarios/engines/systemd-ambient.json"]).stdout_eq(file!["snapshots/engines-unit.txt"]);
    for (arguments, message) in [
        (["--version", "lxc=5"], "\"lxc\" is no engine that is modelled"),
        (["--version", "docker"], "an engine and a version"),
        (["--kernel", "3.10"], "3.10"),
    ] {
        let refused = eperm().arg("engines").args(arguments).assert().code(2);
        let told = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
        assert!(told.contains(message), "{told}");
    }
}

#[test]
fn explain_derives_every_step() {
    let scenario = "scenarios/article-6-file-capability.json";
    eperm().args(["explain", scenario]).assert().code(0).stdout_eq(file!["snapshots/explain-article-6.txt"]);
    let withheld = "scenarios/consequences/b-without-flag-no-error.json";
    eperm().args(["explain", withheld]).assert().code(0).stdout_eq(file!["snapshots/explain-withheld.txt"]);
}

#[test]
fn fix_tells_every_minimal_set_of_edits() {
    let fix = |scenario: &str| eperm().args(["fix", scenario]).assert();
    fix("scenarios/article-5-port-80.json").code(0).stdout_eq(file!["snapshots/fix-article-5.txt"]);
    fix("scenarios/article-7-everything-dropped.json").code(0).stdout_eq(file!["snapshots/fix-article-7.txt"]);
    fix("scenarios/rules/setgroups.json").code(1).stdout_eq(file!["snapshots/fix-nothing.txt"]);
    let one = ["fix", "scenarios/article-7-everything-dropped.json", "--bound", "1", "--json"];
    let printed = eperm().args(one).assert().code(0).get_output().stdout.clone();
    let answer: serde_json::Value = serde_json::from_slice(&printed).unwrap();
    assert_eq!((&answer["bound"], &answer["complete"]), (&1.into(), &true.into()));
    assert_eq!(answer["fixes"][0]["commands"][0], "setcap -r /usr/bin/reverse-words");
    // A fixed scenario is one, and holds.
    let fixed = answer["fixes"][0]["scenario"].to_string();
    eperm().args(["run", "-"]).stdin(fixed).assert().code(0);
    eperm().args(["fix", "scenarios/article-5-port-80.json", "--step", "9"]).assert().code(2);
}

#[test]
fn json_lines_are_answered_in_order() {
    let input = "{\"title\": \"one\"}\n\n{\"titl\": 1}\n  {\"steps\": [{\"bind\": {\"port\": 80}, \"expect\": {\"errno\": \"EACCES\"}}]}\nnonsense";
    eperm().args(["run", "--json", "-"]).stdin(input).assert().code(2).stdout_eq(file!["snapshots/json-lines.txt"]);
}

#[test]
fn json_lines_in_a_file_are_scenarios_with_the_place_of_each() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("json-lines");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("cases.jsonl");
    std::fs::write(&path, "{\"title\": \"one\"}\n\n{\"titl\": 1}\n").unwrap();
    for argument in [&path, &folder] {
        let result = eperm().args(["run", "--json"]).arg(argument).assert().code(2);
        let printed = String::from_utf8_lossy(&result.get_output().stdout).into_owned();
        let lines: Vec<serde_json::Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [one, two] = lines.as_slice() else { panic!("{printed}") };
        assert_eq!((&one["file"], &one["title"]), (&format!("{}:1", path.display()).into(), &"one".into()));
        assert_eq!((&two["file"], &two["error"]["line"]), (&format!("{}:3", path.display()).into(), &3.into()));
    }
    std::fs::write(&path, "\n").unwrap();
    eperm().arg("run").arg(&path).assert().code(2);
}

#[test]
fn a_huge_line_is_refused_and_the_next_one_answered() {
    let huge = format!("{{\"title\": \"{}\"}}\n{{\"title\": \"next\"}}\n", "x".repeat(3_000_000));
    eperm().args(["run", "--json", "-"]).stdin(huge).assert().code(2).stdout_eq(str![[r#"
{"error":{"line":1,"column":1048577,"path":"","message":"a scenario has at most 1048576 bytes (1 MiB); this one goes on"}}
{"title":"next","kernel":"7.2","ok":true,"steps":[]}

"#]]);
}

#[test]
fn what_is_beyond_the_limit_of_a_line_is_not_passed_over() {
    let scenario = r#"{"steps":[{"bind":{"port":80},"expect":{"errno":"EPERM"}}]}"#;
    let blanks = " ".repeat(1_100_000);
    for input in [format!("{blanks}{scenario}\n"), format!("{{\"title\":\"ok\"}}{blanks}GARBAGE\n")] {
        let result = eperm().args(["run", "--json", "-"]).stdin(input).assert().code(2);
        let printed = String::from_utf8_lossy(&result.get_output().stdout).into_owned();
        assert_eq!(printed.lines().count(), 1, "{printed:.200}");
        assert!(printed.contains("at most 1048576 bytes"), "{printed:.200}");
    }
}

#[test]
fn a_stream_that_cannot_be_read_ends() {
    // Standard input is a folder.
    let folder = std::fs::File::open("scenarios").unwrap();
    let output = std::process::Command::new(cargo_bin!("eperm")).args(["run", "--json", "-"]).stdin(folder).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1);
}

#[test]
fn what_strangers_write_does_not_reach_the_terminal() {
    let title = r#"{"title": "\u001b[31mred\nScenarios: 999 as expected."}"#;
    let result = eperm().args(["run", "-"]).stdin(title).assert().code(0);
    let printed = String::from_utf8_lossy(&result.get_output().stdout).into_owned();
    assert!(printed.starts_with("\\u{1b}[31mred\\nScenarios: 999"), "{printed}");
}

#[test]
fn explain_fails_with_an_expectation() {
    let scenario = r#"{"steps":[{"bind":{"port":80},"expect":{"errno":"EPERM"}}]}"#;
    eperm().args(["explain", "-"]).stdin(scenario).assert().code(1);
}

#[test]
fn exit_status_says_how_it_went() {
    let of = |input: &str| eperm().args(["run", "-"]).stdin(input.to_owned()).assert();
    of("{}").code(0);
    of(r#"{"steps": [{"bind": {"port": 80}, "expect": {"errno": "EACCES"}}]}"#).code(1);
    of("{").code(2);
    eperm().args(["run", "no-such-file.json"]).assert().code(2);
    eperm().args(["run", "src"]).assert().code(2);
    eperm().args(["run"]).assert().code(2);
    eperm().args(["explain", "no-such-file.json"]).assert().code(2);
}

#[test]
fn a_missing_file_is_an_answer_too() {
    eperm().args(["run", "--json", "no-such-file.json"]).assert().code(2).stdout_eq(str![[r#"
{"file":"no-such-file.json","error":{"line":1,"column":1,"path":"","message":"cannot be read: [..]"}}

"#]]);
}

#[test]
fn decode_translates_both_ways() {
    let decodes = |what: &[&str], expected: &str| {
        eperm().arg("decode").args(what).assert().code(0).stdout_eq(format!("{expected}\n"));
    };
    let capsh = "0x00000000800405fb=cap_chown,cap_dac_override,cap_fowner,cap_fsetid,cap_kill,cap_setgid,cap_setuid,cap_setpcap,cap_net_bind_service,cap_sys_chroot,cap_setfcap";
    decodes(&["00000000800405fb"], capsh);
    decodes(&["0x800405fb"], capsh);
    decodes(&[capsh], capsh);
    decodes(&["0"], "0x0000000000000000=");
    decodes(&["none"], "0x0000000000000000=");
    // libcap reads a number before a flag as that of one capability.
    decodes(&["0x12=p"], "cap_sys_chroot=p");
    decodes(&["12=p"], "cap_net_admin=p");
    decodes(&["cap_net_admin,NET_RAW"], "0x0000000000003000=cap_net_admin,cap_net_raw");
    decodes(&["cap_net_raw+ep"], "cap_net_raw=ep");
    decodes(&["=ep cap_kill-ep"], "=ep cap_kill-ep");
    decodes(&["0=p"], "cap_chown=p");
    decodes(&["--bytes", "cap_net_raw+ep"], "0100000200200000000000000000000000000000");
    decodes(&["0100000200200000000000000000000000000000"], "cap_net_raw=ep");
    decodes(&["0100000300200000000000000000000000000000e8030000"], "cap_net_raw=ep [rootid=1000]");
    decodes(&["20000", "cap_kill=i"], "0x0000000000020000=cap_sys_rawio\ncap_kill=i");
}

#[test]
fn decode_says_what_is_wrong() {
    let fails = |what: &str, message: &str| {
        eperm().args(["decode", what]).assert().code(2).stderr_eq(format!("eperm: {what:?}: {message}\n"));
    };
    fails(
        "cap_nett_raw=ep",
        "character 1: \"cap_nett_raw\" is no capability; write cap_net_raw, all, or a number below 64",
    );
    fails(
        "cap_nett_raw",
        "\"cap_nett_raw\" is no capability; names look like cap_net_raw, sets like 00000000800405fb, all or none",
    );
    let attribute = "01000002002000000000";
    let counts =
        "20 digits are neither a set (16) nor the bytes of security.capability (24, 40 or 48 for revision 1, 2 or 3)";
    fails(attribute, counts);
    let wrong_size = "010000020020000000000000";
    fails(wrong_size, "byte 12: security.capability ends after 12 bytes; revision 2 has 20");
}

#[test]
fn rules_are_listed_and_found() {
    eperm().args(["rules", "bind.unpriv"]).assert().code(0).stdout_eq(str![[r#"
bind.unprivileged-port
  A port that is not below net.ipv4.ip_unprivileged_port_start (1024 unless changed; a new network namespace begins with 1024) needs no capability; nor does port 0, which asks for any free one.
  Manual: ip(7), Address format
  Kernel: net/ipv4/af_inet.c, __inet_bind() (6.18)
  [..]


"#]]);
    eperm().args(["rules", "no-such-rule"]).assert().code(2);
}
