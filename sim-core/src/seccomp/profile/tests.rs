use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};

use super::{
    Comparison, Database, Engine, EntryState, LibseccompError, Manager, Note, Operator, Origin, Policy, Problem,
    Profile, Reason, Runtime, Target, Test, resolve,
};
use crate::capability::{CapSet, Capability};
use crate::seccomp::syscalls::{Abi, Call, Version};
use crate::seccomp::{Action, Architecture, FilterReturn, Flags, SeccompData};

const EPERM: FilterReturn = Action::Errno.with_data(1);
const ENOSYS: FilterReturn = Action::Errno.with_data(38);
const ALLOW: FilterReturn = FilterReturn::ALLOW;

/// A profile that refuses all calls but those of `entries`.
fn strict(entries: &str) -> Profile {
    Profile::read(format!(r#"{{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{entries}]}}"#)).unwrap()
}

fn entry(rest: &str) -> String {
    format!(r#"{{"names": ["chmod"], "action": "SCMP_ACT_ALLOW"{rest}}}"#)
}

fn engine(manager: Manager, runtime: Runtime) -> Target {
    Target::new(Abi::X86_64, Engine::new(manager, runtime))
}

fn moby() -> Target {
    engine(Manager::Moby, Runtime::None)
}

fn podman() -> Target {
    engine(Manager::ContainersCommon, Runtime::None)
}

fn runtimes() -> [Target; 3] {
    [Runtime::Runc, Runtime::Crun, Runtime::Youki].map(|runtime| engine(Manager::None, runtime))
}

fn problem(profile: &Profile, target: &Target) -> Problem {
    resolve(profile, target).unwrap_err().problem
}

fn state(entries: &str, target: &Target) -> EntryState {
    resolve(&strict(entries), target).unwrap().entries.remove(0)
}

fn x86_64(name: &str, args: [u64; 6]) -> SeccompData {
    SeccompData::call(Architecture::X86_64, Call::by_name(name).unwrap().number(Abi::X86_64).unwrap(), args)
}

fn answer(policy: &Policy, name: &str, first: u64) -> FilterReturn {
    policy.verdict(&x86_64(name, [first, 0, 0, 0, 0, 0])).action
}

#[test]
fn name_and_names_together() {
    let both = strict(&entry(r#", "name": "chown""#));
    for target in [moby(), podman()] {
        assert_eq!(problem(&both, &target), Problem::NameAndNames);
    }
    let policy = resolve(&both, &Target::new(Abi::X86_64, Engine::CRUN)).unwrap();
    assert_eq!((answer(&policy, "chmod", 0), answer(&policy, "chown", 0)), (ALLOW, EPERM), "no key of the runtime's");
    assert!(matches!(policy.notes[..], [Note::OnlyForManagers(_)]));
}

#[test]
fn architectures_and_arch_map() {
    let text = |extra: &str| {
        let map = |abi: &str, sub: &str| format!(r#"{{"architecture": "{abi}", "subArchitectures": {sub}}}"#);
        let maps = [
            map("SCMP_ARCH_X86_64", r#"["SCMP_ARCH_X86", "SCMP_ARCH_X32"]"#),
            map("SCMP_ARCH_RISCV64", "null"),
            map("SCMP_ARCH_LOONGARCH64", "null"),
            map("SCMP_ARCH_S390X", r#"["SCMP_ARCH_S390"]"#),
        ];
        let text = format!(r#"{{"defaultAction": "SCMP_ACT_ERRNO", "archMap": [{}]{extra}}}"#, maps.join(","));
        Profile::read(text).unwrap()
    };
    let both = text(r#", "architectures": ["SCMP_ARCH_X86"]"#);
    for target in [moby(), podman()] {
        assert_eq!(problem(&both, &target), Problem::ArchitecturesAndArchMap);
    }
    let tables = |target: Target| -> Vec<Abi> {
        resolve(&text(""), &target).unwrap().tables.iter().map(|table| table.abi).collect()
    };
    let native = |native: Abi, target: Target| Target { native, ..target };
    assert_eq!(tables(moby()), [Abi::X86_64, Abi::X86, Abi::X32]);
    assert_eq!(tables(podman()), [Abi::X86_64, Abi::X86, Abi::X32]);
    assert_eq!(tables(native(Abi::S390X, moby())), [Abi::S390X, Abi::S390]);
    assert_eq!(tables(native(Abi::AARCH64, moby())), [Abi::AARCH64], "without a match there is the native one");
    assert_eq!(tables(Target::new(Abi::X86_64, Engine::CRUN)), [Abi::X86_64], "no key of the runtime's");
    let other =
        Profile::read(r#"{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_S390X"]}"#).unwrap();
    assert_eq!(problem(&other, &moby()), Problem::Libseccomp(LibseccompError::Domain));
    let unknown =
        Profile::read(r#"{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_Z80"]}"#).unwrap();
    assert_eq!(problem(&unknown, &moby()), Problem::UnknownArchitecture("SCMP_ARCH_Z80".into()));
}

#[test]
fn excludes_are_asked_before_includes() {
    let both = r#", "includes": {"caps": ["CAP_BPF"]}, "excludes": {"arches": ["amd64"]}"#;
    assert_eq!(state(&entry(both), &moby()), EntryState::Excluded(Test::Architecture("amd64")));
}

#[test]
fn capabilities_are_those_of_the_bounding_set() {
    let pair = r#"["CAP_CHOWN", "CAP_BPF"]"#;
    let includes = entry(&format!(r#", "includes": {{"caps": {pair}}}"#));
    let excludes = entry(&format!(r#", "excludes": {{"caps": {pair}}}"#));
    let with = |target: Target, caps: &[Capability]| target.with_bounding(caps.iter().copied().collect::<CapSet>());
    for target in [moby(), podman()] {
        let only_chown = with(target.clone(), &[Capability::CHOWN]);
        let bpf = || Test::Capability("CAP_BPF".into());
        assert_eq!(state(&includes, &only_chown), EntryState::NotIncluded(bpf()), "all are needed");
        assert_eq!(state(&excludes, &only_chown), EntryState::Excluded(Test::Capability("CAP_CHOWN".into())), "any");
        assert_eq!(state(&includes, &with(target.clone(), &[Capability::CHOWN, Capability::BPF])), EntryState::Live);
        assert_eq!(state(&excludes, &with(target, &[])), EntryState::Live);
    }
    let lower = entry(r#", "includes": {"caps": ["cap_chown"]}"#);
    assert!(matches!(state(&lower, &moby()), EntryState::NotIncluded(_)), "names are compared as texts");
    let nobody = |target: Target| Target { bounding: None, ..target };
    assert_eq!(problem(&strict(&includes), &nobody(moby())), Problem::NoProcess);
    assert_eq!(
        [state(&includes, &nobody(podman())), state(&excludes, &nobody(podman()))],
        [const { EntryState::Live }; 2]
    );
}

#[test]
fn architectures_have_the_engines_names() {
    let live = |name: &str, native: Abi, target: Target| {
        let entry = entry(&format!(r#", "includes": {{"arches": ["{name}"]}}"#));
        state(&entry, &Target { native, ..target }) == EntryState::Live
    };
    for target in [moby, podman] {
        assert!(live("amd64", Abi::X86_64, target()) && live("arm64", Abi::AARCH64, target()));
        assert!(live("x86", Abi::X86, target()) && live("ppc64le", Abi::PPC64LE, target()));
        assert!(!live("x32", Abi::X86_64, target()) && !live("x86_64", Abi::X86_64, target()));
    }
    assert!(live("loongarch64", Abi::LOONGARCH64, moby()));
}

#[test]
fn min_kernel_is_dockers() {
    let at = |minimum: &str, kernel: &str, target: Target| {
        let entry = strict(&entry(&format!(r#", "includes": {{"minKernel": "{minimum}"}}"#)));
        let target = Target { kernel: kernel.parse().unwrap(), ..target };
        resolve(&entry, &target).map(|policy| policy.entries[0] == EntryState::Live).map_err(|error| error.problem)
    };
    assert_eq!(at("4.8", "4.14", moby()), Ok(true), "4.14 comes after 4.8");
    assert_eq!(at("4.8", "4.7.9", moby()), Ok(false));
    assert_eq!(at("5.0", "4.19", moby()), Ok(false));
    assert_eq!(at("99.0", "6.18", podman()), Ok(true), "containers/common does not know it");
    for wrong in ["0.0", "4", "4.8.0", "four"] {
        assert_eq!(at(wrong, "6.18", moby()), Err(Problem::MinKernel(wrong.into())));
    }
    let excluded = entry(r#", "excludes": {"minKernel": "4.8"}"#);
    assert_eq!(state(&excluded, &moby()), EntryState::Excluded(Test::Kernel("4.8".into())));
}

#[test]
fn errnos_by_name_are_podmans() {
    let rule = |errno: &str| {
        strict(&format!(r#"{{"names": ["chmod"], "action": "SCMP_ACT_ERRNO", "errnoRet": 2, "errno": "{errno}"}}"#))
    };
    let data = |errno: &str, target: &Target| answer(&resolve(&rule(errno), target).unwrap(), "chmod", 0).data();
    assert_eq!((data("EACCES", &podman()), data("13", &podman()), data("EACCES", &moby())), (13, 13, 2));
    assert_eq!(problem(&rule("EWHAT"), &podman()), Problem::UnknownErrno("EWHAT".into()));
    let text = r#"{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "defaultErrno": "ENOSYS"}"#;
    assert_eq!(resolve(&Profile::read(text).unwrap(), &podman()).unwrap().default_action, ENOSYS);
}

#[test]
fn unknown_names_are_passed_over() {
    let profile = strict(r#"{"names": ["chmod", "setsidaccept4", "mseal", "set_tls"], "action": "SCMP_ACT_ALLOW"}"#);
    for target in runtimes() {
        let policy = resolve(&profile, &target).unwrap();
        let [Note::UnknownName(unknown), Note::NotOnTheseArchitectures(absent)] = policy.notes[..] else {
            panic!("{:?}", policy.notes)
        };
        assert_eq!((unknown.name, absent.name), (Some(1), Some(3)));
        assert_eq!(answer(&policy, "mseal", 0), ALLOW);
        let old = Engine { libseccomp: Version::new(2, 5, 4), ..target.engine };
        let policy = resolve(&profile, &Target { engine: old, ..target }).unwrap();
        assert_ne!(answer(&policy, "mseal", 0), ALLOW, "libseccomp 2.5.4 is older than the call");
    }
}

#[test]
fn a_rule_that_says_the_default_is_skipped() {
    let profile = strict(&entry("").replace("ALLOW", "ERRNO"));
    for target in runtimes() {
        let policy = resolve(&profile, &target).unwrap();
        assert_eq!((&policy.entries[0], policy.tables[0].calls.len()), (&EntryState::EqualsDefault, 0));
    }
    let other = strict(&entry(r#", "errnoRet": 2"#).replace("ALLOW", "ERRNO"));
    assert_eq!(answer(&resolve(&other, &runtimes()[0]).unwrap(), "chmod", 0).data(), 2, "another number is a rule");
}

#[test]
fn an_argument_twice_is_one_rule_a_condition() {
    let condition = |op: &str, value: u64| format!(r#"{{"index": 0, "op": "SCMP_CMP_{op}", "value": {value}}}"#);
    let profile = strict(&entry(&format!(r#", "args": [{}, {}]"#, condition("GE", 3), condition("LE", 5))));
    for target in runtimes() {
        let policy = resolve(&profile, &target).unwrap();
        assert_eq!([1, 4, 9].map(|first| answer(&policy, "chmod", first)), [ALLOW; 3], "one of both suffices");
        assert!(matches!(policy.notes[..], [Note::SameArgument(_), ..]));
    }
    let policy = resolve(&profile, &Target::new(Abi::X86_64, Engine::NONE)).unwrap();
    assert_eq!([1, 4, 9].map(|first| answer(&policy, "chmod", first)), [EPERM, ALLOW, EPERM]);
}

#[test]
fn errnos_of_actions() {
    let with = |action: &str| strict(&entry(r#", "errnoRet": 7"#).replace("ALLOW", action));
    for target in runtimes() {
        let policy = resolve(&with("TRACE"), &target).unwrap();
        assert_eq!(answer(&policy, "chmod", 0), Action::Trace.with_data(7));
        let plain = strict(&entry("").replace("ALLOW", "TRACE"));
        assert_eq!(answer(&resolve(&plain, &target).unwrap(), "chmod", 0), Action::Trace.with_data(1), "EPERM");
        match (target.engine.runtime, resolve(&with("ALLOW"), &target)) {
            (Runtime::Crun, refused) => assert_eq!(refused.unwrap_err().problem, Problem::ErrnoOnOtherAction),
            (_, policy) => assert!(matches!(policy.unwrap().notes[..], [Note::ErrnoWithoutMeaning(_)])),
        }
    }
    let large = strict(&entry(r#", "errnoRet": 12345"#).replace("ALLOW", "ERRNO"));
    let error = resolve(&large, &runtimes()[0]).unwrap_err();
    assert_eq!(error.problem, Problem::Libseccomp(LibseccompError::Invalid));
    assert!(error.to_string().starts_with("line 1, column 61: libseccomp refuses with EINVAL"), "{error}");
}

#[test]
fn flags() {
    let flags = |text: &str, target: &Target| {
        let profile = Profile::read(format!(r#"{{"defaultAction": "SCMP_ACT_ALLOW"{text}}}"#)).unwrap();
        resolve(&profile, target).map(|policy| policy.flags).map_err(|error| error.problem)
    };
    let [runc, crun, youki] = runtimes();
    assert_eq!(
        [&runc, &crun, &youki].map(|target| flags("", target).unwrap()),
        [Flags(0), Flags::SPEC_ALLOW, Flags(0)]
    );
    assert_eq!(flags(r#", "flags": []"#, &crun), Ok(Flags(0)));
    let two = r#", "flags": ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"]"#;
    assert_eq!((flags(two, &runc), flags(two, &crun)), (Ok(Flags::LOG), Ok(Flags::LOG.with(Flags::TSYNC))));
    for target in runtimes() {
        let unknown = flags(r#", "flags": ["SECCOMP_FILTER_FLAG_FAST"]"#, &target);
        assert_eq!(unknown, Err(Problem::UnknownFlag("SECCOMP_FILTER_FLAG_FAST".into())));
    }
}

#[test]
fn notify_where_the_listener_can_be_handed_over() {
    let on = |name: &str| {
        let text = format!(
            r#"{{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/run/agent", "syscalls": [{{"names": ["{name}"], "action": "SCMP_ACT_NOTIFY"}}]}}"#
        );
        Profile::read(text).unwrap()
    };
    let default = Profile::read(r#"{"defaultAction": "SCMP_ACT_NOTIFY"}"#).unwrap();
    let [runc, crun, youki] = runtimes();
    for target in [&runc, &youki] {
        assert_eq!(
            (problem(&on("write"), target), problem(&default, target)),
            (Problem::NotifyOnWrite, Problem::NotifyByDefault)
        );
    }
    assert!(resolve(&on("write"), &crun).is_ok() && resolve(&default, &crun).is_ok());
    let policy = resolve(&on("mkdir"), &runc).unwrap();
    assert_eq!((policy.flags, policy.listener_path.as_deref()), (Flags::NEW_LISTENER, Some("/run/agent")));
}

#[test]
fn runcs_stub_answers_for_numbers_above_all() {
    let text = |errno: u32, abis: &str| {
        let text = format!(
            r#"{{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": {errno}, "architectures": [{abis}], "syscalls": [{{"names": ["openat2", "clone"], "action": "SCMP_ACT_ALLOW", "args": []}}]}}"#
        );
        Profile::read(text).unwrap()
    };
    let target = Target::new(Abi::X86_64, Engine::RUNC);
    let action =
        |policy: &Policy, nr: u32| policy.verdict(&SeccompData::call(Architecture::X86_64, nr, [0; 6])).action;
    let native = resolve(&text(1, ""), &target).unwrap();
    assert_eq!([436, 437, 438].map(|nr| action(&native, nr)), [EPERM, ALLOW, ENOSYS]);
    assert_eq!(action(&native, u32::MAX), EPERM, "-1 has bit 30");
    assert_eq!(action(&native, 1 << 30), FilterReturn(0), "and x32 is another architecture");
    assert_eq!(action(&native, 1 << 31), ENOSYS, "to libseccomp it would be x32's");
    let both = resolve(&text(1, r#""SCMP_ARCH_X32""#), &target).unwrap();
    let x32 = SeccompData::X32_BIT;
    assert_eq!([436, x32 + 437, x32 + 438, 438].map(|nr| action(&both, nr)), [EPERM, ALLOW, ENOSYS, ENOSYS]);
    assert_eq!(action(&both, u32::MAX), ENOSYS);
    assert!(resolve(&text(38, ""), &target).unwrap().tables[0].stub.is_some(), "38 is no action word");
    assert!(resolve(&text(0x5_0026, ""), &target).unwrap().tables[0].stub.is_none());
    for other in [Engine::CRUN, Engine::YOUKI, Engine::NONE] {
        assert_eq!(action(&resolve(&text(1, ""), &Target::new(Abi::X86_64, other)).unwrap(), 438), EPERM);
    }
    let s390x = resolve(&text(1, ""), &Target::new(Abi::S390X, Engine::RUNC)).unwrap();
    let zero = s390x.verdict(&SeccompData::call(Architecture::S390X, 0, [0; 6]));
    assert!(matches!((zero.action, zero.reason), (ENOSYS, Reason::Stub(_))));
}

#[test]
fn libseccomps_rules() {
    let new = || Database::new(EPERM, Abi::X86_64, Engine::NEWEST_LIBSECCOMP).unwrap();
    let call = |name: &str| Call::by_name(name).unwrap();
    let at = |entry: u32| Origin { entry, ..Origin::default() };
    let compare = |index: u8, value: u64| Comparison { index, operator: Operator::Equal, value, value_two: 0 };
    let kept = |database: Database| -> Vec<(usize, FilterReturn, u32)> {
        let (tables, _) = database.finish();
        let rules = tables[0].1.iter().flat_map(|call| &call.rules);
        rules.map(|rule| (rule.conditions.len(), rule.action, rule.origin.entry)).collect()
    };
    let (errno, log) = (Action::Errno.with_data(2), Action::Log.with_data(0));

    // E-L1, E-L2
    let mut database = new();
    assert_eq!(database.add(EPERM, call("read"), &[], at(0)), Err(LibseccompError::Access));
    for word in [FilterReturn(0x0004_0000), FilterReturn(0x7fff_0001), Action::Errno.with_data(4096)] {
        assert_eq!(database.add(word, call("read"), &[], at(0)), Err(LibseccompError::Invalid), "{word}");
    }
    assert_eq!(database.add(ALLOW, call("read"), &[compare(6, 0)], at(0)), Err(LibseccompError::Invalid));
    assert_eq!(
        database.add(ALLOW, call("read"), &[compare(1, 0), compare(1, 2)], at(0)),
        Err(LibseccompError::Invalid)
    );
    assert!(Database::new(FilterReturn(5 << 16 | 4096), Abi::X86_64, Engine::NEWEST_LIBSECCOMP).is_err());
    // E-L3
    assert_eq!(database.add(ALLOW, call("read"), &[], at(1)), Ok(true));
    assert_eq!(database.add(errno, call("read"), &[], at(2)), Ok(true));
    assert_eq!(kept(database), [(0, ALLOW, 1)]);
    // E-L4
    let mut database = new();
    assert_eq!(database.add(ALLOW, call("read"), &[compare(0, 1)], at(1)), Ok(true));
    assert_eq!(database.add(errno, call("read"), &[compare(0, 1)], at(2)), Err(LibseccompError::Exists));
    assert_eq!(database.add(ALLOW, call("read"), &[compare(0, 1)], at(3)), Ok(true));
    assert_eq!(
        database.add(errno, call("read"), &[compare(0, 1), compare(1, 1)], at(4)),
        Ok(true),
        "shorter decides"
    );
    assert_eq!(kept(database.clone()), [(1, ALLOW, 1)]);
    // E-L5
    let mut other_order = new();
    for database in [&mut database, &mut other_order] {
        assert_eq!(database.add(log, call("read"), &[], at(5)), Ok(true));
        assert_eq!(database.add(ALLOW, call("read"), &[compare(0, 7)], at(6)), Ok(true));
    }
    assert_eq!((kept(database), kept(other_order)), (vec![(0, log, 5)], vec![(0, log, 5)]));
    // E-L6, E-L7
    let mut database = new();
    assert_eq!(database.add_number(ALLOW, -1, at(0)), Err(LibseccompError::Invalid));
    assert_eq!(database.add_number(ALLOW, -10_001, at(0)), Ok(false));
    assert_eq!(database.add_number(ALLOW, 9999, at(7)), Ok(true));
    assert_eq!(database.add_architecture(Abi::X86), Ok(()));
    assert_eq!(database.add_architecture(Abi::X86), Err(LibseccompError::Exists));
    assert_eq!(database.add_architecture(Abi::S390X), Err(LibseccompError::Domain));
    assert_eq!(database.remove_architecture(Abi::ARM), Err(LibseccompError::Exists));
    assert_eq!(database.remove_architecture(Abi::X86), Ok(()));
    assert_eq!(kept(database), [(0, ALLOW, 7)]);
}

#[test]
fn other_calls_carry_some() {
    let text = r#"{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86"], "syscalls": [
        {"names": ["connect"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 5, "op": "SCMP_CMP_EQ"},
            {"index": 2, "value": 4294967298, "op": "SCMP_CMP_EQ"}]}]}"#;
    let policy = resolve(&Profile::read(text).unwrap(), &Target::new(Abi::X86_64, Engine::CRUN)).unwrap();
    let action = |nr: u32, args: [u64; 6]| policy.verdict(&SeccompData::call(Architecture::I386, nr, args)).action;
    assert_eq!(action(362, [5, 0, 2, 0, 0, 0]), ALLOW, "32 bits are compared");
    assert_eq!(action(362, [5 | 7 << 32, 0, 2 | 9 << 32, 0, 0, 0]), ALLOW);
    assert_eq!(action(102, [3, 0, 2, 0, 0, 0]), ALLOW, "socketcall's first argument says which");
    assert_eq!(action(102, [5, 0, 2, 0, 0, 0]), EPERM);
    assert_eq!(answer(&policy, "connect", 5), EPERM, "64 bits are compared");
}

#[test]
fn rules_that_overlap_are_ambiguous() {
    let text = r#"{"defaultAction": "SCMP_ACT_KILL", "syscalls": [
        {"names": ["dup2"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 5, "op": "SCMP_CMP_GT"}]},
        {"names": ["dup2"], "action": "SCMP_ACT_ERRNO", "errnoRet": 9, "args": [{"index": 0, "value": 10, "op": "SCMP_CMP_LT"}]}]}"#;
    let policy = resolve(&Profile::read(text).unwrap(), &Target::new(Abi::X86_64, Engine::CRUN)).unwrap();
    let [found] = &policy.ambiguities[..] else { panic!("{:?}", policy.ambiguities) };
    assert_eq!((found.call.nr, found.call.args[0]), (33, 6));
    assert_eq!(found.origins.map(|origin| origin.entry), [1, 0]);
    assert_eq!(answer(&policy, "dup2", 6), Action::Errno.with_data(9), "libseccomp asks < before >");
}

#[test]
fn libseccomp_asks_the_last_argument_first() {
    let text = r#"{"defaultAction": "SCMP_ACT_KILL", "syscalls": [
        {"names": ["dup2"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 5, "op": "SCMP_CMP_EQ"}]},
        {"names": ["dup2"], "action": "SCMP_ACT_LOG", "args": [{"index": 1, "value": 0, "op": "SCMP_CMP_EQ"}]}]}"#;
    let policy = resolve(&Profile::read(text).unwrap(), &Target::new(Abi::X86_64, Engine::CRUN)).unwrap();
    assert_eq!((answer(&policy, "dup2", 5).action(), policy.ambiguities.len()), (Action::Log, 1));
}

#[test]
fn a_mask_without_bits_is_no_condition() {
    let mask = |value: u64| {
        let condition =
            format!(r#", "args": [{{"index": 0, "value": {value}, "valueTwo": 1, "op": "SCMP_CMP_MASKED_EQ"}}]"#);
        let profile = strict(&entry(&condition));
        let target = Target::new(Abi::PPC64LE, Engine::CRUN);
        let policies =
            [target.clone(), Target { native: Abi::ARM, ..target }].map(|target| resolve(&profile, &target).unwrap());
        policies.map(|policy| policy.tables[0].calls[0].rules[0].conditions.len())
    };
    assert_eq!((mask(0), mask(1), mask(1 << 32)), ([0, 0], [1, 1], [1, 0]), "32-bit tables see the lower half");
}

#[test]
fn every_entry_about_a_call_says_whether_it_is_live() {
    let docker = crate::seccomp::preset::Preset::Docker.profile();
    let policy = resolve(&docker, &Target::new(Abi::X86_64, Engine::DOCKER)).unwrap();
    let about: Vec<String> =
        policy.entries_about(&docker, "clone").map(|(origin, state)| format!("{origin}: {state}")).collect();
    assert_eq!(
        about,
        [
            "syscalls[17].names[1]: not live: includes.caps has CAP_SYS_ADMIN, which is not in the bounding set",
            "syscalls[18].names[0]: live",
            "syscalls[19].names[0]: not live: includes.arches does not have amd64, this machine",
        ]
    );
}

#[test]
fn many_rules_cost_little() {
    let one = |value: u32| Comparison { index: 0, operator: Operator::Greater, value: value.into(), value_two: 0 };
    let mut profile = strict(&entry(""));
    let mut entry = profile.syscalls.remove(0);
    profile.syscalls = (0..50_000)
        .map(|value| {
            entry.args = vec![one(value)];
            entry.action = if value % 2 == 0 { Action::Allow } else { Action::Log };
            entry.clone()
        })
        .collect();
    let policy = resolve(&profile, &Target::new(Abi::X86_64, Engine::CRUN)).unwrap();
    assert_eq!(policy.tables[0].calls[0].rules.len(), 50_000);
    assert!(policy.notes.contains(&Note::OverlapsNotCompared(Abi::X86_64)));
    assert!(crate::seccomp::compile::compile(&policy).is_err());

    entry.args = (0..200_000).map(one).collect();
    profile.syscalls = vec![entry];
    for engine in [Engine::NONE, Engine::CRUN, Engine::RUNC] {
        assert!(resolve(&profile, &Target::new(Abi::X86_64, engine)).is_ok());
    }
}
