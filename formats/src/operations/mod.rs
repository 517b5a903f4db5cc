//! Calls of a log as operations of which the model can be asked what they need.
//!
//! Each call that a log of strace shows is one of these: one for which no capability can be needed; one about which the model
//! can be asked, perhaps with something that is not known, as who owns a file; or one of which cannot be told what it
//! needs, with a reason. Descriptors are followed to the files that they are, children to their parents, limits to where
//! they were read.
//!
//! ```
//! use formats::{operations::Collector, strace};
//!
//! let log = b"7 bind(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"0.0.0.0\")}, 16) = 0\n\
//!             7 read(0, \"\", 1) = 0\n7 setns(4, CLONE_NEWNET) = 0\n";
//! let mut collector = Collector::default();
//! for record in strace::read(log) {
//!     if let Ok(strace::Record::Call(call)) = record {
//!         collector.add(&call);
//!     }
//! }
//! let log = collector.finish();
//! assert_eq!((log.calls, log.never, log.untold.len()), (3, 1, 1));
//! let seen = &log.threads[0].operations[0];
//! assert_eq!((seen.operation.call.name(), seen.places[0].line), ("bind", 1));
//! ```

mod arguments;
mod files;
mod identity;
mod machine;
mod never;
mod process;
#[cfg(test)]
mod tests;
mod told;

use std::collections::{BTreeMap, HashMap, HashSet};

use sim_core::capability::CapSet;
use sim_core::least::{Operation, Shown};
use sim_core::scenario::Call as ScenarioCall;

use crate::strace::{Call, Outcome};
use arguments::Arguments;
use process::{Opened, Process};
use told::{Caller, Told, told};

/// What a log shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The threads, in the order in which they appear.
    pub threads: Vec<Thread>,
    /// How many calls there are.
    pub calls: u64,
    /// How many can need no capability.
    pub never: u64,
    /// How many failed for another reason than a permission, which shows nothing.
    pub failed: u64,
    /// How many have no result.
    pub without_result: u64,
    /// How many the model is asked about.
    pub asked: u64,
    /// Those of which cannot be told what they need.
    pub untold: Vec<Untold>,
}

/// What a thread did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// Its id; 0 if lines have none.
    pub id: u32,
    /// Which thread made it, and before which of that one's operations.
    pub parent: Option<(u32, usize)>,
    /// What it did, equal calls between two changes of the thread once.
    pub operations: Vec<Seen>,
    /// What it read of its user ids: before which operation, the line, and the value.
    pub ids: Vec<IdRead>,
    /// The permitted set that it first read, and where.
    pub held: Option<(CapSet, Place)>,
}

/// An id that a thread read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdRead {
    /// Before which of the thread's operations.
    pub before: usize,
    /// Where.
    pub place: Place,
    /// Real or effective, user or group.
    pub which: WhichId,
    /// The id.
    pub id: u32,
}

/// Which id it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichId {
    /// getuid(2).
    RealUser,
    /// geteuid(2).
    EffectiveUser,
    /// getgid(2).
    RealGroup,
    /// getegid(2).
    EffectiveGroup,
}

/// An operation, and where it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The operation.
    pub operation: Operation,
    /// As strace prints it, shortened.
    pub text: String,
    /// How often.
    pub count: u64,
    /// The first places.
    pub places: Vec<Place>,
}

/// Where a call is: the file, counted from 0, and the line, counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which file.
    pub file: usize,
    /// The line.
    pub line: u64,
}

/// Calls of which cannot be told what they need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold {
    /// The name.
    pub name: String,
    /// Why.
    pub reason: &'static str,
    /// How many there are.
    pub count: u64,
    /// The first one, shortened.
    pub text: String,
    /// Where it is.
    pub place: Place,
}

