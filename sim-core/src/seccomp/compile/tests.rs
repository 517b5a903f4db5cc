use alloc::vec::Vec;
use alloc::{format, vec};
use std::println;

use proptest::prelude::*;

use super::{CompileError, compile};
use crate::rule::Silent;
use crate::seccomp::bpf::{Program, always_allows};
use crate::seccomp::preset::Preset;
use crate::seccomp::profile::{
    Comparison, Engine, Entry, Filter, Manager, Operator, Place, Placed, Policy, Profile, Runtime, Target, resolve,
};
use crate::seccomp::syscalls::Abi;
use crate::seccomp::{Action, Architecture, FilterReturn, SeccompData};

fn docker(runtime: Runtime) -> (Policy, Program) {
    let target = Target::new(Abi::X86_64, Engine::new(Manager::Moby, runtime));
    let policy = resolve(&Preset::Docker.profile(), &target).unwrap();
    let program = compile(&policy).unwrap();
    (policy, program)
}

/// The numbers over which the executed instructions are counted.
fn numbers() -> impl Iterator<Item = u32> + Clone {
    (0..=334).chain(424..=471)
}

#[test]
fn dockers_filter_is_short_and_quick() {
    let (policy, program) = docker(Runtime::Crun);
    let executed = |architecture: Architecture| -> Vec<u32> {
        let run = |number| program.run(&SeccompData::call(architecture, number, [0; 6]), &mut Silent).executed;
        numbers().map(|number| u32::try_from(run(number)).unwrap()).collect()
    };
    let native = executed(Architecture::X86_64);
    let (sum, most) = (native.iter().sum::<u32>(), *native.iter().max().unwrap());
    let count = u32::try_from(native.len()).unwrap();
    println!(
        "{} instructions; executed on x86_64: {}.{:02} on average, {most} at most; on x86 {} at most",
        program.instructions().len(),
        sum / count,
        sum % count * 100 / count,
        executed(Architecture::I386).iter().max().unwrap(),
    );
    assert_eq!(policy.tables.len(), 3);
    // They depend on no machine.
    assert_eq!((program.instructions().len(), sum, count, most), (275, 3632, 383, 15));
    assert!(sum <= 10 * count, "at most 10 on average");
}

#[test]
fn the_kernel_caches_every_call_that_is_always_allowed() {
    for (policy, program) in [docker(Runtime::Crun), docker(Runtime::Runc)] {
        for table in policy.tables.iter().filter(|table| table.abi != Abi::X32) {
            for number in 0..512 {
                let data = SeccompData::call(table.abi.architecture(), number, [0; 6]);
                let rule = policy.verdict(&data).rule();
                let always = rule.is_some_and(|r| r.conditions.is_empty() && r.action == FilterReturn::ALLOW);
                assert_eq!(always_allows(&program, data.arch, number), always, "{} {number}", table.abi);
            }
        }
    }
}

#[test]
fn what_no_filter_can_be() {
    let with = |args: Vec<Comparison>, action: Action| Entry {
        names: vec![Placed { value: "read".into(), place: Place::default() }],
        name: None,
        action,
        errno_ret: None,
        errno: None,
        args,
        includes: Filter::default(),
        excludes: Filter::default(),
        place: Place::default(),
    };
    let conditions = |arguments: u8, count: u64, operator: Operator| {
        let one = |index: u8, value: u64| Comparison { index, operator, value: value * 3 + 1, value_two: 1 };
        let all = |value: u64| (0..arguments).map(|index| one(index, value)).collect();
        let syscalls = (0..count).map(|value| with(all(value), Action::Allow)).collect();
        let profile = Profile { default_action: Some(Action::Log), syscalls, ..Profile::default() };
        resolve(&profile, &Target::new(Abi::X86_64, Engine::CRUN)).unwrap()
    };
    let policy = |count: u64, operator: Operator| conditions(1, count, operator);
    assert!(compile(&policy(600, Operator::Equal)).is_ok());
    let long = compile(&conditions(3, 400, Operator::Equal));
    assert!(matches!(long, Err(CompileError::Check(_))), "over 4096 instructions");
    assert_eq!(compile(&policy(5000, Operator::Equal)), Err(CompileError::TooComplex));
    assert_eq!(compile(&policy(3000, Operator::MaskedEqual)), Err(CompileError::TooComplex));
    let mut mixed = policy(1, Operator::Equal);
    mixed.tables[0].abi = Abi::S390X;
    mixed.tables.push(policy(1, Operator::Less).tables.remove(0));
    assert_eq!(compile(&mixed), Err(CompileError::ByteOrders));
    mixed.tables.clear();
    assert_eq!(compile(&mixed), Err(CompileError::NoArchitecture));
}

