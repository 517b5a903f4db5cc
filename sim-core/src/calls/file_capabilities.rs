use super::inode::{AttributeRead, FileChanged, Inode};
use crate::capability::{CapSet, Capability};
use crate::credentials::{Kuid, Thread, UserNs, ns_capable};
use crate::file::{File, Revision, VfsCaps, XattrError};
use crate::kernel::{Errno, changes};
use crate::outcome::{Outcome, Refusal, demand, refuse};
use crate::rule::{Condition, Effect, Rule, Witness, file_change as rules};
use crate::system::System;

/// Decides setxattr(2) of `security.capability`. The root id of version 3 is as the thread sees it.
///
/// ```
/// use sim_core::calls::setcap;
/// use sim_core::prelude::*;
///
/// // The owner of a file needs CAP_SETFCAP like anyone else.
/// let owner = Thread::from(Credentials::user(1000));
/// let file = File::default().owned_by(1000.into(), 1000.into());
/// let value = Ok("cap_net_raw=ep".parse()?);
/// let refusal = setcap(&System::default(), &owner, &file, value, &mut Silent).refusal().unwrap();
/// assert_eq!(refusal.rule.id, "setcap.setfcap");
/// # Ok::<(), ParseCapTextError>(())
/// ```
pub fn setcap<W: Witness>(
    system: &System,
    thread: &Thread,
    file: &File,
    value: Result<VfsCaps, XattrError>,
    witness: &mut W,
) -> Outcome<FileChanged> {
    let inode = Inode::new(system, thread, file);
    convert(&inode, value, witness)
        .map(|caps| FileChanged { file: File { caps: Some(caps), ..file.clone() }, value: 0 })
        .into()
}

/// `cap_convert_nscap`: what is stored.
fn convert<W: Witness>(
    inode: &Inode<'_>,
    value: Result<VfsCaps, XattrError>,
    witness: &mut W,
) -> Result<Result<VfsCaps, XattrError>, Refusal> {
    if value == Err(XattrError::NoHeader { size: 0 }) {
        witness.applied(&rules::SETCAP_EMPTY, Effect::AttributeStored { size: 0 });
        return Ok(value);
    }
    witness.not_applied(&rules::SETCAP_EMPTY, Condition::ValueNotEmpty);
    let (malformed, none) = (&rules::SETCAP_MALFORMED, CapSet::EMPTY);
    let caps = known_form(value).ok_or_else(|| refuse(Errno::EINVAL, malformed, none, witness))?;
    witness.not_applied(malformed, Condition::AttributeWellFormed);
    inode.demand_capable(Capability::SETFCAP, &rules::SETCAP_SETFCAP, Condition::SetfcapCapable, witness)?;

    let (namespaces, ns) = (&inode.system.user_namespaces, inode.old.user_ns);
    let given = match caps.revision {
        Revision::V3 { rootid } => {
            witness.not_applied(&rules::SETCAP_VERSION_2, Condition::VersionThreeGiven);
            rootid
        }
        // The stage of tmpfs and of any other filesystem that `init` mounted.
        _ if ns_capable(namespaces, inode.old, UserNs::INIT, Capability::SETFCAP) => {
            witness.applied(&rules::SETCAP_VERSION_2, stored(&caps));
            return Ok(Ok(caps));
        }
        _ => {
            witness.not_applied(&rules::SETCAP_VERSION_2, Condition::SetfcapNotInInit);
            0
        }
    };
    let root = namespaces.kuid(ns, given);
    let rule = &rules::SETCAP_ROOT_UNMAPPED;
    demand(root.is_some(), Errno::EINVAL, rule, none, Condition::RootIdMapped, witness)?;
    // Refused above if there is none.
    let caps = caps.for_root(root.map_or(u32::MAX, Kuid::number));
    witness.applied(&rules::SETCAP_VERSION_3, stored(&caps));
    Ok(Ok(caps))
}

/// Decides removexattr(2) of `security.capability`.
pub fn removexattr<W: Witness>(
    system: &System,
    thread: &Thread,
    file: &File,
    witness: &mut W,
) -> Outcome<FileChanged> {
    let inode = Inode::new(system, thread, file);
    let decide = |witness: &mut W| {
        let rule = &rules::REMOVEXATTR_SETFCAP;
        inode.demand_capable(Capability::SETFCAP, rule, Condition::SetfcapCapable, witness)?;
        let _ = demand_attribute(&inode, &rules::REMOVEXATTR_NONE, witness)?;
        witness.applied(&rules::REMOVEXATTR_REMOVES, Effect::AttributeRemoved);
        Ok(FileChanged { file: File { caps: None, ..file.clone() }, value: 0 })
    };
    decide(witness).into()
}

