use alloc::vec::Vec;

use crate::capability::CapSet;
use crate::kernel::Errno;

/// The longest attribute that the kernel reads (`XATTR_CAPS_SZ`).
const MAX_SIZE: usize = 24;

/// The flag bit that makes what is granted effective.
const FLAG_EFFECTIVE: u32 = 1;

/// The file's capabilities: the value of `security.capability`.
///
/// Little-endian words: `revision << 24 | flags`, then permitted and inheritable, low halves first; revision 3
/// ends with the root id. Source: `include/uapi/linux/capability.h`, `struct vfs_ns_cap_data`;
/// capabilities(7), "File capability extended attribute versioning".
///
/// As text it is read and written as setcap and getcap do.
///
/// ```
/// use sim_core::file::VfsCaps;
///
/// let caps: VfsCaps = "cap_net_raw=ep".parse()?;
/// assert_eq!(caps.to_bytes()[..8], [1, 0, 0, 2, 0, 0x20, 0, 0]);
/// assert_eq!(VfsCaps::from_bytes(&caps.to_bytes())?, caps);
/// assert_eq!(caps.to_string(), "cap_net_raw=ep");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VfsCaps {
    /// Which layout the attribute has, and what goes with it.
    pub revision: Revision,
    /// The 24 flag bits. Bit 0 is the effective flag; the kernel ignores the others.
    pub flags: u32,
    /// What is granted if the bounding set has it.
    pub permitted: CapSet,
    /// What is granted if the inheritable set has it.
    pub inheritable: CapSet,
}

/// The layouts of the attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revision {
    /// 12 bytes, 32 capabilities. Still honoured at execve; can no longer be written.
    V1,
    /// 20 bytes, 64 capabilities.
    V2,
    /// 24 bytes: version 2, and the user that is root of the namespace it is meant for. Since 4.14.
    V3 {
        /// A host id.
        rootid: u32,
    },
}

/// Why the kernel cannot read an attribute at execve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum XattrError {
    /// Too short for the first word.
    #[error("byte {size}: security.capability ends inside its first word, which has 4 bytes")]
    NoHeader {
        /// Its size in bytes.
        size: usize,
    },
    /// A revision that the kernel does not know.
    #[error("byte 3: security.capability has revision {revision}; 1, 2 and 3 are known")]
    UnknownRevision {
        /// The highest byte of the first word.
        revision: u8,
    },
    /// Not the size of its revision.
    #[error("byte {size}: security.capability ends after {size} bytes; revision {revision} has {expected}")]
    WrongSize {
        /// Its revision.
        revision: u8,
        /// Its size in bytes.
        size: usize,
        /// The size of that revision.
        expected: usize,
    },
    /// Longer than the kernel reads.
    #[error("byte 24: security.capability has {size} bytes; the kernel reads at most 24")]
    TooLong {
        /// Its size in bytes.
        size: usize,
    },
}

impl XattrError {
    /// What execve of such a file fails with.
    pub const fn errno(self) -> Errno {
        match self {
            Self::TooLong { .. } => Errno::ERANGE,
            _ => Errno::EINVAL,
        }
    }
}

impl VfsCaps {
    /// A version 2 attribute with these sets.
    pub const fn new(permitted: CapSet, inheritable: CapSet, effective: bool) -> Self {
        Self { revision: Revision::V2, flags: effective as u32 * FLAG_EFFECTIVE, permitted, inheritable }
    }

    /// The same sets as a version 3 attribute for the namespace whose root is host user `rootid`.
    #[must_use]
    pub const fn for_root(self, rootid: u32) -> Self {
        Self { revision: Revision::V3 { rootid }, ..self }
    }

    /// Reads the bytes of the attribute as execve does (`get_vfs_caps_from_disk`).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, XattrError> {
        let size = bytes.len();
        if size > MAX_SIZE {
            return Err(XattrError::TooLong { size });
        }
        let word = |index: usize| {
            let at = index * 4;
            let word = bytes.get(at..at + 4)?;
            Some(u32::from_le_bytes(word.try_into().ok()?))
        };
        let magic = word(0).ok_or(XattrError::NoHeader { size })?;
        let [.., revision] = magic.to_le_bytes();
        let expected = match revision {
            1 => 12,
            2 => 20,
            3 => 24,
            _ => return Err(XattrError::UnknownRevision { revision }),
        };
        if size != expected {
            return Err(XattrError::WrongSize { revision, size, expected });
        }
        let half = |index| u64::from(word(index).unwrap_or(0));
        let (low, high) = match revision {
            1 => ((half(1), half(2)), (0, 0)),
            _ => ((half(1), half(2)), (half(3), half(4))),
        };
        Ok(Self {
            revision: match revision {
                1 => Revision::V1,
                2 => Revision::V2,
                _ => Revision::V3 { rootid: word(5).unwrap_or(0) },
            },
            flags: magic & 0x00ff_ffff,
            permitted: CapSet::from_bits(low.0 | high.0 << 32),
            inheritable: CapSet::from_bits(low.1 | high.1 << 32),
        })
    }

    /// The bytes of the attribute. Version 1 loses the bits above 31.
    pub fn to_bytes(&self) -> Vec<u8> {
        let halves = |set: CapSet| [set.bits() & 0xffff_ffff, set.bits() >> 32];
        let ([permitted, permitted_high], [inheritable, inheritable_high]) =
            (halves(self.permitted), halves(self.inheritable));
        let magic = u64::from(u32::from(self.revision.number()) << 24 | self.flags & 0x00ff_ffff);
        let words: &[u64] = match self.revision {
            Revision::V1 => &[magic, permitted, inheritable],
            Revision::V2 => &[magic, permitted, inheritable, permitted_high, inheritable_high],
            Revision::V3 { rootid } => {
                &[magic, permitted, inheritable, permitted_high, inheritable_high, u64::from(rootid)]
            }
        };
        words.iter().flat_map(|word| word.to_le_bytes().into_iter().take(4)).collect()
    }

    /// The effective flag.
    pub const fn effective(&self) -> bool {
        self.flags & FLAG_EFFECTIVE != 0
    }

    /// The host user that is root of the namespace it is meant for: 0 but for version 3.
    pub const fn rootid(&self) -> u32 {
        match self.revision {
            Revision::V1 | Revision::V2 => 0,
            Revision::V3 { rootid } => rootid,
        }
    }
}

impl Revision {
    /// The attribute's size in bytes.
    pub const fn size(self) -> usize {
        match self {
            Self::V1 => 12,
            Self::V2 => 20,
            Self::V3 { .. } => 24,
        }
    }

    /// 1, 2 or 3.
    pub const fn number(self) -> u8 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
            Self::V3 { .. } => 3,
        }
    }
}
