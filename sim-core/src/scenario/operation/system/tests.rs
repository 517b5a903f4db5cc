use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::SystemOperation;
use crate::scenario::{Loaded, Options, Scenario, Simulation, Sysctl, release_differences, verdict};

fn read(text: &str) -> Result<Loaded, crate::scenario::ReadError> {
    Loaded::read(text, &Options::default())
}

/// One step by an ordinary user, and what is said of it.
fn told(step: &str) -> String {
    let loaded = read(&format!(r#"{{"process": {{"uid": 1000, "gid": 1000}}, "steps": [{{{step}}}]}}"#)).unwrap();
    verdict(&Simulation::new(loaded.world).perform(&loaded.scenario.steps[0].call))
}

const STEPS: [(&str, &str); 20] = [
    (r#""socket": {"domain": "AF_INET", "type": "SOCK_RAW"}"#, "socket SOCK_RAW of AF_INET fails with EPERM."),
    (r#""setsockopt": {"option": "SO_MARK", "value": -1}"#, "setsockopt of SO_MARK to -1 fails with EPERM."),
    (r#""clock_settime": {"clock": "CLOCK_REALTIME"}"#, "clock_settime of CLOCK_REALTIME fails with EPERM."),
    (r#""adjtimex": {}"#, "adjtimex with a change fails with EPERM."),
    (r#""timerfd_create": {"clock": "CLOCK_MONOTONIC"}"#, "timerfd_create on CLOCK_MONOTONIC is permitted."),
    (
        r#""setrlimit": {"resource": "RLIMIT_CORE", "present": 0, "wanted": "RLIM_INFINITY"}"#,
        "setrlimit of RLIMIT_CORE from 0 to RLIM_INFINITY fails with EPERM.",
    ),
    (r#""mlock": {"limit": 4096, "bytes": 1}"#, "mlock of 1 byte with RLIMIT_MEMLOCK 4096 is permitted."),
    (r#""init_module": {}"#, "init_module fails with EPERM."),
    (r#""delete_module": {}"#, "delete_module fails with EPERM."),
    (r#""iopl": {"level": 3}"#, "iopl to level 3 fails with EPERM."),
    (r#""ioperm": {}"#, "ioperm fails with EPERM."),
    (r#""bpf": {"command": "BPF_MAP_CREATE"}"#, "bpf with BPF_MAP_CREATE fails with EPERM."),
    (r#""perf_event_open": {"exclude_kernel": true}"#, "perf_event_open without the kernel is permitted."),
    (r#""syslog": {"type": "SYSLOG_ACTION_CLEAR"}"#, "syslog with SYSLOG_ACTION_CLEAR fails with EPERM."),
    (r#""keyctl": {"operation": "KEYCTL_CHOWN", "uid": -1}"#, "keyctl with KEYCTL_CHOWN to -1 is permitted."),
    (
        r#""fanotify_init": {"class": "FAN_CLASS_NOTIF", "report_fid": true}"#,
        "fanotify_init with FAN_CLASS_NOTIF and FAN_REPORT_FID is permitted.",
    ),
    (r#""acct": {}"#, "acct fails with EPERM."),
    (r#""swapon": {}"#, "swapon fails with EPERM."),
    (r#""swapoff": {}"#, "swapoff fails with EPERM."),
    (r#""quotactl": {"command": "Q_GETQUOTA", "id": 0}"#, "quotactl with Q_GETQUOTA of user 0 fails with EPERM."),
];

#[test]
fn every_operation_is_told_in_words() {
    for (step, words) in STEPS {
        assert!(told(step).starts_with(words), "{step}: {}", told(step));
    }
    let keys: Vec<_> = STEPS.iter().map(|(step, _)| step.split('"').nth(1).unwrap()).collect();
    assert_eq!(keys, SystemOperation::NAMES, "one step for each operation");
}

#[test]
fn what_is_written_can_be_read_again() {
    let steps = STEPS.map(|(step, _)| format!("{{{step}}}")).join(", ");
    let sysctl = r#"{"kernel.unprivileged_bpf_disabled": 1, "kernel.perf_event_paranoid": -1, "kernel.dmesg_restrict": 1, "fs.nr_open": 64}"#;
    let first: Scenario = read(&format!(r#"{{"sysctl": {sysctl}, "steps": [{steps}]}}"#)).unwrap().scenario;
    let written = serde_json::to_string(&first).unwrap();
    assert_eq!(read(&written).unwrap().scenario, first);
    assert!(written.contains(r#""wanted":"RLIM_INFINITY""#) && written.contains(r#""uid":-1"#), "{written}");
}

#[test]
fn settings_reach_the_machine() {
    let sysctl = r#"{"kernel.unprivileged_bpf_disabled": 1, "kernel.perf_event_paranoid": -1, "kernel.dmesg_restrict": 1, "fs.nr_open": 64}"#;
    let system = read(&format!(r#"{{"sysctl": {sysctl}}}"#)).unwrap().world.system;
    let settings =
        (system.unprivileged_bpf_disabled, system.perf_event_paranoid, system.dmesg_restrict, system.nr_open);
    assert_eq!(settings, (1, -1, true, 64));
    let bpf =
        |kernel: &str| read(&format!(r#"{{"kernel": "{kernel}"}}"#)).unwrap().world.system.unprivileged_bpf_disabled;
    assert_eq!((bpf("5.15"), bpf("5.16")), (0, 2));
}

#[test]
fn a_machines_settings_stand_in_for_those_left_out() {
    let machine = Sysctl { dmesg_restrict: Some(1), nr_open: Some(64), ..Sysctl::default() };
    let options = Options { sysctl: machine, ..Options::default() };
    let system = Loaded::read(r#"{"sysctl": {"fs.nr_open": 128}}"#, &options).unwrap().world.system;
    assert_eq!((system.dmesg_restrict, system.nr_open, system.perf_event_paranoid), (true, 128, 2));
}

#[test]
fn what_the_format_forbids() {
    let fails = |text: &str, path: &str, message: &str| {
        let error = read(text).unwrap_err();
        assert_eq!(error.path, path, "{}", error.message);
        assert!(error.message.contains(message), "{}", error.message);
    };
    let perf = r#"{"sysctl": {"kernel.perf_event_paranoid": 3}}"#;
    fails(perf, r#"sysctl["kernel.perf_event_paranoid"]"#, "a number from -1 to 2");
    fails(r#"{"sysctl": {"kernel.dmesg_restrict": -1}}"#, r#"sysctl["kernel.dmesg_restrict"]"#, "from 0 to 1");
    fails(r#"{"sysctl": {"fs.nr_open": 7}}"#, r#"sysctl["fs.nr_open"]"#, "from 8 to 2147483584");
    let step = |step: &str| format!(r#"{{"steps": [{{{step}}}]}}"#);
    let domain = step(r#""socket": {"domain": "AF_IPX", "type": "SOCK_RAW"}"#);
    fails(&domain, "steps[0].socket.domain", "`AF_INET`");
    let missing = step(r#""socket": {"domain": "AF_INET"}"#);
    fails(&missing, "steps[0].socket", "missing field `type`");
    let unknown = step(r#""acct": {"path": "/x"}"#);
    fails(&unknown, "steps[0].acct.path", "unknown field");
    for limit in ["-1", "\"unlimited\"", "1.5"] {
        let text = step(&format!(r#""mlock": {{"limit": {limit}, "bytes": 1}}"#));
        fails(&text, "steps[0].mlock.limit", "RLIM_INFINITY");
    }
    let uid = step(r#""keyctl": {"operation": "KEYCTL_CHOWN", "uid": -2147483649}"#);
    fails(&uid, "steps[0].keyctl.uid", "-2147483648 to 4294967295");
}

#[test]
fn releases_that_answer_otherwise_are_found() {
    let differences = |text: &str| {
        let found = release_differences(&read(text).unwrap().scenario, &Options::default());
        found.iter().map(|difference| difference.since.to_string()).collect::<Vec<_>>()
    };
    let log = r#"{"process": {"uid": 1, "permitted": "sys_admin", "effective": "sys_admin"},
        "steps": [{"syslog": {"type": "SYSLOG_ACTION_CLEAR"}}]}"#;
    assert_eq!(differences(log), ["6.9"]);
    let mark = r#"{"process": {"uid": 1, "permitted": "net_raw", "effective": "net_raw"},
        "steps": [{"setsockopt": {"option": "SO_MARK", "value": 1}}]}"#;
    assert_eq!(differences(mark), ["5.17"]);
    let bpf = r#"{"process": {"uid": 1}, "steps": [{"bpf": {"command": "BPF_PROG_LOAD"}}]}"#;
    assert_eq!(differences(bpf), ["5.16"]);
}
