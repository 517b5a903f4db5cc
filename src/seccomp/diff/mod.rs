mod rows;

use std::io::Write;

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use sim_core::capability::CapSet;
use sim_core::seccomp::profile::Engine;
use sim_core::seccomp::region::{Answers, CallDifference, Calls, Diagram, Difference, Region, Undecided, Word};
use sim_core::seccomp::{Architecture, FilterReturn};

use self::rows::{Called, More, Row, named, rows, words};
use super::compile::DifferenceLine;
use super::explain::call_in_words;
use super::sides::{Side, architectures, common_order};
use super::target::{TargetArguments, capabilities, engine};
use crate::Status;

/// Compare what two profiles, filters or stacks of them answer, for every call there can be.
///
/// A side is a profile, a filter in any form that disasm reads, preset:docker, preset:podman or preset:crio; or a stack:
/// several of these with commas between them, the oldest first. Answers are the same if they make no difference to
/// anybody: data that the kernel ignores does not count. Nothing is tried out: what is called equal is proven, and each
/// difference is shown by a call.
///
/// Exit status: 0 if both answer every call alike, or with --subset if LEFT permits at most what RIGHT does; 1 if not; 2 if
/// something cannot be read or decided.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// A profile, a filter, preset:docker, or a stack of these with commas between; - for standard input.
    left: String,
    /// What it is compared with.
    right: String,
    /// Ask only whether LEFT permits at most what RIGHT permits.
    #[arg(long)]
    subset: bool,
    /// Show every call that is answered differently; without it, the first 40.
    #[arg(long)]
    all: bool,
    /// One JSON object, with every difference.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetArguments,
    /// The engine of the right side, if it is another.
    #[arg(long, value_parser = engine, value_name = "ENGINE")]
    right_engine: Option<Engine>,
    /// The capabilities of the right side, if they are others.
    #[arg(long, value_parser = capabilities, value_name = "SET")]
    right_caps: Option<CapSet>,
}

/// So many rows are shown unless all are asked for.
const SHOWN: usize = 40;
/// So many runs of numbers of one architecture are told apart.
const MOST_RUNS: usize = 20_000;
/// So many regions of arguments are told for a call.
const MOST_REGIONS: usize = 64;
/// So many of them are shown unless all are asked for.
const SHOWN_REGIONS: usize = 3;

/// Compares both sides.
pub(crate) fn diff(arguments: &Diff, out: &mut impl Write) -> Result<Status> {
    let on_the_right = TargetArguments {
        engine: arguments.right_engine.or(arguments.target.engine),
        caps: arguments.right_caps.unwrap_or(arguments.target.caps),
        ..arguments.target.clone()
    };
    let left = Side::read(&arguments.left, &arguments.target)?;
    let right = Side::read(&arguments.right, &on_the_right)?;
    let mut diagram = Diagram::new(common_order(&left, &right)?);
    let answers = |side: &Side, diagram: &mut Diagram| side.answers(diagram).with_context(|| side.name.clone());
    let both = [answers(&left, &mut diagram)?, answers(&right, &mut diagram)?];
    let comparison = Comparison::new(&mut diagram, both)?;
    if arguments.subset {
        let excess = comparison.left_more;
        if arguments.json {
            let line = SubsetLine { subset: excess.is_none(), example: excess.as_ref().map(DifferenceLine::new) };
            serde_json::to_writer(&mut *out, &line)?;
            writeln!(out)?;
        } else {
            match excess {
                None => writeln!(out, "Yes: left permits at most what right permits.")?,
                Some(shown) => writeln!(out, "No: {}", answers_to(&shown))?,
            }
        }
        return Ok(if excess.is_none() { Status::Held } else { Status::Failed });
    }
    if arguments.json {
        let line = comparison.line(&left, &right, &mut diagram, both)?;
        serde_json::to_writer(&mut *out, &line)?;
        writeln!(out)?;
    } else {
        writeln!(out, "left:  {}\nright: {}", left.name, right.name)?;
        comparison.tell(arguments.all, &mut diagram, both, out)?;
    }
    Ok(if comparison.any.is_none() { Status::Held } else { Status::Failed })
}

/// How two sides stand to each other.
struct Comparison {
    any: Option<Difference>,
    left_more: Option<Difference>,
    right_more: Option<Difference>,
    /// What differs, by architecture; `None` where it is too much to list.
    listed: Vec<(Architecture, Option<Vec<CallDifference>>)>,
    /// A call by an architecture that has no name here.
    elsewhere: Option<Difference>,
}

