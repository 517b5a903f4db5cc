use proptest::prelude::*;
use sim_core::scenario::{AcctArguments, SystemOperation};

/// Any operation on the machine, its network, or limits.
pub(super) fn operation() -> impl Strategy<Value = SystemOperation> {
    Just(SystemOperation::Acct(AcctArguments {}))
}
