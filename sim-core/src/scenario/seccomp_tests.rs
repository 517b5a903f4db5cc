//! Filters in scenarios: reading them, what they do to steps, and what results say.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Loaded, Options, Scenario, Simulation, StepOutcome, StepResult, verdict};
use crate::seccomp::ByteOrder;
use crate::seccomp::bpf::to_bytes;
use crate::seccomp::text::assemble;
use crate::text::HexBytes;

/// A filter as a scenario has it.
fn bpf(listing: &str) -> String {
    let program = assemble(listing).unwrap();
    format!("{{\"bpf\": \"{}\"}}", HexBytes(&to_bytes(program.instructions(), ByteOrder::Little)))
}

/// Answers one call, by its number, otherwise than the rest.
fn only(number: u32, action: &str) -> String {
    bpf(&format!("A = sys_number\n if (A == {number}) goto 3\n return ALLOW\n return {action}"))
}

fn scenario(process: &str, steps: &str) -> String {
    format!(r#"{{"process": {{{process}}}, "files": {{"/bin/true": {{}}, "/f": {{"uid": 5}}}}, "steps": [{steps}]}}"#)
}

fn outcomes(process: &str, steps: &str) -> Vec<StepOutcome> {
    let loaded = Loaded::read(scenario(process, steps), &Options::default()).unwrap();
    let mut simulation = Simulation::new(loaded.world);
    loaded.scenario.steps.iter().map(|step| simulation.perform(&step.call)).collect()
}

fn results(process: &str, steps: &str) -> Vec<StepResult> {
    outcomes(process, steps).iter().map(StepOutcome::result).collect()
}

/// The same, where `results` is a name of the test's own.
fn asked(process: &str, steps: &str) -> Vec<StepResult> {
    results(process, steps)
}

fn with_filters(filters: &[String]) -> String {
    format!("\"seccomp\": [{}]", filters.join(", "))
}

const SETUID: &str = r#"{"setuid": 7}"#;
const UNSHARE: &str = r#"{"unshare": {"flags": ["CLONE_FS"]}}"#;

/// Reads bad input and compares where the error is and what its message says. The place is marked by «.
#[track_caller]
fn check_error(marked: &str, path: &str, message: &str) {
    let (before, after) = marked.split_once('«').expect("a mark");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let error = Loaded::read(format!("{before}{after}"), &Options::default()).expect_err("bad input");
    assert_eq!(((error.line, error.column), error.path.as_str()), ((line, column), path), "{}", error.message);
    assert!(error.message.contains(message), "{}", error.message);
}

#[test]
fn filters_that_cannot_be_read_name_their_place() {
    let in_force = |filter: &str| format!("{{\"process\": {{\"seccomp\": [\n  {filter}]}}}}");
    let step = |filter: &str| format!("{{\"steps\": [{{\"seccomp\": {{\"filter\":\n  {filter}}}}}]}}");
    let profile =
        |inside: &str| format!("{{\"profile\": {{\"defaultAction\": \"SCMP_ACT_LOG\",\n\"syscalls\": [{inside}]}}}}");
    let ordinary = "\"names\": [\"read\"], \"action\": \"SCMP_ACT_KILL\"";
    let op = format!("{{{ordinary}, \"args\": [{{\"index\": 0, \"value\": 1, \"op\": «\"EQ\"}}]}}");
    check_error(&in_force(&profile(&op)), "process.seccomp[0].profile.syscalls[0].args[0].op", "SCMP_CMP_NE");
    check_error(&step(&profile(&op)), "steps[0].seccomp.filter.profile.syscalls[0].args[0].op", "SCMP_CMP_NE");
    let missing = profile("«{\"names\": [\"read\"]}");
    check_error(&in_force(&missing), "process.seccomp[0].profile.syscalls[0]", "action is missing");
    let twice = profile("«{\"names\": [], \"names\": []}");
    check_error(&in_force(&twice), "process.seccomp[0].profile.syscalls[0]", "stands here twice");
    let whole = "{\"profile\": {\"linux\": {\"seccomp\": {\"defaultAction\": «\"LOG\"}}}}";
    check_error(&in_force(whole), "process.seccomp[0].profile.linux.seccomp.defaultAction", "SCMP_ACT_KILL");
    let refused = format!("{{{ordinary}}}, «{{{ordinary}, \"errnoRet\": 1}}");
    check_error(&in_force(&profile(&refused)), "process.seccomp[0].profile.syscalls[1]", "only SCMP_ACT_ERRNO");
    let architecture = "{\"profile\": {\"defaultAction\": \"SCMP_ACT_LOG\", \"architectures\": [«\"X86\"]}}";
    check_error(&step(architecture), "steps[0].seccomp.filter.profile.architectures[0]", "is not known");
    let nothing = "{\"profile\": «{}}";
    check_error(&in_force(nothing), "process.seccomp[0].profile", "no defaultAction");
    for (filter, message) in
        [("«{}", "either a `profile` or `bpf`"), ("«{\"engine\": \"crun\", \"bpf\": \"\"}", "`bpf` stands alone")]
    {
        check_error(&in_force(filter), "process.seccomp[0]", message);
        check_error(&step(filter), "steps[0].seccomp.filter", message);
    }
}

#[test]
fn other_notations_that_cannot_be_read_name_their_place() {
    check_error(r#"{"process": {"seccomp": [{"bpf": «"0600000000"}]}}"#, "process.seccomp[0].bpf", "whole number of");
    check_error(r#"{"process": {"seccomp": [{"bpf": «"06z"}]}}"#, "process.seccomp[0].bpf", "hexadecimal digit");
    check_error(r#"{"process": {"seccomp": [«{"bpf": ""}]}}"#, "process.seccomp[0]", "refuses it with EINVAL");
    let engine = r#"{"process": {"seccomp": [{"profile": {}, "engine": «"lxc"}]}}"#;
    check_error(engine, "process.seccomp[0].engine", "one of `runc`, `crun`, `youki`, `docker`, `podman`");
    let native = r#"{"process": {"seccomp": [{"profile": {}, "native": «"amd64"}]}}"#;
    check_error(native, "process.seccomp[0].native", "x86_64, x86, x32");
    let flag = r#"{"steps": [{"seccomp": {"filter": {"bpf": ""}, "flags": [«"TSYNC"]}}]}"#;
    check_error(flag, "steps[0].seccomp.flags[0]", "SECCOMP_FILTER_FLAG_TSYNC");
    for (call, message) in [
        ("\"arch\": \"x86_64\"", "either a `name` or `nr`"),
        ("\"arch\": \"x86_64\", \"name\": \"read\", \"nr\": 0", "either a `name` or `nr`"),
        ("\"arch\": \"aarch64\", \"name\": \"open\"", "aarch64 has no system call \"open\""),
        ("\"arch\": \"x86_64\", \"nr\": 1, \"args\": [1, 2, 3, 4, 5, 6, 7]", "this one has 7"),
    ] {
        check_error(&format!("{{\"steps\": [{{\"syscall\": «{{{call}}}}}]}}"), "steps[0].syscall", message);
    }
    let of_another = r#"{"steps": [{"kill": {"target": {"seccomp": «[{"bpf": ""}]}}}]}"#;
    check_error(of_another, "steps[0].kill.target.seccomp", "only the thread");
}

#[test]
fn what_is_read_is_written() {
    let text = concat!(
        r#"{"process":{"seccomp":[{"profile":{"syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","args":"#,
        r#"[{"index":0,"value":18446744073709551615,"op":"SCMP_CMP_EQ"}],"comment":null}],"defaultAction":"SCMP_ACT_ALLOW"},"#,
        r#""engine":"crun","native":"aarch64"},{"bpf":"060000000000ff7f"}]},"steps":["#,
        r#"{"seccomp":{"filter":{"bpf":"0600"#,
        r#"0000"#,
        r#"00000000"},"flags":["SECCOMP_FILTER_FLAG_LOG",64]}},"#,
        r#"{"syscall":{"arch":"x32","nr":-1,"args":[1,"0xffffffffffffffff"],"instruction_pointer":4096}},"#,
        r#"{"syscall":{"arch":"arm","name":"read"}}]}"#,
    );
    let loaded = Loaded::read(text, &Options::default()).unwrap();
    assert_eq!(serde_json::to_string(&loaded.scenario).unwrap(), text);
    let again: Scenario = serde_json::from_str(text).unwrap();
    assert_eq!(again, loaded.scenario);
}

#[test]
fn filters_judge_a_call_before_the_kernel_looks_at_it() {
    // Without the filter the call would be refused with EPERM.
    let results = results(&format!("\"uid\": 1, {}", with_filters(&[only(105, "ERRNO(95)")])), SETUID);
    let [result] = results.as_slice() else { panic!() };
    assert_eq!((result.errno.unwrap().name(), result.value), ("EOPNOTSUPP", -1));
    assert_eq!((result.action, result.data), (Some("SCMP_ACT_ERRNO"), Some(95)));
    assert_eq!(result.rules, ["seccomp.strictest-wins", "seccomp.errno"]);
    assert_eq!(result.decided_by.as_deref(), Some("process.seccomp[0].bpf"));
}

#[test]
fn a_call_that_is_let_through_is_decided_as_without_filters() {
    let results = results(&with_filters(&[only(39, "ERRNO(95)")]), SETUID);
    let [result] = results.as_slice() else { panic!() };
    assert_eq!((result.errno, result.process.uid), (None, [7; 4]));
    assert!(result.rules.starts_with(&["seccomp.strictest-wins", "seccomp.allow"]), "{:?}", result.rules);
}

#[test]
fn answers_that_are_no_ordinary_errno() {
    let first = |action: &str| results(&with_filters(&[only(105, action)]), SETUID).remove(0);
    let nothing = first("ERRNO(0)");
    assert_eq!((nothing.errno, nothing.value, nothing.process.uid), (None, 0, [0; 4]), "it is not made");
    let capped = first("ERRNO(5000)");
    assert_eq!((capped.errno.unwrap().to_string().as_str(), capped.data), ("4095", Some(5000)));
    assert!(capped.rules.contains(&"seccomp.errno-capped"));
    let json = serde_json::to_string(&capped).unwrap();
    assert!(json.contains(r#""errno":"4095""#), "{json}");
    for (action, rule) in [("TRACE(3)", "seccomp.trace-nobody"), ("USER_NOTIF", "seccomp.notify-nobody")] {
        let result = first(action);
        assert_eq!(result.errno.unwrap().name(), "ENOSYS");
        assert!(result.rules.contains(&rule), "{:?}", result.rules);
    }
    let logged = first("LOG");
    assert_eq!((logged.errno, logged.action, logged.process.uid), (None, Some("SCMP_ACT_LOG"), [7; 4]));
}

#[test]
fn after_a_kill_nothing_is_performed() {
    for (action, named) in [
        ("KILL", "SCMP_ACT_KILL_THREAD"),
        ("KILL_PROCESS", "SCMP_ACT_KILL_PROCESS"),
        ("TRAP(9)", "SCMP_ACT_TRAP"),
        ("0x60000", "SCMP_ACT_KILL_PROCESS"),
    ] {
        let steps = format!("{SETUID}, {UNSHARE}");
        let results = results(&with_filters(&[only(105, action)]), &steps);
        let [killed, after] = results.as_slice() else { panic!() };
        assert_eq!((killed.killed.unwrap().name(), killed.action), ("SIGSYS", Some(named)));
        assert_eq!((killed.errno, killed.value, killed.process.uid), (None, -1, [0; 4]));
        assert_eq!(after.not_performed.as_deref(), Some("the process ended in step 1"));
        assert_eq!((after.errno, after.value, after.killed, after.rules.len()), (None, -1, None, 0));
    }
}

#[test]
fn of_two_filters_the_stricter_wins_and_of_equal_ones_the_newer() {
    let errno = |first: &str, second: &str| {
        let result = results(&with_filters(&[only(105, first), only(105, second)]), SETUID).remove(0);
        (result.data.unwrap(), result.decided_by.unwrap())
    };
    assert_eq!(errno("ERRNO(11)", "ERRNO(22)"), (22, "process.seccomp[1].bpf".to_string()));
    assert_eq!(errno("ERRNO(11)", "LOG"), (11, "process.seccomp[0].bpf".to_string()));
}

#[test]
fn a_child_and_a_new_program_keep_the_filters() {
    let steps = format!(r#"{{"clone": {{"flags": []}}}}, {{"execve": "/bin/true"}}, {SETUID}"#);
    let results = results(&with_filters(&[only(105, "ERRNO(1)")]), &steps);
    assert!(results[0].rules.contains(&"seccomp.fork-inherits"));
    assert!(results[1].rules.contains(&"seccomp.exec-keeps"));
    assert_eq!(results[2].errno.unwrap().name(), "EPERM");
}

#[test]
fn a_step_installs_a_filter_as_the_kernel_does() {
    let install = |filter: &str| format!("{{\"seccomp\": {{\"filter\": {filter}}}}}");
    let steps = format!("{}, {SETUID}", install(&only(105, "ERRNO(1)")));
    let of_root = results("", &steps);
    assert_eq!((of_root[0].errno, of_root[1].errno.unwrap().name()), (None, "EPERM"));
    assert_eq!(of_root[1].decided_by.as_deref(), Some("steps[0].seccomp.filter.bpf"));
    assert!(of_root[0].rules.contains(&"seccomp.filter-installed"));
    let of_user = results("\"uid\": 7", &steps);
    assert_eq!(of_user[0].rules, ["seccomp.privilege"]);
    assert_eq!((of_user[0].errno.unwrap().name(), of_user[1].errno), ("EACCES", None));
    let without_new_privileges = results("\"uid\": 7, \"no_new_privs\": true", &steps);
    assert_eq!(without_new_privileges[0].errno, None);
    for (bytes, rule) in [("", "seccomp.length"), ("0000000000000000", "seccomp.invalid-program")] {
        let malformed = results("", &install(&format!("{{\"bpf\": \"{bytes}\"}}"))).remove(0);
        assert_eq!((malformed.errno.unwrap().name(), malformed.rules.as_slice()), ("EINVAL", &[rule][..]));
    }
}

#[test]
fn a_step_makes_a_filter_of_a_profile_with_the_bounding_set_of_that_moment() {
    let profile = r#"{"profile": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["setuid"], "action":
        "SCMP_ACT_ERRNO", "errnoRet": 95, "excludes": {"caps": ["CAP_SYS_ADMIN"]}}]}}"#;
    let steps = |before: &str| format!("{before} {{\"seccomp\": {{\"filter\": {profile}}}}}, {SETUID}");
    assert_eq!(results("", &steps(""))[1].errno, None);
    let dropped = steps(r#"{"prctl": ["PR_CAPBSET_DROP", "cap_sys_admin"]},"#);
    assert_eq!(results("", &dropped)[2].errno.unwrap().name(), "EOPNOTSUPP");
}

#[test]
fn a_profile_that_the_engine_refuses_only_then_is_not_installed() {
    let profile = r#"{"profile": {"defaultAction": "SCMP_ACT_LOG", "syscalls": [{"names": ["setuid"], "action":
        "SCMP_ACT_ALLOW", "errnoRet": 95, "excludes": {"caps": ["CAP_SYS_ADMIN"]}}]}}"#;
    let steps = format!(
        r#"{{"prctl": ["PR_CAPBSET_DROP", "cap_sys_admin"]}}, {{"seccomp": {{"filter": {profile}}}}}, {SETUID}"#
    );
    let results = results("", &steps);
    assert!(results[1].not_performed.as_deref().unwrap().contains("only SCMP_ACT_ERRNO and SCMP_ACT_TRACE"));
    assert_eq!(results[2].not_performed.as_deref(), Some("what became of step 2 is not known"));
}

