use alloc::format;
use alloc::string::ToString;

use super::{Loaded, MAX_SIZE, Options, Scenario, release_differences};
use crate::capability::{CapSet, Capability};

fn read(text: &str) -> Result<Loaded, super::ReadError> {
    Loaded::read(text, &Options::default())
}

/// Reads bad input and compares where the error is and what its message says. The place is marked by «.
#[track_caller]
fn check_error(marked: &str, path: &str, message: &str) {
    let (before, after) = marked.split_once('«').expect("a mark");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    check_error_at(format!("{before}{after}"), (line, column), path, message);
}

#[track_caller]
fn check_error_at(text: impl AsRef<[u8]>, place: (usize, usize), path: &str, message: &str) {
    let error = Loaded::read(text, &Options::default()).expect_err("bad input");
    assert_eq!(((error.line, error.column), error.path.as_str()), (place, path), "{}", error.message);
    assert!(error.message.contains(message), "{}", error.message);
}

#[test]
fn unknown_keys() {
    check_error(r#"{"steps": [], "proces": «{}}"#, "proces", "unknown field");
    check_error(r#"{"files": {"/bin/x": {"cap": «"="}}}"#, r#"files["/bin/x"].cap"#, "expected one of `uid`");
    check_error(r#"{"process": {"perm": «"all"}}"#, "process.perm", "unknown field");
    check_error(r#"{"sysctl": {"kernel.foo": «1}}"#, r#"sysctl["kernel.foo"]"#, "unknown field");
    check_error(r#"{"steps": [{"bind": {"port": 1}, "expects": «{}}]}"#, "steps[0].expects", "unknown key");
    let text = r#"{"steps": [{"bind": {"port": 1}, "expect": {"process": {"uids": «1}}}]}"#;
    check_error(text, "steps[0].expect.process.uids", "unknown field");
}

#[test]
fn bad_digits_and_sets() {
    let text = "{\n  \"process\": { \"bounding\": «\"00000000800405fg\" }\n}";
    check_error(text, "process.bounding", "character 16, 'g', is no hexadecimal digit");
    check_error(r#"{"process": {"bounding": «"800405fb"}}"#, "process.bounding", "16 hexadecimal digits");
    check_error(r#"{"process": {"ambient": ["cap_kill", «"cap_zap"]}}"#, "process.ambient[1]", "no capability");
    check_error(r#"{"process": {"ambient": «"cap_kill,cap_zap"}}"#, "process.ambient", "\"cap_zap\"");
    let text = r#"{"kernel": "5.4", "process": {"uid": 1, "bounding": «"000001ffffffffff"}}"#;
    check_error(text, "process.bounding", "CAP_PERFMON is unknown to Linux 5.4");
}

#[test]
fn ids_out_of_range() {
    check_error(r#"{"process": {"uid": «1099511627776}}"#, "process.uid", "1099511627776");
    check_error(r#"{"process": {"gid": [0, 0, 0, «4294967295]}}"#, "process.gid[3]", "0 to 4294967294");
    check_error(r#"{"process": {"uid": «[1, 2, 3]}}"#, "process.uid", "four");
    check_error(r#"{"process": {"uid": «-1}}"#, "process.uid", "0 to 4294967294");
    check_error(r#"{"files": {"/x": {"uid": «4294967295}}}"#, r#"files["/x"].uid"#, "0 to 4294967294");
    check_error(r#"{"steps": [{"bind": {"port": «65536}}]}"#, "steps[0].bind.port", "0 to 65535");
}

#[test]
fn a_scenario_of_10_megabytes() {
    let text = format!("{{\n\"title\": \"{}\"}}", "x".repeat(10_000_000));
    check_error_at(text, (2, MAX_SIZE - 1), "", "at most 1048576 bytes");
    let largest = format!("{{\"title\": \"{}\"}}", "x".repeat(MAX_SIZE - 13));
    assert_eq!(largest.len(), MAX_SIZE);
    assert!(read(&largest).is_ok());
}

#[test]
fn deep_nesting_and_broken_text() {
    let deep = format!("{{\"expect\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(read(&deep).is_err());
    let steps = format!("{{\"steps\": [{{\"prctl\": {}{}}}]}}", "[".repeat(1000), "]".repeat(1000));
    assert!(read(&steps).is_err());
    check_error_at("", (1, 1), "", "EOF");
    check_error_at("[]", (1, 1), "", "an object");
    check_error_at("{} x", (1, 4), "", "trailing characters");
    check_error("{\"steps\": «[", "steps", "EOF");
    check_error_at(b"{\"title\": \"\xff\"}", (1, 12), "", "not UTF-8");
    check_error(r#"{"title": "éé", "x": «1}"#, "x", "unknown field");
    check_error(r#"{"files": {"/x": «[]}}"#, r#"files["/x"]"#, "an object");
}

#[test]
fn user_namespaces_that_make_no_sense() {
    let cycle = r#"{"user_namespaces": {"a": {"parent": "b"}, "b": {"parent": «"a"}}}"#;
    check_error(cycle, "user_namespaces.b.parent", "a → b → a");
    let own = r#"{"user_namespaces": {"a": {"parent": «"a"}}}"#;
    check_error(own, "user_namespaces.a.parent", "a → a");
    let unknown = r#"{"user_namespaces": {"a": {"parent": «"x"}}}"#;
    check_error(unknown, "user_namespaces.a.parent", "\"x\"");
    check_error(r#"{"process": {"user_ns": «"x"}}"#, "process.user_ns", "no user namespace \"x\"");
    check_error(r#"{"user_namespaces": {"init": «{}}}"#, "user_namespaces.init", "always exists");
    let map = r#"{"user_namespaces": {"a": {"uid_map": «"0 0 0"}}}"#;
    check_error(map, "user_namespaces.a.uid_map", "count is 0");
    let unmapped = r#"{"user_namespaces": {"a": {"uid_map": "0 5 1", "gid_map": "0 5 1"}}, "process": {"user_ns": "a", "uid": «7}}"#;
    check_error(unmapped, "process.uid", "id 7 has no mapping");
    let owner = r#"{"user_namespaces": {"a": {"uid_map": "0 5 1"}, "b": {"parent": "a", "owner": «0}}}"#;
    check_error(owner, "user_namespaces.b.owner", "id 0 has no mapping in the user namespace \"a\"");
    let level = |level: usize| {
        let parent = level.checked_sub(1).map_or("init".to_string(), |above| format!("n{above}"));
        format!("\"n{level}\": {{\"parent\": \"{parent}\", \"uid_map\": \"0 0 1\"}}")
    };
    let deep = (0..34).map(level).collect::<alloc::vec::Vec<_>>().join(", ");
    let error = read(&format!("{{\"user_namespaces\": {{{deep}}}}}")).unwrap_err();
    assert_eq!((error.path.as_str(), error.message.contains("33 deep")), ("user_namespaces.n33.parent", true));
}

#[test]
fn file_capabilities_that_make_no_sense() {
    let check = |caps: &str, message: &str| {
        let text = format!(r#"{{"files": {{"/x": {{"caps": {caps}}}}}}}"#);
        let error = read(&text).unwrap_err();
        assert!(error.path.starts_with(r#"files["/x"].caps"#), "{}", error.path);
        assert!(error.message.contains(message), "{}", error.message);
    };
    // A truncated attribute: half a byte is bad input; whole bytes too few are the kernel's to refuse.
    check(r#"{"bytes": "010000020"}"#, "the last byte is cut short");
    check(r#"{"bytes": "0100zz"}"#, "character 5, 'z', is no hexadecimal digit");
    check(r#"{"bytes": "01000002", "revision": 2}"#, "`bytes` stands alone");
    check(&format!("{{\"bytes\": \"{}\"}}", "00".repeat(65537)), "at most 65536 bytes");
    check(r#"{"revision": 3}"#, "needs a `rootid`");
    check(r#"{"revision": 2, "rootid": 0}"#, "only revision 3");
    check(r#"{"revision": 4}"#, "1, 2 and 3");
    check(r#"{"revision": 1, "permitted": "cap_bpf"}"#, "0 to 31");
    check(r#""cap_nett_raw=ep""#, "character 1");
    check(r#""cap_kill=ei cap_chown=p""#, "one effective flag");
    let text = r#"{"files": {"/x": {"caps": {"bytes": "0100000200"}}}, "steps": [{"execve": "/x"}]}"#;
    let step = &read(text).unwrap().run().steps[0];
    assert_eq!(step.errno.map(crate::kernel::Errno::name), Some("EINVAL"));
    assert_eq!(step.rules, ["execve.file-caps-malformed"]);
}

#[test]
fn steps_that_make_no_sense() {
    check_error("{\"steps\": [\n {\"execve\": «\"/x\"}]}", "steps[0].execve", "no file \"/x\"");
    let two = r#"{"steps": [«{"bind": {"port": 1}, "execve": "/x"}]}"#;
    check_error(two, "steps[0]", "exactly one call; this one has `bind` and `execve`");
    check_error(r#"{"steps": [«{"note": "x"}]}"#, "steps[0]", "exactly one call: one of `execve`");
    let misplaced = read(r#"{"steps": [{"prctl": ["PR_SET_SECUREBITS", "cap_kill"]}]}"#).unwrap_err();
    assert!(misplaced.path.starts_with("steps[0].prctl") && misplaced.message.contains("no meaning"), "{misplaced}");
    for part in ["\"return\": «null", "\"process\": «null", "\"process\": {\"permitted\": «null}"] {
        let text = alloc::format!(r#"{{"steps": [{{"bind": {{"port": 80}}, "expect": {{{part}}}}}]}}"#);
        let marked = text.find('«').unwrap();
        assert!(read(&text.replace('«', "")).is_err(), "{marked}: {text}");
    }
    check_error(r#"{"steps": [{"seccomp": «{}}]}"#, "steps[0].seccomp", "missing field `filter`");
    let unnamed = r#"{"steps": [{"unshare": «{"flags": ["CLONE_NEWUSER"]}}]}"#;
    check_error(unnamed, "steps[0].unshare", "give it a name");
    let nothing = r#"{"steps": [{"clone": «{"flags": [], "user_ns": "a"}}]}"#;
    check_error(nothing, "steps[0].clone", "nothing to call \"a\"");
    let taken = r#"{"steps": [{"clone": «{"flags": ["CLONE_NEWUSER"], "user_ns": "init"}}]}"#;
    check_error(taken, "steps[0].clone", "already");
    let file = r#"{"steps": [{"write_map": {"user_ns": "init", "file": «"projid_map", "text": ""}}]}"#;
    check_error(file, "steps[0].write_map.file", "one of `uid_map`, `gid_map`, `setgroups`");
    let nowhere = r#"{"steps": [{"write_map": {"user_ns": «"a", "file": "uid_map", "text": ""}}]}"#;
    check_error(nowhere, "steps[0].write_map.user_ns", "no user namespace \"a\"");
    let nothing = r#"{"steps": [{"write_map": «{"user_ns": "init", "file": "uid_map"}}]}"#;
    check_error(nothing, "steps[0].write_map", "missing field `text`");
    let made = r#"{"steps": [{"unshare": {"flags": ["CLONE_NEWUSER"], "user_ns": "a"}},
        {"write_map": {"user_ns": "a", "file": "uid_map", "text": "", "by": {"user_ns": «"a"}}}]}"#;
    check_error(made, "steps[1].write_map.by.user_ns", "no user namespace \"a\"");
    let by = r#"{"steps": [{"write_map": {"user_ns": "init", "file": "uid_map", "text": "", "by": {"uid": 1, "effective": «"all"}}}]}"#;
    check_error(by, "steps[0].write_map.by.effective", "must be permitted");
    check_error(r#"{"steps": [{"setns": «"a"}]}"#, "steps[0].setns", "no user namespace \"a\"");
    check_error(r#"{"steps": [{"setuid": «1099511627776}]}"#, "steps[0].setuid", "-2147483648 to 4294967295");
    check_error(r#"{"steps": [{"setreuid": «[1, 2, 3]}]}"#, "steps[0].setreuid", "a list of 2 ids; this list has 3");
    check_error(r#"{"steps": [{"setgroups": [1, «"x"]}]}"#, "steps[0].setgroups[1]", "an id as a program passes it");
    check_error(r#"{"steps": [{"capget": «[]}]}"#, "steps[0].capget", "an empty object");
    check_error(r#"{"runtime": {"engine": «"lxc"}}"#, "runtime.engine", "no engine that is modelled");
    check_error(r#"{"process": {"seccomp": [«{}]}}"#, "process.seccomp[0]", "either a `profile` or `bpf`");
    let interpreter = r#"{"files": {"/x": {"interpreter": «"/y"}}}"#;
    check_error(interpreter, r#"files["/x"].interpreter"#, "no file \"/y\"");
    let errno = r#"{"steps": [{"bind": {"port": 1}, "expect": {"errno": «"EPRM"}}]}"#;
    check_error(errno, "steps[0].expect.errno", "no errno");
    let rule = r#"{"steps": [{"bind": {"port": 1}, "expect": {"rules": [«"x.y"]}}]}"#;
    check_error(rule, "steps[0].expect.rules[0]", "no rule");
    let option = r#"{"steps": [{"prctl": [«"PR_SET_NAME", 1]}]}"#;
    check_error(option, "steps[0].prctl[0]", "no option that is modelled");
    let mode = r#"{"files": {"/x": {"mode": «"777777777"}}}"#;
    check_error(mode, r#"files["/x"].mode"#, "octal");
    check_error(r#"{"files": {"/x": {}, "/x": «{}}}"#, r#"files["/x"]"#, "given twice");
    check_error(r#"{"process": {"uid": 1, "gid": 1, "uid": «2}}"#, "process.uid", "given twice");
    let note = r#"{"steps": [{"note": "x", "bind": {"port": 1}, "note": «"y"}]}"#;
    check_error(note, "steps[0].note", "given twice");
    check_error(r#"{"kernel": «"4.13"}"#, "kernel", "older than 4.14");
}

#[test]
fn states_that_no_thread_can_be_in() {
    let effective = r#"{"process": {"uid": 1, "effective": «"cap_kill"}}"#;
    check_error(effective, "process.effective", "CAP_KILL is not");
    let by_default = r#"{"process": «{"permitted": "none"}}"#;
    check_error(by_default, "process.effective", "unless written out");
    let ambient = r#"{"process": {"uid": 1, "permitted": "cap_kill", "ambient": «"cap_kill"}}"#;
    check_error(ambient, "process.ambient", "must be inheritable");
    check_error(r#"{"process": {"securebits": «4096}}"#, "process.securebits", "up to 0xfff");
    let older = r#"{"kernel": "6.12", "process": {"securebits": «["exec_restrict_file"]}}"#;
    check_error(older, "process.securebits", "up to 0xff");
}

#[test]
fn what_a_program_could_pass_is_no_input_error() {
    let errno_of = |call: &str| {
        let loaded = read(&format!("{{\"steps\": [{call}]}}")).unwrap();
        loaded.run().steps[0].errno.map(crate::kernel::Errno::name)
    };
    assert_eq!(errno_of(r#"{"setuid": -1}"#), Some("EINVAL"));
    let text = r#"{"write_map": {"user_ns": "init", "file": "setgroups", "text": "\u0000"}}"#;
    assert_eq!(errno_of(text), Some("EINVAL"));
    assert_eq!(errno_of(r#"{"setuid": 4294967295}"#), Some("EINVAL"));
    assert_eq!(errno_of(r#"{"setresuid": [-1, -2, 4294967294]}"#), None);
    assert_eq!(errno_of(r#"{"prctl": ["PR_SET_KEEPCAPS", 2]}"#), Some("EINVAL"));
    assert_eq!(errno_of(r#"{"prctl": ["PR_CAPBSET_READ", 64]}"#), Some("EINVAL"));
    assert_eq!(errno_of(r#"{"prctl": ["PR_CAPBSET_READ", -1]}"#), Some("EINVAL"));
    assert_eq!(errno_of(r#"{"prctl": ["PR_CAPBSET_READ", 18446744073709551615]}"#), Some("EINVAL"));
    assert_eq!(errno_of(r#"{"prctl": ["PR_SET_SECUREBITS", 511]}"#), None);
    assert_eq!(errno_of(r#"{"prctl": ["PR_SET_SECUREBITS", 4096]}"#), Some("EPERM"));
    assert_eq!(errno_of(r#"{"prctl": ["PR_SET_SECUREBITS", ["noroot", "noroot_locked"]]}"#), None);
    let all =
        r#"{"capset": {"effective": "0xffffffffffffffff", "permitted": "ffffffffffffffff", "inheritable": "none"}}"#;
    assert_eq!(errno_of(all), None);
}

#[test]
fn the_call_itself_can_be_expected() {
    let call = r#"{"capset": {"effective": "all", "permitted": "all", "inheritable": "none"}}"#;
    let text = |expected: &str| {
        alloc::format!(
            "{{\"steps\": [{{{}, \"expect\": {{\"call\": {expected}}}}}]}}",
            call.trim_start_matches('{').strip_suffix('}').unwrap()
        )
    };
    assert!(read(&text(call)).unwrap().run().ok);
    let digits = call.replace("\"all\"", "\"000001ffffffffff\"").replace("\"none\"", "\"0000000000000000\"");
    assert!(read(&text(&digits)).unwrap().run().ok);
    assert!(!read(&text(r#"{"bind": {"port": 80}}"#)).unwrap().run().ok);
    assert!(read(&text("null")).is_err());
}

#[test]
fn every_notation_of_a_set_means_the_same() {
    let notations = [
        "\"0000000000000021\"",
        "\"0x21\"",
        "\"cap_chown,CAP_KILL\"",
        "\"Chown, kill\"",
        "[\"chown\", \"CAP_KILL\"]",
    ];
    for notation in notations {
        let loaded = read(&format!("{{\"process\": {{\"uid\": 5, \"inheritable\": {notation}}}}}")).unwrap();
        assert_eq!(loaded.world.thread.credentials.inheritable.bits(), 0x21, "{notation}");
    }
    let set = |text: &str| {
        read(&format!("{{\"process\": {{\"bounding\": {text}}}}}")).unwrap().world.thread.credentials.bounding
    };
    assert_eq!(set("\"all\"").len(), 41);
    assert_eq!(set("\"none\""), CapSet::EMPTY);
    let options =
        Options { all: Some(Capability::KILL.into()), release: Some("5.4".parse().unwrap()), ..Options::default() };
    let loaded = Loaded::read("{}", &options).unwrap();
    assert_eq!(loaded.world.thread.credentials.permitted, Capability::KILL.into());
}

#[test]
fn defaults_of_the_process() {
    let root = read("{}").unwrap().world.thread.credentials;
    assert_eq!((root.permitted.len(), root.effective.len(), root.inheritable.len()), (41, 41, 0));
    let user = read(r#"{"process": {"uid": [0, 7, 0, 0]}}"#).unwrap().world.thread.credentials;
    assert_eq!((user.permitted.len(), user.bounding.len(), user.gid.real.number()), (0, 41, 0));
    let old = read(r#"{"kernel": "5.7"}"#).unwrap().world.thread.credentials;
    assert_eq!(old.permitted.len(), 38);
}

#[test]
fn ids_are_those_of_the_process_and_files_have_host_ids() {
    let text = r#"{
        "user_namespaces": {"c": {"owner": 1000, "uid_map": "0 1000 1\n1 100000 10", "gid_map": "0 1000 1\n1 100000 10"}},
        "process": {"user_ns": "c", "uid": 3, "gid": 0, "groups": [2, 1]},
        "files": {"/x": {"uid": 100004, "gid": 100000, "mode": "4755"}},
        "steps": [{"execve": "/x"}]
    }"#;
    let loaded = read(text).unwrap();
    assert_eq!(loaded.world.thread.credentials.uid.real.number(), 100_002);
    let process = &loaded.run().steps[0].process;
    assert_eq!(process.uid, [3, 5, 5, 5]);
    assert_eq!((process.groups.as_slice(), process.user_ns.as_str()), ([1, 2].as_slice(), "c"));
}

#[test]
fn expectations_are_compared_part_by_part() {
    let text = r#"{
        "process": {"uid": 1024, "permitted": "cap_kill"},
        "files": {"/x": {}},
        "steps": [{"execve": "/x", "expect": {"errno": "EPERM", "at_secure": true, "return": -1,
            "process": {"permitted": "cap_kill", "uid": 0, "no_new_privs": true}, "rules": ["execve.noroot"]}}]
    }"#;
    let result = read(text).unwrap().run();
    assert!(!result.ok);
    let fields: alloc::vec::Vec<_> = result.steps[0].differences.iter().map(|d| d.field.as_str()).collect();
    let expected =
        ["errno", "return", "at_secure", "process.uid", "process.permitted", "process.no_new_privs", "rules"];
    assert_eq!(fields, expected);
}

#[test]
fn what_is_written_can_be_read_again() {
    let text = r#"{
        "title": "t", "kernel": "6.12", "sysctl": {"net.ipv4.ip_unprivileged_port_start": 80},
        "user_namespaces": {"c": {"parent": "init", "owner": 1, "uid_map": "0 0 10", "gid_map": "0 0 10", "setgroups": "deny"}},
        "process": {"uid": [1, 2, 3, 4], "gid": 5, "groups": [7], "permitted": "all", "inheritable": ["kill"],
            "securebits": ["noroot"], "no_new_privs": true, "user_ns": "c", "shares_fs": true,
            "traced": {"tracer_has_sys_ptrace": true}},
        "files": {"/a": {"caps": "cap_kill=ep", "mode": "04755", "interpreter": "/b"},
            "/b": {"caps": {"revision": 3, "permitted": "all", "inheritable": "none", "effective": true, "rootid": 9}},
            "/c": {"caps": {"bytes": "0100"}, "nosuid": true, "noexec": true, "uid": 1, "gid": 2}, "/d": {"caps": null}},
        "steps": [{"execve": "/a", "note": "n", "expect": {"errno": null, "process": {"groups": []}}},
            {"capset": {"effective": "none", "permitted": "all", "inheritable": "cap_kill"}},
            {"prctl": ["PR_CAP_AMBIENT", "PR_CAP_AMBIENT_RAISE", "cap_kill", 0, -1]},
            {"bind": {"port": 80}, "expect": {"errno": "EACCES", "rules": ["bind.net-bind-service"]}}]
    }"#;
    let first = read(text).unwrap().scenario;
    let written = serde_json::to_string(&first).unwrap();
    let second = read(&written).unwrap().scenario;
    assert_eq!(first, second);
    assert_eq!(serde_json::to_string(&Scenario::default()).unwrap(), r#"{"process":{},"steps":[]}"#);
}

#[test]
fn results_have_the_documented_form() {
    let text = r#"{
        "title": "A dropped capability makes execve fail", "kernel": "6.18",
        "process": {"uid": 1024, "gid": 1024, "bounding": "none"},
        "files": {"/usr/bin/reverse-words": {"caps": "cap_net_bind_service=ep"}},
        "steps": [{"execve": "/usr/bin/reverse-words", "expect": {"errno": "EPERM"}}]
    }"#;
    let result = serde_json::to_string(&read(text).unwrap().run()).unwrap();
    let expected = r#"{"title":"A dropped capability makes execve fail","kernel":"6.18","ok":true,"steps":[{"call":{"execve":"/usr/bin/reverse-words"},"errno":"EPERM","return":-1,"process":{"uid":[1024,1024,1024,1024],"gid":[1024,1024,1024,1024],"groups":[],"permitted":"0000000000000000","effective":"0000000000000000","inheritable":"0000000000000000","bounding":"0000000000000000","ambient":"0000000000000000","securebits":0,"no_new_privs":false,"user_ns":"init"},"rules":["execve.file-effective-eperm"]}]}"#;
    assert_eq!(result, expected);
}

#[test]
fn releases_that_answer_otherwise_are_found() {
    let differences = |text: &str| {
        let found = release_differences(&read(text).unwrap().scenario, &Options::default());
        found.iter().map(|difference| difference.since.to_string()).collect::<alloc::vec::Vec<_>>()
    };
    let plain = r#"{"files": {"/x": {}}, "steps": [{"execve": "/x"}]}"#;
    assert!(differences(plain).is_empty(), "a capability more or less is no other answer");
    let group = r#"{"process": {"uid": 1, "gid": [1, 1, 1, 2], "permitted": "kill", "inheritable": "kill", "ambient": "kill"},
        "files": {"/x": {}}, "steps": [{"execve": "/x"}]}"#;
    assert_eq!(differences(group), ["6.17"]);
    let securebits = r#"{"process": {"uid": 1}, "steps": [{"prctl": ["PR_SET_SECUREBITS", 256]}]}"#;
    assert_eq!(differences(securebits), ["6.14"]);
    let script = r#"{"process": {"uid": 1, "bounding": "none"},
        "files": {"/s": {"interpreter": "/x", "caps": "cap_kill=ep"}, "/x": {}}, "steps": [{"execve": "/s"}]}"#;
    assert_eq!(differences(script), ["5.8"]);
}

#[test]
fn targets_are_processes_with_a_place_of_their_own() {
    let text = r#"{"steps": [{"kill": {"target": {"uid": «4294967295}}}]}"#;
    check_error(text, "steps[0].kill.target.uid", "0 to 4294967294");
    let text = r#"{"steps": [{"ptrace": {"target": {"user_ns": «"nowhere"}}}]}"#;
    check_error(text, "steps[0].ptrace.target.user_ns", "no user namespace \"nowhere\"");
    let text = r#"{"steps": [{"setpriority": {"nice": 1, "target": {"uid": 1, "effective": «"cap_kill"}}}]}"#;
    check_error(text, "steps[0].setpriority.target.effective", "what is effective must be permitted");
    let text = r#"{"steps": [{"unshare": {"flags": ["CLONE_NEWUSER"], "user_ns": "new"}}, {"kill": {"target": {"user_ns": «"new"}}}]}"#;
    check_error(text, "steps[1].kill.target.user_ns", "no user namespace \"new\"");
    check_error(r#"{"steps": [{"chroot": {"path": «"jail"}}]}"#, "steps[0].chroot.path", "begins with");
    check_error(r#"{"steps": [{"mount": {"type": «"ext9"}}]}"#, "steps[0].mount.type", "unknown variant");
}

#[test]
fn operations_in_words() {
    for (step, words) in [
        (r#"{"kill": {"target": {"uid": 7}, "signal": 9}}"#, "kill with signal 9 of a process of user 7"),
        (r#"{"ptrace": {"target": {"uid": [1, 2, 3, 4]}}}"#, "ptrace of a process with user ids 1, 2, 3"),
        (r#"{"setpriority": {"nice": -5}}"#, "setpriority to nice value -5"),
        (
            r#"{"sched_setscheduler": {"policy": "SCHED_RR", "priority": 3}}"#,
            "sched_setscheduler to SCHED_RR, priority 3",
        ),
        (
            r#"{"sendmsg": {"credentials": {"pid": "own", "uid": -1, "gid": 4294967294}}}"#,
            "sendmsg as the own pid, user -1 and group 4294967294",
        ),
        (r#"{"mount": {"type": "tmpfs"}}"#, "mount of a tmpfs"),
        (r#"{"chroot": {"path": "/srv"}}"#, "chroot to /srv"),
        (r#"{"pivot_root": {}}"#, "pivot_root"),
        (r#"{"unshare": {"flags": []}}"#, "unshare of no flags"),
        (r#"{"unshare": {"flags": ["CLONE_FS"]}}"#, "unshare of CLONE_FS"),
        (
            r#"{"clone": {"flags": ["CLONE_NEWNS", "CLONE_NEWPID", "CLONE_NEWNET"]}}"#,
            "clone with CLONE_NEWNS, CLONE_NEWPID and CLONE_NEWNET",
        ),
    ] {
        let loaded = read(&format!(r#"{{"steps": [{step}]}}"#)).unwrap();
        assert_eq!(loaded.scenario.steps[0].call.in_words(), words);
    }
}

#[test]
fn results_show_the_sets_of_targets_in_digits() {
    let loaded =
        read(r#"{"steps": [{"kill": {"target": {"uid": 7, "permitted": "cap_kill", "bounding": "none"}}}]}"#);
    let result = serde_json::to_string(&loaded.unwrap().run().steps[0].call).unwrap();
    let expected = r#"{"kill":{"target":{"uid":7,"permitted":"0000000000000020","bounding":"0000000000000000"}}}"#;
    assert_eq!(result, expected);
}
