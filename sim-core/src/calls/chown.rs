use super::inode::{FileChanged, Inode};
use super::set_id::SetId;
use crate::capability::{CapSet, Capability};
use crate::credentials::{Kgid, Kuid, Thread};
use crate::file::File;
use crate::kernel::Errno;
use crate::outcome::{Outcome, Refusal, demand};
use crate::rule::{Condition, Effect, Witness, file_change as rules};
use crate::system::System;

/// Decides chown(2) of a regular file. Ids are as the thread sees them; [`SetId::KEEP`] is -1, which leaves the owner
/// or the group as it is.
///
/// ```
/// use sim_core::calls::{SetId, chown};
/// use sim_core::prelude::*;
///
/// // Anyone can strip the capabilities of a file by changing nothing.
/// let file = File::default().with_caps("cap_net_raw=ep".parse()?);
/// let stranger = Thread::from(Credentials::user(1000));
/// let changed = chown(&System::default(), &stranger, &file, SetId::KEEP, SetId::KEEP, &mut Silent);
/// assert_eq!(changed.granted().unwrap().file.caps, None);
/// # Ok::<(), ParseCapTextError>(())
/// ```
pub fn chown<W: Witness>(
    system: &System,
    thread: &Thread,
    file: &File,
    uid: u32,
    gid: u32,
    witness: &mut W,
) -> Outcome<FileChanged> {
    decide(&Inode::new(system, thread, file), uid, gid, witness).into()
}

/// `chown_common`, `notify_change`, `setattr_prepare`, `setattr_copy`.
fn decide<W: Witness>(inode: &Inode<'_>, uid: u32, gid: u32, witness: &mut W) -> Result<FileChanged, Refusal> {
    let (namespaces, ns) = (&inode.system.user_namespaces, inode.old.user_ns);
    let (owner, group) = (namespaces.kuid(ns, uid), namespaces.kgid(ns, gid));
    let mapped = (uid == SetId::KEEP || owner.is_some()) && (gid == SetId::KEEP || group.is_some());
    demand(mapped, Errno::EINVAL, &rules::CHOWN_UNMAPPED, CapSet::EMPTY, Condition::IdsMapped, witness)?;
    let kill = inode.bits_to_kill(witness);
    demand_owner_change(inode, owner, witness)?;
    demand_group_change(inode, group, witness)?;
    if kill.any() {
        inode.demand_owner(&rules::CHOWN_IMPLICIT_CHMOD, witness)?;
    } else {
        witness.not_applied(&rules::CHOWN_IMPLICIT_CHMOD, Condition::NoModeWritten);
    }
    let caps = inode.strip_capabilities(witness);
    let mut file = File { caps, ..inode.file.clone() };
    if let Some(owner) = owner {
        let (before, after) = (file.uid.number(), owner.number());
        witness.applied(&rules::CHOWN_SETS_OWNER, Effect::FileOwner { before, after });
        file.uid = owner;
    }
    if let Some(group) = group {
        let (before, after) = (file.gid.number(), group.number());
        witness.applied(&rules::CHOWN_SETS_GROUP, Effect::FileGroup { before, after });
        file.gid = group;
    }
    if kill.any() {
        // Where a mode is written, the new owner and group judge the set-group-ID bit.
        file.mode = Inode { file: &file, ..*inode }.write_mode(kill.apply(inode.file.mode), witness);
    }
    Ok(FileChanged { file, value: 0 })
}

/// `chown_ok`.
fn demand_owner_change<W: Witness>(inode: &Inode<'_>, owner: Option<Kuid>, witness: &mut W) -> Result<(), Refusal> {
    let rule = &rules::CHOWN_OWNER;
    match owner {
        None => witness.not_applied(rule, Condition::NoOwnerNamed),
        Some(owner) if inode.is_owner() && owner == inode.file.uid => {
            witness.not_applied(rule, Condition::OwnerKept);
        }
        Some(_) => inode.demand_capable(Capability::CHOWN, rule, Condition::ChownCapable, witness)?,
    }
    Ok(())
}

/// `chgrp_ok`.
fn demand_group_change<W: Witness>(inode: &Inode<'_>, group: Option<Kgid>, witness: &mut W) -> Result<(), Refusal> {
    let rule = &rules::CHOWN_GROUP;
    match group {
        None => witness.not_applied(rule, Condition::NoGroupNamed),
        Some(group) if inode.is_owner() && (group == inode.file.gid || inode.old.in_group(group)) => {
            witness.not_applied(rule, Condition::OwnerAndInGroup);
        }
        Some(_) => inode.demand_capable(Capability::CHOWN, rule, Condition::ChownCapable, witness)?,
    }
    Ok(())
}
