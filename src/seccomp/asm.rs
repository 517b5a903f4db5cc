use std::io::Write;
use std::path::PathBuf;

use anyhow::{Result, anyhow};
use clap::Args;
use sim_core::seccomp::text::{MAX_TEXT, TextError, TextFault, assemble_in, read};

use super::filter::{Form, Order, Output};
use super::source;
use crate::Status;
use crate::run::printable;

/// Assemble a filter that is written as statements.
///
/// Each line is a statement, as `A = sys_number`, `if (A == 39) goto allow` or `return ERRNO(1)`; `name:` before one is a
/// label, # begins a comment. Listings with numbers beside the statements are read, too; disasm reads all other forms.
///
/// Exit status: 0 if the kernel would accept the filter; 1 if it would refuse it, with EINVAL (then it is written only with
/// --unchecked); 2 if the text cannot be read.
#[derive(Debug, Args)]
pub(crate) struct Asm {
    /// A text; - for standard input.
    file: PathBuf,
    #[command(flatten)]
    output: Output,
    /// The form of the filter.
    #[arg(long, value_enum, default_value_t = Form::Raw)]
    format: Form,
    /// The byte order of the machine that the filter is for.
    #[arg(long, value_enum, value_name = "ORDER", default_value_t = Order::Little)]
    byte_order: Order,
    /// Write it even if the kernel would refuse it.
    #[arg(long)]
    unchecked: bool,
}

/// Assembles a text.
pub(crate) fn asm(arguments: &Asm, out: &mut impl Write) -> Result<Status> {
    let name = source::name(&arguments.file);
    let refuse = |error: &TextError| anyhow!("{name}: {}", printable(&error.to_string()));
    let bytes = source::read(&arguments.file, MAX_TEXT)?;
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let line = 1 + bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count();
        anyhow!("{name}: line {line}: this is no text; disasm reads filters in bytes")
    })?;
    let order = arguments.byte_order.into();
    let (instructions, status) = match assemble_in(text, order) {
        Ok(program) => (program.instructions().to_vec(), Status::Held),
        Err(error) if matches!(error.fault, TextFault::Check(_)) => {
            eprintln!("eperm: {:#}", refuse(&error));
            if !arguments.unchecked {
                return Ok(Status::Failed);
            }
            (read(text, order).map_err(|error| refuse(&error))?, Status::Failed)
        }
        Err(error) => return Err(refuse(&error)),
    };
    arguments.output.write(&arguments.format.write(&instructions, order), out)?;
    Ok(status)
}
