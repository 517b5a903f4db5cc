//! What strangers may send: each is answered, or refused with its place, in bounded memory and without unbounded work.
//!
//! Memory is measured, time is not: work that grows with the square of the input would not end here.

#![allow(clippy::unwrap_used, reason = "a helper of tests may say what it expects")]

use formats::operations::{Collector, MOST_OPERATIONS, MOST_THREADS};
use formats::{MAX_LINE, audit, read_filter, read_libseccomp, read_seccomp_tools, strace};
use sim_core::seccomp::check::Argument;
use sim_core::seccomp::syscalls::Abi;
use sim_core::seccomp::text::{MAX_TEXT, TextFault};

/// What `work` answers, and how many bytes it held at most at one time.
fn peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let mut answer = None;
    let measured = allocation_counter::measure(|| answer = Some(work()));
    (answer.unwrap(), usize::try_from(measured.bytes_max).unwrap())
}

/// Bytes that look random and are the same each time.
fn rubbish(count: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(count).collect()
}

#[test]
fn gigabytes_are_refused_by_their_length() {
    // Never touched, these pages are only promised.
    let bytes = vec![0; 1 << 30];
    let (refused, held) = peak(|| read_filter(&bytes, None).unwrap_err());
    assert_eq!((refused.fault, held), (TextFault::TooMuch { what: "bytes", max: MAX_TEXT }, 0));
}

#[test]
fn listings_of_rubbish_are_refused_with_their_place() {
    let parts = [
        "/* no-op */",
        "0000: ",
        "=",
        "line OP\n",
        "0x",
        "0000: 0x06 0x00 0x00 0x0000000",
        ":",
        "é",
        "\n",
        "\u{2028}",
    ];
    for part in parts {
        let text = part.repeat((1 << 17) / part.len());
        let any = |text: &str| read_filter(text.as_bytes(), None).map(|filter| filter.instructions);
        for reader in [read_seccomp_tools, read_libseccomp, any] {
            let (answer, held) = peak(|| reader(&text));
            assert!(held <= 72 * text.len(), "{held} bytes for {} of {part:?}", text.len());
            if let Err(error) = answer {
                assert!((1..=text.lines().count()).contains(&error.line) && error.column >= 1, "{part:?}: {error}");
                assert!(error.to_string().len() < 1000);
            }
        }
    }
    let long = "/* no-op */".repeat(2 << 20);
    let (refused, held) = peak(|| read_seccomp_tools(&long).unwrap_err());
    assert_eq!((refused.fault, held), (TextFault::TooMuch { what: "bytes of text", max: MAX_TEXT }, 0));
}

#[test]
fn logs_of_rubbish_cost_no_more_than_a_line() {
    let bytes = rubbish(1 << 20);
    let lines = bytes.split(|byte| *byte == b'\n').count();
    for (text, what) in [(bytes, "rubbish"), (vec![b'('; 4 << 20], "one line"), (vec![b'\n'; 1 << 18], "no lines")] {
        let mut passed_over = 0;
        let (found, held) = peak(|| {
            let mut reader = strace::read(&text);
            let found = reader.by_ref().filter(Result::is_err).count();
            passed_over = reader.passed_over();
            found
        });
        assert!(held <= 32 * MAX_LINE, "strace: {held} bytes for {what}");
        assert!(found as u64 + passed_over >= 1 && found <= lines, "{what}: {found} and {passed_over}");
        let (found, held) = peak(|| audit::read(&text).count());
        assert!(held <= 32 * MAX_LINE && found == 0, "audit: {held} bytes for {what}");
    }
}

#[test]
fn records_with_rubbish_have_their_place() {
    let mut log = b"type=SECCOMP arch=c000003e syscall=".to_vec();
    log.extend(rubbish(MAX_LINE * 2).into_iter().filter(|byte| *byte != b'\n'));
    let (problem, held) = peak(|| audit::read(&log).next().unwrap().unwrap_err());
    assert_eq!((problem.line, problem.column), (1, 1));
    assert!(problem.to_string().len() < 1000 && held <= 32 * MAX_LINE, "{held} bytes");
    let log = "read(3, ".repeat(20_000);
    let (records, held) = peak(|| strace::read(log.as_bytes()).count());
    assert!(records <= 1 && held <= 128 * MAX_LINE, "{records}, {held} bytes");
}

#[test]
fn more_processes_than_are_remembered_are_told() {
    let lines: Vec<_> = (0..66_000).map(|pid| format!("{pid} read(3, <unfinished ...>")).collect();
    let log = lines.join("\n");
    let (problems, held) = peak(|| strace::read(log.as_bytes()).filter(Result::is_err).count());
    assert_eq!(problems, 66_000 - 65_536);
    assert!(held <= 64 << 20, "{held} bytes");
    // What is remembered of a call does not grow with its line.
    let string = "x".repeat(MAX_LINE / 4);
    let long = |pid: usize| {
        format!("{pid} read(3, \"{string}\", {string} <unfinished ...>\n{pid} {string}(<unfinished ...>")
    };
    let log = (0..300).map(long).collect::<Vec<_>>().join("\n");
    let (problems, held) = peak(|| strace::read(log.as_bytes()).filter(Result::is_err).count());
    assert!(problems == 300 && held <= 16 * MAX_LINE, "{problems} problems, {held} bytes");
    let halves = "7 read(3</a>, \"\", 5 <unfinished ...>\n7 <... read resumed>) = 0\n";
    let Some(Ok(strace::Record::Call(call))) = strace::read(halves.as_bytes()).next() else { unreachable!() };
    assert_eq!(call.arguments(Abi::X86_64)[0], Argument::Known(3));
    assert_eq!(call.arguments(Abi::X86_64)[1..3], [Argument::Unknown, Argument::Known(5)]);
}

/// 20 MB in all, each piece of a kind of its own.
#[test]
fn megabytes_of_strace_are_operations_in_bounded_memory() {
    let line = |at: usize| match at % 6 {
        0 => format!("{at} openat(AT_FDCWD, \"/{at}\", O_RDONLY) = {at}\n"),
        1 => format!("clone(child_stack=NULL, flags=SIGCHLD) = {at}\n"),
        2 => format!("setresuid({at}, {at}, 0) = 0\n"),
        3 => format!("mkdir(\"/{}\", 0755) = 0\n", "x".repeat(at % 4000)),
        4 => format!("made_up_{at}(1) = 0\n"),
        _ => "openat(AT_FDCWD, \"/etc/motd\", O_RDONLY) = 3\n".to_owned(),
    };
    let mut text = String::new();
    for at in 0.. {
        text += &line(at);
        if text.len() > 20_000_000 {
            break;
        }
    }
    let (log, held) = peak(|| {
        let mut collector = Collector::default();
        for record in strace::read(text.as_bytes()) {
            if let Ok(strace::Record::Call(call)) = record {
                collector.add(&call);
            }
        }
        collector.finish()
    });
    assert!(held < 100_000_000, "{held} bytes");
    assert!(log.threads.len() <= MOST_THREADS && log.untold.len() < 1000);
    let operations: usize = log.threads.iter().map(|thread| thread.operations.len()).sum();
    assert!(operations <= MOST_OPERATIONS);
    let untold: u64 = log.untold.iter().map(|untold| untold.count).sum();
    assert_eq!(log.calls, log.asked + log.never + untold);
}