impl Comparison {
    fn new(diagram: &mut Diagram, [left, right]: [Answers; 2]) -> Result<Self, Undecided> {
        let any = diagram.difference(left, right, Calls::ALL)?;
        let left_more = diagram.excess(left, right, Calls::ALL)?;
        let right_more = diagram.excess(right, left, Calls::ALL)?;
        let right_more = right_more.map(|found| Difference { left: found.right, right: found.left, ..found });
        let (mut listed, mut elsewhere) = (Vec::new(), None);
        if any.is_some() {
            let known: Vec<Architecture> = architectures(diagram.byte_order()).collect();
            let by_known = diagram.by_any(&known)?;
            let by_others = diagram.complement(by_known)?;
            elsewhere = diagram.difference(left, right, by_others)?;
            for architecture in known {
                let found = match diagram.differences(left, right, architecture, MOST_RUNS) {
                    Ok(found) if found.is_empty() => continue,
                    Ok(found) => Some(found),
                    Err(_) => None,
                };
                listed.push((architecture, found));
            }
        }
        Ok(Self { any, left_more, right_more, listed, elsewhere })
    }

    const fn relation(&self) -> (&'static str, &'static str) {
        match (&self.any, &self.left_more, &self.right_more) {
            (None, ..) => ("equal", "Equal: both answer every call alike."),
            (_, None, None) => ("same_permissions", "Both permit the same calls, but refuse or ask otherwise."),
            (_, Some(_), None) => {
                ("left_permits_more", "Left permits more; right permits nothing that left does not.")
            }
            (_, None, Some(_)) => {
                ("right_permits_more", "Right permits more; left permits nothing that right does not.")
            }
            (_, Some(_), Some(_)) => ("both", "Each permits calls that the other does not."),
        }
    }

    fn tell(&self, all: bool, diagram: &mut Diagram, both: [Answers; 2], out: &mut impl Write) -> Result<()> {
        writeln!(out, "{}", self.relation().1)?;
        if let Some(found) = &self.left_more {
            writeln!(out, "  left permits more:  {}", answers_to(found))?;
        }
        if let Some(found) = &self.right_more {
            writeln!(out, "  right permits more: {}", answers_to(found))?;
        }
        if let (Some(found), None, None) = (&self.any, &self.left_more, &self.right_more) {
            writeln!(out, "  {}", answers_to(found))?;
        }
        let (named, numbers): (Vec<Row>, Vec<Row>) =
            rows(&self.listed).into_iter().partition(|row| matches!(row.call, Called::Name(_)));
        let mut left_to_show = if all { usize::MAX } else { SHOWN };
        for more in More::ALL {
            let own: Vec<&Row> = named.iter().filter(|row| row.more == more).collect();
            if own.is_empty() {
                continue;
            }
            writeln!(out, "\n{} (calls: {}):", more.heading(), own.len())?;
            let shown = own.get(..left_to_show).unwrap_or(&own);
            left_to_show -= shown.len();
            table(shown, all, diagram, both, out)?;
            if shown.len() < own.len() {
                writeln!(out, "  and {} more; --all shows them", own.len() - shown.len())?;
            }
        }
        if !numbers.is_empty() {
            writeln!(out, "\nOther numbers:")?;
        }
        for Row { call, left, right, by, .. } in &numbers {
            writeln!(out, "  {}: {}: {left} against {right}", by.join(", "), called(call))?;
        }
        for (architecture, _) in self.listed.iter().filter(|(_, found)| found.is_none()) {
            writeln!(out, "  {architecture}: too many numbers differ to list them")?;
        }
        if let Some(found) = &self.elsewhere {
            writeln!(out, "  Calls by other architectures differ, too: {}", answers_to(found))?;
        }
        Ok(())
    }

    fn line(&self, left: &Side, right: &Side, diagram: &mut Diagram, both: [Answers; 2]) -> Result<Line> {
        let mut differences = Vec::new();
        for found in self.listed.iter().flat_map(|(_, found)| found.iter().flatten()) {
            let (first, last) = (*found.numbers.start(), *found.numbers.end());
            let regions = if found.is_conditional() {
                regions(diagram, both, found.architecture, first)?
                    .map(|regions| regions.into_iter().map(RegionLine::new).collect())
            } else {
                None
            };
            differences.push(CallDifferenceLine {
                arch: found.architecture.to_string(),
                numbers: [first, last],
                names: named(found).map(|(abi, call)| NameLine { arch: abi.name(), name: call.name }).collect(),
                left: words(&found.left),
                right: words(&found.right),
                example: DifferenceLine::new(&found.example),
                left_permits_more: found.left_permits_more.is_some(),
                right_permits_more: found.right_permits_more.is_some(),
                regions,
            });
        }
        let unlisted = self.listed.iter().filter(|(_, found)| found.is_none());
        Ok(Line {
            left: left.name.clone(),
            right: right.name.clone(),
            relation: self.relation().0,
            left_permits_more: self.left_more.as_ref().map(DifferenceLine::new),
            right_permits_more: self.right_more.as_ref().map(DifferenceLine::new),
            differing_calls: rows(&self.listed).iter().filter(|row| matches!(row.call, Called::Name(_))).count(),
            differences,
            not_listed: unlisted.map(|(architecture, _)| architecture.to_string()).collect(),
            elsewhere: self.elsewhere.as_ref().map(DifferenceLine::new),
        })
    }
}

