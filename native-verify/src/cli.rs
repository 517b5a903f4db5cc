use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::command::{
    self, BenchArguments, EnginesArguments, FlipsArguments, MergeArguments, RandomArguments, RunArguments, Suite,
    TableArguments,
};
use crate::guest::{GuestArguments, guest};

/// Performs the steps of scenarios on the running kernel and compares every field with the model.
///
/// Without root it works in a user namespace that maps its user alone: what one id can show is performed, the rest is
/// skipped with the reason, and counted.
///
/// Exit status: 0 if kernel and model agree; 1 if they differ, or something is skipped with --deny-skips; 2 if something
/// could not be read or done; 3 if the run was stopped and everything until then agrees.
///
/// SIGINT (Ctrl-C) and SIGTERM stop a run after the case that is being performed: its summary says how many of how many
/// were performed, and its evidence is written. A second signal ends it at once.
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
    /// Draw random states and sequences of changes of files, with calls and execs between them.
    Files(RandomArguments),
    /// Add up the evidence of several runs on the same kernel, say of shards or of stopped runs.
    ///
    /// Counts are summed and the newest date is kept. Whoever merges the evidence of one run twice counts it twice.
    Merge(MergeArguments),
    /// Measure the rate of every suite beside that of a bare vfork, exec and wait of the same probe, in turn.
    Bench(BenchArguments),
    /// Turn each change of the kernel round in the model, and demand that the random suites find it.
    Flips(FlipsArguments),
    /// Draw random filters of system calls, install them in children, and compare what becomes of calls.
    #[cfg(target_arch = "x86_64")]
    Seccomp(crate::seccomp::SeccompArguments),
    /// Measure what filters cost: ours and the installed libseccomp's, in turn, on Docker's default profile.
    #[cfg(all(target_arch = "x86_64", feature = "libseccomp"))]
    SeccompNumbers(crate::numbers::NumbersArguments),
    /// Draw random profiles, compile them ourselves and by libseccomp, and prove or refute each filter.
    ///
    /// A difference of libseccomp's is no failure. The known ones are tried again, and a new kind is written down.
    #[cfg(target_arch = "x86_64")]
    Profiles(crate::profiles::ProfilesArguments),
    /// Ask real engines for containers, and compare their first processes with the model.
    ///
    /// Docker, Podman, runc and crun of Debian's releases run in folders that `cargo xtask engines` makes, in namespaces of
    /// their own. With a shard, the requests of each engine are shared.
    Engines(EnginesArguments),
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
        Command::Files(arguments) => command::random(Suite::Files, &arguments),
        Command::Merge(arguments) => command::merge(&arguments),
        Command::Bench(arguments) => command::bench(&arguments),
        Command::Flips(arguments) => command::flips(&arguments),
        #[cfg(target_arch = "x86_64")]
        Command::Seccomp(arguments) => crate::seccomp::random(&arguments),
        #[cfg(all(target_arch = "x86_64", feature = "libseccomp"))]
        Command::SeccompNumbers(arguments) => crate::numbers::numbers(&arguments),
        #[cfg(target_arch = "x86_64")]
        Command::Profiles(arguments) => crate::profiles::profiles(&arguments),
        Command::Engines(arguments) => command::engines(&arguments),
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
