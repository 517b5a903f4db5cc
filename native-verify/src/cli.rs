use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::command::{self, RandomArguments, RunArguments, Suite, TableArguments};
use crate::guest::{GuestArguments, guest};

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
    /// Perform the complete table of execve: every combination, every row of bits.
    Table(TableArguments),
    /// Draw random states and files, execute them, and shrink any difference to a scenario.
    Execve(RandomArguments),
    /// Draw random states and sequences of calls that change credentials.
    Calls(RandomArguments),
    /// Draw random states and sequences of calls that make and enter user namespaces.
    Namespaces(RandomArguments),
    /// Draw random states and sequences of operations that ask for a permission.
    Operations(RandomArguments),
    /// Draw random filters of system calls, install them in children, and compare what becomes of calls.
    #[cfg(target_arch = "x86_64")]
    Seccomp(crate::seccomp::SeccompArguments),
    /// Be the first process of a virtual machine, verify, and switch off.
    #[command(hide = true)]
    Guest(GuestArguments),
}

/// Does what the command line says.
pub fn command_line() -> ExitCode {
    let result = match CommandLine::parse().command {
        Command::Run(arguments) => command::run(&arguments),
        Command::Table(arguments) => command::table(&arguments),
        Command::Execve(arguments) => command::random(Suite::Execve, &arguments),
        Command::Calls(arguments) => command::random(Suite::Calls, &arguments),
        Command::Namespaces(arguments) => command::random(Suite::Namespaces, &arguments),
        Command::Operations(arguments) => command::random(Suite::Operations, &arguments),
        #[cfg(target_arch = "x86_64")]
        Command::Seccomp(arguments) => crate::seccomp::random(&arguments),
        Command::Guest(arguments) => guest(&arguments),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("native-verify: {error:#}");
            ExitCode::from(2)
        }
    }
}
