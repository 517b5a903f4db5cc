use crate::capability::{CapSet, Capability};
use crate::credentials::{Credentials, IdMap, Kgid, Kuid, MapError, Memory, UserNamespaces, UserNs, ns_capable};
use crate::kernel::{Errno, changes};
use crate::outcome::{Outcome, Refusal, demand, refuse};
use crate::rule::{Condition, Effect, Witness, write_map as rules};
use crate::system::System;

/// A file of `/proc/PID` that says something about the process's user namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapFile {
    /// `uid_map`.
    UidMap,
    /// `gid_map`.
    GidMap,
    /// `setgroups`.
    Setgroups,
}

/// Opening such a file and writing to it, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapWrite<'a> {
    /// The namespace; `None` is one that nobody made.
    pub target: Option<UserNs>,
    /// The file.
    pub file: MapFile,
    /// The writer's memory, if the file is its own, in `/proc/self`. Otherwise it is that of a process in the namespace which
    /// has the ids of the namespace's maker and can be dumped.
    pub own: Option<Memory>,
    /// What is written.
    pub text: &'a str,
}

/// Decides a write to `/proc/PID/uid_map`, `/proc/PID/gid_map` or `/proc/PID/setgroups`: the system's user namespaces
/// after it. It returns the length of the text.
///
/// ```
/// use sim_core::calls::{MapFile, MapWrite, write_map};
/// use sim_core::prelude::*;
///
/// let mut system = System::default();
/// let made = system.user_namespaces.add(UserNs::INIT, 1000.into())?;
/// let owner = Credentials::user(1000);
/// let mut write = MapWrite { target: Some(made), file: MapFile::UidMap, own: None, text: "0 1000 1" };
/// let written = write_map(&system, &owner, &write, &mut Silent).granted().unwrap();
/// assert_eq!(written.uid(made, 1000.into()), Some(0));
/// write.text = "0 1000 2";
/// let refusal = write_map(&system, &owner, &write, &mut Silent).refusal().unwrap();
/// assert_eq!(refusal.rule.id, "write-map.setuid");
/// # Ok::<(), sim_core::credentials::TooDeep>(())
/// ```
pub fn write_map<W: Witness>(
    system: &System,
    writer: &Credentials,
    write: &MapWrite<'_>,
    witness: &mut W,
) -> Outcome<UserNamespaces> {
    let decide = |witness: &mut W| {
        let Some(target) = write.target else {
            return Err(refuse(Errno::ENOENT, &rules::NO_PROCESS, CapSet::EMPTY, witness));
        };
        witness.not_applied(&rules::NO_PROCESS, Condition::DescriptorOpen);
        let call = Writing { system, namespaces: &system.user_namespaces, writer, target };
        call.open(write.own, witness)?;
        match write.file {
            MapFile::UidMap => call.map(MapKind::User, write.text, witness),
            MapFile::GidMap => call.map(MapKind::Group, write.text, witness),
            MapFile::Setgroups => call.setgroups(write.text, witness),
        }
    };
    decide(witness).into()
}

/// Which of the two maps.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MapKind {
    User,
    Group,
}

struct Writing<'a> {
    system: &'a System,
    namespaces: &'a UserNamespaces,
    writer: &'a Credentials,
    target: UserNs,
}