/// So many operations are kept, of all threads together.
pub const MOST_OPERATIONS: usize = 1 << 14;
/// So long they are together when they are written, in bytes.
const MOST_BYTES: usize = 1 << 23;
/// So many threads are told apart.
pub const MOST_THREADS: usize = 1 << 12;
/// So many kinds of calls of which nothing can be told.
const MOST_UNTOLD: usize = 512;
/// So many places of an operation are kept.
const MOST_PLACES: usize = 3;
/// So many ids that a thread read.
const MOST_IDS: usize = 64;
/// So many characters of a call are kept.
const SHOWN: usize = 96;

const TOO_MANY: &str = "there are too many different calls; this one is not followed";
const OWN_NAMESPACE: &str = "the thread is in a user namespace of its own, whose ids are not followed";

/// Makes a [`Log`] of calls, in bounded memory.
#[derive(Debug, Default)]
pub struct Collector {
    log: Log,
    file: usize,
    files: usize,
    /// The thread of lines without a pid.
    thread: u32,
    states: HashMap<u32, State>,
    processes: Vec<Process>,
    untold: BTreeMap<(String, &'static str), Untold>,
    operations: usize,
    /// How long what is kept is when it is written.
    bytes: usize,
}

/// What is remembered of a thread.
#[derive(Debug, Default)]
struct State {
    /// Where it stands in the log.
    at: usize,
    process: usize,
    /// The operations since the thread last changed.
    same: HashMap<String, usize>,
    /// Paths that were named or made.
    named: HashSet<String>,
    /// Paths that were made.
    made: HashSet<String>,
    again: usize,
    knows_held: bool,
    own_namespace: bool,
}

impl Collector {
    /// Goes on with another file of the same run, as `strace -ff` writes them: its lines are of this thread, if it is known.
    pub fn next_file(&mut self, thread: Option<u32>) {
        self.file = self.files;
        self.files += 1;
        self.thread = thread.unwrap_or_default();
    }

    /// Adds a call.
    pub fn add(&mut self, call: &Call) {
        self.log.calls += 1;
        let thread = call.pid.unwrap_or(self.thread);
        let place = Place { file: self.file, line: call.line };
        if !self.states.contains_key(&thread) && !self.begin(thread) {
            return self.not_told(call, TOO_MANY, place);
        }
        let (shown, value) = match &call.outcome {
            Outcome::Returned(value) => (Shown::Succeeded, Some(*value)),
            Outcome::Failed(errno) if errno == "EPERM" || errno == "EACCES" => (Shown::Refused, None),
            Outcome::Failed(_) => {
                self.log.failed += 1;
                return;
            }
            Outcome::Unknown => {
                self.log.without_result += 1;
                return;
            }
        };
        let told = self.told(call, thread);
        match told.operation(shown) {
            Err(None) => self.log.never += 1,
            Err(Some(reason)) => self.not_told(call, reason, place),
            Ok(operation) => self.keep(call, thread, operation, place),
        }
        if let Some(value) = value {
            self.follow(call, thread, value, place);
        }
    }

    /// What was added.
    pub fn finish(mut self) -> Log {
        self.log.untold = self.untold.into_values().collect();
        self.log.untold.sort_by_key(|untold| (core::cmp::Reverse(untold.count), untold.place));
        self.log
    }

    fn begin(&mut self, thread: u32) -> bool {
        if self.states.len() >= MOST_THREADS {
            return false;
        }
        self.processes.push(Process::default());
        let state = State { at: self.log.threads.len(), process: self.processes.len() - 1, ..State::default() };
        self.states.insert(thread, state);
        self.log.threads.push(Thread { id: thread, ..Thread::default() });
        true
    }

    fn told(&self, call: &Call, thread: u32) -> Told {
        let Some(state) = self.states.get(&thread) else { return Told::Never };
        let Some(process) = self.processes.get(state.process) else { return Told::Never };
        let caller = Caller { process, thread, knows_held: state.knows_held };
        let told = told(&call.name, Arguments(call.texts()), caller);
        match told {
            Told::Call(_) | Told::Partly(..) if state.own_namespace => Told::Untold(OWN_NAMESPACE),
            told => told,
        }
    }

