use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Serialize;
use sim_core::kernel::Errno;
use sim_core::seccomp::profile::{Engine, Target};
use sim_core::seccomp::region::{Answers, Diagram, Permission, Undecided};
use sim_core::seccomp::syscalls::{Abi, Call, Version};
use sim_core::seccomp::{Action, FilterReturn};

use super::target::{Named, ProfileArguments, abi, capabilities, engine};
use crate::Status;

/// Show what engines make of a profile, by architecture, capabilities, kernel and engine.
///
/// Each option that is given more than once makes more cells: every combination is one. Shown are, for each cell, how many
/// calls of the machine's table run, are refused, or depend on their arguments, and then every call that is not answered
/// the same in all cells. Cells with the same answer to every call there can be, with a name or not, are told as equal.
///
/// Exit status: 0, but 1 if an engine refuses the profile in some cell; 2 if something cannot be read.
#[derive(Debug, Args)]
pub(crate) struct Resolve {
    #[command(flatten)]
    profile: ProfileArguments,
    /// The machine's architecture, as x86_64 or aarch64.
    #[arg(long, value_name = "ARCH", value_parser = abi, default_values = ["x86_64", "aarch64"])]
    arch: Vec<Abi>,
    /// The container's capabilities: names with commas between them, all, none, 16 hexadecimal digits, or default for the
    /// 14 that Docker gives.
    #[arg(long, value_name = "SET", default_values = ["default", "all"])]
    caps: Vec<String>,
    /// The machine's kernel, as 5.10.
    #[arg(long, value_name = "RELEASE", default_value = "6.18")]
    kernel: Vec<Version>,
    /// The release of libseccomp.
    #[arg(long, value_name = "RELEASE", default_value = "2.6.1")]
    libseccomp: Vec<Version>,
    /// What reads the profile and makes the filter, as for compile; all for docker, podman, runc, crun and youki. A
    /// preset's own engine, else docker.
    #[arg(long)]
    engine: Vec<String>,
    /// The table whose calls are shown, as x86; the machine's own unless it is given.
    #[arg(long, value_name = "ARCH", value_parser = abi)]
    table: Option<Abi>,
    /// One JSON object, with the answer to every call in every cell.
    #[arg(long)]
    json: bool,
}

/// What `--engine all` stands for.
const ENGINES: [Engine; 5] = [Engine::DOCKER, Engine::PODMAN, Engine::RUNC, Engine::CRUN, Engine::YOUKI];

/// So many cells are worked on.
const MOST_CELLS: usize = 200;

/// Resolves the profile in every cell.
pub(crate) fn resolve(arguments: &Resolve, out: &mut impl Write) -> Result<Status> {
    let named = arguments.profile.read()?;
    let cells = arguments.cells(&named)?;
    let matrix = Matrix::new(&named, cells)?;
    let refused = matrix.cells.iter().any(|cell| cell.resolved.is_err());
    if arguments.json {
        serde_json::to_writer(&mut *out, &matrix.line())?;
        writeln!(out)?;
    } else {
        matrix.tell(out)?;
    }
    Ok(if refused { Status::Failed } else { Status::Held })
}

impl Resolve {
    fn cells(&self, named: &Named) -> Result<Vec<Cell>> {
        let mut engines = Vec::new();
        for name in &self.engine {
            match name.as_str() {
                "all" => engines.extend(ENGINES),
                name => engines.push(engine(name).with_context(|| format!("--engine {name:?}"))?),
            }
        }
        if engines.is_empty() {
            engines.push(named.engine.unwrap_or(Engine::DOCKER));
        }
        let mut cells = Vec::new();
        for &native in &self.arch {
            for caps in &self.caps {
                let bounding = capabilities(caps).with_context(|| format!("--caps {caps:?}"))?;
                for &kernel in &self.kernel {
                    for &libseccomp in &self.libseccomp {
                        for engine in &engines {
                            let engine = Engine { libseccomp, ..*engine };
                            let target = Target { native, bounding: Some(bounding), kernel, engine };
                            let table = self.table.unwrap_or(native);
                            let resolved = Err(String::new());
                            cells.push(Cell { caps: caps.clone(), target, table, resolved });
                        }
                    }
                }
            }
        }
        if cells.len() > MOST_CELLS {
            bail!("these are {} cells; at most {MOST_CELLS} are shown", cells.len());
        }
        Ok(cells)
    }
}

/// A combination of what can be chosen.
struct Cell {
    /// The capabilities as they are written.
    caps: String,
    target: Target,
    table: Abi,
    /// What comes of the profile, or why the engine refuses it.
    resolved: Result<Resolved, String>,
}