/// Rows under each other, with what counts of the arguments.
fn table(rows: &[&Row], all: bool, diagram: &mut Diagram, both: [Answers; 2], out: &mut impl Write) -> Result<()> {
    let width = |text: fn(&Row) -> &str| rows.iter().map(|row| text(row).chars().count()).max().unwrap_or(0);
    let (call, left, right) = (width(|row| called(&row.call)), width(|row| &row.left), width(|row| &row.right));
    let (call, left, right) = (call.max(4), left.max(4), right.max(5));
    if !rows.is_empty() {
        writeln!(out, "  {:call$}  {:left$}  {:right$}  by", "call", "left", "right")?;
    }
    for row in rows {
        let name = called(&row.call);
        writeln!(out, "  {name:call$}  {:left$}  {:right$}  {}", row.left, row.right, row.by.join(", "))?;
        let (Some((architecture, number)), Some(by)) = (row.conditional, row.by.first()) else { continue };
        let found = regions(diagram, both, architecture, number)?.unwrap_or_default();
        let shown = found.get(..SHOWN_REGIONS).filter(|_| !all).unwrap_or(&found);
        for (region, [left, right]) in shown {
            writeln!(out, "    {by}, {region}: {left} against {right}")?;
        }
        if shown.len() < found.len() {
            writeln!(out, "    and {} more regions of arguments", found.len() - shown.len())?;
        }
    }
    Ok(())
}

fn called(call: &Called) -> &str {
    match call {
        Called::Name(name) => name,
        Called::Numbers(numbers) => numbers,
    }
}

/// As `mount on x86_64: left ALLOW, right ERRNO(1)`.
fn answers_to(Difference { call, left, right }: &Difference) -> String {
    format!("{}: left {left}, right {right}", call_in_words(call))
}

/// What counts of the arguments where the answers to a number differ; `None` if it is too much.
#[allow(clippy::type_complexity, reason = "a region and two answers, twice wrapped")]
fn regions(
    diagram: &mut Diagram,
    [left, right]: [Answers; 2],
    architecture: Architecture,
    number: u32,
) -> Result<Option<Vec<(Region, [FilterReturn; 2])>>, Undecided> {
    let (by, numbered) = (diagram.by(architecture)?, diagram.numbered(number)?);
    let within = diagram.both(by, numbered)?;
    let Ok(mut found) = diagram.differing_regions(left, right, within, MOST_REGIONS) else { return Ok(None) };
    for (region, _) in &mut found {
        region.words.retain(|(word, _)| !matches!(word, Word::Architecture | Word::Number));
    }
    Ok(Some(found))
}

#[derive(Serialize)]
struct Line {
    left: String,
    right: String,
    relation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_permits_more: Option<DifferenceLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    right_permits_more: Option<DifferenceLine>,
    differing_calls: usize,
    differences: Vec<CallDifferenceLine>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_listed: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    elsewhere: Option<DifferenceLine>,
}

#[derive(Serialize)]
struct SubsetLine {
    subset: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<DifferenceLine>,
}

#[derive(Serialize)]
struct CallDifferenceLine {
    arch: String,
    numbers: [u32; 2],
    names: Vec<NameLine>,
    left: Vec<String>,
    right: Vec<String>,
    left_permits_more: bool,
    right_permits_more: bool,
    example: DifferenceLine,
    /// What counts of the arguments, for the first of the numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    regions: Option<Vec<RegionLine>>,
}

#[derive(Serialize)]
struct NameLine {
    arch: &'static str,
    name: &'static str,
}

#[derive(Serialize)]
struct RegionLine {
    region: String,
    left: String,
    right: String,
}

impl RegionLine {
    fn new((region, [left, right]): (Region, [FilterReturn; 2])) -> Self {
        Self { region: region.to_string(), left: left.to_string(), right: right.to_string() }
    }
}
