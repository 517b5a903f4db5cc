use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::command;

/// Performs the steps of scenarios on the running kernel and compares every field with the model.
///
/// Exit status: 0 if kernel and model agree, 1 if they differ, 2 if something could not be read or done.
#[derive(Debug, Parser)]
#[command(name = "native-verify", version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Perform scenarios and compare every field after every step.
    Run(RunArguments),
    /// Draw random states and files, execute them, and shrink any difference to a scenario.
    Execve(ExecveArguments),
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// Scenario files; a folder stands for the .json files below it.
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) common: CommonArguments,
}

/// Arguments of `execve`.
#[derive(Debug, Args)]
pub(crate) struct ExecveArguments {
    /// How many cases to draw.
    #[arg(long, default_value_t = 1000)]
    pub(crate) cases: u32,
    /// Where the drawing begins; the same seed draws the same cases.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Where the smallest difference goes.
    #[arg(long, default_value = "difference.json")]
    pub(crate) difference: PathBuf,
    #[command(flatten)]
    pub(crate) common: CommonArguments,
}

/// Arguments of every command.
#[derive(Debug, Args)]
pub(crate) struct CommonArguments {
    /// Prints JSON: one object a scenario, or one for all random cases.
    #[arg(long)]
    pub(crate) json: bool,
    /// Fail if anything is skipped.
    #[arg(long)]
    pub(crate) deny_skips: bool,
    /// Add what was confirmed to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) evidence: Option<PathBuf>,
}

/// Does what the command line says.
pub fn command_line() -> ExitCode {
    let result = match CommandLine::parse().command {
        Command::Run(arguments) => command::run(&arguments),
        Command::Execve(arguments) => command::execve(&arguments),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("native-verify: {error:#}");
            ExitCode::from(2)
        }
    }
}
