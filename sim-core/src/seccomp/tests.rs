use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use super::bpf::Instruction;
use super::text::assemble;
use super::{
    Architecture, Fate, Flags, Install, Mode, Operation, ProgramPointer, Seccomp, SeccompData, install, judge,
};
use crate::capability::Capability;
use crate::credentials::{Credentials, RawCredentials, Thread, UserNs};
use crate::kernel::Errno;
use crate::rule::{Silent, Trace};
use crate::system::System;

const ALLOW: Instruction = Instruction::statement(0x06, 0x7fff_0000);
const INVALID: Instruction = Instruction::statement(0x28, 0);
const ENOSYS: Fate = Fate::Returns(-38);

fn root() -> Thread {
    Thread::from(Credentials::root(System::default().capabilities()))
}

fn user(no_new_privs: bool) -> Thread {
    let raw = RawCredentials { no_new_privs, ..RawCredentials::user(65534) };
    Thread::from(Credentials::try_from(raw).unwrap())
}

fn at(release: &str) -> System {
    System { release: release.parse().unwrap(), ..System::default() }
}

/// Errno and rule of a refusal.
fn refused(system: &System, thread: &Thread, state: &Seccomp, call: &Install<'_>) -> Option<(Errno, &'static str)> {
    let mut trace = Trace::new();
    let refusal = install(system, thread, state, call, &mut trace).refusal()?;
    assert_eq!(trace.applied_rules().last().map(|rule| rule.id), Some(refusal.rule.id));
    Some((refusal.errno, refusal.rule.id))
}

fn by_root(state: &Seccomp, call: &Install<'_>) -> Option<(Errno, &'static str)> {
    refused(&System::default(), &root(), state, call)
}

/// A state with filters that return these words, the oldest first.
fn returning(words: &[u32]) -> Seccomp {
    let programs: Vec<_> = words.iter().map(|word| [Instruction::statement(0x06, *word)]).collect();
    programs.iter().fold(Seccomp::default(), |state, program| {
        let call = Install::instructions(program);
        install(&System::default(), &root(), &state, &call, &mut Silent).granted().unwrap().state
    })
}

fn fate(words: &[u32]) -> Fate {
    let data = SeccompData::call(Architecture::X86_64, 110, [0; 6]);
    judge(&System::default(), &returning(words), &data, false, &mut Silent)
}

#[test]
fn e1_to_e4_errnos() {
    let errno = |data: u32| fate(&[0x0005_0000 | data]);
    assert_eq!([5000, 65535, 4095].map(errno), [Fate::Returns(-4095); 3]);
    assert_eq!(errno(0), Fate::Returns(0));
    assert_eq!(errno(7), Fate::Returns(-7));
}

#[test]
fn e5_unknown_words_kill_the_process() {
    let words = [
        0x0001_0000,
        0x0002_0001,
        0x0004_0000,
        0x0006_0000,
        0x7ff1_0000,
        0x7ffd_0000,
        0x7ffe_0000,
        0x8001_0000,
        0xffff_0000,
        0x4000_0000,
    ];
    assert!(words.iter().all(|word| fate(&[*word]) == Fate::ProcessKilled));
    assert_eq!(fate(&[5]), Fate::ThreadKilled, "data of KILL_THREAD");
}

#[test]
fn e6_to_e17_actions_and_which_filter_counts() {
    assert_eq!(fate(&[0x0005_000b, 0x0005_0016]), Fate::Returns(-22));
    assert_eq!(fate(&[0x0005_000b, 0x0005_0016, 0x0005_0021]), Fate::Returns(-33));
    assert_eq!(fate(&[0x0003_abcd]), Fate::Trapped(43981));
    assert_eq!(fate(&[0x7ff0_0000]), ENOSYS);
    assert_eq!(fate(&[0x7fc0_0000]), ENOSYS);
    assert_eq!(fate(&[0x7fff_004d]), Fate::Runs);
    assert_eq!(fate(&[0]), Fate::ThreadKilled);
    assert_eq!(fate(&[0x8000_0000, 0]), Fate::ProcessKilled);
    assert_eq!(fate(&[0, 0x8000_0000]), Fate::ProcessKilled);
    assert_eq!(fate(&[0x0003_0001, 0x0003_0002]), Fate::Trapped(2));
    assert_eq!(fate(&[0x7ff0_0000, 0x0005_0007, 0x7ffc_0000]), Fate::Returns(-7));
    assert_eq!(fate(&[0x7fff_0000, 0x7ffc_0000]), Fate::Runs);
}

