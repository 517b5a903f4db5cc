use alloc::vec::Vec;
use core::fmt;

use crate::seccomp::SeccompData;
use crate::seccomp::profile::{Condition, Operator};
use crate::seccomp::syscalls::{Abi, Call, Multiplexed};

/// What is known of an argument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Argument {
    /// All of it.
    Known(u64),
    /// The lower half of the register, as of a negative `int`: the upper half is zeros or ones.
    LowerHalf(u32),
    /// Nothing.
    #[default]
    Unknown,
}

/// A call as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Observed {
    /// By which table it was made.
    pub table: Abi,
    /// Its number, as filters see it.
    pub number: u32,
    /// Its arguments.
    pub args: [Argument; 6],
}

impl Argument {
    /// Whether nothing is missing.
    pub const fn is_known(self) -> bool {
        matches!(self, Self::Known(_))
    }

    /// What holds for it, if something is known.
    pub(super) const fn condition(self, argument: u8) -> Option<Condition> {
        let (value, mask) = match self {
            Self::Known(value) => (value, u64::MAX),
            Self::LowerHalf(value) => (value as u64, u32::MAX as u64),
            Self::Unknown => return None,
        };
        Some(Condition { argument, operator: Operator::MaskedEqual, value, mask })
    }
}

/// As in a call: a number, or `?`.
impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(value @ 0..=9) => write!(f, "{value}"),
            Self::Known(value) => write!(f, "0x{value:x}"),
            Self::LowerHalf(value) => write!(f, "{}", value.cast_signed()),
            Self::Unknown => f.write_str("?"),
        }
    }
}

impl Observed {
    /// The calls that a call of this name can have been: itself, and where `socketcall` or `ipc` may have carried it, that.
    /// Empty if the table has neither.
    ///
    /// ```
    /// use sim_core::seccomp::check::{Argument, Observed};
    /// use sim_core::seccomp::syscalls::Abi;
    ///
    /// let of = |abi, name| Observed::by_name(abi, name, [Argument::Unknown; 6]);
    /// assert_eq!(of(Abi::X86_64, "connect").len(), 1);
    /// assert_eq!(of(Abi::X86, "connect").len(), 2, "itself, or socketcall(3, …)");
    /// assert!(of(Abi::AARCH64, "open").is_empty());
    /// ```
    pub fn by_name(table: Abi, name: &str, args: [Argument; 6]) -> Vec<Self> {
        let number = |name: &str| Call::by_name(name).and_then(|call| call.number(table));
        let mut found: Vec<Self> = number(name).map(|number| Self { table, number, args }).into_iter().collect();
        let carried = Multiplexed::of(name).filter(|_| table.multiplexes());
        if let Some((number, carried)) = carried.and_then(|carried| Some((number(carried.through)?, carried))) {
            let mut args = [Argument::Unknown; 6];
            if let Some(first) = args.first_mut() {
                *first = Argument::Known(carried.selector);
            }
            found.push(Self { table, number, args });
        }
        found
    }

    /// The name of the call, if the table has it.
    pub fn name(&self) -> Option<&'static str> {
        Call::by_number(self.table, self.number).map(|call| call.name)
    }

    /// One such call: what is not known is 0.
    pub fn example(&self) -> SeccompData {
        let value = |argument: Argument| match argument {
            Argument::Known(value) => value,
            Argument::LowerHalf(value) => u64::from(value),
            Argument::Unknown => 0,
        };
        SeccompData::call(self.table.architecture(), self.number, self.args.map(value))
    }
}
