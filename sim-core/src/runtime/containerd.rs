//! containerd as a kubelet asks it: `WithCapabilities` of its CRI plugin, on its own default list.

use super::docker::DEFAULTS;
use super::list::{self, Asked, asked_if_known, without_prefix};
use super::{Handed, Request, network};
use crate::capability::CapSet;
use crate::engine::changes;
use crate::rule::engine::containerd as rules;
use crate::rule::{Condition, Effect, SetName, Witness};

pub(super) fn hand<W: Witness>(request: &Request, witness: &mut W) -> Handed {
    let list = list_of(request, witness);
    let mut handed = Handed { permitted: list, effective: list, bounding: list, ..Handed::empty(request) };
    let sets = [SetName::Permitted, SetName::Effective, SetName::Bounding];
    list::hand(&rules::SETS, &sets, list, witness);
    if request.has(&changes::CONTAINERD_INHERITABLE_EMPTIED) {
        list::withhold(&rules::INHERITABLE_EMPTIED, &[SetName::Inheritable], list, witness);
    } else {
        list::hand(&rules::INHERITABLE_LIST, &[SetName::Inheritable], list, witness);
        handed.inheritable = list;
    }
    list::withhold(&rules::NO_AMBIENT, &[SetName::Ambient], list, witness);
    if request.no_new_privileges {
        witness.applied(&rules::NO_NEW_PRIVILEGES, Effect::NoNewPrivs);
    } else {
        witness.not_applied(&rules::NO_NEW_PRIVILEGES, Condition::NoNewPrivilegesNotAsked);
    }
    sysctls(request, &mut handed, witness);
    if request.privileged {
        witness.applied(&rules::PRIVILEGED_UNCONFINED, Effect::Holds);
    } else {
        handed.seccomp = Some(list);
    }
    handed
}

fn list_of<W: Witness>(request: &Request, witness: &mut W) -> CapSet {
    let current = request.has(&changes::CONTAINERD_CURRENT_CAPABILITIES);
    let everything = if current { request.host_bounding } else { request.kernel.capabilities() };
    if request.privileged {
        return list::begin(&rules::PRIVILEGED, everything, witness);
    }
    witness.not_applied(&rules::PRIVILEGED, Condition::NotPrivileged);
    let known = |names| {
        let (asked, unknown) = asked_if_known(names, without_prefix);
        let within = Asked { named: asked.named & request.kernel.capabilities(), ..asked };
        (within, unknown || within.named != asked.named)
    };
    let ((add, unknown_add), (drop, unknown_drop)) = (known(&request.cap_add), known(&request.cap_drop));
    if unknown_add || unknown_drop {
        witness.applied(&rules::UNKNOWN_NAME, Effect::Holds);
    } else {
        witness.not_applied(&rules::UNKNOWN_NAME, Condition::NamesKnown);
    }
    let all = list::all_or_nothing((add, drop), everything, [&rules::DROP_ALL, &rules::ADD_ALL], witness);
    let list = match all {
        Some(list) => list,
        None => list::begin(&rules::DEFAULT_CAPABILITIES, DEFAULTS, witness),
    };
    let list = list::add(&rules::ADD, list, add.named, witness);
    list::drop(&rules::DROP, list, drop.named, witness)
}

fn sysctls<W: Witness>(request: &Request, handed: &mut Handed, witness: &mut W) {
    if !request.has(&changes::CONTAINERD_SYSCTLS) {
        return;
    }
    network::open(request, handed, [&rules::OPEN_PORTS, &rules::OPEN_ICMP], witness);
}
