use core::cmp::Ordering;

use crate::capability::CapSet;

/// Which of two sets hands out less power, for a choice between sets that do equally well: the one whose
/// capabilities weigh less, then the one with fewer, then the lower numbers.
///
/// ```
/// use sim_core::capability::{CapSet, Capability};
/// use sim_core::least::weaker_first;
///
/// let [perfmon, admin] = [Capability::PERFMON, Capability::SYS_ADMIN].map(CapSet::from);
/// assert!(weaker_first(&perfmon, &admin).is_lt());
/// let [read, write] = [Capability::DAC_READ_SEARCH, Capability::DAC_OVERRIDE].map(CapSet::from);
/// assert!(weaker_first(&read, &write).is_lt());
/// ```
pub fn weaker_first(one: &CapSet, other: &CapSet) -> Ordering {
    let key = |set: &CapSet| (set.weight(), set.len(), set.bits());
    key(one).cmp(&key(other))
}
