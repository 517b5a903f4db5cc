//! What the script does, one act after the other, each with the state before it.

use sim_core::capability::CapSet;
use sim_core::kernel::Errno;
use sim_core::scenario::{
    Call, MkdirArguments, MknodArguments, NotPerformed, Options, PathOperation, ProcessResult, Scenario, Simulation,
    StepOutcome, World,
};

use super::super::tools::capsh_call;
use super::super::{ExportError, quote};
use super::operation::{Command, command};

/// How many steps are exported at most.
const MOST_STEPS: usize = 256;

/// How many files are exported at most.
const MOST_FILES: usize = 1024;

/// A scenario on the way to a script.
pub(super) struct Plan {
    /// The scenario without `runtime`.
    pub(super) scenario: Scenario,
    /// What `"all"` means.
    pub(super) all: CapSet,
    /// Every capability of the kernel.
    pub(super) known: CapSet,
    /// Where the acts begin.
    pub(super) start: State,
    /// What is done.
    pub(super) acts: Vec<Act>,
    /// Where they end.
    pub(super) end: State,
    /// What the script does not do.
    pub(super) left_out: Vec<String>,
}

/// The state of the process; the files are not part of it.
#[derive(Clone)]
pub(super) struct State {
    /// The world with the thread in it.
    pub(super) world: World,
    /// The thread as results show it.
    pub(super) process: ProcessResult,
}

/// A step of the scenario.
pub(super) struct Act {
    /// Its number for people.
    pub(super) number: usize,
    /// The call in a few words.
    pub(super) words: String,
    /// The state before.
    pub(super) before: State,
    /// What is done.
    pub(super) what: What,
}

/// What is done.
pub(super) enum What {
    /// Arguments of capsh that change credentials.
    Credentials(Vec<String>),
    /// A command of the shell. `essential` if later steps build on it.
    Operation { command: Command, essential: bool },
    /// execve; refused with this.
    Execve { path: String, refused: Option<Errno> },
}

impl State {
    fn of(simulation: &Simulation) -> Self {
        let mut world = simulation.world().clone();
        world.files.clear();
        Self { process: simulation.process(&world.thread.credentials), world }
    }
}

/// Plans the acts of a scenario.
pub(super) fn plan(scenario: &Scenario, options: &Options) -> Result<Plan, ExportError> {
    check_size("steps", scenario.steps.len(), MOST_STEPS)?;
    check_size("files", scenario.files.len(), MOST_FILES)?;
    let mut begun = Simulation::new(World::new(scenario, options)?);
    if let Some(result) = begun.runtime_result(None) {
        if let Some(refused) = result.refused {
            return Err(ExportError::Refused { engine: result.engine, rule: refused.rule });
        }
        // The runtime may give up on its way, as where it asks for a capability that it has not.
        let first = scenario.steps.first().and_then(|step| begun.perform(&step.call).not_performed);
        if let Some(reason @ NotPerformed::NotStarted { .. }) = first {
            return Err(ExportError::Start(reason.to_string()));
        }
    }
    let (expanded, prologue) = scenario.expanded(options);
    let world = World::new(&expanded, options)?;
    let mut planner = Planner {
        simulation: Simulation::new(world),
        scenario: &expanded,
        prologue,
        acts: Vec::new(),
        left_out: Vec::new(),
    };
    planner.check_start()?;
    planner.runtime()?;
    let start = State::of(&planner.simulation);
    for index in prologue..expanded.steps.len() {
        planner.step(index)?;
    }
    let end = State::of(&planner.simulation);
    let Planner { acts, left_out, .. } = planner;
    let release = start.world.system.release;
    let (all, known) = (start.world.all, release.capabilities() | start.world.all);
    Ok(Plan { all, known, start, acts, end, left_out, scenario: expanded })
}

fn check_size(what: &'static str, found: usize, most: usize) -> Result<(), ExportError> {
    if found > most { Err(ExportError::TooMany { what, found, most }) } else { Ok(()) }
}

struct Planner<'a> {
    simulation: Simulation,
    scenario: &'a Scenario,
    prologue: usize,
    acts: Vec<Act>,
    left_out: Vec<String>,
}

