//! Filters of system calls: installing them, and making the calls that they judge.
//!
//! Each is installed behind a few instructions that let calls pass which do not come from the gate; so the harness goes on
//! whatever the filter refuses, and what is judged is the step's call alone.

use sim_core::scenario::{Call, NotPerformed, Simulation, Step, SyscallCall, World};
use sim_core::seccomp::bpf::{Instruction, Program, opcode, to_bytes};
use sim_core::seccomp::syscalls::Abi;
use sim_core::seccomp::{Action, ByteOrder, Fate, Flags};

use super::{Answer, Full, Writer};
use crate::report::Skip;
use crate::tape::gate::{AFTER_INT_80, AFTER_SYSCALL, Gate, PAGE};
use crate::tape::{Kind, Operation};

/// What is handed to seccomp(2): instructions and flags.
type Filter = (Vec<Instruction>, Flags);

/// The filters of a scenario.
#[derive(Default)]
pub(super) struct Filters {
    /// Those in force at the start, the oldest first.
    first: Vec<Filter>,
    /// By step, the one that it installs.
    steps: Vec<Option<Filter>>,
}

/// The offset of the address in what a filter is shown, its lower half first.
const ADDRESS: [u32; 2] = [8, 12];

impl Filters {
    /// Makes them, unless the scenario cannot be performed with them.
    pub(super) fn of(world: &World, steps: &[Step]) -> Result<Self, Skip> {
        let mut filters = Self::default();
        for filter in world.seccomp().filters() {
            let log = if filter.log { Flags::LOG } else { Flags::default() };
            let listener = if filter.listener { Flags::NEW_LISTENER } else { Flags::default() };
            filters.first.push((filter.program.instructions().to_vec(), log.with(listener)));
        }
        let filtered = steps.iter().any(|step| matches!(step.call, Call::Seccomp(_) | Call::Syscall(_)));
        if filters.first.is_empty() && !filtered {
            return Ok(filters);
        }
        if cfg!(not(target_arch = "x86_64")) || world.native != Abi::X86_64 {
            return Err(Skip("filters are installed on x86_64 alone, and for it".to_owned()));
        }
        let mut simulation = Simulation::new(world.clone());
        for (index, step) in steps.iter().enumerate() {
            filters.steps.push(match &step.call {
                Call::Seccomp(call) => simulation.world().filter_of(call),
                _ => None,
            });
            check(&mut simulation, step).map_err(|reason| Skip(format!("step {}: {reason}", index + 1)))?;
        }
        let looks =
            |instruction: &Instruction| instruction.code == opcode::LD_ABS && ADDRESS.contains(&instruction.k);
        let mut all = filters.first.iter().chain(filters.steps.iter().flatten());
        if all.any(|(instructions, _)| instructions.iter().any(looks)) {
            return Err(Skip("a filter looks at the address of the instruction, which is the harness's".to_owned()));
        }
        let mut all = filters.first.iter().chain(filters.steps.iter().flatten());
        if all.any(|(instructions, _)| !fits(instructions)) {
            return Err(Skip(
                "a filter is too long to be installed behind the harness's own instructions".to_owned(),
            ));
        }
        Ok(filters)
    }

    /// Whether there are any, or some are asked.
    pub(super) fn are_there(&self) -> bool {
        !(self.first.is_empty() && self.steps.is_empty())
    }

    /// The one that a step installs.
    pub(super) fn of_step(&self, index: usize) -> Option<&Filter> {
        self.steps.get(index)?.as_ref()
    }
}

/// What stands in the way of performing a step.
fn check(simulation: &mut Simulation, step: &Step) -> Result<(), String> {
    let outcome = simulation.perform(&step.call);
    match &outcome.not_performed {
        None | Some(NotPerformed::Ended { .. }) => {}
        Some(reason) => return Err(format!("it is not performed: {reason}")),
    }
    let Some(judgement) = &outcome.judgement else { return Ok(()) };
    if let Call::Syscall(call) = &step.call {
        if ![Abi::X86_64, Abi::X32, Abi::X86].contains(&call.arch.0) {
            return Err(format!("calls of {} cannot be made on this machine", call.arch.0));
        }
        if call.instruction_pointer != 0 {
            return Err("calls from an address of one's own choice cannot be made".to_owned());
        }
        if matches!(judgement.fate, Fate::AsksListener(_)) {
            return Err("a listener would be waited for".to_owned());
        }
    } else if judgement.stops() && judgement.returned.action() == Action::Errno && outcome.killed.is_none() {
        let data = i32::from(judgement.data());
        if [libc::EINVAL, libc::ENOENT, libc::EFAULT].contains(&data) && matches!(step.call, Call::System(_)) {
            return Err("the filter's errno cannot be told from what the call gives without effect".to_owned());
        }
    }
    Ok(())
}

