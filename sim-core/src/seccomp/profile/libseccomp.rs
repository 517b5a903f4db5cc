use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::policy::Condition;
use super::{CallPolicy, Comparison, Operator, Origin, Rule};
use crate::kernel::Errno;
use crate::seccomp::syscalls::{Abi, Call, Multiplexed, Version};
use crate::seccomp::{Action, FilterReturn};

/// Rules as libseccomp collects them before it compiles: what its functions answer, and which rule stays.
///
/// A call that an architecture does not have gets no rule there. The filters that libseccomp makes of real profiles are
/// proven to do the same.
///
/// ```
/// use sim_core::seccomp::FilterReturn;
/// use sim_core::seccomp::profile::{Database, Engine, LibseccompError, Origin};
/// use sim_core::seccomp::syscalls::{Abi, Call};
///
/// let mut database = Database::new(FilterReturn::ALLOW, Abi::X86_64, Engine::NEWEST_LIBSECCOMP).unwrap();
/// let mkdir = Call::by_name("mkdir").unwrap();
/// let refused = database.add(FilterReturn::ALLOW, mkdir, &[], Origin::default());
/// assert_eq!(refused, Err(LibseccompError::Access), "the default action needs no rule");
/// ```
#[derive(Clone, Debug)]
pub struct Database {
    default: FilterReturn,
    version: Version,
    tables: Vec<(Abi, BTreeMap<u32, Chains>)>,
    shadowed: Vec<Origin>,
}

/// Why libseccomp refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LibseccompError {
    /// EACCES.
    #[error("the rule's action is the default action")]
    Access,
    /// EINVAL.
    #[error("an action with wrong data, an argument that does not exist or stands twice, or the call -1")]
    Invalid,
    /// EEXIST.
    #[error(
        "a rule with the same conditions, or within them, has another action; or the architecture is there already, or not there"
    )]
    Exists,
    /// EDOM.
    #[error("an architecture of the other byte order")]
    Domain,
}

impl LibseccompError {
    /// The error that its functions return.
    pub const fn errno(self) -> Errno {
        match self {
            Self::Access => Errno::EACCES,
            Self::Invalid => Errno::EINVAL,
            Self::Exists => Errno::EEXIST,
            Self::Domain => Errno::EDOM,
        }
    }
}

/// The rules of one call: one for all arguments, or chains of conditions in the order in which they are tried.
#[derive(Clone, Debug)]
enum Chains {
    Always(FilterReturn, Origin),
    Conditional(BTreeMap<Vec<Link>, (FilterReturn, Origin)>),
}

/// A condition in its place in libseccomp's tree (`_db_chain_lt`, `src/db.c`): the last argument first, then `==`, `!=` and
/// masks before `<` and `<=` before `>` and `>=`, then the greatest value first, but for `<` and `<=` the smallest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Link {
    argument: Reverse<u8>,
    class: u8,
    rank: u64,
    condition: Condition,
}

/// `MAX_ERRNO`.
const MAX_ERRNO: u16 = 4095;

impl Database {
    /// `seccomp_init`: one for the native architecture.
    pub fn new(default: FilterReturn, native: Abi, version: Version) -> Result<Self, LibseccompError> {
        check_action(default)?;
        Ok(Self { default, version, tables: Vec::from([(native, BTreeMap::new())]), shadowed: Vec::new() })
    }

    /// `seccomp_arch_add`.
    pub fn add_architecture(&mut self, abi: Abi) -> Result<(), LibseccompError> {
        if self.tables.iter().any(|(known, _)| *known == abi) {
            return Err(LibseccompError::Exists);
        }
        let order = abi.architecture().byte_order();
        if self.tables.iter().any(|(known, _)| known.architecture().byte_order() != order) {
            return Err(LibseccompError::Domain);
        }
        self.tables.push((abi, BTreeMap::new()));
        Ok(())
    }

