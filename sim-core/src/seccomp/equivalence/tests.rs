use alloc::vec::Vec;

use proptest::prelude::*;

use super::{Difference, Subject, Undecided, difference, permits_more};
use crate::capability::CapSet;
use crate::rule::Silent;
use crate::seccomp::bpf::Program;
use crate::seccomp::compile::compile;
use crate::seccomp::compile::tests::{calls, profile};
use crate::seccomp::preset::Preset;
use crate::seccomp::profile::{Engine, Manager, Policy, Runtime, Target, resolve};
use crate::seccomp::syscalls::Abi;
use crate::seccomp::text::assemble;
use crate::seccomp::{ByteOrder, FilterReturn};

fn docker(native: Abi, runtime: Runtime, bounding: CapSet) -> Policy {
    let target = Target::new(native, Engine::new(Manager::Moby, runtime)).with_bounding(bounding);
    resolve(&Preset::Docker.profile(), &target).unwrap()
}

#[test]
fn compiled_presets_are_proven() {
    for native in [Abi::X86_64, Abi::AARCH64, Abi::S390X, Abi::MIPS64, Abi::PPC64LE] {
        for runtime in [Runtime::Runc, Runtime::Crun] {
            let policy = docker(native, runtime, CapSet::EMPTY);
            let program = compile(&policy).unwrap();
            let sides = (Subject::Policy(&policy), Subject::Program(&program));
            assert_eq!(difference(&sides.0, &sides.1), Ok(None), "{native}");
        }
    }
}

#[test]
fn capabilities_permit_more() {
    let [none, all] = [CapSet::EMPTY, CapSet::from_bits(u64::MAX)].map(|set| docker(Abi::X86_64, Runtime::Runc, set));
    let (none, all) = (Subject::Policy(&none), Subject::Policy(&all));
    assert_eq!(permits_more(&none, &all), Ok(None));
    let shown = permits_more(&all, &none).unwrap().unwrap();
    assert_eq!((shown.left, shown.right.action()), (FilterReturn::ALLOW, crate::seccomp::Action::Errno));
}

#[test]
fn every_bit_counts() {
    let program = |text: &str| assemble(text).unwrap();
    let differ =
        |left: &Program, right: &Program| difference(&Subject::Program(left), &Subject::Program(right)).unwrap();
    let equal = program(
        "A = args[5] >> 32\n A &= 0x8fffffff\n A &= 0xf0000000\n if (A == 0) goto ok\n return KILL\n ok: return ALLOW",
    );
    let set = program("A = args[5] >> 32\n if (A & 0x80000000) goto no\n return ALLOW\n no: return KILL");
    assert_eq!(differ(&equal, &set), None);
    let other = program("A = args[5] >> 32\n if (A & 0xc0000000) goto no\n return ALLOW\n no: return KILL");
    let Difference { call, left, right } = differ(&equal, &other).unwrap();
    assert_eq!((call.args, left, right), ([0, 0, 0, 0, 0, 1 << 62], FilterReturn::ALLOW, FilterReturn(0)));
    let counts = program("A = sys_number\n A += 1\n if (A == 0) goto ok\n return KILL\n ok: return ALLOW");
    assert_eq!(
        difference(&Subject::Program(&counts), &Subject::Program(&set)),
        Err(Undecided::Computes { instruction: 1 })
    );
}

#[test]
fn the_strictest_filter_of_a_stack_counts_and_the_newest_of_equals() {
    let [errno_1, errno_2, allow] =
        ["return ERRNO(1)", "return ERRNO(2)", "return ALLOW"].map(|text| assemble(text).unwrap());
    let alone = errno_1.clone();
    let equal = |stack: &[Program]| difference(&Subject::Stack(stack), &Subject::Program(&alone)).unwrap().is_none();
    assert!(equal(&[errno_1.clone(), errno_2.clone()]));
    assert!(!equal(&[errno_2, errno_1.clone()]));
    assert!(equal(&[allow.clone(), errno_1]));
    assert!(!equal(&[allow]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_compiled_profile_is_proven(profile in profile(), native in proptest::sample::select(&[Abi::X86_64, Abi::S390X][..])) {
        if let Ok(policy) = resolve(&profile, &Target::new(native, Engine::RUNC)) {
            let program = compile(&policy).unwrap();
            prop_assert_eq!(difference(&Subject::Policy(&policy), &Subject::Program(&program)), Ok(None));
        }
    }

    #[test]
    fn a_difference_is_one_and_none_is_none(
        left in profile(),
        right in profile(),
        seeds in proptest::collection::vec(any::<[u16; 3]>(), 8),
    ) {
        let policies = [left, right].map(|profile| resolve(&profile, &Target::new(Abi::X86_64, Engine::NONE)));
        let [Ok(left), Ok(right)] = policies else { return Ok(()) };
        let found = difference(&Subject::Policy(&left), &Subject::Policy(&right)).unwrap();
        if let Some(Difference { call, left: first, right: second }) = found {
            prop_assert_ne!(first, second);
            prop_assert_eq!((left.verdict(&call).action, right.verdict(&call).action), (first, second));
        } else {
            let all: Vec<_> = calls(&left, &seeds).into_iter().chain(calls(&right, &seeds)).collect();
            prop_assert!(all.iter().all(|call| left.verdict(call).action == right.verdict(call).action));
        }
        let program = compile(&left).unwrap();
        let shown = difference(&Subject::Program(&program), &Subject::Policy(&right)).unwrap();
        prop_assert_eq!(shown.is_some(), found.is_some());
        if let Some(Difference { call, left: first, .. }) = shown {
            prop_assert_eq!(program.run_in(&call, ByteOrder::Little, &mut Silent).returned, first);
        }
    }
}