/// The instructions before a filter: A and X are 0 after them, as at the start.
fn behind_the_gate(instructions: &[Instruction]) -> Vec<Instruction> {
    const ALLOW: u32 = 0x7fff_0000;
    let [low, high] = ADDRESS;
    let word = |address: u64| u32::try_from(address & 0xffff_ffff).unwrap_or_default();
    let before = [
        Instruction::statement(opcode::LD_ABS, high),
        Instruction::jump(opcode::JEQ_K, word(PAGE >> 32), 0, 3),
        Instruction::statement(opcode::LD_ABS, low),
        Instruction::jump(opcode::JEQ_K, word(AFTER_SYSCALL), 2, 0),
        Instruction::jump(opcode::JEQ_K, word(AFTER_INT_80), 1, 0),
        Instruction::statement(opcode::RET_K, ALLOW),
        Instruction::statement(opcode::LD_IMM, 0),
    ];
    [&before, instructions].concat()
}

/// Whether a filter that the kernel takes is still short enough with them.
fn fits(instructions: &[Instruction]) -> bool {
    Program::check(instructions.to_vec()).is_err() || Program::check(behind_the_gate(instructions)).is_ok()
}

impl Writer<'_> {
    /// What steps need whose calls filters judge.
    pub(super) fn prepare_filters(&mut self) -> Result<(), Full> {
        self.tape.filtered = 1;
        self.push(Kind::RaiseGate, 0, 0, [0; 6])?;
        // With this limit neither a file nor a program gets the memory of what a filter kills.
        self.demand_limit(u64::from(libc::RLIMIT_CORE), 1)
    }

    /// Installs the filters that are in force at the start.
    pub(super) fn install_first(&mut self, filters: &Filters) -> Result<(), Full> {
        filters.first.iter().try_for_each(|filter| self.install(Kind::Demand, filter))
    }

    /// Installs the filter of a step.
    pub(super) fn seccomp(&mut self, filter: Option<&Filter>) -> Result<Answer, Full> {
        if let Some(filter) = filter {
            self.install(Kind::Call, filter)?;
        }
        // A listener's descriptor counts as 0.
        Ok(Answer::Permission(&[]))
    }

    fn install(&mut self, kind: Kind, (instructions, flags): &Filter) -> Result<(), Full> {
        const SET_MODE_FILTER: u64 = 1;
        // What the kernel refuses it shall refuse as it is.
        let valid = Program::check(instructions.clone()).is_ok();
        let instructions = if valid { behind_the_gate(instructions) } else { instructions.clone() };
        let length = u64::try_from(instructions.len()).unwrap_or_default();
        let place = self.store(&to_bytes(&instructions, ByteOrder::Little))?;
        let description = self.store(&[length.to_ne_bytes(), [0; 8]].concat())?;
        self.push(Kind::StorePointer, 0b11, 0, [description + 8, place, 0, 0, 0, 0])?;
        let arguments = [SET_MODE_FILTER, flags.0.into(), description, 0, 0, 0];
        self.deciding(kind, 0b100, libc::SYS_seccomp, arguments)
    }

    /// Asks what filters answer to a call.
    pub(super) fn syscall(&mut self, call: &SyscallCall) -> Result<Answer, Full> {
        let data = call.data();
        self.deciding(Kind::Ask, 0, data.nr.into(), data.args)?;
        if let Some(operation) = self.tape.operations.get_mut(self.call) {
            operation.gate = if call.arch.0 == Abi::X86 { Gate::Int80 } else { Gate::Syscall };
        }
        Ok(Answer::Value)
    }

    /// Has the operation of a step enter the kernel by the gate, as the call that its key names.
    pub(super) fn through_the_gate(&mut self, call: &Call) {
        let Some(operation) = self.tape.operations.get_mut(self.call) else { return };
        if !matches!(call, Call::Syscall(_)) && operation.kind != Kind::Cue {
            operation.gate = Gate::Syscall;
            as_named(operation);
        }
    }
}

/// Makes of a call that takes the path from a directory the one that does not.
#[cfg(target_arch = "x86_64")]
fn as_named(operation: &mut Operation) {
    let number = libc::c_long::try_from(operation.number).unwrap_or_default();
    let [first, second, third, fourth, ..] = operation.arguments;
    let (named, arguments, pointers) = match number {
        libc::SYS_fchownat => (libc::SYS_chown, [second, third, fourth], 0b1),
        libc::SYS_fchmodat => (libc::SYS_chmod, [second, third, 0], 0b1),
        // The step says nothing of waiting.
        libc::SYS_openat => (libc::SYS_open, [second, third & !u64::from(libc::O_NONBLOCK.unsigned_abs()), 0], 0b1),
        libc::SYS_linkat => (libc::SYS_link, [second, fourth, 0], 0b11),
        libc::SYS_unlinkat => (libc::SYS_unlink, [second, 0, 0], 0b1),
        libc::SYS_mknodat => (libc::SYS_mknod, [second, third, fourth], 0b1),
        libc::SYS_mkdirat => (libc::SYS_mkdir, [second, third, 0], 0b1),
        libc::SYS_mlock2 => (libc::SYS_mlock, [first, second, 0], operation.pointers),
        _ => return,
    };
    let [a, b, c] = arguments;
    if matches!(operation.kind, Kind::Call | Kind::CallOn) {
        operation.number = u64::try_from(named).unwrap_or_default();
        operation.arguments = [a, b, c, 0, 0, 0];
        operation.pointers = pointers;
    }
}

/// Filters are judged as on x86_64, and nowhere else are they installed.
#[cfg(not(target_arch = "x86_64"))]
fn as_named(_: &mut Operation) {}
