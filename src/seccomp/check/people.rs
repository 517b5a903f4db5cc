use std::io::Write;

use anyhow::Result;
use sim_core::seccomp::check::{Change, Remark, State};
use sim_core::seccomp::explanation::Meaning;

use super::groups::{Found, Report};
use crate::run::printable;

/// Tells it in words.
pub(super) fn tell(report: &Report<'_>, all: bool, out: &mut impl Write) -> Result<()> {
    let of = |state: State| report.found.iter().filter(move |found| found.state == state);
    for found in of(State::Refused).chain(of(State::Open)).chain(of(State::Asked)) {
        one(report, found, all, out)?;
        writeln!(out)?;
    }
    for unknown in &report.unknown {
        let (name, times) = (printable(&unknown.name), times(unknown.count));
        writeln!(
            out,
            "{name}: {} has no such call; it is not checked ({times}, first {})\n",
            unknown.table, unknown.first
        )?;
    }
    rest(report, out)?;
    if let Some(first) = of(State::Refused).next()
        && let Some(place) = first.group.places.first()
    {
        writeln!(out, "The first refused call is {}, {place}.", printable(&first.group.to_string()))?;
    }
    let kinds = |state: State| {
        let count: u64 = of(state).map(|found| found.group.count).sum();
        (of(state).count(), count)
    };
    let mut parts = Vec::new();
    for (state, word) in
        [(State::Refused, "refused"), (State::Open, "may be refused"), (State::Asked, "put to a tracer or listener")]
    {
        if let (different @ 1.., count) = kinds(state) {
            parts.push(format!("{count} {word} ({different} different)"));
        }
    }
    let result = if parts.is_empty() { "none refused".to_owned() } else { parts.join(", ") };
    let calls = if report.calls == 1 { "1 call".to_owned() } else { format!("{} calls", report.calls) };
    writeln!(out, "{}: {calls}, {} different: {result}", report.named.name, report.kinds)?;
    Ok(())
}

fn one(report: &Report<'_>, found: &Found<'_>, all: bool, out: &mut impl Write) -> Result<()> {
    let named = report.named;
    let call = printable(&found.group.to_string());
    let meaning = Meaning(found.answer.verdict.action);
    match found.state {
        State::Open => {
            let example = super::super::explain::call_in_words(&found.answer.example);
            writeln!(out, "{call} may be refused: {}", missing(found))?;
            writeln!(out, "  {example} {meaning}")?;
        }
        _ => writeln!(out, "{call} {meaning}")?,
    }
    match found.answer.verdict.rule() {
        Some(rule) => writeln!(out, "  {}: {}", named.at(rule.origin.place), found.answer.verdict.reason)?,
        None => writeln!(out, "  {}: {}", named.name, found.answer.verdict.reason)?,
    }
    let places: Vec<String> = found.group.places.iter().map(ToString::to_string).collect();
    let more = usize::try_from(found.group.count).unwrap_or(usize::MAX).saturating_sub(places.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let separator = if all { "\n    " } else { ", " };
    let outcomes: Vec<String> =
        found.group.outcomes.iter().map(|(what, count)| format!("{what} {}", times(*count))).collect();
    let outcomes =
        if outcomes.is_empty() { String::new() } else { format!("; there it {}", printable(&outcomes.join(", "))) };
    writeln!(out, "  Seen {}: {}{more}{outcomes}", times(found.group.count), places.join(separator))?;
    if found.group.assumed {
        writeln!(out, "  Its arguments are numbers for names in the log, as most architectures have them.")?;
    }
    for (index, remedy) in found.remedies.iter().enumerate() {
        let changes: Vec<String> = remedy.changes.iter().map(|change| placed(report, change)).collect();
        let which = if index == 0 { "To permit it" } else { "Or, which permits more" };
        writeln!(out, "  {which}: {}", printable(&changes.join("; ")))?;
    }
    for remark in &found.remarks {
        writeln!(out, "  Note: {}", printable(&noted(report, remark)))?;
    }
    Ok(())
}

/// What the log does not show.
pub(super) fn missing(found: &Found<'_>) -> String {
    if found.carried {
        return "the log does not show whether socketcall or ipc carried it".to_owned();
    }
    let open: Vec<String> = found.answer.open.iter().map(|index| format!("args[{index}]")).collect();
    format!("it depends on {}, which is not shown whole", open.join(" and "))
}

/// A change with the place where it is to be made.
pub(super) fn placed(report: &Report<'_>, change: &Change) -> String {
    match change {
        Change::AddName { place, .. } => format!("{change} ({})", report.named.at(*place)),
        Change::RemoveName { origin, .. } => format!("{change} ({})", report.named.at(origin.place)),
        Change::AddEntry { .. } | Change::AddArchitecture(_) => change.to_string(),
    }
}

/// A remark, with its place in the profile.
pub(super) fn noted(report: &Report<'_>, remark: &Remark) -> String {
    let at = remark.place().map(|place| format!("{} ", report.named.at(place)));
    format!("{}{remark}", at.unwrap_or_default())
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// What else is in the logs.
fn rest(report: &Report<'_>, out: &mut impl Write) -> Result<()> {
    let rest = &report.rest;
    if !rest.trapped.is_empty() {
        let calls: Vec<String> =
            rest.trapped.iter().map(|(name, count)| format!("{name} {}", times(*count))).collect();
        writeln!(out, "While the log was written a filter answered with SIGSYS: {}.", printable(&calls.join(", ")))?;
    }
    if let Some(first) = &rest.first_killed {
        writeln!(
            out,
            "While the log was written SIGSYS, as a filter sends it, killed {} ({first}).",
            processes(rest.killed)
        )?;
    }
    if let Some((file, problem)) = &rest.first_problem {
        let lines =
            if rest.problems == 1 { "1 line was".to_owned() } else { format!("{} lines were", rest.problems) };
        writeln!(out, "{lines} not recognised; the first: {file}: {}", printable(&problem.to_string()))?;
    }
    Ok(())
}

fn processes(count: u64) -> String {
    if count == 1 { "a process".to_owned() } else { format!("{count} processes") }
}
