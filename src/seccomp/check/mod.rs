mod groups;
mod people;
mod records;

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, anyhow};
use clap::Args;
use sim_core::seccomp::check::{Argument, State};
use sim_core::seccomp::syscalls::read_calls;

use super::sightings::{self, Place, Rest, Sighting};
use super::target::{ProfileArguments, TargetArguments};
use crate::Status;
use crate::run::printable;
use groups::Groups;

/// Check calls, or a log of calls, against a profile: what is refused, by which rule, and how to permit it.
///
/// A log does not show everything: where the answer depends on an argument that is not in it, the call may be refused, and
/// the argument is named. Each change was tried: the engine makes a filter of the changed profile that permits the call.
///
/// Exit status: 0 if no call is refused for certain, 1 if one is, 2 if something cannot be read.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("calls").required(true).multiple(true).args(["syscall", "strace", "audit"]))]
pub(crate) struct Check {
    #[command(flatten)]
    profile: ProfileArguments,
    /// Calls with commas between them: names or numbers, with an architecture before and arguments behind if wanted, as
    /// 'openat, x86:socketcall(1), personality(0x8)'. Arguments that are not written may be any.
    #[arg(long, value_name = "CALLS")]
    syscall: Vec<String>,
    /// What strace wrote; - for standard input. For each file of strace -ff give it once.
    #[arg(long, value_name = "LOG")]
    strace: Vec<PathBuf>,
    /// Audit records of the type SECCOMP, of auditd, dmesg or the journal; - for standard input.
    #[arg(long, value_name = "LOG")]
    audit: Vec<PathBuf>,
    /// Every line where a refused call stands, not only the first ones.
    #[arg(long)]
    all: bool,
    /// One JSON object.
    #[arg(long)]
    json: bool,
    /// SARIF 2.1.0: one result for each refused call, at the rule that refuses it.
    #[arg(long, conflicts_with = "json")]
    sarif: bool,
    #[command(flatten)]
    target: TargetArguments,
}

/// Checks the calls.
pub(crate) fn check(arguments: &Check, out: &mut impl Write) -> Result<Status> {
    let mut named = arguments.profile.read()?;
    let target = arguments.target.target(&mut named);
    let policy = named.resolve(&target)?;
    let mut groups = Groups::new(&policy, arguments.all);
    let mut rest = Rest::default();
    let mut written = 0;
    for text in &arguments.syscall {
        let calls = read_calls(text, target.native);
        for call in calls.map_err(|error| anyhow!("--syscall {:?}: {error}", printable(text)))? {
            written += 1;
            let mut args = [Argument::Unknown; 6];
            for (place, value) in args.iter_mut().zip(call.data.args).take(call.written) {
                *place = Argument::Known(value);
            }
            groups.add(Sighting {
                table: call.abi,
                name: call.name.map(str::to_owned),
                number: Some(call.data.nr),
                args,
                outcome: None,
                at: Place { file: String::new(), line: written },
                assumed: false,
            });
        }
    }
    sightings::of_strace(&arguments.strace, target.native, &mut rest, |sighting| groups.add(sighting))?;
    sightings::of_audit(&arguments.audit, target.native, &mut rest, |sighting| groups.add(sighting))?;

    let report = groups.report(&named, &target, arguments.target.release(), rest)?;
    if arguments.json {
        records::as_json(&report, out)?;
    } else if arguments.sarif {
        records::as_sarif(&report, out)?;
    } else {
        people::tell(&report, arguments.all, out)?;
    }
    let refused = report.found.iter().any(|found| found.state == State::Refused);
    Ok(if refused { Status::Failed } else { Status::Held })
}
