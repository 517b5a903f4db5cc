//! Podman: `capabilities.MergeCapabilities` of containers-common and what `securityConfigureGenerator` does with its list.

use alloc::string::String;
use alloc::vec::Vec;

use super::list::{self, Asked, asked};
use super::{Handed, Refused, Request};
use crate::capability::{CapSet, Capability};
use crate::engine::changes;
use crate::rule::engine::podman as rules;
use crate::rule::{Condition, Effect, Flow, Rule, SetName, Witness};

const PERMITTED: &[SetName] = &[SetName::Permitted, SetName::Effective];

/// The defaults of containers-common, newest first, with the rule of each.
const DEFAULTS: [(&Rule, CapSet); 3] = [
    (&rules::DEFAULT_CAPABILITIES, CapSet::from_bits(0x8004_05fb)),
    (&rules::DEFAULT_CAPABILITIES_4_4, CapSet::from_bits(0x8000_05fb)),
    (&rules::DEFAULT_CAPABILITIES_OLD, CapSet::from_bits(0xa804_25fb)),
];

pub(super) fn hand<W: Witness>(request: &Request, witness: &mut W) -> Result<Handed, Refused> {
    let list = if request.privileged {
        list::begin(&rules::PRIVILEGED, request.host_bounding, witness)
    } else {
        witness.not_applied(&rules::PRIVILEGED, Condition::NotPrivileged);
        let list = merged(request, witness)?;
        let list = list::drop(&rules::HOST_BOUNDING, list, list - request.host_bounding, witness);
        labelled(request, list, witness)?
    };
    let mut handed = Handed { bounding: list, ..Handed::empty(request) };
    list::hand(&rules::BOUNDING, &[SetName::Bounding], list, witness);
    if is_root(request) {
        witness.not_applied(&rules::AMBIENT_OF_NON_ROOT, Condition::UserIsRoot);
        root(request, list, &mut handed, witness);
    } else {
        non_root(request, list, &mut handed, witness)?;
    }
    if request.no_new_privileges {
        witness.applied(&rules::NO_NEW_PRIVILEGES, Effect::NoNewPrivs);
    } else {
        witness.not_applied(&rules::NO_NEW_PRIVILEGES, Condition::NoNewPrivilegesNotAsked);
    }
    if request.host_network {
        witness.not_applied(&rules::PING_GROUP, Condition::HostNetwork);
    } else {
        witness.applied(&rules::PING_GROUP, Effect::Holds);
        handed.ping_group_range = Some([0, 0]);
    }
    handed.seccomp = Some(list);
    Ok(handed)
}

/// Whether the text of the user means root: what id a name has in the image does not count.
fn is_root(request: &Request) -> bool {
    match request.user_name() {
        "" => !request.keep_id,
        name => name == "root" || name == "0",
    }
}

fn merged<W: Witness>(request: &Request, witness: &mut W) -> Result<CapSet, Refused> {
    let known = |names| asked(names, Capability::from_name).map_err(|name| Refused::over(&rules::UNKNOWN_NAME, name));
    let configured = match &request.default_capabilities {
        Some(names) => Some(within(known(names)?, request)),
        None => None,
    };
    let (drop, add) = (known(&request.cap_drop)?, known(&request.cap_add)?);
    let unavailable = (drop.named | add.named) - request.kernel.capabilities();
    if let Some(first) = unavailable.iter().next() {
        return Err(Refused::about(&rules::UNKNOWN_NAME, first));
    }
    witness.not_applied(&rules::UNKNOWN_NAME, Condition::NamesKnown);
    let merges = request.has(&changes::PODMAN_ALL_MERGED);
    if merges && add.all && drop.all {
        return Err(Refused::over(&rules::ALL_AND_ALL, "ALL"));
    }
    witness.not_applied(&rules::ALL_AND_ALL, Condition::NothingAddedAndDropped);
    if drop.all {
        let list = list::begin(&rules::DROP_ALL, CapSet::EMPTY, witness);
        return Ok(list::add(&rules::ADD, list, add.named, witness));
    }
    witness.not_applied(&rules::DROP_ALL, Condition::AllNotDropped);
    if add.all {
        let list = list::begin(&rules::ADD_ALL, request.host_bounding, witness);
        return Ok(if merges { list::drop(&rules::DROP, list, drop.named, witness) } else { list });
    }
    witness.not_applied(&rules::ADD_ALL, Condition::AllNotAdded);
    if let Some(first) = (add.named & drop.named).iter().next() {
        return Err(Refused::about(&rules::ADD_AND_DROP, first));
    }
    witness.not_applied(&rules::ADD_AND_DROP, Condition::NothingAddedAndDropped);
    let (rule, set) = match configured {
        Some(set) => (&rules::CONFIGURED_CAPABILITIES, set),
        None => defaults(request),
    };
    let list = list::begin(rule, set, witness);
    let list = list::drop(&rules::DROP, list, drop.named, witness);
    Ok(list::add(&rules::ADD, list, add.named, witness))
}

