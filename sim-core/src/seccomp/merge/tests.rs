use super::{MergeError, Merged, Mode, merge};
use crate::seccomp::preset::Preset;
use crate::seccomp::profile::{Engine, Operator, Profile, Target};
use crate::seccomp::syscalls::Abi;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use proptest::prelude::*;

fn target() -> Target {
    Target::new(Abi::X86_64, Engine::CRUN)
}

fn profile(default: &str, entries: &str) -> Profile {
    let architectures = r#""architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]"#;
    Profile::read(format!(r#"{{"defaultAction": "{default}", {architectures}, "syscalls": [{entries}]}}"#)).unwrap()
}

fn entry(name: &str, action: &str, args: &str) -> String {
    format!(r#"{{"names": ["{name}"], "action": "SCMP_ACT_{action}", "args": [{args}]}}"#)
}

fn exact(profiles: &[Profile], mode: Mode) -> Merged {
    let merged = merge(profiles, &target(), mode).unwrap();
    let proof = merged.proof().unwrap();
    assert!(proof.is_right() && proof.is_exact(), "{proof:?}\n{}", merged.profile);
    assert_eq!(merged.rounded, Vec::<&str>::new());
    merged
}

#[test]
fn presets_are_merged_exactly_both_ways() {
    let presets = [Preset::Docker, Preset::Podman].map(Preset::profile);
    for mode in [Mode::Union, Mode::Intersection] {
        let merged = merge(&presets, &target(), mode).unwrap();
        let proof = merged.proof().unwrap();
        assert!(proof.is_right() && proof.is_exact(), "{mode:?}: {proof:?}");
        let again = merge(core::slice::from_ref(&merged.profile), &target(), mode).unwrap();
        assert_eq!(again.profile, merged.profile, "{mode:?}");
    }
}

#[test]
fn conditions_on_one_argument_cannot_all_be_demanded() {
    // Docker permits socket(2) for some families, CRI-O for all but one.
    let presets = Preset::ALL.map(Preset::profile);
    let all = merge(&presets, &target(), Mode::Intersection).unwrap();
    assert!(all.proof().unwrap().is_right());
    assert_eq!(all.rounded, ["socket"]);
    exact(&presets, Mode::Union);
}

#[test]
fn lists_of_what_is_permitted() {
    let a = profile("SCMP_ACT_ERRNO", &[entry("read", "ALLOW", ""), entry("write", "ALLOW", "")].join(","));
    let b = profile("SCMP_ACT_KILL", &[entry("write", "ALLOW", ""), entry("close", "LOG", "")].join(","));
    let names = |merged: &Merged| -> Vec<String> {
        let all = merged.profile.syscalls.iter().flat_map(|entry| &entry.names);
        all.map(|name| name.value.clone()).collect()
    };
    assert_eq!(names(&exact(&[a.clone(), b.clone()], Mode::Union)), ["read", "write", "close"]);
    assert_eq!(names(&exact(&[a, b], Mode::Intersection)), ["write"]);
}

#[test]
fn lists_of_what_is_refused() {
    let a = profile("SCMP_ACT_ALLOW", &[entry("mkdir", "ERRNO", ""), entry("rmdir", "ERRNO", "")].join(","));
    let b = profile("SCMP_ACT_ALLOW", &[entry("rmdir", "KILL", ""), entry("unlink", "KILL", "")].join(","));
    assert_eq!(exact(&[a.clone(), b.clone()], Mode::Union).profile.syscalls.len(), 1);
    let all = exact(&[a, b], Mode::Intersection);
    assert_eq!(all.profile.syscalls.iter().map(|entry| entry.names.len()).sum::<usize>(), 3);
}

#[test]
fn conditions_are_put_together() {
    let with = |args: &str| profile("SCMP_ACT_ERRNO", &entry("dup2", "ALLOW", args));
    let equal = with(r#"{"index": 0, "op": "SCMP_CMP_EQ", "value": 5}"#);
    let other = with(r#"{"index": 1, "op": "SCMP_CMP_NE", "value": 7}"#);
    let below = with(r#"{"index": 0, "op": "SCMP_CMP_LT", "value": 9}"#);
    assert_eq!(exact(&[equal.clone(), other.clone()], Mode::Union).profile.syscalls.len(), 2);
    let both = exact(&[equal.clone(), other], Mode::Intersection);
    let args: Vec<_> = both.profile.syscalls[0].args.iter().map(ToString::to_string).collect();
    assert_eq!(args, ["args[0] == 5", "args[1] != 7"]);
    let narrow = exact(&[below, equal], Mode::Intersection);
    assert_eq!(narrow.profile.syscalls[0].args[0].to_string(), "args[0] == 5");
}

#[test]
fn what_cannot_be_written_is_said_and_shown() {
    let with = |args: &str| profile("SCMP_ACT_ERRNO", &entry("dup2", "ALLOW", args));
    let (low, high) = (
        with(r#"{"index": 0, "op": "SCMP_CMP_LT", "value": 9}"#),
        with(r#"{"index": 0, "op": "SCMP_CMP_GT", "value": 5}"#),
    );
    let merged = merge(&[low, high], &target(), Mode::Intersection).unwrap();
    let proof = merged.proof().unwrap();
    assert_eq!(merged.rounded, ["dup2"]);
    assert!(proof.is_right());
    assert_eq!(proof.inexact.unwrap().call.args[0], 6);
    assert_eq!(merge(&[], &target(), Mode::Union), Err(MergeError::Nothing));
}

#[test]
fn rules_against_each_other_stay_where_the_others_say_nothing() {
    let rules = [
        entry("dup2", "ALLOW", r#"{"index": 0, "op": "SCMP_CMP_GT", "value": 5}"#),
        entry("dup2", "KILL", r#"{"index": 1, "op": "SCMP_CMP_LT", "value": 10}"#),
    ];
    let mixed = profile("SCMP_ACT_ERRNO", &rules.join(","));
    let other = profile("SCMP_ACT_ERRNO", &entry("read", "ALLOW", ""));
    assert_eq!(exact(&[mixed.clone(), other.clone()], Mode::Union).profile.syscalls.len(), 3);
    let all = profile("SCMP_ACT_ERRNO", &entry("dup2", "ALLOW", ""));
    assert_eq!(exact(&[all.clone(), mixed.clone()], Mode::Intersection).profile.syscalls.len(), 2);
    assert_eq!(exact(&[mixed.clone(), all], Mode::Union).profile.syscalls.len(), 1);
    assert!(exact(&[other, mixed], Mode::Intersection).profile.syscalls.is_empty());
}

fn any_profile() -> impl Strategy<Value = Profile> {
    let args = (0..2_u8, 0..Operator::ALL.len(), 0..4_u64, 0..4_u64);
    let args = proptest::collection::vec(args, 0..2);
    let entry = (0..3_usize, 0..2_usize, args);
    (0..2_usize, proptest::collection::vec(entry, 0..5)).prop_map(|(default, entries)| {
        let actions = ["ALLOW", "ERRNO"];
        let entries: Vec<String> = entries
            .into_iter()
            .map(|(name, action, args)| {
                let args: Vec<String> = args
                    .into_iter()
                    .map(|(index, operator, value, two)| {
                        let op = Operator::ALL[operator].profile_name();
                        format!(r#"{{"index": {index}, "op": "{op}", "value": {value}, "valueTwo": {two}}}"#)
                    })
                    .collect();
                self::entry(["dup2", "mmap", "socket"][name], actions[action], &args.join(","))
            })
            .collect();
        profile(&format!("SCMP_ACT_{}", actions[default]), &entries.join(","))
    })
}

proptest! {
    #[test]
    fn every_result_is_right(profiles in proptest::collection::vec(any_profile(), 1..4), union in any::<bool>()) {
        let mode = if union { Mode::Union } else { Mode::Intersection };
        // libseccomp refuses some profiles: then there is nothing to merge.
        if let Ok(merged) = merge(&profiles, &target(), mode) {
            let proof = merged.proof().unwrap();
            prop_assert!(proof.is_right(), "{:?}\n{}\n{:?}", mode, merged.profile, proof);
        }
    }
}