    fn not_told(&mut self, call: &Call, reason: &'static str, place: Place) {
        let mut name = call.name.clone();
        if self.untold.len() >= MOST_UNTOLD && !self.untold.contains_key(&(name.clone(), reason)) {
            name = String::new();
        }
        let new = || Untold { name: name.clone(), reason, count: 0, text: shortened(call), place };
        self.untold.entry((name.clone(), reason)).or_insert_with(new).count += 1;
    }

    fn keep(&mut self, call: &Call, thread: u32, mut operation: Operation, place: Place) {
        let Some(state) = self.states.get_mut(&thread) else { return };
        let Some(seen) = self.log.threads.get_mut(state.at) else { return };
        let key = format!("{operation:?}");
        if let Some(known) = state.same.get(&key).and_then(|index| seen.operations.get_mut(*index)) {
            known.count += 1;
            if known.places.len() < MOST_PLACES {
                known.places.push(place);
            }
            self.log.asked += 1;
            return;
        }
        if self.operations >= MOST_OPERATIONS || self.bytes + key.len() > MOST_BYTES {
            return self.not_told(call, TOO_MANY, place);
        }
        self.operations += 1;
        self.bytes += key.len();
        self.log.asked += 1;
        let named = operation.call.named_files();
        if let Some(made) = named.makes.map(str::to_owned)
            && state.named.contains(&made)
        {
            // It was there before, and removed: to the model it is another one.
            state.again += 1;
            let other = format!("{made} (again {})", state.again);
            operation.call =
                operation.call.with_paths(|path| if path == made { other.clone() } else { path.to_owned() });
        }
        if operation.call.name() == "unlink"
            && let Some(removed) = operation.call.named_files().file.map(str::to_owned)
            && state.made.contains(&removed)
        {
            // What was made here and is removed stays in the model; the same is asked for another name beside it.
            operation.call = operation.call.with_paths(|path| format!("{path} (removed)"));
        }
        let named = operation.call.named_files();
        state.made.extend(named.makes.map(str::to_owned));
        let paths = [named.file, named.directory, named.makes];
        state.named.extend(paths.into_iter().flatten().map(str::to_owned));
        if operation.shown == Shown::Succeeded && changes(&operation.call) {
            state.same.clear();
        } else {
            state.same.insert(key, seen.operations.len());
        }
        seen.operations.push(Seen { operation, text: shortened(call), count: 1, places: vec![place] });
    }

    /// What a call that succeeded changes of what is known.
    fn follow(&mut self, call: &Call, thread: u32, value: i64, place: Place) {
        let Some(state) = self.states.get_mut(&thread) else { return };
        let Some(process) = self.processes.get_mut(state.process) else { return };
        let Some(seen) = self.log.threads.get_mut(state.at) else { return };
        let arguments = Arguments(call.texts());
        let mut id = |which: WhichId| {
            if seen.ids.len() < MOST_IDS
                && let Ok(id) = u32::try_from(value)
            {
                seen.ids.push(IdRead { before: seen.operations.len(), place, which, id });
            }
        };
        match call.name.as_str() {
            "open" | "creat" => opened(process, value, "AT_FDCWD", arguments.string(0)),
            "openat" | "openat2" => opened(process, value, arguments.text(0), arguments.string(1)),
            "socket" if arguments.text(0) == "AF_NETLINK" => process.open(value, Opened::Netlink),
            "socket" => process.close(value),
            "close" => process.close(arguments.number(0).unwrap_or(-1)),
            "dup" | "dup2" | "dup3" => process.duplicate(arguments.number(0).unwrap_or(-1), value),
            "fcntl" | "fcntl64" if arguments.text(1).starts_with("F_DUPFD") => {
                process.duplicate(arguments.number(0).unwrap_or(-1), value);
            }
            "chdir" => {
                let path = arguments.string(0).map(|path| process.absolute("AT_FDCWD", &path));
                process.directory = path.map(Into::into);
            }
            "fchdir" => process.directory = process.path_of(arguments.text(0)).map(Into::into),
            "getcwd" => process.directory = arguments.string(0).map(Into::into),
            "getrlimit" | "ugetrlimit" | "setrlimit" => read_limit(process, arguments.text(0), arguments.text(1)),
            "prlimit64" if arguments.text(2) == "NULL" && arguments.text(0) == "0" => {
                read_limit(process, arguments.text(1), arguments.text(3));
            }
            "prlimit64" if arguments.text(0) == "0" => read_limit(process, arguments.text(1), arguments.text(2)),
            "getuid" | "getuid32" => id(WhichId::RealUser),
            "geteuid" | "geteuid32" => id(WhichId::EffectiveUser),
            "getgid" | "getgid32" => id(WhichId::RealGroup),
            "getegid" | "getegid32" => id(WhichId::EffectiveGroup),
            "capget" => {
                if let Some([_, permitted, _]) = identity::three_sets(arguments.text(1)) {
                    state.knows_held = true;
                    seen.held.get_or_insert((permitted, place));
                }
            }
            "execve" | "execveat" => state.knows_held = false,
            "unshare" => state.own_namespace |= arguments.has(0, "CLONE_NEWUSER"),
            "setns" => state.own_namespace |= !arguments.text(1).starts_with("CLONE_NEW"),
            "fork" | "vfork" | "clone" | "clone3" => self.child(call, thread, value),
            _ => {}
        }
    }

