//! All smallest sets that a judge accepts.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::weaker_first;
use crate::capability::{CapSet, weight};

/// No more sets need be judged than this.
pub(super) const MOST_JUDGED: usize = 1 << 14;

/// The smallest sets, and whether they are all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Smallest {
    /// None of them contains another; the least powerful comes first. Empty if no set is accepted.
    pub(super) sets: Vec<CapSet>,
    /// Whether the search was ended before it had judged as many sets as it may.
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
/// otherwise: a set that does must hold one of them, since the kernel asks for nothing else there. At most about `most` sets
/// are judged; if none was found by then, one is, by taking away from `all` what it can do without, the heaviest first.
pub(super) fn smallest<T: PartialEq>(all: CapSet, most: usize, judge: impl Fn(CapSet) -> Course<T>) -> Smallest {
    let mut tried: BTreeSet<u64> = BTreeSet::new();
    let mut left = BTreeSet::from([(0, 0)]);
    let mut found: Vec<CapSet> = Vec::new();
    let (mut complete, mut judged) = (true, 0);
    while let Some((_, bits)) = left.pop_first() {
        let set = CapSet::from_bits(bits);
        if found.iter().any(|smaller| smaller.is_subset(set)) || !tried.insert(bits) {
            continue;
        }
        if judged > most {
            complete = false;
            break;
        }
        judged += 1;
        let (at, how) = match judge(set) {
            Course::Through => {
                found.push(set);
                continue;
            }
            Course::Stopped(at, how) => (at, how),
        };
        for capability in all - set {
            judged += 1;
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
    if !complete && found.is_empty() && judge(all) == Course::Through {
        let mut heaviest: Vec<_> = all.iter().collect();
        heaviest.sort_by_key(|capability| Reverse(weight(*capability).points));
        found.push(heaviest.into_iter().map(CapSet::from).fold(all, |set, capability| {
            if judge(set - capability) == Course::Through { set - capability } else { set }
        }));
    }
    found.sort_by(weaker_first);
    Smallest { sets: found, complete }
}
