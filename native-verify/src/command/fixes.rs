use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use sim_core::scenario::{Loaded, Options, Simulation};
use sim_core::search::{Fix, Goal, Limits, fixes as search};

use super::run::texts;
use super::{
    AGREE, CommonArguments, FAILED, Results, describe, exit_code, load, on_stage, options, say, survey, verify,
};
use crate::compare::{Comparison, Difference, show};
use crate::evidence::Evidence;
use crate::machine::Machine;
use crate::report::{Skip, Tally};
use crate::stop::Stop;

/// Arguments of `fixes`.
#[derive(Debug, Args)]
pub(crate) struct FixesArguments {
    /// Scenario files, or JSON Lines in .jsonl files; a folder stands for both below it. Those without a refused step are
    /// passed over.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// How many fixes of each scenario to perform, from the least powerful to the most.
    #[arg(long, default_value_t = 4)]
    sample: usize,
    /// The most edits of a fix.
    #[arg(long, default_value_t = Limits::default().edits)]
    bound: usize,
    #[command(flatten)]
    common: CommonArguments,
}

/// What came of one fix.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a PathBuf,
    edits: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<&'a str>,
    differences: &'a [Difference],
    /// Whether the step succeeds.
    succeeds: bool,
}

/// A scenario and the fixes of it that are performed.
struct Case {
    file: PathBuf,
    fixes: Vec<Fix>,
}

/// Searches fixes and performs a sample of them.
pub(crate) fn fixes(arguments: &FixesArguments) -> Result<u8> {
    let machine = survey(&arguments.common)?;
    let (results, stop) = (Results::of(&arguments.common)?, Stop::listen()?);
    say(&describe(&machine), &arguments.common);
    let mut unreadable = false;
    let (mut cases, mut without, mut found) = (Vec::new(), 0_u64, 0_u64);
    for (index, (file, text)) in (0..).zip(texts(&arguments.paths)?) {
        if !arguments.common.shard.has(index) {
            continue;
        }
        let loaded = match Loaded::read(&text, &options(&machine)) {
            Ok(loaded) => loaded,
            Err(error) => {
                eprintln!("{}: {error}", file.display());
                unreadable = true;
                continue;
            }
        };
        let fixes = fixes_of(&loaded, &machine, arguments);
        found += fixes.len() as u64;
        let fixes = sample(fixes, arguments.sample);
        if fixes.is_empty() {
            without += 1;
        } else {
            cases.push(Case { file, fixes });
        }
    }
    let (chosen, scenarios) = (cases.iter().map(|case| case.fixes.len() as u64).sum::<u64>(), cases.len());
    say(
        &format!("{found} fixes of {scenarios} scenarios; {without} have no refused step, or none that edits help."),
        &arguments.common,
    );
    let perform = |verifier: &mut dyn FnMut(&Loaded) -> Result<Comparison, Skip>| {
        let mut tally = Tally::asked(chosen);
        let mut evidence = Evidence::new(&machine);
        for case in &cases {
            for fix in &case.fixes {
                if stop.is_asked() {
                    tally.stopped = true;
                    break;
                }
                tally.drawn += 1;
                perform_one(case, fix, &machine, arguments, verifier, (&mut tally, &mut evidence))?;
            }
        }
        say(&format!("Fixes{}: {tally}", arguments.common.shard.title()), &arguments.common);
        results.keep(evidence)?;
        Ok(exit_code(&tally, &arguments.common))
    };
    let code = match machine.obstacle() {
        Some(reason) => perform(&mut |_| Err(Skip(reason.clone()))),
        None => on_stage(&stop, &machine, |stage| perform(&mut |loaded| verify(stage, &machine, loaded))),
    }?;
    Ok(if unreadable && code == AGREE { FAILED } else { code })
}

fn fixes_of(loaded: &Loaded, machine: &Machine, arguments: &FixesArguments) -> Vec<Fix> {
    let options = options(machine);
    let limits = Limits { edits: arguments.bound, ..Limits::default() };
    let goal = Goal::first_refused(&loaded.scenario, &options);
    goal.map(|goal| search(&loaded.scenario, &goal, &limits, &options).fixes).unwrap_or_default()
}

/// So many of them, evenly from the first to the last.
fn sample(fixes: Vec<Fix>, size: usize) -> Vec<Fix> {
    let count = fixes.len();
    let chosen = |index: &usize| {
        let last = count.saturating_sub(1);
        (0..size).any(|place| place * last / size.saturating_sub(1).max(1) == *index)
    };
    fixes.into_iter().enumerate().filter(|(index, _)| chosen(index)).map(|(_, fix)| fix).collect()
}

/// The fixed scenario with its runtime's own calls as steps; the step that must succeed is given with it.
fn expanded(fix: &Fix, machine: &Machine) -> Result<(Loaded, usize), Skip> {
    let options: Options = options(machine);
    let (mut scenario, prologue) = fix.scenario.expanded(&options);
    if let Some(step) = scenario.steps.get_mut(fix.step + prologue) {
        step.expect.clone_from(&fix.scenario.steps.get(fix.step).and_then(|step| step.expect.clone()));
    }
    Ok((load(&scenario, machine)?, fix.step + prologue))
}

fn perform_one(
    case: &Case,
    fix: &Fix,
    machine: &Machine,
    arguments: &FixesArguments,
    verifier: &mut dyn FnMut(&Loaded) -> Result<Comparison, Skip>,
    (tally, evidence): (&mut Tally, &mut Evidence),
) -> Result<()> {
    let compared = expanded(fix, machine).and_then(|(loaded, step)| {
        let mut simulation = Simulation::new(loaded.world.clone());
        let mut outcomes = loaded.scenario.steps.iter().map(|step| simulation.perform(&step.call));
        let succeeds = outcomes.nth(step).is_some_and(|outcome| outcome.value >= 0);
        verifier(&loaded).map(|comparison| (loaded, comparison, succeeds))
    });
    let mut line = Line {
        file: &case.file,
        edits: fix.edits.iter().map(ToString::to_string).collect(),
        skipped: None,
        differences: &[],
        succeeds: false,
    };
    match &compared {
        Err(skip) => {
            tally.skip(skip);
            line.skipped = Some(&skip.0);
        }
        Ok((loaded, comparison, succeeds)) => {
            line.succeeds = *succeeds && (comparison.unmet == 0 || comparison.moved);
            line.differences = &comparison.differences;
            if line.succeeds && line.differences.is_empty() {
                tally.agree(loaded, &comparison.calls);
                evidence.confirm(&comparison.rules);
            } else {
                tally.differed += 1;
            }
        }
    }
    print(&line, arguments.common.json)
}

fn print(line: &Line<'_>, json: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer(&mut out, line)?;
        writeln!(out)?;
        return Ok(());
    }
    let (file, edits) = (line.file.display(), line.edits.join("; "));
    match line {
        Line { skipped: Some(reason), .. } => writeln!(out, "  skipped  {file}: {edits}: {reason}")?,
        Line { differences, .. } if !differences.is_empty() => {
            writeln!(out, "  DIFFERS  {file}: {edits}\n{}", show(differences))?;
        }
        Line { succeeds: false, .. } => writeln!(out, "  DIFFERS  {file}: {edits}\n    the step does not succeed")?,
        _ => writeln!(out, "  works    {file}: {edits}")?,
    }
    Ok(())
}
