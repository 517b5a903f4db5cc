use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use super::compare::Search;
use super::diagram::{Answers, Calls, Diagram};
use super::word::Word;
use super::{Difference, Id, Permission, Undecided};
use crate::seccomp::{Architecture, FilterReturn};

/// Numbers of calls, one after the other, whose answers differ in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallDifference {
    /// The architecture.
    pub architecture: Architecture,
    /// The numbers.
    pub numbers: RangeInclusive<u32>,
    /// What the first side answers to calls with these numbers, by their arguments; strictest last.
    pub left: Vec<FilterReturn>,
    /// What the second side answers.
    pub right: Vec<FilterReturn>,
    /// A call with the first of the numbers that gets different answers.
    pub example: Difference,
    /// One that the first side permits more than the second.
    pub left_permits_more: Option<Difference>,
    /// One that the second side permits more than the first; `left` and `right` of it stay what they are.
    pub right_permits_more: Option<Difference>,
}

impl CallDifference {
    /// Whether an argument, or where the call comes from, has a say in one of the answers.
    pub const fn is_conditional(&self) -> bool {
        self.left.len() > 1 || self.right.len() > 1
    }
}

impl Diagram {
    /// Every number of an architecture whose calls get different answers, in runs: at most `most` runs are looked at.
    ///
    /// ```
    /// use sim_core::seccomp::region::Diagram;
    /// use sim_core::seccomp::{Architecture, ByteOrder, text::assemble};
    ///
    /// let mut diagram = Diagram::new(ByteOrder::Little);
    /// let left = diagram.program(&assemble("A = sys_number\n if (A > 9) goto 3\n return ALLOW\n return KILL")?)?;
    /// let right = diagram.program(&assemble("A = sys_number\n if (A > 7) goto 3\n return ALLOW\n return KILL")?)?;
    /// let found = diagram.differences(left, right, Architecture::X86_64, 100)?;
    /// assert_eq!((found.len(), found[0].numbers.clone()), (1, 8..=9));
    /// assert_eq!(found[0].example.to_string(), "x86_64 call 8 (0, 0, 0, 0, 0, 0): ALLOW against KILL");
    /// assert_eq!(diagram.differences(left, left, Architecture::X86_64, 100)?, []);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn differences(
        &mut self,
        first: Answers,
        second: Answers,
        architecture: Architecture,
        most: usize,
    ) -> Result<Vec<CallDifference>, Undecided> {
        let token = architecture.token();
        let ids = self.follow_word([Calls::ALL.0, first.0, second.0], Word::Architecture, token);
        let mut runs = Vec::new();
        self.runs(ids, 32, 0, most, &mut runs)?;
        let mut found = Vec::new();
        for (numbers, ids) in runs {
            let [_, left, right] = ids;
            if left == right {
                continue;
            }
            let number = *numbers.start();
            let permission = |word: FilterReturn| Permission::of(word.action());
            let mut search = |wanted: fn(FilterReturn, FilterReturn) -> bool| {
                Search::new(self, wanted).numbered(ids, token, number)
            };
            let Some(example) = search(|a, b| a != b)? else { continue };
            let more = Search::new(self, |a, b| permission(a) > permission(b)).numbered(ids, token, number)?;
            let less = Search::new(self, |a, b| permission(a) < permission(b)).numbered(ids, token, number)?;
            found.push(CallDifference {
                architecture,
                numbers,
                left: self.words(left)?,
                right: self.words(right)?,
                example,
                left_permits_more: more,
                right_permits_more: less,
            });
        }
        Ok(found)
    }

    /// What calls with this number are answered, by their arguments and where they come from; the most permissive first.
    ///
    /// ```
    /// use sim_core::seccomp::region::Diagram;
    /// use sim_core::seccomp::{Architecture, ByteOrder, FilterReturn, text::assemble};
    ///
    /// let mut diagram = Diagram::new(ByteOrder::Little);
    /// let filter = diagram.program(&assemble("A = args[0]\n if (A == 0) goto 3\n return KILL\n return ALLOW")?)?;
    /// let found = diagram.possible(filter, Architecture::X86_64, 1)?;
    /// assert_eq!(found, [FilterReturn::ALLOW, FilterReturn(0)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn possible(
        &mut self,
        answers: Answers,
        architecture: Architecture,
        number: u32,
    ) -> Result<Vec<FilterReturn>, Undecided> {
        let ids = self.follow_word([answers.0; 3], Word::Architecture, architecture.token());
        let [id, ..] = self.follow_word(ids, Word::Number, number);
        self.words(id)
    }

    /// Where a whole word leads.
    fn follow_word(&self, ids: [Id; 3], word: Word, value: u32) -> [Id; 3] {
        (0..32).rev().fold(ids, |ids, bit| self.follow(ids, word.level(bit), value >> bit & 1 != 0))
    }

    /// The runs of numbers that lead to the same, in order; `bits` of a number are not yet known.
    fn runs(
        &mut self,
        ids: [Id; 3],
        bits: u16,
        number: u32,
        most: usize,
        runs: &mut Vec<(RangeInclusive<u32>, [Id; 3])>,
    ) -> Result<(), Undecided> {
        self.step()?;
        let behind = ids.iter().all(|&id| self.level(id) >= Word::High(0).level(31));
        if let Some(bit) = bits.checked_sub(1).filter(|_| !behind) {
            let level = Word::Number.level(bit);
            self.runs(self.follow(ids, level, false), bit, number, most, runs)?;
            return self.runs(self.follow(ids, level, true), bit, number | 1 << bit, most, runs);
        }
        let last = number | u32::MAX.checked_shr(32 - u32::from(bits)).unwrap_or_default();
        let count = runs.len();
        match runs.last_mut() {
            Some((numbers, same)) if *same == ids => *numbers = *numbers.start()..=last,
            _ if count < most => runs.push((number..=last, ids)),
            _ => return Err(Undecided::TooComplex),
        }
        Ok(())
    }

    /// The words at which a way from a node ends, the most permissive first.
    fn words(&mut self, id: Id) -> Result<Vec<FilterReturn>, Undecided> {
        let (mut seen, mut left, mut words) = (BTreeSet::from([id]), Vec::from([id]), BTreeSet::new());
        while let Some(id) = left.pop() {
            self.step()?;
            match self.cofactors(id) {
                Ok((_, zero, one)) => left.extend([zero, one].into_iter().filter(|next| seen.insert(*next))),
                Err(word) => drop(words.insert(word.cast_signed())),
            }
        }
        Ok(words.into_iter().rev().map(|word| FilterReturn(word.cast_unsigned())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Calls, Diagram};
    use crate::rule::Silent;
    use crate::seccomp::text::assemble;
    use crate::seccomp::{Architecture, ByteOrder, FilterReturn, SeccompData};
    use alloc::format;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    #[test]
    fn both_directions_are_told() {
        let mut diagram = Diagram::new(ByteOrder::Little);
        let both = "A = sys_number\n if (A != 5) goto no\n A = args[0]\n if (A & 1) goto a\n goto b\n";
        let side =
            |a: &str, b: &str| assemble(&format!("{both} a: return {a}\n b: return {b}\n no: return KILL")).unwrap();
        let left = diagram.program(&side("ALLOW", "ERRNO(1)")).unwrap();
        let right = diagram.program(&side("ERRNO(1)", "LOG")).unwrap();
        let found = diagram.differences(left, right, Architecture::I386, 100).unwrap();
        let [one] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((one.numbers.clone(), one.is_conditional()), (5..=5, true));
        assert_eq!(one.left, [FilterReturn::ALLOW, FilterReturn(0x0005_0001)]);
        let first = |found: Option<super::Difference>| found.unwrap().call.args[0];
        assert_eq!((first(one.left_permits_more), first(one.right_permits_more)), (1, 0));
        assert!(diagram.differences(left, right, Architecture::I386, 2).is_err(), "there are three runs");
    }

    #[test]
    fn every_number_of_an_architecture() {
        let mut diagram = Diagram::new(ByteOrder::Little);
        let left = diagram.program(&assemble("return ALLOW").unwrap()).unwrap();
        let right =
            diagram.program(&assemble("A = arch\n if (A == ARCH_ARM) goto 3\n return ALLOW\n return KILL").unwrap());
        let right = right.unwrap();
        let found = diagram.differences(left, right, Architecture::ARM, 1).unwrap();
        assert_eq!(found[0].numbers, 0..=u32::MAX);
        assert_eq!(diagram.differences(left, right, Architecture::I386, 1), Ok(Vec::new()));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_number_is_missed(masks in prop::collection::vec((0_u32..64, 0_u32..64), 1..4), sample in 0_u32..64) {
            let program = |extra: &str| {
                let tests = masks.iter().map(|(mask, k)| format!("A = sys_number\n A &= {mask}\n if (A == {k}) goto yes\n"));
                let text = format!("A = sys_number\n if (A > 63) goto no\n {}no: return KILL\n yes: {extra}return ALLOW", tests.collect::<alloc::string::String>());
                assemble(&text).unwrap()
            };
            let (left, right) = (program(""), assemble("return KILL").unwrap());
            let mut diagram = Diagram::new(ByteOrder::Little);
            let answers = [&left, &right].map(|program| diagram.program(program).unwrap());
            let found = diagram.differences(answers[0], answers[1], Architecture::X86_64, 10_000).unwrap();
            let call = SeccompData::call(Architecture::X86_64, sample, [0; 6]);
            let differ = left.run(&call, &mut Silent).returned != right.run(&call, &mut Silent).returned;
            prop_assert_eq!(found.iter().any(|one| one.numbers.contains(&sample)), differ);
            let any = diagram.difference(answers[0], answers[1], Calls::ALL).unwrap();
            prop_assert_eq!(any.map(|any| any.call.nr), found.first().map(|one| *one.numbers.start()));
        }
    }
}