#[test]
fn e33_to_e36_pointers_and_lengths() {
    let none = Seccomp::default();
    let (longest, too_long) = (vec![ALLOW; 4096], vec![ALLOW; 4097]);
    let filter = |pointer| Install { operation: Operation::Filter(pointer), ..Install::strict() };
    let check = |pointer, expected| assert_eq!(by_root(&none, &filter(pointer)), Some(expected));
    check(ProgramPointer::Null { length: 1 }, (Errno::EINVAL, "seccomp.no-instructions"));
    check(ProgramPointer::Fault, (Errno::EFAULT, "seccomp.description-fault"));
    check(ProgramPointer::InstructionsFault { length: 2 }, (Errno::EFAULT, "seccomp.instructions-fault"));
    check(ProgramPointer::Null { length: 0 }, (Errno::EINVAL, "seccomp.length"));
    check(ProgramPointer::Instructions(&[INVALID, ALLOW]), (Errno::EINVAL, "seccomp.restricted-program"));
    check(ProgramPointer::Instructions(&[INVALID]), (Errno::EINVAL, "seccomp.invalid-program"));
    check(ProgramPointer::Instructions(&too_long), (Errno::EINVAL, "seccomp.length"));
    assert_eq!(by_root(&none, &filter(ProgramPointer::Instructions(&longest))), None);
}

#[test]
fn e40_to_e50_the_path_is_limited() {
    let mut state = Seccomp::default();
    let mut installed = 0;
    loop {
        let call = Install::instructions(&[ALLOW]);
        match install(&System::default(), &root(), &state, &call, &mut Silent).granted() {
            Some(next) => state = next.state,
            None => break,
        }
        installed += 1;
    }
    assert_eq!(installed, 3641);
    let refusal = by_root(&state, &Install::instructions(&[ALLOW]));
    assert_eq!(refusal, Some((Errno::ENOMEM, "seccomp.path-limit")));
}

#[test]
fn e55_to_e62_numbers_as_filters_see_them() {
    let x32 = SeccompData::call(Architecture::X86_64, 0x6e | SeccompData::X32_BIT, [0; 6]);
    assert!(x32.is_x32());
    let minus_one = SeccompData::call(Architecture::X86_64, u32::MAX, [0; 6]);
    let program = assemble("A = sys_number\n if (A < 0x40000000) goto 3\n return ERRNO(9)\n return ALLOW").unwrap();
    assert_eq!(program.run(&minus_one, &mut Silent).returned.0, 0x0005_0009);
    assert_eq!(program.run(&x32, &mut Silent).returned.0, 0x0005_0009);
    let upper = assemble("A = args[0] >> 32\n return A").unwrap();
    let int80 = SeccompData::call(Architecture::I386, 64, [0x123_0000_0001, 0, 0, 0, 0, 0]);
    assert_eq!(upper.run(&int80, &mut Silent).returned.0, 0x123);
}

#[test]
fn e63_to_e65_calls_that_pass() {
    let errno = returning(&[0x0005_0001]);
    let strict = install(&System::default(), &root(), &Seccomp::default(), &Install::strict(), &mut Silent);
    let strict = strict.granted().unwrap().state;
    let ask = |system: &System, state: &Seccomp, arch: Architecture, nr: u32| {
        judge(system, state, &SeccompData::call(arch, nr, [0; 6]), false, &mut Silent)
    };
    let (now, native) = (System::default(), Architecture::X86_64);
    assert_eq!([335, 336, 337].map(|nr| ask(&now, &errno, native, nr)), [Fate::Runs, Fate::Runs, Fate::Returns(-1)]);
    assert_eq!([335, 336].map(|nr| ask(&at("6.17"), &errno, native, nr)), [Fate::Runs, Fate::Returns(-1)]);
    assert_eq!(ask(&at("6.13"), &errno, native, 335), Fate::Returns(-1));
    assert_eq!([335, 336].map(|nr| ask(&now, &errno, Architecture::I386, nr)), [Fate::Returns(-1); 2]);
    assert_eq!([0, 1, 60, 15, 336].map(|nr| ask(&now, &strict, native, nr)), [Fate::Runs; 5]);
    assert_eq!([231, 2].map(|nr| ask(&now, &strict, native, nr)), [Fate::StrictlyKilled; 2], "E72: exit_group");
    assert_eq!([3, 4, 1, 119].map(|nr| ask(&now, &strict, Architecture::I386, nr)), [Fate::Runs; 4]);
}

