use super::{Assumption, Call, Mode, Outcome, Reader, Record, Trapped, read};
use crate::problem::Fault;
use proptest::prelude::*;
use sim_core::seccomp::check::Argument::{self, Known, LowerHalf, Unknown};
use sim_core::seccomp::syscalls::Abi;

/// What `strace -f` printed of a small program that makes the calls which profiles condition on.
const CALLS: &str = include_str!("calls.strace");

fn calls(text: &str) -> Vec<Call> {
    let call = |record: Record| match record {
        Record::Call(call) => Some(call),
        _ => None,
    };
    read(text.as_bytes()).filter_map(|record| call(record.unwrap())).collect()
}

fn first(text: &str) -> [Argument; 6] {
    calls(text)[0].arguments(Abi::X86_64)
}

#[test]
fn a_log_of_calls_that_profiles_condition_on() {
    let found = calls(CALLS);
    let of = |name: &str| {
        found.iter().filter(|call| call.name == name).map(|call| call.arguments(Abi::X86_64)).collect::<Vec<_>>()
    };
    assert_eq!(of("unshare")[0][0], Known(0x20000));
    assert_eq!(
        of("personality").iter().map(|args| args[0]).collect::<Vec<_>>(),
        [Known(0xffff_ffff), Known(0x20008)]
    );
    assert_eq!(of("socket").iter().map(|args| args[0]).collect::<Vec<_>>(), [Known(16), Known(40)]);
    // strace knows the first request by name, and takes the second apart.
    assert_eq!(of("ioctl").iter().map(|args| args[1]).collect::<Vec<_>>(), [Known(0x5412), Unknown]);
    assert_eq!(of("clone3")[0][..2], [Known(0), Known(0)]);
    let unknown = found.iter().find(|call| call.number.is_some()).unwrap();
    assert_eq!((unknown.number, unknown.arguments(Abi::X86_64)[0]), (Some(9999), Known(1)));
    let modes: Vec<_> = found.iter().filter(|call| call.name == "getpid").map(|call| call.mode).collect();
    assert_eq!(modes, [Some(Mode::Bits32), Some(Mode::Bits64)]);
    let last: Vec<_> = read(CALLS.as_bytes()).map(Result::unwrap).collect();
    let lines = u64::try_from(CALLS.lines().count()).unwrap();
    assert_eq!(last.last(), Some(&Record::Killed { line: lines, pid: None }));
}

/// `strace -f -tt -y -o` of a shell that starts two processes.
const SHELL: &str = include_str!("shell.strace");

#[test]
fn a_log_of_three_processes_with_times_and_paths() {
    let records: Vec<_> = read(SHELL.as_bytes()).collect();
    assert!(records.iter().all(Result::is_ok), "{records:?}");
    let found = calls(SHELL);
    let halves = SHELL.matches("<unfinished ...>").count();
    let others = SHELL.matches("+++ exited").count() + SHELL.matches(" --- SIG").count();
    assert_eq!(found.len() + halves + others, SHELL.lines().count());
    let pids: std::collections::BTreeSet<_> = found.iter().map(|call| call.pid).collect();
    assert_eq!(pids.len(), 3);
    assert!(found.iter().all(|call| !call.assumptions.contains(&Assumption::BeginningLost)));
    let clone = found.iter().find(|call| call.name == "clone").unwrap();
    assert_eq!(clone.arguments(Abi::X86_64)[0], Known(0x0120_0011));
    let openat = found.iter().find(|call| call.name == "openat").unwrap();
    assert_eq!(openat.arguments(Abi::X86_64)[..3], [LowerHalf(0xffff_ff9c), Unknown, Known(0x80000)]);
    assert_eq!(openat.outcome, Outcome::Returned(3));
}

#[test]
fn halves_of_a_call_are_one_call() {
    let text = "7 wait4(-1,  <unfinished ...>\n8 exit_group(0) = ?\n8 +++ exited with 0 +++\n7 <... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 8\n";
    let found = calls(text);
    assert_eq!(
        found.iter().map(|call| (call.line, call.name.as_str())).collect::<Vec<_>>(),
        [(2, "exit_group"), (1, "wait4")]
    );
    assert_eq!(found[1].arguments(Abi::X86_64), [LowerHalf(u32::MAX), Unknown, Known(0), Known(0), Unknown, Unknown]);
    assert_eq!(found[1].outcome, Outcome::Returned(8));
    assert_eq!(found[1].assumptions, []);
}

