use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Serialize;
use sim_core::engine::{Engine, Version};
use sim_core::kernel::Release;
use sim_core::rule::Rule;
use sim_core::scenario::{
    ComparedCell, ComparedEngine, ComparedField, Options, ReleaseText, RuntimeEntry, Scenario, compare_engines,
};

use crate::Status;
use crate::input::{Input, scenario};
use crate::run::printable;

/// What all engines are asked.
#[derive(Debug, Args)]
pub(crate) struct Request {
    /// A scenario with `runtime`, for its request, or - for standard input.
    path: Option<PathBuf>,
    /// The user, as it is written: a number, a name, either with :GROUP.
    #[arg(long)]
    user: Option<String>,
    /// Capabilities to add; repeated, or separated by commas.
    #[arg(long, value_delimiter = ',')]
    cap_add: Vec<String>,
    /// Capabilities to drop.
    #[arg(long, value_delimiter = ',')]
    cap_drop: Vec<String>,
    /// Whether it is privileged.
    #[arg(long)]
    privileged: bool,
    /// Whether no_new_privs is asked for.
    #[arg(long)]
    no_new_privileges: bool,
    /// Whether it shares the host's network.
    #[arg(long)]
    host_network: bool,
    /// The kernel's release.
    #[arg(long)]
    kernel: Option<Release>,
    /// A version of an engine, as docker=20.10; repeated for more, of one engine too.
    #[arg(long = "version", value_name = "ENGINE=VERSION", value_parser = version)]
    versions: Vec<(Engine, Version)>,
    /// The answers as JSON, in one line.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answers<'a> {
    kernel: String,
    engines: &'a [ComparedEngine],
}

fn version(text: &str) -> Result<(Engine, Version)> {
    let (name, version) = text.split_once('=').context("an engine and a version, as docker=20.10")?;
    let engine = Engine::of_name(name).with_context(|| {
        let known: Vec<_> = Engine::ALL.iter().map(|engine| engine.name()).collect();
        format!("{name:?} is no engine that is modelled; these are: {}", known.join(", "))
    })?;
    Ok((engine, version.parse()?))
}

/// Asks every engine the same, and shows where they differ.
pub(crate) fn engines(request: &Request, out: &mut impl Write) -> Result<Status> {
    let scenario = request.scenario()?;
    let Some(entry) = &scenario.runtime else { bail!("the scenario has no `runtime`, and so no request") };
    let engines = request.engines(entry);
    let compared = compare_engines(&scenario, &engines, &Options::default())?;
    let kernel = scenario.kernel.map_or(Release::NEWEST, |ReleaseText(release)| release);
    if request.json {
        serde_json::to_writer(&mut *out, &Answers { kernel: kernel.to_string(), engines: &compared })?;
        writeln!(out)?;
    } else {
        writeln!(out, "Asked of each engine, on Linux {kernel}: {}.\n", printable(&entry.in_words()))?;
        table(&compared, out)?;
    }
    Ok(Status::Held)
}

impl Request {
    fn scenario(&self) -> Result<Scenario> {
        let mut found = match &self.path {
            None => Scenario { runtime: Some(RuntimeEntry::of(Engine::Docker)), ..Scenario::default() },
            Some(path) => {
                let Input { read, .. } = scenario(path);
                match read {
                    Ok(loaded) => loaded.scenario,
                    Err(error) => bail!("{}: {error}", path.display()),
                }
            }
        };
        found.kernel = self.kernel.map(ReleaseText).or(found.kernel);
        if let Some(entry) = &mut found.runtime {
            entry.user = self.user.clone().or(entry.user.take());
            entry.cap_add.extend(self.cap_add.iter().cloned());
            entry.cap_drop.extend(self.cap_drop.iter().cloned());
            entry.privileged |= self.privileged;
            entry.no_new_privileges |= self.no_new_privileges;
            entry.host_network |= self.host_network;
        }
        Ok(found)
    }

