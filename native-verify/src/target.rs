//! Processes beside the thread, started for operations on them and ended after the scenario.

use std::time::{Duration, Instant};

use sim_core::scenario::{Call, Loaded, ProcessOperation, PtraceArguments};

use crate::machine::Machine;
use crate::program::write_target;
use crate::report::Skip;
use crate::stage::Stage;
use crate::sys;

/// How long a process may take to get ready.
const PATIENCE: Duration = Duration::from_secs(10);

/// The processes of a scenario, in order of the steps that name one. They end when this does.
pub(crate) struct Targets(Vec<libc::pid_t>);

impl Targets {
    /// Starts one for each step that names one.
    pub(crate) fn start(stage: &mut Stage, machine: &Machine, loaded: &Loaded) -> Result<Self, Skip> {
        let mut targets = Self(Vec::new());
        for step in &loaded.scenario.steps {
            if let Call::Process(operation) = &step.call
                && operation.target().is_some()
            {
                targets.add(stage, machine, loaded, operation)?;
            }
        }
        Ok(targets)
    }

    /// Their pids.
    pub(crate) fn pids(&self) -> &[libc::pid_t] {
        &self.0
    }

    fn add(
        &mut self,
        stage: &mut Stage,
        machine: &Machine,
        loaded: &Loaded,
        operation: &ProcessOperation,
    ) -> Result<(), Skip> {
        let world = &loaded.world;
        let Some(Ok(target)) = operation.target().map(|process| world.other_thread(process)) else { return Ok(()) };
        let namespace = stage.pool.of(loaded, target.credentials.user_ns)?;
        let dumpable = !matches!(operation, ProcessOperation::Ptrace(PtraceArguments { dumpable: false, .. }));
        let (tape, namespaces) = (stage.tape.tape(), &world.system.user_namespaces);
        write_target(tape, &target, namespaces, namespace.fd, dumpable, machine)?;
        let pid = stage.tape.start().map_err(|error| Skip(format!("no process can be started: {error}")))?;
        self.0.push(pid);
        let start = Instant::now();
        while !stage.tape.is_at_rest() {
            let ended = sys::is_over(pid).unwrap_or(true);
            if ended || start.elapsed() > PATIENCE {
                let at = stage.tape.position();
                return Err(Skip(format!("another process cannot be brought about: operation {at}")));
            }
            std::thread::sleep(Duration::from_micros(20));
        }
        Ok(())
    }
}

impl Drop for Targets {
    fn drop(&mut self) {
        for &pid in &self.0 {
            sys::kill(pid);
            // One that was traced may have stopped before.
            while sys::wait(pid).is_ok_and(|status| libc::WIFSTOPPED(status)) {}
        }
    }
}
