use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::condition::{Comparison, Operator};
use super::{Ambiguity, Origin, Place};
use crate::seccomp::syscalls::Abi;
use crate::seccomp::{FilterReturn, Flags};

/// What an engine makes of a profile: for every table and call the rules that decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What becomes of a call that no rule decides.
    pub default_action: FilterReturn,
    /// What becomes of a call by another architecture.
    pub bad_architecture_action: FilterReturn,
    /// The tables, native first.
    pub tables: Vec<TablePolicy>,
    /// The flags that the filter is installed with; the listener's is among them if a rule notifies.
    pub flags: Flags,
    /// Where the listener's file descriptor is sent.
    pub listener_path: Option<String>,
    /// For each entry of the profile whether it has a part in this.
    pub entries: Vec<EntryState>,
    /// What the engine passes over without a word.
    pub notes: Vec<Note>,
    /// Rules with different actions that apply to one call; libseccomp promises nothing there.
    pub ambiguities: Vec<Ambiguity>,
}

/// The rules for one table of calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablePolicy {
    /// Which table.
    pub abi: Abi,
    /// What runc puts before the filter.
    pub stub: Option<Stub>,
    /// The calls that rules name, by number.
    pub calls: Vec<CallPolicy>,
}

/// runc's stub: numbers that are higher than every one the profile names get ENOSYS, as from a kernel without them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stub {
    /// The highest number that is named.
    pub last: u32,
    /// Whether number 0 gets it too, as on s390.
    pub zero: bool,
}

/// The rules for one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallPolicy {
    /// Its number, as filters see it.
    pub number: u32,
    /// The rules in the order in which they are tried; one without conditions stands alone.
    pub rules: Vec<Rule>,
}

/// An action, and the conditions that must all hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// By argument; several on one argument only where the specification is followed to the letter.
    pub conditions: Box<[Condition]>,
    /// What becomes of the call.
    pub action: FilterReturn,
    /// Where the profile says so.
    pub origin: Origin,
}

/// A condition on an argument, as it is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Condition {
    /// Which argument, 0 to 5.
    pub argument: u8,
    /// How it is compared.
    pub operator: Operator,
    /// With what.
    pub value: u64,
    /// The bits that count: for [`Operator::MaskedEqual`] those of the mask, else all or, on 32-bit tables, the lower half.
    pub mask: u64,
}

/// Whether an entry of a profile has a part in a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryState {
    /// It has.
    Live,
    /// A test of `excludes` holds.
    Excluded(Test),
    /// A test of `includes` does not hold.
    NotIncluded(Test),
    /// Its action is the default action.
    EqualsDefault,
}

/// A test of `includes` or `excludes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// `arches`, with the engine's name for the machine.
    Architecture(&'static str),
    /// `caps`: the one that is, or is not, in the bounding set.
    Capability(String),
    /// `minKernel`.
    Kernel(String),
}

/// Something that an engine passes over without a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// libseccomp of that release does not know the name.
    UnknownName(Origin),
    /// The name is known, but none of the tables has such a call.
    NotOnTheseArchitectures(Origin),
    /// Only Docker and Podman know `includes`, `excludes`, `archMap` and `name`.
    OnlyForManagers(Place),
    /// The table of this architecture is not known here, so that its calls have no rules.
    NoTable(Abi),
    /// An `errnoRet` on an action that has none.
    ErrnoWithoutMeaning(Place),
    /// An earlier rule without conditions, or with fewer, decides in its place.
    Shadowed(Origin),
    /// Two conditions on one argument became two rules, of which one suffices.
    SameArgument(Origin),
    /// There are so many rules for one call that not all were compared with each other.
    OverlapsNotCompared(Abi),
}

impl Condition {
    /// As a table compares it.
    pub(super) fn new(comparison: &Comparison, abi: Abi) -> Self {
        let width = if abi.is_64_bit() { u64::MAX } else { u64::from(u32::MAX) };
        let Comparison { index, operator, value, value_two } = *comparison;
        let (mask, value) = match operator {
            Operator::MaskedEqual => (value & width, value & value_two & width),
            _ => (width, value & width),
        };
        Self { argument: index, operator, value, mask }
    }

