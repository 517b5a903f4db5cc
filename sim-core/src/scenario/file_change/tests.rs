use alloc::format;
use alloc::vec::Vec;

use crate::scenario::{Loaded, Options, ReadError, Simulation, verdict};

fn read(text: &str) -> Result<Loaded, ReadError> {
    Loaded::read(text, &Options::default())
}

#[test]
fn changes_of_files_that_make_no_sense() {
    let step = |step: &str| format!("{{\"files\": {{\"/x\": {{}}}}, \"steps\": [{step}]}}");
    let check = |text: &str, path: &str, message: &str| {
        let error = read(&step(text)).unwrap_err();
        assert!(error.path == path && error.message.contains(message), "{error}");
    };
    check(r#"{"chown": {"path": "/y", "uid": 0, "gid": 0}}"#, "steps[0].chown", "no file \"/y\"");
    check(r#"{"chown": {"path": "/x", "uid": "root"}}"#, "steps[0].chown.uid", "an id as a program passes it");
    check(r#"{"chown": {"path": "/x", "user": 0}}"#, "steps[0].chown.user", "unknown field `user`");
    check(r#"{"chmod": {"path": "/x", "mode": "777777777"}}"#, "steps[0].chmod.mode", "octal digits");
    check(r#"{"setcap": {"path": "/x", "caps": null}}"#, "steps[0].setcap.caps", "removexattr");
    check(r#"{"setcap": {"path": "/x", "caps": "cap_net_raw"}}"#, "steps[0].setcap.caps", "");
    check(r#"{"write": {"path": "/x", "bytes": -1}}"#, "steps[0].write.bytes", "");
    check(r#"{"truncate": {"path": "/x", "size": "0"}}"#, "steps[0].truncate.size", "");
    check(r#"{"getxattr": {}}"#, "steps[0].getxattr", "path");
    let expect = |part: &str| format!(r#"{{"removexattr": {{"path": "/x"}}, "expect": {{"file": {part}}}}}"#);
    check(&expect(r#"{"mode": 755}"#), "steps[0].expect.file.mode", "octal digits");
    check(&expect(r#"{"uid": -1}"#), "steps[0].expect.file.uid", "an id");
    check(&expect("null"), "steps[0].expect.file", "any part of the file's state");
}

#[test]
fn a_changed_file_is_what_later_steps_find() {
    let text = r#"{
        "process": { "uid": 1000, "gid": 1000 },
        "files": { "/x": { "uid": 1000, "gid": 1000, "caps": "cap_kill=ep" } },
        "steps": [
            { "execve": "/x" },
            { "chown": { "path": "/x" }, "expect": { "file": { "uid": 1000, "mode": "0700", "caps": "cap_kill=p" } } },
            { "execve": "/x", "expect": { "file": { "gid": 0 } } },
            { "truncate": { "path": "/x", "size": -1 } }
        ]
    }"#;
    let loaded = read(text).unwrap();
    let result = loaded.run();
    let effective = |step: usize| result.steps[step].process.effective.len();
    assert_eq!([effective(0), effective(1), effective(2)], [1, 1, 0]);
    let differences = |step: usize| {
        let told = result.steps[step].differences.iter();
        told.map(|d| [d.field.as_str(), d.expected.as_str(), d.actual.as_str()]).collect::<Vec<_>>()
    };
    let kill = r#"{"revision":2,"permitted":"0000000000000020","inheritable":"0000000000000000","effective":false}"#;
    assert_eq!(differences(1), [["file.mode", "0700", "0755"], ["file.caps", kill, "null"]]);
    assert_eq!(differences(2), [["file.gid", "0", "none: the step is about no file"]]);
    let json = |step: usize| serde_json::to_value(&result.steps[step]).unwrap();
    let chown = serde_json::json!({ "path": "/x", "uid": -1, "gid": -1 });
    assert_eq!(json(1)["call"]["chown"], chown);
    let file = serde_json::json!({ "uid": 1000, "gid": 1000, "mode": "0755", "caps": null });
    assert_eq!([&json(1)["file"], &json(3)["file"]], [&file; 2], "a refused step tells of the file too");
    assert!(json(0).get("file").is_none() && json(1).get("attribute").is_none());
}

#[test]
fn a_malformed_attribute_keeps_its_bytes_in_results() {
    let text = r#"{
        "files": { "/x": { "caps": { "bytes": "0102" } } },
        "steps": [
            { "chmod": { "path": "/x", "mode": "0700" }, "expect": { "file": { "caps": { "bytes": "0102" } } } },
            { "setcap": { "path": "/x", "caps": { "bytes": "" } }, "expect": { "file": { "caps": { "bytes": "" } } } },
            { "setcap": { "path": "/x", "caps": { "permitted": "all" } }, "expect": { "file": { "caps": "=p" } } },
            { "chown": { "path": "/x" }, "expect": { "file": { "caps": null } } }
        ]
    }"#;
    let result = read(text).unwrap().run();
    assert!(result.ok, "{:?}", result.steps.iter().map(|step| &step.differences).collect::<Vec<_>>());
}

#[test]
fn what_a_change_took_away_is_said() {
    let text = r#"{
        "process": { "uid": 1000, "gid": 1000 },
        "files": { "/x": { "uid": 1000, "gid": 27, "mode": "6755", "caps": "cap_kill=ep" } },
        "steps": [
            { "getxattr": { "path": "/x" } },
            { "write": { "path": "/x", "bytes": 1 } },
            { "chmod": { "path": "/x", "mode": "2711" } },
            { "setcap": { "path": "/x", "caps": "=" } }
        ]
    }"#;
    let loaded = read(text).unwrap();
    let mut simulation = Simulation::new(loaded.world);
    let told: Vec<_> = loaded.scenario.steps.iter().map(|step| verdict(&simulation.perform(&step.call))).collect();
    assert_eq!(told[0], "getxattr of /x succeeds. It returns 20.");
    let stripped =
        "It returns 1. The set-user-ID bit is gone. The set-group-ID bit is gone. The file's capabilities are gone.";
    assert_eq!(told[1], format!("write of 1 byte to /x succeeds. {stripped}"));
    let chmod =
        "chmod of /x to 2711 succeeds. The mode is 0711 now. The set-group-ID bit that was asked for is dropped.";
    assert_eq!(told[2], chmod);
    assert!(told[3].starts_with("setcap of /x fails with EPERM.") && told[3].ends_with("Lacking: CAP_SETFCAP."));
}
