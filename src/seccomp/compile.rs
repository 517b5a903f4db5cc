use std::io::Write;

use anyhow::Result;
use clap::Args;

use super::target::{ProfileArguments, TargetArguments};
use crate::Status;

/// Makes a filter of a profile.
#[derive(Debug, Args)]
pub(crate) struct Compile {
    #[command(flatten)]
    profile: ProfileArguments,
    #[command(flatten)]
    target: TargetArguments,
}

/// Makes the filter, proves it and writes it.
pub(crate) fn compile(arguments: &Compile, out: &mut impl Write) -> Result<Status> {
    let mut named = arguments.profile.read()?;
    let target = arguments.target.target(&mut named);
    let policy = named.resolve(&target)?;
    let program = sim_core::seccomp::compile::compile(&policy)?;
    writeln!(out, "{} instructions", program.instructions().len())?;
    Ok(Status::Held)
}