/// Decides getxattr(2) of `security.capability`, which needs no permission.
///
/// ```
/// use sim_core::calls::getxattr;
/// use sim_core::prelude::*;
///
/// let mut system = System::default();
/// let ns = system.user_namespaces.add(UserNs::INIT, 0.into())?;
/// system.user_namespaces.set_uid_map(ns, &"100 0 1".parse()?)?;
/// let inside = RawCredentials { user_ns: ns, ..RawCredentials::user(0) };
/// let reader = Thread::from(Credentials::try_from(inside)?);
/// let file = File::default().with_caps("cap_net_raw=ep".parse()?);
/// let read = getxattr(&system, &reader, &file, &mut Silent).granted().unwrap();
/// assert_eq!((read.size, read.caps.rootid()), (24, 100), "user 0 of init is 100 here");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn getxattr<W: Witness>(
    system: &System,
    thread: &Thread,
    file: &File,
    witness: &mut W,
) -> Outcome<AttributeRead> {
    read(&Inode::new(system, thread, file), witness).into()
}

/// `cap_inode_getsecurity`.
fn read<W: Witness>(inode: &Inode<'_>, witness: &mut W) -> Result<AttributeRead, Refusal> {
    let attribute = demand_attribute(inode, &rules::GETXATTR_NONE, witness)?;
    let (unknown, none) = (&rules::GETXATTR_UNKNOWN_FORM, CapSet::EMPTY);
    let caps = known_form(attribute).ok_or_else(|| refuse(Errno::EINVAL, unknown, none, witness))?;
    witness.not_applied(unknown, Condition::AttributeWellFormed);

    let converts = inode.system.release.has(&changes::GETXATTR_CONVERSIONS);
    if !converts && caps.revision == Revision::V2 {
        return Ok(answer(&rules::GETXATTR_STORED_VERSION_2, caps, witness));
    }
    let (namespaces, ns) = (&inode.system.user_namespaces, inode.old.user_ns);
    let root = Kuid::new(caps.rootid());
    match root.and_then(|root| namespaces.uid(ns, root)) {
        Some(seen) if seen != 0 => return Ok(answer(&rules::GETXATTR_VERSION_3, caps.for_root(seen), witness)),
        _ => witness.not_applied(&rules::GETXATTR_VERSION_3, Condition::RootIdIsRoot),
    }
    let in_charge = root.is_some_and(|root| namespaces.ancestors(ns).any(|ns| namespaces.uid(ns, root) == Some(0)));
    if !in_charge && !converts {
        return Ok(answer(&rules::GETXATTR_STORED_VERSION_3, caps, witness));
    }
    let rule = &rules::GETXATTR_OVERFLOW;
    demand(in_charge, Errno::EOVERFLOW, rule, none, Condition::RootIdInCharge, witness)?;
    Ok(answer(&rules::GETXATTR_VERSION_2, VfsCaps { revision: Revision::V2, ..caps }, witness))
}

/// The attribute, or ENODATA by `rule`.
fn demand_attribute<W: Witness>(
    inode: &Inode<'_>,
    rule: &'static Rule,
    witness: &mut W,
) -> Result<Result<VfsCaps, XattrError>, Refusal> {
    let attribute = inode.file.caps.ok_or_else(|| refuse(Errno::ENODATA, rule, CapSet::EMPTY, witness))?;
    witness.not_applied(rule, Condition::HasFileCaps);
    Ok(attribute)
}

/// `is_v2header`, `is_v3header`: version 2 or 3, and no flag but the effective one.
fn known_form(attribute: Result<VfsCaps, XattrError>) -> Option<VfsCaps> {
    attribute.ok().filter(|caps| caps.revision != Revision::V1 && caps.flags <= 1)
}

fn stored(caps: &VfsCaps) -> Effect {
    Effect::AttributeStored { size: caps.revision.size() }
}

fn answer<W: Witness>(rule: &'static Rule, caps: VfsCaps, witness: &mut W) -> AttributeRead {
    let size = caps.revision.size() as u64;
    witness.applied(rule, Effect::Returns(size));
    AttributeRead { caps, size }
}