/// Values at which comparisons of 64 bits go wrong.
const VALUES: [u64; 14] = [
    0,
    1,
    2,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fffe,
    0xffff_ffff,
    0x1_0000_0000,
    0x1_0000_0001,
    0x2_0000_0000,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0xffff_ffff_0000_0000,
    u64::MAX,
];

fn value() -> impl Strategy<Value = u64> {
    prop_oneof![3 => proptest::sample::select(&VALUES[..]), 1 => any::<u64>(), 1 => 0..8_u64]
}

fn comparison() -> impl Strategy<Value = Comparison> {
    let operator = proptest::sample::select(Operator::ALL);
    (0..3_u8, operator, value(), value()).prop_map(|(index, operator, value, value_two)| Comparison {
        index,
        operator,
        value,
        value_two,
    })
}

fn entry() -> impl Strategy<Value = Entry> {
    let names = proptest::sample::subsequence(vec!["read", "dup2", "connect", "semop", "openat", "clone3"], 1..4);
    let actions = [Action::Allow, Action::Errno, Action::Trace, Action::Log, Action::KillProcess];
    let args = proptest::collection::vec(comparison(), 0..4);
    (names, proptest::sample::select(actions.to_vec()), 1..4_u32, args).prop_map(|(names, action, errno, args)| {
        Entry {
            names: names.iter().map(|&name| Placed { value: name.into(), place: Place::default() }).collect(),
            name: None,
            action,
            errno_ret: matches!(action, Action::Errno | Action::Trace).then_some(errno),
            errno: None,
            args,
            includes: Filter::default(),
            excludes: Filter::default(),
            place: Place::default(),
        }
    })
}

pub(in crate::seccomp) fn profile() -> impl Strategy<Value = Profile> {
    let abis = proptest::sample::subsequence(vec!["X86", "X32", "ARM", "AARCH64"], 0..4);
    (abis, proptest::collection::vec(entry(), 1..12)).prop_map(|(abis, syscalls)| Profile {
        default_action: Some(Action::Errno),
        architectures: abis
            .iter()
            .map(|abi| Placed { value: format!("SCMP_ARCH_{abi}"), place: Place::default() })
            .collect(),
        syscalls,
        ..Profile::default()
    })
}

/// Calls at which an answer may change: every number of a rule and its neighbours, with arguments near its values.
pub(in crate::seccomp) fn calls(policy: &Policy, seeds: &[[u16; 3]]) -> Vec<SeccompData> {
    let mut calls = Vec::new();
    for table in &policy.tables {
        let named = table.calls.iter().map(|call| call.number);
        let edges = [0, 500, 1 << 30, (1 << 30) + 99, 1 << 31, 3 << 30, u32::MAX];
        for number in named.flat_map(|n| [n.saturating_sub(1), n, n.saturating_add(1)]).chain(edges) {
            let conditions = table.rules(number).iter().flat_map(|rule| &rule.conditions);
            let near: Vec<u64> = conditions
                .flat_map(|c| {
                    [c.value, c.value.wrapping_add(1), c.value.wrapping_sub(1), c.value | !c.mask, c.value ^ 1 << 32]
                })
                .chain([0])
                .collect();
            for (index, seed) in seeds.iter().enumerate() {
                let pick = |argument: usize| match seed[argument] % 2 {
                    0 => near[(usize::from(seed[argument]) / 2 + index) % near.len()],
                    _ => VALUES[usize::from(seed[argument]) / 2 % VALUES.len()],
                };
                let args = [pick(0), pick(1), pick(2), 0, 0, 0];
                calls.push(SeccompData::call(table.abi.architecture(), number, args));
            }
        }
    }
    calls.push(SeccompData::call(Architecture::RISCV64, 0, [0; 6]));
    calls
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_filter_answers_as_its_policy(
        profile in profile(),
        runtime in proptest::sample::select(vec![Runtime::None, Runtime::Runc, Runtime::Crun]),
        native in proptest::sample::select(vec![Abi::X86_64, Abi::AARCH64, Abi::PPC64LE, Abi::S390X]),
        seeds in proptest::collection::vec(any::<[u16; 3]>(), 24),
    ) {
        // A rule within another with another action, or architectures of two byte orders: libseccomp refuses.
        let Ok(policy) = resolve(&profile, &Target::new(native, Engine::new(Manager::None, runtime))) else {
            return Ok(());
        };
        let program = compile(&policy).unwrap();
        for data in calls(&policy, &seeds) {
            let order = native.architecture().byte_order();
            let verdict = policy.verdict(&data);
            prop_assert_eq!(program.run_in(&data, order, &mut Silent).returned, verdict.action, "{:?}: {:?}", data, verdict);
        }
    }
}
