use alloc::sync::Arc;
use alloc::vec::Vec;

use super::Kgid;

/// The supplementary groups of a thread, sorted by host id as the kernel keeps them.
///
/// Copying them copies a reference, as in the kernel; without groups there is nothing to copy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups(Option<Arc<[Kgid]>>);

impl Groups {
    /// No supplementary groups.
    pub const NONE: Self = Self(None);

    /// These groups, in any order; duplicates are kept.
    pub fn new(mut groups: Vec<Kgid>) -> Self {
        groups.sort_unstable();
        if groups.is_empty() { Self::NONE } else { Self(Some(groups.into())) }
    }

    /// Whether `group` is among them.
    pub fn contains(&self, group: Kgid) -> bool {
        self.as_slice().binary_search(&group).is_ok()
    }

    /// The groups in order of host id.
    pub fn as_slice(&self) -> &[Kgid] {
        self.0.as_deref().unwrap_or_default()
    }
}