    /// Remembers whose child a thread is.
    fn child(&mut self, call: &Call, thread: u32, child: i64) {
        let Some(child) = u32::try_from(child).ok().filter(|child| *child != 0 && *child != thread) else { return };
        let Some(state) = self.states.get(&thread) else { return };
        let (parent, process, own_namespace) = (state.at, state.process, state.own_namespace);
        let before = self.log.threads.get(parent).map_or(0, |seen| seen.operations.len());
        let flags = identity::flags_of_clone(Arguments(call.texts())).unwrap_or_default().to_owned();
        let new = !self.states.contains_key(&child);
        if new && !self.begin(child) {
            return;
        }
        let shared = self.processes.get(process).cloned().unwrap_or_default();
        let Some(state) = self.states.get_mut(&child) else { return };
        state.own_namespace |= own_namespace || flags.contains("CLONE_NEWUSER");
        // A child whose lines came first knows its own descriptors better.
        if flags.contains("CLONE_FILES") {
            state.process = process;
        } else if new && let Some(own) = self.processes.get_mut(state.process) {
            *own = shared;
        }
        if let Some(seen) = self.log.threads.get_mut(state.at) {
            seen.parent.get_or_insert((thread, before));
        }
    }
}

/// Whether the same call may come out otherwise after this one.
fn changes(call: &ScenarioCall) -> bool {
    !matches!(
        call,
        ScenarioCall::Bind { .. } | ScenarioCall::Path(_) | ScenarioCall::Process(_) | ScenarioCall::System(_)
    )
}

fn opened(process: &mut Process, value: i64, directory: &str, path: Option<String>) {
    match path {
        Some(path) => {
            let path = process.absolute(directory, &path);
            process.open(value, Opened::File(path.into()));
        }
        None => process.close(value),
    }
}

fn read_limit(process: &mut Process, resource: &str, limits: &str) {
    if let Some(limits) = machine::limits(limits)
        && resource.len() <= SHOWN
        && process.limits.len() < MOST_IDS
    {
        process.limits.insert(resource.to_owned(), limits);
    }
}

/// A call as strace prints it, of at most [`SHOWN`] characters.
fn shortened(call: &Call) -> String {
    let mut text = format!("{}(", call.name);
    for (index, argument) in call.texts().iter().enumerate() {
        if text.len() > 4 * SHOWN {
            break;
        }
        text += if index == 0 { "" } else { ", " };
        text.extend(argument.chars().take(2 * SHOWN));
    }
    text.push(')');
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
