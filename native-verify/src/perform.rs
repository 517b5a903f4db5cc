use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::mem;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sim_core::capability::CapSet;
use sim_core::kernel::Errno;
use sim_core::scenario::{Call, FileChange, Loaded, Step};

use crate::alone::{concerns_the_thread_alone, without_inherited};
use crate::machine::Machine;
use crate::namespaces::{Namespace, Pool};
use crate::program::{self, Answer, FILES, FILES_FD, NAMESPACES_FD, Program, StepPlace, WATCHED_FD};
use crate::report::Skip;
use crate::stage::{self, Stage};
use crate::sys;
use crate::tape::{self, FileState, GROUPS, Kind, State, Tape};
use crate::target::Targets;

/// What was seen of a scenario performed on the kernel.
#[derive(Clone, Debug)]
pub(crate) struct Performance {
    /// The thread before the first step.
    pub(crate) start: Observed,
    /// What each step returned, and the thread after it. Shorter than the scenario if the process ended early.
    pub(crate) steps: Vec<(i64, Observed)>,
    /// The files that steps changed, at the end, as the harness in `init` sees them.
    pub(crate) files: BTreeMap<String, ObservedFile>,
    /// How the process ended, if that was not of its own accord.
    pub(crate) ended_early: Option<String>,
    /// The signal that killed it.
    pub(crate) killed: Option<i32>,
    /// What is at the paths that steps make in the end: owner, group and mode with the kind of file.
    pub(crate) made: Vec<(String, Option<[u32; 3]>)>,
}

/// Everything observed of a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Observed {
    pub(crate) uid: [u32; 4],
    pub(crate) gid: [u32; 4],
    pub(crate) groups: Vec<u32>,
    pub(crate) permitted: CapSet,
    pub(crate) effective: CapSet,
    pub(crate) inheritable: CapSet,
    pub(crate) bounding: CapSet,
    pub(crate) ambient: CapSet,
    pub(crate) securebits: i64,
    pub(crate) no_new_privs: i64,
    pub(crate) user_ns: String,
    pub(crate) at_secure: Option<bool>,
    pub(crate) file: Option<ObservedFile>,
}

/// What was seen of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ObservedFile {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) mode: u32,
    /// The attribute, or what reading it returned.
    pub(crate) attribute: Result<Vec<u8>, i64>,
}

impl From<&FileState> for ObservedFile {
    fn from(state: &FileState) -> Self {
        let FileState { uid, gid, mode, attribute_size: size, attribute, .. } = state;
        let attribute = match usize::try_from(*size) {
            Ok(size) => Ok(attribute.iter().copied().take(size).collect()),
            Err(_) => Err(*size),
        };
        Self { uid: *uid, gid: *gid, mode: *mode, attribute }
    }
}

/// Performs a scenario on the stage.
pub(crate) fn perform(
    stage: &mut Stage,
    machine: &Machine,
    loaded: &Loaded,
) -> Result<(Performance, BTreeMap<String, String>), Skip> {
    if !writes_maps(loaded) {
        return perform_in_pool(stage, machine, loaded);
    }
    // A map is written once: such a scenario has namespaces of its own, whose makers live as long.
    let own = stage.pool.with_makers().map_err(|error| Skip(format!("no user namespaces can be made: {error:#}")))?;
    let usual = mem::replace(&mut stage.pool, own);
    let performed = perform_in_pool(stage, machine, loaded);
    stage.pool = usual;
    performed
}

/// The same, with the namespaces of the stage's pool.
fn perform_in_pool(
    stage: &mut Stage,
    machine: &Machine,
    loaded: &Loaded,
) -> Result<(Performance, BTreeMap<String, String>), Skip> {
    let world = &loaded.world;
    let namespace = stage.pool.of_process(loaded)?;
    let steps = &loaded.scenario.steps;
    let places = stage.make_files(world, steps)?;
    stage.set_sysctls(world, steps, machine)?;
    let targets = Targets::start(stage, machine, loaded)?;
    let program = program::write(stage.tape.tape(), world, steps, &places, namespace.fd, targets.pids(), machine)?;
    let named = leave_namespaces(&mut stage.pool, stage.tape.tape(), loaded)?;
    let open_files = leave_files(steps, &places)?;
    let watched = leave_watched_files(loaded, &places)?;
    if !steps.iter().all(|step| concerns_the_thread_alone(&step.call)) {
        stage.distrust_files();
    }
    let ended = run(stage, program.filtered).map_err(|error| Skip(format!("no process can be started: {error}")))?;
    drop(open_files);
    let files = look_at_files(stage, loaded, &places, &watched);
    end_bystanders(stage.tape.tape(), &named);
    let mut performance = Performance { files, ..read(stage.tape.tape(), &program, ended)? };
    performance.made = stage::made_paths(steps).map(|path| (path.to_owned(), seen_file(places.get(path)))).collect();
    let states = performance.steps.iter_mut().map(|(_, state)| state).chain([&mut performance.start]);
    states.for_each(|state| without_inherited(&mut state.groups, machine.alone.as_ref()));
    let mut links = links(loaded, &namespace);
    links.extend(named.into_iter().map(|(name, link, _)| (name, link)));
    Ok((performance, links))
}

