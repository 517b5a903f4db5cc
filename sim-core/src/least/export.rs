use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::phase::with_capabilities;
use super::unknown::perform;
use super::{Operation, Phase};
use crate::capability::CapSet;
use crate::file::{File, FileKind};
use crate::kernel::{Errno, Release};
use crate::scenario::{
    Expect, FileEntry, FourIds, ModeText, Process, ProcessResult, ReleaseText, Scenario, SecurebitsText, SetText,
    Simulation, Step, World,
};

impl Phase {
    /// The phase as a scenario that a kernel can be asked about: the thread has exactly `set`, and each call that got
    /// through is a step with what the model says of it.
    ///
    /// Nothing where the thread is in a user namespace of its own, under filters or in the hands of a tracer.
    ///
    /// ```
    /// use sim_core::capability::CapSet;
    /// use sim_core::kernel::Errno;
    /// use sim_core::least::{Operation, phases};
    /// use sim_core::scenario::{Loaded, Options};
    ///
    /// let loaded = Loaded::read(r#"{ "steps": [ { "bind": { "port": 80 } } ] }"#, &Options::default())?;
    /// let operations = Operation::of_steps(&loaded.scenario.steps);
    /// let phase = &phases(&loaded.world, &operations).phases[0];
    /// let without = phase.scenario(&operations, CapSet::EMPTY).unwrap();
    /// assert_eq!(without.steps[0].expect.as_ref().unwrap().errno(), Some(Errno::EACCES));
    /// # Ok::<(), sim_core::scenario::ReadError>(())
    /// ```
    pub fn scenario(&self, operations: &[Operation], set: CapSet) -> Option<Scenario> {
        let own = separated(operations.get(self.operations.clone()).unwrap_or_default());
        let described = self.described(&own);
        let (required, _) = self.required(&own, &described);
        let world = with_capabilities(&described, set);
        let plain = Simulation::new(world.clone()).process(&world.thread.credentials);
        if plain.user_ns != "init" || world.thread.tracer.is_some() || world.thread.shares_fs {
            return None;
        }
        let mut simulation = Simulation::new(world.clone());
        let mut steps = Vec::new();
        for required in &required {
            let outcome = perform(&mut simulation, required.operation);
            if outcome.judgement.is_some() || outcome.not_performed.is_some() {
                return None;
            }
            let errno: Option<Errno> = outcome.refusal.map(|refusal| refusal.errno);
            steps.push(Step { call: outcome.call, expect: Some(Expect::of_errno(errno)), note: None });
        }
        Some(Scenario {
            title: Some(format!("A phase with {}", set.in_words())),
            kernel: Some(world.system.release).filter(|release| *release != Release::NEWEST).map(ReleaseText),
            process: process(&plain),
            files: files(&world),
            steps,
            ..Scenario::default()
        })
    }
}

/// The same operations, what one makes and another names being two files: a harness opens what it looks at before the first
/// step.
fn separated(own: &[Operation]) -> Vec<Operation> {
    let named: BTreeSet<String> = own
        .iter()
        .flat_map(|operation| {
            let named = operation.call.named_files();
            [named.file, named.directory]
        })
        .flatten()
        .map(ToString::to_string)
        .collect();
    let separate = |operation: &Operation| {
        let made = operation.call.named_files().makes.filter(|made| named.contains(*made));
        let call = match made {
            Some(_) => operation.call.with_paths(|path| format!("{path} (made)")),
            None => operation.call.clone(),
        };
        Operation { call, ..operation.clone() }
    };
    own.iter().map(separate).collect()
}

fn process(plain: &ProcessResult) -> Process {
    let set = |set: CapSet| Some(SetText::Set(set));
    Process {
        uid: Some(FourIds(plain.uid)),
        gid: Some(FourIds(plain.gid)),
        groups: plain.groups.clone(),
        permitted: set(plain.permitted),
        effective: set(plain.effective),
        inheritable: set(plain.inheritable),
        bounding: set(plain.bounding),
        ambient: set(plain.ambient),
        securebits: SecurebitsText(crate::credentials::Securebits::from_bits(plain.securebits)),
        no_new_privs: plain.no_new_privs,
        ..Process::default()
    }
}

fn files(world: &World) -> BTreeMap<String, FileEntry> {
    let entry = |path: &str, file: &File, interpreter: &Option<String>| FileEntry {
        uid: file.uid.number(),
        gid: file.gid.number(),
        mode: ModeText(file.mode),
        caps: world.file_result(path).and_then(|file| file.caps),
        nosuid: file.mount.nosuid,
        noexec: file.mount.noexec,
        directory: file.kind == FileKind::Directory,
        interpreter: interpreter.clone(),
    };
    world.files.iter().map(|(path, (file, interpreter))| (path.clone(), entry(path, file, interpreter))).collect()
}
