//! What filters cost: ours and those of the installed libseccomp, measured in turn on Docker's default profile.
//!
//! Names that the installed libseccomp does not know are left out, so that all filters answer alike, which is proven
//! first. Counts of instructions do not depend on the machine; times do, so each is the least of many turns.

mod compiled;
mod costs;
#[allow(unsafe_code, reason = "a child installs a filter and makes raw system calls; each block says why")]
mod kernel;
mod libseccomp;
mod report;
mod turns;

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use clap::Args;
use sim_core::seccomp::compile::compile;
use sim_core::seccomp::equivalence::{Subject, difference};
use sim_core::seccomp::preset::Preset;
use sim_core::seccomp::profile::{Engine, Manager, Policy, Profile, Runtime, Target, resolve};
use sim_core::seccomp::syscalls::Abi;

use self::compiled::Compiled;
use self::libseccomp::Rules;
use self::report::Report;

/// Arguments of `seccomp-numbers`.
#[derive(Debug, Args)]
pub(crate) struct NumbersArguments {
    /// How many turns everything takes that is not a call, five times each.
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    /// How many children make calls under each filter, in turn.
    #[arg(long, default_value_t = 100)]
    children: u32,
    /// Which processor to measure on.
    #[arg(long, default_value_t = 0)]
    cpu: usize,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// What is measured: a profile, and everything that is made of it.
struct Case {
    text: String,
    target: Target,
    policy: Policy,
    rules: Rules,
}

impl Case {
    /// Docker's default profile, of its names those that `knows` knows, on x86_64 with x86 and x32, as a runtime without a
    /// stub has libseccomp compile it.
    fn docker(knows: impl Fn(&str) -> bool) -> Result<Self> {
        let mut profile = Preset::Docker.profile();
        for entry in &mut profile.syscalls {
            entry.names.retain(|name| knows(&name.value));
        }
        profile.syscalls.retain(|entry| !entry.names.is_empty());
        let text = profile.to_string();
        let profile = Profile::read(&text)?;
        let target = Target::new(Abi::X86_64, Engine::new(Manager::Moby, Runtime::Crun));
        let policy = resolve(&profile, &target)?;
        let rules = Rules::collect(&profile, &policy)?;
        Ok(Self { text, target, policy, rules })
    }
}

/// Measures, and prints a table.
pub(crate) fn numbers(arguments: &NumbersArguments) -> Result<u8> {
    kernel::stay_on(arguments.cpu)?;
    let case = Case::docker(libseccomp::knows)?;
    let filters = [
        Compiled::new("libseccomp", case.rules.program(1)?),
        Compiled::new("libseccomp's tree", case.rules.program(2)?),
        Compiled::new("ours", compile(&case.policy)?),
    ];
    for Compiled { name, program } in &filters {
        if let Some(found) = difference(&Subject::Policy(&case.policy), &Subject::Program(program))? {
            bail!("the filter of {name} is not the policy: {found:?}");
        }
    }
    let whole = Case::docker(|_| true)?.policy;
    let report = Report {
        libseccomp: crate::library::version().context("libseccomp does not tell its release")?.to_string(),
        unknown_names: unknown_names(),
        counts: filters.each_ref().map(|filter| costs::count(filter, &case.policy)),
        whole: costs::count(&Compiled::new("ours", compile(&whole)?), &whole),
        times: turns::measure(&case, &filters, arguments.rounds)?,
        calls: kernel::measure(&filters, arguments.children)?,
    };
    let text = if arguments.json { serde_json::to_string(&report)? + "\n" } else { report.to_string() };
    print!("{text}");
    Ok(0)
}

/// The profile's names that the installed libseccomp does not know.
fn unknown_names() -> Vec<String> {
    let profile = Preset::Docker.profile();
    let names = profile.syscalls.into_iter().flat_map(|entry| entry.names);
    let unknown: BTreeSet<_> = names.map(|name| name.value).filter(|name| !libseccomp::knows(name)).collect();
    unknown.into_iter().collect()
}
