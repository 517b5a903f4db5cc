use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::file_change::FileEffect;
use super::in_force::{InForce, JUDGES_FILTERS, NoFilter, ReadyFilter};
use super::system_call::{AskedCall, asked_calls};
use super::values::CapsEntry;
use super::{
    Call, CapsetCall, FileResult, JUDGES_ENGINES, Judgement, NotPerformed, ProcessResult, RuntimeExpect,
    RuntimeResult, Scenario, SeccompCall, Signal, Started, StepResult, World, WorldError,
};
use crate::access;
use crate::calls::{self, Called, Capset, Entered};
use crate::credentials::{Credentials, Memory, OVERFLOW_ID, Thread, UserNamespaces, UserNs};
use crate::execve::{Executed, Program, execve_by_path};
use crate::file::{File, VfsCaps};
use crate::json::Path;
use crate::outcome::{Outcome, Refusal};
use crate::rule::{Trace, write_map as rules};
use crate::seccomp::region::{StackAnswers, Unknown};
use crate::seccomp::syscalls::Call as SystemCall;
use crate::seccomp::{self, Fate, Install, Installed, Mode};

/// A world in which steps happen, one after the other.
#[derive(Clone, Debug)]
pub struct Simulation {
    world: World,
    /// The step that comes next, counted from 0.
    step: usize,
    /// Why no further step is performed.
    over: Option<NotPerformed>,
    /// What is known of the filters in force.
    answers: StackAnswers,
    /// The runtime's own calls, where the scenario begins with an engine.
    prologue: Arc<[StepOutcome]>,
    /// Whether the runtime still makes its own.
    beginning: bool,
}

/// What a step did, with everything that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepOutcome {
    /// The call, with its sets in digits.
    pub call: Call,
    /// The thread before.
    pub before: Thread,
    /// The thread after.
    pub after: Thread,
    /// The refusal, if it was refused.
    pub refusal: Option<Refusal>,
    /// What it returned, -1 if it failed.
    pub value: i64,
    /// After a successful execve: `AT_SECURE` of the new program.
    pub at_secure: Option<bool>,
    /// After a getxattr that succeeded: the attribute, the root id as the thread sees it.
    pub attribute: Option<CapsEntry>,
    /// Before a step that is about a file: the file.
    pub file_before: Option<FileResult>,
    /// After a step that is about a file: the file.
    pub file: Option<FileResult>,
    /// What the filters in force said of the call; of several calls, of the first that they stopped.
    pub judgement: Option<Judgement>,
    /// The signal that ended the process at this step.
    pub killed: Option<Signal>,
    /// Why the step was not performed.
    pub not_performed: Option<NotPerformed>,
    /// Every rule that was tried.
    pub trace: Trace,
    process: ProcessResult,
}

impl Simulation {
    /// Begins with this world. Where an engine starts the process, it asks the engine and makes its runtime's calls, so
    /// that the first step is the program's.
    pub fn new(world: World) -> Self {
        let started = world.started.clone();
        let mut simulation = Self {
            world,
            step: 0,
            over: None,
            answers: StackAnswers::default(),
            prologue: Arc::default(),
            beginning: started.is_some(),
        };
        if let Some(started) = started.filter(|_| JUDGES_ENGINES) {
            simulation.start(&started);
        }
        simulation
    }

    /// Makes the runtime's own calls.
    fn start(&mut self, started: &Started) {
        if let Err(refused) = &started.answer {
            self.over = Some(NotPerformed::EngineRefuses(refused.rule.id));
        }
        let mut prologue = Vec::new();
        for own in started.prologue.iter().take_while(|_| started.answer.is_ok()) {
            let outcome = self.perform(&own.call);
            let failed = outcome.refusal.is_some() && !own.may_fail;
            prologue.push(outcome);
            if failed {
                self.over.get_or_insert(NotPerformed::NotStarted { step: self.step - 1 });
                break;
            }
        }
        self.prologue = prologue.into();
        (self.beginning, self.step) = (false, 0);
    }