struct Resolved {
    tables: Vec<Abi>,
    default_action: FilterReturn,
    answers: Answers,
    /// What calls are answered, by name.
    calls: BTreeMap<&'static str, Vec<FilterReturn>>,
}

struct Matrix<'a> {
    named: &'a Named,
    cells: Vec<Cell>,
    /// Cells with the same answer to every call, by number from 1.
    equal: Vec<Vec<usize>>,
}

impl<'a> Matrix<'a> {
    fn new(named: &'a Named, mut cells: Vec<Cell>) -> Result<Self> {
        let mut diagrams: Vec<Diagram> = Vec::new();
        for cell in &mut cells {
            let order = cell.target.native.architecture().byte_order();
            if diagrams.iter().all(|diagram| diagram.byte_order() != order) {
                diagrams.push(Diagram::new(order));
            }
            let known = diagrams.iter_mut().find(|diagram| diagram.byte_order() == order);
            let Some(diagram) = known else { continue };
            cell.resolved = match named.resolve(&cell.target) {
                Ok(policy) => {
                    let answers = diagram.policy(&policy)?;
                    Ok(Resolved {
                        tables: policy.tables.iter().map(|table| table.abi).collect(),
                        default_action: policy.default_action,
                        answers,
                        calls: calls(cell.table, answers, diagram)?,
                    })
                }
                Err(error) => Err(error.to_string()),
            };
        }
        let mut groups: Vec<((bool, Answers), Vec<usize>)> = Vec::new();
        for (number, cell) in (1..).zip(&cells) {
            let Ok(resolved) = &cell.resolved else { continue };
            let little = cell.target.native.architecture().byte_order() == sim_core::seccomp::ByteOrder::Little;
            let key = (little, resolved.answers);
            match groups.iter_mut().find(|(known, _)| *known == key) {
                Some((_, group)) => group.push(number),
                None => groups.push((key, vec![number])),
            }
        }
        let equal = groups.into_iter().map(|(_, group)| group).collect();
        Ok(Self { named, cells, equal })
    }

    fn tell(&self, out: &mut impl Write) -> Result<()> {
        writeln!(out, "{}", self.named.name)?;
        let caps = self.cells.iter().map(|cell| cell.caps.chars().count()).max().unwrap_or(0).max(12);
        writeln!(
            out,
            "  cell  {:12} {:caps$}  {:7} {:10} {:14} {:>5} {:>7} {:>11} {:>5}  default",
            "machine", "capabilities", "kernel", "libseccomp", "engine", "run", "refused", "by argument", "asked"
        )?;
        for (number, cell) in (1..).zip(&self.cells) {
            let Target { native, kernel, engine, .. } = &cell.target;
            let [native, kernel, libseccomp, engine] =
                [native.to_string(), kernel.to_string(), engine.libseccomp.to_string(), engine.to_string()];
            write!(
                out,
                "  {number:4}  {native:12} {:caps$}  {kernel:7} {libseccomp:10} {engine:14}",
                crate::run::printable(&cell.caps)
            )?;
            match &cell.resolved {
                Ok(resolved) => {
                    let Counts { run, refused, by_argument, asked } = resolved.counts();
                    let default = short(resolved.default_action);
                    writeln!(out, " {run:5} {refused:7} {by_argument:11} {asked:5}  {default}")?;
                }
                Err(error) => writeln!(out, " refused: {error}")?,
            }
        }
        for group in self.equal.iter().filter(|group| group.len() > 1) {
            let numbers: Vec<_> = group.iter().map(ToString::to_string).collect();
            writeln!(out, "  Cells {} answer every call there can be alike.", numbers.join(", "))?;
        }
        self.tell_differences(out)
    }

