use std::collections::BTreeMap;
use std::fmt::Write;

use sim_core::seccomp::region::CallDifference;
use sim_core::seccomp::syscalls::{Abi, Call};
use sim_core::seccomp::{Architecture, FilterReturn};

/// What differs, by architecture; `None` where it is too much to list.
pub(super) type Listed = [(Architecture, Option<Vec<CallDifference>>)];

/// A row of the table: calls of one name, or numbers, that differ alike on some architectures.
#[derive(Debug)]
pub(super) struct Row {
    /// What is called.
    pub(super) call: Called,
    /// Who permits more.
    pub(super) more: More,
    /// What the left side answers.
    pub(super) left: String,
    /// What the right side answers.
    pub(super) right: String,
    /// The tables or architectures.
    pub(super) by: Vec<String>,
    /// Where arguments have a say: a number whose regions can be told.
    pub(super) conditional: Option<(Architecture, u32)>,
}

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Called {
    /// A call by its name.
    Name(&'static str),
    /// Numbers without a name, in words.
    Numbers(String),
}

/// Which side permits more of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum More {
    Left,
    Right,
    Each,
    Neither,
}

impl More {
    pub(super) const ALL: [Self; 4] = [Self::Left, Self::Right, Self::Each, Self::Neither];

    fn of(found: &[&CallDifference]) -> Self {
        let any = |more: fn(&CallDifference) -> bool| found.iter().any(|one| more(one));
        match (any(|one| one.left_permits_more.is_some()), any(|one| one.right_permits_more.is_some())) {
            (true, false) => Self::Left,
            (false, true) => Self::Right,
            (true, true) => Self::Each,
            (false, false) => Self::Neither,
        }
    }

    pub(super) const fn heading(self) -> &'static str {
        match self {
            Self::Left => "Left permits more",
            Self::Right => "Right permits more",
            Self::Each => "Each permits something that the other does not",
            Self::Neither => "Both permit the same, and refuse or ask otherwise",
        }
    }
}

/// What makes a row: what is called, who permits more, and both answers.
type Key = (Called, More, String, String);
/// Where a row applies, and a number whose regions can be told.
type Applies = (Vec<String>, Option<(Architecture, u32)>);

/// Rows that are alike but for where they apply.
#[derive(Default)]
struct Rows(BTreeMap<Key, Applies>);

impl Rows {
    fn add(&mut self, call: Called, found: &[&CallDifference], by: String, conditional: Option<(Architecture, u32)>) {
        let side = |side: fn(&CallDifference) -> &[FilterReturn]| {
            let mut words: Vec<FilterReturn> = found.iter().flat_map(|one| side(one)).copied().collect();
            words.sort_by_key(|word| word.0.cast_signed());
            words.dedup();
            words.reverse();
            in_words(&words)
        };
        let key = (call, More::of(found), side(|one| &one.left), side(|one| &one.right));
        self.0.entry(key).or_insert((Vec::new(), conditional)).0.push(by);
    }
}

/// All rows, by name.
pub(super) fn rows(listed: &Listed) -> Vec<Row> {
    let mut rows = Rows::default();
    for (architecture, found) in listed {
        let found: Vec<&CallDifference> = found.iter().flatten().collect();
        if found.iter().map(|one| count(one)).sum::<u64>() == 1 << 32 {
            rows.add(Called::Numbers("every call".to_owned()), &found, architecture.to_string(), None);
            continue;
        }
        // Numbers without a name, by what is answered.
        let mut rest: BTreeMap<(String, String), (Vec<&CallDifference>, u64)> = BTreeMap::new();
        for one in found {
            let mut names = 0;
            for (abi, call) in named(one) {
                names += 1;
                let number = call.number(abi).filter(|_| one.is_conditional());
                let conditional = number.map(|number| (one.architecture, number));
                rows.add(Called::Name(call.name), &[one], abi.to_string(), conditional);
            }
            let unnamed = count(one) - names;
            if unnamed > 0 {
                let (runs, numbers) = rest.entry((in_words(&one.left), in_words(&one.right))).or_default();
                runs.push(one);
                *numbers += unnamed;
            }
        }
        for (runs, numbers) in rest.into_values() {
            rows.add(Called::Numbers(numbers_in_words(&runs, numbers)), &runs, architecture.to_string(), None);
        }
    }
    let rows = rows.0.into_iter();
    rows.map(|((call, more, left, right), (by, conditional))| Row { call, more, left, right, by, conditional })
        .collect()
}

/// The calls of the numbers that have a name, with the table that has each.
pub(super) fn named(found: &CallDifference) -> impl Iterator<Item = (Abi, &'static Call)> + '_ {
    let tables = Abi::ALL.iter().copied().filter(|abi| abi.architecture() == found.architecture && abi.has_table());
    tables.flat_map(move |abi| {
        let within = move |call: &&Call| call.number(abi).is_some_and(|number| found.numbers.contains(&number));
        Call::ALL.iter().filter(within).map(move |call| (abi, call))
    })
}

/// How many numbers there are.
fn count(found: &CallDifference) -> u64 {
    u64::from(*found.numbers.end()) - u64::from(*found.numbers.start()) + 1
}

/// As `335 to 423, 467, … (140 numbers)`.
fn numbers_in_words(runs: &[&CallDifference], numbers: u64) -> String {
    const SHOWN: usize = 2;
    let mut text = String::new();
    for (index, run) in runs.iter().take(SHOWN).enumerate() {
        let (first, last) = (run.numbers.start(), run.numbers.end());
        let comma = if index == 0 { "" } else { ", " };
        // Writing into a String cannot fail.
        let _ = if first == last { write!(text, "{comma}{first}") } else { write!(text, "{comma}{first} to {last}") };
    }
    if runs.len() > SHOWN {
        text.push_str(", …");
    }
    let _ = write!(text, " ({numbers} numbers)");
    text
}

/// Each word.
pub(super) fn words(words: &[FilterReturn]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

fn in_words(answers: &[FilterReturn]) -> String {
    words(answers).join(" or ")
}
