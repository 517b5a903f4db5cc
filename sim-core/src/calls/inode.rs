use crate::capability::{CapSet, Capability};
use crate::credentials::{Credentials, Kgid, Thread, UserNs, ns_capable};
use crate::file::{File, FileKind, Mode, VfsCaps, XattrError};
use crate::kernel::{Errno, changes};
use crate::outcome::{Refusal, demand, refuse};
use crate::permission::{Permissions, capable_wrt_inode, lacking, mode_allows};
use crate::rule::{Condition, Effect, Rule, Witness, file_change as rules};
use crate::system::System;

/// What a granted change of a file leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChanged {
    /// The file after it.
    pub file: File,
    /// What the call returns.
    pub value: u64,
}

/// What getxattr(2) gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttributeRead {
    /// The attribute as the thread sees it; the root id is an id of its user namespace.
    pub caps: VfsCaps,
    /// Its size in bytes, which the call returns.
    pub size: u64,
}

/// A file as a thread comes upon it.
#[derive(Clone, Copy)]
pub(super) struct Inode<'a> {
    /// The machine.
    pub(super) system: &'a System,
    /// The thread's credentials.
    pub(super) old: &'a Credentials,
    /// The file before the change.
    pub(super) file: &'a File,
}

/// Which set-id bits a change takes away.
#[derive(Clone, Copy)]
pub(super) struct Kill {
    set_user_id: bool,
    set_group_id: bool,
}

impl Kill {
    const NOTHING: Self = Self { set_user_id: false, set_group_id: false };

    pub(super) fn any(self) -> bool {
        self.set_user_id || self.set_group_id
    }

    pub(super) fn apply(self, mode: Mode) -> Mode {
        let mode = if self.set_user_id { mode.without(Mode::S_ISUID) } else { mode };
        if self.set_group_id { mode.without(Mode::S_ISGID) } else { mode }
    }
}

impl<'a> Inode<'a> {
    pub(super) fn new(system: &'a System, thread: &'a Thread, file: &'a File) -> Self {
        Self { system, old: &thread.credentials, file }
    }

    pub(super) fn unchanged(&self) -> FileChanged {
        FileChanged { file: self.file.clone(), value: 0 }
    }

    pub(super) fn is_owner(&self) -> bool {
        self.old.uid.filesystem == self.file.uid
    }

    /// Whether the capability counts for the file.
    pub(super) fn capable(&self, needed: Capability) -> Result<(), Condition> {
        capable_wrt_inode(self.system, self.old, self.file, needed)
    }

    /// Refuses with EPERM unless the capability is held over the file.
    pub(super) fn demand_capable<W: Witness>(
        &self,
        needed: Capability,
        rule: &'static Rule,
        satisfied: Condition,
        witness: &mut W,
    ) -> Result<(), Refusal> {
        let held = self.capable(needed);
        let lacking = held.map_or_else(|failed| lacking(failed, needed), |()| CapSet::EMPTY);
        demand(held.is_ok(), Errno::EPERM, rule, lacking, satisfied, witness)
    }

    /// `inode_owner_or_capable`: for `CAP_FOWNER` the owner needs a mapping, the group does not.
    pub(super) fn demand_owner<W: Witness>(&self, rule: &'static Rule, witness: &mut W) -> Result<(), Refusal> {
        let needed = Capability::FOWNER;
        if self.is_owner() {
            witness.not_applied(rule, Condition::FileOwner);
            return Ok(());
        }
        let mapped = self.system.user_namespaces.uid(self.old.user_ns, self.file.uid).is_some();
        let lacking = if mapped { needed.into() } else { CapSet::EMPTY };
        let capable = mapped && self.old.capable(needed);
        demand(capable, Errno::EPERM, rule, lacking, Condition::FownerCapable, witness)
    }

    /// `in_group_or_capable`: in `group`, or `CAP_FSETID` over the file.
    pub(super) fn in_group_or_fsetid(&self, group: Kgid) -> bool {
        self.old.in_group(group) || self.capable(Capability::FSETID).is_ok()
    }

    fn is_directory(&self) -> bool {
        self.file.kind == FileKind::Directory
    }

    /// Writing the file's content: the mode must allow it, or `CAP_DAC_OVERRIDE` stand in.
    pub(super) fn demand_writable<W: Witness>(&self, witness: &mut W) -> Result<(), Refusal> {
        let (rule, satisfied) = (&rules::WRITE_DIRECTORY, Condition::FileIsNoDirectory);
        demand(!self.is_directory(), Errno::EISDIR, rule, CapSet::EMPTY, satisfied, witness)?;
        if mode_allows(self.old, self.file, Permissions::WRITE) {
            witness.not_applied(&rules::WRITE_PERMISSION, Condition::ModeAllowsWriting);
            return Ok(());
        }
        let needed = Capability::DAC_OVERRIDE;
        match self.capable(needed) {
            Ok(()) => {
                witness.applied(&rules::WRITE_DAC_OVERRIDE, Effect::Holds);
                witness.not_applied(&rules::WRITE_PERMISSION, Condition::DacOverrideAllows);
                Ok(())
            }
            Err(failed) => {
                witness.not_applied(&rules::WRITE_DAC_OVERRIDE, failed);
                Err(refuse(Errno::EACCES, &rules::WRITE_PERMISSION, lacking(failed, needed), witness))
            }
        }
    }