    /// The same beginning with the files of another scenario, and its steps to come. Of the runtime's own calls none is about
    /// a file.
    pub(crate) fn with_files_of(&self, scenario: &Scenario) -> Result<Self, WorldError> {
        let mut simulation = self.clone();
        simulation.world.take_files(scenario)?;
        Ok(simulation)
    }

    /// The runtime's own calls with what became of them; none where no engine starts the process.
    pub fn prologue(&self) -> &[StepOutcome] {
        &self.prologue
    }

    /// What became of the engine's request, where the scenario begins with one.
    pub fn runtime_result(&self, expect: Option<&RuntimeExpect>) -> Option<RuntimeResult> {
        let started = self.world.started.as_ref().filter(|_| JUDGES_ENGINES)?;
        Some(started.result(expect, self.prologue.iter().map(StepOutcome::result).collect()))
    }

    /// The world as it is now.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Performs one call; the thread goes on from its result.
    pub fn perform(&mut self, call: &Call) -> StepOutcome {
        let before = self.world.thread.clone();
        let mut trace = Trace::new();
        let (course, judgement) = self.course(call, &mut trace);
        let file_before = match call {
            Call::FileChange(change) => self.world.file_result(change.path()),
            _ => None,
        };
        let mut outcome = StepOutcome {
            call: call.in_digits(self.world.all),
            after: before.clone(),
            before,
            refusal: None,
            value: 0,
            at_secure: None,
            attribute: None,
            file: file_before.clone(),
            file_before,
            judgement,
            killed: None,
            not_performed: None,
            trace,
            process: self.process(&self.world.thread.credentials),
        };
        match course {
            Err(Over::Killed(signal)) => {
                outcome.killed = Some(signal);
                outcome.value = -1;
                self.over = Some(NotPerformed::Ended { step: self.step });
            }
            Err(Over::NotPerformed(reason)) => {
                outcome.not_performed = Some(reason);
                outcome.value = -1;
                self.over.get_or_insert(NotPerformed::Unknown { step: self.step });
            }
            Ok(Outcome::Refused(refusal)) => {
                outcome.refusal = Some(refusal);
                outcome.value = -1;
            }
            Ok(Outcome::Granted(effect)) => {
                outcome.value = effect.value;
                outcome.at_secure = effect.at_secure;
                if let Some(namespaces) = effect.namespaces {
                    self.world.system.user_namespaces = namespaces;
                }
                outcome.attribute = effect.attribute.map(CapsEntry::in_fields);
                if let (Call::FileChange(change), Some(file)) = (call, effect.file) {
                    self.world.change_file(change.path(), file);
                    outcome.file = self.world.file_result(change.path());
                }
                if let Some((namespaces, made)) = effect.made {
                    self.world.system.user_namespaces = namespaces;
                    self.world.name_namespace(call, made);
                }
                if let Some(in_force) = effect.in_force {
                    self.world.in_force = in_force;
                }
                self.hand_on_filters(call, outcome.judgement.as_ref(), &mut outcome.trace);
                if let Some((path, file)) = effect.created {
                    self.world.files.insert(path, (file, None));
                }
                if let Some(thread) = effect.thread {
                    outcome.after = thread;
                }
                if let Some(credentials) = effect.credentials {
                    outcome.after.credentials = credentials;
                }
                let namespaces = &self.world.system.user_namespaces;
                let memory = outcome.after.memory;
                outcome.after.memory = effect.memory.unwrap_or_else(|| {
                    memory.committed(&outcome.before.credentials, &outcome.after.credentials, namespaces)
                });
                self.world.thread = outcome.after.clone();
                outcome.process = self.process(&outcome.after.credentials);
            }
        }
        self.step += 1;
        outcome
    }

