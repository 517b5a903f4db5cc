use core::fmt;

use super::Called;
use super::setuid_fixup::fix_setuid;
use crate::capability::{CapSet, Capability};
use crate::credentials::{Credentials, Ids, Kgid, Kuid, OVERFLOW_ID, RawCredentials, Thread};
use crate::kernel::Errno;
use crate::outcome::{self, Outcome, Refusal};
use crate::rule::{Condition, Effect, IdName, Rule, Witness, setid as rules};
use crate::system::System;

/// A call of setuid(2) or one of its relatives. Ids are as the thread itself sees them; [`SetId::KEEP`] is -1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetId {
    /// Whose ids.
    pub kind: IdKind,
    /// Which of them.
    pub change: IdChange,
}

/// User ids or group ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdKind {
    /// User ids.
    User,
    /// Group ids.
    Group,
}

/// Which ids a call names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdChange {
    /// setuid, setgid.
    Set(u32),
    /// setreuid, setregid: real, effective.
    Re([u32; 2]),
    /// setresuid, setresgid: real, effective, saved.
    Res([u32; 3]),
    /// setfsuid, setfsgid.
    Fs(u32),
}

impl SetId {
    /// -1: leave this id alone.
    pub const KEEP: u32 = u32::MAX;

    /// The call's name.
    pub const fn name(self) -> &'static str {
        match (self.kind, self.change) {
            (IdKind::User, IdChange::Set(_)) => "setuid",
            (IdKind::User, IdChange::Re(_)) => "setreuid",
            (IdKind::User, IdChange::Res(_)) => "setresuid",
            (IdKind::User, IdChange::Fs(_)) => "setfsuid",
            (IdKind::Group, IdChange::Set(_)) => "setgid",
            (IdKind::Group, IdChange::Re(_)) => "setregid",
            (IdKind::Group, IdChange::Res(_)) => "setresgid",
            (IdKind::Group, IdChange::Fs(_)) => "setfsgid",
        }
    }

    /// Whether it returns the old id instead of 0 or an error.
    pub const fn returns_old_id(self) -> bool {
        matches!(self.change, IdChange::Fs(_))
    }

    /// The ids it names, in order.
    pub fn ids(&self) -> &[u32] {
        match &self.change {
            IdChange::Set(id) | IdChange::Fs(id) => core::slice::from_ref(id),
            IdChange::Re(ids) => ids,
            IdChange::Res(ids) => ids,
        }
    }
}

/// `setresuid(0, -1, 1000)`.
impl fmt::Display for SetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name())?;
        for (index, id) in self.ids().iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            if *id == Self::KEEP { f.write_str("-1")? } else { write!(f, "{id}")? }
        }
        f.write_str(")")
    }
}

/// Decides a call of setuid(2), setreuid(2), setresuid(2), setfsuid(2) or their relatives for groups.
///
/// ```
/// use sim_core::calls::{IdChange, IdKind, SetId, set_id};
/// use sim_core::prelude::*;
///
/// let system = System::default();
/// let root = Thread::from(Credentials::root(system.capabilities()));
/// let call = SetId { kind: IdKind::User, change: IdChange::Set(1000) };
/// let called = set_id(&system, &root, call, &mut Silent).granted().unwrap();
/// assert!(called.credentials.permitted.is_empty());
/// ```
pub fn set_id<W: Witness>(system: &System, thread: &Thread, call: SetId, witness: &mut W) -> Outcome<Called> {
    Caller { system, old: &thread.credentials, kind: call.kind }.decide(call.change, witness).into()
}

struct Caller<'a> {
    system: &'a System,
    old: &'a Credentials,
    kind: IdKind,
}

