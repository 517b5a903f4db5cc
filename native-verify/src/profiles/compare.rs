//! Holds filters against the policy.

use std::fmt;

use sim_core::rule::Silent;
use sim_core::seccomp::bpf::Program;
use sim_core::seccomp::compile::compile;
use sim_core::seccomp::equivalence::{Subject, difference};
use sim_core::seccomp::profile::Policy;
use sim_core::seccomp::{Architecture, ByteOrder, FilterReturn, SeccompData};

use super::draw;
use crate::seccomp::Random;

/// A call that a filter answers otherwise than the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) call: SeccompData,
    pub(super) policy: FilterReturn,
    pub(super) filter: FilterReturn,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call: SeccompData { nr, arch, args, .. }, policy, filter } = self;
        write!(f, "call {nr} of {arch} with {args:x?}: the profile says {policy}, the filter {filter}")
    }
}

/// What a comparison showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// Every call is answered alike.
    Alike,
    /// One is not.
    Differs(Shown),
    /// The exact procedure and the interpreter contradict each other, or something else is wrong with us.
    Wrong(String),
}

/// How many calls are evaluated for each number of a policy.
const CALLS: u64 = 8;

/// Our filter against the policy.
pub(super) fn ours(policy: &Policy, calls: &[SeccompData]) -> Compared {
    match compile(policy) {
        Ok(program) => filter(policy, &program, calls),
        Err(error) => Compared::Wrong(format!("it does not compile: {error}")),
    }
}

/// A filter against the policy: by the exact procedure, and by calls.
pub(super) fn filter(policy: &Policy, program: &Program, calls: &[SeccompData]) -> Compared {
    let answers = |call: &SeccompData| {
        (policy.verdict(call).action, program.run_in(call, ByteOrder::Little, &mut Silent).returned)
    };
    match difference(&Subject::Policy(policy), &Subject::Program(program)) {
        Ok(Some(found)) if answers(&found.call) == (found.left, found.right) => {
            Compared::Differs(Shown { call: found.call, policy: found.left, filter: found.right })
        }
        Ok(Some(found)) => Compared::Wrong(format!("the procedure shows {found:?}, which is no difference")),
        Err(undecided) => Compared::Wrong(format!("the procedure does not decide: {undecided}")),
        Ok(None) => match calls.iter().map(|call| (call, answers(call))).find(|(_, (left, right))| left != right) {
            Some(found) => Compared::Wrong(format!("the procedure shows no difference, but there is one: {found:?}")),
            None => Compared::Alike,
        },
    }
}

/// Calls at which an answer may change: every number of a rule and its neighbours, with arguments near its values.
pub(super) fn calls(policy: &Policy, random: &mut Random) -> Vec<SeccompData> {
    let mut calls = vec![SeccompData::call(Architecture::RISCV64, 0, [0; 6])];
    for table in &policy.tables {
        let named = table.calls.iter().map(|call| call.number);
        let edges = [0, 500, 1 << 30, 1 << 31, 3 << 30, u32::MAX];
        for number in named.flat_map(|n| [n.saturating_sub(1), n, n.saturating_add(1)]).chain(edges) {
            let conditions = || table.rules(number).iter().flat_map(|rule| &rule.conditions);
            for _ in 0..if conditions().next().is_some() { CALLS } else { 1 } {
                let mut args = [0; 6];
                for (index, argument) in (0..).zip(&mut args) {
                    *argument = near(random, conditions().filter(|one| one.argument == index).map(|one| one.value));
                }
                calls.push(SeccompData::call(table.abi.architecture(), number, args));
            }
        }
    }
    calls
}

/// One of the values, or one beside it, or any other.
fn near(random: &mut Random, values: impl Iterator<Item = u64>) -> u64 {
    let values: Vec<u64> = values.collect();
    let Some(value) = random.pick(&values).filter(|_| !random.one_in(4)) else { return draw::value(random) };
    match random.below(4) {
        0 => value.wrapping_add(1),
        1 => value.wrapping_sub(1),
        2 => value ^ 1 << 32,
        _ => value,
    }
}
