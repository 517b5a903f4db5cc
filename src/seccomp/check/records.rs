//! The report for programs.

use std::io::Write;

use anyhow::Result;
use serde_json::{Value, json};
use sim_core::seccomp::check::State;
use sim_core::seccomp::explanation::Meaning;
use sim_core::seccomp::lint::Severity;
use sim_core::seccomp::profile::Place;

use super::super::explain::CallLine;
use super::super::sarif;
use super::groups::{Found, Report};
use super::people::{missing, noted, placed};

const fn state(state: State) -> &'static str {
    match state {
        State::Permitted => "permitted",
        State::Asked => "asked",
        State::Open => "may be refused",
        State::Refused => "refused",
    }
}

/// One object with everything.
pub(super) fn as_json(report: &Report<'_>, out: &mut impl Write) -> Result<()> {
    let found: Vec<Value> = report.found.iter().map(|found| line(report, found)).collect();
    let unknown: Vec<Value> = report
        .unknown
        .iter()
        .map(|call| json!({"name": call.name, "arch": call.table, "count": call.count, "first": call.first.to_string()}))
        .collect();
    let rest = &report.rest;
    let value = json!({
        "profile": report.named.name,
        "calls": report.calls,
        "kinds": report.kinds,
        "found": found,
        "unknown": unknown,
        "lines_not_recognised": rest.problems,
        "first_line_not_recognised": rest.first_problem.as_ref().map(|(file, problem)| format!("{file}: {problem}")),
        "lines_passed_over": rest.passed_over,
        "answered_with_sigsys": rest.trapped,
        "killed_by_sigsys": rest.killed,
    });
    serde_json::to_writer(&mut *out, &value)?;
    Ok(writeln!(out)?)
}

fn line(report: &Report<'_>, found: &Found<'_>) -> Value {
    let verdict = &found.answer.verdict;
    let rule = verdict.rule().map(|rule| {
        json!({"path": rule.origin.to_string(), "line": rule.origin.place.line, "column": rule.origin.place.column})
    });
    let changes = |remedy: &sim_core::seccomp::check::Remedy| -> Vec<String> {
        remedy.changes.iter().map(|change| placed(report, change)).collect()
    };
    let args: Vec<String> = found
        .group
        .candidates
        .first()
        .map(|call| call.args.iter().map(ToString::to_string).collect())
        .unwrap_or_default();
    json!({
        "call": found.group.to_string(),
        "args": args,
        "state": state(found.state),
        "example": CallLine::new(&found.answer.example),
        "action": verdict.action.to_string(),
        "meaning": Meaning(verdict.action).to_string(),
        "reason": verdict.reason.to_string(),
        "rule": rule,
        "depends_on": (found.state == State::Open).then(|| missing(found)),
        "count": found.group.count,
        "places": found.group.places.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "outcomes": found.group.outcomes,
        "arguments_from_names": found.group.assumed,
        "changes": found.remedies.iter().map(changes).collect::<Vec<_>>(),
        "notes": found.remarks.iter().map(|remark| noted(report, remark)).collect::<Vec<_>>(),
    })
}

/// One result for each kind of calls.
pub(super) fn as_sarif(report: &Report<'_>, out: &mut impl Write) -> Result<()> {
    let rules = [
        sarif::Rule {
            id: "refused-call",
            statement: "The profile refuses a call that is made.",
            severity: Severity::Error,
        },
        sarif::Rule {
            id: "call-may-be-refused",
            statement: "The profile refuses a call that is made, if an argument is such that is not known.",
            severity: Severity::Warning,
        },
        sarif::Rule {
            id: "asked-call",
            statement: "The profile lets a tracer or a listener decide about a call that is made.",
            severity: Severity::Note,
        },
    ];
    let [refused, open, asked] = &rules;
    let finding = |found: &Found<'_>| {
        let rule = match found.state {
            State::Refused => refused,
            State::Open => open,
            State::Asked | State::Permitted => asked,
        };
        let verdict = &found.answer.verdict;
        let (place, path) = match verdict.rule() {
            Some(rule) => (rule.origin.place, rule.origin.to_string()),
            None => (Place::default(), "defaultAction".to_owned()),
        };
        let depends = if found.state == State::Open { format!(" ({})", missing(found)) } else { String::new() };
        let change = found.remedies.first().map(|remedy| format!(" To permit it: {remedy}.")).unwrap_or_default();
        let message = format!("{} {}{depends}: {}.{change}", found.group, Meaning(verdict.action), verdict.reason);
        sarif::Finding {
            rule: rule.id,
            severity: rule.severity,
            message,
            place,
            path,
            properties: Some(line(report, found)),
        }
    };
    let findings: Vec<sarif::Finding> = report.found.iter().map(finding).collect();
    sarif::write(report.named.file(), &rules, &findings, out)
}
