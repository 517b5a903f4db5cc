use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use super::Execution;
use crate::kernel::Release;
use crate::seccomp::SeccompData;
use crate::seccomp::bpf::Program;
use crate::seccomp::syscalls::Abi;

/// The numbers over which this project averages on x86_64, whoever made the filter: those of the table, without its hole.
pub const STANDARD_NUMBERS: [RangeInclusive<u32>; 2] = [0..=334, 424..=471];

/// What calls cost in a filter, each with how often it is made.
///
/// ```
/// use sim_core::kernel::Release;
/// use sim_core::seccomp::explanation::{Costs, STANDARD_NUMBERS};
/// use sim_core::seccomp::{syscalls::Abi, text::assemble};
///
/// let program = assemble("A = sys_number\n if (A == 0) goto 3\n return ALLOW\n A = args[0]\n return KILL")?;
/// let calls = STANDARD_NUMBERS.into_iter().flatten().map(|number| (number, 1));
/// let costs = Costs::new(&program, Abi::X86_64, Abi::X86_64, calls, Release::NEWEST);
/// assert_eq!((costs.calls(), costs.cached(), costs.maximum()), (383, 382, 4));
/// assert_eq!(costs.average_in_hundredths(), 300, "of all but one 3");
/// assert_eq!(costs.average_with_cache_in_hundredths(), 1, "only one call runs the filter");
/// assert_eq!(costs.histogram().into_iter().collect::<Vec<_>>(), [(3, 382), (4, 1)]);
/// # Ok::<(), sim_core::seccomp::text::TextError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Costs {
    rows: Vec<(u32, u64, Execution)>,
}

impl Costs {
    /// Runs the filter on calls by `called` without arguments, each number with how often it is called, on a machine whose
    /// native architecture is `native`.
    pub fn new(
        program: &Program,
        native: Abi,
        called: Abi,
        calls: impl IntoIterator<Item = (u32, u64)>,
        release: Release,
    ) -> Self {
        let execution = |number: u32| {
            let call = SeccompData::call(called.architecture(), number, [0; 6]);
            Execution::new(program, native, &call, release)
        };
        Self { rows: calls.into_iter().map(|(number, count)| (number, count, execution(number))).collect() }
    }

    /// Every number with how often it is called and what it costs, in the order given.
    pub fn rows(&self) -> &[(u32, u64, Execution)] {
        &self.rows
    }

    /// How many calls there are.
    pub fn calls(&self) -> u64 {
        self.sum(|_| 1)
    }

    /// How many calls are answered from the kernel's cache.
    pub fn cached(&self) -> u64 {
        self.sum(|execution| u64::from(execution.cached))
    }

    /// The most instructions that lead to an answer.
    pub fn maximum(&self) -> usize {
        self.rows.iter().map(|(.., execution)| execution.instructions).max().unwrap_or_default()
    }

    /// How many instructions lead to an answer, on average, times 100 and rounded; the cache is not looked at.
    pub fn average_in_hundredths(&self) -> u64 {
        self.average(|execution| execution.instructions)
    }

    /// How many instructions are executed, on average, times 100 and rounded: none for a call that the cache answers.
    pub fn average_with_cache_in_hundredths(&self) -> u64 {
        self.average(Execution::executed)
    }

    /// How many calls need so many instructions.
    pub fn histogram(&self) -> BTreeMap<usize, u64> {
        let mut histogram = BTreeMap::new();
        for (_, count, execution) in &self.rows {
            let calls: &mut u64 = histogram.entry(execution.instructions).or_default();
            *calls = calls.saturating_add(*count);
        }
        histogram
    }

    fn sum(&self, of: impl Fn(&Execution) -> u64) -> u64 {
        self.rows.iter().fold(0, |sum, (_, count, execution)| sum.saturating_add(count.saturating_mul(of(execution))))
    }

    fn average(&self, of: impl Fn(&Execution) -> usize) -> u64 {
        let wide = |count: &u64| u128::from(*count);
        let calls: u128 = self.rows.iter().map(|(_, count, _)| wide(count)).sum();
        // A filter has 4096 instructions at most, so that this fits.
        let sum: u128 = self.rows.iter().map(|(_, count, execution)| wide(count) * of(execution) as u128).sum();
        let average = (sum * 100 + calls / 2).checked_div(calls).unwrap_or_default();
        u64::try_from(average).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::{Costs, STANDARD_NUMBERS};
    use crate::kernel::Release;
    use crate::seccomp::FilterReturn;
    use crate::seccomp::compile::compile;
    use crate::seccomp::preset::Preset;
    use crate::seccomp::profile::{Engine, Target, resolve};
    use crate::seccomp::syscalls::Abi;

    #[test]
    fn counts_weigh() {
        let program =
            crate::seccomp::text::assemble("A = sys_number\n if (A == 0) goto 3\n return ALLOW\n return KILL")
                .unwrap();
        let costs = |calls: &[(u32, u64)]| {
            Costs::new(&program, Abi::X86_64, Abi::X86_64, calls.iter().copied(), Release::NEWEST)
        };
        let weighted = costs(&[(0, 1), (1, 3)]);
        assert_eq!((weighted.calls(), weighted.cached()), (4, 3));
        assert_eq!(weighted.average_with_cache_in_hundredths(), 75);
        let huge = costs(&[(0, u64::MAX), (1, u64::MAX)]);
        assert_eq!((huge.calls(), huge.average_in_hundredths()), (u64::MAX, 300));
        let none = costs(&[]);
        assert_eq!((none.calls(), none.average_in_hundredths(), none.maximum()), (0, 0, 0));
    }

    #[test]
    fn dockers_profile_costs_little() {
        let policy = resolve(&Preset::Docker.profile(), &Target::new(Abi::X86_64, Engine::DOCKER)).unwrap();
        let program = compile(&policy).unwrap();
        let calls = STANDARD_NUMBERS.into_iter().flatten().map(|number| (number, 1));
        let costs = Costs::new(&program, Abi::X86_64, Abi::X86_64, calls, Release::NEWEST);
        assert!(costs.average_in_hundredths() <= 1000 && costs.maximum() <= 18, "{costs:?}");
        let allowed = |number: u32| {
            let rules = policy.tables[0].rules(number);
            matches!(rules, [rule] if rule.conditions.is_empty() && rule.action == FilterReturn::ALLOW)
        };
        let always = costs.rows().iter().filter(|(number, ..)| allowed(*number));
        assert!(always.clone().count() > 300);
        assert!(always.into_iter().all(|(.., execution)| execution.cached));
    }
}