    /// What becomes of a call: the filters judge it first. Its name may stand for two: a file is opened, then written.
    fn course(&mut self, call: &Call, trace: &mut Trace) -> (Course, Option<Judgement>) {
        if let Some(over) = &self.over {
            return (Err(Over::NotPerformed(over.clone())), None);
        }
        if let Call::Syscall(call) = call
            && JUDGES_FILTERS
        {
            let data = call.data();
            let name = SystemCall::by_number(call.arch.0, data.nr).map(|call| call.name);
            let call = (name, data, Unknown::default());
            return match self.world.in_force.judge(&self.world.system, call, &mut self.answers, trace) {
                Ok(judgement) => (Ok(Outcome::Granted(StepEffect::default())), Some(judgement)),
                Err(reason) => (Err(Over::NotPerformed(reason)), None),
            };
        }
        let installed = match call {
            Call::Seccomp(call) => match self.ready(call) {
                Ok(ready) => Some((call, ready)),
                Err(NoFilter { problem, .. }) => {
                    return (Err(Over::NotPerformed(NotPerformed::NoFilter(problem))), None);
                }
            },
            _ => None,
        };
        let calls = if !JUDGES_FILTERS || self.world.in_force.state.mode() == Mode::Disabled {
            Vec::new()
        } else {
            asked_calls(call, self.world.all, self.world.native)
        };
        let mut judgement = None;
        if let Some(first) = calls.first() {
            match self.judge(*first, trace) {
                (None, judged) => judgement = judged,
                (Some(course), judged) => return (course, judged),
            }
        }
        let mut own = Trace::new();
        let decided = match installed {
            Some((call, ready)) => self.seccomp(call, ready, &mut own),
            None => self.decide(call, &mut own),
        };
        if let Some(second) = calls.get(1).filter(|_| is_opened(call, &decided))
            && let (Some(course), judged) = self.judge(*second, trace)
        {
            return (course, judged);
        }
        trace.append(own);
        (Ok(decided), judgement)
    }

    /// Has the filters judge a call; gives what becomes of it unless it runs.
    fn judge(&mut self, call: AskedCall, trace: &mut Trace) -> (Option<Course>, Option<Judgement>) {
        if !JUDGES_FILTERS {
            return (None, None);
        }
        let AskedCall { name, data, unknown } = call;
        let call = (Some(name), data, unknown);
        let judgement = match self.world.in_force.judge(&self.world.system, call, &mut self.answers, trace) {
            Ok(judgement) => judgement,
            Err(reason) => return (Some(Err(Over::NotPerformed(reason))), None),
        };
        let course = match (judgement.fate, judgement.signal(), judgement.outcome()) {
            (Fate::Runs, ..) => None,
            (_, Some(signal), _) => Some(Err(Over::Killed(signal))),
            (_, None, Some(outcome)) => Some(Ok(outcome.map(|()| StepEffect::default()))),
            (_, None, None) => Some(Err(Over::NotPerformed(NotPerformed::AsksListener))),
        };
        (course, Some(judgement))
    }

    /// A child and a new program have the filters of before.
    fn hand_on_filters(&mut self, call: &Call, judgement: Option<&Judgement>, trace: &mut Trace) {
        if judgement.is_none_or(Judgement::stops) {
            return;
        }
        let state = &mut self.world.in_force.state;
        match call {
            Call::Clone(_) => *state = state.forked(trace),
            Call::Execve(_) => *state = core::mem::take(state).executed(trace),
            _ => {}
        }
    }

    /// The filter of a step, made for the thread as it is now.
    fn ready(&self, call: &SeccompCall) -> Result<ReadyFilter, NoFilter> {
        // An engine chooses the entries of a profile before its runtime has dropped anything.
        let listed = self.world.started.as_ref().filter(|_| self.beginning);
        let listed = listed.and_then(|started| started.answer.as_ref().ok()?.seccomp);
        let bounding = listed.unwrap_or(self.world.thread.credentials.bounding);
        call.filter.ready(bounding, self.world.system.release)
    }

    fn seccomp(&self, call: &SeccompCall, ready: ReadyFilter, trace: &mut Trace) -> Outcome<StepEffect> {
        let flags = ready.flags.with(call.flags());
        let install = Install { flags, ..Install::instructions(&ready.instructions) };
        let place = if self.beginning {
            Path::default().key("runtime").key("seccomp")
        } else {
            Path::default().key("steps").index(self.step).key("seccomp").key("filter")
        };
        let world = &self.world;
        let installed = seccomp::install(&world.system, &world.thread, &world.in_force.state, &install, trace);
        installed.map(|Installed { state, .. }| StepEffect {
            in_force: Some(world.in_force.with(state, place, ready.made_of)),
            ..StepEffect::default()
        })
    }