    fn tell_differences(&self, out: &mut impl Write) -> Result<()> {
        let resolved = (1..).zip(&self.cells).filter(|(_, cell)| cell.resolved.is_ok());
        let shown: Vec<usize> = resolved.map(|(number, _)| number).collect();
        let rows = self.differing();
        if shown.len() < 2 {
            return Ok(());
        }
        writeln!(out, "\nCalls that are not answered alike in all of these cells: {}", rows.len())?;
        if rows.is_empty() {
            return Ok(());
        }
        let name = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0).max(4);
        let cell = rows.iter().flat_map(|(_, cells)| cells).map(|cell| cell.chars().count()).max().unwrap_or(0);
        let heads: Vec<_> = shown.iter().map(|number| format!("{number:<cell$}")).collect();
        writeln!(out, "{}", format!("  {:name$}  {}", "call", heads.join("  ")).trim_end())?;
        for (call, cells) in &rows {
            let cells: Vec<_> = cells.iter().map(|text| format!("{text:cell$}")).collect();
            writeln!(out, "{}", format!("  {call:name$}  {}", cells.join("  ")).trim_end())?;
        }
        Ok(writeln!(out, "  - means that the machine has no such call, / that the arguments decide.")?)
    }

    /// The calls that are not answered alike, with the answers in the cells that are resolved.
    fn differing(&self) -> Vec<(&'static str, Vec<String>)> {
        let resolved: Vec<&Resolved> = self.cells.iter().filter_map(|cell| cell.resolved.as_ref().ok()).collect();
        let mut rows = Vec::new();
        for call in Call::ALL {
            let answers: Vec<_> = resolved.iter().map(|resolved| resolved.calls.get(call.name)).collect();
            let mut known = answers.iter().copied().flatten();
            let first = known.next();
            if known.any(|other| Some(other) != first) {
                let text = |words: Option<&Vec<FilterReturn>>| {
                    words.map_or("-".to_owned(), |words| {
                        words.iter().map(|word| short(*word)).collect::<Vec<_>>().join("/")
                    })
                };
                rows.push((call.name, answers.into_iter().map(text).collect()));
            }
        }
        rows
    }

    fn line(&self) -> Line<'_> {
        let cells = self.cells.iter().map(|cell| {
            let Target { native, kernel, engine, .. } = &cell.target;
            let resolved = cell.resolved.as_ref().ok();
            CellLine {
                arch: native.name(),
                caps: &cell.caps,
                kernel: kernel.to_string(),
                libseccomp: engine.libseccomp.to_string(),
                engine: engine.to_string(),
                error: cell.resolved.as_ref().err(),
                default: resolved.map(|resolved| resolved.default_action.to_string()),
                tables: resolved.map(|resolved| resolved.tables.iter().map(|abi| abi.name()).collect()),
                counts: resolved.map(Resolved::counts),
                calls: resolved.map(|resolved| {
                    let words = |words: &Vec<FilterReturn>| words.iter().map(ToString::to_string).collect();
                    resolved.calls.iter().map(|(name, answers)| (*name, words(answers))).collect()
                }),
            }
        });
        Line { profile: &self.named.name, cells: cells.collect(), equal: &self.equal }
    }
}

impl Resolved {
    fn counts(&self) -> Counts {
        let mut counts = Counts { run: 0, refused: 0, by_argument: 0, asked: 0 };
        for answers in self.calls.values() {
            let counted = match answers.as_slice() {
                [only] => match Permission::of(only.action()) {
                    Permission::Granted => &mut counts.run,
                    Permission::Refused => &mut counts.refused,
                    Permission::Asked => &mut counts.asked,
                },
                _ => &mut counts.by_argument,
            };
            *counted += 1;
        }
        counts
    }
}

/// The answers to every call of a table.
fn calls(
    table: Abi,
    answers: Answers,
    diagram: &mut Diagram,
) -> Result<BTreeMap<&'static str, Vec<FilterReturn>>, Undecided> {
    let numbered = Call::ALL.iter().filter_map(|call| Some((call.name, call.number(table)?)));
    numbered.map(|(name, number)| Ok((name, diagram.possible(answers, table.architecture(), number)?))).collect()
}

/// An answer in few letters.
fn short(word: FilterReturn) -> String {
    match (word.action(), word.data()) {
        (Action::Allow, 0) => "run".to_owned(),
        (Action::Log, 0) => "log".to_owned(),
        (Action::Errno, data) => match Errno::from_number(data) {
            Some(errno) => errno.to_string(),
            None => word.to_string(),
        },
        _ => word.to_string(),
    }
}

#[derive(Serialize)]
struct Line<'a> {
    profile: &'a str,
    cells: Vec<CellLine<'a>>,
    /// Cells with the same answer to every call, counted from 1.
    equal: &'a [Vec<usize>],
}

#[derive(Serialize)]
struct CellLine<'a> {
    arch: &'static str,
    caps: &'a str,
    kernel: String,
    libseccomp: String,
    engine: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tables: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<Counts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calls: Option<BTreeMap<&'static str, Vec<String>>>,
}

/// How many calls of the table are answered how.
#[derive(Serialize)]
struct Counts {
    run: usize,
    refused: usize,
    by_argument: usize,
    asked: usize,
}
