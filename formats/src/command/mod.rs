//! Commands of a shell that change files or privilege, and Dockerfiles.

use crate::mixture::{Cursor, Found};

pub(crate) fn read(_cursor: &mut Cursor<'_>, _found: &mut Found) -> bool {
    false
}