impl Caller<'_> {
    fn decide<W: Witness>(&self, change: IdChange, witness: &mut W) -> Result<Called, Refusal> {
        let old = self.ids();
        let new = match change {
            IdChange::Set(id) => self.set(id, old, witness)?,
            IdChange::Re(ids) => self.set_re(ids, old, witness)?,
            IdChange::Res(ids) => self.set_res(ids, old, witness)?,
            IdChange::Fs(id) => self.set_fs(id, old, witness),
        };
        let value = if matches!(change, IdChange::Fs(_)) { self.seen(old.filesystem).into() } else { 0 };
        let mut credentials = RawCredentials::from(self.old.clone());
        match self.kind {
            IdKind::User => {
                credentials.uid = new.map(Kuid::new).unwrap_or(credentials.uid);
                fix_setuid(self.system, &self.old.uid, &mut credentials, change, witness);
            }
            IdKind::Group => credentials.gid = new.map(Kgid::new).unwrap_or(credentials.gid),
        }
        Ok(Called { credentials: Credentials::after_transition(credentials), value })
    }

    /// setuid, setgid.
    fn set<W: Witness>(&self, id: u32, old: Ids<u32>, witness: &mut W) -> Result<Ids<u32>, Refusal> {
        let id = self.mapped(id, witness)?;
        if self.capable() {
            witness.not_applied(&rules::EFFECTIVE_ID, Condition::SetidCapable);
            let new = Ids::all(id);
            self.report(&rules::ALL_IDS, old, new, witness);
            return Ok(new);
        }
        witness.not_applied(&rules::ALL_IDS, Condition::SetidNotCapable);
        self.demand(id == old.real || id == old.saved, &rules::FOREIGN_ID, witness)?;
        let new = Ids { effective: id, filesystem: id, ..old };
        self.report(&rules::EFFECTIVE_ID, old, new, witness);
        Ok(new)
    }

    /// setreuid, setregid.
    fn set_re<W: Witness>(&self, ids: [u32; 2], old: Ids<u32>, witness: &mut W) -> Result<Ids<u32>, Refusal> {
        let [real, effective] = self.all_mapped(ids, witness)?;
        let real_allowed = real.is_none_or(|id| id == old.real || id == old.effective);
        let effective_allowed = effective.is_none_or(|id| id == old.real || id == old.effective || id == old.saved);
        self.demand(self.capable() || real_allowed && effective_allowed, &rules::RE_FOREIGN_ID, witness)?;
        let mut new = Ids { real: real.unwrap_or(old.real), effective: effective.unwrap_or(old.effective), ..old };
        new.filesystem = new.effective;
        self.report(&rules::RE_SETS, old, new, witness);
        if real.is_some() || effective.is_some_and(|id| id != old.real) {
            let before = new;
            new.saved = new.effective;
            self.report(&rules::RE_SAVED_ID, before, new, witness);
        } else {
            witness.not_applied(&rules::RE_SAVED_ID, Condition::SavedIdStays);
        }
        Ok(new)
    }

    /// setresuid, setresgid.
    fn set_res<W: Witness>(&self, ids: [u32; 3], old: Ids<u32>, witness: &mut W) -> Result<Ids<u32>, Refusal> {
        let [real, effective, saved] = self.all_mapped(ids, witness)?;
        let unchanged = real.is_none_or(|id| id == old.real)
            && effective.is_none_or(|id| id == old.effective && id == old.filesystem)
            && saved.is_none_or(|id| id == old.saved);
        if unchanged {
            witness.applied(&rules::RES_UNCHANGED, Effect::Holds);
            return Ok(old);
        }
        witness.not_applied(&rules::RES_UNCHANGED, Condition::SomethingChanges);
        let own = |id: u32| id == old.real || id == old.effective || id == old.saved;
        let allowed = [real, effective, saved].into_iter().flatten().all(own);
        self.demand(self.capable() || allowed, &rules::RES_FOREIGN_ID, witness)?;
        let effective = effective.unwrap_or(old.effective);
        let (real, saved) = (real.unwrap_or(old.real), saved.unwrap_or(old.saved));
        let new = Ids { real, effective, saved, filesystem: effective };
        self.report(&rules::RES_SETS, old, new, witness);
        Ok(new)
    }

    /// setfsuid, setfsgid: never refused.
    fn set_fs<W: Witness>(&self, id: u32, old: Ids<u32>, witness: &mut W) -> Ids<u32> {
        let own = |id: &u32| old.to_array().contains(id);
        if let Some(filesystem) = self.kernel_id(id).filter(|id| own(id) || self.capable()) {
            witness.not_applied(&rules::FS_IGNORED, Condition::IdMayBeSet);
            let new = Ids { filesystem, ..old };
            self.report(&rules::FS_SETS, old, new, witness);
            new
        } else {
            witness.not_applied(&rules::FS_SETS, Condition::IdMayNotBeSet);
            witness.applied(&rules::FS_IGNORED, Effect::Returns(self.seen(old.filesystem).into()));
            old
        }
    }

    fn ids(&self) -> Ids<u32> {
        match self.kind {
            IdKind::User => Ids::from_array(self.old.uid.to_array().map(Kuid::number)),
            IdKind::Group => Ids::from_array(self.old.gid.to_array().map(Kgid::number)),
        }
    }

    fn capability(&self) -> Capability {
        match self.kind {
            IdKind::User => Capability::SETUID,
            IdKind::Group => Capability::SETGID,
        }
    }

    fn capable(&self) -> bool {
        self.old.capable(self.capability())
    }

    fn kernel_id(&self, id: u32) -> Option<u32> {
        let (namespaces, ns) = (&self.system.user_namespaces, self.old.user_ns);
        match self.kind {
            IdKind::User => namespaces.kuid(ns, id).map(Kuid::number),
            IdKind::Group => namespaces.kgid(ns, id).map(Kgid::number),
        }
    }

    /// The id as the thread sees it.
    fn seen(&self, id: u32) -> u32 {
        let (namespaces, ns) = (&self.system.user_namespaces, self.old.user_ns);
        let seen = match self.kind {
            IdKind::User => Kuid::new(id).and_then(|id| namespaces.uid(ns, id)),
            IdKind::Group => Kgid::new(id).and_then(|id| namespaces.gid(ns, id)),
        };
        seen.unwrap_or(OVERFLOW_ID)
    }

    fn mapped<W: Witness>(&self, id: u32, witness: &mut W) -> Result<u32, Refusal> {
        let mapped = self.kernel_id(id);
        demand_mapped(mapped.is_some(), &rules::UNMAPPED, witness)?;
        // Refused above if there is none.
        Ok(mapped.unwrap_or_default())
    }

    /// Each id that is given, mapped; -1 gives none.
    fn all_mapped<const N: usize, W: Witness>(
        &self,
        ids: [u32; N],
        witness: &mut W,
    ) -> Result<[Option<u32>; N], Refusal> {
        let mapped = ids.map(|id| if id == SetId::KEEP { None } else { Some(self.kernel_id(id)) });
        let every = mapped.iter().flatten().all(Option::is_some);
        demand_mapped(every, &rules::UNMAPPED, witness)?;
        Ok(mapped.map(Option::flatten))
    }

    fn demand<W: Witness>(&self, allowed: bool, rule: &'static Rule, witness: &mut W) -> Result<(), Refusal> {
        let satisfied = if self.capable() { Condition::SetidCapable } else { Condition::OwnIds };
        outcome::demand(allowed, Errno::EPERM, rule, self.capability().into(), satisfied, witness)
    }

    /// One report for each id that changes; one that the rule holds if none does.
    fn report<W: Witness>(&self, rule: &'static Rule, old: Ids<u32>, new: Ids<u32>, witness: &mut W) {
        use IdName::{
            EffectiveGid, EffectiveUid, FilesystemGid, FilesystemUid, RealGid, RealUid, SavedGid, SavedUid,
        };
        let names = match self.kind {
            IdKind::User => [RealUid, EffectiveUid, SavedUid, FilesystemUid],
            IdKind::Group => [RealGid, EffectiveGid, SavedGid, FilesystemGid],
        };
        if old == new {
            witness.applied(rule, Effect::Holds);
        }
        for ((name, before), after) in names.into_iter().zip(old.to_array()).zip(new.to_array()) {
            if before != after {
                witness.applied(rule, Effect::Id { name, before, after });
            }
        }
    }
}

/// Refuses with EINVAL unless every id has a mapping.
pub(super) fn demand_mapped<W: Witness>(every: bool, rule: &'static Rule, witness: &mut W) -> Result<(), Refusal> {
    outcome::demand(every, Errno::EINVAL, rule, CapSet::EMPTY, Condition::IdsMapped, witness)
}

trait MapIds {
    fn map<T: Copy>(self, make: impl Fn(u32) -> Option<T>) -> Option<Ids<T>>;
}

impl MapIds for Ids<u32> {
    fn map<T: Copy>(self, make: impl Fn(u32) -> Option<T>) -> Option<Ids<T>> {
        let Self { real, effective, saved, filesystem } = self;
        Some(Ids {
            real: make(real)?,
            effective: make(effective)?,
            saved: make(saved)?,
            filesystem: make(filesystem)?,
        })
    }
}
