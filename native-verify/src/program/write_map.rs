//! Writes to the files of `/proc/PID` about a user namespace, by the thread itself or by a helper.

use sim_core::capability::CapSet;
use sim_core::credentials::{Credentials, RawCredentials, Thread};
use sim_core::scenario::{Call, Simulation, Step, World, WriteMapCall};

use super::{Full, NAMESPACES_FD, Writer, check_possible};
use crate::machine::Machine;
use crate::report::Skip;
use crate::tape::{HELPERS, Kind};

/// A write by another process: its helper, and where on the tape the helper writes.
struct Helper {
    step: usize,
    number: u64,
    operation: usize,
}

/// What must be known about the writes of a scenario before its steps are written.
pub(super) struct MapWrites {
    helpers: Vec<Helper>,
    /// Those of the thread itself that go to its own file.
    own: Vec<usize>,
}

impl MapWrites {
    /// Writes the helpers of all steps, which must start while nothing is lost yet.
    pub(super) fn prepare(
        writer: &mut Writer<'_>,
        world: &World,
        steps: &[Step],
        names: &[&str],
        machine: &Machine,
    ) -> Result<Self, Skip> {
        let mut writes = Self { helpers: Vec::new(), own: Vec::new() };
        if !steps.iter().any(|step| matches!(step.call, Call::WriteMap(_))) {
            return Ok(writes);
        }
        let mut simulation = Simulation::new(world.clone());
        for (step, Step { call, .. }) in steps.iter().enumerate() {
            if let Call::WriteMap(call) = call {
                if call.is_own(simulation.world()) {
                    writes.own.push(step);
                }
                if call.by.is_some() {
                    let number = writes.helpers.len();
                    if number == HELPERS {
                        return Err(Full.into());
                    }
                    let operation = writer.helper(number as u64, call, world, names, machine)?;
                    writes.helpers.push(Helper { step, number: number as u64, operation });
                }
            }
            // Which namespace the thread is in depends on what was granted.
            simulation.perform(call);
        }
        Ok(writes)
    }
}

impl Writer<'_> {
    /// Writes the operations of a helper; where the one is that writes.
    fn helper(
        &mut self,
        number: u64,
        call: &WriteMapCall,
        world: &World,
        names: &[&str],
        machine: &Machine,
    ) -> Result<usize, Skip> {
        let Some(process) = &call.by else { return Err(Full.into()) };
        let thread =
            world.other_thread(process).map_err(|error| Skip(format!("the writer makes no sense: {error}")))?;
        check_possible(world, &thread, machine)?;
        let place = self.operations;
        self.push(Kind::Helper, 0, 0, [0, number, 0, 0, 0, 0])?;
        let home = world.namespace_name(thread.credentials.user_ns);
        let user_ns = names.iter().zip(NAMESPACES_FD..).find(|(name, _)| **name == home).map(|(_, fd)| fd);
        self.start(&only_what_counts(&thread), user_ns.filter(|_| home != "init"), machine)?;
        self.push(Kind::AwaitCue, 0, 0, [number, 0, 0, 0, 0, 0])?;
        let operation = self.operations;
        self.write_file(call, false, names)?;
        let end = self.operations as u64;
        if let Some(helper) = self.tape.operations.get_mut(place) {
            helper.arguments = [end, number, 0, 0, 0, 0];
        }
        Ok(operation)
    }

    /// Writes the step of this index.
    pub(super) fn write_map(
        &mut self,
        step: usize,
        call: &WriteMapCall,
        writes: &MapWrites,
        names: &[&str],
    ) -> Result<(), Full> {
        match writes.helpers.iter().find(|helper| helper.step == step) {
            Some(helper) => self.push(Kind::Cue, 0, 0, [helper.number, helper.operation as u64, 0, 0, 0, 0]),
            None => self.write_file(call, writes.own.contains(&step), names),
        }
    }

    fn write_file(&mut self, call: &WriteMapCall, own: bool, names: &[&str]) -> Result<(), Full> {
        let keeper = names.iter().position(|name| *name == call.user_ns).ok_or(Full)?;
        let process = if own { 0 } else { keeper as u64 + 1 };
        let name = self.store(format!("{}\0", call.file.name()).as_bytes())?;
        let text = self.store(call.text.as_bytes())?;
        self.push(Kind::WriteFile, 0b110, 0, [process, name, text, call.text.len() as u64, 0, 0])
    }
}

/// The thread without what plays no part in writing a file and would need many operations.
fn only_what_counts(thread: &Thread) -> Thread {
    let raw = RawCredentials::from(thread.credentials.clone());
    let raw = RawCredentials { bounding: CapSet::from_bits(u64::MAX), ambient: CapSet::EMPTY, ..raw };
    Credentials::try_from(raw).map_or_else(|_| thread.clone(), Thread::from)
}
