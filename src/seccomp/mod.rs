//! `eperm seccomp`: one file a tool. What a profile means, and what a filter does, is the model's.

mod asm;
mod compile;
mod cost;
mod diff;
mod disasm;
mod explain;
mod filter;
mod lint;
mod resolve;
mod sarif;
mod sides;
mod source;
mod target;

use std::io::Write;

use anyhow::Result;
use clap::Subcommand;

use crate::Status;

/// The tools for filters; the first sentence of each is told by the tool's own arguments.
#[derive(Debug, Subcommand)]
pub(crate) enum Tool {
    Compile(compile::Compile),
    Disasm(disasm::Disasm),
    Asm(asm::Asm),
    Diff(diff::Diff),
    Resolve(resolve::Resolve),
    Cost(cost::Cost),
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
        Tool::Disasm(arguments) => disasm::disasm(arguments, out),
        Tool::Asm(arguments) => asm::asm(arguments, out),
        Tool::Diff(arguments) => diff::diff(arguments, out),
        Tool::Resolve(arguments) => resolve::resolve(arguments, out),
        Tool::Cost(arguments) => cost::cost(arguments, out),
        Tool::Explain(arguments) => explain::explain(arguments, out),
        Tool::Lint(arguments) => lint::lint(arguments, out),
        Tool::Lints(arguments) => lint::lints(arguments, out),
    }
}
