//! runc, crun and youki alone: the lists of a config.json, and what each makes of names that it does not know.

use alloc::string::String;

use super::list::{self, Asked, exact};
use super::{Handed, Refused, Request};
use crate::capability::{CapSet, Capability};
use crate::engine::{Engine, changes};
use crate::rule::engine::oci as rules;
use crate::rule::{Condition, Effect, Rule, SetName, Witness};

/// AUDIT_WRITE, KILL and NET_BIND_SERVICE.
const EXAMPLE: CapSet = CapSet::from_bits(0x2000_0420);

pub(super) fn hand<W: Witness>(request: &Request, witness: &mut W) -> Result<Handed, Refused> {
    let list = list_of(request, witness)?;
    let mut handed = Handed { permitted: list, effective: list, bounding: list, ..Handed::empty(request) };
    let sets = [SetName::Permitted, SetName::Effective, SetName::Bounding];
    list::hand(&rules::SETS, &sets, list, witness);
    let (inheritable, ambient) = also_in(request);
    for (there, rule, set) in [
        (inheritable, &rules::INHERITABLE_OF_EXAMPLE, SetName::Inheritable),
        (ambient, &rules::AMBIENT_OF_EXAMPLE, SetName::Ambient),
    ] {
        if there {
            list::hand(rule, &[set], list, witness);
        } else {
            witness.not_applied(rule, Condition::NothingUnusual);
        }
    }
    handed.inheritable = if inheritable { list } else { CapSet::EMPTY };
    handed.ambient = if ambient { list } else { CapSet::EMPTY };
    if request.no_new_privileges {
        witness.applied(&rules::NO_NEW_PRIVILEGES, Effect::NoNewPrivs);
    } else {
        witness.not_applied(&rules::NO_NEW_PRIVILEGES, Condition::NoNewPrivilegesNotAsked);
    }
    handed.seccomp = Some(list);
    Ok(handed)
}

/// Whether the example's inheritable and ambient lists are like the others.
fn also_in(request: &Request) -> (bool, bool) {
    if request.privileged || request.default_capabilities.is_some() {
        return (false, false);
    }
    match request.engine {
        Engine::Runc => {
            (!request.has(&changes::RUNC_SPEC_WITHOUT_INHERITABLE), !request.has(&changes::RUNC_SPEC_WITHOUT_AMBIENT))
        }
        Engine::Crun => (!request.has(&changes::CRUN_SPEC_WITHOUT_INHERITABLE), true),
        _ => (true, true),
    }
}

fn list_of<W: Witness>(request: &Request, witness: &mut W) -> Result<CapSet, Refused> {
    if request.privileged {
        return Ok(list::begin(&rules::EVERYTHING, request.host_bounding, witness));
    }
    witness.not_applied(&rules::EVERYTHING, Condition::NotPrivileged);
    let known = request.kernel.capabilities();
    let written = match &request.default_capabilities {
        Some(names) => {
            let read = |name: &str| read_in_config(request.engine, name).filter(|one| known.contains(*one));
            let Asked { all, named } = read_all(request, names, read, witness)?;
            list::begin(&rules::CONFIG_LIST, if all { request.host_bounding } else { named }, witness)
        }
        None => list::begin(&rules::EXAMPLE_LIST, EXAMPLE, witness),
    };
    let read = |name: &str| Capability::from_name(name).filter(|one| known.contains(*one));
    let drop = read_all(request, &request.cap_drop, read, witness)?;
    let add = read_all(request, &request.cap_add, read, witness)?;
    let dropped = if drop.all { written } else { drop.named };
    let list = list::drop(&rules::EDITED_DROP, written, dropped, witness);
    let added = if add.all { request.host_bounding | add.named } else { add.named };
    Ok(list::add(&rules::EDITED_ADD, list, added, witness))
}

/// A name as it stands in config.json.
fn read_in_config(engine: Engine, name: &str) -> Option<Capability> {
    match engine {
        Engine::Runc => exact(name),
        // cap_from_name of libcap looks at letters of either case.
        Engine::Crun => Capability::from_name(name).filter(|_| name.len() > 4 && !name.eq_ignore_ascii_case("all")),
        _ => Capability::from_name(name),
    }
}

fn read_all<W: Witness>(
    request: &Request,
    names: &[String],
    read: impl Fn(&str) -> Option<Capability>,
    witness: &mut W,
) -> Result<Asked, Refused> {
    let (rule, refuses): (&'static Rule, bool) = match request.engine {
        Engine::Runc if request.has(&changes::RUNC_UNKNOWN_SKIPPED) => (&rules::RUNC_UNKNOWN_NAME, false),
        Engine::Runc => (&rules::RUNC_UNKNOWN_REFUSED, true),
        Engine::Crun if request.has(&changes::CRUN_UNKNOWN_REFUSED) => (&rules::CRUN_UNKNOWN_REFUSED, true),
        Engine::Crun => (&rules::CRUN_UNKNOWN_NAME, false),
        _ => (&rules::YOUKI_UNKNOWN_NAME, true),
    };
    let (asked, unknown) = list::asked_if_known(names, &read);
    if unknown && refuses {
        let first = names.iter().find(|name| !name.eq_ignore_ascii_case("all") && read(name).is_none());
        return Err(Refused::over(rule, first.map_or("", String::as_str)));
    }
    if unknown {
        witness.applied(rule, Effect::Holds);
    } else {
        witness.not_applied(rule, Condition::NamesKnown);
    }
    Ok(asked)
}