    /// `seccomp_arch_remove`.
    pub fn remove_architecture(&mut self, abi: Abi) -> Result<(), LibseccompError> {
        let index = self.tables.iter().position(|(known, _)| *known == abi).ok_or(LibseccompError::Exists)?;
        self.tables.remove(index);
        Ok(())
    }

    /// How many architectures there are.
    pub(super) fn architectures(&self) -> usize {
        self.tables.len()
    }

    /// `seccomp_syscall_resolve_name`: the call, if this release knows the name.
    pub fn resolve(&self, name: &str) -> Option<&'static Call> {
        Call::by_name(name).filter(|call| call.libseccomp.is_some_and(|since| since <= self.version))
    }

    /// `seccomp_rule_add`: whether a rule came to stand for any architecture.
    pub fn add(
        &mut self,
        action: FilterReturn,
        call: &Call,
        comparisons: &[Comparison],
        origin: Origin,
    ) -> Result<bool, LibseccompError> {
        let mut seen = [false; 6];
        for comparison in comparisons {
            let seen = seen.get_mut(usize::from(comparison.index)).ok_or(LibseccompError::Invalid)?;
            if core::mem::replace(seen, true) {
                return Err(LibseccompError::Invalid);
            }
        }
        self.add_all(action, call, comparisons, origin)
    }

    /// The same, but conditions on one argument may be several; all of them must hold.
    pub(super) fn add_all(
        &mut self,
        action: FilterReturn,
        call: &Call,
        comparisons: &[Comparison],
        origin: Origin,
    ) -> Result<bool, LibseccompError> {
        check_action(action)?;
        if action == self.default {
            return Err(LibseccompError::Access);
        }
        let mut added = false;
        let carried = Multiplexed::of(call.name);
        for (abi, calls) in &mut self.tables {
            let chain = |comparisons: &mut dyn Iterator<Item = Comparison>| -> Vec<Link> {
                let conditions = comparisons.map(|one| Condition::new(&one, *abi));
                // A mask without bits, or none in the half that is compared, is no condition.
                let mut chain: Vec<Link> = conditions.filter(|one| one.mask != 0).map(Link::new).collect();
                chain.sort_unstable_by_key(|link| (link.condition.argument, *link));
                chain.dedup();
                chain
            };
            let mux = carried.filter(|_| abi.multiplexes());
            let carrier = mux.and_then(|mux| Some((Call::by_name(mux.through)?.number(*abi)?, mux.selector)));
            if let Some((number, selector)) = carrier {
                let which = Comparison { index: 0, operator: Operator::Equal, value: selector, value_two: 0 };
                let others = comparisons.iter().copied().filter(|comparison| comparison.index != 0);
                let links = chain(&mut core::iter::once(which).chain(others));
                insert(calls, number, links, action, origin, &mut self.shadowed)?;
                added = true;
            }
            if let Some(number) = call.number(*abi) {
                let links = chain(&mut comparisons.iter().copied());
                insert(calls, number, links, action, origin, &mut self.shadowed)?;
                added = true;
            }
        }
        Ok(added)
    }

    /// `seccomp_rule_add` by the native number: -1 is no call, and an unknown number is taken as it is.
    pub fn add_number(&mut self, action: FilterReturn, number: i32, origin: Origin) -> Result<bool, LibseccompError> {
        let Ok(unsigned) = u32::try_from(number) else {
            return if number == -1 { Err(LibseccompError::Invalid) } else { Ok(false) };
        };
        let native = self.tables.first().map(|(abi, _)| *abi);
        if let Some(call) = native.and_then(|abi| Call::by_number(abi, unsigned)) {
            return self.add(action, call, &[], origin);
        }
        check_action(action)?;
        if action == self.default {
            return Err(LibseccompError::Access);
        }
        match self.tables.first_mut() {
            Some((_, calls)) => {
                insert(calls, unsigned, Vec::new(), action, origin, &mut self.shadowed).map(|()| true)
            }
            None => Ok(false),
        }
    }

    /// The rules that stay, by table, and the origins of those that do not.
    pub fn finish(self) -> (Vec<(Abi, Vec<CallPolicy>)>, Vec<Origin>) {
        let rules = |chains: Chains| match chains {
            Chains::Always(action, origin) => {
                Vec::from([Rule { conditions: alloc::boxed::Box::default(), action, origin }])
            }
            Chains::Conditional(chains) => chains
                .into_iter()
                .map(|(chain, (action, origin))| Rule {
                    conditions: chain.into_iter().map(|link| link.condition).collect(),
                    action,
                    origin,
                })
                .collect(),
        };
        let calls = |calls: BTreeMap<u32, Chains>| {
            calls.into_iter().map(|(number, chains)| CallPolicy { number, rules: rules(chains) }).collect()
        };
        (self.tables.into_iter().map(|(abi, table)| (abi, calls(table))).collect(), self.shadowed)
    }
}

