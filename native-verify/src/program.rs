//! Turns a scenario into a tape: the start state first, then each step and a look at the thread after it.

mod file_change;
mod filtered;
mod path;
mod process;
mod system;
mod target;
mod write_map;

pub(crate) use file_change::{WATCHED_FD, changed_paths};
pub(crate) use target::write_target;

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use sim_core::calls::AmbientOperation;
use sim_core::capability::{CapSet, Capability};
use sim_core::credentials::{Credentials, Groups, Ids, Kgid, Kuid, Securebits, Thread};
use sim_core::scenario::{Call, CloneCall, CloneFlag, Step, World};

use crate::machine::Machine;
use crate::report::Skip;
use crate::sys;
use crate::tape::gate::Gate;
use crate::tape::{DATA, GROUPS, HELPERS, KEEPERS, Kind, OPERATIONS, Operation, STATES, State, Tape};
use filtered::Filters;
use write_map::MapWrites;

/// The file descriptor of the socket that a `bind` step uses.
const SOCKET_FD: i32 = 110;
/// The file descriptor of a Unix socket that is not connected.
pub(crate) const UNIX_SOCKET_FD: i32 = 109;

/// A flag that libc does not know.
const CLONE_NEWTIME: libc::c_int = 0x80;

/// The first file descriptor of the user namespaces that steps name, in order of [`namespace_names`].
pub(crate) const NAMESPACES_FD: i32 = 240;

pub(crate) use path::{FILES, FILES_FD, flagged_paths};

