//! CRI-O: `SpecSetupCapabilities`, and runtime-tools' `SetupPrivileged` in its place.

use super::list::{self, Asked, asked};
use super::{Handed, Refused, Request};
use crate::capability::{CapSet, Capability};
use crate::engine::changes;
use crate::rule::engine::crio as rules;
use crate::rule::{Condition, Effect, SetName, Witness};

const SETS: &[SetName] = &[SetName::Permitted, SetName::Effective, SetName::Bounding];

pub(super) fn hand<W: Witness>(request: &Request, witness: &mut W) -> Result<Handed, Refused> {
    let mut handed = if request.privileged {
        privileged(request, witness)
    } else {
        witness.not_applied(&rules::PRIVILEGED, Condition::NotPrivileged);
        let list = list_of(request, witness)?;
        list::hand(&rules::SETS, SETS, list, witness);
        let inheritable = inheritable(request, list, witness);
        list::withhold(&rules::NO_AMBIENT, &[SetName::Ambient], list, witness);
        Handed { permitted: list, effective: list, bounding: list, inheritable, ..Handed::empty(request) }
    };
    if request.no_new_privileges {
        witness.applied(&rules::NO_NEW_PRIVILEGES, Effect::NoNewPrivs);
    } else {
        witness.not_applied(&rules::NO_NEW_PRIVILEGES, Condition::NoNewPrivilegesNotAsked);
    }
    if !request.privileged {
        handed.seccomp = Some(handed.bounding);
    }
    Ok(handed)
}

/// Every set is everything, the ambient one too.
fn privileged<W: Witness>(request: &Request, witness: &mut W) -> Handed {
    let list = list::begin(&rules::PRIVILEGED, request.kernel.capabilities(), witness);
    list::hand(&rules::PRIVILEGED, &SetName::THREAD, list, witness);
    witness.applied(&rules::PRIVILEGED_UNCONFINED, Effect::Holds);
    Handed {
        permitted: list,
        effective: list,
        inheritable: list,
        bounding: list,
        ambient: list,
        ..Handed::empty(request)
    }
}

fn list_of<W: Witness>(request: &Request, witness: &mut W) -> Result<CapSet, Refused> {
    let everything = request.kernel.capabilities();
    let known = |names| -> Result<Asked, Refused> {
        let asked = asked(names, Capability::from_name).map_err(|name| Refused::over(&rules::UNKNOWN_NAME, name))?;
        match (asked.named - everything).iter().next() {
            Some(first) => Err(Refused::about(&rules::UNKNOWN_NAME, first)),
            None => Ok(asked),
        }
    };
    let configured = request.default_capabilities.as_deref().map(known).transpose()?;
    let (add, drop) = (known(&request.cap_add)?, known(&request.cap_drop)?);
    witness.not_applied(&rules::UNKNOWN_NAME, Condition::NamesKnown);
    let all = list::all_or_nothing((add, drop), everything, [&rules::DROP_ALL, &rules::ADD_ALL], witness);
    let list = match (all, configured) {
        (Some(list), _) => list,
        (None, Some(defaults)) => list::begin(&rules::CONFIGURED_CAPABILITIES, defaults.named, witness),
        (None, None) if request.has(&changes::CRIO_SHORTER_DEFAULTS) => {
            list::begin(&rules::DEFAULT_CAPABILITIES, CapSet::from_bits(0x5fb), witness)
        }
        (None, None) => list::begin(&rules::DEFAULT_CAPABILITIES_OLD, CapSet::from_bits(0x4_25fb), witness),
    };
    let list = list::add(&rules::ADD, list, add.named, witness);
    Ok(list::drop(&rules::DROP, list, drop.named, witness))
}

fn inheritable<W: Witness>(request: &Request, list: CapSet, witness: &mut W) -> CapSet {
    let by_version = if request.has(&changes::CRIO_INHERITABLE_OPTION) {
        false
    } else {
        !request.has(&changes::CRIO_INHERITABLE_EMPTIED) || request.has(&changes::CRIO_INHERITABLE_AGAIN)
    };
    let by_option = request.add_inheritable_capabilities && request.has(&changes::CRIO_INHERITABLE_OPTION);
    if by_option {
        list::hand(&rules::ADD_INHERITABLE_CAPABILITIES, &[SetName::Inheritable], list, witness);
        return list;
    }
    if by_version {
        list::hand(&rules::INHERITABLE_LIST, &[SetName::Inheritable], list, witness);
        return list;
    }
    list::withhold(&rules::INHERITABLE_EMPTIED, &[SetName::Inheritable], list, witness);
    CapSet::EMPTY
}
