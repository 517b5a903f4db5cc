//! Makes a case smaller as long as it still shows the same.

use super::case::Case;
use super::written::{Entry, Written};

/// The smallest case found, with what `still` says of it. At most so many are tried.
pub(super) fn shrink<T>(
    case: &Case,
    first: T,
    attempts: usize,
    mut still: impl FnMut(&Case) -> Option<T>,
) -> (Case, T) {
    let (mut smallest, mut shown, mut left) = (case.clone(), first, attempts);
    let mut again = true;
    while again {
        again = false;
        let mut at = 0;
        // After a step, those before it are tried again only in the next round: they hardly ever succeed now.
        while let Some(smaller) = smaller(&smallest).into_iter().nth(at) {
            if left == 0 {
                return (smallest, shown);
            }
            left -= 1;
            match still(&smaller) {
                Some(found) => (smallest, shown, again) = (smaller, found, true),
                None => at += 1,
            }
        }
    }
    (smallest, shown)
}

/// Every case that is a step smaller; each step can be made only so often.
fn smaller(case: &Case) -> Vec<Case> {
    let mut cases = Vec::new();
    if case.tree {
        cases.push(Case { tree: false, ..case.clone() });
    }
    let mut add = |change: &dyn Fn(&mut Written) -> Option<()>| {
        let mut smaller = case.clone();
        if change(&mut smaller.profile).is_some() && smaller != *case {
            cases.push(smaller);
        }
    };
    let profile = &case.profile;
    for at in 0..profile.architectures.len() {
        add(&|profile| take(&mut profile.architectures, at));
    }
    for at in 0..profile.syscalls.len() {
        add(&|profile| take(&mut profile.syscalls, at));
    }
    for (at, entry) in profile.syscalls.iter().enumerate() {
        if entry.names.len() > 1 {
            for name in 0..entry.names.len() {
                add(&|profile| take(&mut profile.syscalls.get_mut(at)?.names, name));
            }
        }
        for argument in 0..entry.args.len() {
            add(&|profile| take(&mut profile.syscalls.get_mut(at)?.args, argument));
        }
    }
    let errno = ("SCMP_ACT_ERRNO".to_owned(), Some(1));
    add(&|profile| {
        (profile.default_action, profile.default_errno_ret) = errno.clone();
        Some(())
    });
    let every = |profile: &mut Written, change: &dyn Fn(&mut Entry)| profile.syscalls.iter_mut().for_each(change);
    add(&|profile| {
        every(profile, &|entry| (entry.action, entry.errno_ret) = ("SCMP_ACT_ALLOW".to_owned(), None));
        Some(())
    });
    for (at, entry) in profile.syscalls.iter().enumerate() {
        add(&|profile| {
            let entry = profile.syscalls.get_mut(at)?;
            (entry.action, entry.errno_ret) = ("SCMP_ACT_ALLOW".to_owned(), None);
            Some(())
        });
        for name in &entry.names {
            add(&|profile| {
                every(profile, &|entry| {
                    entry.names.iter_mut().filter(|other| *other == name).for_each(|other| "read".clone_into(other));
                });
                Some(())
            });
        }
        for (place, argument) in entry.args.iter().enumerate() {
            for index in 0..argument.index {
                let from = argument.index;
                add(&|profile| {
                    let all = profile.syscalls.iter_mut().flat_map(|entry| &mut entry.args);
                    all.filter(|argument| argument.index == from).for_each(|argument| argument.index = index);
                    Some(())
                });
            }
            for value in lower(argument.value) {
                add(&|profile| {
                    profile.syscalls.get_mut(at)?.args.get_mut(place)?.value = value;
                    Some(())
                });
            }
            for value in lower(argument.value_two) {
                add(&|profile| {
                    profile.syscalls.get_mut(at)?.args.get_mut(place)?.value_two = value;
                    Some(())
                });
            }
        }
    }
    cases
}

fn take<T>(from: &mut Vec<T>, at: usize) -> Option<()> {
    (at < from.len()).then(|| from.remove(at)).map(drop)
}

/// Lower values, the lowest first.
fn lower(value: u64) -> impl Iterator<Item = u64> {
    [0, 1, value & 0xffff_ffff, value >> 32 << 32, value / 2, value.saturating_sub(1)]
        .into_iter()
        .filter(move |lower| *lower < value)
}

#[cfg(test)]
mod tests {
    use super::super::case::Case;
    use super::super::draw::profile;
    use super::{shrink, smaller};
    use crate::seccomp::Random;

    fn drawn(number: u64) -> Case {
        Case { profile: profile(&mut Random::of(3, number)), tree: number.is_multiple_of(2) }
    }

    #[test]
    fn the_smallest_case_has_only_what_counts() {
        // What counts: some rule has two conditions, and one of them names 7 or more.
        let counts = |case: &Case| {
            let pairs = || case.profile.syscalls.iter().filter(|entry| entry.args.len() >= 2);
            pairs().any(|entry| entry.args.iter().any(|argument| argument.value >= 7))
        };
        let mut found = 0;
        for case in (0..200).map(drawn).filter(counts) {
            let (smallest, ()) = shrink(&case, (), 10_000, |case| counts(case).then_some(()));
            found += 1;
            let [entry] = smallest.profile.syscalls.as_slice() else { panic!("{smallest}") };
            let values: Vec<u64> = entry.args.iter().map(|argument| argument.value).collect();
            assert!(values == [0, 7] || values == [7, 0], "{smallest}");
            assert_eq!((entry.names.as_slice(), entry.action.as_str()), (&["read".to_owned()][..], "SCMP_ACT_ALLOW"));
            assert!(!smallest.tree && smallest.profile.architectures.is_empty());
        }
        assert!(found > 50, "{found}");
    }

    #[test]
    fn shrinking_ends() {
        for number in 0..20 {
            let (smallest, ()) = shrink(&drawn(number), (), usize::MAX, |_| Some(()));
            assert!(smaller(&smallest).is_empty(), "{smallest}");
        }
    }
}
