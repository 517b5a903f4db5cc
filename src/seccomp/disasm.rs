use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use sim_core::kernel::Release;
use sim_core::prelude::{Credentials, Silent, System, Thread};
use sim_core::rule::Rule;
use sim_core::seccomp::bpf::{CheckError, Instruction, MAX_PATH, PATH_PENALTY, check, opcode};
use sim_core::seccomp::explanation::Meaning;
use sim_core::seccomp::text::statements;
use sim_core::seccomp::{ByteOrder, FilterReturn, Install, Seccomp, install};

use super::explain::ActionLine;
use super::filter::{Form, Order, Output, read};
use super::source;
use super::target::release;
use crate::Status;

/// Read a filter in any form, write it in another, and tell whether it installs.
///
/// Read are the kernel's bytes (.bpf, in both byte orders), hexadecimal digits, C, and what seccomp-tools, libseccomp's
/// scmp_bpf_disasm and eperm print; which one it is shows in the text. The report tells whether the kernel accepts the
/// filter or by which rule it refuses it, what the filter weighs, and what its returns mean. It stands behind the listing as
/// comments; for other forms than listing and asm it goes to standard error.
///
/// Exit status: 0 if the kernel accepts the filter, 1 if it refuses it, 2 if it cannot be read.
#[derive(Debug, Args)]
pub(crate) struct Disasm {
    /// A filter; - for standard input.
    file: PathBuf,
    #[command(flatten)]
    output: Output,
    /// The form in which it is written.
    #[arg(long, value_enum, default_value_t = Form::Listing)]
    format: Form,
    /// The byte order of the machine that the filter is for: as its bytes show it, else little.
    #[arg(long, value_enum, value_name = "ORDER")]
    byte_order: Option<Order>,
    /// The kernel that it is to be installed on, as 5.10.
    #[arg(long, value_name = "RELEASE", value_parser = release, default_value = "6.18")]
    kernel: Release,
    /// Instructions and report as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Reads a filter and writes it.
pub(crate) fn disasm(arguments: &Disasm, out: &mut impl Write) -> Result<Status> {
    let given = arguments.byte_order.map(ByteOrder::from);
    let filter = read(&arguments.file, given)?;
    let order = given.or(filter.order).unwrap_or(ByteOrder::Little);
    let report = Report::new(&filter, order, arguments.kernel);
    if arguments.json {
        serde_json::to_writer(&mut *out, &report.line(&source::name(&arguments.file)))?;
        writeln!(out)?;
    } else {
        let mut bytes = arguments.format.write(&filter.instructions, order);
        if matches!(arguments.format, Form::Listing | Form::Asm) {
            report.tell("# ", &mut bytes)?;
        } else {
            report.tell("", &mut io::stderr().lock())?;
        }
        arguments.output.write(&bytes, out)?;
    }
    Ok(if report.refusal.is_none() { Status::Held } else { Status::Failed })
}

/// Whether a filter installs, and what it answers.
struct Report<'a> {
    filter: &'a formats::Filter,
    order: ByteOrder,
    release: Release,
    refusal: Option<(String, &'static Rule)>,
    fault: Option<CheckError>,
    weight: Option<u32>,
    /// The instructions that return a word, by word.
    returns: BTreeMap<FilterReturn, Vec<usize>>,
    /// The instructions that return what A holds.
    computed: Vec<usize>,
}

impl<'a> Report<'a> {
    fn new(filter: &'a formats::Filter, order: ByteOrder, release: Release) -> Self {
        let instructions = filter.instructions.as_slice();
        let system = System { release, ..System::default() };
        let root = Thread::from(Credentials::root(system.capabilities()));
        let call = Install::instructions(instructions);
        let outcome = install(&system, &root, &Seccomp::default(), &call, &mut Silent);
        let refusal = outcome.refusal().map(|refusal| (refusal.errno.to_string(), refusal.rule));
        let weight = outcome.granted().and_then(|it| it.state.filters().first().map(|filter| filter.weight));
        let (mut returns, mut computed) = (BTreeMap::<_, Vec<_>>::new(), Vec::new());
        for (index, instruction) in instructions.iter().enumerate() {
            match instruction.code {
                opcode::RET_K => returns.entry(FilterReturn(instruction.k)).or_default().push(index),
                opcode::RET_A => computed.push(index),
                _ => {}
            }
        }
        let fault = check(instructions).err();
        Self { filter, order, release, refusal, fault, weight, returns, computed }
    }

