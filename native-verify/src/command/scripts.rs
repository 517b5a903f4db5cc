//! The scripts that are exported, run by `/bin/sh` on this kernel: each must end where the model says.

mod observed;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use formats::export::{ExportError, Tool, script};
use sim_core::capability::CapSet;
use sim_core::kernel::Errno;
use sim_core::scenario::{Loaded, Simulation};

use self::observed::{Observed, Told};
use super::run::{files, read};
use super::{AGREE, DIFFER, FAILED, describe, options};
use crate::machine::{Machine, names};
use crate::stop::Stop;

/// Arguments of `scripts`.
#[derive(Debug, Args)]
pub(crate) struct ScriptsArguments {
    /// Scenario files; a folder stands for the `.json` files below it.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Only every N-th scenario.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    every: u16,
    /// Tells of the scripts that agree, and of each that is skipped, too.
    #[arg(long)]
    verbose: bool,
}

/// How long a script may take: what runs longer hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// The tools that a script calls, with the package of Debian that has them.
const TOOLS: [(&str, &str); 6] = [
    ("unshare", "util-linux"),
    ("setpriv", "util-linux"),
    ("capsh", "libcap2-bin"),
    ("setcap", "libcap2-bin"),
    ("setfattr", "attr"),
    ("perl", "perl-base"),
];

/// Runs the scripts of scenarios, with each tool that can begin them.
pub(crate) fn scripts(arguments: &ScriptsArguments) -> Result<u8> {
    let machine = Machine::survey()?;
    println!("{}", describe(&machine));
    if let Some(reason) = obstacle(&machine) {
        println!("Scripts: all skipped: {reason}");
        return Ok(AGREE);
    }
    let stop = Stop::listen()?;
    let mut tally = Tally::default();
    let mut unreadable = false;
    for path in files(&arguments.paths)?.into_iter().step_by(arguments.every.into()) {
        if stop.is_asked() {
            bail!("stopped after {} scripts", tally.agree + tally.differ);
        }
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            tally.skip("lines of JSON hold many scenarios".to_owned(), &path, arguments);
            continue;
        }
        match Loaded::read(read(&path)?, &options(&machine)) {
            Ok(loaded) => scenario(&path, &loaded, &machine, arguments, &mut tally)?,
            Err(error) => {
                eprintln!("{}: {error}", path.display());
                unreadable = true;
            }
        }
    }
    println!("{}", tally.summary());
    Ok(match tally.differ {
        0 if unreadable => FAILED,
        0 => AGREE,
        _ => DIFFER,
    })
}

/// Why no script can be run here, if none can.
fn obstacle(machine: &Machine) -> Option<String> {
    if machine.alone.is_some() {
        return Some("a script is run by root with the capabilities to make its world".to_owned());
    }
    let lacking = TOOLS.iter().find(|(tool, _)| !is_on_the_path(tool));
    lacking.map(|(tool, package)| format!("there is no {tool}; install {package}"))
}

/// Where the scripts look.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

fn is_on_the_path(tool: &str) -> bool {
    PATH.split(':').any(|folder| Path::new(folder).join(tool).exists())
}

#[derive(Default)]
struct Tally {
    agree: u64,
    differ: u64,
    compared: u64,
    by_tool: BTreeMap<&'static str, u64>,
    skipped: BTreeMap<String, u64>,
}

impl Tally {
    fn skip(&mut self, reason: String, path: &Path, arguments: &ScriptsArguments) {
        if arguments.verbose {
            println!("  skipped  {}: {reason}", path.display());
        }
        *self.skipped.entry(reason).or_default() += 1;
    }

    fn summary(&self) -> String {
        let tools: Vec<_> = self.by_tool.iter().map(|(tool, count)| format!("{count} with {tool}")).collect();
        let skipped: u64 = self.skipped.values().sum();
        let mut text = format!(
            "Scripts: {} run ({}): {} agree, {} differ, {} facts compared; {skipped} scenarios skipped",
            self.agree + self.differ,
            tools.join(", "),
            self.agree,
            self.differ,
            self.compared,
        );
        for (reason, count) in &self.skipped {
            let _ = write!(text, "\n  skipped {count}: {reason}");
        }
        text
    }
}

/// Runs the scripts of one scenario.
fn scenario(
    path: &Path,
    loaded: &Loaded,
    machine: &Machine,
    arguments: &ScriptsArguments,
    tally: &mut Tally,
) -> Result<()> {
    let lacking = held_at_all(loaded) - machine.capabilities;
    if !lacking.is_empty() {
        let reason = format!("it has {}, which this machine's bounding set lacks", names(lacking));
        tally.skip(reason, path, arguments);
        return Ok(());
    }
    let asked = options(machine);
    let mut error = None;
    for tool in [Tool::Setpriv, Tool::Capsh] {
        match script(&loaded.scenario, &asked, Some(tool)) {
            Ok(exported) => {
                let ran = run(&exported.text, tool).with_context(|| path.display().to_string())?;
                let differences = compare(loaded, &ran, tool, tally);
                *tally.by_tool.entry(tool.name()).or_default() += 1;
                let count = if differences.is_empty() { &mut tally.agree } else { &mut tally.differ };
                *count += 1;
                if differences.is_empty() {
                    if arguments.verbose {
                        println!("  agrees   {} with {}", path.display(), tool.name());
                    }
                    continue;
                }
                println!("  DIFFERS  {} with {}", path.display(), tool.name());
                for difference in differences {
                    println!("    {difference}");
                }
                println!("    it printed:\n{}", ran.indented());
            }
            Err(refused) => error = Some(refused),
        }
    }
    // Where one tool alone can begin, that is enough.
    if let Some(error) = error
        && script(&loaded.scenario, &asked, None).is_err()
    {
        tally.skip(kind(&error), path, arguments);
    }
    Ok(())
}

