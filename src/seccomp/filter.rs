//! Filters as files: read in any form that people have, written in the form that is asked for.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use clap::{Args, ValueEnum};
use formats::read_filter;
use sim_core::seccomp::ByteOrder;
use sim_core::seccomp::bpf::{Instruction, Program, to_bytes};
use sim_core::seccomp::text::{MAX_TEXT, disassemble, statements, write_c_array, write_hex};

use super::source;
use crate::run::printable;

/// The form in which a filter is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// The kernel's own 8 bytes an instruction, as in .bpf files.
    Raw,
    /// The same in hexadecimal digits.
    Hex,
    /// An array in C.
    C,
    /// A statement a line, for asm.
    Asm,
    /// Statements beside the numbers of each instruction, as seccomp-tools prints them; for asm, too.
    Listing,
}

/// The byte order of the machine that the filter is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Order {
    /// As on x86_64, aarch64 and most others.
    Little,
    /// As on s390x.
    Big,
}

/// Where a filter is written.
#[derive(Debug, Args)]
pub(crate) struct Output {
    /// Write the filter to this file; - for standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

impl Form {
    /// The filter in this form.
    pub(crate) fn write(self, program: &[Instruction], order: ByteOrder) -> Vec<u8> {
        match self {
            Self::Raw => to_bytes(program, order),
            Self::Hex => write_hex(program, order).into_bytes(),
            Self::C => write_c_array(program, order).into_bytes(),
            Self::Asm => statements(program, order).into_bytes(),
            Self::Listing => disassemble(program, order).into_bytes(),
        }
    }
}

impl From<Order> for ByteOrder {
    fn from(order: Order) -> Self {
        match order {
            Order::Little => Self::Little,
            Order::Big => Self::Big,
        }
    }
}

impl Output {
    /// Writes a filter to the file, or to `out`.
    pub(crate) fn write(&self, bytes: &[u8], out: &mut impl Write) -> Result<()> {
        match self.file() {
            Some(path) => fs::write(path, bytes).with_context(|| format!("{} cannot be written", source::name(path))),
            None => Ok(out.write_all(bytes)?),
        }
    }

    /// The file, unless standard output is meant.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| path.as_os_str() != "-")
    }
}

/// Reads a filter in any form; nobody has checked it. Without a byte order that is given or shows in its bytes it is for
/// a little-endian machine. An error names the file and the place in it.
pub(crate) fn read(path: &Path, order: Option<ByteOrder>) -> Result<formats::Filter> {
    of_bytes(&source::read(path, MAX_TEXT)?, &source::name(path), order)
}

/// The same for bytes that are read already.
pub(crate) fn of_bytes(bytes: &[u8], name: &str, order: Option<ByteOrder>) -> Result<formats::Filter> {
    read_filter(bytes, order).map_err(|error| anyhow!("{name}: {}", printable(&error.to_string())))
}

/// A filter that the kernel accepts; an error names the file and the instruction.
pub(crate) fn checked(instructions: Vec<Instruction>, name: &str) -> Result<Program> {
    Program::check(instructions).with_context(|| format!("{name}: the kernel refuses this filter"))
}
