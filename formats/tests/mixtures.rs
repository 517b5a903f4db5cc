//! Mixtures of texts from strangers: each is read or has places that were not understood, in bounded memory and number.
//!
//! Memory is measured, time is not: work that grows with the square of the input would not end here.

#![allow(clippy::unwrap_used, reason = "a helper of tests may say what it expects")]

use formats::{MAX_TEXT, Reading, Says, TextForm};

/// What is read of a text, and how many bytes that held at most at one time.
fn peak(text: &[u8]) -> (Reading, usize) {
    let mut answer = None;
    let measured = allocation_counter::measure(|| answer = Some(formats::read(text)));
    (answer.unwrap(), usize::try_from(measured.bytes_max).unwrap())
}

/// Every place is in the text, and everything is in its order.
fn check(text: &[u8], reading: &Reading) {
    let lines = text.split(|byte| *byte == b'\n').count();
    let (mut last, mut last_misread) = (1, 1);
    for finding in &reading.findings {
        let (line, end) = (finding.line, finding.last_line);
        assert!((last..=lines).contains(&line) && (line..=lines).contains(&end), "lines {line} to {end} of {lines}");
        last = line;
        for text in finding.recognised.iter().chain(&finding.assumed) {
            assert!(!text.contains(char::is_control) && text.len() < 8000, "{text:?}");
        }
        if let Says::Failure(failure) = &finding.says {
            assert!(!failure.message.contains(|c: char| c.is_control() && c != '\t'), "{:?}", failure.message);
        }
    }
    for misread in &reading.misread {
        assert!((last_misread..=lines).contains(&misread.line) && misread.column >= 1, "{misread} of {lines}");
        last_misread = misread.line;
    }
}

/// Pieces of which hostile texts are made; many begin what they do not end.
const PARTS: [&str; 56] = [
    "{",
    "[",
    "{\"a\":",
    "[[",
    "{\n",
    "[\n",
    "{\"defaultAction\": [\n",
    "\"",
    "\\\n",
    "- a:\n",
    "a:\n b:\n",
    "spec:\n",
    " ",
    "\n",
    "```\n",
    "```yaml\n",
    "$ ",
    "`",
    "`chmod 1 /x` ",
    "docker run '",
    "docker run x\n",
    "docker inspect x\n",
    "exec ",
    "bind to ",
    "permission denied\n",
    "x: operation not permitted\n",
    "open(\n",
    "open(\"/x\", 0) = -1 EPERM (x)\n",
    "[pid 1] open( <unfinished ...>\n",
    "FROM x\n",
    "RUN a \\\n",
    "RUN a && b\n",
    "[Service]\n",
    "User=1\n",
    "ExecStart=a\\\n",
    "AmbientCapabilities=CAP_KILL\n",
    "CapEff: 0\n",
    "Name: x\n",
    "Current: =\n",
    "/x cap_kill=ep\n",
    "-rwxr-xr-x 1 0 0 1 Jan 1 12:00 x\n",
    "File: x\n",
    "uid=1 gid=1\n",
    "!cap_kill,",
    "1: =ep\n",
    "Server: Docker Engine\n",
    "type=SECCOMP arch=c000003e syscall=1\n",
    "\u{1b}[0m",
    "\u{1b}\n",
    "\u{e9}",
    "setcap -r /x ;",
    "setcap -r /x\n",
    "capsh --inh=cap_kill ",
    "[{\"Id\": 1}]\n",
    "(1: operation not permitted) failed setgid(",
    "anchor: &a [*a]\nimage: x\n",
];

#[test]
fn repetitions_are_borne() {
    for part in PARTS {
        let text = part.repeat((1 << 14) / part.len());
        let lines = text.lines().count();
        let (reading, held) = peak(text.as_bytes());
        check(text.as_bytes(), &reading);
        let found = reading.findings.len() + reading.misread.len();
        assert!(found <= 2 * lines + 1000, "{found} of {lines} lines: {part:?}");
        assert!(held <= 200 * text.len() + (1 << 20), "{held} bytes for {} of {part:?}", text.len());
    }
}

#[test]
fn pairs_are_borne() {
    let mut text = String::new();
    for first in PARTS {
        for second in PARTS {
            text.push_str(first);
            text.push_str(second);
            text.push('\n');
        }
    }
    let (reading, _) = peak(text.as_bytes());
    check(text.as_bytes(), &reading);
    assert!(reading.findings.len() > 50);
}

#[test]
fn a_long_log_costs_no_more_than_a_short_one() {
    let line = "[pid  1234] openat(AT_FDCWD, \"/etc/shadow\", O_RDONLY|O_CLOEXEC) = -1 EACCES (Permission denied)\n";
    let begun = "[pid  1235] read(3,  <unfinished ...>\n[pid  1235] <... read resumed>\"\", 10) = 0\n";
    let log = |count: usize| [line, begun].concat().repeat(count);
    let (short, long) = (log(100), log(6000));
    let ((_, held_by_short), (reading, held)) = (peak(short.as_bytes()), peak(long.as_bytes()));
    assert!(held <= held_by_short + 4096, "{held} bytes for {}, {held_by_short} for {}", long.len(), short.len());
    let forms: Vec<_> = reading.findings.iter().map(|finding| finding.form).collect();
    assert_eq!((forms, reading.misread.len()), (vec![TextForm::Strace; 2], 0));
    assert_eq!(reading.findings[0].last_line, 18_000);
    assert_eq!(reading.findings[0].recognised, ["12000 system calls"]);
    assert!(reading.findings[1].recognised.contains(&"6000 times in the log".to_owned()));
}

#[test]
fn what_is_too_long_is_read_in_its_beginning() {
    let mut text = b"uid=7 gid=7\n".to_vec();
    text.resize(MAX_TEXT + 1, b'x');
    let (reading, held) = peak(&text);
    assert_eq!(reading.findings.len(), 1);
    assert_eq!(reading.misread.iter().map(|misread| misread.line).collect::<Vec<_>>(), [2]);
    assert!(held < 1 << 20, "{held}");
}

#[test]
fn what_is_cut_off_ends_in_a_place_and_the_rest_is_read() {
    for (text, line) in [
        ("{\n\"defaultAction\": \"SCMP_ACT_ALLOW\",\n\"syscalls\": [\n", 4),
        ("{\n\"defaultAction\": \"SCMP_ACT_ALLOW\",\n\"syscalls\": [\nuid=1 gid=1\n", 4),
        ("{\"steps\": [ {\"execve\": \"/x\"\n", 2),
    ] {
        let reading = formats::read(text.as_bytes());
        check(text.as_bytes(), &reading);
        let misread: Vec<_> = reading.misread.iter().map(|misread| misread.line).collect();
        assert_eq!(misread, [line], "{text}");
        assert_eq!(reading.findings.len(), usize::from(text.contains("uid=")), "{text}");
    }
}

#[test]
fn bytes_of_all_kinds_are_borne() {
    let reading =
        formats::read(b"\xff\xfe\x00\nuid=7 gid=7\x00\n\x1b[31mexec /x\x07: operation not permitted\x1b[0m\n");
    check(b"\n\n\n", &reading);
    let Says::Failure(failure) = &reading.findings.last().unwrap().says else { panic!("{reading:?}") };
    assert_eq!(failure.message, "exec /x\\u{7}: operation not permitted");
}
