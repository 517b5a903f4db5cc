use super::*;
use crate::finding::{Says, TextForm};

/// The lines and forms of what is found.
fn forms(text: &str) -> Vec<(usize, usize, TextForm)> {
    let reading = read(text.as_bytes());
    reading.findings.iter().map(|finding| (finding.line, finding.last_line, finding.form)).collect()
}

const ISSUE: &str = r#"### What happened?

I want to run our server as a normal user on port 80. It works as root, but with `USER 1000` it fails even with the
capability added. Did I miss something?

```console
$ docker run --rm --user 1000 \
    --cap-drop ALL --cap-add NET_BIND_SERVICE \
    registry.example.org/server:1.2
2026/11/25 03:00:00 listen tcp :80: bind: permission denied
```

Inside:

```
/ $ grep Cap /proc/self/status
CapInh:	0000000000000000
CapPrm:	0000000000000000
CapEff:	0000000000000000
CapBnd:	0000000000000400
CapAmb:	0000000000000000
/ $ id
uid=1000 gid=0(root) groups=0(root)
/ $ getcap -r /usr/bin
/ $ ls -l /usr/bin/server
-rwxr-xr-x    1 root     root       6291456 Nov 20 12:00 /usr/bin/server
```

The same in Kubernetes:

```yaml
apiVersion: v1
kind: Pod
metadata:
  name: server
spec:
  containers:
  - name: server
    image: registry.example.org/server:1.2
    securityContext:
      runAsUser: 1000
      capabilities:
        drop: [ALL]
        add: [NET_BIND_SERVICE]
```

### Versions

```
Docker version 25.0.3, build 4debf41
Linux node1 6.1.0-18-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01) x86_64 GNU/Linux
```
"#;

#[test]
fn an_issue_is_read_part_by_part() {
    let expected = [
        (7, 9, TextForm::DockerCommand),
        (10, 10, TextForm::ErrorMessage),
        (17, 21, TextForm::Status),
        (23, 23, TextForm::Id),
        (26, 26, TextForm::Listing),
        (38, 44, TextForm::Pod),
        (50, 50, TextForm::Version),
        (51, 51, TextForm::Version),
    ];
    assert_eq!(forms(ISSUE), expected);
    assert_eq!(read(ISSUE.as_bytes()).misread, []);
}

#[test]
fn prose_is_passed_over() {
    for text in [
        "",
        "\n\n\n",
        "Why does Docker drop capabilities when the user is not root? It should not, says capabilities(7).",
        "Name: me\nThe question: is it possible?\n",
        "# A heading\n\n* a list\n* of things (with = signs)\n",
        "| a | table |\n|---|---|\n| 1 | 2 |\n",
        "if (x = 1) { return; }\n",
        "2024-01-01 12:00:00 INFO started\n",
    ] {
        assert_eq!(read(text.as_bytes()), Reading::default(), "{text}");
    }
}

#[test]
fn pieces_in_backticks_are_read_too() {
    for (text, expected) in [
        ("I did `setcap cap_net_raw=ep /x` and then `chmod 755 /x`.", vec![TextForm::Command; 2]),
        (
            "With `docker run --user 1000 img` I get `listen tcp :80: bind: permission denied`, why?",
            vec![TextForm::DockerCommand, TextForm::ErrorMessage],
        ),
        (
            "After `setcap -r /x` it says `exec /x: operation not permitted`",
            vec![TextForm::Command, TextForm::ErrorMessage],
        ),
        ("It says `exec /x: operation not permitted`", vec![TextForm::ErrorMessage]),
        ("Use `setcap` or `chmod`.", vec![]),
    ] {
        assert_eq!(forms(text).into_iter().map(|(_, _, form)| form).collect::<Vec<_>>(), expected, "{text}");
    }
}

#[test]
fn a_log_is_one_finding_and_its_failures_are_others() {
    let text = "\
$ strace -f ./server
execve(\"./server\", [\"./server\"], 0x7ffd /* 20 vars */) = 0
socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) = -1 EPERM (Operation not permitted)
[pid    12] socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) = -1 EPERM (Operation not permitted)
bind(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"0.0.0.0\")}, 16) = -1 EACCES (Permission denied)
output of the program
openat(AT_FDCWD, \"/etc/shadow\", O_RDONLY) = -1 EACCES (Permission denied)
openat(AT_FDCWD, \"/nothing\", O_RDONLY) = -1 ENOENT (No such file or directory)
+++ exited with 1 +++
";
    let reading = read(text.as_bytes());
    let found: Vec<_> = reading.findings.iter().filter(|finding| finding.form == TextForm::Strace).collect();
    let calls: Vec<_> = found
        .iter()
        .map(|finding| match &finding.says {
            Says::Failure(failure) => {
                let call = serde_json::to_string(failure.call.as_ref().unwrap()).unwrap();
                (finding.line, format!("{call} {}", failure.errno.unwrap()))
            }
            _ => (finding.line, String::new()),
        })
        .collect();
    let expected = [
        (2, ""),
        (3, r#"{"socket":{"domain":"AF_INET","type":"SOCK_RAW"}} EPERM"#),
        (5, r#"{"bind":{"port":80}} EACCES"#),
        (7, r#"{"open":{"path":"/etc/shadow","flags":["O_RDONLY"]}} EACCES"#),
    ];
    assert_eq!(calls, expected.map(|(line, text)| (line, text.to_owned())));
    assert_eq!(found[0].last_line, 9);
    assert!(found[1].recognised.contains(&"2 times in the log".to_owned()), "{:?}", found[1].recognised);
}

#[test]
fn profiles_and_scenarios_are_told_apart_and_broken_ones_placed() {
    let profile = "{\n  \"defaultAction\": \"SCMP_ACT_ERRNO\",\n  \"syscalls\": []\n}\n";
    assert_eq!(forms(&format!("My profile:\n{profile}It fails.\n")), [(2, 5, TextForm::Profile)]);
    let scenario = r#"{"files": {"/x": {}}, "steps": [{"execve": "/x"}]}"#;
    assert_eq!(forms(scenario), [(1, 1, TextForm::Scenario)]);
    let cut = "{\n  \"defaultAction\": \"SCMP_ACT_ERRNO\",\n  \"syscalls\": [\nbash: ./x: Permission denied\n";
    let reading = read(cut.as_bytes());
    assert_eq!(reading.misread.iter().map(|at| (at.line, at.column)).collect::<Vec<_>>(), [(4, 1)]);
    assert_eq!(reading.findings.len(), 1, "what follows is still read");
    let wrong = read(b"a:\n  {\"defaultAction\": 7}");
    assert_eq!(
        (wrong.findings.len(), wrong.misread[0].line, wrong.misread[0].column),
        (0, 2, 21),
        "{:?}",
        wrong.misread
    );
}
