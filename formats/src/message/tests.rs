use std::collections::BTreeSet;

use super::*;

#[test]
fn every_example_is_of_its_row() {
    let mut wrong = Vec::new();
    for row in MESSAGES {
        assert!(!row.examples.is_empty() && !row.patterns.is_empty(), "{}", row.id);
        for example in row.examples {
            match failure_of(example) {
                Some((failure, _)) if failure.id == row.id => {}
                other => wrong.push(format!("{}: {example}: {:?}", row.id, other.map(|(failure, _)| failure.id))),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_pattern_is_found_and_shadowed_by_none() {
    let mut wrong = Vec::new();
    for row in MESSAGES {
        for pattern in row.patterns {
            let line = pattern.replace("{path}", "/x").replace("{port}", "80").replace("{any}", "x");
            let id = read_message(&line).map(|failure| failure.id);
            if id != Some(row.id) {
                wrong.push(format!("{}: {pattern}: {id:?}", row.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_call_is_one_of_the_format() {
    for row in MESSAGES.iter().filter(|row| row.call.is_some()) {
        let some =
            row.examples.iter().any(|example| read_message(example).is_some_and(|failure| failure.call.is_some()));
        assert!(some, "{}: none of its examples gives {:?}", row.id, row.call);
    }
}

#[test]
fn patterns_are_in_lower_case_and_ids_unique() {
    let mut ids = BTreeSet::new();
    for row in MESSAGES {
        assert!(ids.insert(row.id), "{} stands twice", row.id);
        assert!(row.about.ends_with('.'), "{}", row.id);
        for pattern in row.patterns {
            assert!(!pattern.starts_with('{') || pattern.starts_with("{path}"), "{pattern}");
            assert_eq!(*pattern, pattern.to_lowercase());
        }
    }
}

/// The gallery's questions.
const QUESTIONS: [&str; 35] = [
    "cap-add-nonroot",
    "eperm-on-exec",
    "nnp-and-setcap",
    "privileged-nonroot",
    "why-can-bind-80",
    "exec-vs-run",
    "drop-all-root",
    "rootless-caps",
    "unknown-cap",
    "lost-after-copy",
    "setcap-on-script",
    "setcap-lib-path",
    "setcap-dump",
    "strace-loses-caps",
    "nosuid",
    "wrong-rootid",
    "ambient-su",
    "ambient-raise-eperm",
    "systemd-ambient",
    "capsh-recipe",
    "sudo-nnp",
    "script-loses-caps",
    "ruid-euid",
    "ambient-leak",
    "ping",
    "setfcap-uidmap",
    "clone3",
    "faccessat2",
    "which-syscall",
    "profile-breaks-start",
    "seccomp-eacces",
    "strace-in-docker",
    "openat2",
    "chmod-not-blocked",
    "enosys-stub",
];

#[test]
fn every_question_has_a_message_or_a_reason() {
    let asked: BTreeSet<&str> = MESSAGES.iter().flat_map(|row| row.questions.iter().copied()).collect();
    let without: BTreeSet<&str> = NO_MESSAGE.iter().map(|(question, _)| *question).collect();
    assert_eq!(asked.intersection(&without).count(), 0);
    assert_eq!(asked.union(&without).copied().collect::<BTreeSet<_>>(), QUESTIONS.into());
}

#[test]
fn what_a_message_tells_is_in_its_call() {
    let cases = [
        ("listen tcp [::]:443: bind: permission denied", r#"{"bind":{"port":443}}"#, None, "EACCES"),
        (
            "exec: \"/app/server\": operation not permitted: unknown",
            r#"{"execve":"/app/server"}"#,
            Some("/app/server"),
            "EPERM",
        ),
        (
            "exec: \\\"/app/server\\\": operation not permitted",
            r#"{"execve":"/app/server"}"#,
            Some("/app/server"),
            "EPERM",
        ),
        ("bash: ./run.sh: Permission denied", r#"{"execve":"./run.sh"}"#, Some("./run.sh"), "EACCES"),
        (
            "chown: changing ownership of '/d': Operation not permitted",
            r#"{"chown":{"path":"/d","uid":1000,"gid":1000}}"#,
            Some("/d"),
            "EPERM",
        ),
        (
            "cat: /etc/shadow: Permission denied",
            r#"{"open":{"path":"/etc/shadow","flags":["O_RDONLY"]}}"#,
            Some("/etc/shadow"),
            "EACCES",
        ),
    ];
    for (line, call, path, errno) in cases {
        let failure = read_message(line).unwrap();
        assert_eq!(serde_json::to_string(&failure.call).unwrap(), call, "{line}");
        assert_eq!((failure.path.as_deref(), failure.errno), (path, Some(errno)), "{line}");
    }
    let (failure, assumed) = failure_of("unable to raise ambient CAP_NET_ADMIN capability").unwrap();
    let call = r#"{"prctl":["PR_CAP_AMBIENT","PR_CAP_AMBIENT_RAISE","cap_net_admin"]}"#;
    assert_eq!((serde_json::to_string(&failure.call).unwrap().as_str(), assumed.len()), (call, 0));
    let long = format!("{}: operation not permitted", "x".repeat(5000));
    assert_eq!(read_message(&long), None, "only the beginning of a line is searched");
    assert_eq!(read_message("listen tcp :99999: bind: permission denied").unwrap().call, None);
}
