//! What two sides of a comparison are: profiles, filters and stacks of them.

use std::path::Path;

use anyhow::Result;
use sim_core::rule::Silent;
use sim_core::seccomp::bpf::{Program, Steps};
use sim_core::seccomp::profile::{MAX_SIZE, Policy};
use sim_core::seccomp::region::{Answers, Diagram, Undecided};
use sim_core::seccomp::text::MAX_TEXT;
use sim_core::seccomp::{Architecture, ByteOrder, FilterReturn, SeccompData};

use super::target::{Named, TargetArguments, preset_name};
use super::{filter, source};

/// A side: what answers calls, the oldest first.
#[derive(Debug)]
pub(crate) struct Side {
    /// What it is, in words.
    pub(crate) name: String,
    /// Its parts; more than one is a stack.
    pub(crate) parts: Vec<Part>,
}

/// A policy or a filter.
#[derive(Debug)]
pub(crate) enum Part {
    /// The name of a profile, and what an engine makes of it.
    Policy(String, Box<Policy>),
    /// The name of a filter, and the filter.
    Program(String, Program),
}

/// A part that is not yet read as what it is.
enum Unread {
    Profile(Box<Named>),
    Filter(String, Vec<u8>),
}

impl Side {
    /// Reads a side: files, `-` and presets as `preset:docker`, with commas between them.
    pub(crate) fn read(text: &str, target: &TargetArguments) -> Result<Self> {
        let whole = Path::new(text).exists();
        let names: Vec<&str> = if whole { vec![text] } else { text.split(',').collect() };
        let (mut names_of_parts, mut parts) = (Vec::new(), Vec::new());
        for name in names {
            let (name, part) = Unread::read(name)?.understand(target)?;
            names_of_parts.push(name);
            parts.push(part);
        }
        Ok(Self { name: names_of_parts.join(", then "), parts })
    }

    /// Its answers, in a diagram.
    pub(crate) fn answers(&self, diagram: &mut Diagram) -> Result<Answers, Undecided> {
        let answers = self.parts.iter().map(|part| match part {
            Part::Policy(_, policy) => diagram.policy(policy),
            Part::Program(_, program) => diagram.program(program),
        });
        let answers: Vec<Answers> = answers.collect::<Result<_, _>>()?;
        let stacked = match answers.as_slice() {
            [only] => *only,
            several => diagram.stacked(several)?,
        };
        diagram.effective(stacked)
    }

    /// What decides a call: the rule with its place, or the instruction that returns.
    pub(crate) fn reason(&self, call: &SeccompData, order: ByteOrder) -> String {
        let (mut best, mut decisive) = (FilterReturn::ALLOW, None);
        for part in self.parts.iter().rev() {
            let word = part.answer(call, order);
            if word.is_stricter_than(best) {
                (best, decisive) = (word, Some(part));
            }
        }
        match (decisive, self.parts.as_slice()) {
            (Some(part), _) | (None, [part]) => part.reason(call, order),
            (None, _) => "all of them allow it".to_owned(),
        }
    }
}

impl Part {
    fn answer(&self, call: &SeccompData, order: ByteOrder) -> FilterReturn {
        match self {
            Self::Policy(_, policy) => policy.verdict(call).action,
            Self::Program(_, program) => program.run_in(call, order, &mut Silent).returned,
        }
    }

    fn reason(&self, call: &SeccompData, order: ByteOrder) -> String {
        match self {
            Self::Policy(name, policy) => {
                let verdict = policy.verdict(call);
                let place = verdict.rule().map(|rule| rule.origin.place);
                let place = place.map_or(String::new(), |place| format!(":{}:{}", place.line, place.column));
                format!("{name}{place}: {}", verdict.reason)
            }
            Self::Program(name, program) => {
                let mut steps = Steps::default();
                let run = program.run_in(call, order, &mut steps);
                let last = steps.0.last().map_or(0, |step| step.index);
                format!("{name}: instruction {last:04} returns {}", run.returned)
            }
        }
    }
}

impl Unread {
    fn read(text: &str) -> Result<Self> {
        let path = Path::new(text);
        if preset_name(path).is_some() {
            return Ok(Self::Profile(Box::new(Named::read(path)?)));
        }
        let name = source::name(path);
        let bytes = source::read(path, MAX_SIZE.max(MAX_TEXT))?;
        if is_profile(&bytes) {
            return Ok(Self::Profile(Box::new(Named::of_bytes(name, &bytes)?)));
        }
        Ok(Self::Filter(name, bytes))
    }

    fn understand(self, target: &TargetArguments) -> Result<(String, Part)> {
        match self {
            Self::Profile(mut named) => {
                let on = target.target(&mut named);
                let policy = named.resolve(&on)?;
                let tables: Vec<_> = policy.tables.iter().map(|table| table.abi.name()).collect();
                let name = format!("{}, as {} makes it, for {}", named.name, on.engine, tables.join(", "));
                Ok((name, Part::Policy(named.name, Box::new(policy))))
            }
            Self::Filter(name, bytes) => {
                let read = filter::for_machine(&bytes, &name, target.native())?;
                let length = read.instructions.len();
                let program = filter::checked(read.instructions, &name)?;
                Ok((format!("{name}, {length} instructions"), Part::Program(name, program)))
            }
        }
    }
}

/// Whether it is meant as the text of a profile: an object, while braces in C hold numbers, macros or more braces.
pub(crate) fn is_profile(bytes: &[u8]) -> bool {
    let rest = bytes.trim_ascii_start().strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    rest.is_some_and(|rest| !matches!(rest.first(), Some(b'0'..=b'9' | b'.' | b'{' | b'/' | b'A'..=b'Z')))
}

/// The architectures that have a name and this byte order.
pub(crate) fn architectures(order: ByteOrder) -> impl Iterator<Item = Architecture> {
    Architecture::ALL.iter().copied().filter(move |known| known.byte_order() == order)
}
