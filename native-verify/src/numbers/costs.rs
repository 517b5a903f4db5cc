use serde::Serialize;
use sim_core::kernel::Release;
use sim_core::rule::Silent;
use sim_core::seccomp::bpf::{Program, always_allows, weight};
use sim_core::seccomp::profile::Policy;
use sim_core::seccomp::{Architecture, FilterReturn, SeccompData};

use super::compiled::Compiled;

/// What can be counted of a filter.
#[derive(Debug, Serialize)]
pub(super) struct Counts {
    pub(super) name: &'static str,
    pub(super) instructions: usize,
    /// What the kernel counts against its limit.
    pub(super) weight: u32,
    pub(super) x86_64: Executed,
    pub(super) x86: Executed,
}

/// Executed instructions over the numbers of calls, without arguments.
#[derive(Debug, Serialize)]
pub(super) struct Executed {
    pub(super) average: f64,
    pub(super) maximum: u32,
    /// How many of these calls are allowed whatever their arguments are.
    pub(super) always_allowed: usize,
    /// For how many of those the kernel does not run the filter.
    pub(super) cached: usize,
}

/// The numbers that are counted over: those of x86_64 and most of x86.
pub(super) fn calls(architecture: Architecture) -> impl Iterator<Item = SeccompData> {
    (0..=334).chain(424..=471).map(move |number| SeccompData::call(architecture, number, [0; 6]))
}

pub(super) fn count(Compiled { name, program }: &Compiled, policy: &Policy) -> Counts {
    Counts {
        name,
        instructions: program.instructions().len(),
        weight: weight(program, Release::NEWEST),
        x86_64: executed(program, policy, Architecture::X86_64),
        x86: executed(program, policy, Architecture::I386),
    }
}

fn executed(program: &Program, policy: &Policy, architecture: Architecture) -> Executed {
    let executed = |call| u32::try_from(program.run(&call, &mut Silent).executed).unwrap_or(u32::MAX);
    let counts: Vec<u32> = calls(architecture).map(executed).collect();
    let always_allowed = |call: &SeccompData| {
        let rule = policy.verdict(call).rule();
        rule.is_some_and(|rule| rule.conditions.is_empty() && rule.action == FilterReturn::ALLOW)
    };
    let always: Vec<_> = calls(architecture).filter(always_allowed).collect();
    Executed {
        average: f64::from(counts.iter().sum::<u32>()) / f64::from(u32::try_from(counts.len()).unwrap_or(u32::MAX)),
        maximum: counts.iter().copied().max().unwrap_or_default(),
        always_allowed: always.len(),
        cached: always.iter().filter(|call| always_allows(program, call.arch, call.nr)).count(),
    }
}
