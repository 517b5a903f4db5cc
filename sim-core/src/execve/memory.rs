//! Whose the process's files in `/proc` are after it. Source: `fs/exec.c`, `begin_new_exec` and `would_dump`.

use super::Bprm;
use crate::capability::Capability;
use crate::credentials::{Credentials, Memory, UserNs};

/// The memory of the new program.
pub(super) fn new_memory(bprm: &Bprm<'_>, new: &Credentials) -> Memory {
    let (old, namespaces) = (bprm.old, &bprm.system.user_namespaces);
    let mapped_in =
        |ns: UserNs| namespaces.uid(ns, bprm.file.uid).is_some() && namespaces.gid(ns, bprm.file.gid).is_some();
    let readable = may_read(bprm, mapped_in(old.user_ns));
    // The memory of a program that may not be read belongs to a namespace that knows the file's owner.
    let user_ns = namespaces.ancestors(old.user_ns).find(|ns| readable || mapped_in(*ns)).unwrap_or(UserNs::INIT);
    let plain = old.uid.effective == old.uid.real && old.gid.effective == old.gid.real;
    Memory { dumpable: readable && plain, user_ns }.committed(old, new, namespaces)
}

fn may_read(bprm: &Bprm<'_>, mapped: bool) -> bool {
    let (old, file) = (bprm.old, bprm.file);
    let [owner, group, others] = file.mode.read_bits();
    let by_mode = if old.uid.filesystem == file.uid {
        owner
    } else if old.in_group(file.gid) {
        group
    } else {
        others
    };
    let overrides = [Capability::DAC_OVERRIDE, Capability::DAC_READ_SEARCH].into_iter();
    by_mode || mapped && overrides.into_iter().any(|capability| old.capable(capability))
}
