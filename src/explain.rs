use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};
use sim_core::capability::{CapSet, Capability};
use sim_core::rule::{Effect, Event, Link, Omission, Provenance, SetName, Trace};
use sim_core::scenario::{
    Difference, Loaded, ProcessResult, Simulation, StepOutcome, explain_event, explain_link, verdict,
};

use crate::Status;
use crate::input::{Input, scenario};
use crate::rules::evidence_in_brief;
use crate::run::printable;
use crate::sets::compare;
use crate::started;

/// How many bits are followed back at most; the page follows any.
const BITS_FOLLOWED: usize = 6;

/// The derivation of a scenario's outcome, in words and sets.
pub(crate) fn explain(path: &Path, out: &mut impl Write) -> Result<Status> {
    let Input { read, .. } = scenario(path);
    let loaded = match read {
        Ok(loaded) => loaded,
        Err(error) => bail!("{}: {error}", path.display()),
    };
    if let Some(title) = &loaded.scenario.title {
        writeln!(out, "{}", printable(title))?;
    }
    for text in [&loaded.scenario.about, &loaded.scenario.question, &loaded.scenario.answer].into_iter().flatten() {
        writeln!(out, "{}", printable(text))?;
    }
    writeln!(out, "Linux {}.", loaded.world.system.release)?;
    // It was read before; of standard input nothing is left, and places in it help nobody.
    let text = fs::read_to_string(path).unwrap_or_default();
    let simulation = Simulation::new(loaded.world.clone());
    started::explain(&simulation, out)?;
    let start = started::trace(&simulation);
    let expect = loaded.scenario.runtime.as_ref().and_then(|runtime| runtime.expect.as_ref());
    let of_engine = simulation.runtime_result(expect);
    let outcomes = outcomes(&loaded, simulation);
    // What an engine did before the first step stands before it.
    let traces: Vec<&Trace> = start.iter().chain(outcomes.iter().map(|(_, outcome)| &outcome.trace)).collect();
    for (index, (before, outcome)) in outcomes.iter().enumerate() {
        writeln!(out, "\n{}. {}", index + 1, printable(&verdict(outcome)))?;
        judged(outcome, &text, out)?;
        compare(before, outcome.process(), out)?;
        rules_tried(outcome, out)?;
        provenance(&traces, traces.len() - outcomes.len(), index, before, outcome, out)?;
    }
    not_modelled(&loaded, out)?;
    started::versions(&loaded, out)?;
    let mut status = Status::Held;
    if let Some(result) = of_engine.filter(|result| !result.differences.is_empty()) {
        started::differences(&result, out)?;
        status = Status::Failed;
    }
    for (index, (step, (_, outcome))) in loaded.scenario.steps.iter().zip(&outcomes).enumerate() {
        let Some(expect) = &step.expect else { continue };
        for Difference { field, expected, actual } in expect.differences(&outcome.result(), loaded.world.all) {
            let (expected, actual) = (printable(&expected), printable(&actual));
            writeln!(out, "\nStep {}: EXPECTED {field} to be {expected}; it is {actual}", index + 1)?;
            status = Status::Failed;
        }
    }
    Ok(status)
}

fn outcomes(loaded: &Loaded, mut simulation: Simulation) -> Vec<(ProcessResult, StepOutcome)> {
    let mut before = simulation.process(&simulation.world().thread.credentials);
    let mut outcomes = Vec::new();
    for step in &loaded.scenario.steps {
        let outcome = simulation.perform(&step.call);
        let after = outcome.process().clone();
        outcomes.push((std::mem::replace(&mut before, after), outcome));
    }
    outcomes
}

/// What the filters in force said, and where in the scenario that stands.
fn judged(outcome: &StepOutcome, text: &str, out: &mut impl Write) -> Result<()> {
    let Some(judgement) = &outcome.judgement else { return Ok(()) };
    let name = judgement.name.map_or_else(|| format!("call {}", judgement.data.nr), ToOwned::to_owned);
    writeln!(out, "   Filters: {name} ({}): {}; {}", judgement.data.nr, judgement.action(), judgement.reason())?;
    let Some(decided_by) = &judgement.decided_by else { return Ok(()) };
    match decided_by.line_and_column(text) {
        Some((line, column)) => {
            writeln!(out, "            {}, line {line}, column {column}", decided_by.path())?;
        }
        None => writeln!(out, "            {}", decided_by.path())?,
    }
    Ok(())
}