#[test]
fn a_half_that_is_lost_is_said() {
    let resumed = &calls("[pid 3] <... read resumed>\"x\", 1) = 1\n")[0];
    assert_eq!((resumed.name.as_str(), resumed.assumptions.as_slice()), ("read", &[Assumption::BeginningLost][..]));
    assert_eq!(resumed.arguments(Abi::X86_64), [Unknown; 6]);
    let begun = calls("read(5, <unfinished ...>\nclose(5) = 0\n");
    assert_eq!(begun.iter().map(|call| call.name.as_str()).collect::<Vec<_>>(), ["close", "read"]);
    assert_eq!(
        (begun[1].arguments(Abi::X86_64)[0], begun[1].assumptions.as_slice()),
        (Known(5), &[Assumption::EndLost][..])
    );
}

#[test]
fn arguments_of_clone_have_names() {
    let text =
        "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f4) = 9\n";
    let call = &calls(text)[0];
    assert_eq!(call.arguments(Abi::X86_64)[..2], [Known(0x0120_0011), Unknown]);
    assert_eq!(call.arguments(Abi::S390X)[..2], [Unknown, Known(0x0120_0011)]);
    assert_eq!(call.assumptions, [Assumption::Named(0)]);
    let raw = &calls("clone(0x1200011, 0, 0, 0x7f4, 0) = 0x9\n")[0];
    assert_eq!(raw.arguments(Abi::X86_64)[..2], [Known(0x0120_0011), Known(0)]);
    assert_eq!(raw.arguments(Abi::S390X)[..2], [Known(0x0120_0011), Known(0)], "as the registers are");
}

#[test]
fn numbers_in_place_of_names() {
    assert_eq!(
        first("personality(0x8 /* PER_LINUX32 */|0x20000 /* UNAME26 */) = 0 (0 /* PER_LINUX */)")[0],
        Known(0x20008)
    );
    assert_eq!(first("socket(0x10, 0x80003, 0) = 0x3")[..3], [Known(16), Known(0x80003), Known(0)]);
    let with_number = &calls("[ 272] [00007fa58e6a30f7] unshare(0x20000) = 0")[0];
    assert_eq!((with_number.number, with_number.arguments(Abi::X86_64)[0]), (Some(272), Known(0x20000)));
}

#[test]
fn outcomes() {
    let of = |text: &str| calls(text)[0].outcome.clone();
    assert_eq!(of("openat(AT_FDCWD</tmp>, \"a\", O_RDONLY) = 3</tmp/a> <0.000104>"), Outcome::Returned(3));
    assert_eq!(of("brk(NULL)             = 0x55b5c6e54000"), Outcome::Returned(0x55b5_c6e5_4000));
    assert_eq!(
        of("getcwd(0x0, 1) = -1 ERANGE (Numerical result out of range)"),
        Outcome::Failed("ERANGE".to_owned())
    );
    assert_eq!(
        of("pause() = ? ERESTARTNOHAND (To be restarted if no handler)"),
        Outcome::Failed("ERESTARTNOHAND".to_owned())
    );
    assert_eq!(of("exit_group(0) = ?"), Outcome::Unknown);
}

#[test]
fn wide_arguments_move_the_others_on_32_bits() {
    let call = &calls("pread64(3, \"\", 832, 64) = 0")[0];
    assert_eq!(call.arguments(Abi::X86_64)[2], Known(832));
    assert_eq!(call.arguments(Abi::X86), [Unknown; 6]);
}

#[test]
fn sigsys_is_a_record() {
    let text = "--- SIGSYS {si_signo=SIGSYS, si_code=SYS_SECCOMP, si_call_addr=0x7f1f8cc924f7, si_syscall=__NR_getppid, si_arch=AUDIT_ARCH_X86_64} ---\n--- SIGSYS {si_signo=SIGSYS, si_code=SI_USER, si_pid=1, si_uid=0} ---\n";
    let found: Vec<_> = read(text.as_bytes()).map(Result::unwrap).collect();
    let trapped = Trapped {
        line: 1,
        pid: None,
        name: Some("getppid".to_owned()),
        architecture: Some("AUDIT_ARCH_X86_64".to_owned()),
    };
    assert_eq!(found, [Record::Trapped(trapped)]);
}

