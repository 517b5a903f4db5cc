use core::fmt;

/// The order of bytes in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// The lowest byte first, as on x86 and most others.
    Little,
    /// The highest byte first, as on s390x.
    Big,
}

/// An architecture as filters see it: the `AUDIT_ARCH_*` value in `arch`.
///
/// ```
/// use sim_core::seccomp::{Architecture, ByteOrder};
///
/// assert_eq!(Architecture::X86_64.token(), 0xc000_003e);
/// assert_eq!(Architecture::from_name("s390x").unwrap().byte_order(), ByteOrder::Big);
/// assert_eq!(Architecture::from_constant("AUDIT_ARCH_AARCH64"), Some(Architecture::AARCH64));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Architecture(u32);

/// `__AUDIT_ARCH_64BIT`.
const BITS_64: u32 = 0x8000_0000;
/// `__AUDIT_ARCH_LE`.
const LITTLE: u32 = 0x4000_0000;

macro_rules! architectures {
    ($($constant:ident $name:literal $token:literal)*) => {
        impl Architecture {
            $(#[doc = concat!("`AUDIT_ARCH_", stringify!($constant), "`.")]
            pub const $constant: Self = Self($token);)*

            /// Every architecture that has a name here.
            pub const ALL: &[Self] = &[$(Self::$constant),*];

            /// Its name in profiles' libraries, as `x86_64`; x32 is x86_64 to a filter.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 { $($token => Some($name),)* _ => None }
            }

            /// Its constant in `linux/audit.h`, as `AUDIT_ARCH_X86_64`.
            pub const fn constant(self) -> Option<&'static str> {
                match self.0 { $($token => Some(concat!("AUDIT_ARCH_", stringify!($constant))),)* _ => None }
            }
        }
    };
}

architectures! {
    X86_64 "x86_64" 0xc000_003e
    I386 "x86" 0x4000_0003
    AARCH64 "aarch64" 0xc000_00b7
    ARM "arm" 0x4000_0028
    RISCV64 "riscv64" 0xc000_00f3
    RISCV32 "riscv32" 0x4000_00f3
    LOONGARCH64 "loongarch64" 0xc000_0102
    MIPS "mips" 0x0000_0008
    MIPSEL "mipsel" 0x4000_0008
    MIPS64 "mips64" 0x8000_0008
    MIPSEL64 "mipsel64" 0xc000_0008
    MIPS64N32 "mips64n32" 0xa000_0008
    MIPSEL64N32 "mipsel64n32" 0xe000_0008
    PARISC "parisc" 0x0000_000f
    PARISC64 "parisc64" 0x8000_000f
    PPC "ppc" 0x0000_0014
    PPC64 "ppc64" 0x8000_0015
    PPC64LE "ppc64le" 0xc000_0015
    S390 "s390" 0x0000_0016
    S390X "s390x" 0x8000_0016
    SH "sh" 0x4000_002a
    SHEB "sheb" 0x0000_002a
    M68K "m68k" 0x0000_0004
}

impl Architecture {
    /// The architecture of this `AUDIT_ARCH_*` value, known or not.
    pub const fn from_token(token: u32) -> Self {
        Self(token)
    }

    /// The architecture of this name, as `x86_64`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.name() == Some(name))
    }

    /// The architecture of this constant, as `AUDIT_ARCH_X86_64`, or `ARCH_X86_64` as listings shorten it.
    pub fn from_constant(constant: &str) -> Option<Self> {
        let suffix = |text: &'static str| text.strip_prefix("AUDIT_");
        Self::ALL
            .iter()
            .copied()
            .find(|known| known.constant().is_some_and(|c| c == constant || suffix(c) == Some(constant)))
    }

    /// The `AUDIT_ARCH_*` value.
    pub const fn token(self) -> u32 {
        self.0
    }

    /// Its order of bytes.
    pub const fn byte_order(self) -> ByteOrder {
        if self.0 & LITTLE == 0 { ByteOrder::Big } else { ByteOrder::Little }
    }

    /// Whether its registers have 64 bits.
    pub const fn is_64_bit(self) -> bool {
        self.0 & BITS_64 != 0
    }
}

/// Its name, or its number.
impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "0x{:08x}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Architecture, ByteOrder};

    #[test]
    fn names_constants_and_tokens_agree() {
        for &known in Architecture::ALL {
            assert_eq!(Architecture::from_name(known.name().unwrap()), Some(known));
            let constant = known.constant().unwrap();
            assert_eq!(Architecture::from_constant(constant), Some(known));
            assert_eq!(Architecture::from_constant(constant.strip_prefix("AUDIT_").unwrap()), Some(known));
            assert_eq!(Architecture::from_token(known.token()), known);
        }
        assert_eq!(Architecture::from_constant("X86_64"), None);
        assert_eq!(Architecture::MIPS64N32.byte_order(), ByteOrder::Big);
        assert!(Architecture::MIPS64N32.is_64_bit() && !Architecture::ARM.is_64_bit());
    }
}
