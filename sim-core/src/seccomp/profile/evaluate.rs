use super::{EntryState, Origin, Policy, Profile, Rule, Stub, TablePolicy};
use crate::kernel::Errno;
use crate::seccomp::syscalls::Abi;
use crate::seccomp::{Action, FilterReturn, SeccompData};

/// What a policy says of a call, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict<'p> {
    /// The action.
    pub action: FilterReturn,
    /// What decided.
    pub reason: Reason<'p>,
}

/// What decides about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason<'p> {
    /// A rule of the profile.
    Rule(&'p Rule),
    /// Rules name the call, but the conditions of none hold; the default action.
    NoConditions(&'p [Rule]),
    /// No rule names the call; the default action.
    NotNamed,
    /// The filter does not cover the architecture.
    BadArchitecture,
    /// runc's stub: the number is higher than all that are named.
    Stub(Stub),
}

impl<'p> Verdict<'p> {
    /// The rule that decided, if one did.
    pub const fn rule(&self) -> Option<&'p Rule> {
        match self.reason {
            Reason::Rule(rule) => Some(rule),
            _ => None,
        }
    }
}

/// The action of runc's stub.
pub(super) const ENOSYS: FilterReturn = Action::Errno.with_data(Errno::ENOSYS.number());

impl Policy {
    /// What becomes of a call. Allocates nothing.
    pub fn verdict(&self, data: &SeccompData) -> Verdict<'_> {
        if let Some(stub) = self.stub(data) {
            return Verdict { action: ENOSYS, reason: Reason::Stub(stub) };
        }
        let Some(table) = self.table(data) else {
            return Verdict { action: self.bad_architecture_action, reason: Reason::BadArchitecture };
        };
        let rules = table.rules(data.nr);
        match rules.iter().find(|rule| rule.holds(&data.args)) {
            Some(rule) => Verdict { action: rule.action, reason: Reason::Rule(rule) },
            None if rules.is_empty() => Verdict { action: self.default_action, reason: Reason::NotNamed },
            None => Verdict { action: self.default_action, reason: Reason::NoConditions(rules) },
        }
    }

    /// The entries of its profile that name a call, with their state: what has a part in the answer, and what has not and why.
    pub fn entries_about<'a>(
        &'a self,
        profile: &'a Profile,
        name: &'a str,
    ) -> impl Iterator<Item = (Origin, &'a EntryState)> + 'a {
        let entries = profile.syscalls.iter().zip(&self.entries).enumerate();
        entries.flat_map(move |(index, (entry, state))| {
            let about = entry.origins(index).filter(move |(named, _)| *named == name);
            about.map(move |(_, origin)| (origin, state))
        })
    }

    /// The stub that answers a call, if one does. It takes numbers with bit 30 for x32's, as the kernel does.
    pub fn stub(&self, data: &SeccompData) -> Option<Stub> {
        let own = |abi: Abi| match abi {
            Abi::X86_64 | Abi::X32 => data.is_x32() == (abi == Abi::X32),
            _ => true,
        };
        let mut tables = self.tables.iter().filter(|table| table.abi.architecture() == data.arch);
        let stub = tables.find(|table| own(table.abi))?.stub?;
        (data.nr > stub.last || stub.zero && data.nr == 0).then_some(stub)
    }

    /// The table that judges a call. Without x32 libseccomp leaves the number -1 to x86_64.
    pub fn table(&self, data: &SeccompData) -> Option<&TablePolicy> {
        let covering = self.tables.iter().find(|table| table.abi.covers(data));
        covering.or_else(|| {
            let minus_one = data.nr == u32::MAX;
            self.tables.iter().find(|table| minus_one && table.abi.architecture() == data.arch)
        })
    }
}

impl TablePolicy {
    /// The rules for a number, in the order in which they are tried.
    #[inline]
    pub fn rules(&self, number: u32) -> &[Rule] {
        match self.calls.binary_search_by_key(&number, |call| call.number) {
            Ok(index) => self.calls.get(index).map_or(&[], |call| &call.rules),
            Err(_) => &[],
        }
    }
}