/// An action that libseccomp takes: known, an errno that the kernel can return, no data where it means nothing.
fn check_action(word: FilterReturn) -> Result<(), LibseccompError> {
    let valid = match word.action() {
        Action::Unknown(_) => false,
        Action::Errno => word.data() <= MAX_ERRNO,
        Action::Trace => true,
        _ => word.data() == 0,
    };
    if valid { Ok(()) } else { Err(LibseccompError::Invalid) }
}

/// Puts a chain among those of its call. A shorter chain decides for all that begin with it.
fn insert(
    calls: &mut BTreeMap<u32, Chains>,
    number: u32,
    chain: Vec<Link>,
    action: FilterReturn,
    origin: Origin,
    shadowed: &mut Vec<Origin>,
) -> Result<(), LibseccompError> {
    let first = || match chain.as_slice() {
        [] => Chains::Always(action, origin),
        _ => Chains::Conditional(BTreeMap::new()),
    };
    let entry = calls.entry(number).or_insert_with(first);
    let chains = match entry {
        Chains::Always(_, kept) => {
            if *kept != origin {
                shadowed.push(origin);
            }
            return Ok(());
        }
        Chains::Conditional(chains) if chain.is_empty() => {
            shadowed.extend(chains.values().map(|(_, origin)| *origin));
            *entry = Chains::Always(action, origin);
            return Ok(());
        }
        Chains::Conditional(chains) => chains,
    };
    match chains.get(&chain) {
        Some((kept, _)) if *kept == action => {
            shadowed.push(origin);
            return Ok(());
        }
        Some(_) => return Err(LibseccompError::Exists),
        None => {}
    }
    // No chain that is kept begins with another, so that only the last one before this can be its beginning.
    let before = chains.range::<Vec<Link>, _>(..&chain).next_back();
    if before.is_some_and(|(shorter, _)| chain.starts_with(shorter)) {
        shadowed.push(origin);
        return Ok(());
    }
    let longer = || chains.range::<Vec<Link>, _>(&chain..).take_while(|(longer, _)| longer.starts_with(&chain));
    if longer().any(|(_, (other, _))| *other != action) {
        return Err(LibseccompError::Exists);
    }
    let within: Vec<Vec<Link>> = longer().map(|(longer, _)| longer.clone()).collect();
    for longer in within {
        shadowed.extend(chains.remove(&longer).map(|(_, origin)| origin));
    }
    chains.insert(chain, (action, origin));
    Ok(())
}

impl Link {
    fn new(condition: Condition) -> Self {
        let (class, rank) = match condition.operator {
            Operator::Equal | Operator::NotEqual | Operator::MaskedEqual => (0, u64::MAX - condition.value),
            Operator::Less | Operator::LessOrEqual => (1, condition.value),
            Operator::Greater | Operator::GreaterOrEqual => (2, u64::MAX - condition.value),
        };
        Self { argument: Reverse(condition.argument), class, rank, condition }
    }
}