impl Writing<'_> {
    fn capable_in(&self, ns: UserNs, capability: Capability) -> bool {
        ns_capable(self.namespaces, self.writer, ns, capability)
    }

    /// `generic_permission` for writing to a file of mode 0644.
    fn open<W: Witness>(&self, own: Option<Memory>, witness: &mut W) -> Result<(), Refusal> {
        let (uid, gid) = match own {
            None => (self.namespaces.owner(self.target), self.namespaces.group(self.target)),
            Some(memory) => memory.owner(self.writer, self.namespaces),
        };
        match own {
            Some(Memory { dumpable: false, .. }) => witness.applied(&rules::NOT_DUMPABLE, Effect::Holds),
            _ => witness.not_applied(&rules::NOT_DUMPABLE, Condition::Dumpable),
        }
        if self.writer.uid.filesystem == uid {
            witness.not_applied(&rules::PERMISSION, Condition::OwnFile);
            return Ok(());
        }
        let (capable, mapped) = (self.writer.capable(Capability::DAC_OVERRIDE), self.maps(uid, gid));
        let lacking = if capable { CapSet::EMPTY } else { Capability::DAC_OVERRIDE.into() };
        let overrides = Condition::DacOverrideAllows;
        demand(capable && mapped, Errno::EACCES, &rules::PERMISSION, lacking, overrides, witness)
    }

    /// Whether user and group have mappings in the writer's namespace.
    fn maps(&self, uid: Kuid, gid: Kgid) -> bool {
        let ns = self.writer.user_ns;
        self.namespaces.uid(ns, uid).is_some() && self.namespaces.gid(ns, gid).is_some()
    }

    /// `proc_uid_map_write`, `proc_gid_map_write` and `map_write`.
    fn map<W: Witness>(&self, kind: MapKind, text: &str, witness: &mut W) -> Result<UserNamespaces, Refusal> {
        const PAGE: usize = 4096;
        let none = CapSet::EMPTY;
        let initial = self.target == UserNs::INIT;
        demand(!initial, Errno::EPERM, &rules::INITIAL, none, Condition::NotInitial, witness)?;
        let home = self.writer.user_ns;
        let near = home == self.target || home == self.namespaces.parent(self.target);
        demand(near, Errno::EPERM, &rules::NAMESPACE, none, Condition::InsideOrDirectlyAbove, witness)?;
        let short = text.len() < PAGE;
        demand(short, Errno::EINVAL, &rules::TOO_LONG, none, Condition::WithinAPage, witness)?;
        let written = match kind {
            MapKind::User => self.namespaces.has_uid_map(self.target),
            MapKind::Group => self.namespaces.has_gid_map(self.target),
        };
        demand(!written, Errno::EPERM, &rules::ONCE, none, Condition::MapUnwritten, witness)?;
        let needed = Capability::SYS_ADMIN;
        let capable = self.capable_in(self.target, needed);
        let satisfied = Condition::SysAdminInTarget;
        demand(capable, Errno::EPERM, &rules::SYS_ADMIN, needed.into(), satisfied, witness)?;
        let map = self.read(text, witness)?;
        if kind == MapKind::User {
            self.verify_root_map(&map, witness)?;
        }
        self.new_idmap_permitted(kind, &map, witness)?;
        let mut namespaces = self.namespaces.clone();
        let lifted = match kind {
            MapKind::User => namespaces.set_uid_map(self.target, &map),
            MapKind::Group => namespaces.set_gid_map(self.target, &map),
        };
        let satisfied = Condition::OutsideIdsMapped;
        demand(lifted.is_ok(), Errno::EPERM, &rules::PARENT_UNMAPPED, none, satisfied, witness)?;
        witness.applied(&rules::WRITTEN, Effect::Holds);
        Ok(namespaces)
    }

    fn read<W: Witness>(&self, text: &str, witness: &mut W) -> Result<IdMap, Refusal> {
        let release = self.system.release;
        let lines = if release.has(&changes::MAP_LINES) { &rules::LINES } else { &rules::FEW_LINES };
        let read = IdMap::from_written(text, release);
        for (rule, satisfied) in [
            (&rules::FORM, Condition::ThreeNumbers),
            (&rules::RANGE, Condition::RangeValid),
            (&rules::OVERLAP, Condition::NoOverlap),
            (lines, Condition::FewLines),
        ] {
            let broken = match read {
                Ok(_) | Err(MapError::Unmapped { .. }) => false,
                Err(MapError::Form { .. }) => *rule == rules::FORM,
                Err(MapError::Empty { .. } | MapError::TooLarge { .. }) => *rule == rules::RANGE,
                Err(MapError::Overlap { .. }) => *rule == rules::OVERLAP,
                Err(MapError::Lines { .. }) => rule == lines,
            };
            demand(!broken, Errno::EINVAL, rule, CapSet::EMPTY, satisfied, witness)?;
        }
        Ok(read.unwrap_or(IdMap::UNWRITTEN))
    }

    fn verify_root_map<W: Witness>(&self, map: &IdMap, witness: &mut W) -> Result<(), Refusal> {
        if !self.system.has(&changes::MAP_ROOT_SETFCAP) {
            return Ok(());
        }
        let needed = Capability::SETFCAP;
        let (rule, holds, satisfied) = if self.writer.user_ns == self.target {
            let had = self.namespaces.creator_had_setfcap(self.target);
            (&rules::CREATOR_SETFCAP, had, Condition::CreatorHadSetfcap)
        } else {
            let capable = self.capable_in(self.namespaces.parent(self.target), needed);
            (&rules::SETFCAP, capable, Condition::SetfcapAbove)
        };
        if !map.maps_outside_zero() {
            witness.not_applied(rule, Condition::RootNotMapped);
            return Ok(());
        }
        demand(holds, Errno::EPERM, rule, needed.into(), satisfied, witness)
    }

    fn new_idmap_permitted<W: Witness>(&self, kind: MapKind, map: &IdMap, witness: &mut W) -> Result<(), Refusal> {
        let parent = self.namespaces.parent(self.target);
        let (needed, rule) = match kind {
            MapKind::User => (Capability::SETUID, &rules::SETUID),
            MapKind::Group => (Capability::SETGID, &rules::SETGID),
        };
        match self.own_id(kind, map, parent) {
            Ok(()) => {
                witness.applied(&rules::OWN_ID, Effect::Holds);
                witness.not_applied(rule, Condition::OnlyOwnIdMapped);
                Ok(())
            }
            Err(failed) => {
                witness.not_applied(&rules::OWN_ID, failed);
                let capable = self.capable_in(parent, needed);
                demand(capable, Errno::EPERM, rule, needed.into(), Condition::CapableAbove, witness)
            }
        }
    }

    /// Whether nothing is mapped but the owner's own id, which is the writer's; if not, why.
    fn own_id(&self, kind: MapKind, map: &IdMap, parent: UserNs) -> Result<(), Condition> {
        let id = map.only_outside_id().ok_or(Condition::MoreThanOneId)?;
        if self.namespaces.owner(self.target) != self.writer.uid.effective {
            return Err(Condition::WriterNotOwner);
        }
        let own = match kind {
            MapKind::User => self.namespaces.kuid(parent, id) == Some(self.writer.uid.effective),
            MapKind::Group if !self.namespaces.setgroups_denied(self.target) => {
                return Err(Condition::SetgroupsAllowed);
            }
            MapKind::Group => self.namespaces.kgid(parent, id) == Some(self.writer.gid.effective),
        };
        if own { Ok(()) } else { Err(Condition::NotOwnId) }
    }

    /// `proc_setgroups_open` and `proc_setgroups_write`.
    fn setgroups<W: Witness>(&self, text: &str, witness: &mut W) -> Result<UserNamespaces, Refusal> {
        let needed = Capability::SYS_ADMIN;
        let capable = self.capable_in(self.target, needed);
        let satisfied = Condition::SysAdminInTarget;
        demand(capable, Errno::EACCES, &rules::SETGROUPS_SYS_ADMIN, needed.into(), satisfied, witness)?;
        let none = CapSet::EMPTY;
        let Some(allow) = setgroups_word(text) else {
            return Err(refuse(Errno::EINVAL, &rules::SETGROUPS_FORM, none, witness));
        };
        witness.not_applied(&rules::SETGROUPS_FORM, Condition::AllowOrDeny);
        let mut namespaces = self.namespaces.clone();
        if allow {
            let allowed = !namespaces.setgroups_denied(self.target);
            let (rule, satisfied) = (&rules::SETGROUPS_STAYS_DENIED, Condition::SetgroupsAllowed);
            demand(allowed, Errno::EPERM, rule, none, satisfied, witness)?;
        } else {
            let unwritten = !namespaces.has_gid_map(self.target);
            let rule = &rules::SETGROUPS_TOO_LATE;
            demand(unwritten, Errno::EPERM, rule, none, Condition::GidMapUnwritten, witness)?;
            namespaces.deny_setgroups(self.target);
        }
        witness.applied(&rules::SETGROUPS_WRITTEN, Effect::Holds);
        Ok(namespaces)
    }
}

/// Whether a text for `/proc/PID/setgroups` allows it; `None` if it is neither word.
pub(super) fn setgroups_word(text: &str) -> Option<bool> {
    const ROOM: usize = 8;
    let read = text.split('\0').next().unwrap_or_default();
    let word = read.trim_end_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b');
    let word = Some(word).filter(|_| text.len() < ROOM);
    match word {
        Some("allow") => Some(true),
        Some("deny") => Some(false),
        _ => None,
    }
}
