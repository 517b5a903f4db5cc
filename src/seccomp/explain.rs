use std::io::Write;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use serde::Serialize;
use sim_core::kernel::Release;
use sim_core::seccomp::bpf::Program;
use sim_core::seccomp::compile::compile;
use sim_core::seccomp::explanation::{self, Execution, Explanation, Meaning, Part, unfiltered};
use sim_core::seccomp::profile::{MAX_SIZE, Policy, Reason};
use sim_core::seccomp::region::Permission;
use sim_core::seccomp::syscalls::{Abi, AskedCall, read_calls};
use sim_core::seccomp::{FilterReturn, SeccompData};

use super::sides::is_profile;
use super::target::{Named, ProfileArguments, TargetArguments, preset_name};
use super::{filter, source};
use crate::Status;
use crate::run::printable;

/// Tell why calls are answered as they are: rules, conditions, cost and cache.
///
/// Of a profile are told, for each call, the answer, the rule that decides and where it stands, every entry that names the
/// call and why it counts or not, how many instructions the filter executes, and whether the kernel's cache of allowed
/// calls answers without the filter. Of a filter, in any form that disasm reads, all but the rules are told.
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
    let native = arguments.target.arch.first().copied().unwrap_or(Abi::X86_64);
    let mut calls = Vec::new();
    for text in &arguments.syscall {
        let read = read_calls(text, native);
        calls.extend(read.map_err(|error| anyhow!("--syscall {:?}: {error}", printable(text)))?);
    }
    let subject = arguments.subject()?;
    let machine = Machine { native, release: arguments.target.release() };
    let mut status = Status::Held;
    for call in &calls {
        let action = if arguments.json {
            subject.write(call, &machine, arguments.path, out)?
        } else {
            subject.tell(call, &machine, arguments.path, out)?
        };
        if Permission::of(action.action()) == Permission::Refused {
            status = Status::Failed;
        }
    }
    Ok(status)
}

impl Explain {
    /// Reads what answers the calls.
    fn subject(&self) -> Result<Subject> {
        let mut named = match &self.profile.profile {
            Some(path) if preset_name(path).is_none() => {
                let (name, bytes) = (source::name(path), source::read(path, MAX_SIZE)?);
                if !is_profile(&bytes) {
                    let filter = filter::of_bytes(&bytes, &name, None)?;
                    let program = filter::checked(filter.instructions, &name)?;
                    return Ok(Subject { name, program, profile: None });
                }
                Named::of_bytes(name, &bytes)?
            }
            _ => self.profile.read()?,
        };
        let target = self.target.target(&mut named);
        let policy = named.resolve(&target)?;
        let program = compile(&policy).with_context(|| named.name.clone())?;
        Ok(Subject { name: named.name.clone(), program, profile: Some((named, policy)) })
    }
}

/// What answers calls.
struct Subject {
    name: String,
    program: Program,
    /// The profile that the program was made of, and what the engine makes of it.
    profile: Option<(Named, Policy)>,
}

/// Where the filter runs.
struct Machine {
    native: Abi,
    release: Release,
}

impl Subject {
    fn explanation(&self, call: &SeccompData) -> Option<Explanation<'_>> {
        let (named, policy) = self.profile.as_ref()?;
        Some(explanation::explain(&named.profile, policy, call))
    }

    fn tell(&self, call: &AskedCall, machine: &Machine, path: bool, out: &mut impl Write) -> Result<FilterReturn> {
        let Machine { native, release } = *machine;
        let execution = Execution::new(&self.program, native, &call.data, release);
        let action = execution.returned;
        writeln!(out, "{} {}: {action}", call_in_words(&call.data), Meaning(action))?;
        if let (Some(told), Some((named, _))) = (self.explanation(&call.data), &self.profile) {
            tell_entries(call, &told, named, out)?;
        }
        if let Some(rule) = unfiltered(&call.data, release) {
            writeln!(out, "  But the kernel does not ask: {} ({})", rule.statement, rule.id)?;
        }
        let steps = Execution::path(&self.program, native, &call.data);
        let (needed, length) = (execution.instructions, self.program.instructions().len());
        let cache = if execution.cached {
            format!("Linux {release} answers from its cache instead")
        } else {
            format!("Linux {release} does not keep the answer in its cache")
        };
        if self.profile.is_none() {
            let last = steps.last().map_or(0, |step| step.index);
            writeln!(out, "  {}: instruction {last:04} returns it", self.name)?;
        }
        writeln!(out, "  The filter needs {needed} of its {length} instructions; {cache}.")?;
        for step in steps.into_iter().filter(|_| path) {
            writeln!(out, "    {:04}: {:40} with A = 0x{:x}", step.index, step.statement, step.a)?;
        }
        Ok(action)
    }

    fn write(&self, call: &AskedCall, machine: &Machine, path: bool, out: &mut impl Write) -> Result<FilterReturn> {
        let execution = Execution::new(&self.program, machine.native, &call.data, machine.release);
        let answer = match self.explanation(&call.data) {
            Some(told) => AnswerLine::Profile(Answer::new(&told)),
            None => {
                AnswerLine::Filter { call: CallLine::new(&call.data), action: ActionLine::new(execution.returned) }
            }
        };
        let steps = path.then(|| {
            let steps = Execution::path(&self.program, machine.native, &call.data);
            steps.into_iter().map(|it| StepLine { index: it.index, statement: it.statement, a: it.a }).collect()
        });
        let unfiltered = unfiltered(&call.data, machine.release).map(|rule| rule.id);
        let line = Line { answer, execution: ExecutionLine::new(execution, &self.program), unfiltered, path: steps };
        serde_json::to_writer(&mut *out, &line)?;
        writeln!(out)?;
        Ok(execution.returned)
    }
}

/// What the profile says, entry by entry.
fn tell_entries(call: &AskedCall, told: &Explanation<'_>, named: &Named, out: &mut impl Write) -> Result<()> {
    match told.verdict.reason {
        Reason::Rule(rule) => writeln!(out, "  {}: {}", named.at(rule.origin.place), told.verdict.reason)?,
        reason => writeln!(out, "  {}: {reason}", named.name)?,
    }
    if !told.entries.is_empty() {
        writeln!(out, "  Entries that name it:")?;
    }
    for entry in &told.entries {
        let name = printable(entry.name);
        let part = printable(&entry.to_string());
        writeln!(out, "    {} {} {name}: {part}", named.at(entry.origin.place), entry.origin)?;
    }
    let conditional = told.entries.iter().any(|entry| match &entry.part {
        Part::Rules(trials) => trials.iter().any(|trial| !trial.rule.conditions.is_empty()),
        _ => false,
    });
    if conditional && call.written == 0 {
        writeln!(out, "  Arguments are taken for 0; with others the answer may be another.")?;
    }
    Ok(())
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
        let abi = Abi::of(call);
        let name = abi.and_then(|abi| sim_core::seccomp::syscalls::Call::by_number(abi, call.nr)).map(|it| it.name);
        let arch = abi.map_or_else(|| call.arch.to_string(), |abi| abi.to_string());
        Self { arch, name, number: call.nr, args: call.args.map(|argument| format!("0x{argument:x}")) }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    answer: AnswerLine<'a>,
    #[serde(rename = "filter")]
    execution: ExecutionLine,
    /// The rule by which the kernel does not ask the filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    unfiltered: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<Vec<StepLine>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum AnswerLine<'a> {
    Profile(Answer<'a>),
    Filter {
        call: CallLine,
        #[serde(flatten)]
        action: ActionLine,
    },
}

#[derive(Serialize)]
struct StepLine {
    index: usize,
    statement: String,
    a: u32,
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
