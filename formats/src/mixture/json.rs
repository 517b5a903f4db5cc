//! Values of JSON within a text.

use super::{Cursor, Found};

pub(super) fn read(_cursor: &mut Cursor<'_>, _found: &mut Found) -> bool {
    false
}
