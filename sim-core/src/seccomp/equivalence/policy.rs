use super::Undecided;
use super::diagram::{Diagram, Diagrams, Test};
use crate::kernel::Errno;
use crate::seccomp::profile::{Condition, Operator, Policy, Rule, Stub, TablePolicy};
use crate::seccomp::syscalls::Abi;
use crate::seccomp::{Action, Architecture, ByteOrder, SeccompData};

/// The number and the architecture in a call's data.
const NUMBER: usize = 0;
const ARCHITECTURE: usize = 1;

/// The diagram of a policy, for a machine of the given byte order.
pub(super) fn diagram(policy: &Policy, diagrams: &mut Diagrams, order: ByteOrder) -> Result<Diagram, Undecided> {
    let mut answer = diagrams.answer(policy.bad_architecture_action)?;
    // The first table of an architecture counts, so it is put on last.
    for table in policy.tables.iter().rev() {
        let architecture = table.abi.architecture();
        let calls = if architecture == Architecture::X86_64 {
            x86_64(policy, diagrams, order)?
        } else {
            let calls = calls(policy, table, diagrams, order)?;
            with_stub(table.stub, calls, diagrams)?
        };
        let here = diagrams.test(ARCHITECTURE, u32::MAX, Test::Equal, architecture.token())?;
        answer = diagrams.choose(here, calls, answer)?;
    }
    Ok(answer)
}

/// x86_64 and x32 share an architecture: libseccomp parts them at 2^30, runc's stub by bit 30.
fn x86_64(policy: &Policy, diagrams: &mut Diagrams, order: ByteOrder) -> Result<Diagram, Undecided> {
    let find = |abi: Abi| policy.tables.iter().find(|table| table.abi == abi);
    let (own, x32) = (find(Abi::X86_64), find(Abi::X32));
    let bad = diagrams.answer(policy.bad_architecture_action)?;
    let below = own.map_or(Ok(bad), |table| calls(policy, table, diagrams, order))?;
    let from = if let Some(table) = x32 {
        calls(policy, table, diagrams, order)?
    } else {
        let minus_one = diagrams.test(NUMBER, u32::MAX, Test::Equal, u32::MAX)?;
        diagrams.choose(minus_one, below, bad)?
    };
    let high = diagrams.test(NUMBER, u32::MAX, Test::GreaterOrEqual, SeccompData::X32_BIT)?;
    let answer = diagrams.choose(high, from, below)?;
    let with_bit = with_stub(x32.and_then(|table| table.stub), answer, diagrams)?;
    let without = with_stub(own.and_then(|table| table.stub), answer, diagrams)?;
    let bit = diagrams.test(NUMBER, u32::MAX, Test::AnyBit, SeccompData::X32_BIT)?;
    diagrams.choose(bit, with_bit, without)
}

fn with_stub(stub: Option<Stub>, answer: Diagram, diagrams: &mut Diagrams) -> Result<Diagram, Undecided> {
    let Some(Stub { last, zero }) = stub else { return Ok(answer) };
    let enosys = diagrams.answer(Action::Errno.with_data(Errno::ENOSYS.number()))?;
    let above = diagrams.test(NUMBER, u32::MAX, Test::Greater, last)?;
    let answer = diagrams.choose(above, enosys, answer)?;
    if !zero {
        return Ok(answer);
    }
    let zero = diagrams.test(NUMBER, u32::MAX, Test::Equal, 0)?;
    diagrams.choose(zero, enosys, answer)
}

/// The answers of a table.
fn calls(
    policy: &Policy,
    table: &TablePolicy,
    diagrams: &mut Diagrams,
    order: ByteOrder,
) -> Result<Diagram, Undecided> {
    let default = diagrams.answer(policy.default_action)?;
    let mut answer = default;
    for call in &table.calls {
        let here = diagrams.test(NUMBER, u32::MAX, Test::Equal, call.number)?;
        let mut decided = default;
        for rule in call.rules.iter().rev() {
            decided = with_rule(rule, decided, diagrams, order)?;
        }
        answer = diagrams.choose(here, decided, answer)?;
    }
    Ok(answer)
}

fn with_rule(
    rule: &Rule,
    otherwise: Diagram,
    diagrams: &mut Diagrams,
    order: ByteOrder,
) -> Result<Diagram, Undecided> {
    let mut all = diagrams.truth(true)?;
    for one in &rule.conditions {
        let holds = condition(one, diagrams, order)?;
        all = diagrams.both(all, holds)?;
    }
    let action = diagrams.answer(rule.action)?;
    diagrams.choose(all, action, otherwise)
}

/// Whether a condition on 64 bits, or on the lower 32, holds.
fn condition(condition: &Condition, diagrams: &mut Diagrams, order: ByteOrder) -> Result<Diagram, Undecided> {
    let half = |long: u64| ((long & 0xffff_ffff) as u32, (long >> 32) as u32);
    let ((mask, mask_high), (value, value_high)) = (half(condition.mask), half(condition.value));
    let first = 4 + 2 * usize::from(condition.argument);
    let (low, high) = match order {
        ByteOrder::Little => (first, first + 1),
        ByteOrder::Big => (first + 1, first),
    };
    let equal_high = diagrams.test(high, mask_high, Test::Equal, value_high)?;
    let greater_high = diagrams.test(high, mask_high, Test::Greater, value_high)?;
    let low_test = match condition.operator {
        Operator::Equal | Operator::NotEqual | Operator::MaskedEqual => Test::Equal,
        Operator::GreaterOrEqual | Operator::Less => Test::GreaterOrEqual,
        Operator::Greater | Operator::LessOrEqual => Test::Greater,
    };
    let low = diagrams.test(low, mask, low_test, value)?;
    let no = diagrams.truth(false)?;
    let otherwise = if low_test == Test::Equal { no } else { greater_high };
    let holds = diagrams.choose(equal_high, low, otherwise)?;
    match condition.operator {
        Operator::NotEqual | Operator::Less | Operator::LessOrEqual => diagrams.not(holds),
        _ => Ok(holds),
    }
}
