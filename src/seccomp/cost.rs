use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use serde::Serialize;
use sim_core::seccomp::bpf::Program;
use sim_core::seccomp::explanation::{Costs, STANDARD_NUMBERS};
use sim_core::seccomp::syscalls::{Abi, Call};

use super::sides::{Part, Side};
use super::source;
use super::target::{TargetArguments, abi};
use crate::Status;
use crate::run::printable;

/// Tell what calls cost: instructions that are executed, and what the kernel's cache answers.
///
/// A filter is one of a profile, made as by compile, or one that is given in any form that disasm reads. Counted are the
/// calls 0 to 334 and 424 to 471 of x86_64, or every call that another table has, each once and with all arguments zero;
/// or the calls of a file with how often each was made. Since Linux 5.11 the kernel keeps which calls a filter allows
/// whatever their arguments are, and answers them without running it.
///
/// Exit status: 0, or 2 if something cannot be read.
#[derive(Debug, Args)]
pub(crate) struct Cost {
    /// A profile, a filter, or preset:docker, preset:podman or preset:crio; - for standard input.
    filter: String,
    /// Another, to compare with.
    other: Option<String>,
    /// Calls that were counted, a line each: name and count, as `openat 1200`; # begins a comment.
    #[arg(long, value_name = "FILE")]
    calls: Option<PathBuf>,
    /// The table of the calls, as x86; the machine's own unless it is given.
    #[arg(long, value_name = "ARCH", value_parser = abi)]
    table: Option<Abi>,
    /// Show so many of the calls that need the most instructions.
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    worst: usize,
    /// One JSON object, with every call.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetArguments,
}

/// Measures one filter or two.
pub(crate) fn cost(arguments: &Cost, out: &mut impl Write) -> Result<Status> {
    let native = arguments.target.arch.first().copied().unwrap_or(Abi::X86_64);
    let table = arguments.table.unwrap_or(native);
    let (calls, which) = match &arguments.calls {
        Some(path) => (counted(path, table)?, format!("calls of {}", source::name(path))),
        None if table == Abi::X86_64 => (
            STANDARD_NUMBERS.into_iter().flatten().map(|number| (number, 1)).collect(),
            "calls 0 to 334 and 424 to 471 of x86_64, each once and with all arguments zero".to_owned(),
        ),
        None => (
            Call::ALL.iter().filter_map(|call| Some((call.number(table)?, 1))).collect(),
            format!("every call that {table} has, each once and with all arguments zero"),
        ),
    };
    let mut columns = Vec::new();
    for text in [Some(&arguments.filter), arguments.other.as_ref()].into_iter().flatten() {
        let (name, program) = filter(text, &arguments.target)?;
        let costs = Costs::new(&program, native, table, calls.iter().copied(), arguments.target.release());
        columns.push(Column { name, length: program.instructions().len(), costs });
    }
    let report = Report { columns, table, which };
    if arguments.json {
        serde_json::to_writer(&mut *out, &report.line())?;
        writeln!(out)?;
    } else {
        report.tell(arguments.worst, out)?;
    }
    Ok(Status::Held)
}

/// The filter of a profile, or one that is given.
fn filter(text: &str, target: &TargetArguments) -> Result<(String, Program)> {
    let Side { name, parts } = Side::read(text, target)?;
    let mut parts = parts.into_iter();
    match (parts.next(), parts.next()) {
        (Some(Part::Policy(policy)), None) => {
            let program = sim_core::seccomp::compile::compile(&policy).with_context(|| name.clone())?;
            Ok((name, program))
        }
        (Some(Part::Program(program, _)), None) => Ok((name, program)),
        _ => bail!("{name}: the cost is told of one filter, not of a stack"),
    }
}

/// Reads names with counts.
fn counted(path: &Path, table: Abi) -> Result<Vec<(u32, u64)>> {
    const LARGEST: usize = 1 << 20;
    let name = source::name(path);
    let bytes = source::read(path, LARGEST)?;
    let text = std::str::from_utf8(&bytes).with_context(|| name.clone())?;
    let mut calls = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let Some(call) = words.next() else { continue };
        let at = |what: &str| anyhow!("{name}: line {number}: {what}");
        let known = Call::by_name(call).and_then(|call| call.number(table));
        let known = known.ok_or_else(|| at(&format!("{table} has no call {:?}", printable(call))))?;
        let count = words.next().and_then(|count| count.parse().ok()).filter(|_| words.next().is_none());
        calls.push((known, count.ok_or_else(|| at("a name and a count should stand here, as openat 1200"))?));
    }
    if calls.is_empty() {
        bail!("{name}: there is no call in it");
    }
    Ok(calls)
}

struct Column {
    name: String,
    length: usize,
    costs: Costs,
}

struct Report {
    columns: Vec<Column>,
    table: Abi,
    which: String,
}

