//! The tables of system calls: names, numbers, and the releases that brought them.
//!
//! ```
//! use sim_core::seccomp::syscalls::{Abi, Call};
//!
//! let openat = Call::by_name("openat").unwrap();
//! assert_eq!(openat.number(Abi::X86_64), Some(257));
//! assert_eq!(openat.number(Abi::X32), Some(0x4000_0000 + 257));
//! assert_eq!(Call::by_number(Abi::AARCH64, 56).unwrap().name, "openat");
//! assert_eq!(Call::by_name("clone3").unwrap().since.unwrap().to_string(), "5.3");
//! ```

mod abi;
mod asked;
mod multiplex;
mod table;

use core::fmt;

pub use abi::Abi;
pub use asked::{AskedCall, AskedCallError, AskedCallFault, read_calls};
pub use multiplex::Multiplexed;

/// A system call: its name, and its number in every table.
#[derive(Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name in the kernel's tables, as `openat`.
    pub name: &'static str,
    /// The kernel release that brought it to any architecture, where that is established.
    pub since: Option<Version>,
    /// The release of libseccomp that first knows its name; `None` if 2.6.1 does not.
    pub libseccomp: Option<Version>,
    numbers: [u32; table::COLUMNS.len()],
}

/// A release of the kernel or of a library, as `2.6.28`; compared as numbers.
///
/// ```
/// use sim_core::seccomp::syscalls::Version;
///
/// assert!("2.5.4".parse::<Version>().unwrap() < Version::new(2, 5, 10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The first number.
    pub major: u16,
    /// The second.
    pub minor: u16,
    /// The third, 0 if there is none.
    pub patch: u16,
}

impl Call {
    /// Every call that some table has, by name.
    pub const ALL: &'static [Self] = table::CALLS;

    /// The call of this name.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        let index = Self::ALL.binary_search_by(|call| call.name.cmp(name)).ok()?;
        Self::ALL.get(index)
    }

    /// The call of this number in a table.
    pub fn by_number(abi: Abi, number: u32) -> Option<&'static Self> {
        let column = abi.column()?;
        let known = number != NONE;
        Self::ALL.iter().find(|call| known && call.numbers.get(column) == Some(&number))
    }

    /// Its number in a table, as filters see it: with x32's bit 30 and the base of MIPS. `None` if it is not there.
    pub fn number(&self, abi: Abi) -> Option<u32> {
        self.numbers.get(abi.column()?).copied().filter(|&number| number != NONE)
    }
}

/// No number: the call is not in the table.
const NONE: u32 = u32::MAX;

/// A row of the table; the texts are versions or empty.
const fn row(name: &'static str, since: &str, libseccomp: &str, numbers: [u32; table::COLUMNS.len()]) -> Call {
    Call { name, since: Version::parse(since), libseccomp: Version::parse(libseccomp), numbers }
}

impl Version {
    /// A version of three numbers.
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch }
    }

    /// Reads two or three numbers with points between them.
    const fn parse(text: &str) -> Option<Self> {
        let mut bytes = text.as_bytes();
        let mut parts = [0_u16; 3];
        let (mut part, mut digits) = (0, 0);
        while let [byte, rest @ ..] = bytes {
            bytes = rest;
            match *byte {
                b'0'..=b'9' if digits < 4 => {
                    digits += 1;
                    let value = (*byte - b'0') as u16;
                    match part {
                        0 => parts = [parts[0] * 10 + value, 0, 0],
                        1 => parts = [parts[0], parts[1] * 10 + value, 0],
                        _ => parts = [parts[0], parts[1], parts[2] * 10 + value],
                    }
                }
                b'.' if digits > 0 && part < 2 => (part, digits) = (part + 1, 0),
                _ => return None,
            }
        }
        if digits == 0 || part == 0 { None } else { Some(Self::new(parts[0], parts[1], parts[2])) }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.patch {
            0 => write!(f, "{}.{}", self.major, self.minor),
            patch => write!(f, "{}.{}.{patch}", self.major, self.minor),
        }
    }
}

/// Why a text is no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a version is two or three numbers, as 2.5.4")]
pub struct ParseVersionError;

impl core::str::FromStr for Version {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, ParseVersionError> {
        Self::parse(text).ok_or(ParseVersionError)
    }
}

#[cfg(test)]
mod tests {
    use super::{Abi, Call, Version, table};
    use alloc::string::ToString;

    #[test]
    fn names_are_in_order_and_numbers_once() {
        assert!(Call::ALL.is_sorted_by(|a, b| a.name < b.name));
        for abi in Abi::ALL.iter().copied().filter(|abi| abi.column().is_some()) {
            for call in Call::ALL {
                if let Some(number) = call.number(abi) {
                    assert_eq!(Call::by_number(abi, number).map(|found| found.name), Some(call.name), "{abi}");
                }
            }
        }
        assert_eq!(Call::by_number(Abi::X86_64, u32::MAX), None);
        assert_eq!(table::COLUMNS.len(), 14);
    }

    #[test]
    fn tables_have_as_many_calls_as_the_kernels() {
        let count = |abi: Abi| Call::ALL.iter().filter(|call| call.number(abi).is_some()).count();
        let counts =
            [Abi::X86_64, Abi::X86, Abi::X32, Abi::ARM, Abi::AARCH64, Abi::LOONGARCH64, Abi::RISCV64].map(count);
        assert_eq!(counts, [385, 461, 374, 430, 327, 323, 328]);
        assert_eq!(
            [Abi::PPC, Abi::PPC64LE, Abi::S390, Abi::S390X, Abi::MIPS64].map(count),
            [452, 424, 440, 390, 373]
        );
    }

    #[test]
    fn versions() {
        for text in ["2.6.28", "5.3", "6.18"] {
            assert_eq!(text.parse::<Version>().unwrap().to_string(), text);
        }
        for text in ["", "5", "5.", ".5", "5.x", "5.3.1.2", "12345.1"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
        assert_eq!(Call::by_name("riscv_flush_icache").unwrap().since, Some(Version::new(4, 15, 0)));
        assert_eq!(Call::by_name("listns").unwrap().libseccomp, Some(Version::new(2, 6, 1)));
    }
}
