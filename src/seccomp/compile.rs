use std::io::{self, Write};

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use sim_core::kernel::Release;
use sim_core::seccomp::bpf::{Instruction, MAX_PATH, PATH_PENALTY, Program, weight};
use sim_core::seccomp::equivalence::{Difference, Subject, Undecided, difference};
use sim_core::seccomp::profile::{Ambiguity, Note, Policy};

use super::explain::{ActionLine, CallLine, call_in_words};
use super::filter::{Form, Output};
use super::target::{Named, ProfileArguments, TargetArguments};
use crate::Status;
use crate::run::printable;

/// Make a filter in classic BPF of a profile, and prove it.
///
/// The filter answers every call as the profile says, for all of its architectures in one. Then it is proven, for every
/// number and every argument there can be; no call is left out, none is only tried.
///
/// The filter is written to the file of -o, or in a --format to standard output; without both there is only the report.
///
/// Exit status: 0 if the filter is proven, or --no-validate is given; 1 if it could not be proven, or differs (then it is
/// not written); 2 if something cannot be read, or no filter can be made.
#[derive(Debug, Args)]
pub(crate) struct Compile {
    #[command(flatten)]
    profile: ProfileArguments,
    #[command(flatten)]
    output: Output,
    /// The form of the filter: raw unless it is given.
    #[arg(long, value_enum)]
    format: Option<Form>,
    /// Do not prove the filter.
    #[arg(long)]
    no_validate: bool,
    /// The report as one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetArguments,
}

/// Makes the filter, proves it and writes it.
pub(crate) fn compile(arguments: &Compile, out: &mut impl Write) -> Result<Status> {
    let mut named = arguments.profile.read()?;
    let target = arguments.target.target(&mut named);
    let policy = named.resolve(&target)?;
    let program = sim_core::seccomp::compile::compile(&policy).with_context(|| named.name.clone())?;
    let proof = if arguments.no_validate {
        Proof::Skipped
    } else {
        match difference(&Subject::Policy(&policy), &Subject::Program(&program)) {
            Ok(None) => Proof::Equal,
            Ok(Some(difference)) => Proof::Differs(difference),
            Err(undecided) => Proof::Undecided(undecided),
        }
    };
    let report = Report {
        named: &named,
        policy: &policy,
        program: &program,
        release: arguments.target.release(),
        engine: target.engine.to_string(),
        proof,
    };
    let writes = arguments.output.output.is_some() || arguments.format.is_some();
    let to_stdout = writes && arguments.output.file().is_none();
    if to_stdout {
        report.print(arguments.json, &mut io::stderr().lock())?;
    } else {
        report.print(arguments.json, out)?;
    }
    if writes && !matches!(proof, Proof::Differs(_)) {
        let order = target.native.architecture().byte_order();
        let bytes = arguments.format.unwrap_or(Form::Raw).write(program.instructions(), order);
        arguments.output.write(&bytes, out)?;
    }
    Ok(if matches!(proof, Proof::Equal | Proof::Skipped) { Status::Held } else { Status::Failed })
}

/// Whether the filter is what the policy says.
#[derive(Clone, Copy)]
enum Proof {
    Equal,
    Differs(Difference),
    Undecided(Undecided),
    Skipped,
}

struct Report<'a> {
    named: &'a Named,
    policy: &'a Policy,
    program: &'a Program,
    release: Release,
    engine: String,
    proof: Proof,
}

