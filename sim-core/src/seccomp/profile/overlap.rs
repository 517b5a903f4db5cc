use alloc::vec::Vec;

use super::{Origin, Region, Rule, TablePolicy};
use crate::seccomp::{FilterReturn, SeccompData};

/// Two rules with different actions that both apply to one call. libseccomp's order decides, and promises nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ambiguity {
    /// A call to which both apply.
    pub call: SeccompData,
    /// The rule that is tried first, and the other.
    pub origins: [Origin; 2],
    /// Their actions.
    pub actions: [FilterReturn; 2],
}

/// So many conditions of pairs of rules are compared; more do not occur in profiles that people write.
const MOST_WORK: usize = 1_000_000;

/// The ambiguities of a table, one a pair of rules. The second answer is whether all pairs were compared.
pub(super) fn ambiguities(table: &TablePolicy, left: &mut usize) -> (Vec<Ambiguity>, bool) {
    let mut found = Vec::new();
    for call in &table.calls {
        let one_action = call.rules.windows(2).all(|pair| matches!(pair, [a, b] if a.action == b.action));
        for (index, first) in call.rules.iter().enumerate().filter(|_| !one_action) {
            for second in call.rules.iter().skip(index + 1) {
                let work = 1 + first.conditions.len() + second.conditions.len();
                let Some(rest) = left.checked_sub(work) else { return (found, false) };
                *left = rest;
                if first.action == second.action {
                    continue;
                }
                if let Some(args) = common(first, second, table) {
                    found.push(Ambiguity {
                        call: SeccompData::call(table.abi.architecture(), call.number, args),
                        origins: [first.origin, second.origin],
                        actions: [first.action, second.action],
                    });
                }
            }
        }
    }
    (found, true)
}

/// How much one resolution compares.
pub(super) const fn budget() -> usize {
    MOST_WORK
}

/// Arguments for which both rules hold.
fn common(first: &Rule, second: &Rule, table: &TablePolicy) -> Option<[u64; 6]> {
    let width = if table.abi.is_64_bit() { u64::MAX } else { u64::from(u32::MAX) };
    let mut args = [0; 6];
    for (argument, value) in (0_u8..).zip(&mut args) {
        let mut region = Region::new(width);
        let conditions = first.conditions.iter().chain(second.conditions.iter());
        conditions.filter(|condition| condition.argument == argument).for_each(|condition| region.demand(condition));
        *value = region.example()?;
    }
    Some(args)
}
