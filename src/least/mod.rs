//! The smallest sets of capabilities of what a log or a scenario shows.

mod judge;
mod people;
mod records;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use formats::operations::{Collector, Log, Place};
use formats::{Problem, strace};
use sim_core::capability::CapSet;
use sim_core::scenario::{Loaded, MAX_SIZE, Options, SetText};
use sim_core::seccomp::profile::Profile;
use sim_core::seccomp::record::Recorder;
use sim_core::seccomp::syscalls::{Abi, Call};

use crate::Status;
use judge::Judged;

/// Which capabilities a program needs, as near as a log of strace can bring one.
///
/// For each thread, and each phase of it (until it becomes root or ceases to be, or executes another program), the
/// smallest sets of capabilities with which the model lets every call through that succeeded, with the calls that need
/// each; what is held and never needed; what would have helped a call that was refused; the seccomp profile of the same
/// calls; and what a log cannot show.
///
/// Make the log with: strace -f -o LOG PROGRAM (with -y and -v it shows more). A scenario takes its steps as the calls.
///
/// Exit status: 0, 1 if the model refuses a call that succeeded, whatever the thread has, 2 if something cannot be read.
#[derive(Debug, Args)]
pub(crate) struct Least {
    /// Logs of one run, several as strace -ff writes them, or a scenario; - for standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// One object with everything, as JSON.
    #[arg(long)]
    json: bool,
    /// What the program is given now: what is never needed of it is told. As for `eperm decode`: digits, names, all.
    #[arg(long, value_name = "SET")]
    held: Option<SetText>,
    /// The user id with which the first thread begins; that which the log shows, or 0, if left out.
    #[arg(long, value_name = "ID")]
    uid: Option<u32>,
    /// Write the seccomp profile of the log to this file.
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// Write each phase into this folder as scenarios: with its set, and with each capability taken away, for
    /// `native-verify run`.
    #[arg(long, value_name = "FOLDER")]
    scenarios: Option<PathBuf>,
}

/// What was read.
pub(crate) struct Input {
    /// The files' names.
    names: Vec<String>,
    log: Log,
    recorder: Recorder,
    /// Lines that were not read, and the first of them.
    problems: u64,
    first_problem: Option<String>,
    /// Calls that a filter stopped while the log was written.
    trapped: u64,
    /// The scenario, if it is none of strace.
    scenario: Option<Loaded>,
}

/// Everything that is told.
pub(crate) struct Report {
    input: Input,
    judged: Judged,
    held: Option<(CapSet, Option<Place>)>,
    profile: Option<Profile>,
}

/// Tells which capabilities are needed.
pub(crate) fn least(arguments: &Least, out: &mut impl Write) -> Result<Status> {
    let input = read(&arguments.files)?;
    let judged = judge::judge(&input, arguments.uid)?;
    let of_log = || {
        let first = input.log.threads.iter().find_map(|thread| thread.held);
        first.map(|(set, place)| (set, Some(place)))
    };
    let all = judged.all;
    let held = arguments.held.map(|held| (held.resolve(all), None)).or_else(of_log);
    let any = input.recorder.names().next().is_some();
    let profile = any.then(|| input.recorder.profile(None, Abi::X86_64, false));
    if let (Some(path), Some(profile)) = (&arguments.profile, &profile) {
        std::fs::write(path, format!("{profile}\n"))
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    if let Some(folder) = &arguments.scenarios {
        judged.write_scenarios(folder)?;
    }
    let report = Report { input, judged, held, profile };
    if arguments.json {
        records::as_json(&report, out)?;
    } else {
        people::for_people(&report, out)?;
    }
    let unexplained = report.judged.phases.iter().any(|phase| !phase.least.unexplained.is_empty());
    Ok(if unexplained { Status::Failed } else { Status::Held })
}

fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(Box::new(BufReader::new(file)))
}

fn read(paths: &[PathBuf]) -> Result<Input> {
    let mut collector = Collector::default();
    let mut input = Input {
        names: Vec::new(),
        log: Log::default(),
        recorder: Recorder::default(),
        problems: 0,
        first_problem: None,
        trapped: 0,
        scenario: None,
    };
    for path in paths {
        let name = if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() };
        let mut from = open(path)?;
        let begins = from.fill_buf().with_context(|| format!("{name} cannot be read"))?;
        if begins.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') {
            if paths.len() > 1 {
                bail!("{name} is a scenario; it is told alone");
            }
            let mut text = Vec::new();
            from.take(MAX_SIZE as u64 + 1).read_to_end(&mut text)?;
            let loaded = Loaded::read(&text, &Options::default()).with_context(|| name.clone())?;
            input.names.push(name);
            input.scenario = Some(loaded);
            return Ok(input);
        }
        // strace -ff writes FILE.PID.
        let thread = path.extension().and_then(|pid| pid.to_str()?.parse().ok());
        collector.next_file(thread);
        input.names.push(name);
        let calls = read_log(from, &mut collector, &mut input)?;
        if calls == 0 {
            bail!("{}: no line is a system call as strace prints it", input.names.last().map_or("", String::as_str));
        }
    }
    input.log = collector.finish();
    Ok(input)
}

/// Reads a log; gives how many calls are in it.
fn read_log(from: Box<dyn BufRead>, collector: &mut Collector, input: &mut Input) -> Result<u64> {
    let mut calls = 0;
    for record in strace::Reader::new(from) {
        match record {
            Ok(strace::Record::Call(call)) => {
                calls += 1;
                let table = call.mode.map_or(Abi::X86_64, |mode| mode.table(Abi::X86_64));
                if Call::by_name(&call.name).is_some() {
                    input.recorder.see(&call.name, call.arguments(table));
                }
                collector.add(&call);
            }
            Ok(strace::Record::Trapped(_) | strace::Record::Killed { .. }) => input.trapped += 1,
            Err(problem) => note(input, &problem)?,
        }
    }
    Ok(calls)
}

fn note(input: &mut Input, problem: &Problem) -> Result<()> {
    let text = format!("{}: {problem}", input.names.last().map_or("", String::as_str));
    if matches!(problem.fault, formats::Fault::Unreadable(_)) {
        bail!(text);
    }
    input.problems += 1;
    input.first_problem.get_or_insert(text);
    Ok(())
}
