use super::Called;
use crate::capability::{CapSet, Capability};
use crate::credentials::{Credentials, RawCredentials, Securebits, Thread};
use crate::kernel::{Errno, changes};
use crate::outcome::{Outcome, Refusal, demand, refuse};
use crate::rule::{Condition, Effect, Flow, Rule, SetName, Witness, prctl as rules};
use crate::system::System;

/// A call of prctl(2): an option and its four arguments, as a program passes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prctl {
    /// The first argument.
    pub option: PrctlOption,
    /// The second to the fifth; what is not used is normally 0.
    pub arguments: [u64; 4],
}

macro_rules! numbered_names {
    (#[doc = $doc:literal] $type:ident { $($variant:ident $number:literal $name:literal)* }) => {
        #[doc = $doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $type {
            $(#[doc = concat!("`", $name, "`, ", $number, ".")] $variant,)*
        }

        impl $type {
            /// Every one of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name in `linux/prctl.h`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Its number in `linux/prctl.h`.
            pub const fn number(self) -> u32 {
                match self { $(Self::$variant => $number,)* }
            }

            /// The one of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.name() == name)
            }
        }
    };
}

numbered_names! {
    #[doc = "The options of prctl(2) that touch capabilities."]
    PrctlOption {
        GetKeepcaps 7 "PR_GET_KEEPCAPS"
        SetKeepcaps 8 "PR_SET_KEEPCAPS"
        CapbsetRead 23 "PR_CAPBSET_READ"
        CapbsetDrop 24 "PR_CAPBSET_DROP"
        GetSecurebits 27 "PR_GET_SECUREBITS"
        SetSecurebits 28 "PR_SET_SECUREBITS"
        SetNoNewPrivs 38 "PR_SET_NO_NEW_PRIVS"
        GetNoNewPrivs 39 "PR_GET_NO_NEW_PRIVS"
        CapAmbient 47 "PR_CAP_AMBIENT"
    }
}

numbered_names! {
    #[doc = "The operations of `PR_CAP_AMBIENT`."]
    AmbientOperation {
        IsSet 1 "PR_CAP_AMBIENT_IS_SET"
        Raise 2 "PR_CAP_AMBIENT_RAISE"
        Lower 3 "PR_CAP_AMBIENT_LOWER"
        ClearAll 4 "PR_CAP_AMBIENT_CLEAR_ALL"
    }
}

/// Decides one prctl(2).
///
/// ```
/// use sim_core::calls::{Prctl, PrctlOption, prctl};
/// use sim_core::prelude::*;
///
/// let call = Prctl { option: PrctlOption::SetNoNewPrivs, arguments: [1, 0, 0, 0] };
/// let thread = Thread::from(Credentials::user(1024));
/// let called = prctl(&System::default(), &thread, &call, &mut Silent).granted().unwrap();
/// assert!(called.credentials.no_new_privs);
/// ```
pub fn prctl<W: Witness>(system: &System, thread: &Thread, call: &Prctl, witness: &mut W) -> Outcome<Called> {
    let old = &thread.credentials;
    let mut new = RawCredentials::from(old.clone());
    let caller = Caller { system, old };
    let result = match call.option {
        PrctlOption::CapbsetRead => caller.capbset_read(call.arguments, witness),
        PrctlOption::CapbsetDrop => caller.capbset_drop(call.arguments, &mut new, witness),
        PrctlOption::CapAmbient => caller.cap_ambient(call.arguments, &mut new, witness),
        PrctlOption::SetSecurebits => caller.set_securebits(call.arguments, &mut new, witness),
        PrctlOption::GetSecurebits => Ok(answer(&rules::SECUREBITS_GET, u64::from(old.securebits.bits()), witness)),
        PrctlOption::SetKeepcaps => caller.set_keepcaps(call.arguments, &mut new, witness),
        PrctlOption::GetKeepcaps => {
            let value = old.securebits.contains(Securebits::KEEP_CAPS);
            Ok(answer(&rules::KEEPCAPS_GET, value.into(), witness))
        }
        PrctlOption::SetNoNewPrivs => set_no_new_privs(call.arguments, &mut new, witness),
        PrctlOption::GetNoNewPrivs => caller.get_no_new_privs(call.arguments, witness),
    };
    result.map(|value| Called { credentials: Credentials::after_transition(new), value }).into()
}

struct Caller<'a> {
    system: &'a System,
    old: &'a Credentials,
}

