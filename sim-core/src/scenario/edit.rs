//! Changing a scenario bit by bit, as an editor does, without leaving the states that exist.

use super::values::{CapsEntry, FourIds, SetText};
use super::{FileEntry, Process};
use crate::capability::{CapSet, Capability};
use crate::file::VfsCaps;
use crate::rule::SetName;
use crate::text::{GetcapEntry, Status};

/// The five sets of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the format's `process`")]
pub struct FiveSets {
    pub permitted: CapSet,
    pub effective: CapSet,
    pub inheritable: CapSet,
    pub bounding: CapSet,
    pub ambient: CapSet,
}

impl Process {
    /// The five sets, those left out by their defaults, if `"all"` means `all`.
    ///
    /// ```
    /// use sim_core::capability::CapSet;
    /// use sim_core::scenario::Process;
    ///
    /// let root = Process::default().sets(CapSet::from_bits(0xff));
    /// assert_eq!((root.permitted.len(), root.inheritable.len()), (8, 0));
    /// ```
    pub fn sets(&self, all: CapSet) -> FiveSets {
        let FourIds([_, effective_uid, ..]) = self.uid.unwrap_or(FourIds([0; 4]));
        let privileged = if effective_uid == 0 { all } else { CapSet::EMPTY };
        let set = |written: Option<SetText>, default| written.map_or(default, |set| set.resolve(all));
        FiveSets {
            permitted: set(self.permitted, privileged),
            effective: set(self.effective, privileged),
            inheritable: set(self.inheritable, CapSet::EMPTY),
            bounding: set(self.bounding, all),
            ambient: set(self.ambient, CapSet::EMPTY),
        }
    }

    /// Writes all five sets out.
    pub fn write_sets(&mut self, sets: FiveSets) {
        self.permitted = Some(sets.permitted.into());
        self.effective = Some(sets.effective.into());
        self.inheritable = Some(sets.inheritable.into());
        self.bounding = Some(sets.bounding.into());
        self.ambient = Some(sets.ambient.into());
    }

    /// Puts a capability into one of the five sets or takes it out, and does the same wherever else it must follow:
    /// what is effective must be permitted, what is ambient permitted and inheritable.
    ///
    /// ```
    /// use sim_core::capability::{CapSet, Capability};
    /// use sim_core::rule::SetName;
    /// use sim_core::scenario::{FourIds, Process};
    ///
    /// let all = CapSet::up_to(Capability::LAST_NAMED);
    /// let mut process = Process { uid: Some(FourIds([1; 4])), ..Process::default() };
    /// process.set_bit(SetName::Ambient, Capability::KILL, true, all);
    /// assert!(process.sets(all).permitted.contains(Capability::KILL));
    /// process.set_bit(SetName::Inheritable, Capability::KILL, false, all);
    /// assert!(process.sets(all).ambient.is_empty());
    /// ```
    pub fn set_bit(&mut self, set: SetName, capability: Capability, on: bool, all: CapSet) {
        let bit = CapSet::from(capability);
        let mut sets = self.sets(all);
        let FiveSets { permitted, effective, inheritable, bounding, ambient } = &mut sets;
        let also: [Option<&mut CapSet>; 3] = match (set, on) {
            (SetName::Permitted, true) => [Some(permitted), None, None],
            (SetName::Permitted, false) => [Some(permitted), Some(effective), Some(ambient)],
            (SetName::Effective, true) => [Some(effective), Some(permitted), None],
            (SetName::Effective, false) => [Some(effective), None, None],
            (SetName::Inheritable, true) => [Some(inheritable), None, None],
            (SetName::Inheritable, false) => [Some(inheritable), Some(ambient), None],
            (SetName::Bounding, _) => [Some(bounding), None, None],
            (SetName::Ambient, true) => [Some(ambient), Some(permitted), Some(inheritable)],
            (SetName::Ambient, false) => [Some(ambient), None, None],
            _ => [None, None, None],
        };
        for set in also.into_iter().flatten() {
            *set = if on { *set | bit } else { *set - bit };
        }
        self.write_sets(sets);
    }

    /// Takes over what lines of `/proc/PID/status` say. Sets that they leave out keep their defaults.
    pub fn apply_status(&mut self, status: &Status) {
        let Status { uid, gid, groups, permitted, effective, inheritable, bounding, ambient, no_new_privs, .. } =
            status;
        take(&mut self.uid, uid.map(FourIds));
        take(&mut self.gid, gid.map(FourIds));
        take(&mut self.permitted, permitted.map(SetText::Set));
        take(&mut self.effective, effective.map(SetText::Set));
        take(&mut self.inheritable, inheritable.map(SetText::Set));
        take(&mut self.bounding, bounding.map(SetText::Set));
        take(&mut self.ambient, ambient.map(SetText::Set));
        if let Some(groups) = groups {
            self.groups.clone_from(groups);
        }
        self.no_new_privs = no_new_privs.unwrap_or(self.no_new_privs);
    }
}

fn take<T>(slot: &mut Option<T>, given: Option<T>) {
    if given.is_some() {
        *slot = given;
    }
}

impl FileEntry {
    /// Puts a capability into the file's permitted or inheritable set or takes it out; an attribute is made if there is
    /// none. One that cannot be read is replaced.
    pub fn set_bit(&mut self, set: SetName, capability: Capability, on: bool, all: CapSet) {
        let mut caps = self.readable_caps(all);
        let slot = match set {
            SetName::FilePermitted => &mut caps.permitted,
            SetName::FileInheritable => &mut caps.inheritable,
            _ => return,
        };
        let bit = CapSet::from(capability);
        *slot = if on { *slot | bit } else { *slot - bit };
        self.caps = Some(CapsEntry::from_caps(caps));
    }

    /// Sets or clears the effective flag; an attribute is made if there is none.
    pub fn set_effective(&mut self, on: bool, all: CapSet) {
        let mut caps = self.readable_caps(all);
        caps.flags = caps.flags & !1 | u32::from(on);
        self.caps = Some(CapsEntry::from_caps(caps));
    }

    /// Takes over what getcap says about it.
    pub fn apply_getcap(&mut self, entry: &GetcapEntry) {
        self.caps = Some(CapsEntry::from_caps(entry.caps));
    }

    fn readable_caps(&self, all: CapSet) -> VfsCaps {
        let read = self.caps.as_ref().and_then(|caps| caps.resolve(all).ok());
        read.unwrap_or_else(|| VfsCaps::new(CapSet::EMPTY, CapSet::EMPTY, false))
    }
}
