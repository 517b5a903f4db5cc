//! The `eperm` command: reads text, asks the model, prints. No rule of Linux lives here.

mod decode;
mod doctor;
mod engines;
mod explain;
mod export;
mod fix;
mod format;
mod input;
mod least;
mod rules;
mod run;
mod seccomp;
mod sets;
mod started;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use sim_core::search::Limits;

/// What will the Linux kernel decide, and why?
///
/// Exit status: 0 if every expectation holds, 1 if some do not, 2 if some input cannot be read.
#[derive(Debug, Parser)]
#[command(name = "eperm", version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run scenarios and compare them with what they expect.
    Run {
        /// Scenario files, or JSON Lines in .jsonl files; a folder stands for both below it, - for JSON Lines on standard input.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// One result a line, as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Derive a scenario's outcome: every rule that was tried, in words and sets.
    Explain {
        /// A scenario file, or - for standard input.
        path: PathBuf,
    },
    /// Paste what you have: what happens, the rule that decides, what helps.
    Doctor(doctor::Arguments),
    /// Search what to change so that a step succeeds: every minimal set of edits, the least powerful first.
    Fix {
        /// A scenario file, or - for standard input.
        path: PathBuf,
        /// The step, counted from 1; the first one that is refused if left out.
        #[arg(long, value_name = "N")]
        step: Option<usize>,
        /// The most edits of a set.
        #[arg(long, value_name = "N", default_value_t = Limits::default().edits)]
        bound: usize,
        /// One object, as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write a scenario as a script, for an engine, as a test or for an issue; what is left out is told on standard error.
    Export(export::Arguments),
    /// Ask every container engine the same, and show where they differ.
    Engines(engines::Request),
    /// Translate between sets in digits, names, file capabilities and their bytes.
    Decode {
        /// 16 hexadecimal digits, names, text as for setcap, or the bytes of security.capability.
        #[arg(required = true, allow_hyphen_values = true)]
        what: Vec<String>,
        /// Print file capabilities as the bytes of security.capability.
        #[arg(long)]
        bytes: bool,
    },
    /// List the rules with their sources and evidence, or one of them.
    Rules {
        /// The id of a rule, or how ids begin.
        id: Option<String>,
        /// The whole book of rules as Markdown.
        #[arg(long, conflicts_with = "id")]
        markdown: bool,
    },
    /// Filters of system calls: profiles, what engines make of them, and classic BPF.
    #[command(subcommand)]
    Seccomp(seccomp::Tool),
    Least(least::Least),
    /// Print the JSON Schema of the scenario format.
    Schema {
        /// For people, as Markdown.
        #[arg(long)]
        markdown: bool,
    },
}

/// Exit status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    /// Every expectation holds.
    #[default]
    Held = 0,
    /// Some expectation does not hold.
    Failed = 1,
    /// Some input cannot be read.
    Unreadable = 2,
}

/// What a program that SIGPIPE ends is seen to end with.
const BROKEN_PIPE: u8 = 141;

fn main() -> ExitCode {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let result = perform(&CommandLine::parse().command, &mut out).and_then(|status| {
        out.flush()?;
        Ok(status)
    });
    match result {
        Ok(status) => ExitCode::from(status as u8),
        // Whoever read the output has read enough; what was not told was not checked either.
        Err(error) if is_broken_pipe(&error) => ExitCode::from(BROKEN_PIPE),
        Err(error) => {
            eprintln!("eperm: {error:#}");
            ExitCode::from(Status::Unreadable as u8)
        }
    }
}

fn perform(command: &Command, out: &mut impl Write) -> Result<Status> {
    match command {
        Command::Run { paths, json: true } => run::as_json(paths, out),
        Command::Run { paths, json: false } => run::for_people(paths, out),
        Command::Explain { path } => explain::explain(path, out),
        Command::Doctor(arguments) => doctor::doctor(arguments, out),
        Command::Fix { path, step, bound, json } => fix::fix(path, *step, *bound, *json, out),
        Command::Export(arguments) => export::export(arguments, out),
        Command::Engines(request) => engines::engines(request, out),
        Command::Decode { what, bytes } => decode::decode(what, *bytes, out),
        Command::Rules { markdown: true, .. } => rules::book(out),
        Command::Rules { id, .. } => rules::list(id.as_deref(), out),
        Command::Seccomp(tool) => seccomp::perform(tool, out),
        Command::Least(arguments) => least::least(arguments, out),
        Command::Schema { markdown: true } => format::book(out),
        Command::Schema { markdown: false } => format::schema(out),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>().map(io::Error::kind);
    let json = error.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
    io.or(json) == Some(io::ErrorKind::BrokenPipe)
}
