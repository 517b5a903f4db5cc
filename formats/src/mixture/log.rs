//! Logs of system calls within a text.

use super::{Cursor, Found};

/// The log that is being read.
#[derive(Debug, Default)]
pub(super) struct Logs {}

impl Logs {
    pub(super) fn take(&mut self, _cursor: &mut Cursor<'_>, _found: &mut Found) -> bool {
        false
    }

    pub(super) fn end(&mut self, _found: &mut Found) {}
}
