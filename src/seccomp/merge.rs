use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use sim_core::seccomp::equivalence::Difference;
use sim_core::seccomp::merge::{MergeError, Mode, merge as merged};
use sim_core::seccomp::preset::Preset;
use sim_core::seccomp::profile::{Engine, Profile};
use sim_core::seccomp::syscalls::Abi;

use super::explain::call_in_words;
use super::source;
use super::target::{Named, TargetArguments, preset};
use crate::Status;
use crate::run::printable;

/// Merge profiles into one: what any of them permits, or all, proven.
///
/// The profiles are read as the engine reads them on this target, so that includes, excludes and archMap are gone. The
/// result is proven for every call there can be: a union permits all that a profile does, an intersection only what all do;
/// whether it permits more, or less, than it should is said too, with a call that shows it.
///
/// Exit status: 0 if the result is exact, 1 if it is not, or not proven, 2 if something cannot be read.
#[derive(Debug, Args)]
pub(crate) struct Merge {
    /// Profiles; - for standard input.
    profiles: Vec<PathBuf>,
    /// The default profile of an engine, too: docker, podman or crio.
    #[arg(long, value_parser = preset)]
    preset: Vec<Preset>,
    /// What all of them permit, instead of what any does.
    #[arg(long)]
    intersect: bool,
    /// Where the profile is written; standard output unless it is given.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    target: TargetArguments,
}

/// Merges, writes and proves.
pub(crate) fn merge(arguments: &Merge, out: &mut impl Write) -> Result<Status> {
    let files = arguments.profiles.iter().map(|path| Named::read(path));
    let presets = arguments.preset.iter().map(|preset| Ok(Named::preset(*preset)));
    let named = files.chain(presets).collect::<Result<Vec<Named>>>()?;
    if named.len() < 2 {
        bail!("two profiles at least are needed");
    }
    let native = arguments.target.arch.first().copied().unwrap_or(Abi::X86_64);
    let target = arguments.target.on(native, arguments.target.engine.unwrap_or(Engine::DOCKER));
    let profiles: Vec<Profile> = named.iter().map(|named| named.profile.clone()).collect();
    let mode = if arguments.intersect { Mode::Intersection } else { Mode::Union };
    let result = merged(&profiles, &target, mode).map_err(|error| match error {
        MergeError::Source { index, error } => {
            let name = named.get(index).map(|named| named.name.clone()).unwrap_or_default();
            anyhow!("{name}: {}", printable(&error.to_string()))
        }
        other => anyhow!("{}", printable(&other.to_string())),
    })?;
    match &arguments.output {
        Some(path) => std::fs::write(path, result.profile.to_string())
            .with_context(|| format!("{} cannot be written", source::name(path)))?,
        None => write!(out, "{}", result.profile)?,
    }

    let proof = match result.proof() {
        Ok(proof) => proof,
        Err(undecided) => {
            eprintln!("not proven: {undecided}");
            return Ok(Status::Failed);
        }
    };
    for (named, wrong) in named.iter().zip(&proof.wrong) {
        let name = &named.name;
        match (wrong, mode) {
            (None, Mode::Union) => eprintln!("proven: every call that {name} permits is permitted"),
            (None, Mode::Intersection) => eprintln!("proven: every call that is permitted, {name} permits"),
            (Some(shown), Mode::Union) => eprintln!("WRONG: {name} permits more: {}", in_words(shown)),
            (Some(shown), Mode::Intersection) => eprintln!("WRONG: {name} permits less: {}", in_words(shown)),
        }
    }
    if !result.rounded.is_empty() {
        let what = if arguments.intersect { "refused" } else { "permitted" };
        eprintln!("cannot be written as a profile, and so {what} altogether: {}", result.rounded.join(", "));
    }
    match (&proof.inexact, mode) {
        (None, Mode::Union) => eprintln!("proven: no other call is permitted"),
        (None, Mode::Intersection) => eprintln!("proven: no call is refused that all permit"),
        (Some(shown), Mode::Union) => eprintln!("more is permitted than any does: {}", in_words(shown)),
        (Some(shown), Mode::Intersection) => eprintln!("less is permitted than all do: {}", in_words(shown)),
    }
    Ok(if proof.is_right() && proof.is_exact() { Status::Held } else { Status::Failed })
}

fn in_words(shown: &Difference) -> String {
    format!("{}: {} against {}", call_in_words(&shown.call), shown.left, shown.right)
}
