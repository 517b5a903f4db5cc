use proptest::prelude::*;
use sim_core::scenario::{ProcessOperation, SethostnameArguments};

use crate::generate::Home;

/// Any operation on processes and namespaces.
pub(super) fn operation(_home: Home) -> impl Strategy<Value = ProcessOperation> {
    Just(ProcessOperation::Sethostname(SethostnameArguments {}))
}
