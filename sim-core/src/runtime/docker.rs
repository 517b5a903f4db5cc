//! Docker: `caps.TweakCapabilities` and what `WithCapabilities` does with its list.

use super::list::{self, Asked, asked, without_prefix};
use super::{Handed, Refused, Request, network};
use crate::capability::{CapSet, Capability};
use crate::engine::changes;
use crate::rule::engine::docker as rules;
use crate::rule::{Condition, Effect, SetName, Witness};

/// Docker's own list, 14 capabilities; containerd's too.
pub(super) const DEFAULTS: CapSet = CapSet::from_bits(0xa804_25fb);

const PERMITTED: &[SetName] = &[SetName::Permitted, SetName::Effective];

pub(super) fn hand<W: Witness>(request: &Request, witness: &mut W) -> Result<Handed, Refused> {
    let list = list_of(request, witness)?;
    let mut handed = Handed { bounding: list, ..Handed::empty(request) };
    list::hand(&rules::BOUNDING, &[SetName::Bounding], list, witness);
    permitted(request, list, &mut handed, witness);
    if request.has(&changes::DOCKER_INHERITABLE_EMPTIED) {
        list::withhold(&rules::INHERITABLE_EMPTIED, &[SetName::Inheritable], list, witness);
    } else {
        list::hand(&rules::INHERITABLE_LIST, &[SetName::Inheritable], list, witness);
        handed.inheritable = list;
    }
    if request.has(&changes::DOCKER_AMBIENT) && !request.has(&changes::DOCKER_AMBIENT_REVERTED) {
        list::hand(&rules::AMBIENT, &[SetName::Ambient], list, witness);
        handed.ambient = list;
    }
    if request.no_new_privileges {
        witness.applied(&rules::NO_NEW_PRIVILEGES, Effect::NoNewPrivs);
    } else {
        witness.not_applied(&rules::NO_NEW_PRIVILEGES, Condition::NoNewPrivilegesNotAsked);
    }
    sysctls(request, &mut handed, witness);
    seccomp(request, list, &mut handed, witness);
    Ok(handed)
}

fn list_of<W: Witness>(request: &Request, witness: &mut W) -> Result<CapSet, Refused> {
    let everything = everything(request, witness);
    let normalised = request.has(&changes::DOCKER_NAMES_NORMALISED);
    if request.privileged && !normalised {
        return Ok(list::begin(&rules::PRIVILEGED, everything, witness));
    }
    let read = |name: &str| if normalised { Capability::from_name(name) } else { without_prefix(name) };
    let known = |names| {
        asked(names, read).map_err(|name| {
            let prefixed = Capability::from_name(name).is_some();
            Refused::over(if prefixed { &rules::PREFIXED_NAME } else { &rules::UNKNOWN_NAME }, name)
        })
    };
    let (drop, add) = (known(&request.cap_drop)?, known(&request.cap_add)?);
    witness.not_applied(&rules::UNKNOWN_NAME, Condition::NamesKnown);
    let unavailable = (drop.named | add.named) - everything;
    if let Some(first) = unavailable.iter().next() {
        return Err(Refused::about(&rules::UNAVAILABLE_NAME, first));
    }
    witness.not_applied(&rules::UNAVAILABLE_NAME, Condition::WithinEngines);
    // The daemon has read the names when it made the container, whatever becomes of them.
    if request.privileged {
        return Ok(list::begin(&rules::PRIVILEGED, everything, witness));
    }
    witness.not_applied(&rules::PRIVILEGED, Condition::NotPrivileged);
    Ok(tweak(request, everything, add, drop, witness))
}

/// The list without `--privileged`.
fn tweak<W: Witness>(request: &Request, everything: CapSet, add: Asked, drop: Asked, witness: &mut W) -> CapSet {
    let normalised = request.has(&changes::DOCKER_NAMES_NORMALISED);
    if !normalised && add.all && drop.all {
        let list = list::begin(&rules::DROP_ALL_FIRST, CapSet::EMPTY, witness);
        return list::add(&rules::ADD, list, add.named, witness);
    }
    if add.all {
        let list = list::begin(&rules::ADD_ALL, everything, witness);
        let list = list::drop(&rules::DROP, list, drop.named, witness);
        return if normalised { list } else { list::add(&rules::ADD, list, add.named, witness) };
    }
    witness.not_applied(&rules::ADD_ALL, Condition::AllNotAdded);
    if drop.all {
        let list = list::begin(&rules::DROP_ALL, CapSet::EMPTY, witness);
        return list::add(&rules::ADD, list, add.named, witness);
    }
    witness.not_applied(&rules::DROP_ALL, Condition::AllNotDropped);
    let list = list::begin(&rules::DEFAULT_CAPABILITIES, DEFAULTS, witness);
    let list = list::drop(&rules::DROP, list, drop.named, witness);
    list::add(&rules::ADD, list, add.named, witness)
}

/// Everything that this version can hand out.
fn everything<W: Witness>(request: &Request, witness: &mut W) -> CapSet {
    let known = request.kernel.capabilities();
    if request.has(&changes::DOCKER_CURRENT_CAPABILITIES) {
        return request.host_bounding;
    }
    if request.has(&changes::DOCKER_WITHOUT_NEW_CAPABILITIES) {
        witness.applied(&rules::WITHOUT_NEW_CAPABILITIES, Effect::Holds);
        return known & CapSet::up_to(Capability::AUDIT_READ);
    }
    known
}

fn permitted<W: Witness>(request: &Request, list: CapSet, handed: &mut Handed, witness: &mut W) {
    let emptied = request.has(&changes::DOCKER_NON_ROOT_EMPTIED) && !request.has(&changes::DOCKER_NON_ROOT_KEPT);
    if emptied && request.uid != 0 {
        list::withhold(&rules::NON_ROOT_EMPTIED, PERMITTED, list, witness);
        return;
    }
    if emptied {
        witness.not_applied(&rules::NON_ROOT_EMPTIED, Condition::UserIsRoot);
    }
    list::hand(&rules::PERMITTED, PERMITTED, list, witness);
    (handed.permitted, handed.effective) = (list, list);
}

fn sysctls<W: Witness>(request: &Request, handed: &mut Handed, witness: &mut W) {
    if !request.has(&changes::DOCKER_SYSCTLS) {
        return;
    }
    network::open(request, handed, [&rules::OPEN_PORTS, &rules::OPEN_ICMP], witness);
}

fn seccomp<W: Witness>(request: &Request, list: CapSet, handed: &mut Handed, witness: &mut W) {
    if request.privileged && !request.has(&changes::DOCKER_PRIVILEGED_PROFILE) {
        witness.applied(&rules::PRIVILEGED_UNCONFINED, Effect::Holds);
        return;
    }
    handed.seccomp = Some(list);
}