    fn decide(&self, call: &Call, trace: &mut Trace) -> Outcome<StepEffect> {
        let (system, thread) = (&self.world.system, &self.world.thread);
        match call {
            Call::Execve(path) => {
                let (files, paths) = (self.world.files_to_open(path), self.world.paths_to_open(path));
                let Some((executable, interpreters)) = files.split_first() else {
                    // Paths are checked when the world is built.
                    return Outcome::Granted(StepEffect::default());
                };
                let program = Program { executable, interpreters };
                let look_up = |index: usize, trace: &mut Trace| match paths.get(index) {
                    Some(path) => self.world.look_up(path, trace),
                    None => Ok(()),
                };
                let executed = execve_by_path(system, thread, &program, look_up, trace);
                executed.map(|Executed { credentials, memory, at_secure }| StepEffect {
                    memory: Some(memory),
                    credentials: Some(credentials),
                    at_secure: Some(at_secure),
                    ..StepEffect::default()
                })
            }
            Call::Capset(wish) => calls::capset(system, thread, &self.capset(*wish), trace).map(StepEffect::from),
            Call::Prctl(call) => calls::prctl(system, thread, &call.resolve(), trace).map(StepEffect::from),
            Call::SetId(call) => calls::set_id(system, thread, *call, trace).map(StepEffect::from),
            Call::Setgroups(groups) => calls::setgroups(system, thread, groups, trace).map(StepEffect::from),
            Call::Capget => calls::capget(thread, trace).map(StepEffect::from),
            Call::Unshare(call) => calls::unshare(system, thread, call.flags(), trace).map(StepEffect::from),
            Call::Clone(call) => calls::clone(system, thread, call.flags(), trace).map(StepEffect::from),
            Call::Setns(name) => {
                calls::setns(system, thread, self.world.namespace(name), trace).map(StepEffect::from)
            }
            Call::WriteMap(call) => call.decide(&self.world, trace).map(|namespaces| StepEffect {
                value: call.length(),
                namespaces: Some(namespaces),
                ..StepEffect::default()
            }),
            // `course` decides about the first; of the second only the filters' answer is asked.
            Call::Seccomp(_) | Call::Syscall(_) => Outcome::Granted(StepEffect::default()),
            Call::Bind { port } => access::bind(system, thread, *port, trace).map(|()| StepEffect::default()),
            Call::FileChange(change) => {
                let found = self.world.find(change.path(), trace);
                found.and_then(|file| change.decide(&self.world, file, trace)).map(StepEffect::from)
            }
            Call::Process(operation) => {
                operation.decide(&self.world, trace).map(|thread| StepEffect { thread, ..StepEffect::default() })
            }
            Call::Path(operation) => {
                let decided = operation.decide(&self.world, trace);
                decided.map(|created| StepEffect { created, ..StepEffect::default() })
            }
            Call::System(operation) => operation.decide(&self.world, trace).map(|()| StepEffect::default()),
        }
    }

    fn capset(&self, wish: CapsetCall) -> Capset {
        let all = self.world.all;
        Capset {
            effective: wish.effective.resolve(all),
            permitted: wish.permitted.resolve(all),
            inheritable: wish.inheritable.resolve(all),
        }
    }

    /// The state of a thread in this world, as results show it.
    pub fn process(&self, credentials: &Credentials) -> ProcessResult {
        let namespaces = &self.world.system.user_namespaces;
        let ns = credentials.user_ns;
        let uid = |kuid| namespaces.uid(ns, kuid).unwrap_or(OVERFLOW_ID);
        let gid = |kgid| namespaces.gid(ns, kgid).unwrap_or(OVERFLOW_ID);
        ProcessResult {
            uid: credentials.uid.to_array().map(uid),
            gid: credentials.gid.to_array().map(gid),
            groups: credentials.groups.as_slice().iter().copied().map(gid).collect(),
            permitted: credentials.permitted,
            effective: credentials.effective,
            inheritable: credentials.inheritable,
            bounding: credentials.bounding,
            ambient: credentials.ambient,
            securebits: credentials.securebits.bits(),
            no_new_privs: credentials.no_new_privs,
            user_ns: self.world.namespace_name(ns).to_string(),
        }
    }
}

