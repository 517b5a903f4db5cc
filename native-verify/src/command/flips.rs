use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use sim_core::kernel::{CHANGES, Change, changes};

use super::random::{Run, Suite};
use super::{AGREE, DIFFER, STOPPED, absolute, on_stage};
use crate::machine::Machine;
use crate::stage::Stage;
use crate::stop::Stop;

/// Arguments of `flips`.
#[derive(Debug, Args)]
pub(crate) struct FlipsArguments {
    /// How many cases of each suite to draw for each change.
    #[arg(long, default_value_t = 20_000)]
    cases: u32,
    /// Where the drawing begins.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A folder for the smallest scenario of each, called after the change.
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
}

/// Why no suite can show that a change point is wrong, on this kernel.
fn hidden(change: &Change, machine: &Machine) -> Option<&'static str> {
    if change.id == changes::EXEC_CREDENTIALS_ONCE.id {
        return Some("it shows in attributes that can only be found on a disk");
    }
    if change.id == changes::UNPRIVILEGED_BPF_OFF.id {
        return Some("it is the default of a setting, and the model is asked with the machine's own value");
    }
    if change.id == changes::SECCOMP_ALLOW_CACHE.id {
        return Some("it changes how long a call takes and nothing else");
    }
    if change.id == changes::FANOTIFY_REPORT_FID.id && machine.release.has(&changes::UNPRIVILEGED_FANOTIFY) {
        return Some("a kernel that gives handles to anyone does not ask any more");
    }
    let newer = change.id == changes::PERFMON_AND_BPF.id && machine.release.has(&changes::CHECKPOINT_RESTORE);
    newer.then_some("a kernel that knows CAP_CHECKPOINT_RESTORE knows what came before")
}

/// Turns each change point round, and demands that some suite finds it.
pub(crate) fn flips(arguments: &FlipsArguments) -> Result<u8> {
    let machine = Machine::survey()?;
    if let Some(reason) = machine.obstacle() {
        bail!("nothing can be performed: {reason}");
    }
    let into = arguments.into.as_deref().map(absolute).transpose()?;
    let stop = Stop::listen()?;
    on_stage(&stop, &machine, |stage| {
        let (mut found, mut missed) = (0, 0);
        for change in CHANGES {
            if stop.is_asked() {
                println!("Stopped.");
                return Ok(STOPPED);
            }
            if let Some(reason) = hidden(change, &machine) {
                println!("{}: cannot show on Linux {}: {reason}", change.id, machine.uname);
                continue;
            }
            let Some(finding) = find(stage, change, &machine, &stop, arguments)? else {
                println!("{}: NOT FOUND by {} cases of each suite", change.id, arguments.cases);
                missed += 1;
                continue;
            };
            found += 1;
            let Finding { suite, cases, smallest, text } = finding;
            println!("{}: found by {suite}, case {cases}; {smallest}", change.id);
            if let Some(folder) = &into {
                let file = folder.join(format!("{}.json", change.id));
                fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
            }
        }
        println!("Of {} changes turned round, {found} are found and {missed} are missed.", CHANGES.len());
        Ok(if missed == 0 { AGREE } else { DIFFER })
    })
}

/// How a wrong rule was found.
struct Finding {
    suite: &'static str,
    /// How many cases it took.
    cases: u64,
    /// What the smallest case is like.
    smallest: String,
    /// The smallest case.
    text: String,
}

fn find(
    stage: &mut Stage,
    change: &Change,
    machine: &Machine,
    stop: &Stop,
    arguments: &FlipsArguments,
) -> Result<Option<Finding>> {
    let wrong = machine.with_flipped(change);
    for suite in Suite::ALL {
        let cases = u64::from(arguments.cases);
        let mut run = Run::new(stage, &wrong, stop, cases);
        let smallest = run.perform(suite, 0..cases, arguments.seed)?;
        run.progress.finish_and_clear();
        if let Some((smallest, differences)) = smallest {
            let fields: Vec<_> = differences.into_iter().map(|difference| difference.field).collect();
            let text = serde_json::to_string_pretty(&smallest)? + "\n";
            let (steps, files, bytes) = (smallest.steps.len(), smallest.files.len(), text.len());
            let differs = fields.join(", ");
            let smallest = format!(
                "the smallest scenario has {steps} steps, {files} files, {bytes} bytes and differs in {differs}"
            );
            return Ok(Some(Finding { suite: suite.name(), cases: run.tally.drawn, smallest, text }));
        }
    }
    filters(&wrong, stop, arguments)
}

/// The same with random filters, where they can be installed.
#[cfg(target_arch = "x86_64")]
fn filters(wrong: &Machine, stop: &Stop, arguments: &FlipsArguments) -> Result<Option<Finding>> {
    if wrong.alone.is_some() {
        return Ok(None);
    }
    let found = crate::seccomp::find(wrong, arguments.cases.into(), arguments.seed, stop)?;
    Ok(found.map(|(cases, smallest, text)| Finding { suite: "seccomp", cases, smallest, text }))
}

#[cfg(not(target_arch = "x86_64"))]
#[expect(clippy::unnecessary_wraps, reason = "filters are entered by instructions that only x86_64 has")]
fn filters(_: &Machine, _: &Stop, _: &FlipsArguments) -> Result<Option<Finding>> {
    Ok(None)
}
