use core::fmt;

use super::{Condition, Rule};
use crate::capability::CapSet;
use crate::credentials::Securebits;
use crate::kernel::Errno;

/// Who watches a decision being made.
///
/// The deciding code is generic over it. With [`Silent`] the reports compile to nothing; a
/// [`Trace`](super::Trace) keeps them.
pub trait Witness {
    /// `rule` was tried, its conditions held, and this is what it did.
    fn applied(&mut self, rule: &'static Rule, effect: Effect);

    /// `rule` was tried and did not apply, because of `failed`.
    fn not_applied(&mut self, rule: &'static Rule, failed: Condition);
}

/// Watches nothing and costs nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Witness for Silent {
    #[inline(always)]
    fn applied(&mut self, _: &'static Rule, _: Effect) {}

    #[inline(always)]
    fn not_applied(&mut self, _: &'static Rule, _: Condition) {}
}

/// What a rule did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// Nothing by itself: it decides what later rules see.
    Holds,
    /// It moved bits of a capability set.
    Bits(Flow),
    /// It set an id; numbers are host ids.
    Id {
        /// Which id.
        name: IdName,
        /// The value before.
        before: u32,
        /// The value after.
        after: u32,
    },
    /// It set the supplementary groups.
    Groups {
        /// How many there were.
        before: usize,
        /// How many there are.
        after: usize,
    },
    /// It set the securebits.
    Securebits {
        /// The value before.
        before: Securebits,
        /// The value after.
        after: Securebits,
    },
    /// It set `no_new_privs`.
    NoNewPrivs,
    /// It set `AT_SECURE` in the new program's auxiliary vector.
    AtSecure,
    /// It gave a file to another user; numbers are host ids.
    FileOwner {
        /// The owner before.
        before: u32,
        /// The owner after.
        after: u32,
    },
    /// It gave a file to another group; numbers are host ids.
    FileGroup {
        /// The group before.
        before: u32,
        /// The group after.
        after: u32,
    },
    /// It changed the mode of a file.
    FileMode {
        /// The permission bits before.
        before: u16,
        /// The permission bits after.
        after: u16,
    },
    /// It stored the attribute `security.capability` of a file.
    AttributeStored {
        /// Its size in bytes.
        size: usize,
    },
    /// It removed the attribute `security.capability` of a file.
    AttributeRemoved,
    /// It answered with a value.
    Returns(u64),
    /// It refused the call.
    Refuses {
        /// With this error.
        errno: Errno,
        /// For want of these capabilities, where it is about capabilities.
        lacking: CapSet,
    },
}

/// Bits moving into one set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The set they move into.
    pub into: SetName,
    /// The sets they come from, as they were at that moment.
    pub from: [Option<SourceSet>; 2],
    /// The bits that it put into the set.
    pub given: CapSet,
    /// The bits that it took out of the set.
    pub removed: CapSet,
    /// The bits that one source offered and it did not put in.
    pub withheld: CapSet,
}

/// A set that bits come from, as it was at that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceSet {
    /// Which set.
    pub name: SetName,
    /// What it held.
    pub value: CapSet,
}

/// A capability set of the thread, of the file, or of the computation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SetName {
    /// The thread's permitted set.
    Permitted,
    /// The thread's effective set.
    Effective,
    /// The thread's inheritable set.
    Inheritable,
    /// The thread's bounding set.
    Bounding,
    /// The thread's ambient set.
    Ambient,
    /// The file's permitted set.
    FilePermitted,
    /// The file's inheritable set.
    FileInheritable,
    /// The permitted set that execve is computing.
    NewPermitted,
    /// A set that the caller passed to the call.
    Argument,
    /// The list that an engine makes.
    List,
}

/// An id of the thread that a rule can set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdName {
    /// The real user id.
    RealUid,
    /// The real group id.
    RealGid,
    /// The effective user id.
    EffectiveUid,
    /// The effective group id.
    EffectiveGid,
    /// The saved user id.
    SavedUid,
    /// The saved group id.
    SavedGid,
    /// The filesystem user id.
    FilesystemUid,
    /// The filesystem group id.
    FilesystemGid,
}

impl Flow {
    /// Bits that `rule` puts into `into`, from one set.
    pub(crate) fn give(into: SetName, from: SourceSet, given: CapSet) -> Effect {
        Self::both(into, [Some(from), None], given, CapSet::EMPTY)
    }

    /// Bits that were in `into` and are no more.
    pub(crate) fn remove(into: SetName, removed: CapSet) -> Effect {
        Effect::Bits(Self { into, from: [None; 2], given: CapSet::EMPTY, removed, withheld: CapSet::EMPTY })
    }

    /// Bits given and withheld.
    pub(crate) fn both(into: SetName, from: [Option<SourceSet>; 2], given: CapSet, withheld: CapSet) -> Effect {
        Effect::Bits(Self { into, from, given, removed: CapSet::EMPTY, withheld })
    }
}

impl SetName {
    /// The sets of a thread, in the order in which they are read.
    pub const THREAD: [Self; 5] =
        [Self::Permitted, Self::Effective, Self::Inheritable, Self::Bounding, Self::Ambient];

    /// With its present value.
    pub(crate) const fn holding(self, value: CapSet) -> SourceSet {
        SourceSet { name: self, value }
    }

    /// The letters of formulas: `P`, `fI`, `Pn`.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Permitted => "P",
            Self::Effective => "E",
            Self::Inheritable => "I",
            Self::Bounding => "B",
            Self::Ambient => "A",
            Self::FilePermitted => "fP",
            Self::FileInheritable => "fI",
            Self::NewPermitted => "Pn",
            Self::Argument => "arg",
            Self::List => "L",
        }
    }
}

impl fmt::Display for SetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Permitted => "permitted",
            Self::Effective => "effective",
            Self::Inheritable => "inheritable",
            Self::Bounding => "bounding",
            Self::Ambient => "ambient",
            Self::FilePermitted => "file permitted",
            Self::FileInheritable => "file inheritable",
            Self::NewPermitted => "new permitted",
            Self::Argument => "argument",
            Self::List => "list",
        })
    }
}

impl fmt::Display for IdName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RealUid => "real user id",
            Self::RealGid => "real group id",
            Self::EffectiveUid => "effective user id",
            Self::EffectiveGid => "effective group id",
            Self::SavedUid => "saved user id",
            Self::SavedGid => "saved group id",
            Self::FilesystemUid => "filesystem user id",
            Self::FilesystemGid => "filesystem group id",
        })
    }
}
