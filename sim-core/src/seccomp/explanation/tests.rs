use alloc::string::{String, ToString};
use alloc::vec::Vec;

use proptest::prelude::*;

use super::{Execution, Part, explain};
use crate::capability::{CapSet, Capability};
use crate::kernel::Release;
use crate::seccomp::compile::compile;
use crate::seccomp::compile::tests::{calls, profile};
use crate::seccomp::preset::Preset;
use crate::seccomp::profile::{Engine, Policy, Profile, Reason, Target, resolve};
use crate::seccomp::syscalls::{Abi, read_calls};

fn told(profile: &Profile, policy: &Policy, call: &str) -> (String, Vec<String>) {
    let call = read_calls(call, policy.tables[0].abi).unwrap()[0].data;
    let explanation = explain(profile, policy, &call);
    let entry = |entry: &super::Entry<'_>| alloc::format!("{} {}: {entry}", entry.origin, entry.name);
    (explanation.verdict.reason.to_string(), explanation.entries.iter().map(entry).collect())
}

#[test]
fn dockers_profile_in_words() {
    let profile = Preset::Docker.profile();
    let target = Target::new(Abi::X86_64, Engine::DOCKER);
    let policy = resolve(&profile, &target).unwrap();
    let tell = |call: &str| told(&profile, &policy, call);
    let (reason, entries) = tell("mount");
    assert_eq!(reason, "no rule names the call; the default action decides");
    let [entry] = entries.as_slice() else { panic!("{entries:?}") };
    assert!(
        entry.ends_with("not live: includes.caps has CAP_SYS_ADMIN, which is not in the bounding set"),
        "{entry}"
    );

    let (reason, entries) = tell("personality(8)");
    assert!(reason.ends_with("decides: ALLOW where args[0] == 8"), "{reason}");
    let ends = ["args[0] == 0 does not hold, it is 0x8", "args[0] == 8 holds, it is 0x8; it decides"];
    assert!(ends.iter().all(|end| entries.iter().any(|entry| entry.ends_with(end))), "{entries:?}");

    assert_eq!(tell("aarch64:openat").0, "the filter does not cover this architecture");
    let (reason, _) = tell("400000");
    assert!(reason.starts_with("runc answers ENOSYS to numbers above 4"), "{reason}");

    let everything = target.with_bounding(CapSet::up_to(Capability::LAST_NAMED));
    let policy = resolve(&profile, &everything).unwrap();
    let (reason, entries) = told(&profile, &policy, "clone(0x7e020000)");
    assert!(reason.ends_with("decides: ALLOW"), "{reason}");
    assert!(entries.iter().any(|entry| entry.contains("excludes.caps has CAP_SYS_ADMIN")), "{entries:?}");
}

#[test]
fn a_call_that_carries_another_is_told_by_the_others_entry() {
    let profile = Preset::Podman.profile();
    let mut profile = Profile { syscalls: Vec::from([profile.syscalls[0].clone()]), ..profile };
    profile.syscalls[0].names[0].value = "socket".into();
    profile.syscalls[0].names.truncate(1);
    let policy = resolve(&profile, &Target::new(Abi::X86, Engine::CRUN)).unwrap();
    let (reason, entries) = told(&profile, &policy, "socketcall(1)");
    assert!(reason.ends_with("where args[0] == 1"), "{reason}");
    assert!(entries[0].contains(" socket: ") && entries[0].ends_with("it is 0x1; it decides"), "{entries:?}");
}

#[test]
fn what_is_passed_over_says_why() {
    let mut profile = Preset::Docker.profile();
    let entry = &mut profile.syscalls[0];
    let mut again = entry.clone();
    again.args = Vec::from([crate::seccomp::profile::Comparison {
        index: 0,
        operator: crate::seccomp::profile::Operator::Equal,
        value: 1,
        value_two: 0,
    }]);
    profile.syscalls.push(again);
    let mut target = Target::new(Abi::X86_64, Engine::DOCKER);
    target.engine.libseccomp = "2.5.0".parse().unwrap();
    let policy = resolve(&profile, &target).unwrap();
    let (_, entries) = told(&profile, &policy, "read");
    assert!(entries[1].ends_with("ALLOW, without effect: another rule decides these calls"), "{entries:?}");
    let (reason, entries) = told(&profile, &policy, "cachestat");
    assert!(reason.starts_with("runc answers ENOSYS"), "{reason}");
    assert!(entries[0].ends_with("ALLOW, ignored: this libseccomp does not know the name"), "{entries:?}");
    let policy = resolve(&profile, &Target::new(Abi::AARCH64, Engine::DOCKER)).unwrap();
    let (_, entries) = told(&profile, &policy, "x86_64:read");
    assert!(entries[0].ends_with("ALLOW, not asked"), "{entries:?}");
}

#[test]
fn the_cache_counts_the_tables_of_a_machine() {
    let program = crate::seccomp::text::assemble("return ALLOW").unwrap();
    let old: Release = "5.10".parse().unwrap();
    let cached = |native, call: &str, release| {
        let call = read_calls(call, native).unwrap()[0].data;
        let execution = Execution::new(&program, native, &call, release);
        assert_eq!(execution.executed(), usize::from(!execution.cached));
        execution.cached
    };
    let new = Release::NEWEST;
    assert!(cached(Abi::X86_64, "read", new) && cached(Abi::X86_64, "x86:read", new));
    assert!(cached(Abi::X86_64, "400", new), "a hole in the table");
    assert!(!cached(Abi::X86_64, "read", old) && !cached(Abi::X86_64, "9999", new));
    assert!(!cached(Abi::X86_64, "x32:read", new) && !cached(Abi::X86_64, "0xffffffff", new));
    assert!(!cached(Abi::X86_64, "aarch64:read", new) && cached(Abi::AARCH64, "arm:read", new));
    assert!(!cached(Abi::MIPS64, "read", new) && cached(Abi::S390X, "s390:read", new));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_rule_that_decides_is_told_once(profile in profile(), seeds in proptest::collection::vec(any::<[u16; 3]>(), 8)) {
        let Ok(policy) = resolve(&profile, &Target::new(Abi::X86_64, Engine::DOCKER)) else { return Ok(()) };
        let program = compile(&policy).unwrap();
        for call in calls(&policy, &seeds) {
            let explanation = explain(&profile, &policy, &call);
            let trials = explanation.entries.iter().flat_map(|entry| match &entry.part {
                Part::Rules(trials) => trials.as_slice(),
                _ => &[],
            });
            let decisive: Vec<_> = trials.filter(|trial| trial.decides).collect();
            match explanation.verdict.reason {
                Reason::Rule(rule) => prop_assert!(matches!(decisive.as_slice(), [one] if one.rule == rule && one.holds)),
                _ => prop_assert!(decisive.is_empty()),
            }
            let execution = Execution::new(&program, Abi::X86_64, &call, Release::NEWEST);
            prop_assert_eq!(execution.returned, explanation.verdict.action);
            prop_assert_eq!(Execution::path(&program, Abi::X86_64, &call).len(), execution.instructions);
        }
    }
}