/// Starts `program`, which finds nothing to do, and waits for its end.
pub(crate) fn perform_bare(stage: &mut Stage, program: &Path) -> Result<(), Skip> {
    program::write_bare(stage.tape.tape(), program)?;
    match run(stage, false) {
        Ok(None) => Ok(()),
        Ok(Some(signal)) => Err(Skip(killed_by(signal))),
        Err(error) => Err(Skip(format!("no process can be started: {error}"))),
    }
}

/// Whether a step writes maps of a described namespace, so that nothing else may use it afterwards.
fn writes_maps(loaded: &Loaded) -> bool {
    loaded.scenario.steps.iter().any(|step| match &step.call {
        Call::WriteMap(call) => call.user_ns != "init" && loaded.world.namespace(&call.user_ns).is_some(),
        _ => false,
    })
}

/// Puts the described namespaces that steps enter where the tape expects them, tells it of a process in each, and closes
/// the places of those that steps make. Gives names and links of the described ones, and their places.
fn leave_namespaces(pool: &mut Pool, tape: &mut Tape, loaded: &Loaded) -> Result<Vec<(String, String, usize)>, Skip> {
    let mut links = Vec::new();
    let names = program::namespace_names(&loaded.scenario.steps);
    for ((place, name), number) in names.into_iter().enumerate().zip(NAMESPACES_FD..) {
        match loaded.world.namespace(name) {
            Some(described) => {
                let namespace = pool.of(loaded, described)?;
                sys::leave_at(&BorrowedDescriptor(namespace.open), number)
                    .map_err(|error| Skip(format!("a user namespace cannot be handed on: {error}")))?;
                if let (Some(process), Some(keeper)) = (namespace.process, tape.keepers.get_mut(place)) {
                    *keeper = process.into();
                }
                links.push((name.to_owned(), namespace.link, place));
            }
            None => sys::close_at(number),
        }
    }
    Ok(links)
}

/// Ends the helpers and keepers that the tape started; they are the harness's since their parents ended.
fn end_bystanders(tape: &Tape, described: &[(String, String, usize)]) {
    let helpers = (tape.operations.iter().take(usize::try_from(tape.length).unwrap_or_default()))
        .filter(|operation| operation.kind == Kind::Helper)
        .map(|operation| operation.result);
    let keepers = (tape.keepers.iter().enumerate())
        .filter(|(place, _)| described.iter().all(|(_, _, known)| known != place))
        .map(|(_, keeper)| *keeper);
    for pid in helpers.chain(keepers).filter_map(|pid| libc::pid_t::try_from(pid).ok()).filter(|pid| *pid > 0) {
        sys::end(pid);
    }
}

/// Opens the files that steps change where the tape expects them. An open file can be looked at without permission.
fn leave_watched_files<'a>(loaded: &'a Loaded, places: &BTreeMap<String, PathBuf>) -> Result<Vec<&'a str>, Skip> {
    let paths = program::changed_paths(&loaded.scenario.steps)?;
    for (path, number) in paths.iter().zip(WATCHED_FD..) {
        let place = places.get(*path).ok_or_else(|| Skip(format!("there is no file {path:?}")))?;
        let opened = File::open(place).and_then(|file| sys::leave_at(&file, number));
        opened.map_err(|error| Skip(format!("{path}: cannot be opened: {error}")))?;
    }
    Ok(paths)
}

/// Looks at the files that steps changed, closes them, and has those be made anew whose content is another.
fn look_at_files(
    stage: &mut Stage,
    loaded: &Loaded,
    places: &BTreeMap<String, PathBuf>,
    changed: &[&str],
) -> BTreeMap<String, ObservedFile> {
    let mut seen = BTreeMap::new();
    for (path, number) in changed.iter().zip(WATCHED_FD..) {
        seen.insert((*path).to_owned(), ObservedFile::from(&tape::look_at(number)));
        sys::close_at(number);
    }
    for step in &loaded.scenario.steps {
        if let Call::FileChange(change @ (FileChange::Write(_) | FileChange::Truncate(_))) = &step.call
            && let Some(place) = places.get(change.path())
        {
            stage.forget(place);
        }
    }
    seen
}

/// A descriptor that somebody else owns.
struct BorrowedDescriptor(RawFd);

impl AsRawFd for BorrowedDescriptor {
    fn as_raw_fd(&self) -> RawFd {
        self.0
    }
}

/// What `/proc/self/ns/user` says in each namespace that the thread can be in.
fn links(loaded: &Loaded, namespace: &Namespace) -> BTreeMap<String, String> {
    let world = &loaded.world;
    let name = world.namespace_name(world.thread.credentials.user_ns);
    BTreeMap::from([(name.to_owned(), namespace.link.clone())])
}

