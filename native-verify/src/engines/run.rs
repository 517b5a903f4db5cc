use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use anyhow::{Context, Result, anyhow};

use super::engine::{EngineName, Suite};
use super::oci::Started;
use super::rows::{self, Head, Line, Row, Session};
use super::{grid, image, room};
use crate::machine::Machine;
use crate::shard::Shard;
use crate::stop::Stop;

/// What is to be asked.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) engines: Vec<EngineName>,
    pub(crate) suites: Vec<Suite>,
    /// Where the suites are.
    pub(crate) folder: PathBuf,
    pub(crate) shard: Shard,
    /// How many containers run at once.
    pub(crate) at_once: usize,
}

/// Asks the engines and adds their rows to `file`; what it has of a day is not asked again on that day. Gives what could
/// not be asked, with the reason.
pub(crate) fn record(plan: &Plan, machine: &Machine, file: &Path, stop: &Stop) -> Result<Vec<String>> {
    let mut missing = Vec::new();
    let known = if file.exists() { rows::read(file)? } else { Vec::new() };
    for suite in &plan.suites {
        let root = std::path::absolute(plan.folder.join(suite.name()))?;
        if !root.join("usr/bin").is_dir() {
            missing.push(format!(
                "{}: {} is not there; `cargo xtask engines` makes it",
                suite.name(),
                root.display()
            ));
            continue;
        }
        for engine in &plan.engines {
            if stop.is_asked() {
                missing.push(format!("{} of {}: the run was stopped", engine.name(), suite.name()));
                continue;
            }
            let out = OpenOptions::new().create(true).append(true).open(file);
            let out = out.with_context(|| format!("cannot write {}", file.display()))?;
            let asked = room::inside(&root, stop, || ask_all(plan, (*engine, *suite), machine, &known, out, stop));
            if let Err(error) = asked {
                missing.push(format!("{} of {}: {error:#}", engine.name(), suite.name()));
            }
        }
    }
    Ok(missing)
}

/// Asks one engine everything, inside of its suite.
fn ask_all(
    plan: &Plan,
    (engine, suite): (EngineName, Suite),
    machine: &Machine,
    known: &[Session],
    out: File,
    stop: &Stop,
) -> Result<()> {
    image::build()?;
    let head = Head {
        engine: engine.name().to_owned(),
        version: version(engine.program())?,
        suite: suite.name().to_owned(),
        runtime: format!("{} {}", engine.runtime(), version(engine.runtime())?),
        kernel: machine.uname.clone(),
        date: today(),
        host_bounding: format!("{:x}", machine.capabilities.bits()),
        default_capabilities: if engine == EngineName::Podman { configured() } else { None },
    };
    let title = format!("{} {} with {}", head.engine, head.version, head.runtime);
    let started = Started::new(engine)?;
    let answered = rows::answered(known, &head);
    let shared = (0..).zip(grid::of(engine)).filter(|(index, _)| plan.shard.has(*index)).map(|(_, asked)| asked);
    let asked: Vec<_> = shared.filter(|asked| !answered.contains(asked)).collect();
    let (next, total) = (AtomicUsize::new(0), asked.len());
    let out = Mutex::new(out);
    write(&out, &Line::Head(head))?;
    eprintln!("{title}: {total} requests");
    let work = || -> Result<()> {
        while !stop.is_asked() {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(asked) = asked.get(index) else { break };
            let answer = started.ask(asked, index)?;
            write(&out, &Line::Row(Row { asked: asked.clone(), answer }))?;
            if (index + 1) % 100 == 0 {
                eprintln!("{title}: {} of {total}", index + 1);
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..plan.at_once.max(1)).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|_| Err(anyhow!("a thread ended early"))))
    })
}

fn write(out: &Mutex<File>, line: &Line) -> Result<()> {
    let text = serde_json::to_string(line)? + "\n";
    let mut out = out.lock().map_err(|_| anyhow!("a thread ended early"))?;
    out.write_all(text.as_bytes()).context("cannot write a row")
}

/// The first number with points in it that a program prints of its version.
fn version(program: &str) -> Result<String> {
    let output = Command::new(program).arg("--version").output();
    let output = output.with_context(|| format!("{program} is not there"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers = |word: &str| word.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect::<String>();
    let mut words = text.split_whitespace().map(numbers);
    words.find(|word| word.contains('.')).with_context(|| format!("{program} says no version"))
}

/// `default_capabilities` of the distribution's containers.conf, where it has them.
fn configured() -> Option<Vec<String>> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let text = read("/usr/share/containers/containers.conf") + &read("/etc/containers/containers.conf");
    let mut lines = text.lines().map(str::trim).skip_while(|line| !line.starts_with("default_capabilities"));
    lines.next()?;
    let names = lines.take_while(|line| !line.starts_with(']'));
    Some(names.map(|line| line.trim_matches(|c| c == '"' || c == ',').to_owned()).collect())
}

fn today() -> String {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    now.split('T').next().unwrap_or_default().to_owned()
}
