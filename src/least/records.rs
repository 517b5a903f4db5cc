//! The report for programs.

use std::io::Write;

use anyhow::Result;
use formats::operations::Seen;
use serde_json::{Value, json};
use sim_core::capability::CapSet;

use super::Report;
use super::judge::{JudgedPhase, show};
use super::people::{NEVER_SHOWN, begun, give, on, particular};

/// One object with everything.
pub(super) fn as_json(report: &Report, out: &mut impl Write) -> Result<()> {
    let (log, judged) = (&report.input.log, &report.judged);
    let untold = log.untold.iter().map(|untold| {
        json!({
            "call": untold.name,
            "reason": untold.reason,
            "count": untold.count,
            "first": show(untold.place, &report.input.names),
            "text": untold.text,
        })
    });
    let profile =
        report.profile.as_ref().and_then(|profile| serde_json::from_str::<Value>(&profile.to_string()).ok());
    let (needed, perhaps) = (judged.needed(), judged.perhaps());
    let value = json!({
        "files": report.input.names,
        "calls": log.calls,
        "asked": log.asked,
        "never": log.never,
        "failed": log.failed,
        "without_result": log.without_result,
        "lines_not_recognised": report.input.problems,
        "first_line_not_recognised": report.input.first_problem,
        "stopped_by_filters": report.input.trapped,
        "assumed": judged.assumed,
        "phases": judged.phases.iter().map(|phase| line(phase, report)).collect::<Vec<_>>(),
        "needed": names(needed),
        "perhaps": names(perhaps),
        "held": report.held.map(|(held, _)| names(held)),
        "never_needed": report.held.map(|(held, _)| names(held - needed - perhaps)),
        "give": give(needed),
        "untold": untold.collect::<Vec<_>>(),
        "seccomp": profile,
        "not_shown": particular(report).into_iter().chain(NEVER_SHOWN.map(str::to_owned)).collect::<Vec<_>>(),
    });
    serde_json::to_writer(&mut *out, &value)?;
    Ok(writeln!(out)?)
}

fn names(set: CapSet) -> Vec<&'static str> {
    set.iter().filter_map(sim_core::capability::Capability::name).collect()
}

fn sets(sets: &[CapSet]) -> Vec<Vec<&'static str>> {
    sets.iter().map(|set| names(*set)).collect()
}

fn line(phase: &JudgedPhase, report: &Report) -> Value {
    let least = &phase.least;
    let call = |seen: &Seen| {
        json!({
            "text": seen.text,
            "count": seen.count,
            "places": seen.places.iter().map(|place| show(*place, &report.input.names)).collect::<Vec<_>>(),
        })
    };
    let calls =
        |indexes: &[usize]| indexes.iter().filter_map(|index| phase.seen(*index)).map(call).collect::<Vec<_>>();
    let needs = least
        .needs
        .iter()
        .map(|need| json!({ "capability": need.capability.name(), "calls": calls(&need.operations) }));
    let depends = least.depends.iter().map(|depends| {
        json!({ "on": on(depends.on), "alternatives": sets(&depends.alternatives), "calls": calls(&depends.operations) })
    });
    let refused = least.refused.iter().map(|refused| {
        json!({
            "call": phase.seen(refused.operation).map(call),
            "helps": sets(&refused.helps),
            "depends_on": refused.depends_on.map(on),
            "unexplained": refused.unexplained,
        })
    });
    json!({
        "thread": phase.thread,
        "phase": phase.number,
        "begun": begun(phase),
        "first": phase.place().map(|place| show(place, &report.input.names)),
        "same": phase.same,
        "uid": least.process.uid,
        "gid": least.process.gid,
        "sets": sets(&least.sets),
        "complete": least.complete,
        "needs": needs.collect::<Vec<_>>(),
        "depends": depends.collect::<Vec<_>>(),
        "refused": refused.collect::<Vec<_>>(),
        "unexplained": calls(&least.unexplained),
    })
}
