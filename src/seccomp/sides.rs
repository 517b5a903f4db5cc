//! What two sides of a comparison are: profiles, filters and stacks of them.

use std::path::Path;

use anyhow::{Result, bail};
use sim_core::seccomp::bpf::Program;
use sim_core::seccomp::profile::{MAX_SIZE, Policy};
use sim_core::seccomp::region::{Answers, Diagram, Undecided};
use sim_core::seccomp::text::MAX_TEXT;
use sim_core::seccomp::{Architecture, ByteOrder};

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
    /// What an engine makes of a profile.
    Policy(Box<Policy>),
    /// A filter, and the byte order that its bytes show.
    Program(Program, Option<ByteOrder>),
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
        let unread = names.into_iter().map(Unread::read).collect::<Result<Vec<_>>>()?;
        let native = target.arch.first().map(|abi| abi.architecture().byte_order());
        // A text says nothing of the byte order; beside a profile it is that of the profile's machine.
        let order = native.filter(|_| unread.iter().any(|part| matches!(part, Unread::Profile(_))));
        let (mut names, mut parts) = (Vec::new(), Vec::new());
        for part in unread {
            let (name, part) = part.understand(target, order)?;
            names.push(name);
            parts.push(part);
        }
        Ok(Self { name: names.join(", then "), parts })
    }

    /// The byte order of its machine, if something tells it.
    pub(crate) fn order(&self) -> Result<Option<ByteOrder>> {
        let mut orders = self.parts.iter().filter_map(|part| match part {
            Part::Policy(policy) => policy.tables.first().map(|table| table.abi.architecture().byte_order()),
            Part::Program(_, order) => *order,
        });
        let first = orders.next();
        if orders.any(|order| Some(order) != first) {
            bail!("{}: one kernel has one byte order; here are both", self.name);
        }
        Ok(first)
    }

    /// Its answers, in a diagram.
    pub(crate) fn answers(&self, diagram: &mut Diagram) -> Result<Answers, Undecided> {
        let answers = self.parts.iter().map(|part| match part {
            Part::Policy(policy) => diagram.policy(policy),
            Part::Program(program, _) => diagram.program(program),
        });
        let answers: Vec<Answers> = answers.collect::<Result<_, _>>()?;
        let stacked = match answers.as_slice() {
            [only] => *only,
            several => diagram.stacked(several)?,
        };
        diagram.effective(stacked)
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

    fn understand(self, target: &TargetArguments, order: Option<ByteOrder>) -> Result<(String, Part)> {
        match self {
            Self::Profile(mut named) => {
                let on = target.target(&mut named);
                let policy = named.resolve(&on)?;
                let tables: Vec<_> = policy.tables.iter().map(|table| table.abi.name()).collect();
                let name = format!("{}, as {} makes it, for {}", named.name, on.engine, tables.join(", "));
                Ok((name, Part::Policy(Box::new(policy))))
            }
            Self::Filter(name, bytes) => {
                let read = filter::of_bytes(&bytes, &name, order)?;
                let length = read.instructions.len();
                let program = filter::checked(read.instructions, &name)?;
                Ok((format!("{name}, {length} instructions"), Part::Program(program, read.order)))
            }
        }
    }
}

/// Whether it is meant as the text of a profile: an object, while braces in C hold numbers, macros or more braces.
pub(crate) fn is_profile(bytes: &[u8]) -> bool {
    let rest = bytes.trim_ascii_start().strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    rest.is_some_and(|rest| !matches!(rest.first(), Some(b'0'..=b'9' | b'.' | b'{' | b'/' | b'A'..=b'Z')))
}

/// The byte order of both sides.
pub(crate) fn common_order(left: &Side, right: &Side) -> Result<ByteOrder> {
    match (left.order()?, right.order()?) {
        (Some(left), Some(right)) if left != right => {
            bail!("the sides are for machines of different byte orders; no call is made on both")
        }
        (first, second) => Ok(first.or(second).unwrap_or(ByteOrder::Little)),
    }
}

/// The architectures that have a name and this byte order.
pub(crate) fn architectures(order: ByteOrder) -> impl Iterator<Item = Architecture> {
    Architecture::ALL.iter().copied().filter(move |known| known.byte_order() == order)
}