    /// Which set-id bits a change of content or of ownership takes away, before `CAP_FSETID` is asked
    /// (`setattr_should_drop_suidgid`; before 6.2 `should_remove_suid`).
    pub(super) fn bits_to_kill<W: Witness>(&self, witness: &mut W) -> Kill {
        let mode = self.file.mode;
        let mut kill = Kill::NOTHING;
        if self.is_directory() {
            for rule in [&rules::STRIP_SET_USER_ID, &rules::STRIP_SET_GROUP_ID] {
                witness.not_applied(rule, Condition::FileIsDirectory);
            }
            return kill;
        }
        if mode.contains(Mode::S_ISUID) {
            kill.set_user_id = true;
            witness.applied(&rules::STRIP_SET_USER_ID, mode_effect(mode, mode.without(Mode::S_ISUID)));
        } else {
            witness.not_applied(&rules::STRIP_SET_USER_ID, Condition::NoSetUserIdBit);
        }
        let left = kill.apply(mode);
        let without = mode_effect(left, left.without(Mode::S_ISGID));
        let consistent = self.system.release.has(&changes::CONSISTENT_SGID);
        if !mode.contains(Mode::S_ISGID) {
            witness.not_applied(&rules::STRIP_SET_GROUP_ID, Condition::NoSetGroupIdBit);
        } else if mode.contains(Mode::S_IXGRP) {
            kill.set_group_id = true;
            witness.applied(&rules::STRIP_SET_GROUP_ID, without);
        } else {
            witness.not_applied(&rules::STRIP_SET_GROUP_ID, Condition::GroupMayNotExecute);
            if consistent && self.in_group_or_fsetid(self.file.gid) {
                witness.not_applied(&rules::STRIP_FOREIGN_SET_GROUP_ID, Condition::InGroupOrFsetid);
            } else if consistent {
                kill.set_group_id = true;
                witness.applied(&rules::STRIP_FOREIGN_SET_GROUP_ID, without);
            }
        }
        kill
    }

    /// `cap_inode_need_killpriv` and `cap_inode_killpriv`: what is left of the attribute.
    pub(super) fn strip_capabilities<W: Witness>(&self, witness: &mut W) -> Option<Result<VfsCaps, XattrError>> {
        match self.file.caps {
            Some(_) if self.is_directory() => {
                witness.not_applied(&rules::STRIP_CAPABILITIES, Condition::FileIsDirectory);
                return self.file.caps;
            }
            None => witness.not_applied(&rules::STRIP_CAPABILITIES, Condition::NoFileCaps),
            Some(Err(XattrError::NoHeader { size: 0 })) => {
                witness.not_applied(&rules::STRIP_CAPABILITIES, Condition::AttributeEmpty);
                return self.file.caps;
            }
            Some(_) => witness.applied(&rules::STRIP_CAPABILITIES, Effect::AttributeRemoved),
        }
        None
    }

    /// The end of `setattr_copy`, where a mode is written: a set-group-ID bit stays only in a group of the thread.
    pub(super) fn write_mode<W: Witness>(&self, mode: Mode, witness: &mut W) -> Mode {
        let rule = &rules::CHMOD_SET_GROUP_ID;
        if !mode.contains(Mode::S_ISGID) {
            witness.not_applied(rule, Condition::ModeWithoutSetGroupId);
            mode
        } else if self.in_group_or_fsetid(self.file.gid) {
            witness.not_applied(rule, Condition::InGroupOrFsetid);
            mode
        } else {
            let without = mode.without(Mode::S_ISGID);
            witness.applied(rule, mode_effect(mode, without));
            without
        }
    }

    /// `file_remove_privs`: what a change of the content takes away. Nobody needs a permission for that.
    pub(super) fn remove_privileges<W: Witness>(&self, witness: &mut W) -> File {
        let mut kill = Kill::NOTHING;
        if self.file.mode.has_set_id() {
            let needed = Capability::FSETID;
            if ns_capable(&self.system.user_namespaces, self.old, UserNs::INIT, needed) {
                witness.applied(&rules::STRIP_FSETID, Effect::Holds);
            } else {
                witness.not_applied(&rules::STRIP_FSETID, Condition::FsetidNotInInit);
                kill = self.bits_to_kill(witness);
            }
        } else {
            witness.not_applied(&rules::STRIP_FSETID, Condition::NoSetIdBits);
        }
        let caps = self.strip_capabilities(witness);
        let mode = self.file.mode;
        let mode = if kill.any() { self.write_mode(kill.apply(mode), witness) } else { mode };
        File { mode, caps, ..self.file.clone() }
    }
}

pub(super) fn mode_effect(before: Mode, after: Mode) -> Effect {
    Effect::FileMode { before: before.bits(), after: after.bits() }
}
