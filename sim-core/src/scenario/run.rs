use alloc::string::{String, ToString};

use super::file_change::FileEffect;
use super::values::CapsEntry;
use super::{Call, CapsetCall, FileResult, ProcessResult, StepResult, World};
use crate::access;
use crate::calls::{self, Called, Capset, Entered};
use crate::credentials::{Credentials, Memory, OVERFLOW_ID, Thread, UserNamespaces, UserNs};
use crate::execve::{Executed, Program, execve_by_path};
use crate::file::{File, VfsCaps};
use crate::outcome::{Outcome, Refusal};
use crate::rule::Trace;

/// A world in which steps happen, one after the other.
#[derive(Clone, Debug)]
pub struct Simulation {
    world: World,
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
    /// Every rule that was tried.
    pub trace: Trace,
    process: ProcessResult,
}

impl Simulation {
    /// Begins with this world.
    pub fn new(world: World) -> Self {
        Self { world }
    }

    /// The world as it is now.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Performs one call; the thread goes on from its result.
    pub fn perform(&mut self, call: &Call) -> StepOutcome {
        let before = self.world.thread.clone();
        let mut trace = Trace::new();
        let decided = self.decide(call, &mut trace);
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
            trace,
            process: self.process(&self.world.thread.credentials),
        };
        match decided {
            Outcome::Refused(refusal) => {
                outcome.refusal = Some(refusal);
                outcome.value = -1;
            }
            Outcome::Granted(effect) => {
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
        outcome
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
            process: self.process.clone(),
            rules: self.rules(),
            differences: alloc::vec![],
        }
    }

    /// The thread after the step, ids as it sees them itself.
    pub fn process(&self) -> &ProcessResult {
        &self.process
    }

    fn rules(&self) -> alloc::vec::Vec<&'static str> {
        match self.refusal {
            Some(refusal) => alloc::vec![refusal.rule.id],
            None => self.trace.applied_rules().into_iter().map(|rule| rule.id).collect(),
        }
    }
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