#[test]
fn e69_to_e71_modes_and_privileges() {
    let (none, now) = (Seccomp::default(), System::default());
    let filtered = returning(&[0x7fff_0000]);
    assert_eq!(by_root(&filtered, &Install::strict()), Some((Errno::EINVAL, "seccomp.mode-fixed")));
    let strict = install(&now, &root(), &none, &Install::strict(), &mut Silent).granted().unwrap().state;
    assert_eq!(strict.mode(), Mode::Strict);
    let allow = Install::instructions(&[ALLOW]);
    assert_eq!(by_root(&strict, &allow), Some((Errno::EINVAL, "seccomp.mode-fixed")));
    assert_eq!(by_root(&strict, &Install::strict()), None, "strict again is no change");
    let privilege = Some((Errno::EACCES, "seccomp.privilege"));
    assert_eq!(refused(&now, &user(false), &none, &allow), privilege);
    assert_eq!(refused(&now, &user(false), &none, &Install::instructions(&[INVALID])), privilege);
    let empty = Install::instructions(&[]);
    assert_eq!(refused(&now, &user(false), &none, &empty), Some((Errno::EINVAL, "seccomp.length")));
    assert_eq!(refused(&now, &user(true), &none, &allow), None);
    assert_eq!(by_root(&none, &allow), None);
    let flags = Install { flags: Flags::LOG, ..Install::strict() };
    assert_eq!(by_root(&none, &flags), Some((Errno::EINVAL, "seccomp.strict-arguments")));
    let unknown = Install { operation: Operation::Unknown, ..Install::strict() };
    assert_eq!(by_root(&none, &unknown), Some((Errno::EINVAL, "seccomp.unknown-operation")));
}

#[test]
fn a_capability_in_ones_own_namespace_is_enough() {
    let mut system = System::default();
    let ns = system.user_namespaces.add(UserNs::INIT, 1000.into()).unwrap();
    let held = Capability::SYS_ADMIN.into();
    let raw = RawCredentials { permitted: held, effective: held, user_ns: ns, ..RawCredentials::user(1000) };
    let thread = Thread::from(Credentials::try_from(raw).unwrap());
    assert_eq!(refused(&system, &thread, &Seccomp::default(), &Install::instructions(&[ALLOW])), None);
}

#[test]
fn e73_flags_one_by_one_and_by_release() {
    let with = |system: &System, flags: u32| {
        let call = Install { flags: Flags(flags), ..Install::instructions(&[ALLOW]) };
        refused(system, &root(), &Seccomp::default(), &call).map(|(_, rule)| rule)
    };
    let now = System::default();
    for bit in 0..10 {
        let expected = match bit {
            0..=4 => None,
            5 => Some("seccomp.wait-killable-needs-listener"),
            _ => Some("seccomp.unknown-flags"),
        };
        assert_eq!(with(&now, 1 << bit), expected, "bit {bit}");
    }
    assert_eq!(with(&now, 0x28), None);
    assert_eq!(with(&now, 0x09), Some("seccomp.tsync-needs-esrch"));
    assert_eq!(with(&now, 0x19), None);
    assert_eq!(with(&at("5.6"), 0x09), Some("seccomp.tsync-and-listener"));
    let unknown = [("4.14", 0x04), ("4.20", 0x08), ("5.6", 0x10), ("5.18", 0x28)];
    for (release, flags) in unknown {
        assert_eq!(with(&at(release), flags), Some("seccomp.unknown-flags"), "{release}");
    }
}

