use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::path::Path;

use sim_core::capability::CapSet;
use sim_core::kernel::Errno;
use sim_core::scenario::{Call, Loaded};

use crate::alone::{concerns_the_thread_alone, without_inherited};
use crate::machine::Machine;
use crate::namespaces::Namespace;
use crate::program::{self, NAMESPACES_FD, Program, SOCKETS_FD};
use crate::report::Skip;
use crate::stage::Stage;
use crate::sys;
use crate::tape::{GROUPS, State, Tape};

/// What was seen of a scenario performed on the kernel.
#[derive(Clone, Debug)]
pub(crate) struct Performance {
    /// The thread before the first step.
    pub(crate) start: Observed,
    /// What each step returned, and the thread after it. Shorter than the scenario if the process ended early.
    pub(crate) steps: Vec<(i64, Observed)>,
    /// How the process ended, if that was not of its own accord.
    pub(crate) ended_early: Option<String>,
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
}

/// Performs a scenario on the stage.
pub(crate) fn perform(
    stage: &mut Stage,
    machine: &Machine,
    loaded: &Loaded,
) -> Result<(Performance, BTreeMap<String, String>), Skip> {
    let world = &loaded.world;
    let namespace = stage.pool.of_process(loaded)?;
    let places = stage.make_files(world)?;
    stage.set_sysctls(world)?;
    let steps = &loaded.scenario.steps;
    let program = program::write(stage.tape.tape(), world, steps, &places, namespace.fd, machine)?;
    let named = leave_namespaces(stage, loaded)?;
    let _sockets = leave_sockets(loaded).map_err(|error| Skip(format!("no sockets can be made: {error}")))?;
    if !steps.iter().all(|step| concerns_the_thread_alone(&step.call)) {
        stage.distrust_files();
    }
    let ended_early = run(stage).map_err(|error| Skip(format!("no process can be started: {error}")))?;
    let mut performance = read(stage.tape.tape(), &program, ended_early)?;
    let states = performance.steps.iter_mut().map(|(_, state)| state).chain([&mut performance.start]);
    states.for_each(|state| without_inherited(&mut state.groups, machine.alone.as_ref()));
    let mut links = links(loaded, &namespace);
    links.extend(named);
    Ok((performance, links))
}

/// Starts `program`, which finds nothing to do, and waits for its end.
pub(crate) fn perform_bare(stage: &mut Stage, program: &Path) -> Result<(), Skip> {
    program::write_bare(stage.tape.tape(), program)?;
    match run(stage) {
        Ok(None) => Ok(()),
        Ok(Some(end)) => Err(Skip(end)),
        Err(error) => Err(Skip(format!("no process can be started: {error}"))),
    }
}

/// Puts the described namespaces that steps enter where the tape expects them, closes the places of those that steps
/// make, and gives their links.
fn leave_namespaces(stage: &mut Stage, loaded: &Loaded) -> Result<Vec<(String, String)>, Skip> {
    let mut links = Vec::new();
    for (name, number) in program::namespace_names(&loaded.scenario.steps).into_iter().zip(NAMESPACES_FD..) {
        match loaded.world.namespace(name) {
            Some(described) => {
                let namespace = stage.pool.of(loaded, described)?;
                sys::leave_at(&BorrowedDescriptor(namespace.open), number)
                    .map_err(|error| Skip(format!("a user namespace cannot be handed on: {error}")))?;
                links.push((name.to_owned(), namespace.link));
            }
            None => sys::close_at(number),
        }
    }
    Ok(links)
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

/// One fresh socket for each `bind` step, where the tape expects it.
fn leave_sockets(loaded: &Loaded) -> io::Result<Vec<OwnedFd>> {
    let binds = loaded.scenario.steps.iter().filter(|step| matches!(step.call, Call::Bind { .. }));
    binds
        .zip(SOCKETS_FD..)
        .map(|(_, number)| {
            let socket = sys::stream_socket()?;
            sys::leave_at(&socket, number)?;
            Ok(socket)
        })
        .collect()
}

/// Runs the tape in a child and waits for its end; says how it ended unless it ended of its own accord.
fn run(stage: &mut Stage) -> io::Result<Option<String>> {
    let child = stage.tape.start()?;
    loop {
        let status = sys::wait(child)?;
        if libc::WIFSTOPPED(status) {
            let signal = libc::WSTOPSIG(status);
            sys::ptrace_continue(child, if signal == libc::SIGTRAP { 0 } else { signal })?;
        } else if libc::WIFSIGNALED(status) {
            return Ok(Some(format!("the process was killed by signal {}", libc::WTERMSIG(status))));
        } else {
            return Ok(None);
        }
    }
}

fn read(tape: &Tape, program: &Program, ended_early: Option<String>) -> Result<Performance, Skip> {
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
    for (index, &(operation, look)) in program.steps.iter().enumerate() {
        // A step counts if the look at the thread after it was finished.
        let (Some(step), Some(state)) = (tape.operations.get(operation), tape.states.get(index + 1)) else { break };
        if look + 1 > done {
            break;
        }
        steps.push((step.result, observed(state)));
    }
    let short = steps.len() < program.steps.len();
    let ended_early = ended_early.or_else(|| short.then(|| "the process ended before its last step".to_owned()));
    Ok(Performance { start, steps, ended_early })
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
    }
}

/// The errno in what a system call returned.
pub(crate) fn errno(result: i64) -> Option<Errno> {
    u16::try_from(-result).ok().and_then(Errno::from_number)
}