/// The user namespaces that steps make, enter, or write maps of, and those that writers are in; each once.
pub(crate) fn namespace_names(steps: &[Step]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for step in steps {
        let named = match &step.call {
            Call::Unshare(call) | Call::Clone(call) => [call.user_ns.as_deref(), None],
            Call::Setns(name) => [Some(name.as_str()), None],
            Call::WriteMap(call) => {
                [Some(call.user_ns.as_str()), call.by.as_ref().and_then(|process| process.user_ns.as_deref())]
            }
            _ => [None, None],
        };
        for name in named.into_iter().flatten() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// Where on the tape the results of a scenario will be.
pub(crate) struct Program {
    pub(crate) steps: Vec<StepPlace>,
    /// Whether filters are in force at some time.
    pub(crate) filtered: bool,
}

/// Where on the tape a step is.
pub(crate) struct StepPlace {
    /// Its operation.
    pub(crate) call: usize,
    /// The look at the thread after it.
    pub(crate) look: usize,
    /// How its result is to be read.
    pub(crate) answer: Answer,
}

/// How the result of a system call is to be read.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    /// As it is.
    Value,
    /// Only whether it was permitted: these errors come after the permission, from arguments chosen to be without effect.
    Permission(&'static [i32]),
}

impl Answer {
    /// The result as the format has it: a permission granted is 0.
    pub(crate) fn read(self, result: i64) -> i64 {
        match self {
            Self::Value => result,
            Self::Permission(harmless) => {
                let harmless = harmless.iter().any(|&errno| result == -i64::from(errno));
                if result >= 0 || harmless { 0 } else { result }
            }
        }
    }
}

/// Writes a tape from its beginning.
struct Writer<'a> {
    tape: &'a mut Tape,
    operations: usize,
    /// The operation whose result is that of the step.
    call: usize,
    states: usize,
    data: usize,
    /// The descriptor of the file that the next look is at too, or 0.
    watched: u64,
}

/// Something that does not fit on a tape.
struct Full;

impl From<Full> for Skip {
    fn from(_: Full) -> Self {
        Self("the scenario is too long to be performed in one go".to_owned())
    }
}

/// Writes the scenario's start and steps.
pub(crate) fn write(
    tape: &mut Tape,
    world: &World,
    steps: &[Step],
    places: &BTreeMap<String, PathBuf>,
    user_ns: Option<i32>,
    targets: &[i32],
    machine: &Machine,
) -> Result<Program, Skip> {
    check_possible(world, &world.thread, machine)?;
    system::check_possible(world, steps, machine)?;
    file_change::check_executed(steps, world)?;
    file_change::check_removal(steps, machine)?;
    let filters = Filters::of(world, steps)?;
    let mut writer = Writer { tape, operations: 0, call: 0, states: 0, data: 0, watched: 0 };
    writer.rewind();
    if filters.are_there() {
        writer.prepare_filters()?;
    }
    let names = namespace_names(steps);
    if names.len() > KEEPERS {
        return Err(Full.into());
    }
    let writes = MapWrites::prepare(&mut writer, world, steps, &names, machine)?;
    writer.start_with(&world.thread, user_ns, machine, &filters)?;
    writer.demand_prctl(libc::PR_SET_DUMPABLE, [1, 0, 0, 0])?;
    writer.observe()?;
    let mut operations = Vec::new();
    let (mut files, mut targets) = (0, targets.iter().copied());
    for (index, step) in steps.iter().enumerate() {
        writer.call = writer.operations;
        if let Call::WriteMap(write) = &step.call {
            writer.write_map(index, write, &writes, &names)?;
        }
        let answer = match &step.call {
            Call::Seccomp(_) => writer.seccomp(filters.of_step(index))?,
            Call::Syscall(call) => writer.syscall(call)?,
            Call::FileChange(change) => writer.file_change(change, steps, world, places)?,
            other => writer.step(other, world, places, &names, &mut files, &mut targets)?,
        };
        if filters.are_there() {
            writer.through_the_gate(&step.call);
        }
        operations.push(StepPlace { call: writer.call, look: writer.operations, answer });
        writer.observe()?;
    }
    writer.finish();
    Ok(Program { steps: operations, filtered: filters.are_there() })
}

/// Writes nothing but an exec, of a program that finds the tape at its end.
pub(crate) fn write_bare(tape: &mut Tape, program: &Path) -> Result<(), Skip> {
    let mut writer = Writer { tape, operations: 0, call: 0, states: 0, data: 0, watched: 0 };
    writer.rewind();
    writer.execute(program)?;
    writer.finish();
    Ok(())
}

/// What no preparation can bring about on this machine.
fn check_possible(world: &World, thread: &Thread, machine: &Machine) -> Result<(), Skip> {
    let credentials = &thread.credentials;
    check_credentials(credentials, world.namespace_name(credentials.user_ns) == "init", machine)
}

fn check_credentials(credentials: &Credentials, in_init: bool, machine: &Machine) -> Result<(), Skip> {
    let sets = credentials.permitted | credentials.inheritable | credentials.bounding;
    let possible = if in_init { machine.capabilities } else { machine.known };
    let missing: Vec<_> = (sets - possible).iter().map(|capability| capability.to_string()).collect();
    if !missing.is_empty() {
        return Err(Skip(format!("this machine's bounding set lacks {}", missing.join(", "))));
    }
    check_observable(credentials.groups.as_slice().len())
}

fn check_observable(groups: usize) -> Result<(), Skip> {
    if groups > GROUPS {
        return Err(Skip(format!("more than {GROUPS} supplementary groups cannot be observed")));
    }
    Ok(())
}

impl Writer<'_> {
    /// Makes an empty tape of a used one.
    fn rewind(&mut self) {
        self.tape.next = 0;
        self.tape.length = 0;
        self.tape.broken = 0;
        self.tape.keepers = [0; KEEPERS];
        self.tape.cues = [0; HELPERS];
        self.tape.ended = [0; HELPERS];
        self.tape.filtered = 0;
        self.tape.killed = 0;
    }

    fn finish(&mut self) {
        self.tape.length = self.operations.try_into().unwrap_or(0);
    }

    /// Brings a child of the harness into the start state.
    fn start(&mut self, thread: &Thread, user_ns: Option<i32>, machine: &Machine) -> Result<(), Full> {
        self.start_with(thread, user_ns, machine, &Filters::default())
    }

    /// The same with filters in force, which are installed while nothing is lost yet.
    fn start_with(
        &mut self,
        thread: &Thread,
        user_ns: Option<i32>,
        machine: &Machine,
        filters: &Filters,
    ) -> Result<(), Full> {
        let credentials = &thread.credentials;
        let all = if user_ns.is_some() { machine.known } else { machine.capabilities };
        // Ids first, while nothing can be lost by it.
        self.demand_prctl(libc::PR_SET_SECUREBITS, [Securebits::NO_SETUID_FIXUP.bits().into(), 0, 0, 0])?;
        if machine.alone.is_none() {
            self.groups(&credentials.groups)?;
        }
        self.ids(credentials.uid, credentials.gid, machine)?;
        if let Some(fd) = user_ns {
            let newuser = libc::CLONE_NEWUSER.unsigned_abs().into();
            self.demand(libc::SYS_setns, [fd.unsigned_abs().into(), newuser, 0, 0, 0, 0])?;
        }
        if thread.shares_fs {
            self.push(Kind::ForkSharingFs, 0, 0, [0; 6])?;
        }
        if let Some(tracer) = thread.tracer {
            // With PTRACE_TRACEME the record is of the traced thread, as it is at this moment.
            let recorded = if tracer.has_sys_ptrace { all } else { all - CapSet::from(Capability::SYS_PTRACE) };
            self.demand_capset(all, recorded, CapSet::EMPTY)?;
            self.demand(libc::SYS_ptrace, [u64::from(libc::PTRACE_TRACEME), 0, 0, 0, 0, 0])?;
        }
        self.install_first(filters)?;
        self.sets(credentials, all)
    }

    fn sets(&mut self, credentials: &Credentials, all: CapSet) -> Result<(), Full> {
        self.demand_capset(all, all, credentials.inheritable)?;
        // What is ambient must be raised while the bounding set, the securebits and the permitted set allow it.
        for capability in credentials.ambient {
            let raise = AmbientOperation::Raise.number().into();
            self.demand_prctl(libc::PR_CAP_AMBIENT, [raise, capability.number().into(), 0, 0])?;
        }
        for capability in all - credentials.bounding {
            self.demand_prctl(libc::PR_CAPBSET_DROP, [capability.number().into(), 0, 0, 0])?;
        }
        self.demand_prctl(libc::PR_SET_SECUREBITS, [credentials.securebits.bits().into(), 0, 0, 0])?;
        self.demand_capset(credentials.permitted, credentials.effective, credentials.inheritable)?;
        if credentials.no_new_privs {
            self.demand_prctl(libc::PR_SET_NO_NEW_PRIVS, [1, 0, 0, 0])?;
        }
        Ok(())
    }

    fn groups(&mut self, groups: &Groups) -> Result<(), Full> {
        let numbers: Vec<u8> = groups.as_slice().iter().flat_map(|group| group.number().to_ne_bytes()).collect();
        let list = self.store(&numbers)?;
        let count = groups.as_slice().len() as u64;
        self.push(Kind::Demand, 0b10, libc::SYS_setgroups, [count, list, 0, 0, 0, 0]).map(drop)
    }

    fn ids(&mut self, uid: Ids<Kuid>, gid: Ids<Kgid>, machine: &Machine) -> Result<(), Full> {
        let [real, effective, saved, filesystem] = gid.to_array().map(|id| u64::from(machine.seen(id.number())));
        self.demand(libc::SYS_setresgid, [real, effective, saved, 0, 0, 0])?;
        self.demand(libc::SYS_setfsgid, [filesystem, 0, 0, 0, 0, 0])?;
        let [real, effective, saved, filesystem] = uid.to_array().map(|id| u64::from(machine.seen(id.number())));
        self.demand(libc::SYS_setresuid, [real, effective, saved, 0, 0, 0])?;
        self.demand(libc::SYS_setfsuid, [filesystem, 0, 0, 0, 0, 0])
    }

    fn step(
        &mut self,
        call: &Call,
        world: &World,
        places: &BTreeMap<String, PathBuf>,
        names: &[&str],
        files: &mut i32,
        targets: &mut dyn Iterator<Item = i32>,
    ) -> Result<Answer, Skip> {
        let descriptor = |name: &str| {
            let index = names.iter().position(|known| *known == name).unwrap_or_default();
            u64::from(NAMESPACES_FD.unsigned_abs()) + index as u64
        };
        match call {
            Call::Execve(path) => {
                let place = places.get(path).ok_or_else(|| Skip(format!("there is no file {path:?}")))?;
                self.execute(place)?;
            }
            Call::Capset(wish) => {
                let resolve = |set: sim_core::scenario::SetText| set.resolve(world.all);
                let (permitted, effective) = (resolve(wish.permitted), resolve(wish.effective));
                self.capset(Kind::Call, permitted, effective, resolve(wish.inheritable))?;
            }
            Call::Prctl(prctl) => {
                let call = prctl.resolve();
                let [a, b, c, d] = call.arguments;
                self.push(Kind::Call, 0, libc::SYS_prctl, [call.option.number().into(), a, b, c, d, 0])?;
            }
            Call::SetId(call) => {
                let mut arguments = [0; 6];
                for (argument, id) in arguments.iter_mut().zip(call.ids()) {
                    *argument = u64::from(*id);
                }
                self.push(Kind::Call, 0, number(call.name()), arguments)?;
            }
            Call::Setgroups(groups) => {
                check_observable(groups.len())?;
                let numbers: Vec<u8> = groups.iter().flat_map(|group| group.to_ne_bytes()).collect();
                let list = self.store(&numbers)?;
                self.push(Kind::Call, 0b10, libc::SYS_setgroups, [groups.len() as u64, list, 0, 0, 0, 0])?;
            }
            Call::Capget => {
                let header = self.capability_header()?;
                let room = self.store(&[0; 24])?;
                self.push(Kind::Call, 0b11, libc::SYS_capget, [header, room, 0, 0, 0, 0])?;
            }
            Call::Unshare(call) => {
                self.push(Kind::Call, 0, libc::SYS_unshare, [clone_flags(call), 0, 0, 0, 0, 0])?;
                self.keep_namespace(call, descriptor)?;
            }
            Call::Clone(call) => {
                self.push(Kind::Clone, 0, 0, [clone_flags(call), 0, 0, 0, 0, 0])?;
                self.keep_namespace(call, descriptor)?;
            }
            Call::Setns(name) => {
                let newuser = libc::CLONE_NEWUSER.unsigned_abs().into();
                self.push(Kind::Call, 0, libc::SYS_setns, [descriptor(name), newuser, 0, 0, 0, 0])?;
            }
            Call::Bind { port } => {
                // Any address, for in a new network namespace there is no other. Closed again, the port is not in use.
                let address = self.store(&sys::internet_address([0; 4], *port))?;
                let fd = SOCKET_FD.unsigned_abs().into();
                self.push(Kind::Socket, 0, 0, [fd, 0, 0, 0, 0, 0])?;
                self.call = self.operations;
                self.push(Kind::Call, 0b10, libc::SYS_bind, [fd, address, 16, 0, 0, 0])?;
                self.push(Kind::Call, 0, libc::SYS_close, [fd, 0, 0, 0, 0, 0])?;
            }
            // Written by functions of their own, which look at the other steps too.
            Call::WriteMap(_) | Call::FileChange(_) | Call::Seccomp(_) | Call::Syscall(_) => {}
            Call::Process(operation) => return Ok(self.process(operation, targets)?),
            Call::Path(operation) => return self.path(operation, world, places, files),
            Call::System(operation) => return self.system(operation),
        }
        Ok(Answer::Value)
    }

    /// Puts where a file of the scenario is among the tape's data.
    fn store_path(&mut self, path: &str, places: &BTreeMap<String, PathBuf>) -> Result<u64, Skip> {
        let place = places.get(path).ok_or_else(|| Skip(format!("there is no file {path:?}")))?;
        let mut bytes = place.as_os_str().as_bytes().to_vec();
        bytes.push(0);
        Ok(self.store(&bytes)?)
    }

    fn execute(&mut self, program: &Path) -> Result<(), Full> {
        let mut bytes = program.as_os_str().as_bytes().to_vec();
        bytes.push(0);
        let path = self.store(&bytes)?;
        self.push(Kind::Execute, 0b1, 0, [path, 0, 0, 0, 0, 0])
    }

    /// Keeps the namespace that the call before made.
    fn keep_namespace(&mut self, call: &CloneCall, descriptor: impl Fn(&str) -> u64) -> Result<(), Full> {
        match &call.user_ns {
            Some(name) => {
                let descriptor = descriptor(name);
                let keeper = descriptor - u64::from(NAMESPACES_FD.unsigned_abs());
                self.push(Kind::KeepNamespace, 0, 0, [descriptor, keeper, 0, 0, 0, 0])
            }
            None => Ok(()),
        }
    }

    fn observe(&mut self) -> Result<(), Full> {
        let state = self.states;
        if state == STATES {
            return Err(Full);
        }
        if let Some(place) = self.tape.states.get_mut(state) {
            *place = State::NOTHING;
        }
        self.states += 1;
        let watched = std::mem::take(&mut self.watched);
        self.push(Kind::Observe, 0, 0, [state as u64, watched, 0, 0, 0, 0]).map(drop)
    }

    fn demand_capset(&mut self, permitted: CapSet, effective: CapSet, inheritable: CapSet) -> Result<(), Full> {
        self.capset(Kind::Demand, permitted, effective, inheritable)
    }

    fn capset(&mut self, kind: Kind, permitted: CapSet, effective: CapSet, inheritable: CapSet) -> Result<(), Full> {
        let halves = |shift: u32| {
            [effective, permitted, inheritable]
                .map(|set| u32::try_from(set.bits() >> shift & u64::from(u32::MAX)).unwrap_or_default())
        };
        let words: Vec<u8> = [halves(0), halves(32)].into_iter().flatten().flat_map(u32::to_ne_bytes).collect();
        let (header, words) = (self.capability_header()?, self.store(&words)?);
        self.push(kind, 0b11, libc::SYS_capset, [header, words, 0, 0, 0, 0])
    }

    /// The header of capget and capset: version 3, the thread itself.
    fn capability_header(&mut self) -> Result<u64, Full> {
        const VERSION_3: u32 = 0x2008_0522;
        let header: Vec<u8> = [VERSION_3, 0].into_iter().flat_map(u32::to_ne_bytes).collect();
        self.store(&header)
    }

    fn demand_prctl(&mut self, option: libc::c_int, [a, b, c, d]: [u64; 4]) -> Result<(), Full> {
        self.demand(libc::SYS_prctl, [option.unsigned_abs().into(), a, b, c, d, 0])
    }

    fn demand(&mut self, number: libc::c_long, arguments: [u64; 6]) -> Result<(), Full> {
        self.push(Kind::Demand, 0, number, arguments)
    }

    fn push(&mut self, kind: Kind, pointers: u32, number: libc::c_long, arguments: [u64; 6]) -> Result<(), Full> {
        let slot = self.tape.operations.get_mut(self.operations).ok_or(Full)?;
        let number = u64::try_from(number).unwrap_or_default();
        *slot = Operation { kind, gate: Gate::Open, pointers, number, arguments, result: 0 };
        self.operations += 1;
        Ok(())
    }

    /// Writes the operation of a step whose result counts, after others that prepare it.
    fn deciding(&mut self, kind: Kind, pointers: u32, number: libc::c_long, arguments: [u64; 6]) -> Result<(), Full> {
        self.call = self.operations;
        self.push(kind, pointers, number, arguments)
    }

    /// Puts bytes among the tape's data, aligned to 8, and gives their offset.
    fn store(&mut self, bytes: &[u8]) -> Result<u64, Full> {
        let start = self.data;
        let place = self.tape.data.get_mut(start..start + bytes.len()).ok_or(Full)?;
        place.copy_from_slice(bytes);
        self.data = (start + bytes.len()).next_multiple_of(8);
        Ok(start as u64)
    }
}

