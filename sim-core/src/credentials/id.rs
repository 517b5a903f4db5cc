use core::fmt;

/// A user id as the kernel keeps it: the id in the `init` namespace, 0 to 4294967294.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kuid(u32);

/// A group id as the kernel keeps it: the id in the `init` namespace, 0 to 4294967294.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kgid(u32);

macro_rules! kernel_id {
    ($name:ident) => {
        impl $name {
            /// Root of the `init` namespace.
            pub const ROOT: Self = Self(0);

            /// The id with this number; `None` for 4294967295, which means "no id".
            pub const fn new(number: u32) -> Option<Self> {
                if number == u32::MAX { None } else { Some(Self(number)) }
            }

            /// Its number in the `init` namespace.
            pub const fn number(self) -> u32 {
                self.0
            }
        }

        impl From<u16> for $name {
            fn from(number: u16) -> Self {
                Self(number.into())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

kernel_id!(Kuid);
kernel_id!(Kgid);

/// The four user or group ids of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ids<T> {
    /// Who started it.
    pub real: T,
    /// Who it acts as.
    pub effective: T,
    /// Who it can act as again.
    pub saved: T,
    /// Who it is when it opens files.
    pub filesystem: T,
}

impl<T: Copy> Ids<T> {
    /// All four the same.
    pub const fn all(id: T) -> Self {
        Self { real: id, effective: id, saved: id, filesystem: id }
    }

    /// Real, effective, saved, filesystem: the order of `/proc/PID/status`.
    pub const fn to_array(self) -> [T; 4] {
        [self.real, self.effective, self.saved, self.filesystem]
    }

    /// From the order of `/proc/PID/status`.
    pub const fn from_array([real, effective, saved, filesystem]: [T; 4]) -> Self {
        Self { real, effective, saved, filesystem }
    }
}
