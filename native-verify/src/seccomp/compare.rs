//! Performs a case on the kernel and holds every step against the model.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;

use super::child::Stand;
use super::model::{Expected, Model, Rules};
use super::steps::{Case, Company, Entry, Privilege, Seen, Step};
use crate::machine::Machine;

/// A step that came out otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Difference {
    pub(crate) step: usize,
    pub(crate) expected: Expected,
    pub(crate) seen: Seen,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: the model says {:?}, the kernel {:?}", self.step, self.expected, self.seen)
    }
}

/// What became of a case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Comparison {
    /// Installations that were performed and agreed; those of them that were refused, or stopped by earlier filters.
    pub(crate) installations: u64,
    pub(crate) refused: u64,
    /// Calls that were performed and agreed, by what became of them: ran, returned, trapped, died.
    pub(crate) calls: [u64; 4],
    /// Steps that cannot be performed, for the child would wait for an answer for ever.
    pub(crate) waiting: u64,
    /// How many children it took.
    pub(crate) children: u64,
    /// By step that agreed: the rules that applied in it.
    pub(crate) rules: Vec<BTreeSet<&'static str>>,
    pub(crate) difference: Option<Difference>,
}

/// What becomes of calls without filters: each is asked once. Their arguments do not matter to them.
#[derive(Debug, Default)]
pub(crate) struct Unfiltered(BTreeMap<(Privilege, Entry, u64), Seen>);

/// What becomes of a call without filters.
#[derive(Clone, Copy, Debug)]
struct Before {
    /// As it is made.
    as_made: Seen,
    /// With nothing in the upper half of the register for the number. Kernels before 5.14 find no call by a number with
    /// something there, unless seccomp or a tracer looks at it: these put the lower half in its place.
    cut: Seen,
}

impl Unfiltered {
    fn of(&mut self, stand: &mut Stand, privilege: Privilege, step: &Step) -> io::Result<Before> {
        let Step::Call { entry, registers } = step else {
            return Ok(Before { as_made: Seen::Nothing, cut: Seen::Nothing });
        };
        let [number, ..] = *registers;
        let low = number & 0xffff_ffff;
        // Whatever is there, one bit stands for it.
        let upper = u64::from(number > low) << 32;
        let [cut, as_made] = [low, low | upper].map(|number| self.ask(stand, privilege, *entry, number, *registers));
        Ok(Before { as_made: as_made?, cut: cut? })
    }

    fn ask(
        &mut self,
        stand: &mut Stand,
        privilege: Privilege,
        entry: Entry,
        number: u64,
        mut registers: [u64; 7],
    ) -> io::Result<Seen> {
        let key = (privilege, entry, number);
        if let Some(known) = self.0.get(&key) {
            return Ok(*known);
        }
        let [register, ..] = &mut registers;
        *register = number;
        let step = Step::Call { entry, registers };
        stand.write(std::slice::from_ref(&step)).ok_or_else(|| io::Error::other("one step fits"))?;
        let seen = stand.perform(privilege, Company::Nobody)?.seen.first().copied().unwrap_or(Seen::Nothing);
        self.0.insert(key, seen);
        Ok(seen)
    }
}

pub(crate) fn compare(
    stand: &mut Stand,
    unfiltered: &mut Unfiltered,
    machine: &Machine,
    case: &Case,
) -> io::Result<Comparison> {
    let mut comparison = Comparison::default();
    let mut before = Vec::with_capacity(case.steps.len());
    for step in &case.steps {
        before.push(unfiltered.of(stand, case.privilege, step)?);
    }
    // Steps that are still to be seen, by their place in the case; those that end a child are taken out.
    let mut places: Vec<usize> = (0..case.steps.len()).collect();
    let mut compared = 0;
    loop {
        let Some(expected) = expect(stand, machine, case, &mut places, &mut comparison.waiting)? else {
            return Err(io::Error::other("the steps do not fit"));
        };
        comparison.children += 1;
        let seen = stand.perform(case.privilege, case.company)?.seen;
        let mut died = None;
        for (at, ((expected, rules), seen)) in expected.into_iter().zip(seen).enumerate() {
            let Some(&place) = places.get(at) else { break };
            let Some(step) = case.steps.get(place) else { break };
            let Some(before) = before.get(place) else { break };
            if !agrees(step, expected, seen, *before) {
                comparison.difference = Some(Difference { step: place, expected, seen });
                return Ok(comparison);
            }
            if place >= compared {
                compared = place + 1;
                comparison.count(step, expected);
                comparison.rules.push(rules.0);
            }
            if let Seen::Died(_) = seen {
                died = Some(at);
                break;
            }
        }
        let Some(at) = died else { return Ok(comparison) };
        places.remove(at);
        // Calls that were seen already need not be made again; installations must be.
        places.retain(|place| *place >= compared || matches!(case.steps.get(*place), Some(Step::Seccomp { .. })));
        if places.iter().all(|place| *place < compared) {
            return Ok(comparison);
        }
    }
}

