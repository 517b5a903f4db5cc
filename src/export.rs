use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use formats::export::{self, Tool};
use sim_core::scenario::Options;

use crate::Status;
use crate::input::{Input, scenario};

/// Arguments of `export`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// What to write.
    #[arg(value_enum)]
    format: FormatName,
    /// A scenario file, or - for standard input.
    path: PathBuf,
    /// The tool that a script begins with; the one that can and is easier to read if left out.
    #[arg(long, value_enum)]
    with: Option<ToolName>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// A shell script with setpriv, capsh and unshare.
    Script,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ToolName {
    Setpriv,
    Capsh,
}

/// Writes a scenario as something else.
pub(crate) fn export(arguments: &Arguments, out: &mut impl Write) -> Result<Status> {
    let Input { read, .. } = scenario(&arguments.path);
    let loaded = read.with_context(|| arguments.path.display().to_string())?;
    let (scenario, options) = (&loaded.scenario, Options::default());
    let with = arguments.with.map(|tool| match tool {
        ToolName::Setpriv => Tool::Setpriv,
        ToolName::Capsh => Tool::Capsh,
    });
    let exported = match arguments.format {
        FormatName::Script => export::script(scenario, &options, with)?,
    };
    write!(out, "{}", exported.text)?;
    out.flush()?;
    for reason in &exported.left_out {
        eprintln!("eperm: {reason}");
    }
    Ok(Status::Held)
}
