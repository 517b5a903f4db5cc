//! The road of each runtime from its first thread to execve: its own calls, in its own order.
//!
//! A call that a runtime repeats without effect, as runc drops twice what is not in the bounding set, stands here once.

mod crun;
mod runc;
mod systemd;
mod youki;

use alloc::vec::Vec;

use super::{Handed, Request};
use crate::calls::{AmbientOperation, Capset, IdChange, IdKind, Prctl, PrctlOption, SetId};
use crate::capability::{CapSet, Capability};
use crate::engine::{Engine, changes};

/// A call that the runtime makes on the way to execve.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the calls")]
pub enum Action {
    Prctl(Prctl),
    SetId(SetId),
    Setgroups(Vec<u32>),
    Capset(Capset),
    /// seccomp(2) with the filter of the profile.
    Seccomp,
}

/// One step of the runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrologueStep {
    /// The call.
    pub action: Action,
    /// Whether the runtime goes on if it is refused.
    pub may_fail: bool,
}

impl Handed {
    /// The runtime's own calls from its first thread to execve. That thread is root with every capability of the engine;
    /// of the manager of a user, the user without any.
    pub fn prologue(&self, request: &Request) -> Vec<PrologueStep> {
        match request.engine {
            Engine::Docker | Engine::Containerd | Engine::Runc => runc::road(self, request),
            Engine::CriO if !request.has(&changes::CRIO_CRUN) => runc::road(self, request),
            Engine::CriO | Engine::Podman | Engine::Crun => crun::road(self, request),
            Engine::Youki => youki::road(self, request),
            Engine::Systemd => systemd::road(self, request),
        }
    }

    /// What the runtime has and does not leave in the bounding set.
    fn dropped(&self, request: &Request) -> CapSet {
        request.host_bounding - self.bounding
    }
}

/// The steps, as they come together.
#[derive(Default)]
struct Road {
    steps: Vec<PrologueStep>,
}

impl Road {
    fn must(&mut self, action: Action) {
        self.steps.push(PrologueStep { action, may_fail: false });
    }

    fn may(&mut self, action: Action) {
        self.steps.push(PrologueStep { action, may_fail: true });
    }

    fn no_new_privs(&mut self) {
        self.must(prctl(PrctlOption::SetNoNewPrivs, [1, 0]));
    }

    fn drop_bounding(&mut self, dropped: CapSet) {
        for capability in dropped {
            self.must(prctl(PrctlOption::CapbsetDrop, [number(capability), 0]));
        }
    }

    fn keep_caps(&mut self, on: bool) {
        self.must(prctl(PrctlOption::SetKeepcaps, [u64::from(on), 0]));
    }

    fn capset(&mut self, effective: CapSet, permitted: CapSet, inheritable: CapSet) {
        self.must(Action::Capset(Capset { effective, permitted, inheritable }));
    }

    fn set_id(&mut self, kind: IdKind, change: IdChange) {
        self.must(Action::SetId(SetId { kind, change }));
    }

    /// Clears the ambient set and raises what is asked; a refusal is no more than a warning.
    fn ambient(&mut self, ambient: CapSet) {
        self.may(prctl(PrctlOption::CapAmbient, [AmbientOperation::ClearAll.number().into(), 0]));
        for capability in ambient {
            self.may(raise(capability));
        }
    }
}

fn raise(capability: Capability) -> Action {
    prctl(PrctlOption::CapAmbient, [AmbientOperation::Raise.number().into(), number(capability)])
}

fn prctl(option: PrctlOption, [first, second]: [u64; 2]) -> Action {
    Action::Prctl(Prctl { option, arguments: [first, second, 0, 0] })
}

fn number(capability: Capability) -> u64 {
    u64::from(capability.number())
}
