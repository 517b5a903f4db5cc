//! Operations on files and directories.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sim_core::scenario::PathOperation;

use super::{Answer, Writer};
use crate::report::Skip;
use crate::tape::Kind;

impl Writer<'_> {
    /// Writes an operation on a path.
    pub(super) fn path(
        &mut self,
        operation: &PathOperation,
        places: &BTreeMap<String, PathBuf>,
    ) -> Result<Answer, Skip> {
        match operation {
            PathOperation::Setxattr(arguments) => {
                let path = self.store_path(&arguments.path, places)?;
                let name = self.store(b"trusted.eperm\0")?;
                self.push(Kind::Call, 0b111, libc::SYS_setxattr, [path, name, name, 1, 0, 0])?;
                Ok(Answer::Permission(&[]))
            }
        }
    }
}