/// The reason without what is of one scenario only.
fn kind(error: &ExportError) -> String {
    match error {
        ExportError::Step { reason, call, .. } => {
            let call = call.split([' ', '(']).next().unwrap_or(call);
            format!("a step, {call}, cannot be expressed: {reason}")
        }
        ExportError::File { reason, .. } => format!("a file cannot be made: {reason}"),
        other => other.to_string(),
    }
}

/// Every capability that the thread holds or may be given at the start.
fn held_at_all(loaded: &Loaded) -> CapSet {
    let credentials = &loaded.world.thread.credentials;
    credentials.permitted | credentials.inheritable | credentials.ambient | credentials.bounding
}

/// What a script printed, and how it ended.
struct Ran {
    out: String,
    err: String,
    code: Option<i32>,
}

impl Ran {
    fn indented(&self) -> String {
        let lines: Vec<_> = self.out.lines().chain(self.err.lines()).map(|line| format!("      {line}")).collect();
        format!("{}\n      exit status {:?}", lines.join("\n"), self.code)
    }
}

/// Runs a script from a folder of its own, and ends it if it hangs: what it started ends with it.
fn run(text: &str, tool: Tool) -> Result<Ran> {
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    let at = |name: &str| folder.path().join(name);
    fs::write(at("script"), text)?;
    let [out, err] = [at("out"), at("err")];
    let mut child = Command::new("/bin/sh")
        .arg(at("script"))
        .arg(tool.name())
        .env_clear()
        .stdin(Stdio::null())
        .stdout(fs::File::create(&out)?)
        .stderr(fs::File::create(&err)?)
        .spawn()
        .context("cannot run /bin/sh")?;
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if begun.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            bail!("the script hangs");
        }
        std::thread::sleep(Duration::from_millis(3));
    };
    let text = |path: &Path| fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok(Ran { out: text(&out)?, err: text(&err)?, code: status.code() })
}

/// Compares everything that the script showed, and demands that it showed the end.
fn compare(loaded: &Loaded, ran: &Ran, tool: Tool, tally: &mut Tally) -> Vec<String> {
    let mut simulation = Simulation::new(loaded.world.clone());
    let mut states = vec![simulation.process(&simulation.world().thread.credentials)];
    let mut refusals = vec![None];
    let mut last_refused = false;
    for step in &loaded.scenario.steps {
        let outcome = simulation.perform(&step.call);
        states.push(outcome.process().clone());
        refusals.push(outcome.refusal.map(|refusal| refusal.errno));
        last_refused = outcome.refusal.is_some() && matches!(step.call, sim_core::scenario::Call::Execve(_));
    }
    let observed = Observed::of(&ran.out);
    let mut differences = Vec::new();
    for (step, told) in &observed.told {
        tally.compared += 1;
        match (told, states.get(*step), refusals.get(*step)) {
            (Told::State(status), Some(state), _) => {
                differences.extend(
                    observed::differences(status, state).into_iter().map(|d| format!("after step {step}: {d}")),
                );
            }
            (Told::Permitted, _, Some(Some(errno))) => {
                differences.push(format!("step {step}: the model refuses it with {errno}, and it is permitted"));
            }
            (Told::Refused(_), _, Some(None)) => {
                differences.push(format!("step {step}: the model permits it, and it is refused"));
            }
            (Told::Refused(said), _, Some(Some(errno))) if !says(said, *errno) => {
                differences
                    .push(format!("step {step}: the model refuses it with {errno}, and the tool says {said:?}"));
            }
            (_, Some(_), Some(_)) => {}
            _ => differences.push(format!("it tells of a step {step}, which the scenario has not")),
        }
    }
    let last = states.last();
    if let Some(printed) = observed::printed_by_capsh(&ran.out) {
        tally.compared += 1;
        differences.extend(last.map(|state| observed::printed_differences(&printed, state)).unwrap_or_default());
        return differences;
    }
    let shown = observed.told.iter().rev().find_map(|(_, told)| match told {
        Told::State(status) => Some(status),
        _ => None,
    });
    let failed = ran.code != Some(0);
    if last_refused && failed && shown.is_none_or(|_| !observed.tells(loaded.scenario.steps.len())) {
        tally.compared += 1;
        let errno = refusals.last().copied().flatten();
        // capsh does not say why.
        let told = match tool {
            Tool::Setpriv => errno.is_some_and(|errno| ran.err.contains(&message(errno))),
            Tool::Capsh => {
                ran.err.contains("failed!") || errno.is_some_and(|errno| ran.err.contains(&message(errno)))
            }
        };
        if !told {
            differences
                .push(format!("the model refuses the last execve with {errno:?}; the tool says {:?}", ran.err));
        }
        return differences;
    }
    if failed {
        differences.push(format!("it fails with exit status {:?}", ran.code));
    }
    match (shown, last) {
        (Some(status), Some(state)) => {
            let wrong = observed::differences(status, state);
            differences.extend(wrong.into_iter().map(|difference| format!("at the end: {difference}")));
        }
        _ => differences.push("it does not show the state at the end".to_owned()),
    }
    differences
}

/// Whether a tool names this errno. Some have words of their own.
fn says(said: &str, errno: Errno) -> bool {
    const OWN: [(Errno, &str); 2] = [(Errno::ENODATA, "No such attribute"), (Errno::EPERM, "you must be root")];
    said.contains(&message(errno)) || OWN.iter().any(|(known, words)| *known == errno && said.contains(words))
}

/// What the C library says of an errno.
fn message(errno: Errno) -> String {
    let text = io::Error::from_raw_os_error(errno.number().into()).to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