impl Report<'_> {
    fn print(&self, json: bool, out: &mut impl Write) -> Result<()> {
        if !json {
            return self.tell(out);
        }
        serde_json::to_writer(&mut *out, &self.line())?;
        Ok(writeln!(out)?)
    }

    fn tables(&self) -> Vec<String> {
        self.policy.tables.iter().map(|table| table.abi.to_string()).collect()
    }

    fn weight(&self) -> u32 {
        weight(self.program, self.release)
    }

    /// What the author of the profile should know.
    fn notes(&self) -> impl Iterator<Item = &Note> {
        let told = |note: &&Note| {
            matches!(
                note,
                Note::UnknownName(_) | Note::SameArgument(_) | Note::NoTable(_) | Note::ErrnoWithoutMeaning(_)
            )
        };
        self.policy.notes.iter().filter(told)
    }

    fn tell(&self, out: &mut impl Write) -> Result<()> {
        let length = self.program.instructions().len();
        writeln!(out, "{}, as {} makes it, for {}", self.named.name, self.engine, self.tables().join(", "))?;
        writeln!(out, "  {length} instructions, {} bytes", length * Instruction::SIZE)?;
        let (weight, release) = (self.weight(), self.release);
        writeln!(
            out,
            "  Weight: {weight} on Linux {release}; all filters of a thread may weigh {MAX_PATH}, each counting {PATH_PENALTY} more"
        )?;
        match &self.proof {
            Proof::Equal => writeln!(out, "  Proven: it answers every call as the profile says")?,
            Proof::Skipped => writeln!(out, "  Not proven: --no-validate")?,
            Proof::Undecided(why) => writeln!(out, "  NOT PROVEN: {why}")?,
            Proof::Differs(Difference { call, left, right }) => writeln!(
                out,
                "  WRONG, and not written: to {} the profile says {left}, the filter {right}",
                call_in_words(call)
            )?,
        }
        for Ambiguity { call, origins: [first, second], actions: [wins, loses] } in &self.policy.ambiguities {
            let (first_at, second_at) = (self.named.at(first.place), self.named.at(second.place));
            writeln!(out, "  Ambiguous: {} fits two rules", call_in_words(call))?;
            writeln!(out, "    {first_at}: {first} says {wins}, and is tried first")?;
            writeln!(out, "    {second_at}: {second} says {loses}")?;
        }
        for note in self.notes() {
            let place = note.place().map_or_else(|| self.named.name.clone(), |place| self.named.at(place));
            writeln!(out, "  {place}: {}", printable(&note.to_string()))?;
        }
        Ok(())
    }

    fn line(&self) -> Line {
        let ambiguities = self.policy.ambiguities.iter().map(|ambiguity| AmbiguityLine {
            call: CallLine::new(&ambiguity.call),
            rules: ambiguity
                .origins
                .into_iter()
                .zip(ambiguity.actions)
                .map(|(origin, action)| RuleLine {
                    path: origin.to_string(),
                    line: origin.place.line,
                    column: origin.place.column,
                    action: ActionLine::new(action),
                })
                .collect(),
        });
        let notes = self.notes().map(|note| NoteLine {
            line: note.place().map(|place| place.line),
            column: note.place().map(|place| place.column),
            note: note.to_string(),
        });
        Line {
            profile: self.named.name.clone(),
            engine: self.engine.clone(),
            architectures: self.tables(),
            instructions: self.program.instructions().len(),
            weight: self.weight(),
            validated: matches!(self.proof, Proof::Equal),
            counterexample: match &self.proof {
                Proof::Differs(found) => Some(DifferenceLine::new(found)),
                _ => None,
            },
            undecided: match &self.proof {
                Proof::Undecided(why) => Some(why.to_string()),
                _ => None,
            },
            ambiguities: ambiguities.collect(),
            notes: notes.collect(),
        }
    }
}

#[derive(Serialize)]
struct Line {
    profile: String,
    engine: String,
    architectures: Vec<String>,
    instructions: usize,
    weight: u32,
    validated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    counterexample: Option<DifferenceLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    undecided: Option<String>,
    ambiguities: Vec<AmbiguityLine>,
    notes: Vec<NoteLine>,
}

/// A call and two answers in JSON.
#[derive(Debug, Serialize)]
pub(crate) struct DifferenceLine {
    call: CallLine,
    left: ActionLine,
    right: ActionLine,
}

impl DifferenceLine {
    /// What was found.
    pub(crate) fn new(Difference { call, left, right }: &Difference) -> Self {
        Self { call: CallLine::new(call), left: ActionLine::new(*left), right: ActionLine::new(*right) }
    }
}

#[derive(Serialize)]
struct AmbiguityLine {
    call: CallLine,
    /// The one that is tried first, and the other.
    rules: Vec<RuleLine>,
}

#[derive(Serialize)]
struct RuleLine {
    path: String,
    line: u32,
    column: u32,
    #[serde(flatten)]
    action: ActionLine,
}

#[derive(Serialize)]
struct NoteLine {
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    note: String,
}