    /// Every engine, at the versions that are named or a recent one. A unit is systemd's alone, and the others' words are
    /// not systemd's.
    fn engines(&self, entry: &RuntimeEntry) -> Vec<(Engine, Version)> {
        let written = (entry.engine.0, entry.version());
        let of = |engine: Engine| {
            let named: Vec<_> = self.versions.iter().copied().filter(|(other, _)| *other == engine).collect();
            match named.is_empty() {
                true if engine == written.0 => vec![written],
                true => vec![(engine, engine.newest())],
                false => named,
            }
        };
        let asked = Engine::ALL.into_iter().filter(|engine| *engine != Engine::Systemd || entry.unit.is_some());
        asked.flat_map(of).collect()
    }
}

fn table(compared: &[ComparedEngine], out: &mut impl Write) -> Result<()> {
    part("Handed to execve", &ComparedField::HANDED, compared, out)?;
    part("After execve of a plain file", &ComparedField::AFTER, compared, out)?;
    writeln!(out, "≠ is not as most engines have it.\n")?;
    for (number, engine) in (1..).zip(compared.iter().filter(|engine| engine.cells.is_empty())) {
        write!(out, "({number}) ")?;
        refusal(engine, out)?;
    }
    writeln!(out, "Rules that decided:")?;
    for engine in compared {
        writeln!(out, "  {}: {}", name(engine), engine.rules.join(", "))?;
    }
    Ok(())
}

fn refusal(engine: &ComparedEngine, out: &mut impl Write) -> Result<()> {
    match &engine.refused {
        Some(refused) => {
            let statement = Rule::find(refused.rule).map_or("", |rule| rule.statement);
            let about =
                if refused.about.is_empty() { String::new() } else { format!(" It is about {}.", refused.about) };
            writeln!(out, "{} refuses by {}: {statement}{}\n", name(engine), refused.rule, printable(&about))?;
        }
        None => writeln!(out, "{}: a call of its runtime fails, and the program is not reached.\n", name(engine))?,
    }
    Ok(())
}

fn part(title: &str, fields: &[ComparedField], compared: &[ComparedEngine], out: &mut impl Write) -> Result<()> {
    writeln!(out, "{title}")?;
    let cell = |engine: &ComparedEngine, field| engine.cells.iter().find(|cell| cell.field == field).cloned();
    let text = |cell: &ComparedCell| if cell.differs { format!("{} ≠", cell.value) } else { cell.value.clone() };
    let width = |field: ComparedField| {
        let cells = compared.iter().filter_map(|engine| cell(engine, field));
        cells.map(|cell| text(&cell).chars().count()).chain([field.name().len()]).max().unwrap_or_default()
    };
    let head = compared.iter().map(|engine| name(engine).len()).chain([6]).max().unwrap_or_default();
    let widths: Vec<_> = fields.iter().map(|field| (*field, width(*field))).collect();
    let columns: Vec<_> = widths.iter().map(|(field, width)| format!("  {:<width$}", field.name())).collect();
    let line = format!("  {:<head$}{}", "engine", columns.concat());
    writeln!(out, "{}  differs in", line.trim_end())?;
    let mut number = 0;
    for engine in compared {
        let mut line = format!("  {:<head$}", name(engine));
        if engine.cells.is_empty() {
            number += 1;
            let word = if engine.refused.is_some() { "refused" } else { "not started" };
            writeln!(out, "{line}  {word} ({number})")?;
            continue;
        }
        let mut differing = Vec::new();
        for (field, width) in &widths {
            let Some(cell) = cell(engine, *field) else { continue };
            if cell.differs {
                differing.push(field.name());
            }
            write!(line, "  {:<width$}", text(&cell))?;
        }
        writeln!(out, "{}", format!("{line}  {}", differing.join(", ")).trim_end())?;
    }
    writeln!(out)?;
    Ok(())
}

fn name(engine: &ComparedEngine) -> String {
    format!("{} {}", engine.engine, engine.version)
}
