//! Everything a contributor types: `cargo xtask play | test | verify | book | evidence | bench | soak | tidy | setup`.

mod apt;
mod bench;
mod book;
mod doctor;
mod engines;
mod evidence;
mod fuzz;
mod kernels;
mod libseccomp;
mod mutants;
mod page;
mod play;
#[path = "../../web/scenarios.rs"]
mod scenarios;
mod serve;
mod setup;
mod shell;
mod soak;
mod syscalls;
mod test;
mod tidy;
mod verify;
mod wasm;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Everything a contributor types.")]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build the playground and serve it on 127.0.0.1.
    Play(play::Arguments),
    /// Check everything: what CI runs.
    Test(test::Arguments),
    /// Hold the model against the running kernel.
    Verify(verify::Arguments),
    /// Write what is made from the rules, the evidence and the format: RULES.md, TABLE.md, FORMAT.md, the JSON Schema.
    Book,
    /// Write the table of system calls from the crate that has the kernel's numbers.
    Syscalls,
    /// Ask the running kernel which rules it confirms, and put the answer into the rule table.
    Evidence(evidence::Arguments),
    /// Boot other kernels and hold the model against each.
    Kernels(kernels::Arguments),
    /// Get real container engines, and hold the model against each.
    Engines(engines::Arguments),
    /// Measure, and write benches/README.md.
    Bench,
    /// Print how long the doctor takes for each of the questions that people paste.
    Doctor,
    /// Change the model in one place at a time, to see a test fail.
    Mutants(mutants::Arguments),
    /// Let a fuzzer look for an input that breaks a reader, the check or the interpreter.
    Fuzz(fuzz::Arguments),
    /// Do long work; it can be stopped, resumed and sharded.
    Soak(soak::Arguments),
    /// Check the habits of the house.
    Tidy,
    /// Install what the other commands need.
    Setup,
}

fn main() -> ExitCode {
    match work(CommandLine::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn work(command: Command) -> Result<()> {
    enter_the_repository()?;
    match command {
        Command::Play(arguments) => play::play(&arguments),
        Command::Test(arguments) => test::test(&arguments),
        Command::Verify(arguments) => verify::verify(&arguments),
        Command::Book => evidence::write_table(),
        Command::Syscalls => syscalls::write(),
        Command::Evidence(arguments) => evidence::gather(&arguments),
        Command::Kernels(arguments) => kernels::kernels(&arguments),
        Command::Engines(arguments) => engines::engines(&arguments),
        Command::Bench => bench::bench(),
        Command::Doctor => doctor::report(),
        Command::Mutants(arguments) => mutants::mutants(&arguments),
        Command::Fuzz(arguments) => fuzz::fuzz(&arguments),
        Command::Soak(arguments) => soak::soak(&arguments),
        Command::Tidy => tidy::tidy(),
        Command::Setup => setup::everything(),
    }
}

/// Paths are relative to the repository, wherever the command was typed.
fn enter_the_repository() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask stands in no folder")?;
    std::env::set_current_dir(root).with_context(|| format!("cannot enter {}", root.display()))
}