/// The files whose flags are set, open where the tape expects them.
fn leave_files(steps: &[Step], places: &BTreeMap<String, PathBuf>) -> Result<Vec<File>, Skip> {
    let paths = program::flagged_paths(steps);
    if paths.len() > FILES {
        return Err(Skip(format!("more than {FILES} files cannot be kept open")));
    }
    let open = |(path, number): (&str, RawFd)| {
        let place = places.get(path).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let file = File::open(place)?;
        sys::leave_at(&file, number)?;
        Ok(file)
    };
    let opened: io::Result<_> = paths.into_iter().zip(FILES_FD..).map(open).collect();
    opened.map_err(|error| Skip(format!("a file cannot be opened: {error}")))
}

/// Owner, group and mode, with the kind of file, of what is at a place.
fn seen_file(place: Option<&PathBuf>) -> Option<[u32; 3]> {
    let seen = fs::symlink_metadata(place?).ok()?;
    Some([seen.uid(), seen.gid(), seen.mode()])
}

/// Runs the tape in a child and waits for its end; gives the signal that killed it, if one did.
fn run(stage: &mut Stage, filtered: bool) -> io::Result<Option<i32>> {
    let child = if filtered { stage.tape.start_apart()? } else { stage.tape.start()? };
    loop {
        let status = sys::wait(child)?;
        if libc::WIFSTOPPED(status) {
            let signal = libc::WSTOPSIG(status);
            sys::ptrace_continue(child, if signal == libc::SIGTRAP { 0 } else { signal })?;
        } else if libc::WIFSIGNALED(status) {
            return Ok(Some(libc::WTERMSIG(status)));
        } else {
            return Ok(None);
        }
    }
}

fn killed_by(signal: i32) -> String {
    format!("the process was killed by signal {signal}")
}

fn read(tape: &Tape, program: &Program, killed: Option<i32>) -> Result<Performance, Skip> {
    // A child of the first process may have gone on with the tape.
    let in_child = i32::try_from(tape.killed).ok().filter(|signal| *signal != 0);
    let killed = killed.or(in_child);
    if tape.broken != 0 {
        let at = usize::try_from(tape.broken - 1).unwrap_or_default();
        let Some(operation) = tape.operations.get(at) else {
            return Err(Skip("the tape is damaged".to_owned()));
        };
        let error = io::Error::from_raw_os_error(i32::try_from(-operation.result).unwrap_or_default());
        let call = operation.number;
        return Err(Skip(format!("the start cannot be brought about: system call {call}: {error}")));
    }
    let done = usize::try_from(tape.next).unwrap_or_default();
    let start = tape.states.first().map(observed).ok_or_else(|| Skip("the tape is damaged".to_owned()))?;
    let mut steps = Vec::new();
    for (index, &StepPlace { call, look, answer }) in program.steps.iter().enumerate() {
        // A step counts if the look at the thread after it was finished.
        let (Some(step), Some(state)) = (tape.operations.get(call), tape.states.get(index + 1)) else { break };
        if look + 1 > done {
            break;
        }
        if !program.filtered && matches!(answer, Answer::Permission(_)) && step.result == -i64::from(libc::ENOSYS) {
            return Err(Skip(format!("this kernel has no system call {}", step.number)));
        }
        steps.push((answer.read(step.result), observed(state)));
    }
    let short = steps.len() < program.steps.len();
    let ended_early =
        killed.map(killed_by).or_else(|| short.then(|| "the process ended before its last step".to_owned()));
    Ok(Performance { start, steps, files: BTreeMap::new(), ended_early, killed, made: Vec::new() })
}

fn observed(state: &State) -> Observed {
    let count = usize::try_from(state.group_count).unwrap_or_default().min(GROUPS);
    let text = String::from_utf8_lossy(&state.user_ns);
    Observed {
        uid: state.uid,
        gid: state.gid,
        groups: state.groups.iter().copied().take(count).collect(),
        permitted: CapSet::from_bits(state.permitted),
        effective: CapSet::from_bits(state.effective),
        inheritable: CapSet::from_bits(state.inheritable),
        bounding: CapSet::from_bits(state.bounding),
        ambient: CapSet::from_bits(state.ambient),
        securebits: state.securebits,
        no_new_privs: state.no_new_privs,
        user_ns: text.trim_end_matches('\0').to_owned(),
        at_secure: [Some(false), Some(true)]
            .get(usize::try_from(state.at_secure).unwrap_or(usize::MAX))
            .copied()
            .flatten(),
        file: (state.file.statx <= 0).then(|| ObservedFile::from(&state.file)),
    }
}

/// The errno in what a system call returned.
pub(crate) fn errno(result: i64) -> Option<Errno> {
    u16::try_from(-result).ok().and_then(Errno::returned)
}
