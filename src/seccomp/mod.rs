//! `eperm seccomp`: one file a tool. What a profile means, and what a filter does, is the model's.

mod compile;
mod explain;
mod filter;
mod lint;
mod sarif;
mod source;
mod target;

use std::io::Write;

use anyhow::Result;
use clap::Subcommand;

use crate::Status;

/// The tools for filters.
#[derive(Debug, Subcommand)]
pub(crate) enum Tool {
    /// Make a filter in classic BPF of a profile, and prove it.
    Compile(compile::Compile),
    /// Tell why calls are answered as they are: rules, conditions, cost and cache.
    Explain(explain::Explain),
    /// Say what is wrong in a profile, or not what it seems.
    Lint(lint::Lint),
    /// List what lint looks for.
    Lints(lint::Lints),
}

/// Uses a tool.
pub(crate) fn perform(tool: &Tool, out: &mut impl Write) -> Result<Status> {
    match tool {
        Tool::Compile(arguments) => compile::compile(arguments, out),
        Tool::Explain(arguments) => explain::explain(arguments, out),
        Tool::Lint(arguments) => lint::lint(arguments, out),
        Tool::Lints(arguments) => lint::lints(arguments, out),
    }
}
