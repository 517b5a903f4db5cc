use std::io::Write;

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use sim_core::seccomp::bpf::Program;
use sim_core::seccomp::compile::compile;
use sim_core::seccomp::explanation::{self, Execution, Explanation, Meaning, Part, unfiltered};
use sim_core::seccomp::profile::{Policy, Reason};
use sim_core::seccomp::region::Permission;
use sim_core::seccomp::syscalls::{AskedCall, read_calls};
use sim_core::seccomp::{FilterReturn, SeccompData};

use super::target::{Named, ProfileArguments, TargetArguments};
use crate::Status;
use crate::run::printable;

/// Tell why calls are answered as they are: rules, conditions, cost and cache.
///
/// Told are, for each call, the answer, the rule that decides and where it stands in the profile, every entry that names the
/// call and why it counts or not, how many instructions the filter executes, and whether the kernel's cache of allowed
/// calls answers without the filter.
///
/// Exit status: 0 if no call is refused, 1 if some is, 2 if something cannot be read.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    #[command(flatten)]
    profile: ProfileArguments,
    /// Calls with commas between them: names or numbers, with an architecture before and arguments behind if wanted, as
    /// 'openat, x86:socketcall(1), personality(0x8)'. Arguments that are not written are 0.
    #[arg(long, value_name = "CALLS", required = true)]
    syscall: Vec<String>,
    /// Show the instructions that are executed, too.
    #[arg(long)]
    path: bool,
    /// One JSON object a call.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetArguments,
}

/// Explains each call.
pub(crate) fn explain(arguments: &Explain, out: &mut impl Write) -> Result<Status> {
    let mut named = arguments.profile.read()?;
    let target = arguments.target.target(&mut named);
    let policy = named.resolve(&target)?;
    let program = compile(&policy).with_context(|| named.name.clone())?;
    let asked = Asked { named: &named, policy: &policy, program: &program, target: &arguments.target };
    let mut status = Status::Held;
    for text in &arguments.syscall {
        let calls = read_calls(text, target.native);
        for call in calls.map_err(|error| anyhow::anyhow!("--syscall {:?}: {error}", printable(text)))? {
            let explanation = explanation::explain(&named.profile, &policy, &call.data);
            if Permission::of(explanation.verdict.action.action()) == Permission::Refused {
                status = Status::Failed;
            }
            if arguments.json {
                serde_json::to_writer(&mut *out, &asked.line(&explanation))?;
                writeln!(out)?;
            } else {
                asked.tell(&call, &explanation, arguments.path, out)?;
            }
        }
    }
    Ok(status)
}

struct Asked<'a> {
    named: &'a Named,
    policy: &'a Policy,
    program: &'a Program,
    target: &'a TargetArguments,
}

impl Asked<'_> {
    fn execution(&self, call: &SeccompData) -> Option<Execution> {
        let native = self.policy.tables.first()?.abi;
        Some(Execution::new(self.program, native, call, self.target.release()))
    }

    fn tell(&self, call: &AskedCall, told: &Explanation<'_>, path: bool, out: &mut impl Write) -> Result<()> {
        let action = told.verdict.action;
        writeln!(out, "{} {}: {action}", call_in_words(&told.call), Meaning(action))?;
        match told.verdict.reason {
            Reason::Rule(rule) => writeln!(out, "  {}: {}", self.named.at(rule.origin.place), told.verdict.reason)?,
            reason => writeln!(out, "  {}: {reason}", self.named.name)?,
        }
        if !told.entries.is_empty() {
            writeln!(out, "  Entries that name it:")?;
        }
        for entry in &told.entries {
            let name = printable(entry.name);
            writeln!(out, "    {} {} {name}: {entry}", self.named.at(entry.origin.place), entry.origin)?;
        }
        let conditional = told.entries.iter().any(|entry| match &entry.part {
            Part::Rules(trials) => trials.iter().any(|trial| !trial.rule.conditions.is_empty()),
            _ => false,
        });
        if conditional && call.written == 0 {
            writeln!(out, "  Arguments are taken for 0; with others the answer may be another.")?;
        }
        let release = self.target.release();
        if let Some(rule) = unfiltered(&told.call, release) {
            writeln!(out, "  But the kernel does not ask: {} ({})", rule.statement, rule.id)?;
        }
        if let Some(execution) = self.execution(&told.call) {
            let (length, of) = (execution.instructions, self.program.instructions().len());
            let cache = if execution.cached {
                format!("Linux {release} answers from its cache instead")
            } else {
                format!("Linux {release} does not keep the answer in its cache")
            };
            writeln!(out, "  The filter needs {length} of its {of} instructions; {cache}.")?;
        }
        let native = self.policy.tables.first().map(|table| table.abi);
        for native in native.into_iter().filter(|_| path) {
            for step in Execution::path(self.program, native, &told.call) {
                writeln!(out, "    {:04}: {:40} A = 0x{:x}", step.index, step.statement, step.a)?;
            }
        }
        Ok(())
    }

    fn line<'l>(&'l self, told: &'l Explanation<'l>) -> Line<'l> {
        let execution = self.execution(&told.call);
        Line { answer: Answer::new(told), execution: execution.map(|it| ExecutionLine::new(it, self.program)) }
    }
}