impl Planner<'_> {
    fn check_start(&mut self) -> Result<(), ExportError> {
        let process = &self.scenario.process;
        let start = |reason: &str| Err(ExportError::Start(reason.to_owned()));
        if process.user_ns.as_deref().is_some_and(|name| name != "init") {
            return start("the process begins in a user namespace of its own");
        }
        if process.shares_fs {
            return start("no tool shares the filesystem context with another process");
        }
        if process.traced.is_some() {
            return start("no tool of the script traces another");
        }
        if !process.seccomp.is_empty() {
            self.left_out.push("No tool of the script installs a filter of system calls; those of the process are left out, for they let every step through.".to_owned());
        }
        let sysctl = self.scenario.sysctl;
        let machine = [
            ("fs.protected_hardlinks", sysctl.protected_hardlinks.is_some()),
            ("kernel.unprivileged_bpf_disabled", sysctl.unprivileged_bpf_disabled.is_some()),
            ("kernel.perf_event_paranoid", sysctl.perf_event_paranoid.is_some()),
            ("kernel.dmesg_restrict", sysctl.dmesg_restrict.is_some()),
            ("fs.nr_open", sysctl.nr_open.is_some()),
        ];
        for (name, _) in machine.into_iter().filter(|(_, given)| *given) {
            self.left_out.push(format!("{name} is a setting of the whole machine and stays as it is."));
        }
        Ok(())
    }

    /// The runtime's own calls: the script begins behind them.
    fn runtime(&mut self) -> Result<(), ExportError> {
        for step in self.scenario.steps.iter().take(self.prologue) {
            let outcome = self.simulation.perform(&step.call);
            if outcome.killed.is_some() || outcome.not_performed.is_some() || outcome.stopped_by_filters() {
                return Err(ExportError::Start(sim_core::scenario::verdict(&outcome)));
            }
            if let Call::Seccomp(_) = step.call {
                self.left_out.push("No tool of the script installs a filter of system calls; that of the container is left out, for it lets every step through.".to_owned());
            }
        }
        Ok(())
    }

    fn step(&mut self, index: usize) -> Result<(), ExportError> {
        let Some(step) = self.scenario.steps.get(index) else { return Ok(()) };
        let number = index + 1 - self.prologue;
        let before = State::of(&self.simulation);
        let outcome = self.simulation.perform(&step.call);
        let after = State::of(&self.simulation);
        let words = step.call.in_words();
        let essential = |reason: String| ExportError::Step { number, call: quote::one_line(&words), reason };
        if outcome.killed.is_some() || outcome.not_performed.is_some() || outcome.stopped_by_filters() {
            return Err(essential("no tool of the script installs the filter that decides".to_owned()));
        }
        let refused = outcome.refusal.map(|refusal| refusal.errno);
        let changes = before.world.thread != after.world.thread;
        let what = match &step.call {
            Call::Execve(path) => What::Execve { path: path.clone(), refused },
            Call::Seccomp(_) => {
                self.leave_out(
                    number,
                    &words,
                    "no tool of the script installs a filter; this one lets every step through",
                );
                return Ok(());
            }
            Call::Syscall(_) => {
                self.leave_out(number, &words, "it only asks what filters answer");
                return Ok(());
            }
            call if changes => match capsh_call(call, before.world.all) {
                Some(arguments) if !arguments.is_empty() => What::Credentials(arguments),
                _ => return Err(essential("neither setpriv nor capsh nor unshare makes this call alone".to_owned())),
            },
            Call::Capget | Call::Prctl(_) | Call::SetId(_) | Call::Setgroups(_) | Call::Capset(_) => {
                let reason = match refused {
                    Some(errno) => format!("it is refused with {errno} and changes nothing"),
                    None => "it changes nothing".to_owned(),
                };
                self.leave_out(number, &words, &reason);
                return Ok(());
            }
            call => match command(call, before.world.all) {
                Ok(command) => What::Operation { command, essential: self.is_built_on(index, &outcome) },
                Err(reason) if self.is_built_on(index, &outcome) => return Err(essential(reason)),
                Err(reason) => {
                    self.leave_out(number, &words, &reason);
                    return Ok(());
                }
            },
        };
        self.acts.push(Act { number, words, before, what });
        Ok(())
    }

    fn leave_out(&mut self, number: usize, words: &str, reason: &str) {
        self.left_out.push(format!("Step {number}, {}, is left out: {reason}.", quote::one_line(words)));
    }

    /// Whether a granted change of a file or of namespaces matters to a later step.
    fn is_built_on(&self, index: usize, outcome: &StepOutcome) -> bool {
        if outcome.refusal.is_some() {
            return false;
        }
        let later = self.scenario.steps.iter().skip(index + 1);
        match &outcome.call {
            Call::FileChange(change) => {
                let reads = |call: &Call| match call {
                    Call::Execve(path) => {
                        self.simulation.world().deciding_path(path) == change.path() || path == change.path()
                    }
                    Call::FileChange(later) => later.path() == change.path(),
                    Call::Path(_) => true,
                    _ => false,
                };
                outcome.file != outcome.file_before && later.map(|step| &step.call).any(reads)
            }
            Call::Path(
                PathOperation::Mkdir(MkdirArguments { path, .. }) | PathOperation::Mknod(MknodArguments { path, .. }),
            ) => {
                // Whatever names it, or something below it.
                later
                    .filter_map(|step| serde_json::to_string(&step.call).ok())
                    .any(|call| call.contains(path.as_str()))
            }
            _ => false,
        }
    }
}
