//! Which program a process can execute and be in the same state afterwards.

use sim_core::credentials::Thread;
use sim_core::file::{File, VfsCaps};
use sim_core::scenario::{Call, Simulation, World};

use super::super::tools::cap_text;
use super::plan::State;

/// A kind of program in which a state survives execve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Carrier {
    /// An ordinary one.
    Plain,
    /// One with these file capabilities, as setcap takes them.
    Capable(String),
}

/// The program in which `state` survives, if there is any.
pub(super) fn carrier(state: &State) -> Option<Carrier> {
    let survives = |file: &File| {
        executed(&state.world, file).is_some_and(|after| after.credentials == state.world.thread.credentials)
    };
    if survives(&File::default()) {
        return Some(Carrier::Plain);
    }
    let credentials = &state.world.thread.credentials;
    let (effective, permitted) = (credentials.effective, credentials.permitted);
    let caps = VfsCaps::new(permitted, sim_core::capability::CapSet::EMPTY, !effective.is_empty());
    if permitted.is_empty() || !survives(&File::default().with_caps(caps)) {
        return None;
    }
    Some(Carrier::Capable(cap_text(effective, permitted, sim_core::capability::CapSet::EMPTY)))
}

/// The file of a carrier.
pub(super) fn file(carrier: &Carrier, state: &State) -> File {
    let credentials = &state.world.thread.credentials;
    match carrier {
        Carrier::Plain => File::default(),
        Carrier::Capable(_) => {
            let none = sim_core::capability::CapSet::EMPTY;
            File::default().with_caps(VfsCaps::new(credentials.permitted, none, !credentials.effective.is_empty()))
        }
    }
}

/// The thread after executing such a file in that world; nothing if that is refused.
pub(super) fn executed(world: &World, file: &File) -> Option<Thread> {
    const PATH: &str = "/program";
    let mut world = world.clone();
    world.files.clear();
    world.files.insert(PATH.to_owned(), (file.clone(), None));
    let outcome = Simulation::new(world).perform(&Call::Execve(PATH.to_owned()));
    (outcome.refusal.is_none() && outcome.not_performed.is_none()).then_some(outcome.after)
}
