use super::{Record, read};
use crate::problem::{Fault, Problem};
use sim_core::seccomp::{Architecture, FilterReturn};

const FIELDS: &str = "auid=4294967295 uid=0 gid=0 ses=4294967295 pid=77 comm=\"tool\" exe=\"/usr/bin/tool\" sig=31 arch=40000003 syscall=-1 compat=1 ip=0xf7f5a579 code=0x80000000";

fn one(line: &str) -> Record {
    let mut records = read(line.as_bytes());
    let record = records.next().unwrap().unwrap();
    assert_eq!(records.next(), None);
    record
}

#[test]
fn every_form_of_a_record() {
    let auditd = one(&format!("type=SECCOMP msg=audit(1795560198.783:41): {FIELDS}\n"));
    let expected = Record {
        line: 1,
        stamp: Some("1795560198.783:41".to_owned()),
        pid: Some(77),
        comm: Some("tool".to_owned()),
        exe: Some("/usr/bin/tool".to_owned()),
        signal: Some(31),
        architecture: Architecture::I386,
        number: u32::MAX,
        compat: Some(true),
        instruction_pointer: Some(0xf7f5_a579),
        code: Some(FilterReturn::KILL_PROCESS),
    };
    assert_eq!(auditd, expected);
    let forms = [
        format!("node=host type=SECCOMP msg=audit(1795560198.783:41): {FIELDS}"),
        format!("[   12.345678] audit: type=1326 audit(1795560198.783:41): {FIELDS}"),
        format!("Nov 24 22:43:18 host kernel: audit: type=1326 audit(1795560198.783:41): {FIELDS}"),
        format!("type=SECCOMP msg=audit(1795560198.783:41): {FIELDS}\u{1d}ARCH=i386 SYSCALL=unknown AUID=\"unset\""),
    ];
    for form in forms.iter().take(3) {
        assert_eq!(one(form), expected, "{form}");
    }
    let journal = one(&format!("Nov 24 22:43:18 host audit[77]: SECCOMP {FIELDS}"));
    assert_eq!((journal.stamp, journal.number), (None, u32::MAX));
}

#[test]
fn enriched_and_interpreted_records() {
    let enriched = one(
        "type=SECCOMP msg=audit(1.2:3): pid=7 arch=c000003e syscall=59 code=0x50000\u{1d}ARCH=x86_64 SYSCALL=execve",
    );
    assert_eq!((enriched.number, enriched.code), (59, Some(FilterReturn(0x0005_0000))));
    let text = "type=SECCOMP msg=audit(11/24/26 22:43:18.783:41) : auid=unset pid=7 comm=ls sig=SIGSYS arch=x86_64 syscall=openat compat=0 ip=0x7f code=kill";
    let interpreted = one(text);
    assert_eq!((interpreted.architecture, interpreted.number), (Architecture::X86_64, 257));
    assert_eq!((interpreted.code, interpreted.signal), (Some(FilterReturn(0)), None));
    assert_eq!(interpreted.comm.as_deref(), Some("ls"));
}

#[test]
fn other_lines_are_passed_over_and_faults_have_places() {
    let log = "type=SYSCALL msg=audit(1.2:3): arch=c000003e syscall=59\n\
        note: SECCOMP is on\n\
        x type=1326 audit(1.2:3): syscall=59\n\
        type=SECCOMP arch=c000003e\n\
        type=SECCOMP arch=zz syscall=1\n\
        type=SECCOMP arch=c000003e syscall=59 code=0xzz\n\
        type=SECCOMP arch=c000003e syscall=99999999999\n";
    let mut reader = read(log.as_bytes());
    let found: Vec<Problem> = reader.by_ref().map(Result::unwrap_err).collect();
    let wrong = |line, field, found: &str| Problem {
        line,
        column: 1,
        fault: Fault::Number { field, found: found.to_owned() },
    };
    let expected = [
        Problem { line: 3, column: 3, fault: Fault::FieldMissing("arch") },
        Problem { line: 4, column: 1, fault: Fault::FieldMissing("syscall") },
        wrong(5, "arch", "zz"),
        wrong(6, "code", "0xzz"),
        wrong(7, "syscall", "99999999999"),
    ];
    assert_eq!(found, expected);
    assert_eq!(reader.passed_over(), 2);
}

#[test]
fn rubbish_is_no_record() {
    let rubbish: Vec<u8> = (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert_eq!(read(&rubbish).filter(Result::is_ok).count(), 0);
    let long = format!("type=SECCOMP arch=c000003e syscall=1 {}", "x".repeat(3_000_000));
    assert_eq!(one(&long).number, 1);
}