#[test]
fn e74_to_e83_listeners_tracers_and_other_threads() {
    let (now, notify) = (System::default(), [Instruction::statement(0x06, 0x7fc0_0000)]);
    let listening = Install { flags: Flags::NEW_LISTENER, ..Install::instructions(&notify) };
    let mut state = install(&now, &root(), &Seccomp::default(), &listening, &mut Silent).granted().unwrap().state;
    assert_eq!(by_root(&state, &listening), Some((Errno::EBUSY, "seccomp.second-listener")));
    let data = SeccompData::call(Architecture::X86_64, 110, [0; 6]);
    let ask = |state: &Seccomp, traced: bool| judge(&now, state, &data, traced, &mut Silent);
    assert_eq!(ask(&state, false), Fate::AsksListener(0));
    let newer = install(&now, &root(), &state, &Install::instructions(&notify), &mut Silent).granted().unwrap().state;
    assert_eq!(ask(&newer, false), ENOSYS, "the newer one won, and has no listener");
    state.close_listeners();
    assert_eq!(ask(&state, false), ENOSYS);
    assert_eq!(by_root(&state, &listening), None);
    assert_eq!(ask(&returning(&[0x7ff0_1234]), true), Fate::AsksTracer(0x1234));
    assert_eq!(judge(&at("4.20"), &state, &data, false, &mut Silent), Fate::ProcessKilled, "not known before 5.0");
    let synchronise = |flags: Flags| Install { flags, thread_in_the_way: Some(7), ..Install::instructions(&[ALLOW]) };
    let esrch = synchronise(Flags::TSYNC.with(Flags::TSYNC_ESRCH));
    assert_eq!(by_root(&Seccomp::default(), &esrch), Some((Errno::ESRCH, "seccomp.thread-in-the-way")));
    let answer = install(&now, &root(), &Seccomp::default(), &synchronise(Flags::TSYNC), &mut Silent);
    let answer = answer.granted().unwrap();
    assert_eq!((answer.thread_in_the_way, answer.state), (Some(7), Seccomp::default()));
    let alone = install(&now, &root(), &Seccomp::default(), &synchronise(Flags::LOG), &mut Silent).granted().unwrap();
    assert_eq!(alone.thread_in_the_way, None);
}

#[test]
fn e84_stacks_are_cached_if_every_filter_is() {
    let allow = returning(&[0x7fff_0000, 0x7fff_0000]);
    assert!(allow.is_cached(Architecture::X86_64, 110, 470));
    assert!(!allow.is_cached(Architecture::X86_64, 470, 470));
    assert!(!allow.is_cached(Architecture::X86_64, u32::MAX, 470));
    assert!(!returning(&[0x7fff_0000, 0x7ffc_0000]).is_cached(Architecture::X86_64, 110, 470));
    assert!(!Seccomp::default().is_cached(Architecture::X86_64, 110, 470));
}

#[test]
fn what_is_logged() {
    let data = SeccompData::call(Architecture::X86_64, 110, [0; 6]);
    let logged = |state: &Seccomp| state.logs(&state.run(&data, &mut Silent));
    let words = [0x7fff_0000, 0x0005_0001, 0x0003_0000, 0x7ffc_0000, 0, 0x8000_0000, 0x4000_0000];
    assert_eq!(words.map(|word| logged(&returning(&[word]))), [false, false, false, true, true, true, true]);
    let errno = [Instruction::statement(0x06, 0x0005_0001)];
    let call = Install { flags: Flags::LOG, ..Install::instructions(&errno) };
    let flagged =
        install(&System::default(), &root(), &Seccomp::default(), &call, &mut Silent).granted().unwrap().state;
    assert!(logged(&flagged));
    let newer = install(&System::default(), &root(), &flagged, &Install::instructions(&errno), &mut Silent);
    assert!(!logged(&newer.granted().unwrap().state), "the newer filter won, and has no flag");
}