#[test]
fn lines_of_the_program_are_problems_with_places() {
    let text = "7 close(3) = 0\nhello, world\nprintf(\"x\")\n  77 +++ odd\nopenat(AT_FDCWD, \"/et";
    let found: Vec<_> = read(text.as_bytes()).filter_map(Result::err).collect();
    let places: Vec<_> = found.iter().map(|problem| (problem.line, problem.column)).collect();
    assert_eq!(places, [(2, 1), (3, 1), (4, 6), (5, 1)]);
    assert!(matches!(&found[0].fault, Fault::NotRecognised(text) if text == "hello, world"));
}

#[test]
fn notes_of_strace_are_passed_over_and_counted() {
    let text = "strace: Process 9 attached\n\n > /lib/libc.so.6(unshare+0x7) [0x10a0f7]\n--- SIGCHLD {si_signo=SIGCHLD} ---\n+++ exited with 0 +++\n[pid 3] --- stopped by SIGSTOP ---\n";
    let mut reader = read(text.as_bytes());
    assert_eq!((reader.next(), reader.passed_over()), (None, 6));
}

#[test]
fn a_long_line_costs_little_and_is_said() {
    let long = format!("write(1, \"{}\", 3000000) = 1\nclose(1) = 0\n", "x".repeat(3_000_000));
    let found: Vec<_> = read(long.as_bytes()).collect();
    assert!(found[0].is_err());
    assert!(matches!(&found[1], Ok(Record::Call(call)) if call.line == 2 && call.name == "close"));
}

/// Lines of pieces that occur in logs, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let pieces = [
        "[pid 7] ",
        "7 ",
        "22:43:18 ",
        "read(",
        "clone(flags=",
        "3</a>",
        "AT_FDCWD",
        "\"",
        ", ",
        "{",
        "}",
        "<",
        ">",
        " <unfinished ...>",
        "<... read resumed>",
        ") = ",
        "0",
        "-1 EPERM (x)",
        "?",
        "\n",
        "--- SIGSYS {si_code=1} ---",
        "+++ killed by SIGSYS +++",
        "[ Process PID=7 runs in 32 bit mode. ]",
        "/*",
        "*/",
        "\u{fffd}",
        "|",
        "CLONE_VM",
        "type=SECCOMP ",
        "arch=",
        "syscall=",
        "c000003e",
    ];
    proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn whatever_stands_in_a_log_a_line_gives_at_most_two_records(text in pieces()) {
        let lines = text.lines().count();
        let found: Vec<_> = read(text.as_bytes()).collect();
        prop_assert!(found.len() <= 2 * lines, "{found:?}");
        for record in found.iter().flatten() {
            if let Record::Call(call) = record {
                prop_assert!(call.line >= 1 && usize::try_from(call.line).unwrap() <= lines);
                call.arguments(Abi::X86);
            }
        }
        prop_assert!(crate::audit::read(text.as_bytes()).count() <= lines);
    }
}

#[test]
fn rubbish_gives_problems_only() {
    let rubbish: Vec<u8> = (0..300_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[1]).collect();
    let found: Vec<_> = read(&rubbish).collect();
    assert!(!found.is_empty() && found.iter().all(Result::is_err));
    for text in [
        "((((((",
        "[pid ",
        "[pid]",
        "(+",
        "<... ",
        "<...  resumed>",
        "--- ---",
        "+++ +++",
        "[ Process PID=",
        "a(<",
        "a(1 /*",
        "a(\"\\",
    ] {
        assert!(read(text.as_bytes()).all(|record| record.is_err()), "{text}");
    }
    for part in ["[", "1<a", "\"", "/*", "1,", "<... "] {
        let long = format!("read({}) = 0", part.repeat(60_000 / part.len()));
        assert!(Reader::new(long.as_bytes()).count() == 1, "{part}");
    }
}
