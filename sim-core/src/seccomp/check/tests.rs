use super::Argument::{self, Known, LowerHalf, Unknown};
use super::{Observed, Remark, State, check, remarks, remedies};
use crate::seccomp::equivalence::{Subject, permits_more};
use crate::seccomp::preset::Preset;
use crate::seccomp::profile::{Engine, Profile, Reason, Target, resolve};
use crate::seccomp::syscalls::{Abi, Version};
use alloc::string::ToString;
use alloc::vec::Vec;

fn observed(name: &str, args: &[Argument]) -> Observed {
    let mut all = [Unknown; 6];
    all.iter_mut().zip(args).for_each(|(place, argument)| *place = *argument);
    Observed::by_name(Abi::X86_64, name, all).remove(0)
}

fn docker() -> (Profile, Target) {
    (Preset::Docker.profile(), Target::new(Abi::X86_64, Engine::DOCKER))
}

#[test]
fn what_is_not_known_counts_only_where_rules_ask_for_it() {
    let (profile, target) = docker();
    let policy = resolve(&profile, &target).unwrap();
    let of = |name: &str, args: &[Argument]| {
        let answer = check(&policy, &observed(name, args)).unwrap();
        (answer.state, answer.open)
    };
    assert_eq!(of("openat", &[]), (State::Permitted, Vec::new()));
    assert_eq!(of("mount", &[]), (State::Refused, Vec::new()));
    assert_eq!(of("personality", &[Known(0)]), (State::Permitted, Vec::new()));
    assert_eq!(of("personality", &[Known(1)]), (State::Refused, Vec::new()));
    assert_eq!(of("personality", &[Unknown, Known(5)]), (State::Open, Vec::from([0])));
    // 0xffffffff is among the values; the register may have ones above it.
    assert_eq!(of("personality", &[LowerHalf(u32::MAX)]), (State::Open, Vec::from([0])));
    assert_eq!(of("personality", &[LowerHalf(7)]), (State::Refused, Vec::new()));
    assert_eq!(of("clone", &[LowerHalf(0x2000_0000)]), (State::Refused, Vec::new()));
    assert_eq!(of("clone", &[LowerHalf(17)]), (State::Permitted, Vec::new()));
}

#[test]
fn joint_rules_leave_nothing_open() {
    let text = r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
        {"names": ["dup"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 1}]},
        {"names": ["dup"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_NE", "value": 1}]}]}"#;
    let policy = resolve(&Profile::read(text).unwrap(), &Target::new(Abi::X86_64, Engine::RUNC)).unwrap();
    assert_eq!(check(&policy, &observed("dup", &[])).unwrap().state, State::Permitted);
}

#[test]
fn examples_are_of_the_call_and_refused() {
    let (profile, target) = docker();
    let policy = resolve(&profile, &target).unwrap();
    let answer = check(&policy, &observed("socket", &[])).unwrap();
    assert_eq!((answer.state, answer.example.nr), (State::Open, 41));
    assert_eq!(policy.verdict(&answer.example), answer.verdict);
    assert!(matches!(answer.verdict.reason, Reason::NoConditions(_)));
    let x32 = Observed { table: Abi::X32, number: 0x4000_0000 + 9999, args: [Unknown; 6] };
    assert!(matches!(check(&policy, &x32).unwrap().verdict.reason, Reason::Stub(_)));
}

#[test]
fn remedies_permit_the_call_and_the_first_permits_least() {
    let (profile, target) = docker();
    let policy = resolve(&profile, &target).unwrap();
    let call = observed("personality", &[Known(1)]);
    let found = remedies(&profile, &target, &call);
    let texts: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        ["a new entry that allows personality where args[0] == 1", "personality among syscalls[0].names"]
    );
    let policies: Vec<_> = found.iter().map(|remedy| resolve(&remedy.profile, &target).unwrap()).collect();
    let more = |a, b| permits_more(&Subject::Policy(a), &Subject::Policy(b)).unwrap();
    assert_eq!(more(&policy, &policies[0]), None);
    assert_eq!(more(&policies[0], &policies[1]), None);
    assert_eq!(more(&policies[0], &policy).unwrap().call.args[0], 1);
    assert!(more(&policies[1], &policies[0]).is_some());
}

#[test]
fn a_rule_that_refuses_is_taken_out() {
    let (profile, target) = (Preset::Podman.profile(), Target::new(Abi::X86_64, Engine::PODMAN));
    let found = remedies(&profile, &target, &observed("kexec_load", &[]));
    let text = found[0].to_string();
    assert!(
        text.starts_with("kexec_load taken out of syscalls[")
            && text.ends_with("; kexec_load among syscalls[1].names"),
        "{text}"
    );
    let deny =
        r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_KILL"}]}"#;
    let found = remedies(&Profile::read(deny).unwrap(), &target, &observed("mkdir", &[]));
    assert_eq!(found[0].to_string(), "mkdir taken out of syscalls[0].names[0]");
    assert!(found[0].profile.syscalls.is_empty());
}

#[test]
fn an_architecture_that_is_not_covered_is_added() {
    let text =
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["getpid"], "action": "SCMP_ACT_ALLOW"}]}"#;
    let (profile, target) = (Profile::read(text).unwrap(), Target::new(Abi::X86_64, Engine::RUNC));
    let call = Observed::by_name(Abi::X86, "getpid", [Unknown; 6]).remove(0);
    assert_eq!(remedies(&profile, &target, &call)[0].to_string(), "SCMP_ARCH_X86 among architectures");
    let unknown = Observed { table: Abi::X86_64, number: 9999, args: [Unknown; 6] };
    assert!(remedies(&profile, &target, &unknown).is_empty());
}

#[test]
fn what_the_engine_has_to_do_with_it() {
    let of = |profile: &Profile, target: &Target, call: &Observed| {
        let policy = resolve(profile, target).unwrap();
        let answer = check(&policy, call).unwrap();
        let found = remarks(profile, &policy, target, call, &answer, &remedies(profile, target, call));
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let (docker, target) = docker();
    let mount = of(&docker, &target, &observed("mount", &[]));
    assert!(mount.contains("would permit it, but is not live: includes.caps has CAP_SYS_ADMIN"), "{mount}");
    let unknown = Observed { table: Abi::X86_64, number: 9999, args: [Unknown; 6] };
    let unknown = of(&docker, &target, &unknown);
    assert!(unknown.contains("runc answers ENOSYS") && unknown.ends_with("a profile cannot permit it"), "{unknown}");
    let old = Engine { libseccomp: Version::new(2, 5, 1), ..Engine::PODMAN };
    let old = of(&docker, &Target::new(Abi::X86_64, old), &observed("landlock_restrict_self", &[]));
    assert_eq!(old.lines().count(), 2, "{old}");
    assert!(old.contains("but libseccomp 2.5.1 does not know it; 2.5.2 is the first"), "{old}");
    let text = r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"}]}"#;
    let small = Profile::read(text).unwrap();
    let policy = resolve(&small, &target).unwrap();
    let call = observed("openat", &[]);
    let answer = check(&policy, &call).unwrap();
    let found = remarks(&small, &policy, &target, &call, &answer, &remedies(&small, &target, &call));
    let moves = Remark::StubMoves { before: 1, after: 257, default: policy.default_action };
    assert_eq!(found, [Remark::Stub(1), moves]);
}
