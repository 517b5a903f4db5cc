//! Operations on the machine as a whole, on its network, and on the limits of a process.

use sim_core::scenario::SystemOperation;

use super::{Answer, Full, Writer};
use crate::tape::Kind;

impl Writer<'_> {
    /// Writes an operation whose arguments are without effect, so that only the permission shows.
    pub(super) fn system(&mut self, operation: &SystemOperation) -> Result<Answer, Full> {
        match operation {
            SystemOperation::Acct(_) => {
                let path = self.store(b"no-such-file\0")?;
                self.push(Kind::Call, 0b1, libc::SYS_acct, [path, 0, 0, 0, 0, 0])?;
                Ok(Answer::Permission(&[libc::ENOENT]))
            }
        }
    }
}