/// What the model expects of each step. Steps that would wait are taken out first.
fn expect(
    stand: &mut Stand,
    machine: &Machine,
    case: &Case,
    places: &mut Vec<usize>,
    waiting: &mut u64,
) -> io::Result<Option<Vec<(Expected, Rules)>>> {
    loop {
        let steps: Vec<_> = places.iter().filter_map(|place| case.steps.get(*place)).cloned().collect();
        let Some(registers) = stand.write(&steps) else { return Ok(None) };
        let mut model = Model::new(machine, case);
        let mut expected = Vec::with_capacity(steps.len());
        for (step, registers) in steps.iter().zip(&registers) {
            let mut rules = Rules::default();
            let answer = model.step(step, registers, &mut rules);
            expected.push((answer, rules));
            if matches!(answer, Expected::Waits | Expected::Dies(_)) {
                break;
            }
        }
        match expected.last() {
            Some((Expected::Waits, _)) => {
                *waiting += 1;
                places.remove(expected.len() - 1);
            }
            _ => return Ok(Some(expected)),
        }
    }
}

fn agrees(step: &Step, expected: Expected, seen: Seen, before: Before) -> bool {
    let entry = if let Step::Call { entry, .. } = step { *entry } else { Entry::Syscall };
    match (expected, seen) {
        (Expected::Runs { asked }, seen) => {
            seen != Seen::Nothing && seen == if asked { before.cut } else { before.as_made }
        }
        (Expected::Returns(expected), Seen::Returned(value)) => expected == value,
        (Expected::Descriptor, Seen::Returned(value)) => value >= 0,
        (Expected::Dies(expected), Seen::Died(signal)) => expected == signal,
        (Expected::Trapped(data), Seen::Trapped { errno, number, arch, address_right }) => {
            let made = match step {
                Step::Call { registers: [number, ..], .. } => (*number & 0xffff_ffff) as u32,
                Step::Seccomp { .. } => 317,
            };
            errno == i32::from(data)
                && number.cast_unsigned() == made
                && arch == entry.architecture().token()
                && address_right
        }
        _ => false,
    }
}

impl Comparison {
    fn count(&mut self, step: &Step, expected: Expected) {
        if let Step::Seccomp { .. } = step {
            self.installations += 1;
            self.refused += u64::from(!matches!(expected, Expected::Returns(0) | Expected::Descriptor));
            return;
        }
        let kind = match expected {
            Expected::Runs { .. } | Expected::Descriptor | Expected::Waits => 0,
            Expected::Returns(_) => 1,
            Expected::Trapped(_) => 2,
            Expected::Dies(_) => 3,
        };
        if let Some(count) = self.calls.get_mut(kind) {
            *count += 1;
        }
    }
}

/// Takes steps out of a case as long as it still differs.
pub(crate) fn shrink(
    stand: &mut Stand,
    unfiltered: &mut Unfiltered,
    machine: &Machine,
    case: &Case,
) -> io::Result<Case> {
    let mut smallest = case.clone();
    let alone = Case { company: Company::Nobody, ..case.clone() };
    if compare(stand, unfiltered, machine, &alone)?.difference.is_some() {
        smallest = alone;
    }
    let mut at = smallest.steps.len();
    while at > 0 {
        at -= 1;
        let mut smaller = smallest.clone();
        smaller.steps.remove(at);
        if compare(stand, unfiltered, machine, &smaller)?.difference.is_some() {
            smallest = smaller;
        }
    }
    Ok(smallest)
}