#[test]
fn what_depends_on_a_pointer_is_said_to() {
    let second = bpf(
        "A = sys_number\n if (A != 59) goto 4\n A = args[1]\n if (A == 0) goto 5\n return ALLOW\n return ERRNO(1)",
    );
    let steps = format!(r#"{SETUID}, {{"execve": "/bin/true"}}, {UNSHARE}"#);
    let results = results(&with_filters(&[second]), &steps);
    assert_eq!(results[0].errno, None, "setuid has no pointer, and the filter does not look");
    let reason = results[1].not_performed.as_deref().unwrap();
    assert!(reason.contains("ERRNO(1) or ALLOW"), "{reason}");
    assert_eq!(results[2].not_performed.as_deref(), Some("what became of step 2 is not known"));
    // What the step says is known: here the id.
    let known = bpf("A = args[0]\n if (A == 7) goto 3\n return ALLOW\n return ERRNO(1)");
    assert_eq!(asked(&with_filters(&[known]), SETUID)[0].errno.unwrap().name(), "EPERM");
    let computes =
        bpf("A = args[0]\n X = A\n A = args[1]\n A += X\n if (A == 7) goto 6\n return ALLOW\n return ERRNO(1)");
    let untold = asked(&with_filters(&[computes]), SETUID).remove(0);
    assert!(untold.not_performed.unwrap().contains("cannot be told: instruction 3"));
}

#[test]
fn a_file_is_opened_before_it_is_written() {
    let write = r#"{"write": {"path": "/f", "bytes": 3}}"#;
    let first = |process: &str| results(process, write).remove(0);
    let refused = first(&with_filters(&[only(1, "ERRNO(11)")]));
    assert_eq!((refused.errno.unwrap().name(), refused.action), ("EAGAIN", Some("SCMP_ACT_ERRNO")));
    let opening = first(&with_filters(&[only(257, "ERRNO(12)"), only(1, "ERRNO(11)")]));
    assert_eq!(opening.errno.unwrap().name(), "ENOMEM");
    // Who may not open the file does not come to writing.
    let closed = first(&format!("\"uid\": 9, {}", with_filters(&[only(1, "ERRNO(11)")])));
    assert_eq!(closed.errno.unwrap().name(), "EACCES");
}

#[test]
fn steps_are_made_on_the_machine_that_filters_are_made_for() {
    let filter = |native: &str| {
        format!(
            r#"{{"profile": {{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{{"names": ["fchownat", "clone"], "action":
            "SCMP_ACT_ERRNO", "args": [{{"index": 1, "value": 17, "op": "SCMP_CMP_EQ"}}]}},
            {{"names": ["mkdirat", "setuid"], "action": "SCMP_ACT_ERRNO"}}]}}, "native": "{native}"}}"#
        )
    };
    let errno = |native: &str, step: &str| {
        results(&with_filters(&[filter(native)]), step).remove(0).errno.map(|errno| errno.to_string())
    };
    let clone = r#"{"clone": {"flags": []}}"#;
    assert_eq!(errno("s390x", clone).as_deref(), Some("EPERM"), "the flags are the second argument there");
    assert_eq!(errno("x86_64", r#"{"chown": {"path": "/f", "uid": 17, "gid": 0}}"#), None);
    for native in ["x86_64", "aarch64", "s390x", "mips64"] {
        assert_eq!(errno(native, SETUID).as_deref(), Some("EPERM"), "{native}");
    }
    let chmod = |native: &str| {
        let fchmodat = filter(native).replace("fchownat", "fchmodat").replace("\"value\": 17", "\"value\": 5");
        let process = with_filters(&[fchmodat]);
        results(&process, r#"{"chmod": {"path": "/f", "mode": "5"}}"#).remove(0)
    };
    assert!(chmod("aarch64").not_performed.is_some(), "its path is the second argument, and not known");
    assert_eq!(chmod("x86_64").errno, None);
    let two = format!(
        r#"{{"process": {{"seccomp": [{}]}}, "steps": [{{"seccomp": {{"filter": «{}}}}}]}}"#,
        filter("arm"),
        filter("x86")
    );
    let two = two.replace('«', "").replace("\"native\": \"x86\"", "\"native\": «\"x86\"");
    check_error(&two, "steps[0].seccomp.filter.native", "a machine of arm");
}

#[test]
fn a_listener_is_waited_for() {
    let steps = format!(
        r#"{{"seccomp": {{"filter": {}, "flags": ["SECCOMP_FILTER_FLAG_NEW_LISTENER"]}}}}, {SETUID}"#,
        only(105, "USER_NOTIF")
    );
    let results = results("", &steps);
    assert_eq!((results[0].errno, results[1].action), (None, Some("SCMP_ACT_NOTIFY")));
    assert!(results[1].not_performed.as_deref().unwrap().contains("listener"));
}

#[test]
fn syscall_only_asks() {
    let ask = |call: &str| format!("{{\"syscall\": {{{call}}}}}");
    let filter = bpf(
        "A = arch\n if (A != ARCH_X86_64) goto 5\n A = sys_number\n if (A >= 0x40000000) goto 6\n return TRAP(7)\n return KILL\n return ERRNO(3)",
    );
    let steps = [
        ask("\"arch\": \"x86_64\", \"name\": \"read\""),
        ask("\"arch\": \"x86\", \"name\": \"read\""),
        ask("\"arch\": \"x86_64\", \"nr\": -1"),
        ask("\"arch\": \"x86_64\", \"name\": \"uretprobe\""),
    ];
    let results = results(&with_filters(&[filter]), &steps.join(", "));
    let answers: Vec<_> = results.iter().map(|result| (result.action.unwrap(), result.data.unwrap())).collect();
    let expected = [("SCMP_ACT_TRAP", 7), ("SCMP_ACT_KILL_THREAD", 0), ("SCMP_ACT_ERRNO", 3), ("SCMP_ACT_ALLOW", 0)];
    assert_eq!(answers, expected);
    assert!(results.iter().all(|result| (result.errno, result.value, result.killed) == (None, 0, None)));
    let unfiltered = asked("", &ask("\"arch\": \"arm\", \"nr\": 1")).remove(0);
    assert_eq!((unfiltered.action, unfiltered.decided_by), (Some("SCMP_ACT_ALLOW"), None));
}

#[test]
fn words_say_which_rule_decided() {
    let profile = |engine: &str| {
        format!(
            r#"{{"profile": {{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{{"names": ["setuid", "getuid"], "action":
            "SCMP_ACT_ALLOW", "args": [{{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}}]}}, {{"names": ["unshare"], "action":
            "SCMP_ACT_ALLOW", "includes": {{"caps": ["CAP_SYS_TIME"]}}}}]}}{engine}}}"#
        )
    };
    let first = |process: &str, filter: &str, step: &str| {
        verdict(&outcomes(&format!("{process} {}", with_filters(&[filter.to_string()])), step)[0])
    };
    let none = profile("");
    let without_time = "\"bounding\": \"none\", \"permitted\": \"none\", \"effective\": \"none\",";
    assert_eq!(
        first("", &none, r#"{"execve": "/bin/true"}"#),
        "seccomp refuses execve of /bin/true with EPERM: no rule of the profile names it; the default action is SCMP_ACT_ERRNO."
    );
    assert!(first("", &none, SETUID).contains("name it, but not with these arguments; the default action"));
    let dead = first(without_time, &none, UNSHARE);
    assert!(
        dead.contains(
            "syscalls[1].names[0] of the profile names it, but is not live: includes.caps has CAP_SYS_TIME"
        ),
        "{dead}"
    );
    let stub = first("", &profile(", \"engine\": \"runc\""), r#"{"syscall": {"arch": "x86_64", "name": "openat2"}}"#);
    assert!(stub.starts_with("openat2() of x86_64: SCMP_ACT_ERRNO with data 38; runc answers ENOSYS"), "{stub}");
    let granted = outcomes(&with_filters(core::slice::from_ref(&none)), r#"{"setuid": 8}"#).remove(0);
    let decided_by = granted.judgement.unwrap().decided_by.unwrap();
    assert_eq!(decided_by.path(), "process.seccomp[0].profile.syscalls[0].names[0]");
    let text = scenario(&with_filters(&[none]), "");
    let (line, column) = decided_by.line_and_column(&text).unwrap();
    assert!(text.lines().nth(line - 1).unwrap().get(column - 1..).unwrap().starts_with("\"setuid\""));
}
