use core::fmt;

use super::table::COLUMNS;
use crate::seccomp::{Architecture, SeccompData};

/// An architecture as profiles and libseccomp have it: a table of calls. x86_64 and x32 are two, though both are
/// `AUDIT_ARCH_X86_64` to a filter.
///
/// ```
/// use sim_core::seccomp::syscalls::Abi;
///
/// assert_eq!(Abi::from_profile("SCMP_ARCH_X32"), Some(Abi::X32));
/// assert_eq!(Abi::X32.architecture(), Abi::X86_64.architecture());
/// assert!(!Abi::X32.is_64_bit(), "libseccomp compares 32 bits there");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Abi(u8);

macro_rules! abis {
    ($($constant:ident $index:literal $name:literal $architecture:ident $table:literal)*) => {
        impl Abi {
            $(#[doc = concat!("`SCMP_ARCH_", stringify!($constant), "`.")]
            pub const $constant: Self = Self($index);)*

            /// All that profiles can name, but `SCMP_ARCH_NATIVE`.
            pub const ALL: &'static [Self] = &[$(Self::$constant),*];

            /// Its name to libseccomp, as `x86_64`.
            pub const fn name(self) -> &'static str {
                match self.0 { $($index => $name,)* _ => "" }
            }

            /// Its name in profiles, as `SCMP_ARCH_X86_64`.
            pub const fn profile_name(self) -> &'static str {
                match self.0 { $($index => concat!("SCMP_ARCH_", stringify!($constant)),)* _ => "" }
            }

            /// What a filter sees in `arch`.
            pub const fn architecture(self) -> Architecture {
                match self.0 { $($index => Architecture::$architecture,)* _ => Architecture::X86_64 }
            }

            /// Its column in the table; `None` where no table is known here: m68k, parisc and sh. Two byte orders share one.
            pub(super) const fn column(self) -> Option<usize> {
                match self.0 { $($index => const { column($table) },)* _ => None }
            }
        }
    };
}

abis! {
    X86_64 0 "x86_64" X86_64 "x86_64"
    X86 1 "x86" I386 "x86"
    X32 2 "x32" X86_64 "x32"
    AARCH64 3 "aarch64" AARCH64 "aarch64"
    ARM 4 "arm" ARM "arm"
    RISCV64 5 "riscv64" RISCV64 "riscv64"
    LOONGARCH64 6 "loongarch64" LOONGARCH64 "loongarch64"
    M68K 7 "m68k" M68K ""
    MIPS 8 "mips" MIPS "mips"
    MIPSEL 9 "mipsel" MIPSEL "mips"
    MIPS64 10 "mips64" MIPS64 "mips64"
    MIPSEL64 11 "mipsel64" MIPSEL64 "mips64"
    MIPS64N32 12 "mips64n32" MIPS64N32 "mips64n32"
    MIPSEL64N32 13 "mipsel64n32" MIPSEL64N32 "mips64n32"
    PARISC 14 "parisc" PARISC ""
    PARISC64 15 "parisc64" PARISC64 ""
    PPC 16 "ppc" PPC "ppc"
    PPC64 17 "ppc64" PPC64 "ppc64"
    PPC64LE 18 "ppc64le" PPC64LE "ppc64"
    S390 19 "s390" S390 "s390"
    S390X 20 "s390x" S390X "s390x"
    SH 21 "sh" SH ""
    SHEB 22 "sheb" SHEB ""
}

impl Abi {
    /// The one of this name in profiles, as `SCMP_ARCH_X86_64`.
    pub fn from_profile(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|abi| abi.profile_name() == name)
    }

    /// The one of this name, as `x86_64`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|abi| abi.name() == name)
    }

    /// Whether arguments are compared with all 64 bits. x32 and n32 have the 64-bit registers, but 32-bit arguments.
    pub const fn is_64_bit(self) -> bool {
        self.architecture().is_64_bit() && !matches!(self, Self::X32 | Self::MIPS64N32 | Self::MIPSEL64N32)
    }

    /// Whether a filter that has this table judges the call by it. libseccomp takes numbers from 2^30 on for x32's.
    pub fn covers(self, data: &SeccompData) -> bool {
        self.architecture() == data.arch
            && match self {
                Self::X86_64 => data.nr < SeccompData::X32_BIT,
                Self::X32 => data.nr >= SeccompData::X32_BIT,
                _ => true,
            }
    }

    /// The table of a call; `None` if no profile can name its architecture.
    ///
    /// ```
    /// use sim_core::seccomp::{Architecture, SeccompData, syscalls::Abi};
    ///
    /// let call = SeccompData::call(Architecture::X86_64, 0x4000_0002, [0; 6]);
    /// assert_eq!(Abi::of(&call), Some(Abi::X32));
    /// ```
    pub fn of(data: &SeccompData) -> Option<Self> {
        Self::ALL.iter().copied().find(|abi| abi.covers(data))
    }

    /// Whether `socketcall` and `ipc` carry other calls there, by libseccomp's tables.
    pub const fn multiplexes(self) -> bool {
        matches!(
            self,
            Self::X86
                | Self::M68K
                | Self::MIPS
                | Self::MIPSEL
                | Self::PPC
                | Self::PPC64
                | Self::PPC64LE
                | Self::S390
                | Self::S390X
                | Self::SH
                | Self::SHEB
        )
    }

    /// Whether its numbers are known here.
    pub fn has_table(self) -> bool {
        self.column().is_some()
    }
}

/// The column of this name.
const fn column(name: &str) -> Option<usize> {
    let (mut columns, mut index): (&[&str], usize) = (&COLUMNS, 0);
    while let [first, rest @ ..] = columns {
        if equal(first.as_bytes(), name.as_bytes()) {
            return Some(index);
        }
        (columns, index) = (rest, index + 1);
    }
    None
}

const fn equal(mut left: &[u8], mut right: &[u8]) -> bool {
    while let ([a, rest_a @ ..], [b, rest_b @ ..]) = (left, right) {
        if *a != *b {
            return false;
        }
        (left, right) = (rest_a, rest_b);
    }
    left.is_empty() && right.is_empty()
}

impl fmt::Display for Abi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Abi;

    #[test]
    fn names_agree() {
        for (index, &abi) in Abi::ALL.iter().enumerate() {
            assert_eq!(usize::from(abi.0), index);
            assert_eq!((Abi::from_profile(abi.profile_name()), Abi::from_name(abi.name())), (Some(abi), Some(abi)));
            if abi != Abi::X32 {
                assert_eq!(abi.architecture().name(), Some(abi.name()));
            }
        }
        assert_eq!(Abi::ALL.iter().filter(|abi| !abi.has_table()).count(), 5);
    }
}