impl Report {
    fn tell(&self, worst: usize, out: &mut impl Write) -> Result<()> {
        for (letter, column) in ('A'..).zip(&self.columns) {
            writeln!(out, "{letter}: {}", column.name)?;
        }
        writeln!(out, "Counted: {}\n", self.which)?;
        let row = |out: &mut dyn Write, what: &str, value: &dyn Fn(&Column) -> String| -> Result<()> {
            write!(out, "  {what:40}")?;
            for column in &self.columns {
                write!(out, " {:>12}", value(column))?;
            }
            Ok(writeln!(out)?)
        };
        let letters: Vec<String> = ('A'..).zip(&self.columns).map(|(letter, _)| format!("{letter:>12}")).collect();
        writeln!(out, "  {:40} {}", "", letters.join(" "))?;
        row(out, "instructions in the filter", &|column| column.length.to_string())?;
        row(out, "calls", &|column| column.costs.calls().to_string())?;
        row(out, "instructions a call, average", &|column| hundredths(column.costs.average_in_hundredths()))?;
        row(out, "instructions a call, maximum", &|column| column.costs.maximum().to_string())?;
        row(out, "calls that the kernel's cache answers", &|column| column.costs.cached().to_string())?;
        row(out, "average where the cache counts as 0", &|column| {
            hundredths(column.costs.average_with_cache_in_hundredths())
        })?;
        writeln!(out, "\n  Calls by the instructions that they need")?;
        let histograms: Vec<BTreeMap<usize, u64>> =
            self.columns.iter().map(|column| column.costs.histogram()).collect();
        let mut keys: Vec<usize> = histograms.iter().flat_map(BTreeMap::keys).copied().collect();
        keys.sort_unstable();
        keys.dedup();
        let bins = bins(&keys);
        for (low, high) in bins {
            let what = if low == high { low.to_string() } else { format!("{low} to {high}") };
            write!(out, "  {what:40}")?;
            for histogram in &histograms {
                let calls: u64 = histogram.range(low..=high).map(|(_, calls)| *calls).fold(0, u64::saturating_add);
                write!(out, " {calls:>12}")?;
            }
            writeln!(out)?;
        }
        for (letter, column) in ('A'..).zip(&self.columns).filter(|_| worst > 0) {
            let mut rows: Vec<_> = column.costs.rows().iter().collect();
            rows.sort_by_key(|(number, _, execution)| (std::cmp::Reverse(execution.instructions), *number));
            let worst: Vec<String> = rows
                .into_iter()
                .take(worst)
                .map(|(number, _, execution)| format!("{} {}", self.call(*number), execution.instructions))
                .collect();
            writeln!(out, "\n  {letter} needs the most for: {}", worst.join(", "))?;
        }
        Ok(())
    }

    fn call(&self, number: u32) -> String {
        Call::by_number(self.table, number).map_or_else(|| format!("call {number}"), |call| call.name.to_owned())
    }

    fn line(&self) -> Line<'_> {
        let columns = self.columns.iter().map(|column| {
            let costs = &column.costs;
            let calls = costs.rows().iter().map(|(number, count, execution)| CallLine {
                number: *number,
                name: Call::by_number(self.table, *number).map(|call| call.name),
                count: *count,
                action: execution.returned.to_string(),
                instructions: execution.instructions,
                cached: execution.cached,
            });
            ColumnLine {
                filter: &column.name,
                length: column.length,
                calls: costs.calls(),
                average: hundredths(costs.average_in_hundredths()),
                maximum: costs.maximum(),
                cached: costs.cached(),
                average_with_cache: hundredths(costs.average_with_cache_in_hundredths()),
                by_call: calls.collect(),
            }
        });
        Line { counted: &self.which, table: self.table.name(), filters: columns.collect() }
    }
}

/// At most twenty ranges that hold all of the keys.
fn bins(keys: &[usize]) -> Vec<(usize, usize)> {
    const MOST: usize = 20;
    let (Some(&low), Some(&high)) = (keys.first(), keys.last()) else { return Vec::new() };
    if keys.len() <= MOST {
        return keys.iter().map(|&key| (key, key)).collect();
    }
    let width = (high - low) / MOST + 1;
    let bins = (low..=high).step_by(width).map(|low| (low, low + width - 1));
    bins.filter(|(low, high)| keys.iter().any(|key| (low..=high).contains(&key))).collect()
}

/// As `9.62`.
fn hundredths(number: u64) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}

#[derive(Serialize)]
struct Line<'a> {
    counted: &'a str,
    table: &'static str,
    filters: Vec<ColumnLine<'a>>,
}

#[derive(Serialize)]
struct ColumnLine<'a> {
    filter: &'a str,
    length: usize,
    calls: u64,
    /// Decimal, with two places.
    average: String,
    maximum: usize,
    cached: u64,
    average_with_cache: String,
    by_call: Vec<CallLine>,
}

#[derive(Serialize)]
struct CallLine {
    number: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
    count: u64,
    action: String,
    instructions: usize,
    cached: bool,
}