impl StepOutcome {
    /// The outcome as the format's result.
    pub fn result(&self) -> StepResult {
        StepResult {
            call: self.call.clone(),
            errno: self.refusal.map(|refusal| refusal.errno),
            value: self.value,
            at_secure: self.at_secure,
            attribute: self.attribute.clone(),
            file: self.file.clone(),
            action: self.judgement.as_ref().map(Judgement::action),
            data: self.judgement.as_ref().map(Judgement::data),
            decided_by: self.judgement.as_ref().and_then(|judgement| Some(judgement.decided_by.as_ref()?.path())),
            killed: self.killed,
            not_performed: self.not_performed.as_ref().map(ToString::to_string),
            process: self.process.clone(),
            rules: self.rules(),
            differences: alloc::vec![],
        }
    }

    /// The thread after the step, ids as it sees them itself.
    pub fn process(&self) -> &ProcessResult {
        &self.process
    }

    /// Whether filters decided, and not the call itself.
    pub fn stopped_by_filters(&self) -> bool {
        self.judgement.as_ref().is_some_and(Judgement::stops)
    }

    fn rules(&self) -> Vec<&'static str> {
        match self.refusal {
            Some(refusal) if !self.stopped_by_filters() => Vec::from([refusal.rule.id]),
            _ => self.trace.applied_rules().into_iter().map(|rule| rule.id).collect(),
        }
    }
}

/// Whether the file of a call that opens one could be opened.
fn is_opened(call: &Call, decided: &Outcome<StepEffect>) -> bool {
    let opening = [&rules::NO_PROCESS, &rules::NOT_DUMPABLE, &rules::PERMISSION, &rules::SETGROUPS_SYS_ADMIN];
    match (call, decided.refusal()) {
        (_, None) => true,
        (Call::WriteMap(_), Some(refusal)) => !opening.contains(&refusal.rule),
        (_, Some(_)) => false,
    }
}

/// What becomes of a step: a call is made, or a filter answers in its place.
type Course = Result<Outcome<StepEffect>, Over>;

/// Why neither happens, nor anything after it.
enum Over {
    /// The process ends.
    Killed(Signal),
    /// The step is not performed.
    NotPerformed(NotPerformed),
}

/// What a granted call changes.
#[derive(Default)]
struct StepEffect {
    credentials: Option<Credentials>,
    at_secure: Option<bool>,
    value: i64,
    /// The thread that goes on, where it is more than its credentials that changed.
    thread: Option<Thread>,
    /// A new file, and its path.
    created: Option<(String, File)>,
    /// The user namespaces with a new one, and which it is.
    made: Option<(UserNamespaces, UserNs)>,
    /// The memory of another program.
    memory: Option<Memory>,
    /// The user namespaces with another map.
    namespaces: Option<UserNamespaces>,
    /// The file after it, where it is about one.
    file: Option<File>,
    /// What getxattr gave.
    attribute: Option<VfsCaps>,
    /// The filters with a new one.
    in_force: Option<InForce>,
}

impl From<FileEffect> for StepEffect {
    fn from(FileEffect { file, attribute, value }: FileEffect) -> Self {
        Self { file, attribute, value: i64::try_from(value).unwrap_or(i64::MAX), ..Self::default() }
    }
}

impl From<Entered> for StepEffect {
    fn from(Entered { thread, made }: Entered) -> Self {
        Self { thread: Some(thread), made, ..Self::default() }
    }
}

impl From<Called> for StepEffect {
    fn from(Called { credentials, value }: Called) -> Self {
        Self { credentials: Some(credentials), value: i64::try_from(value).unwrap_or(i64::MAX), ..Self::default() }
    }
}