fn rules_tried(outcome: &StepOutcome, out: &mut impl Write) -> Result<()> {
    writeln!(out, "   Rules in the order they were tried:")?;
    let mut last = "";
    for event in outcome.trace.events() {
        let rule = event.rule();
        let applied = matches!(event, Event::Applied { .. });
        writeln!(out, "   {} {:<32} {}", if applied { "*" } else { "-" }, rule.id, explain_event(event))?;
        if applied && rule.id != last {
            writeln!(out, "       {}", rule.statement)?;
            if !rule.formula.is_empty() {
                writeln!(out, "       {}", rule.formula)?;
            }
            let manual = if rule.manual.is_empty() { "not in the manual" } else { rule.manual };
            writeln!(out, "       {manual}; {}; {}", rule.source, evidence_in_brief(rule))?;
        }
        last = rule.id;
    }
    Ok(())
}

/// A move of a bit; one before the first step is the engine's or its runtime's.
fn told(link: &Link, offset: usize, held: bool) -> String {
    if link.step < offset && link.rule.is_some() {
        let text = explain_link(&Link { step: 0, ..*link }, held);
        return format!("start, {}", text.trim_start_matches("step 1, "));
    }
    explain_link(&Link { step: link.step.saturating_sub(offset), ..*link }, held)
}

/// Follows the bits that changed back to where they came from.
fn provenance(
    traces: &[&Trace],
    offset: usize,
    step: usize,
    before: &ProcessResult,
    outcome: &StepOutcome,
    out: &mut impl Write,
) -> Result<()> {
    let after = outcome.process();
    let sets = [
        (SetName::Permitted, before.permitted, after.permitted),
        (SetName::Effective, before.effective, after.effective),
        (SetName::Ambient, before.ambient, after.ambient),
    ];
    let withheld = withheld(&outcome.trace) - after.permitted;
    let worth_telling = |set, old: CapSet, new: CapSet| {
        let changed = (old - new) | (new - old);
        if set == SetName::Permitted { changed | withheld } else { changed }
    };
    let changed: Vec<(SetName, Capability, bool)> = sets
        .into_iter()
        .flat_map(|(set, old, new)| worth_telling(set, old, new).iter().map(move |c| (set, c, new.contains(c))))
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    writeln!(out, "   Where bits came from, or why they did not come:")?;
    for (set, capability, held) in changed.iter().take(BITS_FOLLOWED) {
        let links = Provenance::new(traces).origins(step + offset, *set, *capability, *held);
        let path: Vec<_> = links.iter().map(|link| told(link, offset, *held)).collect();
        writeln!(
            out,
            "   {capability} {} {set}:\n      {}",
            if *held { "in" } else { "not in" },
            path.join("\n      ")
        )?;
    }
    if changed.len() > BITS_FOLLOWED {
        writeln!(out, "   and {} more", changed.len() - BITS_FOLLOWED)?;
    }
    Ok(())
}

/// What some rule offered and did not grant, or took back.
fn withheld(trace: &Trace) -> CapSet {
    trace.events().iter().fold(CapSet::EMPTY, |all, event| match event {
        Event::Applied { effect: Effect::Bits(flow), .. } if flow.into == SetName::NewPermitted => {
            all | flow.withheld | flow.removed
        }
        _ => all,
    })
}

fn not_modelled(loaded: &Loaded, out: &mut impl Write) -> Result<()> {
    writeln!(out, "\nNot modelled, and able to change these verdicts:")?;
    for omission in Omission::of_any(loaded.scenario.steps.iter().map(|step| step.call.name())) {
        writeln!(out, "   {omission}")?;
    }
    Ok(())
}
