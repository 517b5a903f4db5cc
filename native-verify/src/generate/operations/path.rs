use proptest::prelude::*;
use sim_core::scenario::{AttributeName, PathOperation, SetxattrArguments};

use crate::generate::path;

/// Any operation on a file.
pub(super) fn operation() -> impl Strategy<Value = PathOperation> {
    Just(PathOperation::Setxattr(SetxattrArguments { path: path(0), name: AttributeName::Trusted }))
}
