use alloc::vec::Vec;

use crate::seccomp::syscalls::Call;

/// A name longer than all that exist resembles none.
const LONGEST: usize = 32;

/// The call whose name is most like a text, if one is: at most two letters are other ones, missing or added.
pub(super) fn most_similar(text: &str) -> Option<&'static str> {
    if text.len() > LONGEST || text.len() < 3 {
        return None;
    }
    let near = Call::ALL.iter().map(|call| (distance(text, call.name), call.name));
    near.filter(|(distance, _)| *distance <= 2).min().map(|(_, name)| name)
}

/// Levenshtein's distance, where two neighbours in the wrong order count once.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut last = None;
    for (index, letter) in a.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(index + 1);
        let mut previous = None;
        for ((column, &other), pair) in b.iter().enumerate().zip(row.windows(2)) {
            let &[diagonal, above] = pair else { continue };
            let left = next.last().copied().unwrap_or_default();
            let mut best = (diagonal + usize::from(letter != other)).min(above + 1).min(left + 1);
            if previous == Some(letter)
                && last == Some(other)
                && let Some(swapped) = column.checked_sub(1).and_then(|column| before.get(column))
            {
                best = best.min(swapped + 1);
            }
            next.push(best);
            previous = Some(other);
        }
        before = core::mem::replace(&mut row, next);
        last = Some(letter);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{distance, most_similar};

    #[test]
    fn distances() {
        for (a, b, steps) in [
            ("", "", 0),
            ("mkdir", "mkdir", 0),
            ("mkdri", "mkdir", 1),
            ("opeat", "openat", 1),
            ("abc", "xyz", 3),
            ("", "ab", 2),
        ] {
            assert_eq!((distance(a, b), distance(b, a)), (steps, steps), "{a} {b}");
        }
    }

    #[test]
    fn names_that_resemble() {
        assert_eq!(most_similar("mkdri"), Some("mkdir"));
        assert_eq!(most_similar("open_at"), Some("openat"));
        assert_eq!(most_similar("setsidaccept4"), None);
        assert_eq!(most_similar(&"x".repeat(1_000_000)), None);
    }
}