    /// Whether it holds for these arguments.
    #[inline]
    pub fn holds(&self, args: &[u64; 6]) -> bool {
        let argument = args.get(usize::from(self.argument)).copied().unwrap_or_default() & self.mask;
        match self.operator {
            Operator::NotEqual => argument != self.value,
            Operator::Less => argument < self.value,
            Operator::LessOrEqual => argument <= self.value,
            Operator::Equal | Operator::MaskedEqual => argument == self.value,
            Operator::GreaterOrEqual => argument >= self.value,
            Operator::Greater => argument > self.value,
        }
    }
}

impl Rule {
    /// Whether all of its conditions hold.
    #[inline]
    pub fn holds(&self, args: &[u64; 6]) -> bool {
        self.conditions.iter().all(|condition| condition.holds(args))
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (value, value_two) = match self.operator {
            Operator::MaskedEqual => (self.mask, self.value),
            _ => (self.value, 0),
        };
        Comparison { index: self.argument, operator: self.operator, value, value_two }.fmt(f)
    }
}

impl EntryState {
    /// Whether the entry has a part in the policy.
    pub const fn is_live(&self) -> bool {
        matches!(self, Self::Live)
    }
}

/// As `not live: excludes.caps has CAP_SYS_ADMIN, which is in the bounding set`.
impl fmt::Display for EntryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live => f.write_str("live"),
            Self::EqualsDefault => f.write_str("not live: its action is the default action"),
            Self::Excluded(Test::Architecture(name)) => {
                write!(f, "not live: excludes.arches has {name}, this machine")
            }
            Self::Excluded(Test::Capability(name)) => {
                write!(f, "not live: excludes.caps has {name}, which is in the bounding set")
            }
            Self::Excluded(Test::Kernel(kernel)) => {
                write!(f, "not live: excludes.minKernel is {kernel}, and the kernel is not older")
            }
            Self::NotIncluded(Test::Architecture(name)) => {
                write!(f, "not live: includes.arches does not have {name}, this machine")
            }
            Self::NotIncluded(Test::Capability(name)) => {
                write!(f, "not live: includes.caps has {name}, which is not in the bounding set")
            }
            Self::NotIncluded(Test::Kernel(kernel)) => {
                write!(f, "not live: includes.minKernel is {kernel}, and the kernel is older")
            }
        }
    }
}

impl Note {
    /// Where in the profile, if it is about a place there.
    pub const fn place(&self) -> Option<Place> {
        match self {
            Self::UnknownName(origin)
            | Self::NotOnTheseArchitectures(origin)
            | Self::Shadowed(origin)
            | Self::SameArgument(origin) => origin.place.in_text(),
            Self::OnlyForManagers(place) | Self::ErrnoWithoutMeaning(place) => place.in_text(),
            Self::NoTable(_) | Self::OverlapsNotCompared(_) => None,
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownName(origin) => write!(f, "{origin}: this libseccomp does not know the name; it is ignored"),
            Self::NotOnTheseArchitectures(origin) => write!(f, "{origin}: these architectures have no such call"),
            Self::OnlyForManagers(_) => f.write_str(
                "includes, excludes, archMap and name are read by Docker and Podman only; they are ignored",
            ),
            Self::NoTable(abi) => write!(f, "the calls of {abi} are not known here; rules do not reach them"),
            Self::ErrnoWithoutMeaning(_) => f.write_str("an errno means nothing to this action; it is ignored"),
            Self::Shadowed(origin) => write!(f, "{origin}: another rule decides these calls in its place"),
            Self::SameArgument(origin) => {
                write!(f, "{origin}: conditions on one argument become a rule each, of which one suffices")
            }
            Self::OverlapsNotCompared(abi) => {
                write!(f, "there are so many rules for {abi} that not all were compared with each other")
            }
        }
    }
}