fn clone_flags(call: &CloneCall) -> u64 {
    call.flags.iter().fold(0, |flags, flag| flags | u64::from(flag_number(*flag).unsigned_abs()))
}

fn flag_number(flag: CloneFlag) -> libc::c_int {
    match flag {
        CloneFlag::NewUser => libc::CLONE_NEWUSER,
        CloneFlag::Fs => libc::CLONE_FS,
        CloneFlag::NewMount => libc::CLONE_NEWNS,
        CloneFlag::NewUts => libc::CLONE_NEWUTS,
        CloneFlag::NewIpc => libc::CLONE_NEWIPC,
        CloneFlag::NewPid => libc::CLONE_NEWPID,
        CloneFlag::NewCgroup => libc::CLONE_NEWCGROUP,
        CloneFlag::NewNetwork => libc::CLONE_NEWNET,
        CloneFlag::NewTime => CLONE_NEWTIME,
    }
}

/// The number of setuid or one of its relatives.
fn number(name: &str) -> libc::c_long {
    match name {
        "setuid" => libc::SYS_setuid,
        "setgid" => libc::SYS_setgid,
        "setreuid" => libc::SYS_setreuid,
        "setregid" => libc::SYS_setregid,
        "setresuid" => libc::SYS_setresuid,
        "setresgid" => libc::SYS_setresgid,
        "setfsuid" => libc::SYS_setfsuid,
        _ => libc::SYS_setfsgid,
    }
}

const _: () = assert!(OPERATIONS > 2 * STATES && DATA > 16 * OPERATIONS);
