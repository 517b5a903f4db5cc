//! Unit files of systemd.

use crate::mixture::{Cursor, Found};

pub(crate) fn read(_cursor: &mut Cursor<'_>, _found: &mut Found) -> bool {
    false
}
