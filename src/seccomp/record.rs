use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use sim_core::seccomp::record::{Recorder, read_annotation};
use sim_core::seccomp::syscalls::{Abi, Call};

use super::sightings::{self, Place, Rest, Sighting};
use super::target::{Named, abi};
use crate::Status;
use crate::run::printable;

/// Record a profile that permits the calls of a log.
///
/// It is what oci-seccomp-bpf-hook makes of the calls of a container.
///
/// With --base the profile is kept whole, and calls that it names in no entry are added. Calls that it names in an entry
/// which does not permit them, or not always, are not added: they are listed on standard error.
///
/// A container needs more calls than its program: the last steps of the runtime, with the filter in force already, as
/// execve. A log of a whole container has them.
///
/// Exit status: 0 if all calls are permitted by the profile, 1 if some are not (they are listed), 2 if something cannot be
/// read.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("logs").required(true).multiple(true).args(["strace", "audit"]))]
pub(crate) struct Record {
    /// What strace wrote; - for standard input. For each file of strace -ff give it once.
    #[arg(long, value_name = "LOG")]
    strace: Vec<PathBuf>,
    /// Audit records of the type SECCOMP, of auditd, dmesg or the journal; - for standard input.
    #[arg(long, value_name = "LOG")]
    audit: Vec<PathBuf>,
    /// A profile to add to.
    #[arg(long, value_name = "PROFILE")]
    base: Option<PathBuf>,
    /// Where the profile is written; standard output unless it is given.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The hook's annotation in place of --base and --output, as 'if:/tmp/ls.json;of:/tmp/lsl.json'.
    #[arg(long, conflicts_with_all = ["base", "output"])]
    annotation: Option<String>,
    /// Permit calls only with the values with which they were seen, where one argument says what the call does, as the
    /// request of ioctl. The hook does not.
    #[arg(long)]
    conditions: bool,
    /// The machine's architecture, as x86_64 or aarch64.
    #[arg(long, value_name = "ARCH", value_parser = abi, default_value = "x86_64")]
    arch: Abi,
}

/// Makes the profile.
pub(crate) fn record(arguments: &Record, out: &mut impl Write) -> Result<Status> {
    let (mut input, mut output) = (arguments.base.clone(), arguments.output.clone());
    if let Some(text) = &arguments.annotation {
        let annotation =
            read_annotation(text).map_err(|error| anyhow!("--annotation {:?}: {error}", printable(text)))?;
        (input, output) = (annotation.input.map(PathBuf::from), Some(PathBuf::from(annotation.output)));
    }
    let base = input.as_deref().map(Named::read).transpose()?;
    let mut recorder = Recorder::default();
    let mut left_out: BTreeMap<String, Place> = BTreeMap::new();
    let mut rest = Rest::default();
    let mut see = |sighting: Sighting| {
        let known = sighting.name.as_deref().filter(|name| Call::by_name(name).is_some());
        match (known, sighting.number.and_then(|number| Call::by_number(sighting.table, number))) {
            (Some(name), _) => recorder.see(name, sighting.args),
            (None, Some(call)) => recorder.see(call.name, sighting.args),
            (None, None) => {
                let number = || format!("call {}", sighting.number.unwrap_or_default());
                left_out.entry(sighting.name.unwrap_or_else(number)).or_insert(sighting.at);
            }
        }
    };
    sightings::of_strace(&arguments.strace, arguments.arch, &mut rest, &mut see)?;
    sightings::of_audit(&arguments.audit, arguments.arch, &mut rest, &mut see)?;

    let base_profile = base.as_ref().map(|base| &base.profile);
    let profile = recorder.profile(base_profile, arguments.arch, arguments.conditions);
    match &output {
        Some(path) => std::fs::write(path, profile.to_string())
            .with_context(|| format!("{} cannot be written", super::source::name(path)))?,
        None => write!(out, "{profile}")?,
    }
    let added = recorder.new_names(base_profile).len();
    let seen = recorder.names().count();
    let mut complete = true;
    if let Some(base) = &base {
        for finding in recorder.hidden(&base.profile) {
            complete = false;
            let (at, message) = (base.at(finding.place), printable(&finding.message));
            eprintln!("{at}: {}: {message} [{}]", finding.path, finding.lint);
        }
    }
    for (name, place) in &left_out {
        complete = false;
        eprintln!("{place}: no table here has {}; it is left out", printable(name));
    }
    if let Some((file, problem)) = &rest.first_problem {
        eprintln!(
            "{} lines were not recognised; the first: {file}: {}",
            rest.problems,
            printable(&problem.to_string())
        );
    }
    eprintln!("{seen} calls seen, {added} added");
    Ok(if complete { Status::Held } else { Status::Failed })
}
