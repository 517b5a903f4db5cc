//! What a container engine decided before the first step, and its runtime's own calls.

use std::io::Write;

use anyhow::Result;
use sim_core::rule::{Event, Trace};
use sim_core::scenario::{
    Call, Difference, Loaded, Options, RuntimeResult, Simulation, Started, StepOutcome, engine_differences,
    explain_event, verdict,
};

use crate::run::printable;

/// In a few lines: the engine's answer and which of its runtime's calls failed. Gives whether what was expected holds.
pub(crate) fn tell(loaded: &Loaded, simulation: &Simulation, out: &mut impl Write) -> Result<bool> {
    let expect = loaded.scenario.runtime.as_ref().and_then(|runtime| runtime.expect.as_ref());
    let (Some(result), Some(started)) = (simulation.runtime_result(expect), simulation.world().started()) else {
        return Ok(true);
    };
    writeln!(out, "  {}", printable(&answer(started)))?;
    writeln!(out, "     Rules: {}", result.rules.join(", "))?;
    let prologue = simulation.prologue();
    for step in prologue.iter().filter(|step| step.refusal.is_some()) {
        writeln!(out, "     Its runtime: {}", printable(&verdict(step)))?;
    }
    differences(&result, out)?;
    Ok(result.differences.is_empty())
}

/// What was expected of the engine and is otherwise.
pub(crate) fn differences(result: &RuntimeResult, out: &mut impl Write) -> Result<()> {
    for Difference { field, expected, actual } in &result.differences {
        let (expected, actual) = (printable(expected), printable(actual));
        writeln!(out, "     EXPECTED {field} to be {expected}; it is {actual}")?;
    }
    Ok(())
}

/// With every rule that was tried and every call of the runtime.
pub(crate) fn explain(simulation: &Simulation, out: &mut impl Write) -> Result<()> {
    let Some(started) = simulation.world().started() else { return Ok(()) };
    writeln!(out, "\n{}", printable(&answer(started)))?;
    writeln!(out, "   Rules in the order they were tried:")?;
    let mut last = "";
    for event in started.trace.events() {
        let rule = event.rule();
        let applied = matches!(event, Event::Applied { .. });
        writeln!(out, "   {} {:<32} {}", if applied { "*" } else { "-" }, rule.id, explain_event(event))?;
        if applied && rule.id != last {
            writeln!(out, "       {}", rule.statement)?;
            writeln!(out, "       {}", rule.source)?;
        }
        last = rule.id;
    }
    let prologue = simulation.prologue();
    if !prologue.is_empty() {
        writeln!(out, "   Its runtime's own calls:")?;
    }
    for (line, times) in grouped(prologue) {
        let times = if times == 1 { String::new() } else { format!(" ({times} times)") };
        writeln!(out, "   {}{times}", printable(&line))?;
    }
    Ok(())
}

/// What happened before the first step, as one.
pub(crate) fn trace(simulation: &Simulation) -> Option<Trace> {
    let mut trace = simulation.world().started()?.trace.clone();
    for step in simulation.prologue() {
        trace.append(step.trace.clone());
    }
    Some(trace)
}

fn answer(started: &Started) -> String {
    let engine = format!("{} {}", started.request.engine, started.request.version);
    match &started.answer {
        Err(refused) => {
            let about = if refused.about.is_empty() { String::new() } else { format!(" ({})", refused.about) };
            format!("{engine} refuses{about}: {}", refused.rule.statement)
        }
        Ok(handed) => format!(
            "{engine} hands over permitted {}, effective {}, inheritable {}, bounding {}, ambient {}.",
            handed.permitted, handed.effective, handed.inheritable, handed.bounding, handed.ambient
        ),
    }
}

/// Calls that come out alike stand in one line.
fn grouped(prologue: &[StepOutcome]) -> Vec<(String, usize)> {
    let mut lines: Vec<(String, usize)> = Vec::new();
    for step in prologue {
        let line = match (&step.call, step.refusal) {
            (Call::Prctl(_), _) | (_, Some(_)) => verdict(step),
            _ => format!("{} succeeds.", step.call.in_words()),
        };
        match lines.last_mut() {
            Some((last, times)) if *last == line => *times += 1,
            _ => lines.push((line, 1)),
        }
    }
    lines
}

/// Where another version of the engine answers otherwise, that is said unasked.
pub(crate) fn versions(loaded: &Loaded, out: &mut impl Write) -> Result<()> {
    for difference in engine_differences(&loaded.scenario, &Options::default()) {
        let what = match difference.step {
            Some(step) => format!("step {} comes", step + 1),
            None => "its answer comes".to_owned(),
        };
        writeln!(out, "  Before {} {} {what} out otherwise:", difference.engine, difference.since)?;
        for fact in &difference.facts {
            writeln!(out, "     {fact}")?;
        }
        for change in &difference.changes {
            writeln!(out, "     {} ({})", change.statement, change.source)?;
        }
    }
    Ok(())
}
