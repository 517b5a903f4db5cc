use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Serialize;
use sim_core::scenario::{
    Difference, Loaded, Options, ReadError, ScenarioResult, Simulation, release_differences, verdict,
};

use crate::Status;
use crate::input::{Input, scenarios};
use crate::started;

#[derive(Serialize)]
struct ResultLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a Path>,
    #[serde(flatten)]
    result: ScenarioResult,
}

#[derive(Serialize)]
struct ErrorLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a Path>,
    error: ReadError,
}

/// One JSON object a scenario, in order.
pub(crate) fn as_json(paths: &[PathBuf], out: &mut impl Write) -> Result<Status> {
    let mut status = Status::default();
    for Input { file, read } in scenarios(paths) {
        let file = file.as_deref();
        match read {
            Ok(loaded) => {
                let result = loaded.run();
                status = status.max(if result.ok { Status::Held } else { Status::Failed });
                serde_json::to_writer(&mut *out, &ResultLine { file, result })?;
            }
            Err(error) => {
                status = Status::Unreadable;
                serde_json::to_writer(&mut *out, &ErrorLine { file, error })?;
            }
        }
        writeln!(out)?;
    }
    Ok(status)
}

/// What happened in each scenario, in words.
pub(crate) fn for_people(paths: &[PathBuf], out: &mut impl Write) -> Result<Status> {
    let mut status = Status::default();
    let (mut held, mut failed, mut unreadable) = (0, 0, 0);
    for Input { file, read } in scenarios(paths) {
        let name = file.map_or_else(|| "standard input".to_owned(), |file| file.display().to_string());
        match read {
            Ok(loaded) => {
                let ok = tell(&name, &loaded, out)?;
                status = status.max(if ok { Status::Held } else { Status::Failed });
                *(if ok { &mut held } else { &mut failed }) += 1;
            }
            Err(error) => {
                status = Status::Unreadable;
                unreadable += 1;
                writeln!(out, "{name}: {error}\n")?;
            }
        }
    }
    let mut counts = vec![format!("{held} as expected")];
    counts.extend((failed > 0).then(|| format!("{failed} NOT as expected")));
    counts.extend((unreadable > 0).then(|| format!("{unreadable} cannot be read")));
    writeln!(out, "Scenarios: {}.", counts.join(", "))?;
    Ok(status)
}

/// The text without anything that would move a terminal's cursor or change its colours: scenarios come from strangers.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}

/// Tells one scenario; gives whether every expectation held.
fn tell(name: &str, loaded: &Loaded, out: &mut impl Write) -> Result<bool> {
    let release = loaded.world.system.release;
    let name = printable(name);
    match &loaded.scenario.title {
        Some(title) => writeln!(out, "{}\n  {name}, Linux {release}", printable(title))?,
        None => writeln!(out, "{name}\n  Linux {release}")?,
    }
    let mut simulation = Simulation::new(loaded.world.clone());
    let mut ok = started::tell(loaded, &simulation, out)?;
    for (index, step) in loaded.scenario.steps.iter().enumerate() {
        let outcome = simulation.perform(&step.call);
        writeln!(out, "  {}. {}", index + 1, printable(&verdict(&outcome)))?;
        let result = outcome.result();
        writeln!(out, "     Rules: {}", result.rules.join(", "))?;
        let differences =
            step.expect.as_ref().map(|expect| expect.differences(&result, loaded.world.all)).unwrap_or_default();
        for Difference { field, expected, actual } in &differences {
            let (expected, actual) = (printable(expected), printable(actual));
            writeln!(out, "     EXPECTED {field} to be {expected}; it is {actual}")?;
        }
        ok &= differences.is_empty();
    }
    ok &= tell_eras(loaded, out)?;
    tell_releases(loaded, out)?;
    started::versions(loaded, out)?;
    writeln!(out)?;
    Ok(ok)
}

/// Eras in which something comes out otherwise than expected; gives whether there are none.
fn tell_eras(loaded: &Loaded, out: &mut impl Write) -> Result<bool> {
    if loaded.scenario.eras.is_empty() {
        return Ok(true);
    }
    let eras = loaded.run().eras;
    for era in &eras {
        for Difference { field, expected, actual } in &era.differences {
            let (expected, actual) = (printable(expected), printable(actual));
            writeln!(out, "  Era {}: EXPECTED {field} to be {expected}; it is {actual}", era.era + 1)?;
        }
    }
    Ok(eras.is_empty())
}

/// Where another release answers otherwise, that is said unasked.
fn tell_releases(loaded: &Loaded, out: &mut impl Write) -> Result<()> {
    for difference in release_differences(&loaded.scenario, &Options::default()) {
        let step = difference.step + 1;
        writeln!(out, "  Before Linux {} step {step} comes out otherwise:", difference.since)?;
        for fact in difference.facts() {
            writeln!(out, "     {fact}")?;
        }
        for change in &difference.changes {
            writeln!(out, "     {} ({})", change.statement, change.source)?;
        }
    }
    Ok(())
}