fn defaults(request: &Request) -> (&'static Rule, CapSet) {
    let [newest, minimal, old] = DEFAULTS;
    if request.has(&changes::PODMAN_SYS_CHROOT_BACK) {
        newest
    } else if request.has(&changes::PODMAN_MINIMAL_DEFAULTS) {
        minimal
    } else {
        old
    }
}

/// What is asked, with ALL as everything that Podman has itself.
fn within(asked: Asked, request: &Request) -> CapSet {
    if asked.all { request.host_bounding } else { asked.named }
}

/// The list after the image's label is read.
fn labelled<W: Witness>(request: &Request, list: CapSet, witness: &mut W) -> Result<CapSet, Refused> {
    let Some(label) = &request.image_label else {
        witness.not_applied(&rules::LABEL, Condition::NoLabel);
        return Ok(list);
    };
    if label.is_empty() {
        return Ok(list::drop_to(&rules::LABEL_EMPTY, list, CapSet::EMPTY, witness));
    }
    let names: Vec<String> = label.split(',').map(Into::into).collect();
    let required = asked(&names, Capability::from_name).map_err(|name| Refused::over(&rules::UNKNOWN_NAME, name))?;
    let required = within(required, request);
    if (required - list).is_empty() {
        return Ok(list::drop_to(&rules::LABEL, list, required, witness));
    }
    let flow = Flow::both(SetName::List, [None; 2], CapSet::EMPTY, required - list);
    witness.applied(&rules::LABEL_NOT_ALLOWED, flow);
    Ok(list)
}

fn root<W: Witness>(request: &Request, list: CapSet, handed: &mut Handed, witness: &mut W) {
    list::hand(&rules::ROOT, PERMITTED, list, witness);
    (handed.permitted, handed.effective) = (list, list);
    if request.has(&changes::PODMAN_INHERITABLE_EMPTIED) {
        list::withhold(&rules::INHERITABLE_EMPTIED, &[SetName::Inheritable], list, witness);
    } else {
        list::hand(&rules::INHERITABLE_LIST, &[SetName::Inheritable], list, witness);
        handed.inheritable = list;
    }
}

fn non_root<W: Witness>(
    request: &Request,
    list: CapSet,
    handed: &mut Handed,
    witness: &mut W,
) -> Result<(), Refused> {
    // A privileged container's names are read here for the first time.
    let add =
        asked(&request.cap_add, Capability::from_name).map_err(|name| Refused::over(&rules::UNKNOWN_NAME, name))?;
    if !request.has(&changes::PODMAN_AMBIENT) {
        let sets = [SetName::Permitted, SetName::Effective, SetName::Ambient];
        list::withhold(&rules::NON_ROOT_EMPTIED, &sets, list, witness);
        return Ok(());
    }
    let given = within(add, request) & request.host_bounding;
    for set in [SetName::Permitted, SetName::Effective, SetName::Ambient] {
        let source = [Some(SetName::List.holding(list)), None];
        witness.applied(&rules::AMBIENT_OF_NON_ROOT, Flow::both(set, source, given, list - given));
    }
    (handed.permitted, handed.effective, handed.ambient) = (given, given, given);
    if request.has(&changes::PODMAN_NON_ROOT_INHERITABLE) {
        let source = [Some(SetName::List.holding(list)), None];
        let flow = Flow::both(SetName::Inheritable, source, given, list - given);
        witness.applied(&rules::INHERITABLE_OF_NON_ROOT, flow);
        handed.inheritable = given;
    } else {
        list::hand(&rules::INHERITABLE_LIST, &[SetName::Inheritable], list, witness);
        handed.inheritable = list;
    }
    Ok(())
}
