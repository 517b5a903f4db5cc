use std::io::Write;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;
use sim_core::scenario::{Options, Scenario};
use sim_core::search::{Fix, Goal, Limits, Search, fixes};

use crate::Status;
use crate::input::scenario;
use crate::run::printable;

/// A fix as a line of JSON has it.
#[derive(Serialize)]
struct Told<'a> {
    edits: Vec<String>,
    commands: &'a [String],
    hands_out: String,
    points: u32,
    rules: &'a [&'static str],
    scenario: &'a Scenario,
}

#[derive(Serialize)]
struct Answer<'a> {
    step: usize,
    bound: usize,
    candidates: Vec<String>,
    worlds: usize,
    complete: bool,
    last_resort: bool,
    fixes: Vec<Told<'a>>,
}

/// Prints every minimal set of edits after which a step succeeds; without a number, the first one that is refused.
pub(crate) fn fix(
    path: &Path,
    step: Option<usize>,
    bound: usize,
    json: bool,
    out: &mut impl Write,
) -> Result<Status> {
    let loaded = match scenario(path).read {
        Ok(loaded) => loaded,
        Err(error) => {
            writeln!(out, "{}: {error}", path.display())?;
            return Ok(Status::Unreadable);
        }
    };
    let options = Options::default();
    let asked = match step {
        Some(number) => {
            let step = number.checked_sub(1).filter(|step| *step < loaded.scenario.steps.len());
            let Some(step) = step else {
                anyhow::bail!("there is no step {number}; it has {}", loaded.scenario.steps.len());
            };
            Some(Goal::step(step))
        }
        None => Goal::first_refused(&loaded.scenario, &options),
    };
    let Some(goal) = asked else {
        writeln!(out, "No step is refused.")?;
        return Ok(Status::Held);
    };
    let search = fixes(&loaded.scenario, &goal, &Limits { edits: bound, ..Limits::default() }, &options);
    if json {
        as_json(&search, out)?;
    } else {
        for_people(&search, out)?;
    }
    let helped = search.failure.is_none() || !search.fixes.is_empty();
    Ok(if helped { Status::Held } else { Status::Failed })
}

fn told(fix: &Fix) -> Told<'_> {
    let Fix { edits, power, commands, rules, scenario, .. } = fix;
    let edits = edits.iter().map(ToString::to_string).collect();
    Told { edits, commands, hands_out: power.to_string(), points: power.points(), rules, scenario }
}

fn as_json(search: &Search, out: &mut impl Write) -> Result<()> {
    let answer = Answer {
        step: search.goal.last(),
        bound: search.bound,
        candidates: search.candidates.iter().map(ToString::to_string).collect(),
        worlds: search.worlds,
        complete: search.complete,
        last_resort: search.last_resort,
        fixes: search.fixes.iter().map(told).collect(),
    };
    serde_json::to_writer(&mut *out, &answer)?;
    writeln!(out)?;
    Ok(())
}

fn for_people(search: &Search, out: &mut impl Write) -> Result<()> {
    let step = search.goal.last() + 1;
    let Some(failure) = &search.failure else {
        writeln!(out, "Step {step} succeeds as it is.")?;
        return Ok(());
    };
    writeln!(out, "Step {}: {}", failure.step + 1, printable(&failure.to_string()))?;
    for (index, fix) in search.fixes.iter().enumerate() {
        let edits: Vec<_> = fix.edits.iter().map(ToString::to_string).collect();
        writeln!(out, "\n{}. {}", index + 1, printable(&edits.join("; ")))?;
        for line in fix.commands.iter().flat_map(|command| command.lines()) {
            writeln!(out, "     {}", printable(line))?;
        }
        writeln!(out, "   Hands out: {}", printable(&fix.power.to_string()))?;
    }
    let found = match search.fixes.len() {
        0 => "No set of edits helps".to_owned(),
        1 => "This is the only minimal set of edits".to_owned(),
        many => format!("These are all {many} minimal sets of edits"),
    };
    let (bound, candidates, worlds) = (search.bound, search.candidates.len(), search.worlds);
    if search.complete {
        writeln!(
            out,
            "\n{found} among those of up to {bound} of {candidates} candidates; {worlds} worlds were simulated."
        )?;
    } else {
        writeln!(
            out,
            "\nStopped after {worlds} worlds: there may be more sets of up to {bound} of {candidates} candidates."
        )?;
    }
    Ok(())
}