/// As `personality(0x8) on x86_64`, or `call 9999 on x86_64`.
pub(crate) fn call_in_words(call: &SeccompData) -> String {
    let shown = CallLine::new(call);
    let name = shown.name.map_or_else(|| format!("call {}", shown.number), str::to_owned);
    let last = call.args.iter().rposition(|argument| *argument != 0);
    let args: Vec<_> = call.args.iter().take(last.map_or(0, |last| last + 1)).map(|a| format!("0x{a:x}")).collect();
    let args = if args.is_empty() { String::new() } else { format!("({})", args.join(", ")) };
    let from = match call.instruction_pointer {
        0 => String::new(),
        pointer => format!(" from 0x{pointer:x}"),
    };
    format!("{name}{args} on {}{from}", shown.arch)
}

/// A call in JSON.
#[derive(Debug, Serialize)]
pub(crate) struct CallLine {
    arch: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
    number: u32,
    /// Hexadecimal: not every reader of JSON has numbers of 64 bits.
    args: [String; 6],
}

impl CallLine {
    /// A call by its table and name, where they are known.
    pub(crate) fn new(call: &SeccompData) -> Self {
        let abi = sim_core::seccomp::syscalls::Abi::of(call);
        let name = abi.and_then(|abi| sim_core::seccomp::syscalls::Call::by_number(abi, call.nr)).map(|it| it.name);
        let arch = abi.map_or_else(|| call.arch.to_string(), |abi| abi.to_string());
        Self { arch, name, number: call.nr, args: call.args.map(|argument| format!("0x{argument:x}")) }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    answer: Answer<'a>,
    #[serde(rename = "filter", skip_serializing_if = "Option::is_none")]
    execution: Option<ExecutionLine>,
}

/// The answer to a call in JSON, with what decided and every entry that names the call.
#[derive(Debug, Serialize)]
pub(crate) struct Answer<'a> {
    call: CallLine,
    #[serde(flatten)]
    action: ActionLine,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<PlaceLine>,
    entries: Vec<EntryLine<'a>>,
}

/// An action in JSON, and what it means.
#[derive(Debug, Serialize)]
pub(crate) struct ActionLine {
    action: String,
    meaning: String,
    permission: &'static str,
}

#[derive(Debug, Serialize)]
struct PlaceLine {
    path: String,
    line: u32,
    column: u32,
}

#[derive(Debug, Serialize)]
struct EntryLine<'a> {
    #[serde(flatten)]
    place: PlaceLine,
    name: &'a str,
    action: Option<&'static str>,
    part: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rules: Vec<TrialLine>,
}

#[derive(Debug, Serialize)]
struct TrialLine {
    action: String,
    conditions: Vec<ConditionLine>,
    holds: bool,
    decides: bool,
}

#[derive(Debug, Serialize)]
struct ConditionLine {
    condition: String,
    argument: String,
    holds: bool,
}

#[derive(Serialize)]
struct ExecutionLine {
    length: usize,
    instructions: usize,
    executed: usize,
    cached: bool,
}

impl ActionLine {
    /// An action in words.
    pub(crate) fn new(action: FilterReturn) -> Self {
        let permission = match Permission::of(action.action()) {
            Permission::Refused => "refused",
            Permission::Asked => "asked",
            Permission::Granted => "granted",
        };
        Self { action: action.to_string(), meaning: Meaning(action).to_string(), permission }
    }
}

impl PlaceLine {
    fn new(origin: sim_core::seccomp::profile::Origin) -> Self {
        Self { path: origin.to_string(), line: origin.place.line, column: origin.place.column }
    }
}

impl<'a> Answer<'a> {
    /// What was explained.
    pub(crate) fn new(told: &Explanation<'a>) -> Self {
        let entries = told.entries.iter().map(|entry| {
            let rules = match &entry.part {
                Part::Rules(trials) => trials.iter().map(TrialLine::new).collect(),
                _ => Vec::new(),
            };
            EntryLine {
                place: PlaceLine::new(entry.origin),
                name: entry.name,
                action: entry.action.profile_name(),
                part: entry.to_string(),
                rules,
            }
        });
        Self {
            call: CallLine::new(&told.call),
            action: ActionLine::new(told.verdict.action),
            reason: told.verdict.reason.to_string(),
            rule: told.verdict.rule().map(|rule| PlaceLine::new(rule.origin)),
            entries: entries.collect(),
        }
    }
}

impl TrialLine {
    fn new(trial: &explanation::Trial<'_>) -> Self {
        let conditions = trial.conditions().map(|tested| ConditionLine {
            condition: tested.condition.to_string(),
            argument: format!("0x{:x}", tested.argument),
            holds: tested.holds,
        });
        Self {
            action: trial.rule.action.to_string(),
            conditions: conditions.collect(),
            holds: trial.holds,
            decides: trial.decides,
        }
    }
}

impl ExecutionLine {
    fn new(execution: Execution, program: &Program) -> Self {
        Self {
            length: program.instructions().len(),
            instructions: execution.instructions,
            executed: execution.executed(),
            cached: execution.cached,
        }
    }
}
