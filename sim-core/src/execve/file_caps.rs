use super::Bprm;
use crate::capability::CapSet;
use crate::credentials::{Credentials, Kuid, Thread};
use crate::file::{File, VfsCaps, XattrError};
use crate::kernel::Errno;
use crate::outcome::{Refusal, refuse};
use crate::rule::{Condition, Effect, Flow, SetName, Silent, Witness, execve as rules};
use crate::system::System;

/// `get_file_caps`: what the file's capabilities grant.
pub(super) fn get_file_caps<W: Witness>(bprm: &mut Bprm<'_>, confers: bool, witness: &mut W) -> Result<(), Refusal> {
    let Some(attribute) = bprm.file.caps else {
        witness.not_applied(&rules::FILE_CAPS, Condition::NoFileCaps);
        return Ok(());
    };
    if !confers {
        witness.not_applied(&rules::FILE_CAPS, Condition::FileCapsIgnored);
        return Ok(());
    }
    let Some(caps) = get_vfs_caps(bprm.system, bprm.old, attribute, witness)? else {
        witness.not_applied(&rules::FILE_CAPS, Condition::FileCapsIgnored);
        return Ok(());
    };
    bprm.has_file_caps = true;
    bprm.effective = caps.effective();
    witness.applied(&rules::FILE_CAPS, Effect::Holds);
    bprm.new_permitted = bprm_caps_from_vfs_caps(bprm.old, &caps, witness)?;
    Ok(())
}

/// Before 5.8 the credentials were computed for each script on the way, and only the last result was used; but a
/// refusal on the way ended the exec.
pub(super) fn check_script<W: Witness>(
    system: &System,
    thread: &Thread,
    script: &File,
    witness: &mut W,
) -> Result<(), Refusal> {
    let refused = match script.caps {
        Some(attribute) if !script.mount.nosuid => get_vfs_caps(system, &thread.credentials, attribute, &mut Silent)
            .and_then(|caps| match caps {
                Some(caps) => bprm_caps_from_vfs_caps(&thread.credentials, &caps, &mut Silent).map(|_| ()),
                None => Ok(()),
            }),
        _ => Ok(()),
    };
    let rule = &rules::SCRIPT_CAPS_CHECKED;
    refused.map_err(|Refusal { errno, .. }| refuse(errno, rule, CapSet::EMPTY, witness))?;
    witness.not_applied(&rules::SCRIPT_CAPS_CHECKED, Condition::ScriptCapsHarmless);
    Ok(())
}

/// `get_vfs_caps_from_disk`: the capabilities if they can be read and are meant for this namespace.
fn get_vfs_caps<W: Witness>(
    system: &System,
    old: &Credentials,
    attribute: Result<VfsCaps, XattrError>,
    witness: &mut W,
) -> Result<Option<VfsCaps>, Refusal> {
    let rule = &rules::FILE_CAPS_MALFORMED;
    let caps = attribute.map_err(|error| refuse(error.errno(), rule, CapSet::EMPTY, witness))?;
    witness.not_applied(&rules::FILE_CAPS_MALFORMED, Condition::AttributeWellFormed);
    if !root_is_in_charge(system, old, caps.rootid()) {
        witness.applied(&rules::FILE_CAPS_FOREIGN_ROOT, Effect::Holds);
        return Ok(None);
    }
    witness.not_applied(&rules::FILE_CAPS_FOREIGN_ROOT, Condition::RootIdInCharge);
    let known = system.capabilities();
    if (caps.permitted | caps.inheritable).is_subset(known) {
        witness.not_applied(&rules::FILE_CAPS_UNKNOWN_BITS, Condition::NoUnknownBits);
    } else {
        witness.applied(&rules::FILE_CAPS_UNKNOWN_BITS, Effect::Holds);
    }
    Ok(Some(VfsCaps { permitted: caps.permitted & known, inheritable: caps.inheritable & known, ..caps }))
}

/// `rootid_owns_currentns`: whether the user is root of the caller's namespace or of one above it.
fn root_is_in_charge(system: &System, old: &Credentials, rootid: u32) -> bool {
    let namespaces = &system.user_namespaces;
    Kuid::new(rootid)
        .is_some_and(|root| namespaces.ancestors(old.user_ns).any(|ns| namespaces.uid(ns, root) == Some(0)))
}

/// `bprm_caps_from_vfs_caps`: what the file grants, and the demand that it be complete.
fn bprm_caps_from_vfs_caps<W: Witness>(
    old: &Credentials,
    caps: &VfsCaps,
    witness: &mut W,
) -> Result<CapSet, Refusal> {
    let permitted = old.bounding & caps.permitted;
    let inheritable = old.inheritable & caps.inheritable;
    let granted = permitted | inheritable;
    if caps.permitted.is_empty() {
        witness.not_applied(&rules::FILE_PERMITTED, Condition::FilePermittedEmpty);
    } else {
        let file = SetName::FilePermitted.holding(caps.permitted);
        let bounding = SetName::Bounding.holding(old.bounding);
        let from = [Some(file), Some(bounding)];
        witness.applied(
            &rules::FILE_PERMITTED,
            Flow::both(SetName::NewPermitted, from, permitted, caps.permitted - permitted),
        );
    }
    if caps.inheritable.is_empty() {
        witness.not_applied(&rules::FILE_INHERITABLE, Condition::FileInheritableEmpty);
    } else {
        let file = SetName::FileInheritable.holding(caps.inheritable);
        let thread = SetName::Inheritable.holding(old.inheritable);
        let from = [Some(file), Some(thread)];
        witness.applied(
            &rules::FILE_INHERITABLE,
            Flow::both(SetName::NewPermitted, from, inheritable, caps.inheritable - inheritable),
        );
    }
    let lacking = caps.permitted - granted;
    if !caps.effective() {
        witness.not_applied(&rules::FILE_EFFECTIVE_EPERM, Condition::FileEffectiveNotSet);
    } else if lacking.is_empty() {
        witness.not_applied(&rules::FILE_EFFECTIVE_EPERM, Condition::AllFilePermittedGranted);
    } else {
        return Err(refuse(Errno::EPERM, &rules::FILE_EFFECTIVE_EPERM, lacking, witness));
    }
    Ok(granted)
}