impl Caller<'_> {
    fn known(&self, number: u64) -> Option<Capability> {
        let capability = Capability::from_number(u8::try_from(number).ok()?)?;
        (capability <= self.system.release.last_capability()).then_some(capability)
    }

    fn capbset_read<W: Witness>(&self, [number, ..]: [u64; 4], witness: &mut W) -> Result<u64, Refusal> {
        let Some(capability) = self.known(number) else {
            return Err(refuse(Errno::EINVAL, &rules::CAPBSET_READ_INVALID, CapSet::EMPTY, witness));
        };
        witness.not_applied(&rules::CAPBSET_READ_INVALID, Condition::CapabilityValid);
        Ok(answer(&rules::CAPBSET_READ, self.old.bounding.contains(capability).into(), witness))
    }

    fn capbset_drop<W: Witness>(
        &self,
        [number, ..]: [u64; 4],
        new: &mut RawCredentials,
        witness: &mut W,
    ) -> Result<u64, Refusal> {
        let (needed, rule) = (Capability::SETPCAP, &rules::CAPBSET_DROP_SETPCAP);
        let capable = self.old.capable(needed);
        demand(capable, Errno::EPERM, rule, needed.into(), Condition::SetpcapEffective, witness)?;
        let Some(capability) = self.known(number) else {
            return Err(refuse(Errno::EINVAL, &rules::CAPBSET_DROP_INVALID, CapSet::EMPTY, witness));
        };
        witness.not_applied(&rules::CAPBSET_DROP_INVALID, Condition::CapabilityValid);
        let removed = self.old.bounding & capability.into();
        new.bounding -= removed;
        witness.applied(&rules::CAPBSET_DROP, Flow::remove(SetName::Bounding, removed));
        Ok(0)
    }

    fn cap_ambient<W: Witness>(
        &self,
        [operation, number, rest @ ..]: [u64; 4],
        new: &mut RawCredentials,
        witness: &mut W,
    ) -> Result<u64, Refusal> {
        let invalid = |witness: &mut W| Err(refuse(Errno::EINVAL, &rules::AMBIENT_ARGUMENTS, CapSet::EMPTY, witness));
        let operation = AmbientOperation::ALL.iter().find(|known| u64::from(known.number()) == operation);
        if let Some(AmbientOperation::ClearAll) = operation {
            if number != 0 || rest != [0, 0] {
                return invalid(witness);
            }
            witness.not_applied(&rules::AMBIENT_ARGUMENTS, Condition::ArgumentsZero);
            new.ambient = CapSet::EMPTY;
            witness.applied(&rules::AMBIENT_CLEAR_ALL, Flow::remove(SetName::Ambient, self.old.ambient));
            return Ok(0);
        }
        let (Some(operation), Some(capability), [0, 0]) = (operation, self.known(number), rest) else {
            return invalid(witness);
        };
        witness.not_applied(&rules::AMBIENT_ARGUMENTS, Condition::ArgumentsValid);
        match operation {
            AmbientOperation::Raise => self.ambient_raise(capability, new, witness)?,
            AmbientOperation::Lower => {
                let removed = self.old.ambient & capability.into();
                new.ambient -= removed;
                witness.applied(&rules::AMBIENT_LOWER, Flow::remove(SetName::Ambient, removed));
            }
            AmbientOperation::IsSet | AmbientOperation::ClearAll => {
                let value = self.old.ambient.contains(capability);
                return Ok(answer(&rules::AMBIENT_IS_SET, value.into(), witness));
            }
        }
        Ok(0)
    }

    fn ambient_raise<W: Witness>(
        &self,
        capability: Capability,
        new: &mut RawCredentials,
        witness: &mut W,
    ) -> Result<(), Refusal> {
        let both = self.old.permitted & self.old.inheritable;
        if !both.contains(capability) {
            let lacking = capability.into();
            return Err(refuse(Errno::EPERM, &rules::AMBIENT_RAISE_NEEDS_BOTH, lacking, witness));
        }
        witness.not_applied(&rules::AMBIENT_RAISE_NEEDS_BOTH, Condition::PermittedAndInheritable);
        if self.old.securebits.contains(Securebits::NO_CAP_AMBIENT_RAISE) {
            return Err(refuse(Errno::EPERM, &rules::AMBIENT_RAISE_FORBIDDEN, CapSet::EMPTY, witness));
        }
        witness.not_applied(&rules::AMBIENT_RAISE_FORBIDDEN, Condition::AmbientRaiseAllowed);
        new.ambient |= capability.into();
        let permitted = SetName::Permitted.holding(self.old.permitted);
        let inheritable = SetName::Inheritable.holding(self.old.inheritable);
        let from = [Some(permitted), Some(inheritable)];
        let given = Flow::both(SetName::Ambient, from, capability.into(), CapSet::EMPTY);
        witness.applied(&rules::AMBIENT_RAISE, given);
        Ok(())
    }

    fn set_securebits<W: Witness>(
        &self,
        [value, ..]: [u64; 4],
        new: &mut RawCredentials,
        witness: &mut W,
    ) -> Result<u64, Refusal> {
        let allow = |holds, rule, satisfied, witness: &mut W| {
            demand(holds, Errno::EPERM, rule, CapSet::EMPTY, satisfied, witness)
        };
        let old = self.old.securebits;
        let known = Securebits::known(self.system.release);
        // The locks and the bits they freeze are in the low word; higher bits are unknown anyway.
        let low = Securebits::from_bits(u32::try_from(value & 0xffff_ffff).unwrap_or_default());
        let changed = old ^ low;
        let unfrozen = (changed & old.frozen()).is_empty();
        allow(unfrozen, &rules::SECUREBITS_LOCKED, Condition::NotLocked, witness)?;
        let locks_kept = (old & Securebits::LOCKS & !low).is_empty();
        allow(locks_kept, &rules::SECUREBITS_UNLOCK, Condition::LocksKept, witness)?;
        let all_known = value & !u64::from(known.bits()) == 0;
        allow(all_known, &rules::SECUREBITS_UNKNOWN, Condition::KnownSecurebits, witness)?;
        let unprivileged = self.system.release.has(&changes::EXEC_SECUREBITS);
        let rule = if unprivileged { &rules::SECUREBITS_SETPCAP_OR_EXEC_BITS } else { &rules::SECUREBITS_SETPCAP };
        let harmless = !changed.is_empty() && (changed & !Securebits::UNPRIVILEGED).is_empty();
        if self.old.capable(Capability::SETPCAP) {
            witness.not_applied(rule, Condition::SetpcapEffective);
        } else if unprivileged && harmless {
            witness.not_applied(rule, Condition::OnlyExecSecurebitsChange);
        } else {
            return Err(refuse(Errno::EPERM, rule, Capability::SETPCAP.into(), witness));
        }
        new.securebits = low;
        witness.applied(&rules::SECUREBITS_SET, Effect::Securebits { before: old, after: low });
        Ok(0)
    }

    fn set_keepcaps<W: Witness>(
        &self,
        [value, ..]: [u64; 4],
        new: &mut RawCredentials,
        witness: &mut W,
    ) -> Result<u64, Refusal> {
        let (none, rule) = (CapSet::EMPTY, &rules::KEEPCAPS_ARGUMENT);
        demand(value <= 1, Errno::EINVAL, rule, none, Condition::ArgumentsValid, witness)?;
        let before = self.old.securebits;
        let unlocked = !before.contains(Securebits::KEEP_CAPS_LOCKED);
        demand(unlocked, Errno::EPERM, &rules::KEEPCAPS_LOCKED, none, Condition::NotLocked, witness)?;
        let after = if value == 1 { before | Securebits::KEEP_CAPS } else { before & !Securebits::KEEP_CAPS };
        new.securebits = after;
        witness.applied(&rules::KEEPCAPS_SET, Effect::Securebits { before, after });
        Ok(0)
    }

    fn get_no_new_privs<W: Witness>(&self, arguments: [u64; 4], witness: &mut W) -> Result<u64, Refusal> {
        demand_arguments(arguments == [0; 4], witness)?;
        Ok(answer(&rules::NO_NEW_PRIVS_GET, self.old.no_new_privs.into(), witness))
    }
}

fn set_no_new_privs<W: Witness>(
    arguments: [u64; 4],
    new: &mut RawCredentials,
    witness: &mut W,
) -> Result<u64, Refusal> {
    demand_arguments(arguments == [1, 0, 0, 0], witness)?;
    new.no_new_privs = true;
    witness.applied(&rules::NO_NEW_PRIVS_SET, Effect::NoNewPrivs);
    Ok(0)
}

fn demand_arguments<W: Witness>(valid: bool, witness: &mut W) -> Result<(), Refusal> {
    let rule = &rules::NO_NEW_PRIVS_ARGUMENTS;
    demand(valid, Errno::EINVAL, rule, CapSet::EMPTY, Condition::ArgumentsValid, witness)
}

fn answer<W: Witness>(rule: &'static Rule, value: u64, witness: &mut W) -> u64 {
    witness.applied(rule, Effect::Returns(value));
    value
}
