use std::io::{Read, pipe};
use std::os::fd::AsFd;

use anyhow::Result;
use libseccomp::{ScmpAction, ScmpArch, ScmpArgCompare, ScmpFilterContext, ScmpSyscall};
use sim_core::seccomp::ByteOrder;
use sim_core::seccomp::bpf::{Program, from_bytes};
use sim_core::seccomp::profile::{Policy, Profile};
use sim_core::seccomp::syscalls::{Abi, Call, Multiplexed};

use crate::library::{action, comparison};

/// Whether it has the number of the table here for this name, or none as well, on x86_64, x86 and x32. Distributions give
/// it names that are younger than its release, sometimes not for all architectures.
pub(super) fn knows(name: &str) -> bool {
    let architectures = [(ScmpArch::X8664, Abi::X86_64), (ScmpArch::X86, Abi::X86), (ScmpArch::X32, Abi::X32)];
    architectures.into_iter().all(|(theirs, ours)| {
        let number = Call::by_name(name).and_then(|call| call.number(ours));
        // Its negative numbers stand for calls that are not there, or that another one carries.
        let carried = ours.multiplexes() && Multiplexed::of(name).is_some();
        let theirs = ScmpSyscall::from_name_by_arch(name, theirs).map(ScmpSyscall::as_raw_syscall);
        theirs.is_ok_and(
            |theirs| if theirs < 0 { carried || number.is_none() } else { u32::try_from(theirs).ok() == number },
        )
    })
}

/// What a runtime tells libseccomp: the rules of the live entries, a name each, in order.
pub(super) struct Rules {
    default: ScmpAction,
    architectures: Vec<ScmpArch>,
    names: Vec<Rule>,
}

struct Rule {
    action: ScmpAction,
    call: ScmpSyscall,
    comparisons: Vec<ScmpArgCompare>,
}

impl Rules {
    /// As crun collects them; which entries are live is taken from the policy. libseccomp looks the names up.
    pub(super) fn collect(profile: &Profile, policy: &Policy) -> Result<Self> {
        let mut rules = Vec::new();
        for (entry, state) in profile.syscalls.iter().zip(&policy.entries) {
            if !state.is_live() {
                continue;
            }
            let action = action(entry.action, entry.errno_ret);
            let comparisons: Vec<_> = entry.args.iter().map(comparison).collect();
            for name in &entry.names {
                // A name that it does not know is passed over.
                if let Ok(call) = ScmpSyscall::from_name(&name.value) {
                    rules.push(Rule { action, call, comparisons: comparisons.clone() });
                }
            }
        }
        let architectures = policy.tables.iter().map(|table| table.abi.profile_name().parse());
        Ok(Self {
            default: action(policy.default_action.action(), Some(policy.default_action.data().into())),
            architectures: architectures.collect::<Result<_, _>>()?,
            names: rules,
        })
    }

    /// Compiles them as `SCMP_FLTATR_CTL_OPTIMIZE` says, 1 or 2, and exports the filter.
    pub(super) fn export(&self, optimise: u32, to: impl AsFd) -> Result<()> {
        let mut context = ScmpFilterContext::new(self.default)?;
        context.set_ctl_optimize(optimise)?;
        for &architecture in &self.architectures {
            context.add_arch(architecture)?;
        }
        for Rule { action, call, comparisons } in &self.names {
            context.add_rule_conditional(*action, *call, comparisons)?;
        }
        Ok(context.export_bpf(to)?)
    }

    /// The filter.
    pub(super) fn program(&self, optimise: u32) -> Result<Program> {
        // A filter of 4096 instructions is 32 KiB, which a pipe holds.
        let (mut reader, writer) = pipe()?;
        self.export(optimise, &writer)?;
        drop(writer);
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes)?;
        let (instructions, _) = from_bytes(&bytes, Some(ByteOrder::Little))?;
        Ok(Program::check(instructions)?)
    }
}