#[test]
fn e85_and_e86_exec_keeps_and_fork_copies() {
    let parent = returning(&[0x0005_0001]);
    let mut trace = Trace::new();
    let child = parent.forked(&mut trace);
    let call = Install::instructions(&[ALLOW]);
    let child = install(&System::default(), &root(), &child, &call, &mut Silent).granted().unwrap().state;
    assert_eq!((parent.filters().len(), child.filters().len()), (1, 2));
    assert_eq!(parent.clone().executed(&mut trace), parent);
    let ids: Vec<_> = trace.applied_rules().iter().map(|rule| rule.id).collect();
    assert_eq!(ids, ["seccomp.fork-inherits", "seccomp.exec-keeps"]);
}

/// Everything that some decision reports as applied.
fn reported() -> BTreeSet<&'static str> {
    let mut trace = Trace::new();
    let (now, none) = (System::default(), Seccomp::default());
    let allow = Install::instructions(&[ALLOW]);
    let filter = |pointer| Install { operation: Operation::Filter(pointer), ..Install::strict() };
    let flags = |flags| Install { flags: Flags(flags), ..allow };
    let calls = [
        (&now, root(), Install { operation: Operation::Unknown, ..allow }),
        (&now, root(), Install { operation: Operation::Strict { null: false }, ..Install::strict() }),
        (&now, root(), flags(0x40)),
        (&at("5.6"), root(), flags(0x09)),
        (&now, root(), flags(0x09)),
        (&now, root(), flags(0x20)),
        (&now, root(), filter(ProgramPointer::Fault)),
        (&now, root(), filter(ProgramPointer::Instructions(&[]))),
        (&now, user(false), allow),
        (&now, root(), filter(ProgramPointer::Null { length: 1 })),
        (&now, root(), filter(ProgramPointer::InstructionsFault { length: 1 })),
        (&now, root(), Install::instructions(&[INVALID])),
        (&now, root(), Install::instructions(&[INVALID, ALLOW])),
        (&now, root(), Install { thread_in_the_way: Some(9), ..flags(1) }),
        (&now, root(), allow),
        (&now, root(), Install::strict()),
    ];
    for (system, thread, call) in &calls {
        let _ = install(system, thread, &none, call, &mut trace);
    }
    let strict = install(&now, &root(), &none, &Install::strict(), &mut trace).granted().unwrap().state;
    let _ = install(&now, &root(), &strict, &allow, &mut trace);
    let listening = install(&now, &root(), &returning(&[]), &flags(8), &mut trace).granted().unwrap().state;
    let _ = install(&now, &root(), &listening, &flags(8), &mut trace);
    let long = vec![ALLOW; 4096];
    let mut full = returning(&[]);
    for _ in 0..4 {
        let next = install(&now, &root(), &full, &Install::instructions(&long), &mut trace).granted();
        full = next.map_or(full, |next| next.state);
    }
    let words =
        [0, 0x8000_0000, 0x8001_0000, 0x0003_0000, 0x0005_ffff, 0x7fc0_0000, 0x7ff0_0000, 0x7ffc_0000, 0x7fff_0000];
    let data = |nr| SeccompData::call(Architecture::X86_64, nr, [0; 6]);
    for word in words {
        let _ = judge(&now, &returning(&[word]), &data(1), false, &mut trace);
        let _ = judge(&now, &returning(&[word]), &data(1), true, &mut trace);
    }
    let notify = [Instruction::statement(0x06, 0x7fc0_0000)];
    let call = Install { flags: Flags::NEW_LISTENER, ..Install::instructions(&notify) };
    let asking = install(&now, &root(), &none, &call, &mut trace).granted().unwrap().state;
    for (state, nr) in [(&asking, 1), (&asking, 335), (&strict, 336), (&strict, 2)] {
        let _ = judge(&now, state, &data(nr), false, &mut trace);
    }
    let _ = asking.forked(&mut trace).executed(&mut trace);
    trace.applied_rules().iter().map(|rule| rule.id).collect()
}

#[test]
fn every_rule_is_reported_by_some_decision() {
    let all: BTreeSet<_> = crate::rule::seccomp::RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(reported(), all);
}