    fn tell(&self, before: &str, out: &mut impl Write) -> io::Result<()> {
        let (length, release) = (self.filter.instructions.len(), self.release);
        writeln!(out, "{before}{length} instructions, read as {}", self.form())?;
        match &self.refusal {
            Some((errno, rule)) => {
                let fault = self.fault.map(|fault| format!("{fault}. ")).unwrap_or_default();
                writeln!(
                    out,
                    "{before}Linux {release} refuses it with {errno}: {fault}{} ({})",
                    rule.statement, rule.id
                )?;
            }
            None => writeln!(
                out,
                "{before}Linux {release} accepts it, from a thread with no_new_privs or with CAP_SYS_ADMIN"
            )?,
        }
        if let Some(weight) = self.weight {
            writeln!(
                out,
                "{before}Weight: {weight}; all filters of a thread may weigh {MAX_PATH}, each counting {PATH_PENALTY} more"
            )?;
        }
        for (word, places) in &self.returns {
            writeln!(out, "{before}{word} at {}: the call {}", numbers(places), Meaning(*word))?;
        }
        if !self.computed.is_empty() {
            writeln!(out, "{before}A at {}: the word that the filter has computed", numbers(&self.computed))?;
        }
        Ok(())
    }

    fn form(&self) -> String {
        let form = match self.filter.form {
            formats::Form::Raw => "bytes",
            formats::Form::Hex => "hexadecimal digits",
            formats::Form::C => "C",
            formats::Form::SeccompTools => "a listing of seccomp-tools or eperm",
            formats::Form::Libseccomp => "a listing of scmp_bpf_disasm",
            formats::Form::Statements => "statements",
        };
        match self.filter.order {
            Some(ByteOrder::Little) => format!("{form}, little-endian"),
            Some(ByteOrder::Big) => format!("{form}, big-endian"),
            None => form.to_owned(),
        }
    }

    fn line(&self, name: &str) -> Line {
        let text = statements(&self.filter.instructions, self.order);
        let statement = |line: &str| line.split_once(": ").map_or(String::new(), |(_, text)| text.to_owned());
        let instruction = |(Instruction { code, jt, jf, k }, text): (&Instruction, &str)| InstructionLine {
            code: *code,
            jt: *jt,
            jf: *jf,
            k: *k,
            statement: statement(text),
        };
        let returns = self.returns.iter().map(|(word, places)| ReturnLine {
            word: word.0,
            action: ActionLine::new(*word),
            instructions: places.clone(),
        });
        Line {
            file: name.to_owned(),
            form: self.form(),
            kernel: self.release.to_string(),
            installs: self.refusal.is_none(),
            errno: self.refusal.as_ref().map(|(errno, _)| errno.clone()),
            rule: self.refusal.as_ref().map(|(_, rule)| rule.id),
            fault: self.fault.map(|fault| fault.to_string()),
            weight: self.weight,
            returns: returns.collect(),
            instructions: self.filter.instructions.iter().zip(text.lines()).map(instruction).collect(),
        }
    }
}

/// As `0003, 0007 and 12 more`.
fn numbers(places: &[usize]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<_> = places.iter().take(SHOWN).map(|place| format!("{place:04}")).collect();
    match places.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{} and {more} more", shown.join(", ")),
        _ => shown.join(", "),
    }
}

#[derive(Serialize)]
struct Line {
    file: String,
    form: String,
    kernel: String,
    installs: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    errno: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<u32>,
    returns: Vec<ReturnLine>,
    instructions: Vec<InstructionLine>,
}

#[derive(Serialize)]
struct ReturnLine {
    word: u32,
    #[serde(flatten)]
    action: ActionLine,
    instructions: Vec<usize>,
}

#[derive(Serialize)]
struct InstructionLine {
    code: u16,
    jt: u8,
    jf: u8,
    k: u32,
    statement: String,
}
