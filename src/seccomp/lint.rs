use std::io::Write;

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use sim_core::seccomp::lint::{Finding, Lint as Kind, Severity, hidden_from_recording, lint as findings};

use super::explain::CallLine;
use super::sarif;
use super::target::{Named, ProfileArguments, TargetArguments};
use crate::Status;
use crate::run::printable;

/// Say what is wrong in a profile, or not what it seems.
///
/// Names that engines ignore, rules without effect or against each other, conditions that never hold or that a caller gets
/// around, errnos that cannot be returned, architectures that are missing.
///
/// Exit status: 0 if no error is found, 1 if one is (with --strict: anything), 2 if the profile cannot be read.
#[derive(Debug, Args)]
pub(crate) struct Lint {
    #[command(flatten)]
    profile: ProfileArguments,
    /// The profile is one that oci-seccomp-bpf-hook, or record, adds calls to: say which it will never add.
    #[arg(long)]
    baseline: bool,
    /// Fail on warnings and notes too.
    #[arg(long)]
    strict: bool,
    /// One JSON object a finding.
    #[arg(long)]
    json: bool,
    /// SARIF 2.1.0, for code hosts and editors.
    #[arg(long, conflicts_with = "json")]
    sarif: bool,
    #[command(flatten)]
    target: TargetArguments,
}

/// List what lint looks for, or show one lint with its example.
#[derive(Debug, Args)]
pub(crate) struct Lints {
    /// The name of a lint, as unknown-name.
    name: Option<String>,
}

/// Tells what the lints find.
pub(crate) fn lint(arguments: &Lint, out: &mut impl Write) -> Result<Status> {
    let mut named = arguments.profile.read()?;
    let target = arguments.target.target(&mut named);
    let mut found = findings(&named.profile, &target);
    if arguments.baseline {
        found.extend(hidden_from_recording(&named.profile, |_| true));
        found.sort_by_key(|finding| (finding.place, finding.lint));
    }
    if arguments.json {
        for finding in &found {
            serde_json::to_writer(&mut *out, &FindingLine::new(finding))?;
            writeln!(out)?;
        }
    } else if arguments.sarif {
        as_sarif(&named, &found, out)?;
    } else {
        for_people(&named, &found, out)?;
    }
    let bad = if arguments.strict { Severity::Note } else { Severity::Error };
    let failed = found.iter().any(|finding| finding.severity >= bad);
    Ok(if failed { Status::Failed } else { Status::Held })
}

/// Tells what lints there are.
pub(crate) fn lints(arguments: &Lints, out: &mut impl Write) -> Result<Status> {
    match &arguments.name {
        None => {
            for lint in Kind::ALL {
                writeln!(out, "{lint} ({})\n  {}", lint.severity(), lint.statement())?;
            }
        }
        Some(name) => {
            let lint = Kind::from_name(name)
                .with_context(|| format!("there is no lint {:?}; eperm seccomp lints lists them", printable(name)))?;
            writeln!(
                out,
                "{lint} ({})\n  {}\n  Example:\n    {}",
                lint.severity(),
                lint.statement(),
                lint.example()
            )?;
        }
    }
    Ok(Status::Held)
}

fn for_people(named: &Named, found: &[Finding], out: &mut impl Write) -> Result<()> {
    for finding in found {
        let Finding { lint, severity, place, path, message, .. } = finding;
        let at = if place.line > 0 { named.at(*place) } else { named.name.clone() };
        let path = if path.is_empty() { String::new() } else { format!("{path}: ") };
        writeln!(out, "{at}: {severity}: {path}{} [{lint}]", printable(message))?;
    }
    let count = |wanted: Severity| found.iter().filter(|finding| finding.severity == wanted).count();
    let parts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .map(|severity| (severity, count(severity)))
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| format!("{count} {severity}{}", if count == 1 { "" } else { "s" }))
        .collect();
    let counts = if parts.is_empty() { "nothing found".to_owned() } else { parts.join(", ") };
    writeln!(out, "{}: {counts}", named.name)?;
    Ok(())
}

/// A finding in JSON.
#[derive(Serialize)]
struct FindingLine<'a> {
    lint: &'static str,
    severity: String,
    line: u32,
    column: u32,
    path: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<CallLine>,
}

impl<'a> FindingLine<'a> {
    fn new(finding: &'a Finding) -> Self {
        Self {
            lint: finding.lint.name(),
            severity: finding.severity.to_string(),
            line: finding.place.line,
            column: finding.place.column,
            path: &finding.path,
            message: &finding.message,
            call: finding.call.as_ref().map(CallLine::new),
        }
    }
}

fn as_sarif(named: &Named, found: &[Finding], out: &mut impl Write) -> Result<()> {
    let rule = |lint: &Kind| sarif::Rule { id: lint.name(), statement: lint.statement(), severity: lint.severity() };
    let rules: Vec<sarif::Rule> = Kind::ALL.iter().map(rule).collect();
    let findings = found.iter().map(|finding| {
        let call = finding.call.as_ref().map(|call| serde_json::json!({ "call": CallLine::new(call) }));
        sarif::Finding {
            rule: finding.lint.name(),
            severity: finding.severity,
            message: finding.message.clone(),
            place: finding.place,
            path: finding.path.clone(),
            properties: call,
        }
    });
    let findings: Vec<sarif::Finding> = findings.collect();
    sarif::write(named.file(), &rules, &findings, out)
}
