use alloc::vec::Vec;

use super::{Handed, Request};
use crate::calls::{AmbientOperation, Capset, IdChange, IdKind, Prctl, PrctlOption, SetId};
use crate::capability::Capability;

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
    /// The runtime's own calls from its first thread, root with every capability of the engine, to execve.
    pub fn prologue(&self, request: &Request) -> Vec<PrologueStep> {
        let must = |action| PrologueStep { action, may_fail: false };
        let mut steps = Vec::new();
        if self.no_new_privs {
            steps.push(must(prctl(PrctlOption::SetNoNewPrivs, [1, 0])));
        } else if self.seccomp.is_some() {
            steps.push(must(Action::Seccomp));
        }
        let dropped = request.host_bounding - self.bounding;
        let number = |capability: Capability| u64::from(capability.number());
        steps.extend(dropped.iter().map(|capability| must(prctl(PrctlOption::CapbsetDrop, [number(capability), 0]))));
        steps.push(must(prctl(PrctlOption::SetKeepcaps, [1, 0])));
        steps.push(must(Action::Setgroups(self.groups.clone())));
        steps.push(must(Action::SetId(SetId { kind: IdKind::Group, change: IdChange::Set(self.gid) })));
        steps.push(must(Action::SetId(SetId { kind: IdKind::User, change: IdChange::Set(self.uid) })));
        steps.push(must(prctl(PrctlOption::SetKeepcaps, [0, 0])));
        let Self { permitted, effective, inheritable, .. } = *self;
        steps.push(must(Action::Capset(Capset { permitted, effective, inheritable })));
        let ambient = |operation: AmbientOperation, capability| {
            let action = prctl(PrctlOption::CapAmbient, [operation.number().into(), capability]);
            PrologueStep { action, may_fail: true }
        };
        steps.push(ambient(AmbientOperation::ClearAll, 0));
        steps.extend(self.ambient.iter().map(|capability| ambient(AmbientOperation::Raise, number(capability))));
        if self.no_new_privs && self.seccomp.is_some() {
            steps.push(must(Action::Seccomp));
        }
        steps
    }
}

fn prctl(option: PrctlOption, [first, second]: [u64; 2]) -> Action {
    Action::Prctl(Prctl { option, arguments: [first, second, 0, 0] })
}
