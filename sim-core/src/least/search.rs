//! All smallest sets that a judge accepts.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::weaker_first;
use crate::capability::CapSet;

/// So many sets are tried at most.
const MOST_TRIED: usize = 512;

/// The smallest sets, and whether they are all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Smallest {
    /// None of them contains another; the least powerful comes first. Empty if no set is accepted.
    pub(super) sets: Vec<CapSet>,
    /// Whether the search was ended before [`MOST_TRIED`].
    pub(super) complete: bool,
}

/// How calls went with a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Course<T> {
    /// All got through.
    Through,
    /// The call at this place did not, and in this manner.
    Stopped(usize, T),
}

/// Finds the smallest subsets of `all` with which everything gets through.
///
/// It begins with nothing. Where a set does not do, every capability is tried with which the call in question comes out
/// otherwise: a set that does must hold one of them, since the kernel asks for nothing else there.
pub(super) fn smallest<T: PartialEq>(all: CapSet, judge: impl Fn(CapSet) -> Course<T>) -> Smallest {
    let mut tried: BTreeSet<u64> = BTreeSet::new();
    let mut left = BTreeSet::from([(0, 0)]);
    let mut found: Vec<CapSet> = Vec::new();
    let mut complete = true;
    while let Some((_, bits)) = left.pop_first() {
        let set = CapSet::from_bits(bits);
        if found.iter().any(|smaller| smaller.is_subset(set)) || !tried.insert(bits) {
            continue;
        }
        if tried.len() > MOST_TRIED {
            complete = false;
            break;
        }
        let (at, how) = match judge(set) {
            Course::Through => {
                found.push(set);
                continue;
            }
            Course::Stopped(at, how) => (at, how),
        };
        for capability in all - set {
            let more = set | capability.into();
            let otherwise = match judge(more) {
                Course::Through => true,
                Course::Stopped(then, after) => then != at || after != how,
            };
            if otherwise && !tried.contains(&more.bits()) {
                left.insert((more.len(), more.bits()));
            }
        }
    }
    found.sort_by(weaker_first);
    Smallest { sets: found, complete }
}
